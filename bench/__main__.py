"""`make bench`: measures what it is told, prints tables and goals, writes raw figures and a chart."""

import importlib
import json
import sys
import time

from bench import report
from bench.chart import Panel, drawn
from bench.places import BUILD, CHART, ROOT, MissingError
from bench.results import Part

PARTS = ("warm", "feed", "cold", "cold_routes", "peers", "operations", "growth")


def main(chosen: list[str]) -> None:
    if unknown := set(chosen) - set(PARTS):
        sys.exit(f'There is no part {" ".join(sorted(unknown))}: PARTS="{" ".join(PARTS)}"')
    measured: dict[str, Part] = {}
    for name in chosen or PARTS:
        begun = time.monotonic()
        try:
            part = importlib.import_module(f"bench.{name}").measure(
                lambda line, name=name: _say(f"{name}: {line}")
            )
        except MissingError as error:
            _say("")
            print(f"\n{name}: left out. {error}")
            continue
        _say("")
        measured[name] = part
        print(*report.lines(part), f"  ({time.monotonic() - begun:.0f} s)", sep="\n", flush=True)
    print(*report.goal_lines([goal for part in measured.values() for goal in part.goals]), sep="\n")
    _keep(measured)


def _keep(measured: dict[str, Part]) -> None:
    BUILD.mkdir(parents=True, exist_ok=True)
    path = BUILD / "figures.json"
    figures = {
        name: {"ratios": {g.name: g.ratio for g in part.goals}, "raw": part.raw}
        for name, part in measured.items()
    }
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
    main(sys.argv[1:])
