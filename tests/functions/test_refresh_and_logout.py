from rescind.rules.refresh_tokens import sign_refresh_token
from tests.functions.conftest import Stack, recorded
from tests.things import MAC_KEY, USER_ID

ORIGIN = {"Origin": "https://app.example.com"}


def test_a_refresh_token_is_traded_for_new_tokens(stack: Stack) -> None:
    first = stack.log_in()

    second = stack.answer("refresh", recorded("refresh", body={"refresh_token": first["refresh_token"]}))

    assert second.status == 200
    assert second.body["session_id"] == first["session_id"]
    assert second.body["refresh_token"] == sign_refresh_token(USER_ID, first["session_id"], 2, key=MAC_KEY)


def test_a_forged_refresh_token_is_refused(stack: Stack) -> None:
    answer = stack.answer("refresh", recorded("refresh"))

    assert (answer.status, answer.body["error"]) == (401, "invalid_grant")


def test_a_refresh_without_a_token_is_malformed(stack: Stack) -> None:
    answer = stack.answer("refresh", recorded("refresh", body={}))

    assert (answer.status, answer.body["error"]) == (400, "invalid_request")


def test_a_refresh_by_cookie_answers_by_cookie(stack: Stack) -> None:
    token = stack.log_in()["refresh_token"]

    answer = stack.answer(
        "refresh",
        recorded("refresh", body={}, headers={"Cookie": f"a=b; __Host-refresh_token={token}", **ORIGIN}),
    )

    assert answer.status == 200
    assert "refresh_token" not in answer.body
    assert answer.headers["Set-Cookie"].startswith("__Host-refresh_token=r1.")


def test_a_refused_refresh_leaves_the_cookie(stack: Stack) -> None:
    answer = stack.answer(
        "refresh", recorded("refresh", body={}, headers={"Cookie": "__Host-refresh_token=stale"})
    )

    assert answer.status == 401
    assert "Set-Cookie" not in answer.headers


def test_a_cookie_from_a_foreign_page_is_refused_and_kept(stack: Stack) -> None:
    token = stack.log_in()["refresh_token"]
    foreign = {"Cookie": f"__Host-refresh_token={token}", "Origin": "https://evil.example"}

    for function in ("refresh", "logout"):
        answer = stack.answer(function, recorded(function, body={}, headers=foreign))

        assert (answer.status, answer.body["error"]) == (400, "invalid_request")
        assert "Set-Cookie" not in answer.headers
        assert "Access-Control-Allow-Origin" not in answer.headers


def test_logout_with_a_refresh_token_ends_its_session(stack: Stack) -> None:
    tokens = stack.log_in()
    refresh_token = {"refresh_token": tokens["refresh_token"]}

    answer = stack.answer("logout", recorded("logout", body=refresh_token))

    assert (answer.status, answer.body["revoked"]) == (200, "session")
    assert isinstance(answer.body["effective_by"], int)
    assert stack.answer("refresh", recorded("refresh", body=refresh_token)).status == 401


def test_logout_everywhere_with_a_bearer_ends_every_session(stack: Stack) -> None:
    tokens, elsewhere = stack.log_in(), stack.log_in()
    bearer = {"Authorization": f"Bearer {tokens['access_token']}"}

    answer = stack.answer("logout", recorded("logout", body={"everywhere": True}, headers=bearer))

    assert answer.body["revoked"] == "all_sessions"
    for refresh_token in (tokens["refresh_token"], elsewhere["refresh_token"]):
        event = recorded("refresh", body={"refresh_token": refresh_token})
        assert stack.answer("refresh", event).status == 401


def test_strategy_6_logout_by_cookie_makes_the_browser_forget(stack: Stack) -> None:
    token = stack.log_in()["refresh_token"]

    answer = stack.answer(
        "logout",
        recorded("logout", body={}, headers={"Cookie": f"__Host-refresh_token={token}", **ORIGIN}),
    )

    assert answer.body["revoked"] == "session"
    assert answer.headers["Set-Cookie"].startswith("__Host-refresh_token=; Max-Age=0;")
    assert answer.headers["Clear-Site-Data"] == '"cache", "storage"'


def test_logout_with_nothing_or_with_garbage_is_no_error(stack: Stack) -> None:
    garbage = {"Authorization": "Bearer garbage"}

    for event in (
        recorded("logout"),
        recorded("logout", body={"refresh_token": "garbage"}, headers=garbage),
    ):
        answer = stack.answer("logout", event)
        assert (answer.status, answer.body["revoked"]) == (200, "nothing")
