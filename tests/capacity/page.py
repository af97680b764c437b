"""docs/cost.md: its tables, each between two marks, computed anew."""

import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from tests.capacity.costs import memory_of, million_of, prices
from tests.capacity.figures import HEAD, Figures, figures_in, figures_of
from tests.capacity.measuring import Measured
from tests.capacity.monthly import Table, beside_cognito, beside_redis, fixed, standing, usd

PAGE = Path(__file__).parents[2] / "docs" / "cost.md"
_MARKED = re.compile(r"(<!-- table: (?P<name>[a-z ]+) -->\n).*?(<!-- end -->)", re.DOTALL)
_IN_MILLIONS = (
    "authorization",
    "authorization, refused",
    "login",
    "login, wrong password",
    "refresh",
    "logout, by refresh token",
    "password change",
    "exchange",
    "logout at the issuer, of a login",
    "introspection",
)


def requests(figures: Iterable[Figures]) -> str:
    return "\n".join([_line(HEAD), _rule(HEAD), *(each.row for each in figures)])


def new_sandboxes(measured: Measured) -> str:
    rows: Table = [("function", "reads", "KMS: Decrypt")]
    for name, cold in measured.cold.items():
        warm = measured.warm[name]
        rows.append((cold.function, str(cold.reads - warm.reads), str(cold.kms_calls - warm.kms_calls)))
    return _table(rows)


def millions(figures: Mapping[str, Figures]) -> str:
    head = (
        "a million of",
        "DynamoDB",
        "Lambda, requests",
        "assumed ms",
        "Lambda, time",
        "log",
        "sum",
        "arm64",
    )
    rows: Table = [head]
    for name in _IN_MILLIONS:
        one, on_arm = million_of(figures[name]), million_of(figures[name], architecture="arm64")
        amounts = (one.dynamodb, one.requests, one.time, one.logs, one.total, on_arm.total)
        first, second, third, *others = map(usd, amounts)
        memory = memory_of(figures[name].function)
        rows.append((name, first, second, f"{one.milliseconds} at {memory} MB", third, *others))
    return _table(rows)


def in_short(figures: Mapping[str, Figures]) -> str:
    gateway = prices()["api_gateway"]["million_rest_requests"]
    rows: Table = [("a million", "USD", "with API Gateway's share")]
    for name, also in (("authorization", 0.0), ("login", gateway), ("refresh", gateway)):
        total = million_of(figures[name]).total
        rows.append((f"{name}s" if name != "refresh" else "refreshes", usd(total), usd(total + also)))
    rows.append(("each month, though nobody asks", usd(standing()), ""))
    return _table(rows)


def sources() -> str:
    rows: Table = [("service", "USD", "read in")]
    for service, listed in prices().items():
        if isinstance(listed, dict) and "page" in listed:
            named = [
                f"{name.replace('_', ' ')} {_number(value)}"
                for name, value in listed.items()
                if isinstance(value, float)
            ]
            named += [f"{name} {_steps(value)}" for name, value in listed.items() if isinstance(value, list)]
            rows.append(
                (f"[{service.replace('_', ' ')}]({listed['page']})", ", ".join(named), listed["read"])
            )
    return _table(rows)


def _steps(steps: list[list[float]]) -> str:
    return " then ".join(f"{_number(price)} up to {up_to:,.0f} users" for up_to, price in steps)


def computed(figures: Mapping[str, Figures]) -> dict[str, str]:
    """What follows from the measured figures and the prices."""
    return {
        "in short": in_short(figures),
        "millions": millions(figures),
        "fixed": _table(fixed()),
        "cognito": _table(beside_cognito(figures)),
        "redis": _table(beside_redis(figures)),
    }


def measured_tables(measured: Measured) -> dict[str, str]:
    return {
        "requests": requests(map(figures_of, measured.warm.values())),
        "new sandboxes": new_sandboxes(measured),
    }


def figures_on(page: str) -> dict[str, Figures]:
    """What the page says was measured, by the request's name."""
    rows = tables_on(page)["requests"].splitlines()[2:]
    return {each.name: each for each in map(figures_in, rows)}


def tables_on(page: str) -> dict[str, str]:
    return {
        found["name"]: found[0].partition("\n")[2].rpartition("\n")[0] for found in _MARKED.finditer(page)
    }


def with_tables(page: str, tables: Mapping[str, str]) -> str:
    """The page with these tables in the place of those of the same name."""

    def anew(found: re.Match[str]) -> str:
        name = found["name"]
        return f"{found[1]}{tables[name]}\n{found[3]}" if name in tables else found[0]

    return _MARKED.sub(anew, page)


def _number(value: float) -> str:
    return f"{value:.10f}".rstrip("0").rstrip(".")


def _table(rows: Table) -> str:
    return "\n".join([_line(rows[0]), _rule(rows[0]), *map(_line, rows[1:])])


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _rule(cells: Iterable[str]) -> str:
    return "|" + "---|" * len(list(cells))
