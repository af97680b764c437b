import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rescind import authorizer_wiring
from rescind.model import BlockedToken
from rescind.rules.access_tokens import AccessTokenClaims, SigningKey, sign_access_token
from rescind.unavailable import UnavailableError
from rescind.web.authorizer import UnauthorizedError
from tests.functions.conftest import Context, Stack, recorded
from tests.fuzz.forger import compact, encoded, with_signature
from tests.things import NOW, SETTINGS, SIGNING_KEY, USER_ID, some_claims

FORMS = ["authorizer-rest-request", "authorizer-rest-token", "authorizer-http-api"]


def presenting(form: str, token: str) -> dict[str, Any]:
    """The recorded event of this form, with a token."""
    return with_authorization(form, f"Bearer {token}")


def with_authorization(form: str, *values: str) -> dict[str, Any]:
    """The recorded event of this form, with these Authorization headers as API Gateway hands them on."""
    event = recorded(form)
    if "authorizationToken" in event:
        event["authorizationToken"] = ",".join(values)
    elif "multiValueHeaders" in event:
        event["headers"]["Authorization"] = values[-1] if values else None
        event["multiValueHeaders"]["Authorization"] = list(values)
    else:
        event["headers"]["authorization"] = ",".join(values)
    return event


def is_allowed(stack: Stack, event: dict[str, Any]) -> bool:
    try:
        answer = stack.invoke("authorizer", event)
    except UnauthorizedError:
        return False
    return bool(answer.get("isAuthorized", "policyDocument" in answer))


@pytest.mark.parametrize("form", FORMS)
def test_a_live_token_is_let_through_in_every_form(stack: Stack, form: str) -> None:
    tokens = stack.log_in()

    answer = stack.invoke("authorizer", presenting(form, tokens["access_token"]))

    context = answer["context"]
    assert context.keys() == {"sub", "sid", "jti", "scope", "exp", "claims"}
    assert (context["sub"], context["sid"]) == (USER_ID, tokens["session_id"])
    assert context["claims"] == '{"plan":"gold"}'
    if form == "authorizer-http-api":
        assert answer["isAuthorized"] is True
    else:
        assert answer["principalId"] == USER_ID
        assert answer["policyDocument"]["Statement"] == [
            {
                "Action": "execute-api:Invoke",
                "Effect": "Allow",
                "Resource": "arn:aws:execute-api:us-east-1:123456789012:abcdef1234/prod/*",
            }
        ]


@pytest.mark.parametrize("form", FORMS)
def test_a_recorded_garbage_token_is_refused_in_every_form(stack: Stack, form: str) -> None:
    assert not is_allowed(stack, recorded(form))


END: dict[str, Callable[[Stack, dict[str, Any]], object]] = {
    "its-session-ended": lambda stack, tokens: stack.stores.sessions.end(
        USER_ID, tokens["session_id"], now=1
    ),
    "everything-of-the-user-ended": lambda stack, _: stack.stores.users.raise_version(
        USER_ID, version=7, now=1
    ),
    "the-user-was-deleted": lambda stack, _: stack.stores.accounts.delete(
        stack.stores.users.read(USER_ID),  # type: ignore[arg-type] # it is there
        now=NOW,
    ),
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("end", END.values(), ids=END.keys())
def test_a_token_is_refused_once_it_was_taken_back(
    stack: Stack, form: str, end: Callable[[Stack, dict[str, Any]], object]
) -> None:
    tokens = stack.log_in()
    event = presenting(form, tokens["access_token"])
    assert is_allowed(stack, event)

    end(stack, tokens)

    assert not is_allowed(stack, event)


def test_a_blocklisted_token_is_refused_and_its_session_lives(stack: Stack) -> None:
    tokens = stack.log_in()
    event = presenting("authorizer-rest-request", tokens["access_token"])
    jti = stack.invoke("authorizer", event)["context"]["jti"]

    stack.stores.blocklist.put(BlockedToken(jti, USER_ID, "stolen", 1, 2_000_000_000))

    assert not is_allowed(stack, event)
    refreshed = recorded("refresh", body={"refresh_token": tokens["refresh_token"]})
    assert stack.answer("refresh", refreshed).status == 200


def live_token(stack: Stack, **changes: Any) -> str:
    """A live access token of a session that is there, changed by keyword, under our own key."""
    return sign_access_token(live_claims(stack, **changes), key=SIGNING_KEY)


def live_claims(stack: Stack, **changes: Any) -> AccessTokenClaims:
    now = int(time.time())
    claims = some_claims(sid=stack.log_in()["session_id"], iat=now, auth_time=now, exp=now + 900)
    return replace(claims, **changes)


def of_payload(payload: bytes) -> str:
    header = compact({"alg": "ES256", "kid": SIGNING_KEY.kid, "typ": "at+jwt"})
    return with_signature(f"{encoded(header)}.{encoded(payload)}")


def of_header(header: bytes) -> str:
    return f"{encoded(header)}.{encoded(b'{}')}.{'A' * 86}"


HOSTILE: dict[str, list[str]] = {
    "none": [],
    "empty": [""],
    "two": ["Bearer <live>", "Bearer <live>"],
    "two-of-which-one-is-empty": ["Bearer <live>", ""],
    "two-schemes": ["Basic YTpi", "Bearer <live>"],
    "two-joined": ["Bearer <live>, Bearer <live>"],
    "two-joined-tightly": ["Bearer <live>,<live>"],
    "Basic": ["Basic YTpi"],
    "Basic-with-the-token": ["Basic <live>"],
    "no-scheme": ["<live>"],
    "the-scheme-alone": ["Bearer"],
    "the-scheme-twice": ["Bearer Bearer <live>"],
    "a-tab": ["Bearer\t<live>"],
    "a-tab-at-its-end": ["Bearer <live>\t"],
    "a-space-before-it": [" Bearer <live>"],
    "a-space-behind-it": ["Bearer <live> "],
    "a-newline": ["Bearer <live>\n"],
    "a-NUL": ["Bearer <live>\0"],
    "a-NUL-within": ["Bearer \0<live>"],
    "a-control-character": ["Bearer \x01<live>"],
    "a-no-break-space": ["Bearer\u00a0<live>"],
    "another-digit": ["Bearer <live>\u0661"],
    "a-lone-surrogate": ["Bearer \ud800<live>"],
    "only-a-lone-surrogate": ["\udfff"],
    "64-kB": ["Bearer " + "a" * 65_536],
    "64-kB-of-dots": ["Bearer " + "." * 65_536],
    "64-kB-of-spaces": ["Bearer" + " " * 65_536 + "\0"],
    "8-kB-of-brackets-unsigned": ["Bearer " + of_header(b"[" * 5000)],
    "8-kB-of-brackets-signed": ["Bearer " + of_payload(b"[" * 5000)],
    "8-kB-of-objects-signed": ["Bearer " + of_payload(b'{"a":' * 1100)],
    "100,000-brackets-unsigned": ["Bearer " + of_header(b"[" * 100_000)],
    "100,000-brackets-signed": ["Bearer " + of_payload(b"[" * 100_000)],
    "no-UTF-8-signed": ["Bearer " + of_payload(b"\xff\xfe")],
    "a-surrogate-signed": ["Bearer " + of_payload(b'{"iss":"\xed\xa0\x80"}')],
    "an-escaped-surrogate-signed": ["Bearer " + of_payload(b'{"iss":"\\ud800"}')],
    "a-number-of-5,000-digits-signed": ["Bearer " + of_payload(b'{"iat":' + b"9" * 5000 + b"}")],
    "NaN-signed": ["Bearer " + of_payload(b"NaN")],
}


@pytest.mark.parametrize("form", FORMS)
def test_whatever_a_bearer_header_holds_is_a_401_and_costs_no_read(
    stack: Stack, monkeypatch: pytest.MonkeyPatch, form: str
) -> None:
    live = live_token(stack)
    assert is_allowed(stack, presenting(form, live))
    monkeypatch.setattr(authorizer_wiring.states()._client, "batch_get_item", None)  # noqa: SLF001 - the store's own edge

    # In one test: to make a stack takes longer than all of them.
    events = {
        name: with_authorization(form, *(value.replace("<live>", live) for value in values))
        for name, values in HOSTILE.items()
    }

    assert [name for name, event in events.items() if is_allowed(stack, event)] == []


@settings(
    deadline=None, max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture]
)  # a refusal leaves nothing behind
@given(
    form=st.sampled_from(FORMS),
    values=st.lists(
        st.text() | st.tuples(st.sampled_from(["Bearer", "bearer", "Basic"]), st.text()).map(" ".join),
        max_size=3,
    ),
)
def test_any_text_in_a_bearer_header_is_a_401(stack: Stack, form: str, values: list[str]) -> None:
    assert not is_allowed(stack, with_authorization(form, *values))


FOREIGN: dict[str, Callable[[Stack], str]] = {
    "another-issuer's": lambda stack: live_token(stack, iss="urn:rescind:other"),
    "another-audience's": lambda stack: live_token(stack, aud="rescind-other"),
    "another-stage's-under-a-key-of-its-own": lambda stack: sign_access_token(
        live_claims(stack), key=SigningKey("key-of-another-stage", another_key())
    ),
    "another-stage's-under-the-same-kid": lambda stack: sign_access_token(
        live_claims(stack), key=SigningKey(SIGNING_KEY.kid, another_key())
    ),
    "a-refresh-token": lambda stack: str(stack.log_in()["refresh_token"]),
}


def another_key() -> ec.EllipticCurvePrivateKey:
    return ec.derive_private_key(4711, ec.SECP256R1())


@pytest.mark.parametrize("foreign", FOREIGN.values(), ids=FOREIGN.keys())
def test_a_token_that_is_no_access_token_of_this_stage_opens_and_ends_nothing(
    stack: Stack, foreign: Callable[[Stack], str]
) -> None:
    own = live_token(stack)
    token = foreign(stack)

    assert not any(is_allowed(stack, presenting(form, token)) for form in FORMS)
    bearer = recorded("logout", body={"everywhere": True}, headers={"Authorization": f"Bearer {token}"})
    assert stack.answer("logout", bearer).body["revoked"] == "nothing"
    assert is_allowed(stack, presenting(FORMS[0], own))


@pytest.mark.parametrize(
    "name", ["another-issuer's", "another-audience's", "another-stage's-under-the-same-kid"]
)
def test_an_admin_cannot_take_back_what_is_another_stages(stack: Stack, name: str) -> None:
    event = recorded("admin", body={"token": FOREIGN[name](stack)})
    event |= {"resource": "/admin/tokens/revoke", "path": "/admin/tokens/revoke"}

    assert stack.answer("admin", event).body["revoked"] == "nothing"


def test_an_access_token_is_no_refresh_token(stack: Stack) -> None:
    tokens = stack.log_in()
    swapped = {"refresh_token": tokens["access_token"]}

    refreshed = stack.answer("refresh", recorded("refresh", body=swapped))
    logged_out = stack.answer("logout", recorded("logout", body={**swapped, "everywhere": True}))

    assert (refreshed.status, refreshed.body["error"]) == (401, "invalid_grant")
    assert logged_out.body["revoked"] == "nothing"
    assert is_allowed(stack, presenting(FORMS[0], tokens["access_token"]))


def unprocessed(**parameters: Any) -> dict[str, Any]:
    return {"Responses": {}, "UnprocessedKeys": parameters["RequestItems"]}


def a_table_short(**parameters: Any) -> dict[str, Any]:
    return {"Responses": {table: [] for table in list(parameters["RequestItems"])[1:]}}


def an_empty_answer(**_: Any) -> dict[str, Any]:
    return {}


def a_row_without_its_version(**parameters: Any) -> dict[str, Any]:
    rows: dict[str, list[Any]] = {table: [] for table in parameters["RequestItems"]}
    rows["Users"] = [{"user_id": {"S": USER_ID}, "status": {"S": "active"}}]
    return {"Responses": rows, "UnprocessedKeys": {}}


def another_row(**parameters: Any) -> dict[str, Any]:
    rows: dict[str, list[Any]] = {table: [] for table in parameters["RequestItems"]}
    rows["Blocklist"] = [{"jti": {"S": "another"}}]
    return {"Responses": rows, "UnprocessedKeys": {}}


@pytest.mark.parametrize(
    "answer", [unprocessed, a_table_short, an_empty_answer, a_row_without_its_version, another_row]
)
def test_what_cannot_be_read_is_a_failure_and_no_verdict(
    stack: Stack, monkeypatch: pytest.MonkeyPatch, answer: Callable[..., dict[str, Any]]
) -> None:
    event = presenting("authorizer-rest-request", stack.log_in()["access_token"])
    states = authorizer_wiring.states()

    monkeypatch.setattr(states._client, "batch_get_item", answer)  # noqa: SLF001 - the store's own edge

    with pytest.raises(UnavailableError):
        stack.invoke("authorizer", event)


def test_the_state_is_read_once_and_strongly(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    event = presenting("authorizer-rest-request", stack.log_in()["access_token"])
    client = authorizer_wiring.states()._client  # noqa: SLF001 - as above
    read, calls = client.batch_get_item, []

    def recorded_read(**parameters: Any) -> Any:
        calls.append(parameters)
        return read(**parameters)

    monkeypatch.setattr(client, "batch_get_item", recorded_read)
    assert is_allowed(stack, event)

    [call] = calls
    assert call["RequestItems"].keys() == {"Blocklist", "Users", "Sessions"}
    assert all(asked["ConsistentRead"] for asked in call["RequestItems"].values())


def test_a_store_that_is_gone_is_logged_once_and_is_a_failure(
    stack: Stack, monkeypatch: pytest.MonkeyPatch, written: Callable[[], str]
) -> None:
    event = presenting("authorizer-rest-request", stack.log_in()["access_token"])
    monkeypatch.setenv("SESSIONS_TABLE", "gone")
    stack.forget_wiring()

    with pytest.raises(UnavailableError):
        stack.invoke("authorizer", event)

    log = written()
    assert log.count('"message":"Unavailable"') == 1
    assert log.count('"Name":"Unavailable"') == 1
    assert "AccessDenied" not in log


@pytest.mark.parametrize(("loading_seconds", "in_time"), [(2.5, True), (4.0, False)])
def test_what_a_new_sandbox_loads_is_not_taken_from_what_it_may_wait(
    stack: Stack, monkeypatch: pytest.MonkeyPatch, loading_seconds: float, *, in_time: bool
) -> None:
    asked = presenting(FORMS[0], stack.log_in()["access_token"])
    states, clock = authorizer_wiring.states, [1000.0]
    monkeypatch.setattr(time, "monotonic", lambda: clock[0])

    def load() -> object:
        clock[0] += loading_seconds
        return states()

    monkeypatch.setattr(authorizer_wiring, "states", load)
    context = Context(milliseconds_left=SETTINGS.authorizer_timeout_seconds * 1000)

    if in_time:
        assert stack.invoke("authorizer", asked, context)["principalId"] == USER_ID
    else:
        with pytest.raises(UnavailableError, match="no time is left"):
            stack.invoke("authorizer", asked, context)
