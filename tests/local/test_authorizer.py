import asyncio
from typing import Any

import pytest

from rescind_local.errors import FunctionFailedError
from rescind_local.gateway.api import Guard
from rescind_local.gateway.authorizer import Admitted, Authorizer, Refused

ARN = "arn:aws:execute-api:us-east-1:000000000000:local/prod/GET/me"
OTHER_ARN = ARN.replace("/me", "/other")


class FakeFunction:
    """Answers what it is told to, and remembers its events."""

    def __init__(self, answer: Any) -> None:
        self.answer = answer
        self.events: list[Any] = []

    async def __call__(self, _: str, event: Any) -> Any:
        self.events.append(event)
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


class FakeClock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def guard(
    *sources: str, ttl_seconds: int = 0, token_pattern: str | None = None, sends_token_only: bool = False
) -> Guard:
    return Guard(
        name="Own",
        function="Check",
        sends_token_only=sends_token_only,
        identity_sources=sources or ("method.request.header.Authorization",),
        token_pattern=token_pattern,
        ttl_seconds=ttl_seconds,
    )


def request(*tokens: str, query: dict[str, list[str]] | None = None) -> dict[str, Any]:
    return {
        "multiValueHeaders": {"authorization": list(tokens)} if tokens else {},
        "multiValueQueryStringParameters": query,
        "requestContext": {"identity": {"sourceIp": "127.0.0.1"}},
    }


def policy(effect: str, resource: str = "*", **context: Any) -> dict[str, Any]:
    statement = {"Effect": effect, "Action": "execute-api:Invoke", "Resource": resource}
    return {"principalId": "me", "policyDocument": {"Statement": [statement]}, "context": context}


def decide(authorizer: Authorizer, own: Guard, event: dict[str, Any], arn: str = ARN) -> Admitted | Refused:
    return asyncio.run(authorizer.decide(own, event, arn))


@pytest.mark.parametrize(
    ("own", "event"),
    [
        pytest.param(guard(), request(), id="no header"),
        pytest.param(guard(), request(""), id="an empty header"),
        pytest.param(guard("method.request.querystring.key"), request("x"), id="no query parameter"),
        pytest.param(
            guard("method.request.header.Authorization", "method.request.header.X-Tenant"),
            request("x"),
            id="one of two",
        ),
        pytest.param(guard(token_pattern="Bearer .+"), request("Basic x"), id="a token of another form"),
    ],
)
def test_without_its_identity_source_nobody_asks_the_authorizer(own: Guard, event: dict[str, Any]) -> None:
    function = FakeFunction(policy("Allow"))

    decision = decide(Authorizer(function), own, event)

    assert decision == Refused("UNAUTHORIZED")
    assert function.events == []


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (FunctionFailedError("Exception", "Unauthorized"), "UNAUTHORIZED"),
        (FunctionFailedError("Exception", "unauthorized"), "AUTHORIZER_FAILURE"),
        (FunctionFailedError("Exception", "Unauthorized: expired"), "AUTHORIZER_FAILURE"),
        (FunctionFailedError("Sandbox.Timedout", "Task timed out"), "AUTHORIZER_FAILURE"),
        (TimeoutError(), "AUTHORIZER_FAILURE"),
        (policy("Deny"), "ACCESS_DENIED"),
        (policy("Allow", OTHER_ARN), "ACCESS_DENIED"),
        (None, "AUTHORIZER_CONFIGURATION_ERROR"),
        ({**policy("Allow"), "principalId": None}, "AUTHORIZER_CONFIGURATION_ERROR"),
        ({**policy("Allow"), "policyDocument": {}}, "AUTHORIZER_CONFIGURATION_ERROR"),
        (policy("Allow", claims={"a": 1}), "AUTHORIZER_CONFIGURATION_ERROR"),
        (policy("Allow", claims=["a"]), "AUTHORIZER_CONFIGURATION_ERROR"),
        (policy("Allow", claims=None), "AUTHORIZER_CONFIGURATION_ERROR"),
    ],
)
def test_every_other_answer_than_a_matching_allow_is_refused(answer: Any, kind: str) -> None:
    decision = decide(Authorizer(FakeFunction(answer)), guard(), request("x"))

    assert decision == Refused(kind)


def test_the_context_is_handed_on_as_strings() -> None:
    function = FakeFunction(policy("Allow", name="a", number=7, share=0.5, yes=True))

    decision = decide(Authorizer(function), guard(), request("x"))

    assert isinstance(decision, Admitted)
    context = {**decision.context, "integrationLatency": 0}
    assert context == {
        "name": "a",
        "number": "7",
        "share": "0.5",
        "yes": "true",
        "principalId": "me",
        "integrationLatency": 0,
    }


def test_a_request_authorizer_gets_the_request_and_a_token_authorizer_the_token() -> None:
    function = FakeFunction(policy("Allow"))

    decide(Authorizer(function), guard(), request("x"))
    decide(Authorizer(function), guard(sends_token_only=True), request("x"))

    whole, token = function.events
    assert whole == {"type": "REQUEST", "methodArn": ARN, **request("x")}
    assert token == {"type": "TOKEN", "methodArn": ARN, "authorizationToken": "x"}


def test_a_ttl_of_zero_keeps_nothing() -> None:
    function = FakeFunction(policy("Allow"))
    authorizer = Authorizer(function)

    for _ in range(3):
        decide(authorizer, guard(ttl_seconds=0), request("x"))

    assert len(function.events) == 3


@pytest.mark.parametrize("effect", ["Allow", "Deny"])
def test_an_answer_is_kept_for_the_ttl_and_not_longer(effect: str) -> None:
    function, clock = FakeFunction(policy(effect)), FakeClock()
    authorizer = Authorizer(function, clock)
    own = guard(ttl_seconds=60)

    first = decide(authorizer, own, request("x"))
    clock.now += 59.9
    second = decide(authorizer, own, request("x"))
    asked_within = len(function.events)
    clock.now += 0.1
    decide(authorizer, own, request("x"))

    assert type(first) is type(second)
    assert asked_within == 1
    assert len(function.events) == 2


@pytest.mark.parametrize(
    "answer",
    [
        FunctionFailedError("Exception", "Unauthorized"),
        FunctionFailedError("ValueError", "x"),
        {"malformed": 1},
    ],
)
def test_no_failure_is_kept(answer: Any) -> None:
    function = FakeFunction(answer)
    authorizer = Authorizer(function)

    decide(authorizer, guard(ttl_seconds=60), request("x"))
    decide(authorizer, guard(ttl_seconds=60), request("x"))

    assert len(function.events) == 2


def test_what_is_kept_is_the_policy_so_it_does_not_open_another_route() -> None:
    function = FakeFunction(policy("Allow", ARN))
    authorizer = Authorizer(function)
    own = guard(ttl_seconds=60)

    here = decide(authorizer, own, request("x"), ARN)
    there = decide(authorizer, own, request("x"), OTHER_ARN)

    assert isinstance(here, Admitted)
    assert there == Refused("ACCESS_DENIED")
    assert len(function.events) == 1


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(request("y"), id="another token"),
        pytest.param(request("y", "x"), id="a second header before it"),
        pytest.param(request("x", "y"), id="a second header after it"),
    ],
)
def test_another_identity_is_asked_about_anew(other: dict[str, Any]) -> None:
    function = FakeFunction(policy("Allow"))
    authorizer = Authorizer(function)
    own = guard(ttl_seconds=60)

    decide(authorizer, own, request("x"))
    decide(authorizer, own, other)

    assert len(function.events) == 2


def test_identity_sources_may_be_in_the_query_and_the_context() -> None:
    function = FakeFunction(policy("Allow"))
    authorizer = Authorizer(function)
    own = guard("method.request.querystring.key", "context.identity.sourceIp", ttl_seconds=60)

    decide(authorizer, own, request(query={"key": ["a"]}))
    decide(authorizer, own, request(query={"key": ["b"]}))
    decide(authorizer, own, request(query={"key": ["a"]}))

    assert len(function.events) == 2
