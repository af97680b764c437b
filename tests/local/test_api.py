from typing import Any

import pytest

from rescind_local.errors import StartError
from rescind_local.gateway.api import Api, Mock

FUNCTIONS = {"One", "Two", "Check"}


def operation(function: str = "One", authorizer: str | None = None) -> dict[str, Any]:
    uri = {"Fn::Sub": f"arn:aws:apigateway:r:lambda:path/2015/functions/${{{function}.Arn}}/invocations"}
    return {
        "x-amazon-apigateway-integration": {"type": "aws_proxy", "uri": uri},
        **({"security": [{authorizer: []}]} if authorizer else {}),
    }


def document(paths: dict[str, Any], **authorizers: Any) -> dict[str, Any]:
    schemes = {name: {"x-amazon-apigateway-authorizer": declared} for name, declared in authorizers.items()}
    return {"paths": paths, "components": {"securitySchemes": schemes}}


def found(api: Api, method: str, path: str) -> tuple[str, dict[str, str]] | None:
    match = api.find(method, path)
    return match and (match[0].resource, match[1])


def test_what_is_written_out_comes_before_parameters_and_these_before_greedy_ones() -> None:
    paths = ["/{all+}", "/a/{x}", "/a/b", "/{y}/b"]
    api = Api(document({path: {"get": operation()} for path in paths}), FUNCTIONS)

    assert found(api, "GET", "/a/b") == ("/a/b", {})
    assert found(api, "GET", "/a/c") == ("/a/{x}", {"x": "c"})
    assert found(api, "GET", "/c/b") == ("/{y}/b", {"y": "c"})
    assert found(api, "GET", "/c/d/e") == ("/{all+}", {"all": "c/d/e"})


def test_a_parameter_is_one_segment_and_is_decoded() -> None:
    api = Api(document({"/users/{id}": {"get": operation()}}), FUNCTIONS)

    assert found(api, "GET", "/users/a%2Fb%20c") == ("/users/{id}", {"id": "a/b c"})
    assert found(api, "GET", "/users/a/b") is None
    assert found(api, "GET", "/users/") is None
    assert found(api, "GET", "/users/a/") is None


def test_a_dot_in_a_path_is_a_dot() -> None:
    api = Api(document({"/keys.json": {"get": operation()}}), FUNCTIONS)

    assert found(api, "GET", "/keys.json") == ("/keys.json", {})
    assert found(api, "GET", "/keysxjson") is None


def test_methods_are_told_apart_and_any_takes_the_rest() -> None:
    any_method = {"x-amazon-apigateway-any-method": operation("Two"), "get": operation("One")}
    api = Api(document({"/a": any_method, "/b": {"get": operation()}}), FUNCTIONS)

    get, post = api.find("GET", "/a"), api.find("POST", "/a")
    assert get is not None
    assert post is not None
    assert (get[0].target, post[0].target) == ("One", "Two")
    assert api.find("POST", "/b") is None


def test_an_authorizer_is_read_with_its_sources_and_its_ttl() -> None:
    check = {
        "type": "request",
        "identitySource": "method.request.header.Authorization, method.request.querystring.key",
        "authorizerResultTtlInSeconds": 60,
        "authorizerUri": {"Fn::Sub": ["...${f}...", {"f": {"Fn::GetAtt": ["Check", "Arn"]}}]},
    }
    api = Api(document({"/a": {"get": operation("One", "Own")}}, Own=check), FUNCTIONS)

    guard = api.routes[0].guard
    assert guard is not None
    assert (guard.function, guard.ttl_seconds) == ("Check", 60)
    assert guard.identity_sources == (
        "method.request.header.Authorization",
        "method.request.querystring.key",
    )


def test_none_is_no_authorizer() -> None:
    api = Api(document({"/a": {"get": operation("One", "NONE")}}), FUNCTIONS)

    assert api.routes[0].guard is None


def test_a_mock_answers_by_itself() -> None:
    integration = {
        "type": "mock",
        "responses": {
            "default": {
                "statusCode": "200",
                "responseParameters": {"method.response.header.Access-Control-Allow-Origin": "'*'"},
            }
        },
    }
    api = Api(document({"/a": {"options": {"x-amazon-apigateway-integration": integration}}}), FUNCTIONS)

    assert api.routes[0].target == Mock(200, (("access-control-allow-origin", "*"),))


@pytest.mark.parametrize(
    ("given", "fault"),
    [
        pytest.param(
            document({"/a": {"get": operation("One", "Lost")}}),
            "GET /a: this gateway knows no authorizer Lost",
            id="an authorizer that is not there",
        ),
        pytest.param(
            document({"/a": {"get": operation("Elsewhere")}}),
            "GET /a: this gateway serves functions of the same template only",
            id="a function of another template",
        ),
        pytest.param(
            document({}, Own={"type": "cognito_user_pools"}),
            "authorizer Own: this gateway knows Lambda authorizers of the same template only",
            id="another kind of authorizer",
        ),
    ],
)
def test_what_it_cannot_guard_or_serve_it_does_not_start_with(given: dict[str, Any], fault: str) -> None:
    with pytest.raises(StartError) as raised:
        Api(given, FUNCTIONS)

    assert str(raised.value) == fault
