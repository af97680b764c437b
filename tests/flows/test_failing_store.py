"""Each call of a flow to a store or to the keys fails in turn; then the client, told 503, tries once more.

The calls are found by letting each flow run. One fails before or after it took effect, and then perhaps the
one by which the flow finds out which it was. Or the SDK sends one twice, and the first copy counted.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Any

import pytest

from rescind.flows.issue import Refused, Tokens
from rescind.flows.logout import LoggedOut
from rescind.flows.refresh import Replayed, Rotated, SessionEnded
from rescind.model import Lost, User
from rescind.rules.refresh_tokens import unverified_refresh_token
from rescind.unavailable import UnavailableError
from rescind.verdict import Refuse
from tests.model.world import World, cheap_passwords
from tests.things import NEW_PASSWORD, NOW, PASSWORD, SETTINGS

LIMIT = 3


class Fault(Enum):
    BEFORE = "fails"
    AFTER = "loses-its-answer"
    TWICE = "is-sent-twice"


Faults = dict[int, Fault]
"""Which of a request's calls go wrong."""


@dataclass
class Line:
    """What all calls of a request go over. It counts them, and those at the planned places go wrong."""

    faults: Faults = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)

    def through(self, store: Any) -> Any:
        return OnTheLine(store, self)

    def send(self, name: str, call: Callable[[], Any]) -> Any:
        self.calls.append(name)
        fault = self.faults.get(len(self.calls) - 1)
        if fault is Fault.BEFORE:
            raise UnavailableError("the call failed")
        answer = call()
        if fault is Fault.AFTER:
            raise UnavailableError("the answer was lost")
        if fault is Fault.TWICE:
            # The stores know a condition that failed in a repeat: some tell, some take it for a success.
            again = call()
            return replace(again, repeated=True) if isinstance(again, Lost) else answer
        return answer


class OnTheLine:
    def __init__(self, store: Any, line: Line) -> None:
        self._store = store
        self._line = line

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._store, name)
        return lambda *args, **kwargs: self._line.send(name, lambda: method(*args, **kwargs))


@dataclass
class Scene:
    """A user with sessions on two devices, and the world they live in. The laptop is the one that acts."""

    world: World
    user_id: str
    laptop: Tokens
    phone: Tokens

    def over(self, line: Line) -> World:
        return replace(self.world, through=line.through)

    def row(self, tokens: Tokens) -> Any:
        return self.world.tables.sessions[tokens.user_id, tokens.session_id]

    def good(self, tokens: Tokens, *, now: int = NOW) -> bool:
        """Whether both tokens are; they stand and fall together, but for a refresh token that was used."""
        allowed = self.world.allows(tokens.access_token, now=now)
        refreshed = self.world.would_refresh(tokens.refresh_token, now=now)
        assert allowed == isinstance(refreshed, Rotated | Replayed)
        return allowed

    def live(self) -> set[str]:
        version = self.world.tables.users[self.user_id].token_version
        rows = self.world.tables.sessions.values()
        return {row.session_id for row in rows if row.revoked_at is None and row.version == version}


def a_scene() -> Scene:
    world = World(replace(SETTINGS, max_sessions_per_user=LIMIT))
    user_id = world.sign_up("ada", PASSWORD)
    return Scene(world, user_id, logged_in(world), logged_in(world))


def logged_in(world: World, password: str = PASSWORD) -> Tokens:
    tokens = world.log_in("ada", password, now=NOW)
    assert isinstance(tokens, Tokens)
    return tokens


@pytest.fixture(autouse=True)
def _no_time_for_argon2() -> Iterator[None]:
    with cheap_passwords():
        yield


@pytest.fixture
def scene() -> Scene:
    return a_scene()


Act = Callable[[World, Scene], Any]


def outcome_of(act: Act, scene: Scene, line: Line) -> Any:
    """What the client is told; an `UnavailableError` is a 503."""
    try:
        return act(scene.over(line), scene)
    except UnavailableError as error:
        # That the SDK had to send a call twice is nobody's failure.
        assert set(line.faults.values()) != {Fault.TWICE}
        return error


def as_it_is(scene: Scene) -> None:
    """Nothing happened before."""
    del scene


def every_fault(
    *acts: Act, after: Callable[[Scene], None] = as_it_is, faults_at_most: int = 2
) -> pytest.MarkDecorator:
    """All single faults of these acts and, where the flow goes on after one, all of the calls that follow."""

    def calls(act: Act, faults: Faults) -> list[str]:
        with cheap_passwords():
            scene, line = a_scene(), Line(faults)
            after(scene)
            outcome_of(act, scene, line)
        return line.calls

    def with_more(act: Act, faults: Faults) -> Iterator[Any]:
        called = calls(act, faults)
        if faults:
            words = [act.__name__, *(f"{at + 1}-{called[at]}-{fault.value}" for at, fault in faults.items())]
            yield pytest.param(act, faults, id="-".join(words))
        if len(faults) < faults_at_most and Fault.TWICE not in faults.values():
            for at in range(max(faults, default=-1) + 1, len(called)):
                for fault in Fault:
                    yield from with_more(act, {**faults, at: fault})

    return pytest.mark.parametrize(("act", "faults"), [param for act in acts for param in with_more(act, {})])


def refresh(world: World, scene: Scene) -> Any:
    return world.refresh(scene.laptop.refresh_token, now=NOW + 1)


@every_fault(refresh)
def test_a_refresh_that_failed_is_repeated_within_the_grace(scene: Scene, act: Act, faults: Faults) -> None:
    first = outcome_of(act, scene, Line(faults))
    held = scene.row(scene.laptop).counter

    retried = scene.world.refresh(scene.laptop.refresh_token, now=NOW + 3)

    assert isinstance(retried, Replayed if held == 2 else Rotated)
    if isinstance(first, Rotated | Replayed):
        # Nothing is handed out for a write that is not there, and what was handed out stays good.
        assert counter_of(first.tokens) == held
        assert first.tokens.refresh_token == retried.tokens.refresh_token
        assert scene.world.allows(first.tokens.access_token, now=NOW + 3)
    # A write whose answer was lost is found again, unless that fails too.
    assert isinstance(first, Rotated | Replayed) or held == 1 or len(faults) > 1
    assert counter_of(retried.tokens) == scene.row(scene.laptop).counter == 2
    assert scene.good(retried.tokens, now=NOW + 3)
    assert scene.live() == {scene.laptop.session_id, scene.phone.session_id}


def counter_of(tokens: Tokens) -> int:
    return unverified_refresh_token(tokens.refresh_token).counter


def used_before(scene: Scene) -> None:
    scene.world.refresh(scene.laptop.refresh_token, now=NOW)


@every_fault(refresh, after=used_before)
def test_a_second_tab_whose_refresh_failed_is_given_the_same(scene: Scene, act: Act, faults: Faults) -> None:
    used_before(scene)
    before = scene.row(scene.laptop)

    outcome_of(act, scene, Line(faults))
    retried = scene.world.refresh(scene.laptop.refresh_token, now=NOW + 3)

    assert isinstance(retried, Replayed)
    assert scene.row(scene.laptop) == before
    assert scene.good(retried.tokens, now=NOW + 3)


def reuse(world: World, scene: Scene) -> Any:
    return world.refresh(scene.laptop.refresh_token, now=NOW + 3600)


@every_fault(reuse, after=used_before)
def test_a_reuse_is_refused_only_once_the_session_has_ended(scene: Scene, act: Act, faults: Faults) -> None:
    used_before(scene)

    first = outcome_of(act, scene, Line(faults))
    ended = scene.row(scene.laptop).revoked_at is not None
    retried = act(scene.world, scene)

    assert isinstance(first, UnavailableError | SessionEnded)
    assert ended or isinstance(first, UnavailableError)
    assert isinstance(retried, Refused if ended else SessionEnded)
    assert scene.live() == {scene.phone.session_id}


def by_refresh_token(world: World, scene: Scene) -> Any:
    return world.log_out(token=scene.laptop.refresh_token, now=NOW)


def by_access_token(world: World, scene: Scene) -> Any:
    return world.log_out(bearer=scene.laptop.access_token, now=NOW)


def by_both(world: World, scene: Scene) -> Any:
    return world.log_out(bearer=scene.laptop.access_token, token=scene.laptop.refresh_token, now=NOW)


@every_fault(by_refresh_token, by_access_token, by_both)
def test_a_logout_that_failed_is_repeated(scene: Scene, act: Act, faults: Faults) -> None:
    first = outcome_of(act, scene, Line(faults))
    told_it_is_done = isinstance(first, LoggedOut)
    dead = not scene.good(scene.laptop)

    act(scene.world, scene)

    assert dead or not told_it_is_done
    assert not scene.good(scene.laptop)
    assert scene.good(scene.phone)


def of_two_sessions(world: World, scene: Scene) -> Any:
    return world.log_out(bearer=scene.laptop.access_token, token=scene.phone.refresh_token, now=NOW)


@every_fault(of_two_sessions)
def test_a_logout_of_two_sessions_that_failed_halfway_is_repeated(
    scene: Scene, act: Act, faults: Faults
) -> None:
    outcome_of(act, scene, Line(faults))
    act(scene.world, scene)

    assert scene.live() == set()
    assert not scene.good(scene.laptop)
    assert not scene.good(scene.phone)


def everywhere_by_refresh_token(world: World, scene: Scene) -> Any:
    return world.log_out(token=scene.laptop.refresh_token, everywhere=True, now=NOW)


def everywhere_by_access_token(world: World, scene: Scene) -> Any:
    return world.log_out(bearer=scene.laptop.access_token, everywhere=True, now=NOW)


@every_fault(everywhere_by_refresh_token, everywhere_by_access_token)
def test_a_logout_everywhere_that_failed_is_repeated(scene: Scene, act: Act, faults: Faults) -> None:
    first = outcome_of(act, scene, Line(faults))
    left = [scene.good(scene.laptop), scene.good(scene.phone)]
    act(scene.world, scene)

    # All or nothing, and the user can come back at once.
    assert left in ([True, True], [False, False])
    assert left == [False, False] or isinstance(first, UnavailableError)
    assert not scene.good(scene.laptop)
    assert not scene.good(scene.phone)
    assert scene.good(logged_in(scene.world))


def log_in(world: World, scene: Scene) -> Any:
    del scene
    return world.log_in("ada", PASSWORD, now=NOW)


@every_fault(log_in)
def test_a_login_that_failed_is_repeated(scene: Scene, act: Act, faults: Faults) -> None:
    line = Line(faults)
    first = outcome_of(act, scene, line)
    handed_out = set() if isinstance(first, UnavailableError) else {first.session_id}

    assert isinstance(first, Tokens | UnavailableError)
    assert handed_out <= scene.live()
    # It leaves no session that nobody holds, unless ending it failed, too.
    if "end" not in {line.calls[at] for at in faults}:
        assert scene.live() == handed_out | {scene.laptop.session_id, scene.phone.session_id}
    assert scene.good(scene.laptop)
    assert scene.good(scene.phone)

    assert scene.good(first if isinstance(first, Tokens) else logged_in(scene.world))


def log_in_and_rehash(world: World, scene: Scene) -> Any:
    return log_in(replace(world, settings=replace(world.settings, password_hash_iterations=3)), scene)


@every_fault(log_in_and_rehash)
def test_a_login_that_hashes_anew_fails_no_more_often(scene: Scene, act: Act, faults: Faults) -> None:
    line = Line(faults)

    first = outcome_of(act, scene, line)

    assert isinstance(first, Tokens | UnavailableError)
    if [line.calls[at] for at in faults] == ["rehash"]:
        assert isinstance(first, Tokens)
    assert scene.good(first if isinstance(first, Tokens) else logged_in(scene.world))


def with_as_many_sessions_as_there_may_be(scene: Scene) -> None:
    logged_in(scene.world)


@every_fault(log_in, after=with_as_many_sessions_as_there_may_be, faults_at_most=1)
def test_a_login_at_the_limit_ends_one_session_however_often_it_is_tried(
    scene: Scene, act: Act, faults: Faults
) -> None:
    with_as_many_sessions_as_there_may_be(scene)

    first = outcome_of(act, scene, Line(faults))
    tokens = first if isinstance(first, Tokens) else logged_in(scene.world)

    assert len(scene.live()) == LIMIT
    assert scene.good(tokens)
    assert not scene.good(scene.laptop)
    assert scene.good(scene.phone)


def change(world: World, scene: Scene) -> Any:
    return world.change_password(scene.laptop.access_token, PASSWORD, NEW_PASSWORD, now=NOW)


@every_fault(change)
def test_a_password_change_that_failed_is_there_as_a_whole_or_not_at_all(
    scene: Scene, act: Act, faults: Faults
) -> None:
    before = stored(scene)

    first = outcome_of(act, scene, Line(faults))
    changed = stored(scene) != before
    retried = act(scene.world, scene)

    assert changed or isinstance(first, UnavailableError)
    assert isinstance(first, Tokens) or not changed or len(faults) > 1
    # Whoever got no answer either changes it now or finds the old token dead, and the new password good.
    assert isinstance(retried, Refuse if changed else Tokens)
    user, password_hash, password_version, sessions = stored(scene)
    assert (user.token_version, user.password_version, password_version) == (2, 2, 2)
    assert password_hash != before[1]
    [session_id] = sessions
    for tokens in (first, retried):
        if isinstance(tokens, Tokens):
            assert tokens.session_id == session_id
            assert scene.good(tokens)
    assert not scene.good(scene.laptop)
    assert not scene.good(scene.phone)
    assert isinstance(scene.world.log_in("ada", PASSWORD, now=NOW), Refused)
    assert scene.good(logged_in(scene.world, NEW_PASSWORD))


def stored(scene: Scene) -> tuple[Any, str, int, set[str]]:
    credential = scene.world.tables.credentials["ada"]
    user = scene.world.tables.users[scene.user_id]
    return user, credential.password_hash, credential.password_version, scene.live()


def set_password(world: World, scene: Scene) -> Any:
    return world.set_password(scene.user_id, NEW_PASSWORD, now=NOW)


def without_a_credential(scene: Scene) -> None:
    del scene.world.tables.credentials["ada"]


@every_fault(set_password)
def test_a_reset_that_failed_is_there_as_a_whole_or_not_at_all(
    scene: Scene, act: Act, faults: Faults
) -> None:
    is_reset(scene, act, faults)


@every_fault(set_password, after=without_a_credential)
def test_a_reset_that_failed_to_make_a_credential_is_there_as_a_whole_or_not_at_all(
    scene: Scene, act: Act, faults: Faults
) -> None:
    without_a_credential(scene)

    is_reset(scene, act, faults)


def is_reset(scene: Scene, act: Act, faults: Faults) -> None:
    first = outcome_of(act, scene, Line(faults))
    user, credential = scene.world.tables.users[scene.user_id], scene.world.tables.credentials.get("ada")
    changed = user.token_version > 1
    retried = act(scene.world, scene)

    # Who is told that it is done finds it done; and nobody finds half of it.
    assert changed or isinstance(first, UnavailableError)
    assert not changed or (credential and credential.password_version == user.password_version == 2)
    assert isinstance(retried, User)
    assert not scene.good(scene.laptop)
    assert not scene.good(scene.phone)
    assert isinstance(scene.world.log_in("ada", PASSWORD, now=NOW), Refused)
    assert scene.good(logged_in(scene.world, NEW_PASSWORD))


def change_user(world: World, scene: Scene) -> Any:
    return world.change(scene.user_id, scope="reports:read", now=NOW)


@every_fault(change_user)
def test_a_change_of_a_user_that_failed_is_repeated_and_ends_no_token(
    scene: Scene, act: Act, faults: Faults
) -> None:
    before = scene.world.tables.users[scene.user_id]

    first = outcome_of(act, scene, Line(faults))
    changed = scene.world.tables.users[scene.user_id] != before
    retried = act(scene.world, scene)

    assert changed or isinstance(first, UnavailableError)
    # That the SDK had to send it twice makes one change of it.
    assert isinstance(first, UnavailableError) or first == replace(before, scope="reports:read", revision=2)
    assert retried == scene.world.tables.users[scene.user_id]
    assert retried == replace(before, scope="reports:read", revision=3 if changed else 2)
    assert scene.good(scene.laptop)
    assert scene.good(scene.phone)


@pytest.mark.parametrize(
    ("then", "told"),
    [
        pytest.param("reports:read", User, id="granted-again"),
        pytest.param("", UnavailableError, id="taken-away"),
    ],
)
def test_what_was_changed_after_a_write_that_the_sdk_repeats_is_not_changed_back(
    scene: Scene, then: str, told: type[object]
) -> None:
    line = Line({1: Fault.TWICE})
    first_try = line.send

    def and_somebody_sees_it(name: str, call: Callable[[], Any]) -> Any:
        tries: list[Any] = []

        def once_more() -> Any:
            if tries:
                scene.world.change(scene.user_id, scope=then, now=NOW)
            tries.append(call())
            return tries[-1]

        return first_try(name, once_more if name == "change" else call)

    line.send = and_somebody_sees_it  # type: ignore[method-assign]
    first = outcome_of_a_repeat(scene, line)

    assert isinstance(first, told)
    assert scene.world.tables.users[scene.user_id].scope == then


def outcome_of_a_repeat(scene: Scene, line: Line) -> Any:
    try:
        return change_user(scene.over(line), scene)
    except UnavailableError as error:
        return error
