"""The contract agrees with itself and with the template, and `check` catches answers that break it."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from openapi_spec_validator import OpenAPIV31SpecValidator

from tests.contract import check, document, operations, schema_errors

TEMPLATE = Path(__file__).parent.parent / "infra" / "template.yaml"

USER_ID = "usr_3q2-7wAAAAAAAAAAAAAAAA"
ME = {
    "user_id": USER_ID,
    "session_id": "ses_bW9jayBzZXNzaW9uIGlkMQ",
    "token_id": "tok_bW9jayB0b2tlbiBpZCAwMQ",
    "scope": "orders:read",
}
HEADERS = {"Content-Type": "application/json", "Cache-Control": "no-store"}
COOKIE_DELETED = "__Host-refresh_token=; Max-Age=0; Path=/; Secure; HttpOnly; SameSite=Strict"
LOGGED_OUT = b'{"revoked": "session", "effective_by": 1795428001}'

# What the gateway keeps of a class of failures that has no answer of its own in the template.
DEFAULT_STATUS = {"DEFAULT_4XX": 400, "DEFAULT_5XX": 502}


class _TemplateLoader(yaml.SafeLoader):
    """Reads CloudFormation's short forms, `!Ref` and the like, as what they are applied to."""


def _short_form(loader: _TemplateLoader, _tag: str, node: yaml.Node) -> Any:
    if isinstance(node, yaml.ScalarNode):
        return loader.construct_scalar(node)
    if isinstance(node, yaml.SequenceNode):
        return loader.construct_sequence(node, deep=True)
    assert isinstance(node, yaml.MappingNode)
    return loader.construct_mapping(node, deep=True)


_TemplateLoader.add_multi_constructor("!", _short_form)


def resources() -> dict[str, Any]:
    template = yaml.load(TEMPLATE.read_text(encoding="utf-8"), Loader=_TemplateLoader)  # noqa: S506 - a SafeLoader
    found: dict[str, Any] = template["Resources"]
    return found


def routes() -> set[tuple[str, str]]:
    functions = [each for each in resources().values() if each["Type"] == "AWS::Serverless::Function"]
    events = [event for each in functions for event in each["Properties"].get("Events", {}).values()]
    of_the_api = [event["Properties"] for event in events if event["Type"] == "Api"]
    return {(event["Method"].upper(), event["Path"]) for event in of_the_api}


def gateway_responses() -> dict[str, Any]:
    found: dict[str, Any] = resources()["Api"]["Properties"]["GatewayResponses"]
    return found


def examples(node: object = None, pointer: str = "") -> Iterator[tuple[str, object]]:
    """Every example of a body with the pointer of the schema it is an example of."""
    node = document() if node is None else node
    if isinstance(node, list):
        for index, child in enumerate(node):
            yield from examples(child, f"{pointer}/{index}")
    if isinstance(node, dict):
        if "schema" in node and "examples" in node:
            for example in node["examples"].values():
                name = str(example.get("$ref", "")).removeprefix("#/components/examples/")
                shown = document()["components"]["examples"][name] if name else example
                yield f"{pointer}/schema", shown["value"]
        for key, child in node.items():
            part = str(key).replace("~", "~0").replace("/", "~1").replace("{", "%7B").replace("}", "%7D")
            yield from examples(child, f"{pointer}/{part}")


def test_the_document_is_valid_openapi() -> None:
    OpenAPIV31SpecValidator(document()).validate()


def test_every_example_is_what_its_schema_says() -> None:
    shown = list(examples())

    assert shown
    assert [wrong for pointer, value in shown if (wrong := schema_errors(pointer, value))] == []


def test_every_route_of_the_template_is_in_the_contract_and_the_reverse() -> None:
    deployed = {(method, path) for method, path in routes() if method != "OPTIONS"}

    assert deployed == operations()


def test_every_operation_says_what_the_gateway_may_answer_in_its_place() -> None:
    of_the_gateway = {"429", "502", "503", "504"}

    silent = [
        (method, path)
        for method, path in operations()
        if not of_the_gateway <= document()["paths"][path][method.lower()]["responses"].keys()
    ]

    assert silent == []


@pytest.mark.parametrize("kind", sorted(gateway_responses()))
def test_a_gateway_response_of_the_template_keeps_the_contract(kind: str) -> None:
    given = gateway_responses()[kind]
    constant = given.get("ResponseParameters", {}).get("Headers", {})
    headers = {name: value.strip("'") for name, value in constant.items()}
    [(media_type, body)] = given["ResponseTemplates"].items()
    path = "/nowhere" if kind == "MISSING_AUTHENTICATION_TOKEN" else "/admin/users"

    status = int(given.get("StatusCode") or DEFAULT_STATUS[kind])

    check("POST", path, status, headers | {"Content-Type": media_type}, body.encode())
    assert schema_errors("/components/schemas/Error", json.loads(body)) is None


@pytest.mark.parametrize(
    ("method", "path", "status", "headers", "body"),
    [
        pytest.param("GET", "/auth/me", 200, HEADERS, json.dumps(ME).encode(), id="a body"),
        pytest.param("get", "/auth/me?x=1", 200, HEADERS, json.dumps(ME).encode(), id="a query string"),
        pytest.param(
            "DELETE",
            f"/admin/users/{USER_ID}",
            200,
            {name.lower(): value for name, value in HEADERS.items()},
            json.dumps({"user_id": USER_ID, "effective_by": 1795428001}).encode(),
            id="a path parameter and headers in lower case",
        ),
        pytest.param("POST", "/oauth/security-events", 202, HEADERS, b"", id="no body"),
        pytest.param(
            "POST",
            "/auth/logout",
            200,
            HEADERS | {"Set-Cookie": COOKIE_DELETED, "Clear-Site-Data": '"cache", "storage"'},
            LOGGED_OUT,
            id="a deleted cookie",
        ),
    ],
)
def test_check_lets_a_right_answer_pass(
    method: str, path: str, status: int, headers: dict[str, str], body: bytes
) -> None:
    check(method, path, status, headers, body)


def test_check_catches_a_missing_member() -> None:
    body = {name: value for name, value in ME.items() if name != "scope"}

    with pytest.raises(AssertionError, match=r"GET /auth/me answered 200 .*'scope' is a required property"):
        check("GET", "/auth/me", 200, HEADERS, json.dumps(body).encode())


def test_check_catches_a_member_too_many() -> None:
    body = ME | {"password_hash": "$argon2id$"}

    with pytest.raises(AssertionError, match="'password_hash' was unexpected"):
        check("GET", "/auth/me", 200, HEADERS, json.dumps(body).encode())


def test_check_catches_an_identifier_of_another_kind() -> None:
    body = ME | {"session_id": ME["token_id"]}

    with pytest.raises(AssertionError, match=r"at \$\.session_id"):
        check("GET", "/auth/me", 200, HEADERS, json.dumps(body).encode())


def test_check_catches_milliseconds_where_seconds_belong() -> None:
    body = {"user_id": USER_ID, "effective_by": 1795428001000}

    with pytest.raises(AssertionError, match="greater than the maximum"):
        check("DELETE", f"/admin/users/{USER_ID}", 200, HEADERS, json.dumps(body).encode())


def test_check_catches_an_error_code_that_belongs_to_another_status() -> None:
    body = b'{"error": "invalid_grant", "error_description": "no"}'

    with pytest.raises(AssertionError, match="'invalid_request' was expected"):
        check("POST", "/auth/login", 400, HEADERS, body)


def test_check_catches_a_body_that_is_not_json() -> None:
    with pytest.raises(AssertionError, match="not JSON"):
        check("GET", "/auth/me", 200, HEADERS, b"<html>")


def test_check_catches_a_body_where_there_is_to_be_none() -> None:
    with pytest.raises(AssertionError, match="answered 202 with a body"):
        check("POST", "/oauth/security-events", 202, HEADERS, b"{}")


def test_check_catches_the_usual_error_where_another_standard_has_names_of_its_own() -> None:
    body = b'{"error": "invalid_request", "error_description": "no"}'

    with pytest.raises(AssertionError, match="POST /oauth/security-events answered 400 with a wrong body"):
        check("POST", "/oauth/security-events", 400, HEADERS, body)


def test_check_catches_a_status_that_the_route_does_not_have() -> None:
    with pytest.raises(
        AssertionError, match="GET /auth/me answered 403, a status that the contract does not"
    ):
        check("GET", "/auth/me", 403, HEADERS, b"{}")


def test_check_catches_a_missing_header() -> None:
    headers = {"Content-Type": "application/json"}

    with pytest.raises(AssertionError, match="without the header cache-control"):
        check("GET", "/auth/me", 200, headers, json.dumps(ME).encode())


def test_check_catches_a_wrong_header() -> None:
    body = b'{"error": "temporarily_unavailable", "error_description": "Try again."}'

    with pytest.raises(AssertionError, match="wrong header retry-after"):
        check("GET", "/auth/me", 503, HEADERS | {"Retry-After": "soon"}, body)


def test_check_catches_a_401_that_does_not_say_how_to_authenticate() -> None:
    body = b'{"error": "invalid_token", "error_description": "no"}'

    with pytest.raises(AssertionError, match="without exactly one header of"):
        check("GET", "/auth/me", 401, HEADERS, body)


def test_check_catches_a_refused_refresh_that_touches_the_cookie() -> None:
    headers = HEADERS | {"x-amzn-Remapped-WWW-Authenticate": "Bearer", "Set-Cookie": COOKIE_DELETED}
    body = b'{"error": "invalid_grant", "error_description": "Log in again."}'

    with pytest.raises(AssertionError, match="does not give it"):
        check("POST", "/auth/refresh", 401, headers, body)


@pytest.mark.parametrize("lost", ["Secure", "HttpOnly", "SameSite=Strict", "Path=/", "Max-Age=0"])
def test_check_catches_a_cookie_without_one_of_its_attributes(lost: str) -> None:
    cookie = COOKIE_DELETED.replace(f"; {lost}", "")

    with pytest.raises(AssertionError, match="wrong header set-cookie"):
        check("POST", "/auth/logout", 200, HEADERS | {"Set-Cookie": cookie}, LOGGED_OUT)


def test_check_catches_a_cookie_that_other_hosts_would_get() -> None:
    cookie = f"{COOKIE_DELETED}; Domain=example.com"

    with pytest.raises(AssertionError, match="wrong header set-cookie"):
        check("POST", "/auth/logout", 200, HEADERS | {"Set-Cookie": cookie}, LOGGED_OUT)


def test_check_catches_an_answer_of_a_route_that_is_not_in_the_contract() -> None:
    with pytest.raises(AssertionError, match="GET /nowhere answered 200"):
        check("GET", "/nowhere", 200, HEADERS, b"{}")
