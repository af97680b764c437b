"""What the feed says of those whose sessions and tokens are known."""

from collections.abc import Collection, Iterable, Mapping

from tests.faults.held import Held
from tests.faults.tables import Row
from tests.things import NOW

_OTHER = "somebody else's"
"""Of a user or a session that is made anew each time."""


def announced(rows: Iterable[Row], held: Mapping[str, Held], *, since: int = NOW) -> frozenset[str]:
    """In words, what was announced by clocks of then and later."""
    return frozenset(_said(row, held) for row in rows if int(row["at"]["S"][:14]) >= since * 1000)


def unannounced(dead: Collection[str], rows: Iterable[Row], held: Mapping[str, Held]) -> frozenset[str]:
    """Whose tokens have been taken back, while nothing in the feed says so."""
    said = announced(rows, held, since=0)
    return frozenset(name for name in dead if not said & _enough_for(name, held[name]))


def _enough_for(name: str, held: Held) -> set[str]:
    return {
        f"session {name}",
        f"token {name}",
        *(f"{what} {held.user_id}" for what in ("tokens of", "gone")),
    }


def _said(row: Row, held: Mapping[str, Held]) -> str:
    if "jti" in row:
        return f"token {_name(row['jti'], {each.token_id: name for name, each in held.items()})}"
    if "sid" in row:
        return f"session {_name(row['sid'], {each.session_id: name for name, each in held.items()})}"
    user = _name(row["sub"], {each.user_id: each.user_id for each in held.values()})
    if "min_ver" in row:
        return f"tokens of {user}"
    return f"scope of {user}: {row['scope']['S']}" if "scope" in row else f"gone {user}"


def _name(value: Mapping[str, str], names: Mapping[str, str]) -> str:
    return names.get(value["S"], _OTHER)
