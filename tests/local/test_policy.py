from typing import Any

import pytest

from rescind_local.gateway.policy import Access, access

ARN = "arn:aws:execute-api:us-east-1:000000000000:local/prod/GET/users/7"


def policy(*statements: dict[str, Any]) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def statement(effect: str, resource: Any, action: Any = "execute-api:Invoke") -> dict[str, Any]:
    return {"Effect": effect, "Action": action, "Resource": resource}


@pytest.mark.parametrize(
    "resource",
    [
        pytest.param(ARN, id="the request itself"),
        pytest.param("*", id="everything"),
        pytest.param("arn:aws:execute-api:us-east-1:000000000000:local/prod/*", id="the stage"),
        pytest.param("arn:aws:execute-api:*:*:local/prod/GET/users/?", id="wildcards inside"),
        pytest.param(["arn:other", ARN], id="one of a list"),
    ],
)
def test_a_request_is_allowed_by_a_statement_that_matches_it(resource: Any) -> None:
    assert access(policy(statement("Allow", resource)), ARN) is Access.ALLOWED


@pytest.mark.parametrize(
    "resource",
    [
        pytest.param(ARN.replace("GET", "POST"), id="another method"),
        pytest.param(f"{ARN}/more", id="a longer path"),
        pytest.param(ARN[:-1], id="a shorter path"),
        pytest.param(ARN.replace("prod", "prod."), id="a dot is a dot"),
        pytest.param(ARN.upper(), id="upper case"),
    ],
)
def test_a_request_that_no_statement_speaks_of_is_denied(resource: str) -> None:
    assert access(policy(statement("Allow", resource)), ARN) is Access.DENIED


def test_a_deny_wins_whatever_the_order() -> None:
    allow, deny = statement("Allow", "*"), statement("Deny", ARN)

    assert access(policy(allow, deny), ARN) is Access.DENIED
    assert access(policy(deny, allow), ARN) is Access.DENIED


@pytest.mark.parametrize(
    "action", ["*", "execute-api:*", "EXECUTE-API:invoke", ["s3:Get*", "execute-api:I*"]]
)
def test_actions_are_matched_with_wildcards_and_without_case(action: Any) -> None:
    assert access(policy(statement("Allow", "*", action)), ARN) is Access.ALLOWED


def test_another_action_allows_nothing() -> None:
    assert access(policy(statement("Allow", "*", "s3:GetObject")), ARN) is Access.DENIED


def test_a_single_statement_needs_no_list() -> None:
    assert access({"Statement": statement("Allow", "*")}, ARN) is Access.ALLOWED


@pytest.mark.parametrize(
    "malformed",
    [
        pytest.param(None, id="none"),
        pytest.param("Allow", id="text"),
        pytest.param({}, id="no statement"),
        pytest.param(policy({"Effect": "Allow", "Action": "*"}), id="no resource"),
        pytest.param(policy({"Effect": "Allow", "Resource": "*"}), id="no action"),
        pytest.param(policy(statement("allow", "*")), id="an effect in lower case"),
        pytest.param(policy(statement("Allow", [])), id="an empty list"),
        pytest.param(policy(statement("Allow", [7])), id="a number"),
        pytest.param(policy({**statement("Allow", "*"), "Condition": {}}), id="a condition"),
        pytest.param(policy({**statement("Allow", "*"), "NotResource": "*"}), id="NotResource"),
        pytest.param(policy(statement("Allow", "*"), {"Effect": "Deny"}), id="beside a good one"),
    ],
)
def test_a_policy_that_is_not_understood_allows_nothing(malformed: Any) -> None:
    assert access(malformed, ARN) is Access.MALFORMED


def test_a_policy_without_statements_denies() -> None:
    assert access(policy(), ARN) is Access.DENIED
