"""Examines a stack: asks what there is to know, and hands it to the checks."""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from email.utils import parsedate_to_datetime
from functools import partial
from typing import Any

from rescind_cli.checks import caches, clocks, functions, issuers, keys, policies, tables
from rescind_cli.checks.findings import Finding, fault, not_checked, ok
from rescind_cli.deployed import Deployed, GoneError, NotReadError
from rescind_cli.errors import CommandError, Exit, RefusedError
from rescind_cli.issuers import published_by
from rescind_cli.stack import DEVELOPMENT, Stack

_UNKNOWN = 404
_OLDER = "the stack's admin function does not know it"
_NEWER = "Deploy the stack of this command's version."
_HERE = "there is no API Gateway and no IAM on this machine; the local gateway takes it from the template"
_GIVEN = "the local gateway was given them (PARAMETERS), and its log says what is wrong with one"
_IN_MEMORY = "the tables of the local stack are not meant to last"
_DEVELOPMENT = "the stack's Environment is development, where tables are not meant to last"
_UNANSWERED = "it needs the admin function's answer"
_TRUST = "trusted issuers"


def examine(stack: Stack, apis: Sequence[str]) -> Iterator[Finding]:
    """Every finding, in the order in which an operator would look.

    Args:
        stack: the stack.
        apis: ids of other APIs that use its authorizer.
    """
    told, found = _told(stack)
    yield from found
    if told:
        yield from _tables(stack, told["tables"])
        yield from _keys(stack, told["settings"]["key_rotation_days"])
    if stack.is_local:
        checks = ["authorizer cache", *(f"authorizer cache of {api}" for api in apis), "settings", "policies"]
        yield from (not_checked(name, _HERE) for name in checks)
        yield not_checked(_TRUST, _GIVEN)
        return
    deployed = Deployed(stack.session, stack.deployed_as)
    yield from _caches(deployed, apis, caches.promised_seconds(told["settings"]) if told else None)
    yield from _settings_and_policies(deployed)
    yield from _reading(_TRUST, lambda: _issuers(deployed))


def _told(stack: Stack) -> tuple[dict[str, Any] | None, list[Finding]]:
    """What the admin function says of the deployment, and what its answering tells already."""
    name, dates = "admin function", list[int]()

    def heard(parsed: dict[str, Any], **_: Any) -> None:
        if date := parsed["ResponseMetadata"].get("HTTPHeaders", {}).get("date"):
            dates.append(int(parsedate_to_datetime(date).timestamp()))

    stack.lambda_client.meta.events.register("after-call.lambda.Invoke", heard)
    asked_at_ms = _now_ms()
    try:
        told = stack.ask("checkDeployment")
    except RefusedError as error:
        return None, [not_checked(name, _OLDER, _NEWER) if error.status == _UNKNOWN else _silent(error)]
    except CommandError as error:
        if stack.is_local and error.code is Exit.NO_ACCESS:
            raise
        return None, [_silent(error)]
    answered_at_ms = _now_ms()
    return told, [
        ok(
            name, f"it answered after {answered_at_ms - asked_at_ms} ms, and its settings are in their bounds"
        ),
        clocks.clock(
            told["now_ms"],
            asked_at_ms=asked_at_ms,
            answered_at_ms=answered_at_ms,
            aws_date=dates[-1] if dates else None,
        ),
    ]


def _silent(error: CommandError) -> Finding:
    if error.code is Exit.NO_ACCESS:
        return not_checked("admin function", str(error), "Allow lambda:InvokeFunction on it.")
    return fault("admin function", str(error), "Read its log: `Failed` and `Unavailable` name the cause.")


def _tables(stack: Stack, told: list[tables.Table]) -> Iterator[Finding]:
    yield from tables.tables_answer(told)
    yield from tables.time_to_live(told)
    if stack.environment == DEVELOPMENT:
        why = _IN_MEMORY if stack.is_local else _DEVELOPMENT
        yield not_checked("recovery", why)
        yield not_checked("deletion protection", why)
        return
    yield from tables.recovery(told)
    yield tables.deletion_protection(told)


def _keys(stack: Stack, rotation_days: int) -> Iterator[Finding]:
    try:
        told = stack.ask("listKeys")
    except CommandError as error:
        if isinstance(error, RefusedError) and error.status == _UNKNOWN:
            yield not_checked("keys", _OLDER, _NEWER)
        else:
            yield not_checked("keys", str(error), "Give the command again.")
        return
    for purpose, found in told["keys"].items():
        yield keys.key_set(purpose, found, now=told["now"], rotation_days=rotation_days)


def _caches(deployed: Deployed, apis: Sequence[str], delay: int | None) -> Iterator[Finding]:
    def own() -> Iterator[Finding]:
        for logical in deployed.of_type("AWS::ApiGateway::RestApi"):
            api = deployed.names[logical]
            found = deployed.authorizers(api)
            yield from caches.own_cache(api, found, **promised)
            yield caches.of_a_version(found, function=promised["function"])

    def foreign(api: str) -> Iterator[Finding]:
        try:
            found = deployed.authorizers(api)
        except GoneError:
            yield fault(
                f"authorizer cache of {api}",
                "there is no API of this id in this account and region",
                "`aws apigateway get-rest-apis` and `aws apigatewayv2 get-apis` list them.",
            )
            return
        yield from caches.foreign_cache(api, found, **promised)

    if delay is None:
        names = ["authorizer cache", *(f"authorizer cache of {api}" for api in apis)]
        yield from (not_checked(name, _UNANSWERED) for name in names)
        return
    try:
        promised: dict[str, Any] = {
            "function": deployed.names["AuthorizerFunction"],
            "delay_seconds": delay,
        }
    except NotReadError as error:
        yield not_checked("authorizer cache", str(error), error.cure)
        return
    yield from _reading("authorizer cache", own)
    for api in apis:
        yield from _reading(f"authorizer cache of {api}", partial(foreign, api))


def _settings_and_policies(deployed: Deployed) -> Iterator[Finding]:
    def settings() -> Iterator[Finding]:
        yield from functions.same_settings(deployed.functions)

    def declared() -> Iterator[Finding]:
        yield from functions.as_declared(deployed.functions, deployed.template, deployed.names)

    def snapshots() -> Iterator[Finding]:
        yield from functions.start_from_snapshots(deployed.functions)

    def concurrency() -> Iterator[Finding]:
        yield from functions.may_run(deployed.reserved_concurrency())

    def roles() -> Iterator[Finding]:
        names = deployed.names
        wanted = policies.declared(deployed.template, names)
        yield from policies.policies(wanted, deployed.roles(), names)

    yield from _reading("settings", settings)
    yield from _reading("functions", declared)
    yield from _reading("SnapStart", snapshots)
    yield from _reading("concurrency", concurrency)
    yield from _reading("policies", roles)


def _issuers(deployed: Deployed) -> Iterator[Finding]:
    settings = {each.environment.get("TRUSTED_ISSUERS") for each in deployed.functions} - {None}
    names = sorted({name for setting in settings for name in issuers.names_of(str(setting))})
    if not settings:
        yield not_checked(_TRUST, "the stack has no exchange", _NEWER)
    elif not names:
        yield ok(_TRUST, "none, so no token of others is exchanged")
    yield from (issuers.issuer(name, published_by(name)) for name in names)


def _reading(name: str, check: Callable[[], Iterable[Finding]]) -> list[Finding]:
    try:
        return list(check())
    except NotReadError as error:
        return [not_checked(name, str(error), error.cure)]


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
