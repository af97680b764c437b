"""Login, refresh, logout, warm, and their floors: the same calls and cryptography, with nothing around them.

What a request asks of AWS is recorded on ministack and replayed by the canned store; capacity units follow
from the rows of the recording, by DynamoDB's rules.
"""

from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import asdict
from typing import Any

from bench import built
from bench.contenders import Contender, Sample, at_work, cpu, python, turns_of, wall
from bench.places import ROOT, packages
from bench.recording import OPERATIONS, Recording, emulated, record
from bench.results import Part
from bench.rounds import Say, Turns, median, ratio, take_turns
from bench.store.running import canned_store
from bench.world import World, environment, new_world
from tests.functions.conftest import REAL
from tests.things import PASSWORD

REQUESTS = 20
ROUNDS = 15
# What each computes, whoever writes it.
_WORK: Mapping[str, Mapping[str, Any]] = {
    "login": {"password_hash": REAL.hash(PASSWORD), "password": PASSWORD, "signatures": 1, "macs": 1},
    "refresh": {"signatures": 1, "macs": 2},
    "logout": {"signatures": 0, "macs": 1},
}


def measure(say: Say, *, rounds: int = ROUNDS) -> Part:
    world = new_world()
    say("what each asks of AWS")
    with emulated() as endpoint:
        recordings = {name: record(world, endpoint, name) for name in OPERATIONS}
    with ExitStack() as stack:
        pairs: list[Contender] = []
        for name, recording in recordings.items():
            store = stack.enter_context(canned_store({}, recorded=recording.answers()))
            floors = stack.enter_context(canned_store({}, recorded=recording.answers()))
            pairs += [_ours(name, recording, store), _floor(name, recording, floors, world)]
        workers = stack.enter_context(at_work(pairs))
        turns = take_turns(turns_of(workers, REQUESTS), rounds=rounds, say=say)
    return _part(turns, recordings)


def _ours(name: str, recording: Recording, endpoint: str) -> Contender:
    path = (built.function(ROOT / "functions" / name), built.layer())
    around = environment(endpoint, prefix=recording.prefix)
    return python(name, "operation", *path, environment=around, asked={"live": recording.call.event})


def _floor(name: str, recording: Recording, endpoint: str, world: World) -> Contender:
    asked = {
        "live": None,
        "calls": [(each.operation, each.asked) for each in recording.warm],
        "work": _WORK[name],
        "signed": world.live.rpartition(".")[0],
    }
    around = environment(endpoint, prefix=recording.prefix)
    return python(_floor_of(name), "operation_floor", packages(), environment=around, asked=asked)


def _floor_of(name: str) -> str:
    return f"{name}, floor"


def _part(turns: Turns[Sample], recordings: Mapping[str, Recording]) -> Part:
    rows = [
        (
            name,
            f"{median(turns[name], wall):,.0f}",
            f"{median(turns[_floor_of(name)], wall):,.0f}",
            f"{ratio(turns, name, _floor_of(name), wall):.2f}",
            f"{median(turns[name], cpu):,.0f}",
            f"{median(turns[_floor_of(name)], cpu):,.0f}",
            str(len(recording.warm)),
            str(recording.units.reads.total()),
            str(recording.units.writes.total()),
        )
        for name, recording in recordings.items()
    ]
    return Part(
        title="Operations: a request, warm, and the same calls and cryptography with nothing around them",
        columns=("", "wall us", "floor", "floors", "CPU us", "floor", "round trips", "reads", "writes"),
        rows=rows,
        notes=[
            "Reads and writes are DynamoDB's capacity units. A login hashes a password: 20 ms of its time."
        ],
        raw={name: [asdict(sample) for sample in samples] for name, samples in turns.items()},
    )
