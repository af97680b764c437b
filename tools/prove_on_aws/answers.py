"""What API Gateway answers itself, as no emulator quite does: status, body and headers of the template."""

import time
from collections.abc import Iterator
from typing import Any

from prove_on_aws.api import Api, Reply
from rescind.unavailable import UnavailableError
from rescind_cli.checks.findings import Finding, fault, not_checked, ok

_PATIENCE_SECONDS = 60
_RESERVED = "ReservedConcurrentExecutions"
_NOT_HERE = "it stops the authorizer for some seconds, so it is only for a stack of this command's own"


def findings(api: Api) -> Iterator[Finding]:
    asked: dict[str, tuple[str, str, int, str, dict[str, str]]] = {
        "401 without a token": ("/auth/me", "", 401, "invalid_token", _UNAUTHORIZED),
        "401 with a token that is none": ("/auth/me", "a.b.c", 401, "invalid_token", _UNAUTHORIZED),
        "404 where there is no route": ("/nothing/here", "", 404, "not_found", _ANY),
    }
    for name, (path, bearer, status, error, headers) in asked.items():
        try:
            yield _compared(name, api.reply("GET", path, bearer=bearer), status, error, headers)
        except UnavailableError as problem:
            yield fault(name, str(problem), "Give the command again.")


_ANY = {"cache-control": "no-store", "access-control-allow-origin": "*"}
_UNAUTHORIZED = {**_ANY, "www-authenticate": 'Bearer error="invalid_token"'}


def _compared(name: str, reply: Reply, status: int, error: str, headers: dict[str, str]) -> Finding:
    found: Any = reply.body.get("error") if isinstance(reply.body, dict) else None
    wrong = [
        f"{key}: {reply.headers.get(key)!r}"
        for key, value in headers.items()
        if reply.headers.get(key) != value
    ]
    if reply.status != status or found != error or wrong:
        said = f"answered {reply.status}, error {found!r}" + "".join(f", {each}" for each in wrong)
        return fault(name, said, "The gateway responses of infra/template.yaml do not work as they should.")
    return ok(name, f"status {status}, error {error}, and the headers of the template")


def unavailable(api: Api, lambda_client: Any, authorizer: str | None) -> Finding:
    """An authorizer that cannot run lets nobody in. `authorizer` is None where it may not be stopped."""
    name = "503 where the authorizer cannot run"
    if authorizer is None:
        return not_checked(name, _NOT_HERE)
    before = lambda_client.get_function_concurrency(FunctionName=authorizer).get(_RESERVED)
    try:
        lambda_client.put_function_concurrency(FunctionName=authorizer, **{_RESERVED: 0})
        give_up = time.monotonic() + _PATIENCE_SECONDS
        reply = api.reply("GET", "/auth/me", bearer="a.b.c")
        while reply.status == 401 and time.monotonic() < give_up:  # noqa: PLR2004 - as long as it still runs
            time.sleep(1)
            reply = api.reply("GET", "/auth/me", bearer="a.b.c")
    except UnavailableError as problem:
        return fault(name, str(problem), "Give the command again.")
    finally:
        if before is None:
            lambda_client.delete_function_concurrency(FunctionName=authorizer)
        else:
            lambda_client.put_function_concurrency(FunctionName=authorizer, **{_RESERVED: before})
    return _compared(name, reply, 503, "temporarily_unavailable", {**_ANY, "retry-after": "1"})
