"""POST /auth/exchange: whose token opens a session, once, and what it grants."""

import json
import time
from collections.abc import Callable
from typing import Any

import pytest

from rescind.model import Status
from rescind.reasons import Reason
from rescind.rules.access_tokens import verify_access_token
from tests import requests
from tests.functions.audited import Audit
from tests.functions.conftest import Stack, recorded
from tests.functions.trusting import Trusting
from tests.issuers import ISSUER, SUBJECT, Issuer, a_key
from tests.things import NEW_PASSWORD, NOW, PASSWORD, SETTINGS, SIGNING_KEY, USER_ID, a_credential, a_user

REFUSED = {
    "error": "invalid_grant",
    "error_description": "The subject token is expired, used, not for this API or not valid.",
}
OURS, FOREIGN = {"Origin": "https://app.example.com"}, {"Origin": "https://evil.example"}


@pytest.fixture
def trusting(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> Trusting:
    trusting = Trusting(stack, monkeypatch)
    trusting.trust()
    return trusting


@pytest.fixture
def audit(written: Callable[[], str]) -> Audit:
    return Audit(written)


def claims_of(tokens: Any) -> Any:
    return verify_access_token(
        tokens["access_token"],
        keys={SIGNING_KEY.kid: SIGNING_KEY.private_key.public_key()},
        issuer=SETTINGS.issuer,
        audience=SETTINGS.audience,
        now=int(time.time()),
    )


def test_a_token_of_a_trusted_issuer_opens_a_session(trusting: Trusting) -> None:
    answer = trusting.exchange()

    assert answer.status == 200
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.body.keys() == {
        "access_token",
        "token_type",
        "expires_in",
        "refresh_token",
        "refresh_expires_in",
        "session_id",
        "scope",
    }
    claims = claims_of(answer.body)
    assert (claims.sub, claims.sid, claims.ver) == (trusting.user_id(), answer.body["session_id"], 1)
    assert trusting.lives(answer.body)


@pytest.mark.parametrize("said", ["id_token", "jwt", None])
def test_a_client_says_what_it_sends_or_does_not(trusting: Trusting, said: str | None) -> None:
    named = f"urn:ietf:params:oauth:token-type:{said}" if said else None

    assert trusting.ask(requests.exchange(trusting.token(), subject_token_type=named)).status == 200


def test_an_access_token_is_exchanged_as_one(trusting: Trusting) -> None:
    kind = "urn:ietf:params:oauth:token-type:access_token"
    claims: dict[str, Any] = {"aud": None, "client_id": "client-of-the-test", "token_use": "access"}

    as_one = trusting.ask(requests.exchange(trusting.token(**claims), subject_token_type=kind))
    as_another = trusting.exchange(**claims)

    assert (as_one.status, as_another.status, as_another.body) == (200, 401, REFUSED)


def test_the_first_token_of_a_user_makes_them_and_every_other_finds_them(
    trusting: Trusting, audit: Audit
) -> None:
    first = trusting.tokens()
    made = trusting.user()
    second = trusting.tokens()

    assert made == trusting.user()
    assert made is not None
    assert (made.username, made.scope, made.claims) == (f"{ISSUER} {SUBJECT}", "", "{}")
    assert {claims_of(each).sub for each in (first, second)} == {made.user_id}
    assert audit.since() == [
        {"message": "UserCreated", "user_id": made.user_id, "actor": "exchange"},
        {"message": "Exchange", "user_id": made.user_id, "session_id": first["session_id"]},
        {"message": "Exchange", "user_id": made.user_id, "session_id": second["session_id"]},
    ]


def test_users_of_other_names_are_others(trusting: Trusting) -> None:
    assert claims_of(trusting.tokens(sub="a")).sub != claims_of(trusting.tokens(sub="b")).sub


def test_a_user_is_not_matched_by_what_else_the_token_says_of_them(trusting: Trusting) -> None:
    tokens = trusting.tokens(email="ada", preferred_username="ada", username="ada", sub="ada")

    assert claims_of(tokens).sub != USER_ID


def test_where_users_are_not_made_only_who_is_there_gets_a_session(trusting: Trusting) -> None:
    trusting.trust(provision=False)
    unknown = trusting.exchange()
    made = trusting.ask(requests.operate("createUser", issuer=ISSUER, subject=SUBJECT, scope="orders:read"))

    known = trusting.exchange()

    assert (unknown.status, unknown.body) == (401, REFUSED)
    assert (made.status, known.status) == (201, 200)
    assert (claims_of(known.body).sub, known.body["scope"]) == (made.body["user_id"], "orders:read")


def test_a_link_that_leads_to_no_user_lets_nobody_in(trusting: Trusting, audit: Audit) -> None:
    trusting.tokens()
    trusting.stack.stores.users.delete(trusting.user_id(), now=NOW)
    audit.since()

    answer = trusting.exchange()

    assert (answer.status, answer.body) == (401, REFUSED)
    assert audit.since() == [{"message": "ExchangeRefused", "reason": "user_unknown"}]


def test_a_user_who_was_deleted_is_made_anew_by_a_new_token_and_by_no_used_one(trusting: Trusting) -> None:
    used = trusting.token()
    before = trusting.exchange(used).body
    deleted = trusting.user_id()
    assert trusting.ask(requests.operate("deleteUser", user_id=deleted)).status == 200

    again = trusting.exchange(used)
    gone = trusting.user()
    new = trusting.exchange()

    assert (again.status, again.body, gone, new.status) == (401, REFUSED, None, 200)
    assert trusting.user_id() != deleted
    assert not trusting.lives(before)


@pytest.mark.parametrize(("logged_out", "status"), [(-1, 200), (0, 401), (1, 401)])
def test_a_token_from_before_a_revocation_or_of_its_very_second_opens_nothing(
    trusting: Trusting, logged_out: int, status: int
) -> None:
    issued = int(time.time()) - 10
    trusting.tokens(age=20)
    trusting.stack.stores.users.raise_version(trusting.user_id(), version=1, now=issued + logged_out)

    assert trusting.exchange(trusting.issuer.id_token(now=issued)).status == status


def test_a_disabled_user_gets_nothing_and_an_enabled_one_with_a_new_token(trusting: Trusting) -> None:
    trusting.tokens()
    user_id, users = trusting.user_id(), trusting.stack.stores.users
    users.raise_version(user_id, version=1, now=int(time.time()) - 5, status=Status.DISABLED)
    token = trusting.token()
    disabled = trusting.exchange(token)
    users.enable(user_id, version=2)

    assert (disabled.status, disabled.body) == (401, REFUSED)
    assert trusting.exchange(token).status == 200


def refusals(trusting: Trusting) -> dict[str, Callable[[], str]]:
    """What makes the token of each reason, for a user whose version is 1."""
    users, now = trusting.stack.stores.users, int(time.time())
    user_id = trusting.user_id()

    def used() -> str:
        token = trusting.token()
        trusting.exchange(token)
        return token

    def disabled() -> str:
        users.raise_version(user_id, version=1, now=now - 60, status=Status.DISABLED)
        return trusting.token()

    def revoked() -> str:
        users.raise_version(user_id, version=1, now=now)
        return trusting.token()

    def login_ended() -> str:
        trusting.log_out(sub=None)
        return trusting.token()

    def unknown() -> str:
        trusting.trust(provision=False)
        return trusting.token(sub="nobody")

    stranger = Issuer(key=a_key(1))
    return {
        "used": used,
        "disabled": disabled,
        "revoked": revoked,
        "login-ended": login_ended,
        "unknown": unknown,
        "malformed": lambda: "no.jwt",
        "unknown-key": lambda: Issuer(kid="another").id_token(now=now),
        "forged": lambda: stranger.id_token(now=now),
        "of-another-issuer": lambda: trusting.token(iss="https://id.example.net"),
        "for-others": lambda: trusting.token(aud="another"),
        "of-another-kind": lambda: trusting.token(token_use="access"),
        "of-a-machine": lambda: trusting.token(client_id=SUBJECT),
        "an-event": lambda: trusting.token(events={}),
        "expired": lambda: trusting.token(exp=now - 1),
        "too-old": lambda: trusting.token(age=700),
        "from-the-future": lambda: trusting.token(age=-100),
    }


REASONS = {
    "used": (Reason.REPLAYED, True),
    "disabled": (Reason.USER_DISABLED, True),
    "revoked": (Reason.LOGGED_OUT, True),
    "login-ended": (Reason.LOGGED_OUT, True),
    "unknown": (Reason.USER_UNKNOWN, False),
    "malformed": (Reason.MALFORMED, False),
    "unknown-key": (Reason.UNKNOWN_KEY, False),
    "forged": (Reason.BAD_SIGNATURE, False),
    "of-another-issuer": (Reason.UNKNOWN_ISSUER, False),
    "for-others": (Reason.WRONG_AUDIENCE, False),
    "of-another-kind": (Reason.WRONG_CLAIMS, False),
    "of-a-machine": (Reason.WRONG_CLAIMS, False),
    "an-event": (Reason.WRONG_CLAIMS, False),
    "expired": (Reason.EXPIRED, False),
    "too-old": (Reason.TOO_OLD, False),
    "from-the-future": (Reason.FROM_THE_FUTURE, False),
}


@pytest.mark.parametrize("why", REASONS)
def test_every_refused_exchange_gets_the_same_answer_and_its_reason_is_written_down(
    trusting: Trusting, audit: Audit, why: str
) -> None:
    trusting.tokens(sid="another login")
    token = refusals(trusting)[why]()
    audit.since()

    answer = trusting.exchange(token)

    assert (answer.status, answer.body) == (401, REFUSED)
    assert answer.headers["WWW-Authenticate"] == "Bearer"
    reason, names_user = REASONS[why]
    about = {"user_id": trusting.user_id()} if names_user else {}
    assert audit.since() == [{"message": "ExchangeRefused", "reason": reason.value, **about}]


def test_a_refused_exchange_leaves_nothing_behind(trusting: Trusting) -> None:
    """Neither the user whom the token would have made, nor the scope that it would have granted."""
    trusting.trust(grants="groups=admins->admin")
    used = trusting.token(groups=["admins"])
    trusting.exchange(used)
    trusting.tokens(groups=[])
    trusting.log_out(sub=None, sid="ended")

    replayed = trusting.exchange(used)
    of_an_ended_login = trusting.exchange(sid="ended", groups=["admins"])
    of_a_new_user = trusting.exchange(sid="ended", sub="new")

    user = trusting.user()
    assert user is not None
    assert [each.status for each in (replayed, of_an_ended_login, of_a_new_user)] == [401, 401, 401]
    assert (user.scope, trusting.user("new")) == ("", None)


def test_a_token_is_used_once_however_its_signature_is_written(trusting: Trusting) -> None:
    token = trusting.token()
    first = trusting.exchange(token)
    last = "AEIMQUYcgkosw048"  # The two low bits of the last of 342 characters are of no byte.
    others = [token[:-1] + chr(ord(token[-1]) + 1), token + "==", f" {token}"]

    assert token[-1] in last
    assert first.status == 200
    assert [trusting.exchange(each).status for each in (token, *others)] == [401, 401, 401, 401]


def test_scopes_follow_the_token_and_the_admins_stay(trusting: Trusting, audit: Audit) -> None:
    trusting.trust(grants="->orders:read groups=writers->orders:write groups=admins->admin")
    first = trusting.tokens(groups=["writers", "admins"])
    user_id = trusting.user_id()
    audit.since()
    trusting.ask(requests.operate("changeUser", user_id=user_id, scope="reports orders:write admin"))
    audit.since()

    second = trusting.tokens(groups=["writers"])

    assert first["scope"] == "admin orders:read orders:write"
    assert second["scope"] == "reports orders:write orders:read"
    assert audit.since() == [
        {"message": "UserChanged", "user_id": user_id, "actor": "exchange"},
        {"message": "Exchange", "user_id": user_id, "session_id": second["session_id"]},
    ]
    # What is granted is the user's, so the sessions of before follow at their next refresh.
    assert trusting.ask(requests.refresh(first["refresh_token"])).body["scope"] == second["scope"]


def test_of_scopes_the_latest_token_has_the_last_word(trusting: Trusting) -> None:
    trusting.trust(grants="groups=admins->admin")
    older, newer = trusting.token(age=60, groups=["admins"]), trusting.token(age=30, groups=[])
    first = trusting.exchange(newer)

    second = trusting.exchange(older)

    assert (first.status, first.body["scope"], second.status, second.body["scope"]) == (200, "", 200, "")


def test_a_grant_ends_no_session_and_lets_no_revoked_one_live(trusting: Trusting) -> None:
    trusting.trust(grants="groups=admins->admin")
    before = trusting.tokens()
    trusting.tokens(groups="admins")

    assert trusting.lives(before)


def test_the_cookie_transport_keeps_the_refresh_token_out_of_the_body(trusting: Trusting) -> None:
    call = requests.exchange(trusting.token(), transport="cookie")
    call.event["headers"] |= OURS
    call.event["multiValueHeaders"] |= {name: [value] for name, value in OURS.items()}

    answer = trusting.ask(call)

    assert "refresh_token" not in answer.body
    assert answer.headers["Set-Cookie"].startswith("__Host-refresh_token=r1.")
    assert answer.headers["Set-Cookie"].endswith("; Path=/; Secure; HttpOnly; SameSite=Strict")
    assert answer.headers["Access-Control-Allow-Origin"] == OURS["Origin"]


@pytest.mark.parametrize(
    ("transport", "headers"),
    [("cookie", FOREIGN), ("body", FOREIGN | {"Sec-Fetch-Site": "cross-site"})],
)
def test_a_foreign_page_opens_nothing(trusting: Trusting, transport: str, headers: dict[str, str]) -> None:
    token = trusting.token()
    body = {"subject_token": token, "transport": transport}

    answer = trusting.stack.answer("exchange", recorded("exchange", body=body, headers=headers))

    assert (answer.status, answer.body["error"]) == (400, "invalid_request")
    assert "Set-Cookie" not in answer.headers
    assert trusting.user() is None
    assert trusting.exchange(token).status == 200


@pytest.mark.parametrize(
    "body",
    [
        pytest.param({}, id="nothing"),
        pytest.param({"subject_token": ""}, id="empty"),
        pytest.param({"subject_token": 7}, id="a-number"),
        pytest.param({"subject_token": "a" * 8193}, id="too-long"),
        pytest.param({"subject_token": "a", "subject_token_type": 7}, id="a-type-that-is-none"),
        pytest.param(
            {"subject_token": "a", "subject_token_type": "urn:ietf:params:oauth:token-type:saml2"},
            id="another-type",
        ),
        pytest.param({"subject_token": "a", "transport": "post"}, id="another-transport"),
        pytest.param(["a"], id="a-list"),
    ],
)
def test_a_body_of_another_form_is_refused_as_such(trusting: Trusting, audit: Audit, body: Any) -> None:
    answer = trusting.stack.answer("exchange", recorded("exchange", body=body))

    assert (answer.status, answer.body["error"]) in [(400, "invalid_request"), (413, "invalid_request")]
    assert trusting.issuer.documents_read == 0
    assert audit.since() == []


def test_where_the_keys_of_the_issuer_are_out_of_reach_the_token_may_be_sent_again(
    trusting: Trusting, audit: Audit
) -> None:
    token = trusting.token()
    trusting.issuer.out_of_reach = True
    unavailable = trusting.exchange(token)
    events = audit.since()
    trusting.issuer.out_of_reach = False
    trusting.trust()  # As half a minute later, when the documents may be asked for again.

    assert (unavailable.status, unavailable.body["error"]) == (503, "temporarily_unavailable")
    assert unavailable.headers["Retry-After"] == "1"
    assert [each["message"] for each in events] == ["Unavailable"]
    assert trusting.exchange(token).status == 200


def test_a_stack_that_trusts_nobody_exchanges_nothing(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRUSTED_ISSUERS", "")
    monkeypatch.setenv("AUTO_PROVISION", "enabled")
    stack.forget_wiring()

    answer = stack.answer("exchange", recorded("exchange", body={"subject_token": Issuer().id_token()}))

    assert (answer.status, answer.body) == (401, REFUSED)


def test_the_limit_of_sessions_holds_and_the_oldest_goes(
    trusting: Trusting, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MAX_SESSIONS_PER_USER", "2")
    trusting.stack.forget_wiring()

    first, second, third = (trusting.tokens() for _ in range(3))

    assert [trusting.lives(each) for each in (first, second, third)] == [False, True, True]


def test_who_has_no_password_here_can_neither_change_one_nor_log_in_by_one(trusting: Trusting) -> None:
    tokens = dict(trusting.tokens())
    user_id = trusting.user_id()
    bodies = [{"current_password": current, "new_password": NEW_PASSWORD} for current in ("!", PASSWORD, "*")]
    from_them = recorded("password", headers={})
    from_them["requestContext"]["authorizer"] |= {"sub": user_id, "sid": tokens["session_id"]}

    changed = [trusting.stack.answer("password", from_them | {"body": json.dumps(body)}) for body in bodies]
    logged_in = [
        trusting.stack.answer("login", recorded("login", body={"username": name, "password": password}))
        for name in (f"{ISSUER} {SUBJECT}", f"{ISSUER}%20{SUBJECT}", f"{ISSUER}\u00a0{SUBJECT}")
        for password in ("!", PASSWORD)
    ]
    set_by_admin = trusting.ask(requests.operate("setPassword", user_id=user_id, password=NEW_PASSWORD))

    assert {(each.status, each.body["error"]) for each in changed} == {(400, "invalid_grant")}
    assert {each.status for each in logged_in} <= {400, 401}
    assert (set_by_admin.status, set_by_admin.body["error"]) == (409, "conflict")
    assert trusting.lives(tokens)


def ask_admin(trusting: Trusting, method: str, **said: Any) -> Any:
    """Over HTTP."""
    event = recorded("admin") | {"httpMethod": method, "resource": "/admin/users", "pathParameters": None}
    if method == "GET":
        event |= {"body": None, "queryStringParameters": said}
        event["multiValueQueryStringParameters"] = {name: [value] for name, value in said.items()}
    else:
        event |= {"body": json.dumps(said)}
    return trusting.stack.answer("admin", event)


def test_an_admin_makes_and_finds_a_user_by_issuer_and_subject(trusting: Trusting) -> None:
    unknown = ask_admin(trusting, "GET", issuer=ISSUER, subject=SUBJECT)
    made = ask_admin(trusting, "POST", issuer=ISSUER, subject=SUBJECT, scope="admin", claims={"plan": "gold"})
    again = ask_admin(trusting, "POST", issuer=ISSUER, subject=SUBJECT)

    tokens = trusting.tokens()
    found = ask_admin(trusting, "GET", issuer=ISSUER, subject=SUBJECT)

    assert [unknown.status, made.status, again.status, found.status] == [404, 201, 409, 200]
    assert (unknown.body["error"], again.body["error"]) == ("not_found", "conflict")
    assert made.body == {
        "user_id": trusting.user_id(),
        "username": f"{ISSUER} {SUBJECT}",
        "scope": "admin",
    }
    assert (found.body["user_id"], found.body["claims"]) == (made.body["user_id"], {"plan": "gold"})
    assert found.body["sessions"] == 1
    assert claims_of(tokens).sub == made.body["user_id"]


@pytest.mark.parametrize("method", ["POST", "GET"])
@pytest.mark.parametrize(
    "said",
    [
        pytest.param({"issuer": ISSUER}, id="no-subject"),
        pytest.param({"issuer": "id.example.com", "subject": SUBJECT}, id="no-issuer"),
        pytest.param({"issuer": f"{ISSUER}?a=b", "subject": SUBJECT}, id="an-issuer-with-a-query"),
        pytest.param({"issuer": "http://id.example.com", "subject": SUBJECT}, id="without-tls"),
        pytest.param({"issuer": ISSUER, "subject": ""}, id="empty-subject"),
        pytest.param({"issuer": ISSUER, "subject": "s" * 256}, id="long-subject"),
        pytest.param({"issuer": ISSUER, "subject": "é"}, id="subject-that-is-no-ascii"),
        pytest.param({"issuer": ISSUER, "subject": SUBJECT, "username": "grace"}, id="with-a-username"),
        pytest.param({"issuer": ISSUER, "subject": SUBJECT, "password": PASSWORD}, id="with-a-password"),
    ],
)
def test_a_user_of_another_issuer_who_cannot_be_is_not_made_and_not_found(
    trusting: Trusting, method: str, said: dict[str, str]
) -> None:
    answer = ask_admin(trusting, method, **said)

    assert (answer.status, answer.body["error"]) == (400, "invalid_request")
    assert trusting.user() is None


def test_a_user_with_a_password_is_not_found_by_their_name_at_an_issuer(trusting: Trusting) -> None:
    trusting.stack.stores.accounts.create(
        a_user(user_id="usr_" + "o" * 21 + "A", username=SUBJECT),
        a_credential(user_id="usr_" + "o" * 21 + "A", username=SUBJECT),
    )

    assert ask_admin(trusting, "GET", issuer=ISSUER, subject=SUBJECT).status == 404
    assert claims_of(trusting.tokens()).sub != "usr_" + "o" * 21 + "A"
