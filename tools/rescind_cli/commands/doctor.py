"""`rescind doctor`: is the deployment as it should be, and if not, what mends it?"""

from dataclasses import asdict
from typing import Annotated

import typer

from rescind_cli.checks.findings import Finding, Outcome
from rescind_cli.errors import Exit
from rescind_cli.examination import examine
from rescind_cli.operators import operator_of

_MARKS = {Outcome.OK: "✓", Outcome.WARNING: "!", Outcome.FAULT: "✗", Outcome.NOT_CHECKED: "\N{EN DASH}"}


def doctor(
    context: typer.Context,
    api: Annotated[
        list[str] | None,
        typer.Option(help="The id of another API that uses this authorizer; may be repeated."),
    ] = None,
) -> None:
    """Check the deployment, and name what mends it. Nothing is changed."""
    operator = operator_of(context)
    findings = list(examine(operator.stack, api or []))
    faults = [each for each in findings if each.outcome is Outcome.FAULT]
    unchecked = sum(each.outcome is Outcome.NOT_CHECKED for each in findings)
    operator.screen.result(
        {"faults": len(faults), "findings": [asdict(each) for each in findings]},
        *(line for each in findings for line in _lines(each)),
        f"Faults: {len(faults)}. Not checked: {unchecked}.",
    )
    if faults:
        raise typer.Exit(Exit.FOUND)


def _lines(finding: Finding) -> list[str]:
    before = "not checked: " if finding.outcome is Outcome.NOT_CHECKED else ""
    lines = [f"{_MARKS[finding.outcome]} {finding.name}: {before}{finding.said}"]
    return [*lines, f"    {finding.cure}"] if finding.cure else lines
