"""Conditional writes under real races, on ministack: of many at once, exactly one wins."""

import secrets
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Barrier
from typing import Any, TypeVar

import pytest

from rescind.flows.accounts import change_user
from rescind.flows.revoke_key import revoke_key
from rescind.flows.rotate import TakesOver, rotate, rotate_now
from rescind.model import Lost, User, Written
from rescind.reasons import Reason
from rescind.rules.key_set import KeyEntry, Purpose, signer
from rescind.rules.throttle import Full, Window
from rescind.unavailable import UnavailableError
from tests.tables import Stores, create_tables, stores_on
from tests.things import NOW, SESSION_ID, USER_ID, a_credential, a_session, a_user

pytestmark = pytest.mark.ministack

RACERS = 16

Result = TypeVar("Result")


@pytest.fixture(params=[pytest.param(4, id="short"), pytest.param(40, id="proof", marks=pytest.mark.proof)])
def rounds(request: pytest.FixtureRequest) -> int:
    many: int = request.param
    return many


@pytest.fixture
def stores(ministack_client: Any) -> Stores:
    prefix = f"{secrets.token_hex(4)}-"
    create_tables(ministack_client, prefix=prefix)
    return stores_on(ministack_client, prefix=prefix)


def race(run: Callable[[int], Result]) -> list[Result]:
    """What each of many threads got that were let go at the same moment."""
    barrier = Barrier(RACERS)

    def start(racer: int) -> Result:
        barrier.wait(timeout=10)
        return run(racer)

    with ThreadPoolExecutor(RACERS) as pool:
        return list(pool.map(start, range(RACERS)))


def test_a_refresh_token_rotates_its_session_once(stores: Stores, rounds: int) -> None:
    stores.sessions.put(a_session(counter=1))

    for counter in range(1, rounds + 1):
        session = a_session(counter=counter)

        def advance(racer: int, session: Any = session) -> Any:
            return stores.sessions.advance(
                session, now=NOW, idle_expires_at=NOW + 9000, attempt=f"att_{racer}"
            )

        outcomes = race(advance)

        assert outcomes.count(Written()) == 1
        row = stores.sessions.read(USER_ID, SESSION_ID)
        assert row is not None
        assert row.counter == counter + 1
        assert row.attempt == f"att_{outcomes.index(Written())}"
        assert all(lost.row == row for lost in outcomes if isinstance(lost, Lost))


def test_a_logout_that_races_refreshes_is_never_lost(stores: Stores, rounds: int) -> None:
    for round_ in range(rounds):
        session = a_session(session_id=f"ses_{round_}")
        stores.sessions.put(session)

        def refresh_or_log_out(racer: int, session: Any = session) -> Any:
            if racer == 0:
                return stores.sessions.end(USER_ID, session.session_id, now=NOW)
            return stores.sessions.advance(
                session, now=NOW, idle_expires_at=NOW + 9000, attempt=f"att_{racer}"
            )

        outcomes = race(refresh_or_log_out)

        assert outcomes[0] is True
        row = stores.sessions.read(USER_ID, session.session_id)
        assert row is not None
        assert row.revoked_at == NOW
        late = stores.sessions.advance(row, now=NOW, idle_expires_at=NOW + 9000, attempt="att_late")
        assert isinstance(late, Lost)


def test_a_version_is_raised_by_one_however_many_ask(stores: Stores, rounds: int) -> None:
    stores.accounts.create(a_user(token_version=1), a_credential())

    for version in range(1, rounds + 1):

        def end_everything(_: int, version: int = version) -> Any:
            return stores.users.raise_version(USER_ID, version=version, now=NOW)

        outcomes = race(end_everything)

        assert outcomes.count(Written()) == 1
        user = stores.users.read(USER_ID)
        assert user is not None
        assert user.token_version == version + 1


def test_of_many_changes_on_one_revision_one_is_written(stores: Stores, rounds: int) -> None:
    stores.accounts.create(a_user(revision=1), a_credential())

    for revision in range(2, rounds + 2):

        def change(racer: int, revision: int = revision) -> Any:
            return stores.users.change(a_user(scope=f"of-{racer}", revision=revision), now=NOW)

        outcomes = race(change)

        assert outcomes.count(Written()) == 1
        winner = a_user(scope=f"of-{outcomes.index(Written())}", revision=revision)
        assert stores.users.read(USER_ID) == winner
        assert all(lost.row == winner for lost in outcomes if isinstance(lost, Lost))


def test_changes_of_scope_and_of_claims_at_once_are_all_there_in_the_end(stores: Stores, rounds: int) -> None:
    for round_ in range(rounds):
        user_id = f"usr_{round_}"
        name = f"ada-{round_}"
        stores.accounts.create(
            a_user(user_id=user_id, username=name), a_credential(user_id=user_id, username=name)
        )

        def change_user_on(racer: int, user_id: str = user_id) -> object:
            what = {"scope": "new", "claims": None} if racer % 2 else {"scope": None, "claims": '{"new":1}'}
            try:
                return change_user(user_id, users=stores.users, now=NOW, **what)
            except UnavailableError:
                return None  # Of so many some find another at every try, and say so.

        done = [user for user in race(change_user_on) if isinstance(user, User)]

        user = stores.users.read(user_id)
        assert user is not None
        assert user.revision == a_user().revision + len(done)
        assert (user.scope == "new") == any(each.scope == "new" for each in done)
        assert (user.claims == '{"new":1}') == any(each.claims == '{"new":1}' for each in done)


def test_of_resets_at_once_each_is_whole_and_the_last_one_stands(stores: Stores, rounds: int) -> None:
    for round_ in range(rounds):
        user_id, name = f"usr_{round_}", f"ada-{round_}"
        stores.accounts.create(
            a_user(user_id=user_id, username=name), a_credential(user_id=user_id, username=name)
        )

        def set_password(racer: int, user_id: str = user_id, name: str = name) -> bool:
            user, credential = stores.users.read(user_id), stores.credentials.read(name)
            assert user is not None
            assert credential is not None
            version = user.password_version + 1
            return stores.accounts.set_password(
                replace(user, token_version=user.token_version + 1, password_version=version),
                replace(credential, password_hash=f"hash-{racer}", password_version=version),
                read_user=user,
                read_credential=credential,
                attempt=f"att_{name}_{racer}",
                now=NOW,
            )

        outcomes = race(set_password)

        user, credential = stores.users.read(user_id), stores.credentials.read(name)
        assert user is not None
        assert credential is not None
        raised = user.token_version - a_user().token_version
        assert raised == outcomes.count(True) > 0
        assert user.password_version == credential.password_version == a_user().password_version + raised
        assert outcomes[int(credential.password_hash.removeprefix("hash-"))]


def test_a_username_is_given_to_one_of_many(stores: Stores, rounds: int) -> None:
    for round_ in range(rounds):
        name = f"ada-{round_}"

        def create(racer: int, name: str = name) -> bool:
            user_id = f"usr_{name}-{racer}"
            return stores.accounts.create(
                a_user(user_id=user_id, username=name), a_credential(user_id=user_id, username=name)
            )

        outcomes = race(create)

        assert outcomes.count(True) == 1
        credential = stores.credentials.read(name)
        assert credential is not None
        assert credential.user_id == f"usr_{name}-{outcomes.index(True)}"
        users = [stores.users.read(f"usr_{name}-{racer}") for racer in range(RACERS)]
        assert sum(user is not None for user in users) == 1


def test_of_many_bootstraps_at_once_one_key_set_remains(stores: Stores) -> None:
    empty = stores.key_sets.read(Purpose.ACCESS_TOKEN)

    outcomes = race(
        lambda racer: stores.key_sets.replace(empty, (KeyEntry(f"kid-{racer}", 0, b"encrypted", b"public"),))
    )

    assert outcomes.count(True) == 1
    [entry] = stores.key_sets.read(Purpose.ACCESS_TOKEN).entries
    assert entry.key_id == f"kid-{outcomes.index(True)}"


def test_guesses_at_the_same_moment_do_not_pass_a_limit_together(stores: Stores, rounds: int) -> None:
    for round_ in range(rounds):
        window = Window(f"account#{round_}", 5, 15, 60, Reason.TOO_MANY_FOR_ACCOUNT)

        # Half of the clocks are a slot ahead.
        def guess(racer: int, window: Window = window) -> Full | None:
            return stores.attempts.count(window, now=NOW + racer % 2 * 60)

        full = race(guess)

        assert full.count(None) == 5


def test_what_is_given_back_at_the_same_moment_is_given_back_once_each(stores: Stores) -> None:
    window = Window("account#ada", 2 * RACERS, 15, 60, Reason.TOO_MANY_FOR_ACCOUNT)
    for _ in range(2 * RACERS):
        stores.attempts.count(window, now=NOW)

    race(lambda _: stores.attempts.give_back(window, now=NOW))

    again = [stores.attempts.count(window, now=NOW) for _ in range(RACERS + 1)]
    assert again.count(None) == RACERS


DAY = 86_400


def a_key(purpose: Purpose, signs_from: int) -> KeyEntry:
    public = b"public" if purpose is Purpose.ACCESS_TOKEN else None
    return KeyEntry(f"{purpose}-{secrets.token_hex(8)}", signs_from, b"encrypted", public)


def rotate_on(stores: Stores, purpose: Purpose, *, now: int) -> int:
    return rotate(purpose, key_sets=stores.key_sets, new_entry=a_key, rotation_days=30, now=now)


def rotate_now_on(stores: Stores, *, now: int) -> TakesOver:
    return rotate_now(
        Purpose.ACCESS_TOKEN, key_sets=stores.key_sets, new_entry=a_key, rotation_days=30, now=now
    )


def revoke_on(stores: Stores, key_id: str, *, now: int) -> dict[Purpose, list[str]]:
    return revoke_key(key_id, key_sets=stores.key_sets, new_entry=a_key, rotation_days=30, now=now)


def test_of_many_rotations_at_once_one_adds_its_entry(stores: Stores) -> None:
    for months in range(4):
        now = NOW + months * 30 * DAY

        def rotate_now(_: int, now: int = now) -> int:
            return rotate_on(stores, Purpose.ACCESS_TOKEN, now=now)

        added = race(rotate_now)

        assert sorted(added) == [0] * (RACERS - 1) + [1 if months else 2]
        entries = stores.key_sets.read(Purpose.ACCESS_TOKEN).entries
        assert entries[-1].signs_from == now + 30 * DAY


def test_of_many_rotations_before_their_time_at_once_one_is_made(stores: Stores) -> None:
    rotate_on(stores, Purpose.ACCESS_TOKEN, now=NOW)
    for days in range(2, 6):
        now = NOW + days * DAY

        # Half of the clocks are behind the others.
        def rotate_early(racer: int, now: int = now) -> TakesOver:
            return rotate_now_on(stores, now=now - racer % 2 * 10)

        outcomes = race(rotate_early)

        assert [outcome.changed for outcome in outcomes].count(True) == 1
        assert len({(outcome.entry.key_id, outcome.entry.signs_from) for outcome in outcomes}) == 1
        entries = stores.key_sets.read(Purpose.ACCESS_TOKEN).entries
        assert [entry for entry in entries if entry.signs_from > now] == [outcomes[0].entry, entries[-1]]


def test_a_revocation_that_races_rotations_before_their_time_is_never_lost(stores: Stores) -> None:
    rotate_on(stores, Purpose.ACCESS_TOKEN, now=NOW)
    for days in range(2, 6):
        now = NOW + days * DAY
        current = signer(stores.key_sets.read(Purpose.ACCESS_TOKEN), at=now, now=now)
        assert current is not None

        def rotate_or_revoke(racer: int, now: int = now, key_id: str = current.key_id) -> object:
            if racer == 0:
                return revoke_on(stores, key_id, now=now)
            return rotate_now_on(stores, now=now)

        race(rotate_or_revoke)

        after = stores.key_sets.read(Purpose.ACCESS_TOKEN)
        assert [each.revoked_at for each in after.entries if each.key_id == current.key_id] == [now]
        following = signer(after, at=now, now=now)
        assert following is not None
        assert following.key_id != current.key_id
        assert any(each.signs_from > now + DAY for each in after.entries if each.revoked_at is None)


def test_a_revocation_that_races_rotations_is_never_lost(stores: Stores) -> None:
    rotate_on(stores, Purpose.ACCESS_TOKEN, now=NOW)
    for round_ in range(1, 5):
        # A day before the next takeover, when a rotation has something to add.
        now = stores.key_sets.read(Purpose.ACCESS_TOKEN).entries[-1].signs_from - DAY
        current = signer(stores.key_sets.read(Purpose.ACCESS_TOKEN), at=now, now=now)
        assert current is not None

        def rotate_or_revoke(racer: int, now: int = now, key_id: str = current.key_id) -> object:
            if racer == 0:
                return revoke_on(stores, key_id, now=now)
            return rotate_on(stores, Purpose.ACCESS_TOKEN, now=now)

        race(rotate_or_revoke)

        after = stores.key_sets.read(Purpose.ACCESS_TOKEN)
        [revoked] = [entry for entry in after.entries if entry.key_id == current.key_id]
        assert revoked.revoked_at == now, round_
        valid = [entry for entry in after.entries if entry.revoked_at is None]
        assert len([entry for entry in valid if entry.signs_from > now + DAY]) == 1
        following = signer(after, at=now, now=now)
        assert following is not None
        assert following.key_id != current.key_id


def test_of_many_revocations_of_everything_at_once_one_set_of_new_keys_remains(stores: Stores) -> None:
    for purpose in Purpose:
        rotate_on(stores, purpose, now=NOW)
    before = {entry.key_id for purpose in Purpose for entry in stores.key_sets.read(purpose).entries}

    race(lambda _: revoke_on(stores, "all", now=NOW + DAY))

    for purpose in Purpose:
        entries = stores.key_sets.read(purpose).entries
        assert not {entry.key_id for entry in entries if entry.revoked_at is None} & before
        assert sum(entry.revoked_at is None for entry in entries) == 2
