"""Each call of an exchange, and of a logout at the issuer, fails in turn: see test_failing_store."""

from typing import Any

import pytest

from rescind.flows.backchannel import Ended
from rescind.flows.issue import Refused, Tokens
from rescind.reasons import Reason
from rescind.rules.trusted_issuers import external_username
from rescind.unavailable import UnavailableError
from tests.flows.test_failing_store import (
    Act,
    Faults,
    Line,
    Scene,
    _no_time_for_argon2,
    a_scene,
    every_fault,
    outcome_of,
)
from tests.issuers import SUBJECT
from tests.model.world import ISSUER, World
from tests.things import NOW

__all__ = ["_no_time_for_argon2"]

TOKEN, ANOTHER, THIRD = (
    ISSUER.id_token(now=NOW - 60, jti=f"token-{each}", groups=["readers"]) for each in range(3)
)
MESSAGES = {
    "login": ISSUER.logout_token(now=NOW - 1, sub=None),
    "login-and-user": ISSUER.logout_token(now=NOW - 1),
    "user": ISSUER.logout_token(now=NOW - 1, sid=None),
}


@pytest.fixture
def scene() -> Scene:
    return a_scene()


def exchange(world: World, scene: Scene) -> Any:
    del scene
    return world.exchange(TOKEN, now=NOW)


def been_here_before(scene: Scene) -> None:
    assert isinstance(scene.world.exchange(ANOTHER, now=NOW), Tokens)


def live_of_the_subject(scene: Scene) -> set[str]:
    username = external_username(ISSUER.name, SUBJECT)
    users = {user.user_id for user in scene.world.tables.users.values() if user.username == username}
    assert len(users) <= 1
    rows = scene.world.tables.sessions.values()
    return {row.session_id for row in rows if row.user_id in users and row.revoked_at is None}


def is_exchanged_once(scene: Scene, act: Act, faults: Faults) -> None:
    before = live_of_the_subject(scene)
    line = Line(faults)

    first = outcome_of(act, scene, line)
    left = live_of_the_subject(scene) - before
    retried = act(scene.world, scene)

    if isinstance(first, Tokens):
        # Nothing is handed out for a session that is not there, and nothing is there besides.
        assert left == {first.session_id}
        assert scene.good(first)
        assert retried == Refused(Reason.REPLAYED, first.user_id)
        return
    assert isinstance(first, UnavailableError)
    # It leaves no session that nobody holds, unless ending it failed, too.
    assert not left or "end" in {line.calls[at] for at in faults}
    assert isinstance(retried, Tokens) or retried.reason is Reason.REPLAYED
    assert live_of_the_subject(scene) - before - left == (
        {retried.session_id} if isinstance(retried, Tokens) else set()
    )
    # Whose token is spent gets in by the next one.
    afterwards = scene.world.exchange(THIRD, now=NOW + 1)
    assert isinstance(afterwards, Tokens)
    assert scene.good(afterwards)


@every_fault(exchange)
def test_an_exchange_that_failed_is_there_as_a_whole_or_not_at_all(
    scene: Scene, act: Act, faults: Faults
) -> None:
    is_exchanged_once(scene, act, faults)


@every_fault(exchange, after=been_here_before)
def test_an_exchange_of_somebody_known_that_failed_is_there_as_a_whole_or_not_at_all(
    scene: Scene, act: Act, faults: Faults
) -> None:
    been_here_before(scene)

    is_exchanged_once(scene, act, faults)


def log_out_there(world: World, scene: Scene) -> Any:
    del scene
    return world.log_out_there(MESSAGES["login"], now=NOW)


def log_out_there_by_both(world: World, scene: Scene) -> Any:
    del scene
    return world.log_out_there(MESSAGES["login-and-user"], now=NOW)


def log_out_there_everywhere(world: World, scene: Scene) -> Any:
    del scene
    return world.log_out_there(MESSAGES["user"], now=NOW)


@every_fault(log_out_there, log_out_there_by_both, log_out_there_everywhere, after=been_here_before)
def test_a_logout_at_the_issuer_that_failed_is_repeated(scene: Scene, act: Act, faults: Faults) -> None:
    been_here_before(scene)

    first = outcome_of(act, scene, Line(faults))
    left = live_of_the_subject(scene)
    retried = act(scene.world, scene)

    assert not left or isinstance(first, UnavailableError)
    assert isinstance(retried, Ended)
    assert live_of_the_subject(scene) == set()
    assert isinstance(scene.world.exchange(TOKEN, now=NOW + 1), Refused)
    assert scene.good(scene.laptop)
