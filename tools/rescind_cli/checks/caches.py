"""Whether API Gateway keeps the authorizer's answers no longer than the stack promises."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rescind_cli.checks.findings import Finding, fault, not_checked, ok

REST, HTTP = "REST", "HTTP"
_IDENTITY = {REST: "method.request.header.Authorization", HTTP: "$request.header.Authorization"}


@dataclass(frozen=True, slots=True)
class Authorizer:
    """As API Gateway has it."""

    kind: str
    authorizer_id: str
    uri: str
    ttl_seconds: int
    identity: tuple[str, ...]

    def calls(self, function: str) -> bool:
        return re.search(rf":function:{re.escape(function)}[:/]", self.uri) is not None


def promised_seconds(settings: Mapping[str, Any]) -> int:
    """How long an answer may be kept, by what the admin function says of the settings.

    With `RevocationCheck: feed` the delay is spent in the authorizer, and nothing is left for a cache.
    """
    return 0 if settings["revocation_check"] == "feed" else int(settings["revocation_delay_seconds"])


def own_cache(
    api: str, authorizers: Iterable[Authorizer], *, function: str, delay_seconds: int
) -> Iterator[Finding]:
    """Of the stack's own API: the delay is what the stack says, to the second."""
    name = "authorizer cache"
    ours = [each for each in authorizers if each.calls(function)]
    if not ours:
        yield fault(
            name, f"the stack's API {api} has no authorizer that calls {function}", "Deploy the stack anew."
        )
    for each in ours:
        if each.ttl_seconds != delay_seconds:
            yield fault(
                name,
                f"API {api} keeps its answers for {each.ttl_seconds} s, and {delay_seconds} s are promised",
                _set_ttl(api, each, delay_seconds),
            )
        else:
            yield from _identity(name, api, each) or [ok(name, f"{delay_seconds} s, as the stack promises")]


def of_a_version(authorizers: Iterable[Authorizer], *, function: str) -> Finding:
    """API Gateway asks the alias: what is unpublished has no snapshot, and changes under who uses it."""
    name = "authorizer version"
    ours = [each for each in authorizers if each.calls(function)]
    if any(f":function:{function}/" in each.uri for each in ours):
        return fault(name, "API Gateway asks the unpublished function", "Deploy the stack anew.")
    if not ours:
        return not_checked(name, f"no authorizer of the API calls {function}", "Deploy the stack anew.")
    return ok(name, "API Gateway asks the published one, by its alias")


def foreign_cache(
    api: str, authorizers: Sequence[Authorizer], *, function: str, delay_seconds: int
) -> Iterator[Finding]:
    """Of another API that uses the authorizer: at most the delay that `effective_by` counts with."""
    name = f"authorizer cache of {api}"
    ours = [each for each in authorizers if each.calls(function)]
    if not ours:
        yield fault(
            name,
            f"none of its {len(authorizers)} authorizers calls {function}: no token is taken back there",
            "Give it the authorizer of the stack's output AuthorizerArn (README, Attaching your own API).",
        )
    for each in ours:
        if each.ttl_seconds > delay_seconds:
            yield fault(
                name,
                f"it keeps answers for {each.ttl_seconds} s: what was taken back lives on for as long, and "
                f"not for {delay_seconds} s",
                f"{_set_ttl(api, each, delay_seconds)}; in its template `ReauthorizeEvery: {delay_seconds}`",
            )
        else:
            yield from _identity(name, api, each) or [
                ok(name, f"{each.ttl_seconds} s, within the {delay_seconds} s of the stack")
            ]


def _identity(name: str, api: str, authorizer: Authorizer) -> list[Finding]:
    wanted = _IDENTITY[authorizer.kind]
    if authorizer.identity == (wanted,):
        return []
    return [
        fault(
            name,
            f"API {api} tells callers apart by {', '.join(authorizer.identity) or 'nothing'}, so with a "
            "cache one caller's answer serves another",
            f"Make {wanted} its only identity source.",
        )
    ]


def _set_ttl(api: str, authorizer: Authorizer, seconds: int) -> str:
    if authorizer.kind == HTTP:
        return (
            f"aws apigatewayv2 update-authorizer --api-id {api} --authorizer-id {authorizer.authorizer_id} "
            f"--authorizer-result-ttl-in-seconds {seconds}"
        )
    return (
        f"aws apigateway update-authorizer --rest-api-id {api} --authorizer-id {authorizer.authorizer_id} "
        f"--patch-operations op=replace,path=/authorizerResultTtlInSeconds,value={seconds}, then "
        f"aws apigateway create-deployment --rest-api-id {api} --stage-name <stage>"
    )
