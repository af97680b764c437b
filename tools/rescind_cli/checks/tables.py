"""Whether the tables forget what they should and nothing else, and can be recovered."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rescind_cli.checks.findings import Finding, fault, ok, warning

Table = Mapping[str, Any]
"""As the operation `checkDeployment` tells of it."""

_TTL = "ttl"
_MORTAL = {"sessions", "blocklist", "revocations", "attempts"}
_SERVING = {"ACTIVE", "UPDATING"}


def tables_answer(tables: Sequence[Table]) -> Iterator[Finding]:
    """Every one is there, and told how it is set up."""
    faults = [_unread(table) for table in tables if table["failure"]]
    faults += [
        fault(
            f"table {table['table']}",
            f"it is {table['status']}",
            f"Look at {table['name']} in DynamoDB; until it is ACTIVE, what needs it answers 503.",
        )
        for table in tables
        if not table["failure"] and table["status"] not in _SERVING
    ]
    yield from faults or [ok("tables", "all are there")]


def _unread(table: Table) -> Finding:
    name, failure = f"table {table['table']}", table["failure"]
    if failure.endswith("ResourceNotFoundException"):
        return fault(
            name,
            f"there is no {table['name']}, which the functions use",
            "Restore it (docs/operations.md, Restore from a backup).",
        )
    if "AccessDenied" in failure:
        return fault(
            name,
            f"the admin function may not look ({failure})",
            "Its role is not the template's: deploy the stack of this version.",
        )
    return fault(name, f"it could not be looked at ({failure})", "Give the command again.")


def time_to_live(tables: Sequence[Table]) -> Iterator[Finding]:
    faults = []
    for table in tables:
        name, found = f"ttl {table['table']}", table["ttl"]
        if table["failure"] or found == (_TTL if table["table"] in _MORTAL else None):
            continue
        if table["table"] not in _MORTAL:
            said = f"rows die by their attribute {found!r}, and none of this table may"
            faults.append(fault(name, said, _switch(table, found, on=False)))
        elif found is None:
            said = "off: nothing that has ended is ever deleted, nor the addresses in it"
            faults.append(fault(name, said, _switch(table, _TTL, on=True)))
        else:
            said = f"rows die by the attribute {found!r}, and not by 'ttl'"
            faults.append(
                fault(
                    name,
                    said,
                    f"{_switch(table, found, on=False)}; an hour later {_switch(table, _TTL, on=True)}",
                )
            )
    yield from faults or [ok("ttl", f"on for {', '.join(sorted(_MORTAL))}, and off for the others")]


def _switch(table: Table, attribute: str, *, on: bool) -> str:
    wanted = f"Enabled={str(on).lower()},AttributeName={attribute}"
    return (
        f"aws dynamodb update-time-to-live --table-name {table['name']} --time-to-live-specification {wanted}"
    )


def recovery(tables: Sequence[Table]) -> Iterator[Finding]:
    faults = [
        fault(
            f"recovery {table['table']}",
            "point-in-time recovery is off: what is lost is lost",
            f"aws dynamodb update-continuous-backups --table-name {table['name']} "
            "--point-in-time-recovery-specification PointInTimeRecoveryEnabled=true",
        )
        for table in tables
        if not table["failure"] and not table["recoverable"]
    ]
    yield from faults or [ok("recovery", "point-in-time recovery is on for all tables")]


def deletion_protection(tables: Sequence[Table]) -> Finding:
    open_ones = [table for table in tables if not table["failure"] and not table["deletion_protected"]]
    if not open_ones:
        return ok("deletion protection", "on for all tables")
    return warning(
        "deletion protection",
        f"off for {', '.join(table['table'] for table in open_ones)}: `sam delete` deletes them",
        "; ".join(
            f"aws dynamodb update-table --table-name {table['name']} --deletion-protection-enabled"
            for table in open_ones
        ),
    )
