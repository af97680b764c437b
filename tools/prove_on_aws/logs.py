"""The stack's log groups: how long they are kept, whether a secret is in them, and what Lambda billed."""

import json
import statistics
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from rescind_cli.checks.findings import Finding, fault, not_checked, ok, warning
from rescind_cli.deployed import Deployed

# CloudWatch Logs has lines some seconds after they are written.
_WAIT_SECONDS = 20
_SHOWN = 5


@dataclass(frozen=True)
class Group:
    function: str
    """Its logical id."""
    name: str
    retention_days: int | None
    """None: for ever."""
    messages: tuple[str, ...]


def groups_of(deployed: Deployed, *, since: float, wait: Callable[[float], None] = time.sleep) -> list[Group]:
    """Every function's group, with what was written since that second of this machine's clock."""
    wait(_WAIT_SECONDS)
    logs, functions = deployed.session.client("logs"), deployed.session.client("lambda")
    return [
        _group(logs, functions, logical, deployed.names[logical], since)
        for logical in deployed.of_type("AWS::Lambda::Function")
    ]


def _group(logs: Any, functions: Any, logical: str, function: str, since: float) -> Group:
    found = functions.get_function_configuration(FunctionName=function)
    name = found.get("LoggingConfig", {}).get("LogGroup") or f"/aws/lambda/{function}"
    kept = [
        each.get("retentionInDays")
        for each in logs.describe_log_groups(logGroupNamePrefix=name)["logGroups"]
        if each["logGroupName"] == name
    ]
    if not kept:
        return Group(logical, name, None, ())
    # A minute more, for clocks that differ.
    pages = logs.get_paginator("filter_log_events").paginate(
        logGroupName=name, startTime=int((since - 60) * 1000)
    )
    messages = tuple(event["message"] for page in pages for event in page["events"])
    return Group(logical, name, kept[0], messages)


def findings(groups: Iterable[Group], secrets: Collection[str]) -> Iterator[Finding]:
    groups = list(groups)
    yield _retention(groups)
    yield secrecy(groups, secrets)


def _retention(groups: list[Group]) -> Finding:
    name = "log retention"
    endless = [each.function for each in groups if each.messages and each.retention_days is None]
    if endless:
        said = f"the logs of {', '.join(endless)} are kept for ever"
        return warning(name, said, "Deploy a template whose log groups have LogRetentionDays.")
    days = sorted({each.retention_days for each in groups if each.retention_days})
    return ok(name, f"{', '.join(map(str, days))} days") if days else not_checked(name, "there are no logs")


def secrecy(groups: list[Group], secrets: Collection[str]) -> Finding:
    """No token and no password of the proof is in any line, nor one's signature or mac by itself."""
    name = "no secret in the logs"
    lines = sum(len(each.messages) for each in groups)
    if not lines:
        return not_checked(name, "there are no logs to read")
    parts = {part for secret in secrets for part in (secret, secret.rpartition(".")[2])}
    found = {
        each.function for each in groups for line in each.messages if any(part in line for part in parts)
    }
    if found:
        return fault(name, f"a token or password is in the logs of {', '.join(sorted(found))}", "SECURITY.md")
    return ok(name, f"{lines} lines were searched for {len(secrets)} tokens and passwords")


def durations(groups: Iterable[Group]) -> dict[str, Mapping[str, float]]:
    """By function: billed milliseconds in the middle and at the slowest, and those of cold starts."""
    found: dict[str, Mapping[str, float]] = {}
    for group in groups:
        metrics = [each for each in map(_metrics, group.messages) if each]
        billed = [each["billedDurationMs"] for each in metrics if "billedDurationMs" in each]
        started = [each["initDurationMs"] for each in metrics if "initDurationMs" in each]
        if billed:
            found[group.function] = {
                "invocations": len(billed),
                "billed_ms_median": statistics.median(billed),
                "billed_ms_slowest": max(billed),
                **(
                    {"cold_starts": len(started), "init_ms_median": statistics.median(started)}
                    if started
                    else {}
                ),
            }
    return found


def _metrics(message: str) -> dict[str, float]:
    """Of Lambda's own report of an invocation; nothing of any other line."""
    if '"platform.report"' not in message:
        return {}
    try:
        return dict(json.loads(message)["record"]["metrics"])
    except (ValueError, KeyError, TypeError):
        return {}
