"""Feed mode: a decision from memory, 100,000 revocations in it, beside one verification of a signature.

They are of each kind and of the last hour, read from the canned store as a new sandbox reads them; and again
what is new, each second, as in a stack with `RevocationDelaySeconds` at its least.
"""

import itertools
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict

from bench.contenders import Contender, Sample, at_work, authorizers, cpu, python, turns_of, wall
from bench.places import packages
from bench.results import Goal, Part
from bench.rounds import Say, Turns, median, ratio, take_turns
from bench.store.running import canned_store
from bench.world import REVOKED_TOKEN_ID, Rows, World, environment, new_world
from rescind.rules.revocations import Revocation, ScopeChanged, SessionEnded, TokenBlocked, TokensEnded
from rescind.store.feed import Feed

REVOCATIONS = 100_000
DECISIONS = 300
ROUNDS = 25
_KEPT_SECONDS = 3600
_FEED = {"REVOCATION_CHECK": "feed", "REVOCATION_DELAY_SECONDS": "1"}
# A function that is not through with the feed in time fails, and the next request goes on with it.
_PATIENCE = {"may_fail": 20}
_VERIFY, _DECISION, _WHOLE = "raw signature verify", "decision (token in, verdict out)", "the whole function"


def measure(say: Say, *, rounds: int = ROUNDS, revocations: int = REVOCATIONS) -> Part:
    world = new_world()
    say(f"{revocations:,} revocations")
    with (
        canned_store(world.rows | rows(revocations)) as endpoint,
        at_work(_contenders(world, endpoint)) as workers,
    ):
        cold = [f"{workers[name].first_ms:,.0f} ms" for name in (_DECISION, _WHOLE)]
        failed = workers[_WHOLE].failed
        turns = take_turns(turns_of(workers, DECISIONS), rounds=rounds, say=say)
        notes = [
            f"A new sandbox reads them all before its first decision: {cold[0]} without a deadline,",
            f"{cold[1]} with it, of which {failed} requests had to be told 503.",
        ]
    return _part(turns, revocations, notes)


def whole_function(name: str, world: World, endpoint: str) -> Contender:
    around, path = environment(endpoint) | _FEED, authorizers().ours
    return python(name, "authorizer", *path, environment=around, asked=world.asked() | _PATIENCE)


def _contenders(world: World, endpoint: str) -> list[Contender]:
    _, layer = authorizers().ours
    around = environment(endpoint) | _FEED
    return [
        python(_VERIFY, "verify", packages(), environment=around, asked={"live": world.live}),
        python(_DECISION, "authenticate", layer, environment=around, asked=world.asked() | _PATIENCE),
        whole_function(_WHOLE, world, endpoint),
    ]


def rows(number: int) -> Rows:
    """One of them is of the token that is revoked; all are spread over the last hour."""
    feed = Feed(None, table="Revocations", copies=1)
    now = int(time.time())
    kinds: Iterator[Callable[[str], Revocation]] = itertools.cycle(
        [
            lambda name: TokenBlocked(f"tok_{name}", now + _KEPT_SECONDS),
            lambda name: SessionEnded(f"usr_{name}", f"ses_{name}"),
            lambda name: TokensEnded(f"usr_{name}", 2, now),
            lambda name: ScopeChanged(f"usr_{name}", "orders:read", 2),
        ]
    )
    made: list[tuple[Revocation, int]] = [(TokenBlocked(REVOKED_TOKEN_ID, now + _KEPT_SECONDS), now - 1)]
    made += [
        (next(kinds)(f"{each:021d}A"), now - each * _KEPT_SECONDS // number) for each in range(1, number)
    ]
    items = [put["Put"]["Item"] for event, at in made for put in feed.puts(event, now=at)]
    return {"Revocations": items}


def _part(turns: Turns[Sample], revocations: int, notes: list[str]) -> Part:
    rows = [
        (
            name,
            f"{median(samples, wall):,.0f}",
            f"{median(samples, cpu):,.0f}",
            f"{ratio(turns, name, _VERIFY, wall):.2f}",
        )
        for name, samples in turns.items()
    ]
    return Part(
        title=f"Feed mode, {revocations:,} revocations in memory",
        columns=("", "wall us", "CPU us", "of verify"),
        rows=rows,
        goals=[Goal("feed, of raw signature verify", ratio(turns, _DECISION, _VERIFY, wall), at_most=1.4)],
        notes=notes,
        raw={name: [asdict(sample) for sample in samples] for name, samples in turns.items()},
    )
