"""Cookies never override, and credentials are for one named origin, in every function behind a route."""

import json
from typing import Any

import pytest

from tests.functions.conftest import Answer
from tests.leaks.paths import FUNCTIONS, PATHS
from tests.leaks.world import USER, Event, Live, World, cookie, presenting, request
from tests.things import SETTINGS

BEHIND_ROUTES = [function for function in FUNCTIONS if function not in {"authorizer", "canary", "keys"}]
[ALLOWED] = SETTINGS.allowed_origins


def is_untouched(world: World, live: Live) -> bool:
    session = world.stack.stores.sessions.read(USER, live.session_id)
    assert session is not None
    return (session.counter, session.revoked_at) == (1, None)


def asked(world: World, function: str, in_the_body: object, in_the_cookie: Live) -> Answer:
    event = request(
        function, body={"refresh_token": in_the_body}, headers=cookie(in_the_cookie.refresh_token)
    )
    return world.stack.answer(function, event)


def forgets_nothing(answer: Answer) -> bool:
    return not answer.headers.keys() & {"Set-Cookie", "Clear-Site-Data"}


@pytest.mark.parametrize("function", ["refresh", "logout"])
def test_a_good_token_in_the_body_counts_and_the_cookie_does_not(world: World, function: str) -> None:
    mine, kept = world.live(), world.live()

    answer = asked(world, function, mine.refresh_token, kept)

    assert answer.status == 200
    assert not is_untouched(world, mine)
    assert is_untouched(world, kept)
    assert forgets_nothing(answer)
    assert function == "logout" or answer.body["session_id"] == mine.session_id


@pytest.mark.parametrize(
    ("function", "in_the_body", "status"),
    [
        pytest.param("refresh", "r1.garbage", 401, id="refresh, garbage"),
        pytest.param("refresh", "", 400, id="refresh, empty"),
        pytest.param("refresh", ["r1.garbage"], 400, id="refresh, mistyped"),
        pytest.param("refresh", False, 400, id="refresh, false"),
        pytest.param("logout", "r1.garbage", 200, id="logout, garbage"),
        pytest.param("logout", "", 400, id="logout, empty"),
        pytest.param("logout", 0, 400, id="logout, mistyped"),
    ],
)
def test_a_bad_token_in_the_body_is_not_made_good_by_the_cookie(
    world: World, function: str, in_the_body: object, status: int
) -> None:
    kept = world.live()

    answer = asked(world, function, in_the_body, kept)

    assert answer.status == status
    assert answer.body.get("revoked", "nothing") == "nothing"
    assert is_untouched(world, kept)
    assert forgets_nothing(answer)


def test_a_cookie_is_no_access_token(world: World) -> None:
    live = world.live()
    event = presenting("garbage")
    event["headers"] |= {"Cookie": f"__Host-refresh_token={live.access_token}"}
    event["multiValueHeaders"] |= {"Cookie": [f"__Host-refresh_token={live.access_token}"]}

    with pytest.raises(Exception, match=r"^Unauthorized$"):
        world.stack.invoke("authorizer", event)


def from_origins(event: Event, origins: list[str]) -> Event:
    event = json.loads(json.dumps(event))
    event["headers"]["Origin"] = origins[-1]
    event["multiValueHeaders"]["Origin"] = origins
    return event


@pytest.mark.parametrize("function", BEHIND_ROUTES)
def test_an_answer_allows_credentials_to_one_named_origin_or_says_nothing(
    world: World, function: str
) -> None:
    # One path for each status: it decides what is answered, and the frame adds the rest.
    for path in {path.outcome: path for path in PATHS if path.function == function}.values():
        for origins in ([ALLOWED], ["*"], [ALLOWED, ALLOWED]):
            world.begin()
            event = path.ask(world)
            if "headers" not in event:
                break  # No browser can invoke a function.
            headers = world.stack.answer(function, from_origins(event, origins)).headers
            allowing: dict[str, Any] = {
                name: value for name, value in headers.items() if name.startswith("Access-Control-")
            }

            named = allowing.pop("Access-Control-Allow-Origin", None)
            if path.outcome == 500:
                assert named is None
                break
            assert headers["Vary"] == "Origin"
            assert named == (ALLOWED if origins == [ALLOWED] else None)
            credentials = allowing.pop("Access-Control-Allow-Credentials", None)
            assert credentials == ("true" if named else None)
            exposed = allowing.pop("Access-Control-Expose-Headers", None)
            assert exposed == ("Retry-After, x-amzn-Remapped-WWW-Authenticate" if named else None)
            assert "*" not in str(allowing)
