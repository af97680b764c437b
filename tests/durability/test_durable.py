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

from rescind_local.deploy.emulator import running_emulator
from tests import requests
from tests.deployment import deployed
from tests.durability.journal import Journal, running_journal, write_again
from tests.endings import ENDINGS, Ending, Ends
from tests.people import Person
from tests.requests import Answer
from tests.sandbox import Sandbox
from tests.service import Service, accepts, hash_cheaply, log_in, refreshes
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


@dataclass(frozen=True)
class Crash:
    """What somebody finds who asks a new sandbox, which has the store that came after."""

    ended: Ended
    alive_in_a_forgetful_store: bool
    """Of one that forgets what the answer relied on: whether the access token is back to life."""
    back_to_life: list[str]
    """Of what was ended."""
    lost: list[str]
    """Of what was not ended, and of what the answer gave."""
    login: int
    """What a login of the person is answered."""


@pytest.fixture(scope="module")
def crashes(ministack: str) -> Iterator[dict[str, Crash]]:
    """By the name of the ending, in whose order the store that came after learns of them."""
    with (
        pytest.MonkeyPatch.context() as monkeypatch,
        running_emulator() as store,
        running_emulator() as another,
        running_journal(store.endpoint) as journal,
        deployed(journal.endpoint, kms=ministack) as deployment,
    ):
        hash_cheaply(monkeypatch)
        service = Service(deployment.stores)
        sandbox = service.sandbox()
        sandbox.ask(requests.tend_keys())
        bystander = log_in(sandbox, service.new_person())

        ended = {name: end(ending, service, sandbox, journal) for name, ending in ENDINGS.items()}

        os.kill(store.pid, signal.SIGKILL)
        os.waitid(os.P_PID, store.pid, os.WEXITED | os.WNOWAIT)
        another.wait()
        sandbox = service.sandbox(environment={"AWS_ENDPOINT_URL": another.endpoint})
        found = {}
        restored = 0
        for name, each in ended.items():
            write_again(journal.writes[restored : each.before], another.endpoint)
            forgetful = accepts(sandbox, each.here)
            write_again(journal.writes[each.before : each.answered], another.endpoint)
            restored = each.answered
            found[name] = look_at(each, sandbox, bystander, alive_in_a_forgetful_store=forgetful)
        yield found


def end(ending: Ending, service: Service, sandbox: Sandbox, journal: Journal) -> Ended:
    who = service.new_person()
    here, there = log_in(sandbox, who), log_in(sandbox, who)
    before = len(journal.writes)
    answer = sandbox.ask(ending.call(who, here, there))
    answered, reached = len(journal.writes), journal.requests
    time.sleep(_A_MOMENT_SECONDS)
    return Ended(ending, who, here, there, answer, before, answered, journal.requests - reached)


def look_at(ended: Ended, sandbox: Sandbox, bystander: Answer, *, alive_in_a_forgetful_store: bool) -> Crash:
    back_to_life = list(what_is_back(ended, sandbox))
    lost = list(what_is_lost(ended, sandbox, bystander))
    login = sandbox.ask(requests.log_in(ended.who, ended.ending.password or PASSWORD)).status
    return Crash(ended, alive_in_a_forgetful_store, back_to_life, lost, login)


def what_is_back(ended: Ended, sandbox: Sandbox) -> Iterator[str]:
    dead = {"here": ended.here}
    if ended.ending.ends is Ends.EVERYTHING:
        dead["there"] = ended.there
    for where, tokens in dead.items():
        if accepts(sandbox, tokens):
            yield f"the access token from {where}"
        if ended.ending.ends is not Ends.TOKEN and refreshes(sandbox, tokens):
            yield f"the session from {where}"


def what_is_lost(ended: Ended, sandbox: Sandbox, bystander: Answer) -> Iterator[str]:
    alive = {"of the bystander": bystander}
    match ended.ending.ends:
        case Ends.TOKEN:
            alive["from there"] = ended.there
            if not refreshes(sandbox, ended.here):
                yield "the session from here"
        case Ends.SESSION:
            alive["from there"] = ended.there
        case Ends.EVERYTHING if "access_token" in ended.answer.body:
            alive["that was answered"] = ended.answer
        case Ends.EVERYTHING:
            pass
    for whose, tokens in alive.items():
        if not accepts(sandbox, tokens):
            yield f"the access token {whose}"
        # What is used once is not good for the next who asks.
        if tokens is not bystander and not refreshes(sandbox, tokens):
            yield f"the session {whose}"


@pytest.mark.ministack
@pytest.mark.parametrize("name", ENDINGS)
def test_what_was_answered_holds_though_the_store_and_the_sandbox_are_killed_right_after(
    crashes: dict[str, Crash], name: str
) -> None:
    crash = crashes[name]

    assert crash.ended.answer.status == 200
    assert crash.back_to_life == []
    assert crash.lost == []
    assert crash.login == (200 if crash.ended.ending.password else 401)


@pytest.mark.ministack
@pytest.mark.parametrize("name", ENDINGS)
def test_a_store_that_forgets_what_an_answer_relied_on_would_be_found(
    crashes: dict[str, Crash], name: str
) -> None:
    assert crashes[name].alive_in_a_forgetful_store


@pytest.mark.ministack
def test_a_journal_that_forgets_no_more_than_the_last_answer_is_found_above(
    crashes: dict[str, Crash],
) -> None:
    # What is left out there at first is one write, but for a bearer's two and a password change's.
    writes = {name: crash.ended.answered - crash.ended.before for name, crash in crashes.items()}

    assert {name for name, number in writes.items() if number != 1} == {
        "logout-by-bearer",
        "logout-everywhere",
        "password-changed",
    }


@pytest.mark.ministack
@pytest.mark.parametrize("name", ENDINGS)
def test_nothing_reaches_the_store_behind_an_answer(crashes: dict[str, Crash], name: str) -> None:
    ended = crashes[name].ended

    assert ended.answered > ended.before, "it was answered without a write"
    assert ended.behind == 0
