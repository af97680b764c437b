"""docs/faults.md: what all cells came to, as tables."""
# ruff: noqa: E501 - prose, wrapped where a reader would

from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path

from tests.faults.cells import Cell, Told, all_cells, depends_on_time
from tests.faults.faults import FAULTS, Length
from tests.faults.rows import SPOILED
from tests.faults.scenarios import SCENARIOS

PAGE = Path(__file__).parents[2] / "docs" / "faults.md"
Results = Mapping[str, Told]
"""By the cell's id."""

_HEAD = """\
# Faults

What a client is told while a call to AWS fails, and what is left in the tables. `make proof` lets it happen,
holds every case to the rules below, and compares its results with this page. `FAULTS_PAGE=write make proof`
writes the page anew.

Each function is asked in every way that leads to DynamoDB or KMS, from a cold start (`keys known`: in a sandbox that
has read and opened its keys), on ministack behind a proxy that spoils answers. Each of its calls, in turn, meets each
fault that it can have: at its first try only, where the SDK tries again; at both of its tries; or from there on,
together with all calls behind it. That makes {cells} cases.

**In each of them**

- The function answers what it answers without the fault, or 503 with `Retry-After`. The authorizer raises
  instead, which API Gateway's response makes a 503. Never another refusal, never another success.
- The authorizer lets no token in that is revoked, or of which it could not read the state. It answers within
  3 s. What it has decided during the fault, it does not keep.
- Tokens that are handed out are in the tables, and good. Nobody is logged out, no session ends, and no password
  is lost. Of several writes that belong together, none is seen alone.
- Whoever is told 503 and asks again comes to the same state as if there had been no fault. What has been done the
  first time may be answered as such, if nothing did well any more from that write on: 409 for a user who has been
  created; 404 for one who has been deleted, or a session that has been ended; 401 after a password change, which ends
  the session that asked for it.
- The token of an exchange is used when its session is written, and can be sent again until then. If a call behind that
  fails, the session is ended again; whoever asks again is answered 401, and needs another token of their issuer.
- A function makes no call that its policy does not allow, whatever fails; and its policy allows nothing that no call
  needs.

Two things may be left over when a login, an exchange or the canary cannot even clean up after itself: a session that
nobody holds, until its idle time is over; the canary's user, whose password nobody knows. Such a session counts: where
the user has as many as there may be, the login that is asked for again ends one more of the older ones.

What other issuers publish is no call to AWS, and is there in each of these cases. Where an issuer is out of reach,
slow or confused, the answer is 503, and nothing is read or written here.
"""


def page_of(results: Results) -> str:
    cells = [cell for cell in all_cells() if cell.id in results]
    return "\n".join(
        [_HEAD.format(cells=f"{len(cells):,}"), *_by_fault(cells, results), *_by_call(cells, results)]
    )


def _by_fault(cells: Iterable[Cell], results: Results) -> Iterable[str]:
    yield "## Each fault\n"
    yield "How many cases are answered as ever, of how many. The others are answered 503, or say themselves what is"
    yield "not done (an import, a list of users, the check of a deployment). After a silence there may be no time for a"
    yield "second try: how many are answered as ever depends on the moment.\n"
    yield "| fault | at the first try | at both tries | from there on |"
    yield "|---|---|---|---|"
    counted = Counter((cell.fault, cell.length, results[cell.id] is Told.AS_EVER) for cell in cells)
    for fault in [*FAULTS, *SPOILED]:
        parts = [_share(counted, fault, length) for length in Length]
        yield f"| {fault} | {' | '.join(parts)} |"
    yield ""


def _share(counted: Counter[tuple[str, Length, bool]], fault: str, length: Length) -> str:
    as_ever, not_so = counted[fault, length, True], counted[fault, length, False]
    if not as_ever + not_so:
        return ""
    return f"of {as_ever + not_so}" if depends_on_time(fault) else f"{as_ever} of {as_ever + not_so}"


def _by_call(cells: Iterable[Cell], results: Results) -> Iterable[str]:
    yield "## Each call\n"
    yield "The calls of each function, in order, from a cold start. Those in bold may fail at both tries, and the"
    yield "function answers as ever."
    function = ""
    done_without = _done_without(cells, results)
    for scenario in SCENARIOS:
        if scenario.function != function:
            function = scenario.function
            yield f"\n### {function}\n"
        calls = [
            f"**{call}**" if (scenario.id, number) in done_without else call
            for number, call in enumerate(scenario.calls)
        ]
        yield f"- {scenario.name}: {', '.join(calls)}"
    yield ""


def _done_without(cells: Iterable[Cell], results: Results) -> set[tuple[str, int]]:
    """Where every fault before the effect, at both tries, was answered as ever."""
    before = {name for name, fault in FAULTS.items() if not fault.takes_effect and not fault.depends_on_time}
    told: dict[tuple[str, int], set[Told]] = {}
    for cell in cells:
        if cell.length is Length.THE_CALL and cell.fault in before:
            told.setdefault((cell.scenario.id, cell.number), set()).add(results[cell.id])
    return {call for call, answers in told.items() if answers == {Told.AS_EVER}}
