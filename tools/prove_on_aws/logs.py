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
class Line:
    stream: str
    """Its name has the function's in it, where functions share a group."""
    message: str


@dataclass(frozen=True)
class Group:
    name: str
    retention_days: int | None
    """None: for ever."""
    lines: tuple[Line, ...]


def groups_of(deployed: Deployed, *, since: float, wait: Callable[[float], None] = time.sleep) -> list[Group]:
    """Every function's group, with what was written since that second of this machine's clock."""
    wait(_WAIT_SECONDS)
    logs, functions = deployed.session.client("logs"), deployed.session.client("lambda")
    names = {
        _name(functions, deployed.names[logical]) for logical in deployed.of_type("AWS::Lambda::Function")
    }
    return [found for name in sorted(names) if (found := _group(logs, name, since))]


def _name(functions: Any, function: str) -> str:
    found = functions.get_function_configuration(FunctionName=function)
    return str(found.get("LoggingConfig", {}).get("LogGroup") or f"/aws/lambda/{function}")


def _group(logs: Any, name: str, since: float) -> Group | None:
    kept = [
        each.get("retentionInDays")
        for each in logs.describe_log_groups(logGroupNamePrefix=name)["logGroups"]
        if each["logGroupName"] == name
    ]
    if not kept:
        return None  # Its functions have not run yet.
    # A minute more, for clocks that differ.
    pages = logs.get_paginator("filter_log_events").paginate(
        logGroupName=name, startTime=int((since - 60) * 1000)
    )
    lines = (Line(event["logStreamName"], event["message"]) for page in pages for event in page["events"])
    return Group(name, kept[0], tuple(lines))


def findings(groups: Iterable[Group], secrets: Collection[str]) -> Iterator[Finding]:
    groups = list(groups)
    yield _retention(groups)
    yield secrecy(groups, secrets)


def _retention(groups: list[Group]) -> Finding:
    name = "log retention"
    endless = [each.name for each in groups if each.retention_days is None]
    if endless:
        said = f"{', '.join(endless)} is kept for ever"
        return warning(name, said, "Deploy a template whose log group has LogRetentionDays.")
    days = sorted({each.retention_days for each in groups if each.retention_days})
    return ok(name, f"{', '.join(map(str, days))} days") if days else not_checked(name, "there are no logs")


def secrecy(groups: list[Group], secrets: Collection[str]) -> Finding:
    """No secret is in any line; of a token, its signature or mac, without which it opens nothing."""
    name = "no secret in the logs"
    lines = [line for group in groups for line in group.lines]
    if not lines:
        return not_checked(name, "there are no logs to read")
    parts = {secret.rpartition(".")[2] for secret in secrets}
    found = sorted({line.stream for line in lines if any(part in line.message for part in parts)})
    if found:
        return fault(name, f"a token or password is in {', '.join(found[:_SHOWN])}", "SECURITY.md")
    return ok(name, f"{len(lines)} lines were searched for {len(secrets)} tokens and passwords")


def durations(groups: Iterable[Group], functions: Mapping[str, str]) -> dict[str, Mapping[str, float]]:
    """Billed milliseconds, and those of cold starts, by logical id; `functions` has the name of each."""
    found: dict[str, list[dict[str, float]]] = {}
    for line in (line for group in groups for line in group.lines):
        if metrics := _metrics(line.message):
            [function] = [each for each in functions if functions[each] in line.stream] or ["all"]
            found.setdefault(function, []).append(metrics)
    return {function: _summed(metrics) for function, metrics in sorted(found.items())}


def _summed(metrics: list[dict[str, float]]) -> Mapping[str, float]:
    billed = [each["billedDurationMs"] for each in metrics]
    started = [each["initDurationMs"] for each in metrics if "initDurationMs" in each]
    cold = {"cold_starts": len(started), "init_ms_median": statistics.median(started)} if started else {}
    return {
        "invocations": len(billed),
        "billed_ms_median": statistics.median(billed),
        "billed_ms_slowest": max(billed),
        **cold,
    }


def _metrics(message: str) -> dict[str, float]:
    """Of Lambda's own report of an invocation; nothing of any other line."""
    if '"platform.report"' not in message:
        return {}
    try:
        metrics = dict(json.loads(message)["record"]["metrics"])
    except (ValueError, KeyError, TypeError):
        return {}
    return metrics if "billedDurationMs" in metrics else {}
