"""Growth: what a decision takes with 10^2 to 10^6 blocked tokens and users, and a login with many sessions.

The tables are ministack's, which holds them in memory: what is shown is that nothing of ours reads more when
there is more. That DynamoDB finds a row as fast among many is Amazon's to promise. Cost is in capacity units.
"""

from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import asdict

import boto3

from bench import built, contenders
from bench.contenders import Contender, Sample, at_work, python, turns_of
from bench.places import ROOT
from bench.recording import Recording, record
from bench.results import Part
from bench.rounds import Say, Turns, median, ratio, take_turns
from bench.store.filled import emulated, fill, put
from bench.store.running import canned_store
from bench.world import SECRETS, World, environment, new_world
from tests.tables import create_tables

POWERS = (2, 3, 4, 5, 6)
SESSIONS = (2, 5, 20, 99)
"""Of one user, before the login; settings allow no more than 100."""
DECISIONS = 40
LOGINS = 5
"""In one turn; a password takes its time."""
ROUNDS = 15


def measure(say: Say, *, rounds: int = ROUNDS, powers: tuple[int, ...] = POWERS) -> Part:
    world = new_world()
    with emulated() as endpoint, ExitStack() as stack:
        say("what each asks of AWS")
        reads = record(world, endpoint, "authorizer").units.reads.total()
        recordings = {number: record(world, endpoint, "login", sessions=number) for number in SESSIONS}
        decisions = [_decisions(world, endpoint, power, say) for power in powers]
        logins = [
            _logins(number, each, stack.enter_context(canned_store({}, recorded=each.answers())))
            for number, each in recordings.items()
        ]
        deciding = turns_of(stack.enter_context(at_work(decisions)), DECISIONS)
        logging_in = turns_of(stack.enter_context(at_work(logins)), LOGINS)
        turns = take_turns({**deciding, **logging_in}, rounds=rounds, say=say)
    return _part(turns, powers, reads, recordings)


def _decisions(world: World, endpoint: str, power: int, say: Say) -> Contender:
    """On tables of its own, with so many blocked tokens and users beside those that are asked for."""
    prefix = f"of-{power}-"
    around = environment(endpoint, prefix=prefix)
    client = boto3.client("dynamodb", endpoint_url=endpoint, region_name=around["AWS_REGION"], **SECRETS)
    create_tables(client, prefix=prefix)
    client.close()
    for table, rows in world.rows.items():
        put(endpoint, table=prefix + table, rows=rows)
    for table in ("Blocklist", "Users"):
        say(f"10^{power} rows: {table}")
        fill(endpoint, table=prefix + table, rows=10**power)
    return python(
        _among(power), "authorizer", *contenders.authorizers().ours, environment=around, asked=world.asked()
    )


def _logins(number: int, recording: Recording, endpoint: str) -> Contender:
    path = (built.function(ROOT / "functions" / "login"), built.layer())
    around = environment(endpoint, prefix=recording.prefix) | {"MAX_SESSIONS_PER_USER": "100"}
    return python(_with(number), "operation", *path, environment=around, asked={"live": recording.call.event})


def _among(power: int) -> str:
    return f"decision, 10^{power} blocked tokens and users"


def _with(number: int) -> str:
    return f"login, {number} sessions of the user"


def _part(
    turns: Turns[Sample], powers: tuple[int, ...], reads: int, recordings: Mapping[int, Recording]
) -> Part:
    def wall(sample: Sample) -> float:
        return sample.wall_us

    first, alone = _among(powers[0]), _with(SESSIONS[0])
    rows = [
        (
            _among(power),
            f"{median(turns[_among(power)], wall):,.0f}",
            f"{ratio(turns, _among(power), first, wall):.2f}",
            str(reads),
            "0",
        )
        for power in powers
    ]
    rows += [
        (
            _with(number),
            f"{median(turns[_with(number)], wall):,.0f}",
            f"{ratio(turns, _with(number), alone, wall):.2f}",
            str(recording.units.reads.total()),
            str(recording.units.writes.total()),
        )
        for number, recording in recordings.items()
    ]
    return Part(
        title="Growth: ratios to the smallest of each",
        columns=("", "wall us", "ratio", "reads", "writes"),
        rows=rows,
        notes=["Reads and writes are DynamoDB's capacity units, of the rows that are read and written."],
        raw={name: [asdict(sample) for sample in samples] for name, samples in turns.items()},
    )
