"""POST /oauth/backchannel-logout and /oauth/security-events: whose sessions end when their issuer says so."""

import time
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from tests import requests
from tests.functions.audited import Audit
from tests.functions.conftest import Stack, recorded
from tests.functions.trusting import Trusting
from tests.issuers import BACKCHANNEL_LOGOUT, CAEP, ISSUER, LOGIN, SUBJECT, Issuer, a_key
from tests.things import PASSWORD

Tokens = Mapping[str, Any]
OTHER = "another login"
NOT_ACCEPTED = {
    "error": "invalid_request",
    "error_description": "The logout token is expired, not for this API or not valid.",
}
EVENT_NOT_ACCEPTED = {
    "err": "invalid_request",
    "description": "The security event token is not for this API or not valid.",
}
LOGGED_OUT = {"iss": ISSUER, "aud": "client-of-the-test", "sub": SUBJECT, "sid": LOGIN, "jti": "j"}


@pytest.fixture
def trusting(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> Trusting:
    trusting = Trusting(stack, monkeypatch)
    trusting.trust()
    return trusting


@pytest.fixture
def audit(written: Callable[[], str]) -> Audit:
    return Audit(written)


def lives(trusting: Trusting, *each: Tokens) -> list[bool]:
    return [trusting.lives(tokens) for tokens in each]


def revoked(trusting: Trusting, tokens: Tokens) -> dict[str, str]:
    return {
        "message": "SessionRevoked",
        "user_id": trusting.user_id(),
        "session_id": tokens["session_id"],
        "actor": "issuer",
    }


def test_a_logout_of_a_login_ends_the_sessions_that_came_of_it_and_no_others(
    trusting: Trusting, audit: Audit
) -> None:
    one, two, other = trusting.tokens(), trusting.tokens(), trusting.tokens(sid=OTHER)
    somebody, ada = trusting.tokens(sub="somebody", sid="theirs"), trusting.stack.log_in()
    audit.since()

    answer = trusting.log_out()

    assert answer.status == 200
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.body.keys() == {"effective_by"}
    assert abs(answer.body["effective_by"] - time.time()) < 10
    events = audit.since()
    assert len(events) == 2
    assert all(revoked(trusting, each) in events for each in (one, two))
    assert lives(trusting, one, two, other, somebody, ada) == [False, False, True, True, True]


def test_of_a_login_that_has_ended_no_unspent_token_opens_a_session(trusting: Trusting) -> None:
    of_it, other = trusting.token(), trusting.token(sid=OTHER)
    without = trusting.token(sid=None)

    trusting.log_out()

    assert [trusting.exchange(each).status for each in (of_it, without, other)] == [401, 401, 200]


def test_a_logout_by_the_login_alone_ends_what_came_of_it(trusting: Trusting) -> None:
    of_it, other, without = trusting.tokens(), trusting.tokens(sid=OTHER), trusting.tokens(sid=None)
    unspent = trusting.token()

    trusting.log_out(sub=None)

    assert lives(trusting, of_it, other, without) == [False, True, True]
    assert trusting.exchange(unspent).status == 401


def test_sessions_of_tokens_that_name_no_login_end_with_any_of_their_users(trusting: Trusting) -> None:
    without, of_another_user = trusting.tokens(sid=None), trusting.tokens(sid=None, sub="somebody")

    trusting.log_out(sid="one that we have never heard of")

    assert lives(trusting, without, of_another_user) == [False, True]


def test_a_logout_by_the_user_alone_ends_everything_of_theirs(trusting: Trusting, audit: Audit) -> None:
    tokens = [trusting.tokens(), trusting.tokens(sid=OTHER), trusting.tokens(sid=None)]
    unspent = [trusting.token(), trusting.token(sid=OTHER), trusting.token(sid=None)]
    somebody = trusting.tokens(sub="somebody")
    audit.since()

    answer = trusting.log_out(sid=None)

    assert answer.status == 200
    events = audit.since()
    assert len(events) == 3
    assert all(revoked(trusting, each) in events for each in tokens)
    assert lives(trusting, *tokens, somebody) == [False, False, False, True]
    assert {trusting.exchange(each).status for each in unspent} == {401}
    # Of the next second, by the issuer's clock.
    assert lives(trusting, trusting.tokens(age=-2)) == [True]


@pytest.mark.parametrize("who", [{"sid": None, "sub": "nobody"}, {"sid": "none", "sub": "nobody"}])
def test_a_logout_of_somebody_unknown_ends_nothing_and_is_heard_all_the_same(
    trusting: Trusting, audit: Audit, who: dict[str, Any]
) -> None:
    tokens, unspent = trusting.tokens(), trusting.token(**{**who, "sid": who["sid"] or LOGIN})
    audit.since()

    answer = trusting.log_out(**who)

    assert (answer.status, audit.since()) == (200, [])
    assert trusting.user("nobody") is None
    # Whoever comes with a token of before gets nothing, and there is no user of theirs afterwards.
    assert (trusting.exchange(unspent).status, trusting.user("nobody")) == (401, None)
    assert lives(trusting, tokens) == [True]


@pytest.mark.parametrize("who", [{}, {"sub": None}, {"sid": None}], ids=["both", "login", "user"])
def test_a_message_that_comes_twice_ends_nothing_twice(
    trusting: Trusting, audit: Audit, who: dict[str, Any]
) -> None:
    trusting.tokens(age=30)
    message = requests.log_out_at_issuer(trusting.issuer.logout_token(now=int(time.time()), **who))
    first = trusting.ask(message)
    since = trusting.tokens(sid="the next login", age=-2)
    audit.since()

    again = trusting.ask(message)

    assert (first.status, again.status) == (200, 200)
    assert audit.since() == []
    assert lives(trusting, since) == [True]


def test_a_message_that_comes_late_ends_what_is_from_before_it(trusting: Trusting) -> None:
    tokens = [trusting.tokens(age=500), trusting.tokens(age=500, sid=OTHER)]

    assert trusting.log_out(age=400, exp=int(time.time()) + 60).status == 200

    assert lives(trusting, *tokens) == [False, True]


def test_a_message_that_comes_after_its_user_was_revoked_anyway_leaves_what_is_from_after(
    trusting: Trusting,
) -> None:
    before, now = trusting.tokens(age=400), int(time.time())
    trusting.stack.stores.users.raise_version(trusting.user_id(), version=1, now=now - 200)
    after = trusting.tokens(age=100, sid=OTHER)

    assert trusting.log_out(sid=None, age=300, exp=now + 60).status == 200

    assert lives(trusting, before, after) == [False, True]


@pytest.mark.parametrize("sid", [LOGIN, None], ids=["login", "no-login"])
@pytest.mark.parametrize(
    "who", [{}, {"sid": None}, {"sid": "one of before"}], ids=["login", "user", "another-login"]
)
def test_what_was_issued_after_the_logout_is_spared_however_late_the_message_comes(
    trusting: Trusting, audit: Audit, sid: str | None, who: dict[str, Any]
) -> None:
    later, unspent = trusting.tokens(age=100, sid=sid), trusting.token(age=100, sid=sid)
    audit.since()

    for _ in range(2):
        assert trusting.log_out(age=150, exp=int(time.time()) + 60, **who).status == 200

    assert audit.since() == []
    assert lives(trusting, later) == [True]
    assert trusting.exchange(unspent).status == 200


def test_a_session_that_has_ended_before_is_no_event(trusting: Trusting, audit: Audit) -> None:
    tokens = trusting.tokens()
    trusting.ask(requests.log_out(tokens["refresh_token"]))
    audit.since()

    assert trusting.log_out().status == 200

    assert audit.since() == []


def test_a_user_with_a_password_is_ended_by_nobody_elses_issuer(trusting: Trusting) -> None:
    ada = trusting.stack.log_in()

    trusting.log_out(sub="ada", sid=None)
    trusting.receive(sub_id={"format": "iss_sub", "iss": ISSUER, "sub": "ada"})

    assert lives(trusting, ada) == [True]


MESSAGES: dict[str, tuple[dict[str, Any], str]] = {
    "without-its-event": ({"events": {}}, "wrong_claims"),
    "with-another-event": ({"events": {f"{CAEP}session-revoked": {}}}, "wrong_claims"),
    "with-a-nonce": ({"nonce": "n"}, "wrong_claims"),
    "of-nobody": ({"sub": None, "sid": None}, "wrong_claims"),
    "without-an-id": ({"jti": None}, "wrong_claims"),
    "for-others": ({"aud": "another"}, "wrong_audience"),
    "for-nobody": ({"aud": None}, "wrong_audience"),
    "expired": ({"exp": 1}, "expired"),
    "without-an-expiry": ({"exp": None}, "wrong_claims"),
    "too-old": ({"iat": int(time.time()) - 700}, "too_old"),
    "from-the-future": ({"iat": int(time.time()) + 1000}, "from_the_future"),
    "of-another-issuer": ({"iss": "https://id.example.net"}, "unknown_issuer"),
}


@pytest.mark.parametrize(("claims", "reason"), MESSAGES.values(), ids=MESSAGES)
def test_a_message_that_is_no_logout_token_for_us_ends_nothing_and_is_written_down(
    trusting: Trusting, audit: Audit, claims: dict[str, Any], reason: str
) -> None:
    tokens = trusting.tokens()
    audit.since()

    answer = trusting.log_out(**claims)

    assert (answer.status, answer.body) == (400, NOT_ACCEPTED)
    assert audit.since() == [{"message": "LoginEndRefused", "reason": reason}]
    assert lives(trusting, tokens) == [True]


def test_a_message_is_signed_by_its_issuer_and_is_of_its_kind(trusting: Trusting, audit: Audit) -> None:
    tokens, now = trusting.tokens(), int(time.time())
    forged = Issuer(key=a_key(1))
    audit.since()

    logouts = [
        forged.logout_token(now=now),
        Issuer(kid="unknown").logout_token(now=now),
        trusting.token(),
        trusting.issuer.security_event(now=now),
        "garbage",
    ]
    events = [
        forged.security_event(now=now),
        Issuer(kid="unknown").security_event(now=now),
        trusting.token(),
        trusting.issuer.logout_token(now=now),
        "garbage",
    ]
    answers = [trusting.ask(requests.log_out_at_issuer(each)) for each in logouts]
    to_events = [trusting.ask(requests.receive_event(each)) for each in events]

    assert [(each.status, each.body) for each in answers] == [(400, NOT_ACCEPTED)] * 5
    assert [(each.status, each.body) for each in to_events] == [(400, EVENT_NOT_ACCEPTED)] * 5
    reasons = ["bad_signature", "unknown_key", "wrong_claims", "wrong_claims", "malformed"] * 2
    assert audit.since() == [{"message": "LoginEndRefused", "reason": each} for each in reasons]
    assert lives(trusting, tokens) == [True]


def test_a_token_that_logs_out_opens_no_session(trusting: Trusting) -> None:
    now = int(time.time())

    assert trusting.exchange(trusting.issuer.logout_token(now=now)).status == 401
    assert trusting.exchange(trusting.issuer.security_event(now=now)).status == 401


@pytest.mark.parametrize(
    "event",
    [
        pytest.param(recorded("backchannel", body={"logout_tokn": "a"}), id="another-name"),
        pytest.param(recorded("backchannel") | {"body": '{"logout_token": "a"}'}, id="json"),
        pytest.param(recorded("backchannel", body={"logout_token": "a" * 8193}), id="too-long"),
        pytest.param(
            recorded("backchannel", headers={"Content-Type": "application/json"}), id="another-content-type"
        ),
        pytest.param(recorded("backchannel") | {"body": "logout_token=a&logout_token=b"}, id="two-of-them"),
    ],
)
def test_a_logout_of_another_form_is_refused_as_such(
    trusting: Trusting, audit: Audit, event: dict[str, Any]
) -> None:
    answer = trusting.stack.answer("backchannel", event)

    assert (answer.status, answer.body["error"]) in [(400, "invalid_request"), (413, "invalid_request")]
    assert trusting.issuer.documents_read == 0
    assert audit.since() == []


@pytest.mark.parametrize("event", ["session-revoked", "credential-change"])
def test_a_security_event_about_a_user_ends_everything_of_theirs(
    trusting: Trusting, audit: Audit, event: str
) -> None:
    tokens, unspent = [trusting.tokens(), trusting.tokens(sid=OTHER)], trusting.token()
    somebody = trusting.tokens(sub="somebody")
    audit.since()

    answer = trusting.receive(event)

    assert (answer.status, answer.body) == (202, None)
    events = audit.since()
    assert len(events) == 2
    assert all(revoked(trusting, each) in events for each in tokens)
    assert lives(trusting, *tokens, somebody) == [False, False, True]
    assert trusting.exchange(unspent).status == 401


def of_a_login(login: str) -> dict[str, Any]:
    return {
        "format": "complex",
        "user": {"format": "iss_sub", "iss": ISSUER, "sub": SUBJECT},
        "session": {"format": "opaque", "id": login},
    }


@pytest.mark.parametrize(("event", "is_left"), [("session-revoked", True), ("credential-change", False)])
def test_a_security_event_about_a_login_ends_it_and_a_new_credential_all_of_them(
    trusting: Trusting, event: str, *, is_left: bool
) -> None:
    one, other = trusting.tokens(), trusting.tokens(sid=OTHER)

    assert trusting.receive(event, sub_id=of_a_login(LOGIN)).status == 202

    assert lives(trusting, one, other) == [False, is_left]


def test_a_security_event_may_have_its_subject_inside_as_drafts_had_it(trusting: Trusting) -> None:
    tokens = trusting.tokens()
    inside = {f"{CAEP}session-revoked": {"subject": {"format": "iss_sub", "iss": ISSUER, "sub": SUBJECT}}}

    assert trusting.receive(sub_id=None, events=inside).status == 202

    assert lives(trusting, tokens) == [False]


def test_a_security_event_of_another_kind_is_received_and_ends_nothing(
    trusting: Trusting, audit: Audit
) -> None:
    tokens = trusting.tokens()
    audit.since()

    answer = trusting.receive("device-compliance-change")

    assert (answer.status, answer.body, audit.since()) == (202, None, [])
    assert lives(trusting, tokens) == [True]


def test_a_security_event_is_listened_to_for_a_day(trusting: Trusting) -> None:
    tokens = trusting.tokens(sid=OTHER)

    late, too_late = trusting.receive(age=86_000), trusting.receive(age=87_000)

    assert late.status == 202
    assert (too_late.status, too_late.body) == (400, EVENT_NOT_ACCEPTED)
    assert lives(trusting, tokens) == [True]  # It is from after both.


@pytest.mark.parametrize(
    "claims",
    [
        pytest.param({"sub_id": {"format": "email", "email": "ada@example.com"}}, id="by-e-mail"),
        pytest.param({"sub_id": None}, id="of-nobody"),
        pytest.param(
            {"sub_id": {"format": "iss_sub", "iss": "https://id.example.net", "sub": SUBJECT}},
            id="of-another-issuer",
        ),
        pytest.param({"aud": "another"}, id="for-others"),
        pytest.param({"events": {BACKCHANNEL_LOGOUT: {}}}, id="a-logout"),
    ],
)
def test_a_security_event_that_is_none_for_us_ends_nothing(
    trusting: Trusting, claims: dict[str, Any]
) -> None:
    tokens = trusting.tokens()

    answer = trusting.receive(**claims)

    assert (answer.status, answer.body) == (400, EVENT_NOT_ACCEPTED)
    assert lives(trusting, tokens) == [True]


@pytest.mark.parametrize("kind", ["application/json", "application/x-www-form-urlencoded", ""])
def test_a_security_event_of_another_content_type_is_refused_in_the_words_of_its_standard(
    trusting: Trusting, kind: str
) -> None:
    tokens = trusting.tokens()
    call = requests.receive_event(trusting.issuer.security_event(now=int(time.time())))
    call.event["headers"]["Content-Type"] = kind
    call.event["multiValueHeaders"]["Content-Type"] = [kind]

    answer = trusting.ask(call)

    assert (answer.status, answer.body["err"]) == (400, "invalid_request")
    assert answer.body.keys() == {"err", "description"}
    assert lives(trusting, tokens) == [True]


@pytest.mark.parametrize("way", ["log_out", "receive"])
def test_where_the_keys_of_the_issuer_are_out_of_reach_its_message_may_be_sent_again(
    trusting: Trusting, audit: Audit, way: str
) -> None:
    tokens = trusting.tokens()
    audit.since()
    trusting.trust()  # As in a sandbox that has read no keys yet.
    trusting.issuer.out_of_reach = True
    unavailable = getattr(trusting, way)()
    events = audit.since()
    trusting.issuer.out_of_reach = False
    trusting.trust()

    assert unavailable.status == 503
    assert unavailable.headers["Retry-After"] == "1"
    assert [each["message"] for each in events] == ["Unavailable"]
    assert getattr(trusting, way)().status in {200, 202}
    assert lives(trusting, tokens) == [False]


def test_who_has_a_password_is_untouched_by_a_login_of_their_name_at_an_issuer(trusting: Trusting) -> None:
    trusting.tokens(sub="ada", sid="theirs")

    trusting.log_out(sub="ada", sid=None)

    login = recorded("login", body={"username": "ada", "password": PASSWORD})
    assert trusting.stack.answer("login", login).status == 200
