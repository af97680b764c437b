"""Makes calls up from docs/openapi.yaml with schemathesis, and holds each answer to the same document."""

from collections.abc import Callable
from typing import Any, TypeVar
from urllib.parse import urlsplit

import pytest
import schemathesis
from hypothesis import HealthCheck, settings

from tests import contract
from tests.schema.callers import Account, Case

_Test = TypeVar("_Test", bound=Callable[..., None])

_CHECKS = {
    # The one that is off. It asks for 405, where API Gateway answers 404: `contract.check` holds it to that.
    "unsupported_method": {"enabled": False},
    "negative_data_rejection": {"expected-statuses": ["400", "401", "403", "404", "413"]},
    # No schema says which of the well-formed exist (401, 404), are taken (409), or come to over 8 KiB (413).
    # Whether 401 and 403 are right is for the test to say, which knows who calls.
    "positive_data_acceptance": {"expected-statuses": ["2xx", "401", "403", "404", "409", "413"]},
}
_OPERATIONS = [
    {
        # Well-formed and yet 400: a token in neither place, a name or password that cannot be, long claims.
        "include-operation-id": [
            "login",
            "refresh",
            "changePassword",
            "createUser",
            "findUser",
            "changeUser",
            "setPassword",
            # Any text is a token by its schema, and only an issuer can say which are.
            "endLogin",
            "receiveSecurityEvent",
        ],
        "checks": {
            "positive_data_acceptance": {
                "expected-statuses": ["2xx", "400", "401", "403", "404", "409", "413"]
            }
        },
    }
]
# All but OPTIONS, which is CORS and not in the document, and HEAD, whose answer has no body to hold to it.
_UNEXPECTED_METHODS = ["GET", "PUT", "POST", "DELETE", "PATCH", "TRACE"]

_EVENT = "application/secevent+jwt"

# A call takes what it takes, and a bound on bytes leaves few of the long texts.
UNHURRIED = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])


def schema(*, examples: int, every_edge: bool, credentials: bool, again_the_same: bool = True) -> Any:
    """The document, as what makes calls up.

    Args:
        examples: how many calls of each operation are drawn at random.
        every_edge: also make the calls that each bound and type in the document suggests.
        credentials: also make up tokens and cookies.
        again_the_same: two runs make the same calls.
    """
    generation = {
        "max-examples": examples,
        "deterministic": again_the_same,
        "database": "none",
        "with-security-parameters": credentials,
    }
    coverage = {"enabled": every_edge, "unexpected-methods": _UNEXPECTED_METHODS}
    settings_of_it = {"generation": generation, "phases": {"coverage": coverage}}
    config = schemathesis.Config.from_dict({**settings_of_it, "checks": _CHECKS, "operations": _OPERATIONS})
    return schemathesis.openapi.from_dict(contract.document(), config=config)


def each_operation(made_from: Any, *, caller: str) -> Callable[[_Test], _Test]:
    """Run the test for each operation, with one call after the other, all by this caller."""

    def decorate(test: _Test) -> _Test:
        # Without a parameter of ours all operations would have one test id, and xdist runs an id once.
        named = pytest.mark.parametrize("caller", [caller], indirect=True)
        made: _Test = named(made_from.parametrize()(UNHURRIED(test)))
        return made

    return decorate


def name_the_living(case: Case, account: Account) -> None:
    """Put this user's own names and tokens in the place of those that were made up."""
    for container in (case.path_parameters, case.query, case.body):
        if isinstance(container, dict):
            made_up = {member for member, value in container.items() if isinstance(value, str)}
            container.update({key: own for key, own in account.names().items() if key in made_up})
    if case.media_type == _EVENT:
        case.body = account.event()


@schemathesis.serializer(_EVENT)
def _as_it_is(_: Any, value: Any) -> bytes:
    """A token is the whole body. Where something else was made up, it is sent as text."""
    return value if isinstance(value, bytes) else str(value).encode("utf-8", "surrogatepass")


def call(case: Case, base_url: str, headers: dict[str, str]) -> int:
    """Call; the status of an answer that is no failure, and that the contract allows."""
    response = case.call(base_url=base_url, headers=headers)
    contract.check(
        str(response.request.method),
        urlsplit(str(response.request.url)).path,
        response.status_code,
        {header: ", ".join(values) for header, values in response.headers.items()},
        response.content,
    )
    case.validate_response(response, headers=headers)
    return response.status_code
