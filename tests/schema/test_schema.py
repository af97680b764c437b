"""Calls made up from docs/openapi.yaml, right and wrong: no answer is a failure, or outside the contract."""

from collections import Counter

import pytest

from tests.local_gateway import RunningGateway
from tests.schema.callers import Caller, Callers, Case, operation_of
from tests.schema.calls import call, each_operation, name_the_living, schema

Answered = Counter[tuple[str, int]]

QUICK = schema(examples=4, every_edge=False, credentials=False)
EVERY_EDGE = schema(examples=50, every_edge=True, credentials=False)
LONG = schema(examples=500, every_edge=True, credentials=False, again_the_same=False)
STRANGERS = schema(examples=3, every_edge=False, credentials=True)
USERS = schema(examples=3, every_edge=False, credentials=False)
OPEN_TO_ALL = [
    "login",
    "exchange",
    "refresh",
    "logout",
    "jwks",
    "revokeOAuthToken",
    "endLogin",
    "receiveSecurityEvent",
]


@each_operation(QUICK, caller="who_may")
def test_no_answer_is_outside_the_contract(
    case: Case, caller: Caller, gateway: RunningGateway, callers: Callers, answered: Answered
) -> None:
    is_answered_by_the_contract(case, caller, gateway, callers, answered)


@pytest.mark.proof
@each_operation(EVERY_EDGE, caller="who_may")
def test_no_answer_is_outside_the_contract_at_any_edge(
    case: Case, caller: Caller, gateway: RunningGateway, callers: Callers, answered: Answered
) -> None:
    is_answered_by_the_contract(case, caller, gateway, callers, answered)


@pytest.mark.soak
@each_operation(LONG, caller="who_may")
def test_no_answer_is_outside_the_contract_for_long(
    case: Case, caller: Caller, gateway: RunningGateway, callers: Callers, answered: Answered
) -> None:
    is_answered_by_the_contract(case, caller, gateway, callers, answered)


@each_operation(STRANGERS.exclude(operation_id=OPEN_TO_ALL), caller="nobody")
def test_nobody_gets_past_the_authorizer(case: Case, caller: Caller, gateway: RunningGateway) -> None:
    status = call(case, gateway.base_url, caller(case))

    assert status in {401, 404}  # 404 where the path that was made up is another


@each_operation(
    USERS.exclude(path_regex="^/(auth|.well-known)/").exclude(operation_id=OPEN_TO_ALL),
    caller="a_user",
)
def test_a_user_gets_nowhere_on_a_route_that_needs_a_scope(
    case: Case, caller: Caller, gateway: RunningGateway
) -> None:
    status = call(case, gateway.base_url, caller(case))

    assert status in {403, 404}


def is_answered_by_the_contract(
    case: Case, caller: Caller, gateway: RunningGateway, callers: Callers, answered: Answered
) -> None:
    operation = operation_of(case)
    headers = caller(case)
    is_right = case.meta is not None and case.meta.generation.mode.is_positive
    if is_right and operation != "createUser" and callers.is_turn_of_the_living(operation):
        name_the_living(case, callers.user)
    elif operation == "logout":
        headers = {}  # or each of them would end the session

    status = call(case, gateway.base_url, headers)

    callers.see(case, status)
    answered[operation, status] += 1
    assert status not in {401, 403} or operation in OPEN_TO_ALL, "the caller was no longer live"
