"""Warm: one decision after the other, the store on loopback: ours, a naive authorizer, the physical floor.

Each is a process that has decided before. Wall is what a caller waits for; CPU is what the process
itself computes.
"""

from collections.abc import Sequence
from dataclasses import asdict

from bench.contenders import Contender, Sample, at_work, authorizers, beside, python, turns_of, wall
from bench.results import Goal, Part
from bench.rounds import Say, Turns, ratio, take_turns
from bench.store.running import canned_store
from bench.world import World, environment, new_world

DECISIONS = 150
"""In one turn."""
ROUNDS = 25


def measure(say: Say, *, rounds: int = ROUNDS) -> Part:
    world = new_world()
    with canned_store(world.rows) as endpoint, at_work(contenders(world, endpoint)) as workers:
        turns = take_turns(turns_of(workers, DECISIONS), rounds=rounds, say=say)
    return part(turns)


def contenders(world: World, endpoint: str) -> Sequence[Contender]:
    paths, asked = authorizers(), world.asked()
    around = environment(endpoint)
    return [
        python(name, "authorizer", *path, environment=around, asked=asked)
        for name, path in {"ours": paths.ours, "naive": paths.naive, "floor": paths.floor}.items()
    ]


def part(turns: Turns[Sample]) -> Part:
    return Part(
        title="Warm: a decision, one strongly consistent read (strict mode)",
        columns=("", "wall us", "CPU us", "wall, floors", "CPU, floors"),
        rows=beside(turns, "floor"),
        goals=[
            Goal("strict, of the I/O floor", ratio(turns, "ours", "floor", wall), at_most=2.0),
            Goal("naive, of strict", ratio(turns, "naive", "ours", wall), at_least=6.0),
        ],
        raw={name: [asdict(sample) for sample in samples] for name, samples in turns.items()},
    )
