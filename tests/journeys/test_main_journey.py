"""What a user of the API lives through, over HTTP, against the whole stack on this machine."""

import httpx
import jwt
import pytest

from tests.journeys.conftest import Client
from tests.journeys.gateways import ORIGIN, Gateway
from tests.things import PASSWORD

COOKIE = "__Host-refresh_token"


def test_login_call_refresh_logout_and_then_nothing_works_any_more(client: Client) -> None:
    first = client.log_in()
    assert client.me(first["access_token"]).json()["session_id"] == first["session_id"]

    second = client.refresh(first["refresh_token"]).json()
    assert client.me(second["access_token"]).status_code == 200

    logout = client.ask("POST", "/auth/logout", json={"refresh_token": second["refresh_token"]})
    assert logout.json()["revoked"] == "session"

    for access_token in (first["access_token"], second["access_token"]):
        refused = client.me(access_token)
        assert refused.status_code == 401
        assert refused.headers["WWW-Authenticate"] == 'Bearer error="invalid_token"'
    for refresh_token in (first["refresh_token"], second["refresh_token"]):
        assert client.refresh(refresh_token).status_code == 401


def test_logout_in_one_place_leaves_the_other_alone(client: Client) -> None:
    here, there = client.log_in(), client.log_in()

    client.ask("POST", "/auth/logout", bearer=here["access_token"], json={})

    assert client.me(here["access_token"]).status_code == 401
    assert client.me(there["access_token"]).status_code == 200
    assert client.refresh(there["refresh_token"]).status_code == 200


def test_logout_everywhere_ends_every_place_and_the_next_login_works(client: Client) -> None:
    here, there = client.log_in(), client.log_in()

    logout = client.ask("POST", "/auth/logout", bearer=here["access_token"], json={"everywhere": True})

    assert logout.json()["revoked"] == "all_sessions"
    for tokens in (here, there):
        assert client.me(tokens["access_token"]).status_code == 401
        assert client.refresh(tokens["refresh_token"]).status_code == 401
    assert client.me(client.log_in()["access_token"]).status_code == 200


def test_a_lost_answer_costs_nobody_the_session(client: Client) -> None:
    tokens = client.log_in()

    first, again = client.refresh(tokens["refresh_token"]), client.refresh(tokens["refresh_token"])

    assert first.json()["refresh_token"] == again.json()["refresh_token"]
    assert client.refresh(again.json()["refresh_token"]).status_code == 200


def test_a_stolen_token_that_was_used_long_ago_ends_the_session(client: Client) -> None:
    tokens = client.log_in()
    second = client.refresh(tokens["refresh_token"]).json()
    third = client.refresh(second["refresh_token"]).json()

    assert client.refresh(tokens["refresh_token"]).status_code == 401

    assert client.refresh(third["refresh_token"]).status_code == 401
    assert client.me(third["access_token"]).status_code == 401


def test_in_cookie_mode_the_refresh_token_is_only_ever_in_the_cookie(client: Client) -> None:
    body = {"username": "demo", "password": PASSWORD, "transport": "cookie"}
    login = client.ask("POST", "/auth/login", json=body, headers={"Origin": ORIGIN})
    assert "refresh_token" not in login.json()
    assert login.headers["Access-Control-Allow-Origin"] == ORIGIN

    refresh = client.ask("POST", "/auth/refresh", headers=with_cookie(login.headers["Set-Cookie"]))
    assert "refresh_token" not in refresh.json()

    logout = client.ask("POST", "/auth/logout", headers=with_cookie(refresh.headers["Set-Cookie"]))
    assert logout.json()["revoked"] == "session"
    assert logout.headers["Set-Cookie"].startswith(f"{COOKIE}=; Max-Age=0;")
    assert logout.headers["Clear-Site-Data"] == '"cache", "storage"'
    assert client.me(refresh.json()["access_token"]).status_code == 401


def with_cookie(set_cookie: str) -> dict[str, str]:
    """What a browser on an allowed page sends: httpx keeps no Secure cookie on http."""
    return {"Cookie": set_cookie.partition(";")[0], "Origin": ORIGIN}


def test_a_foreign_page_cannot_use_the_cookie(client: Client) -> None:
    cookie = {"Cookie": f"{COOKIE}={client.log_in()['refresh_token']}"}

    answer = client.ask("POST", "/auth/refresh", headers={**cookie, "Origin": "https://evil.example"})

    assert answer.status_code == 400
    assert "Set-Cookie" not in answer.headers
    assert client.ask("POST", "/auth/refresh", headers=cookie).status_code == 200


def test_this_apis_own_page_may_use_the_cookie(client: Client, gateway: Gateway) -> None:
    cookie = {"Cookie": f"{COOKIE}={client.log_in()['refresh_token']}"}

    answer = client.ask("POST", "/auth/refresh", headers={**cookie, "Origin": gateway.origin})

    assert answer.status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({}, id="no-token"),
        pytest.param({"Authorization": "Bearer garbage"}, id="garbage"),
        pytest.param({"Authorization": "Bearer a.b.c"}, id="three-parts-of-nothing"),
        pytest.param({"Authorization": "Basic ZGVtbzpkZW1v"}, id="another-scheme"),
        pytest.param({"Authorization": "Bearer"}, id="no-token-in-it"),
        pytest.param({"Authorization": "Bearer " + "a" * 9000}, id="nine-thousand-letters"),
    ],
)
def test_what_is_no_live_token_gets_one_and_the_same_answer(client: Client, headers: dict[str, str]) -> None:
    answer = client.ask("GET", "/auth/me", headers=headers)

    assert answer.status_code == 401
    assert answer.json()["error"] == "invalid_token"


def test_a_refresh_token_is_no_access_token_nor_the_reverse(client: Client) -> None:
    tokens = client.log_in()

    assert client.me(tokens["refresh_token"]).status_code == 401
    assert client.refresh(tokens["access_token"]).status_code == 401


@pytest.mark.parametrize(
    ("content", "status", "error"),
    [
        pytest.param(b"{", 400, "invalid_request", id="malformed"),
        pytest.param(b"\xff", 400, "invalid_request", id="not-utf-8"),
        pytest.param(b'{"username": "demo"}', 400, "invalid_request", id="incomplete"),
        pytest.param(b'{"username": "demo", "password": "guess"}', 401, "invalid_grant", id="wrong"),
        pytest.param(b'{"username": "eve", "password": "guess"}', 401, "invalid_grant", id="unknown"),
        pytest.param(b" " * 9000, 413, "invalid_request", id="too-large"),
    ],
)
def test_a_login_that_cannot_be_is_answered_in_the_contracts_words(
    client: Client, content: bytes, status: int, error: str
) -> None:
    answer = client.ask("POST", "/auth/login", content=content)

    assert (answer.status_code, answer.json()["error"]) == (status, error)


def test_a_route_that_is_not_there_is_404(client: Client) -> None:
    assert client.ask("GET", "/auth/login").status_code == 404
    assert client.ask("GET", "/nothing").status_code == 404


def test_the_published_keys_verify_what_login_issues(client: Client, gateway: Gateway) -> None:
    keys = jwt.PyJWKSet.from_dict(client.ask("GET", "/.well-known/jwks.json").json())
    access_token = client.log_in()["access_token"]

    header = jwt.get_unverified_header(access_token)
    claims = jwt.decode(access_token, keys[header["kid"]], algorithms=["ES256"], audience=gateway.audience)

    assert header == {"alg": "ES256", "typ": "at+jwt", "kid": header["kid"]}
    assert claims["iss"] == gateway.issuer
    assert len(keys.keys) == 2, "the key that signs, and the one published ahead"


def test_an_admin_makes_disables_enables_and_deletes_a_user(client: Client, admin: str) -> None:
    body = {"username": "grace", "password": "a-password-of-hers", "scope": "orders:read"}
    made = client.ask("POST", "/admin/users", bearer=admin, json=body)
    assert made.status_code == 201
    assert client.ask("POST", "/admin/users", bearer=admin, json=body).status_code == 409
    user = f"/admin/users/{made.json()['user_id']}"
    tokens = client.log_in("grace", "a-password-of-hers")
    assert client.ask("GET", user, bearer=admin).json()["sessions"] == 1

    assert client.ask("POST", f"{user}/disable", bearer=admin).json()["status"] == "disabled"
    assert client.me(tokens["access_token"]).status_code == 401

    assert client.ask("POST", f"{user}/enable", bearer=admin).json()["status"] == "active"
    assert client.me(tokens["access_token"]).status_code == 401
    tokens = client.log_in("grace", "a-password-of-hers")

    assert client.ask("DELETE", user, bearer=admin).status_code == 200
    assert client.me(tokens["access_token"]).status_code == 401
    assert client.ask("GET", user, bearer=admin).status_code == 404


def test_an_admin_finds_a_user_by_name_and_sets_a_password_that_ends_everything(
    client: Client, admin: str
) -> None:
    body = {"username": "Margaret", "password": "a-password-of-hers"}
    made = client.ask("POST", "/admin/users", bearer=admin, json=body).json()
    tokens = client.log_in("margaret", body["password"])

    found = client.ask("GET", "/admin/users?username=MARGARET", bearer=admin)
    assert found.json() == client.ask("GET", f"/admin/users/{made['user_id']}", bearer=admin).json()
    assert client.ask("GET", "/admin/users?username=nobody", bearer=admin).status_code == 404
    for query in ("", "?username=", "?username=a%20b", "?username=margaret&username=ada"):
        assert client.ask("GET", f"/admin/users{query}", bearer=admin).status_code == 400

    user = f"/admin/users/{found.json()['user_id']}"
    new = {"password": "a-password-from-the-desk"}
    assert client.ask("POST", f"{user}/password", bearer=admin, json=new).status_code == 200

    assert client.me(tokens["access_token"]).status_code == 401
    assert client.refresh(tokens["refresh_token"]).status_code == 401
    client.log_in("margaret", new["password"])


def test_the_admin_routes_are_for_admins(client: Client) -> None:
    demo = client.log_in()["access_token"]

    assert client.ask("POST", "/admin/users", bearer=demo, json={}).status_code == 403
    assert client.ask("POST", "/admin/users", json={}).status_code == 401


def test_a_page_of_an_allowed_origin_may_ask_and_another_may_not(client: Client) -> None:
    for origin, allowed in ((ORIGIN, ORIGIN), ("https://evil.example", None)):
        asked = {"Host": client.host, "Origin": origin, "Access-Control-Request-Method": "POST"}
        preflight = httpx.options(client.base_url + "/auth/refresh", headers=asked, timeout=30)

        assert preflight.status_code == 204
        assert preflight.headers.get("Access-Control-Allow-Origin") == allowed
