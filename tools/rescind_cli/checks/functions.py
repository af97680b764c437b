"""Whether the functions of a stack are still of one stack: settings, timeouts, roles, and that they run."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from rescind_cli.checks.findings import Finding, fault, ok

_ABSENT = object()
# CloudFormation does not look at what somebody changed behind its back.
_DEPLOY_TWICE = (
    "Deploy with another KeyRotationDays, then with the old one: CloudFormation mends only what changes."
)

_UPDATE = "aws lambda update-function-configuration --function-name"


@dataclass(frozen=True, slots=True)
class DeployedFunction:
    logical: str
    name: str
    timeout_seconds: int
    environment: Mapping[str, str]
    role: str
    """Its physical name."""
    alias: str = ""
    """By which this version of it is called; empty for what the next version will be made of."""
    snap_start: Mapping[str, str] = field(default_factory=dict)
    """As Lambda has it."""

    @property
    def label(self) -> str:
        return f"{self.logical}:{self.alias}" if self.alias else self.logical


def same_settings(functions: Sequence[DeployedFunction]) -> Iterator[Finding]:
    """Values are not shown: one is the hash of a secret."""
    names = Counter(name for function in functions for name in function.environment)
    differing: dict[str, list[str]] = {}
    for name, count in sorted(names.items()):
        # What most of them have, all should; what one has alone is its own.
        wanted = [each for each in functions if name in each.environment or count * 2 > len(functions)]
        [(usual, _)] = Counter(each.environment.get(name, _ABSENT) for each in wanted).most_common(1)
        for each in wanted:
            if each.environment.get(name, _ABSENT) != usual:
                differing.setdefault(each.label, []).append(name)
    for label, settings in differing.items():
        yield fault(
            f"settings {label}", f"it has another {', '.join(settings)} than the others", _DEPLOY_TWICE
        )
    if not differing:
        yield ok("settings", f"the same in {len({each.logical for each in functions})} functions")


def as_declared(
    functions: Sequence[DeployedFunction], template: Mapping[str, Any], names: Mapping[str, str]
) -> Iterator[Finding]:
    """Timeout and role; `names` are the physical names of all resources by logical id."""
    faults = []
    for each in functions:
        properties = template["Resources"][each.logical]["Properties"]
        timeout = properties.get("Timeout", 3)
        if isinstance(timeout, int) and each.timeout_seconds != timeout:
            faults.append(
                fault(
                    f"function {each.label}",
                    f"its timeout is {each.timeout_seconds} s, and in the template {timeout} s",
                    _cure(each, f"--timeout {timeout}"),
                )
            )
        role = _role(properties.get("Role"), names)
        if role and each.role != role:
            faults.append(
                fault(
                    f"function {each.label}",
                    f"its role is {each.role}, and in the template {role}",
                    _cure(each, f"--role <ARN of {role}>"),
                )
            )
    yield from faults or [ok("functions", "timeouts and roles are the template's")]


def start_from_snapshots(functions: Sequence[DeployedFunction]) -> Iterator[Finding]:
    """Each version with an alias, if SnapStart is on: without a snapshot it would start slowly, and work."""
    wanted = [each for each in functions if each.alias and each.snap_start.get("ApplyOn", "None") != "None"]
    without = [each for each in wanted if each.snap_start.get("OptimizationStatus") != "On"]
    for each in without:
        yield fault(
            f"SnapStart {each.label}", "it is on, and this version has no snapshot", "Deploy the stack anew."
        )
    if not without:
        yield ok("SnapStart", f"{len(wanted)} versions have their snapshot" if wanted else "off")


def _cure(function: DeployedFunction, option: str) -> str:
    # What is published can be changed by nobody.
    return _DEPLOY_TWICE if function.alias else f"{_UPDATE} {function.name} {option}"


def _role(declared: Any, names: Mapping[str, str]) -> str | None:
    match declared:
        case {"Fn::GetAtt": [str() as logical, "Arn"]}:
            return names.get(logical)
        case _:
            return None


def may_run(reserved: Mapping[str, int | None]) -> Iterator[Finding]:
    """Of the reserved concurrency of each function, by its physical name; None where none is reserved."""
    closed = [name for name, concurrency in reserved.items() if concurrency == 0]
    for name in closed:
        yield fault(
            f"concurrency {name}",
            "its reserved concurrency is 0: it never runs",
            f"If nobody meant it: aws lambda delete-function-concurrency --function-name {name}",
        )
    if not closed:
        yield ok("concurrency", "no function is closed")
