"""`make bench`: measures what it is told, prints tables and goals, writes raw figures and a chart."""

import argparse
import importlib
import json
import sys
import time
from collections.abc import Mapping, Sequence

from bench import medians, money, page, report
from bench.chart import Panel, drawn
from bench.places import BUILD, CHART, ROOT, MissingError
from bench.results import Part

PARTS = ("warm", "feed", "cold", "cold_routes", "peers", "operations", "growth")


def main() -> None:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument(
        "parts", nargs="*", metavar="part", help=f"of {', '.join(PARTS)}; all, if none is named"
    )
    parser.add_argument("--runs", type=int, default=1, help="how often; of several, medians are printed, too")
    parser.add_argument("--page", action="store_true", help="write the tables into docs/performance.md")
    told = parser.parse_args()
    if unknown := set(told.parts) - set(PARTS):
        sys.exit(f'There is no part {" ".join(sorted(unknown))}: PARTS="{" ".join(PARTS)}"')
    runs = [_run(told.parts or PARTS, f"run {run} of {told.runs}") for run in range(1, told.runs + 1)]
    measured = {name: medians.of_runs([run[name] for run in runs]) for name in runs[-1]}
    if told.runs > 1:
        for part in measured.values():
            print(*report.lines(part), sep="\n")
    if "warm" in measured:
        print(*report.lines(money.part(measured)), sep="\n")
    print(*report.goal_lines([goal for part in measured.values() for goal in part.goals]), sep="\n")
    _keep(runs, measured)
    if told.page:
        page.write(measured, runs=told.runs)


def _run(names: Sequence[str], title: str) -> dict[str, Part]:
    measured: dict[str, Part] = {}
    for name in names:
        begun = time.monotonic()
        try:
            part = importlib.import_module(f"bench.{name}").measure(
                lambda line, name=name: _say(f"{title}, {name}: {line}")
            )
        except MissingError as error:
            _say("")
            print(f"\n{name}: left out. {error}")
            continue
        _say("")
        measured[name] = part
        print(*report.lines(part), f"  ({time.monotonic() - begun:.0f} s)", sep="\n", flush=True)
    return measured


def _keep(runs: Sequence[Mapping[str, Part]], measured: Mapping[str, Part]) -> None:
    BUILD.mkdir(parents=True, exist_ok=True)
    path = BUILD / "figures.json"
    figures = [
        {
            name: {"ratios": {goal.name: goal.ratio for goal in part.goals}, "raw": part.raw}
            for name, part in run.items()
        }
        for run in runs
    ]
    path.write_text(json.dumps(figures, indent=1), encoding="utf-8")
    print(f"\nThe raw figures are in {path.relative_to(ROOT)}.")
    if {"peers", "cold"} <= measured.keys():
        panels = [
            Panel(
                "A decision of a warm authorizer: microseconds, less is better", "µs", measured["peers"].bars
            ),
            Panel("A cold start until the first decision: milliseconds", "ms", measured["cold"].bars),
        ]
        CHART.write_text(drawn(panels), encoding="utf-8")
        print(f"The chart is in {CHART.relative_to(ROOT)}.")


def _say(line: str) -> None:
    """One line that is written anew, where somebody looks on."""
    if sys.stderr.isatty():
        sys.stderr.write(f"\r\033[K{line}")
    elif line:
        sys.stderr.write(f"{line}\n")
    sys.stderr.flush()


if __name__ == "__main__":
    main()
