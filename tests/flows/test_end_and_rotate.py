from collections.abc import Callable
from dataclasses import dataclass, replace

import pytest

from rescind.flows import end
from rescind.flows.rotate import rotate
from rescind.model import Lost, Status, User, Written
from rescind.rules.key_set import KeyEntry, KeySet, Purpose
from rescind.settings import RevocationCheck
from rescind.unavailable import UnavailableError
from tests.fakes import FakeBlocklist, FakeKeySets, FakeTables, FakeUsers
from tests.things import NOW, SETTINGS, TOKEN_ID, USER_ID, a_user, some_claims


class IsOvertaken(FakeUsers):
    """Somebody logs the user out everywhere between our read and our write, `times` times."""

    times = 1

    def raise_version(
        self, user_id: str, *, version: int, now: int, status: Status | None = None
    ) -> Written | Lost[User]:
        if self.times > 0:
            self.times -= 1
            super().raise_version(user_id, version=version, now=now)
        return super().raise_version(user_id, version=version, now=now, status=status)


@pytest.fixture
def tables() -> FakeTables:
    return FakeTables(users={USER_ID: a_user()})


def test_a_user_is_disabled_and_all_tokens_are_dead(tables: FakeTables) -> None:
    end.disable(USER_ID, users=FakeUsers(tables), now=NOW)

    assert tables.users[USER_ID] == a_user(status=Status.DISABLED, token_version=8, logged_out_at=NOW)


def test_a_user_is_disabled_even_when_others_were_faster(tables: FakeTables) -> None:
    end.disable(USER_ID, users=IsOvertaken(tables), now=NOW)

    assert tables.users[USER_ID].status is Status.DISABLED


def test_disabling_does_not_pretend_when_it_never_wins(tables: FakeTables) -> None:
    users = IsOvertaken(tables)
    users.times = 1000

    with pytest.raises(UnavailableError):
        end.disable(USER_ID, users=users, now=NOW)


def test_a_revocation_that_was_overtaken_by_another_is_done(tables: FakeTables) -> None:
    user = end.revoke(USER_ID, users=IsOvertaken(tables), now=NOW)

    assert user is not None
    assert tables.users[USER_ID].token_version == 8


def test_enabling_brings_no_token_back(tables: FakeTables) -> None:
    end.disable(USER_ID, users=FakeUsers(tables), now=NOW)

    end.enable(USER_ID, users=FakeUsers(tables))

    assert tables.users[USER_ID] == a_user(token_version=8, logged_out_at=NOW)


@dataclass
class RepeatedEnable(FakeUsers):
    """The first try takes effect and its answer is lost; then something happens; then the SDK repeats it."""

    meanwhile: Callable[[FakeUsers], object] = lambda _: None

    def enable(self, user_id: str, *, version: int) -> Written | Lost[User]:
        super().enable(user_id, version=version)
        self.meanwhile(FakeUsers(self.tables))
        again = super().enable(user_id, version=version)
        return replace(again, repeated=True) if isinstance(again, Lost) else again


def test_enabling_again_does_not_undo_a_disabling_of_meanwhile(tables: FakeTables) -> None:
    end.disable(USER_ID, users=FakeUsers(tables), now=NOW)
    users = RepeatedEnable(tables, lambda users: end.disable(USER_ID, users=users, now=NOW + 1))

    with pytest.raises(UnavailableError):
        end.enable(USER_ID, users=users)

    assert tables.users[USER_ID].status is Status.DISABLED


def test_enabling_again_is_done_when_only_the_tokens_were_ended_meanwhile(tables: FakeTables) -> None:
    end.disable(USER_ID, users=FakeUsers(tables), now=NOW)
    users = RepeatedEnable(tables, lambda users: end.revoke(USER_ID, users=users, now=NOW + 1))

    enabled = end.enable(USER_ID, users=users)

    assert enabled == tables.users[USER_ID]
    assert enabled == a_user(token_version=9, logged_out_at=NOW + 1)


def test_there_is_nobody_to_end(tables: FakeTables) -> None:
    users = FakeUsers(replace(tables, users={}))

    assert end.revoke(USER_ID, users=users, now=NOW) is None
    assert end.disable(USER_ID, users=users, now=NOW) is None
    assert end.enable(USER_ID, users=users) is None


def test_a_blocked_token_outlives_every_token_when_its_expiry_is_not_known(tables: FakeTables) -> None:
    blocklist = FakeBlocklist(tables)

    end.block_token(TOKEN_ID, claims=None, reason="admin", blocklist=blocklist, now=NOW)
    by_id = tables.blocklist[TOKEN_ID].ttl
    end.block_token(TOKEN_ID, claims=some_claims(), reason="admin", blocklist=blocklist, now=NOW)

    assert by_id == NOW + 3600 + 120
    assert tables.blocklist[TOKEN_ID].ttl == NOW + 800 + 120


@pytest.mark.parametrize(
    ("delay", "written_at", "by"),
    [
        pytest.param(0, 100.0, 100, id="at-once"),
        pytest.param(0, 100.001, 101, id="rounded-up"),
        pytest.param(30, 100.001, 136, id="delay-and-the-authorizers-timeout"),
    ],
)
def test_the_bound_counts_from_the_write(delay: int, written_at: float, by: int) -> None:
    settings = replace(SETTINGS, revocation_delay_seconds=delay, authorizer_timeout_seconds=5)

    assert end.effective_by(written_at, settings=settings) == by


@pytest.mark.parametrize(("delay", "by"), [(1, 112), (30, 141)])
def test_by_the_feed_the_bound_counts_with_the_clocks_and_not_with_the_timeout(delay: int, by: int) -> None:
    settings = replace(SETTINGS, revocation_check=RevocationCheck.FEED, revocation_delay_seconds=delay)

    assert end.effective_by(100.001, settings=settings) == by


def entry(_: Purpose, signs_from: int) -> KeyEntry:
    return KeyEntry(f"key-{signs_from}", signs_from, b"encrypted")


def test_the_first_run_makes_a_key_that_signs_and_one_ahead(tables: FakeTables) -> None:
    key_sets = FakeKeySets(tables)

    added = rotate(Purpose.ACCESS_TOKEN, key_sets=key_sets, new_entry=entry, rotation_days=30, now=NOW)

    assert added == 2
    entries = key_sets.read(Purpose.ACCESS_TOKEN).entries
    assert [each.signs_from for each in entries] == [0, NOW + 30 * 86_400]


def test_a_run_that_finds_all_in_place_writes_nothing(tables: FakeTables) -> None:
    key_sets = FakeKeySets(tables)
    rotate(Purpose.ACCESS_TOKEN, key_sets=key_sets, new_entry=entry, rotation_days=30, now=NOW)

    added = rotate(Purpose.ACCESS_TOKEN, key_sets=key_sets, new_entry=entry, rotation_days=30, now=NOW)

    assert added == 0
    assert key_sets.read(Purpose.ACCESS_TOKEN).revision == 1


class IsSecond(FakeKeySets):
    """Another bootstrap writes between our read and our write."""

    def read(self, purpose: Purpose) -> KeySet:
        before = super().read(purpose)
        self.tables.key_sets[purpose] = KeySet(
            purpose, before.revision + 1, (entry(purpose, 0), entry(purpose, NOW * 2))
        )
        return before


def test_of_two_bootstraps_at_once_one_set_remains(tables: FakeTables) -> None:
    key_sets = IsSecond(tables)

    added = rotate(Purpose.ACCESS_TOKEN, key_sets=key_sets, new_entry=entry, rotation_days=30, now=NOW)

    assert added == 0
    assert len(tables.key_sets[Purpose.ACCESS_TOKEN].entries) == 2
