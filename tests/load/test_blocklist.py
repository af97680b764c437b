"""A blocklist of a million entries makes the authorizer no slower than an empty one, and is heeded."""

import os
import secrets
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

import boto3
import jwt
import pytest

from rescind.web.authorizer import UnauthorizedError
from rescind_local.deploy.emulator import running_emulator
from tests.deployment import Deployment, deployed
from tests.functions.conftest import REAL, Stack, forget_wiring, recorded
from tests.things import PASSWORD, a_credential, a_user

pytestmark = [pytest.mark.ministack, pytest.mark.soak]

ENTRIES = 1_000_000
MEASURED = 4_000
AT_ONCE = 50
# Of medians inside one run, the deployments taking turns: what is left is the machine's noise.
LARGEST_RATIO = 1.10
_BATCH = 25
_SAID_EVERY = 50_000


@dataclass(frozen=True)
class Measured:
    deployment: Deployment
    stack: Stack

    @contextmanager
    def at_work(self) -> Iterator[None]:
        """The functions are this deployment's, in sandboxes that have not been asked yet."""
        with pytest.MonkeyPatch.context() as process:
            for name, value in self.deployment.environment.items():
                process.setenv(name, value)
            forget_wiring(but={"dynamodb", "kms"})
            yield

    def log_in(self) -> str:
        return str(self.stack.log_in()["access_token"])

    def allows(self, access_token: str) -> bool:
        try:
            self.stack.invoke("authorizer", _asks(access_token))
        except UnauthorizedError:
            return False
        return True


@pytest.fixture
def own_ministack(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A million entries are nobody else's business."""
    with running_emulator() as running:
        running.wait()
        monkeypatch.setenv("AWS_ENDPOINT_URL", running.endpoint)
        forget_wiring()
        yield running.endpoint
    forget_wiring()


@pytest.fixture
def deploy(own_ministack: str) -> Iterator[Callable[[], Measured]]:
    password_hash = REAL.hash(PASSWORD)
    with ExitStack() as deployments:

        def deploy() -> Measured:
            deployment = deployments.enter_context(deployed(own_ministack))
            made = Measured(deployment, Stack(deployment.stores))
            with made.at_work():
                made.stack.invoke("keys", {"source": "aws.events"})
            made.stack.stores.accounts.create(
                a_user(logged_out_at=0), a_credential(password_hash=password_hash)
            )
            return made

        yield deploy


def test_a_million_entries_make_the_authorizer_no_slower(
    deploy: Callable[[], Measured], capsys: pytest.CaptureFixture[str]
) -> None:
    empty, full = deploy(), deploy()
    with full.at_work():
        blocked, free = full.log_in(), full.log_in()
    with empty.at_work():
        of_the_empty = empty.log_in()

    def say(line: str) -> None:
        with capsys.disabled():
            print(line, flush=True)  # noqa: T201 - it takes minutes

    begun = time.monotonic()
    _fill(f"{full.deployment.prefix}Blocklist", _token_id(blocked), say)
    say(f"{ENTRIES:,} entries were written in {time.monotonic() - begun:.0f} s")

    of_empty: list[float] = []
    of_full: list[float] = []
    turns = [(empty, of_the_empty, of_empty), (full, free, of_full)]
    for turn in range(MEASURED // AT_ONCE):
        for measured, token, seconds in turns if turn % 2 else reversed(turns):
            with measured.at_work():
                assert measured.allows(token)  # It reads its keys, and is warm.
                seconds.extend(_measured(measured.stack, token))
    say(_compared(of_empty, of_full))

    with full.at_work():
        assert full.allows(free)
        assert not full.allows(blocked)
    assert statistics.median(of_full) < LARGEST_RATIO * statistics.median(of_empty)
    assert _percentile_90(of_full) < 1.25 * _percentile_90(of_empty)


def _measured(stack: Stack, access_token: str) -> list[float]:
    asks = _asks(access_token)
    seconds = []
    for _ in range(AT_ONCE):
        begun = time.perf_counter()
        answer = stack.invoke("authorizer", asks)
        seconds.append(time.perf_counter() - begun)
        assert answer["policyDocument"]["Statement"][0]["Effect"] == "Allow"
    return seconds


def _fill(table: str, one: str, say: Callable[[str], None]) -> None:
    """One entry is of this token, the others are of tokens that nobody holds."""
    # A client of its own: the functions' gives up after a second.
    dynamodb = boto3.client("dynamodb", endpoint_url=os.environ["AWS_ENDPOINT_URL"])
    until = str(int(time.time()) + 4000)
    names = [one, *(f"tok_{secrets.token_urlsafe(15)}xA" for _ in range(ENTRIES - 1))]

    def write(begin: int) -> None:
        rows = [{"PutRequest": {"Item": _entry(name, until)}} for name in names[begin : begin + _BATCH]]
        left = dynamodb.batch_write_item(RequestItems={table: rows})["UnprocessedItems"]
        assert not left

    with ThreadPoolExecutor(4) as pool:
        for begin in range(0, ENTRIES, _SAID_EVERY):
            list(pool.map(write, range(begin, begin + _SAID_EVERY, _BATCH)))
            say(f"{begin + _SAID_EVERY:,} entries")
    dynamodb.close()


def _entry(token_id: str, until: str) -> dict[str, Any]:
    return {
        "jti": {"S": token_id},
        "user_id": {"S": "usr_" + "u" * 21 + "A"},
        "reason": {"S": "logout"},
        "blocked_at": {"N": until},
        "ttl": {"N": until},
    }


def _compared(of_empty: Sequence[float], of_full: Sequence[float]) -> str:
    lines = [f"{'authorizer, in ms':<28}{'none':>10}{ENTRIES:>12,}{'ratio':>8}"]
    for name, figure in (("median", statistics.median), ("90th percentile", _percentile_90)):
        none, million = figure(of_empty) * 1000, figure(of_full) * 1000
        lines.append(f"{name:<28}{none:>10.2f}{million:>12.2f}{million / none:>8.3f}")
    return "\n".join(lines)


def _percentile_90(seconds: Sequence[float]) -> float:
    return statistics.quantiles(seconds, n=10)[-1]


def _token_id(access_token: str) -> str:
    return str(jwt.decode(access_token, options={"verify_signature": False})["jti"])


def _asks(access_token: str) -> dict[str, Any]:
    return recorded("authorizer-rest-request", headers={"Authorization": f"Bearer {access_token}"})
