"""Who was told that a token is dead may rely on it, though the store and the sandbox are killed right after.

The store is a ministack, which is killed with SIGKILL. Another one is given what had been answered when the
function answered, and nothing that came later: neither a write that was still to be made, nor one whose
answer nobody has seen. KMS is a third one, which lives on: what it has encrypted no other could open.
"""

import os
import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from rescind import aws
from rescind_local.deploy.emulator import running_emulator
from tests.faults.endings import ENDINGS, Ending, Ends
from tests.faults.journal import Journal, Write, running_journal, write_again
from tests.faults.sandbox import Sandbox
from tests.faults.service import Service, accepts, hash_cheaply, log_in, refreshes
from tests.functions.conftest import recorded, set_environment
from tests.races import calls
from tests.races.calls import Person
from tests.races.sandboxes import Answer, Call
from tests.tables import create_tables, stores_on
from tests.test_layering import FUNCTIONS, MODULES, has, imports
from tests.things import PASSWORD

# Long enough for a thread to write, were there one.
_A_MOMENT_SECONDS = 0.02


@dataclass(frozen=True)
class Ended:
    """Something that was ended, before the store was killed."""

    ending: Ending
    who: Person
    here: Answer
    there: Answer
    answer: Answer
    before: int
    """How many writes had been answered before it began."""
    answered: int
    """How many, when it was answered itself."""
    behind: int
    """How many requests reached the store after that."""


@dataclass
class Crash:
    ended: dict[str, Ended]
    bystander: Answer
    sandbox: Sandbox
    """A new one, which has the store that came after."""
    writes: list[Write]
    store: str
    restored: int = 0

    def restore(self, answered: int) -> None:
        """As if the store had been killed when so many writes were answered."""
        write_again(self.writes[self.restored : answered], self.store)
        self.restored = max(self.restored, answered)


@pytest.fixture(scope="module")
def crash(ministack: str) -> Iterator[Crash]:
    with (
        pytest.MonkeyPatch.context() as environment,
        running_emulator() as store,
        running_emulator() as another,
        running_journal(store.endpoint) as journal,
    ):
        hash_cheaply(environment)
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            environment.setenv(name, "testing")
        environment.setenv("AWS_DEFAULT_REGION", "us-east-1")
        environment.setenv("AWS_ENDPOINT_URL_KMS", ministack)
        environment.setenv("AWS_ENDPOINT_URL_DYNAMODB", journal.endpoint)
        set_environment(environment, aws.client("kms").create_key()["KeyMetadata"]["KeyId"])
        dynamodb = aws.client("dynamodb")
        create_tables(dynamodb)
        service = Service(stores_on(dynamodb))
        sandbox = service.sandbox()
        sandbox.ask(Call("keys", recorded("keys")))
        bystander = log_in(sandbox, service.new_person())

        ended = {name: end(ending, service, sandbox, journal) for name, ending in ENDINGS.items()}

        os.kill(store.pid, signal.SIGKILL)
        os.waitid(os.P_PID, store.pid, os.WEXITED | os.WNOWAIT)
        another.wait()
        sandbox = service.sandbox(environment={"AWS_ENDPOINT_URL_DYNAMODB": another.endpoint})
        yield Crash(ended, bystander, sandbox, journal.writes, another.endpoint)


def end(ending: Ending, service: Service, sandbox: Sandbox, journal: Journal) -> Ended:
    who = service.new_person()
    here, there = log_in(sandbox, who), log_in(sandbox, who)
    before = len(journal.writes)
    answer = sandbox.ask(ending.call(who, here, there))
    answered, requests = len(journal.writes), journal.requests
    time.sleep(_A_MOMENT_SECONDS)
    return Ended(ending, who, here, there, answer, before, answered, journal.requests - requests)


@pytest.mark.ministack
@pytest.mark.parametrize("name", ENDINGS)
def test_what_was_answered_holds_though_the_store_and_the_sandbox_are_killed_right_after(
    crash: Crash, name: str
) -> None:
    ended = crash.ended[name]
    assert ended.answer.status == 200
    # A store that forgets what this answer relied on would be found.
    crash.restore(ended.before)
    with pytest.raises(AssertionError, match="back to life"):
        check_dead(ended, crash.sandbox)

    crash.restore(ended.answered)

    check_dead(ended, crash.sandbox)
    check_alive(ended, crash.sandbox)
    assert accepts(crash.sandbox, crash.bystander)


def check_dead(ended: Ended, sandbox: Sandbox) -> None:
    everything = ended.ending.ends is Ends.EVERYTHING
    for tokens in [ended.here, ended.there] if everything else [ended.here]:
        assert not accepts(sandbox, tokens), "an access token is back to life"
        assert ended.ending.ends is Ends.TOKEN or not refreshes(sandbox, tokens), "a session is back to life"


def check_alive(ended: Ended, sandbox: Sandbox) -> None:
    """What was not ended, and what the answer gave."""
    match ended.ending.ends:
        case Ends.TOKEN:
            assert refreshes(sandbox, ended.here)
            assert accepts(sandbox, ended.there)
        case Ends.SESSION:
            assert accepts(sandbox, ended.there)
            assert refreshes(sandbox, ended.there)
        case Ends.EVERYTHING:
            new = [ended.answer] if "access_token" in ended.answer.body else []
            assert all(accepts(sandbox, tokens) and refreshes(sandbox, tokens) for tokens in new)
    password = ended.ending.password
    logged_in = sandbox.ask(calls.log_in(ended.who, password or PASSWORD)).status
    assert logged_in == (200 if password else 401)


@pytest.mark.ministack
def test_a_journal_that_forgets_no_more_than_the_last_answer_is_found_above(crash: Crash) -> None:
    # What is left out there at first is one write, but for a bearer's two and a password change's.
    writes = {name: ended.answered - ended.before for name, ended in crash.ended.items()}

    assert {name for name, number in writes.items() if number != 1} == {
        "logout-by-bearer",
        "logout-everywhere",
        "password-changed",
    }


@pytest.mark.ministack
@pytest.mark.parametrize("name", ENDINGS)
def test_nothing_reaches_the_store_behind_an_answer(crash: Crash, name: str) -> None:
    ended = crash.ended[name]

    assert ended.answered > ended.before, "it was answered without a write"
    assert ended.behind == 0


# What could go on when a function has answered, or when it ends.
BEHIND = {
    "threading",
    "_thread",
    "concurrent",
    "multiprocessing",
    "asyncio",
    "subprocess",
    "atexit",
    "signal",
}


@pytest.mark.parametrize("module", [*MODULES, *FUNCTIONS])
def test_no_function_has_the_means_to_go_on_behind_its_answer(module: str) -> None:
    path = (MODULES | FUNCTIONS)[module]

    assert {each for each in imports(path) if has(each, BEHIND)} == set()
