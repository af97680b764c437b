"""Cold starts of login, refresh and logout: a whole process until the first answer, ours and a naive one.

Each naive function is the least that does the job, of what the naive authorizer is made of: no throttling, no
limit of sessions, no detection of reuse, no KMS. Ours reads and opens its keys within the first answer.
"""

import json
import tempfile
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from typing import Any

import jwt

from bench import built
from bench.cold import Start, starter
from bench.places import ROOT, packages
from bench.recording import OPERATIONS, Recording, calls, emulated, record
from bench.results import Goal, Part
from bench.rounds import Say, median, ratio, take_turns
from bench.store.running import canned_store
from bench.world import Rows, World, environment, new_world, on_the_wire
from rescind.store.credentials import credential_item
from rescind.store.session_rows import session_item
from tests.functions.conftest import REAL
from tests.requests import Call
from tests.things import PASSWORD, SETTINGS, SIGNING_KEY, a_credential

ROUNDS = 9
_NAIVE = ROOT / "bench" / "naive"


def measure(say: Say, *, rounds: int = ROUNDS) -> Part:
    world = new_world()
    say("what each asks of AWS")
    with emulated() as endpoint:
        recordings = {name: record(world, endpoint, name) for name in OPERATIONS}
    with ExitStack() as stack, tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        naive_store = stack.enter_context(canned_store(_rows(world)))
        starters: dict[str, Callable[[], Start]] = {}
        for operation, recording in recordings.items():
            store = stack.enter_context(canned_store({}, recorded=recording.answers()))
            starters[operation] = _ours(operation, recording, store, folder)
            starters[_naive_of(operation)] = _naive(operation, world, naive_store, folder)
        turns = take_turns(starters, rounds=rounds, say=say)
    return _part(turns)


def _ours(name: str, recording: Recording, endpoint: str, folder: Path) -> Callable[[], Start]:
    path = (built.function(ROOT / "functions" / name), built.layer())
    around = environment(endpoint, prefix=recording.prefix)
    return starter(path, around, _kept(folder / name, recording.call.event))


def _naive(name: str, world: World, endpoint: str, folder: Path) -> Callable[[], Start]:
    path = (built.function(_NAIVE / name), built.function(_NAIVE / "shared"), packages())
    event = _naive_call(name, world).event
    return starter(path, environment(endpoint), _kept(folder / _naive_of(name), event))


def _kept(path: Path, event: Mapping[str, Any]) -> Path:
    path.write_text(json.dumps(event), encoding="utf-8")
    return path


def _naive_of(name: str) -> str:
    return f"{name}, naive"


def _naive_call(name: str, world: World) -> Call:
    """Ours, but for the refresh token, which is a JWT."""
    now = int(time.time())
    claims = {"sub": world.user.user_id, "sid": world.session.session_id, "iat": now, "exp": now + 3600}
    claims |= {"iss": SETTINGS.issuer, "aud": SETTINGS.audience}
    token = jwt.encode(claims, SIGNING_KEY.private_key, algorithm="ES256")
    call = calls(world)[name]
    body = json.loads(call.event["body"])
    if "refresh_token" in body:
        body["refresh_token"] = token
    return Call(name, {**call.event, "body": json.dumps(body)})


def _rows(world: World) -> Rows:
    credential = a_credential(password_hash=REAL.hash(PASSWORD))
    return on_the_wire(
        {"Credentials": [credential_item(credential)], "Sessions": [session_item(world.session)]}
    )


def _part(turns: Mapping[str, list[Start]]) -> Part:
    def wall(start: Start) -> float:
        return start.wall_ms

    ratios = {name: ratio(turns, name, _naive_of(name), wall) for name in OPERATIONS}
    rows = [
        (
            name,
            f"{median(turns[name], wall):.0f}",
            f"{median(turns[_naive_of(name)], wall):.0f}",
            f"{ratios[name]:.2f}",
            f"{median(turns[name], lambda start: start.peak_mib):.0f}",
            f"{median(turns[_naive_of(name)], lambda start: start.peak_mib):.0f}",
        )
        for name in OPERATIONS
    ]
    return Part(
        title="Cold, routes: Python starts, the function is imported and answers once",
        columns=("", "wall ms", "naive", "of naive", "peak MiB", "naive"),
        rows=rows,
        goals=[Goal(f"cold {name}, of naive", each, at_most=0.6) for name, each in ratios.items()],
        raw={name: [asdict(start) for start in each] for name, each in turns.items()},
    )
