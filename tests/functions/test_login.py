from rescind.model import Status
from rescind.rules.access_tokens import verify_access_token
from tests.functions.conftest import Stack, recorded
from tests.things import PASSWORD, SETTINGS, SIGNING_KEY, USER_ID

REFUSED = {"error": "invalid_grant", "error_description": "The username or the password is wrong."}


def test_the_right_password_opens_a_session(stack: Stack) -> None:
    answer = stack.answer("login", recorded("login"))

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
    session = stack.stores.sessions.read(USER_ID, answer.body["session_id"])
    assert session is not None
    assert (session.counter, session.version, session.ip) == (1, 7, "192.0.2.1")


def test_the_access_token_carries_its_lineage(stack: Stack) -> None:
    tokens = stack.log_in()

    claims = verify_access_token(
        tokens["access_token"],
        keys={SIGNING_KEY.kid: SIGNING_KEY.private_key.public_key()},
        issuer=SETTINGS.issuer,
        audience=SETTINGS.audience,
        now=2_000_000_000,
    )

    assert (claims.sub, claims.sid, claims.ver) == (USER_ID, tokens["session_id"], 7)
    assert claims.exp - claims.iat == tokens["expires_in"] == 900
    assert claims.scope == tokens["scope"] == "orders:read orders:write"


def test_every_refused_login_gets_the_same_answer(stack: Stack) -> None:
    wrong = stack.answer("login", recorded("login", body={"username": "ada", "password": "guess"}))
    unknown = stack.answer("login", recorded("login", body={"username": "eve", "password": "guess"}))
    stack.stores.users.raise_version(USER_ID, version=7, now=1, status=Status.DISABLED)
    disabled = stack.answer("login", recorded("login"))

    assert wrong == unknown == disabled
    assert (wrong.status, wrong.body) == (401, REFUSED)


def test_a_user_who_is_enabled_again_logs_in(stack: Stack) -> None:
    stack.stores.users.raise_version(USER_ID, version=7, now=1, status=Status.DISABLED)
    stack.stores.users.enable(USER_ID, version=8)

    assert stack.answer("login", recorded("login")).status == 200


def test_the_cookie_transport_keeps_the_refresh_token_out_of_the_body(stack: Stack) -> None:
    event = recorded(
        "login",
        body={"username": "ada", "password": PASSWORD, "transport": "cookie"},
        headers={"Origin": "https://app.example.com"},
    )

    answer = stack.answer("login", event)

    assert "refresh_token" not in answer.body
    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith("__Host-refresh_token=r1.")
    assert cookie.endswith("; Max-Age=604800; Path=/; Secure; HttpOnly; SameSite=Strict")
    assert answer.headers["Access-Control-Allow-Origin"] == "https://app.example.com"
    assert answer.headers["Access-Control-Allow-Credentials"] == "true"


def test_a_foreign_page_gets_no_cookie(stack: Stack) -> None:
    event = recorded(
        "login",
        body={"username": "ada", "password": PASSWORD, "transport": "cookie"},
        headers={"Origin": "https://evil.example"},
    )

    answer = stack.answer("login", event)

    assert (answer.status, answer.body["error"]) == (400, "invalid_request")
    assert "Set-Cookie" not in answer.headers
    assert stack.stores.sessions.of_user(USER_ID) == []
