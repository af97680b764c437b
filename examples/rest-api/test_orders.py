"""Your functions by themselves, with callers that `rescind.testing` makes up."""

import json

import pytest
from orders.app import list_orders, place_order

from rescind.testing import a_caller, rest_api_event


def test_whoever_is_logged_in_sees_their_orders() -> None:
    who = a_caller(claims={"plan": "gold"})

    answer = list_orders(rest_api_event(who, path="/orders"), None)

    assert json.loads(answer["body"]) == {"user_id": who.user_id, "plan": "gold", "orders": []}


@pytest.mark.parametrize(("scope", "status"), [("orders:write", 201), ("orders:read", 403), ("", 403)])
def test_an_order_takes_the_scope_for_it(scope: str, status: int) -> None:
    event = rest_api_event(a_caller(scope=scope), method="POST", path="/orders", body={"item": "tea"})

    assert place_order(event, None)["statusCode"] == status


def test_a_route_that_lost_its_authorizer_places_no_order() -> None:
    assert place_order(rest_api_event(None, method="POST", body={"item": "tea"}), None)["statusCode"] == 401
