"""What stands in the feed, read past the stores: by its writer's clock, without what makes it findable."""

from dataclasses import asdict
from typing import Any

from rescind.rules.revocations import Revocation, ScopeChanged, SessionEnded, TokenBlocked, TokensEnded
from tests.tables import Stores

Said = tuple[int, tuple[tuple[str, Any], ...]]


def announced(stores: Stores, *, copy: int = 0) -> list[Said]:
    """In the order of its keys."""
    if stores.feed is None:
        told = vars(stores.users)["tables"].announced
        return sorted(said(now, **_members(revocation)) for now, revocation in told)
    at = vars(stores.feed)
    rows = at["_client"].scan(TableName=at["_table"], ConsistentRead=True)["Items"]
    return sorted(_read(row) for row in rows if row["copy"] == {"S": str(copy)})


def said(now: int, **members: Any) -> Said:
    return now, tuple(sorted(members.items()))


def _read(row: dict[str, dict[str, str]]) -> Said:
    time_ms = int(row["at"]["S"].partition(" ")[0])
    assert int(row["ttl"]["N"]) == time_ms // 1000 + 3720
    members = {
        name: int(value["N"]) if "N" in value else value["S"]
        for name, value in row.items()
        if name not in {"copy", "at", "ttl"}
    }
    return said(time_ms // 1000, **members)


def _members(revocation: Revocation) -> dict[str, Any]:
    match revocation:
        case TokenBlocked():
            return asdict(revocation)
        case SessionEnded(user_id, session_id):
            return {"sub": user_id, "sid": session_id}
        case TokensEnded(user_id, version, at):
            return {"sub": user_id, "min_ver": version, "logged_out_at": at}
        case ScopeChanged(user_id, scope, revision):
            return {"sub": user_id, "scope": scope, "revision": revision}
        case _:
            return {"sub": revocation.user_id, "gone": 1}
