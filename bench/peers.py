"""Peers doing the same work: a token is verified, and looked up whether it is revoked.

Each is asked in its own process, as near to its own decision as who uses it honestly gets: its decorator,
dependency or authentication class, on a request made for it, with no HTTP before it. Each is tuned to win:
ES256 with keys loaded once, stores on Unix sockets, lasting connections, hiredis, prepared statements.
Rescind asks its store over HTTP on loopback, signed, as DynamoDB wants it.
"""

import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict
from functools import partial
from typing import Any

from bench import feed, warm
from bench.contenders import Contender, Sample, at_work, beside, python, turns_of, wall
from bench.places import JS, packages
from bench.results import Bar, Part
from bench.rounds import Say, Turns, median, take_turns
from bench.store import servers
from bench.store.running import canned_store
from bench.world import REVOKED_TOKEN_ID, World, environment, new_world
from tests.things import SETTINGS

_LABELS = {
    "ours": "Rescind, strict",
    "ours, feed": "Rescind, feed",
    "naive": "naive authorizer",
    "floor": "physical floor, strict",
}
"""In the chart."""
DECISIONS = 100
ROUNDS = 25


def measure(say: Say, *, rounds: int = ROUNDS) -> Part:
    world = new_world()
    rows = world.rows | feed.rows(feed.REVOCATIONS)
    with canned_store(rows) as endpoint, _peers(world) as (peers, notes):
        by_feed = feed.whole_function("ours, feed", world, endpoint)
        with at_work([*warm.contenders(world, endpoint), by_feed, *peers]) as workers:
            turns = take_turns(turns_of(workers, DECISIONS), rounds=rounds, say=say)
    return _part(turns, notes)


@contextmanager
def _peers(world: World) -> Iterator[tuple[list[Contender], list[str]]]:
    """Those whose store is on this machine, and a line for each other one."""
    around = environment("http://127.0.0.1:9")
    ours = {
        **world.asked(),
        "revoked_id": REVOKED_TOKEN_ID,
        "issuer": SETTINGS.issuer,
        "audience": SETTINGS.audience,
    }
    theirs: dict[str, Any] = {"live": "live", "revoked": "revoked"}
    peer = partial(_python, around)
    peers: list[Contender] = []
    notes: list[str] = []
    with ExitStack() as stack:
        if why := servers.missing("redis-server"):
            notes.append(f"PyJWT + redis-py, flask-jwt-extended, jose + ioredis are left out. {why}")
        else:
            at = {"redis": stack.enter_context(servers.redis())}
            peers.append(peer("PyJWT + redis-py", "pyjwt_redis", ours | at))
            peers.append(peer("flask-jwt-extended + Redis", "flask_jwt_redis", theirs | at))
            node = shutil.which("node")
            if node is None:
                notes.append("jose + ioredis is left out. There is no node: install node 20 or newer.")
            else:
                peers.append(Contender("jose + ioredis", [node, JS / "jose_ioredis.mjs"], around, ours | at))
        if why := servers.missing("postgres"):
            notes.append(f"simplejwt and fastapi-users are left out. {why}")
        else:
            at = {"postgres": stack.enter_context(servers.postgres())}
            peers.append(peer("simplejwt + Postgres", "simplejwt_postgres", theirs | at))
            peers.append(peer("fastapi-users + Postgres", "fastapi_users_postgres", theirs | at))
        yield peers, notes


def _python(around: dict[str, str], name: str, module: str, asked: dict[str, Any]) -> Contender:
    return python(name, f"peers.{module}", packages(), environment=around, asked=asked)


def _part(turns: Turns[Sample], notes: list[str]) -> Part:
    return Part(
        title="Peers: a decision by what others would use (verify, and ask whether it is revoked)",
        columns=("", "wall us", "CPU us", "wall, ours", "CPU, ours"),
        rows=beside(turns, "ours"),
        notes=notes,
        raw={name: [asdict(sample) for sample in samples] for name, samples in turns.items()},
        bars=[
            Bar(_LABELS.get(name, name), median(turns[name], wall), name.startswith("ours")) for name in turns
        ],
    )
