"""Revoking keys: what one run writes, and what is left when it is overtaken or one of its calls fails."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from itertools import count
from typing import Any, TypeVar

import pytest

from rescind.flows.revoke_key import ALL, key_revocation_effective_by, revoke_key
from rescind.flows.rotate import TakesOver, rotate, rotate_now
from rescind.rules.key_set import KeyEntry, KeySet, Purpose, signer, verifiers
from rescind.unavailable import UnavailableError
from tests.fakes import FakeKeySets, FakeTables
from tests.things import NOW, SETTINGS

Result = TypeVar("Result")

DAY = 86_400
TODAY = NOW + 3 * DAY


@dataclass
class Keys:
    """The two sets, and all that reaches them; each call can be made to fail, or to lose its answer."""

    tables: FakeTables = field(default_factory=FakeTables)
    names: Any = field(default_factory=count)
    calls: int = 0
    fails: int | None = None
    after: bool = False
    meanwhile: list[Callable[[], object]] = field(default_factory=list)
    """What others do, each between one read of ours and our next write."""

    def read(self, purpose: Purpose) -> KeySet:
        return self._call(lambda: FakeKeySets(self.tables).read(purpose))

    def replace(self, old: KeySet, entries: tuple[KeyEntry, ...]) -> bool:
        if self.meanwhile:
            self.meanwhile.pop(0)()
        return self._call(lambda: FakeKeySets(self.tables).replace(old, entries))

    def new_entry(self, purpose: Purpose, signs_from: int) -> KeyEntry:
        return self._call(lambda: KeyEntry(f"{purpose}-{next(self.names)}", signs_from, b"encrypted"))

    def _call(self, call: Callable[[], Result]) -> Result:
        self.calls += 1
        if self.calls == self.fails and not self.after:
            raise UnavailableError("the call failed")
        answer = call()
        if self.calls == self.fails:
            raise UnavailableError("the answer was lost")
        return answer

    def rotate(self, *, now: int) -> int:
        return sum(
            rotate(purpose, key_sets=self, new_entry=self.new_entry, rotation_days=30, now=now)
            for purpose in Purpose
        )

    def rotate_now(self, *, now: int = TODAY) -> dict[Purpose, TakesOver]:
        return {
            purpose: rotate_now(purpose, key_sets=self, new_entry=self.new_entry, rotation_days=30, now=now)
            for purpose in Purpose
        }

    def revoke(self, key_id: str, *, now: int = TODAY) -> dict[Purpose, list[str]]:
        return revoke_key(key_id, key_sets=self, new_entry=self.new_entry, rotation_days=30, now=now)

    def signing(self, purpose: Purpose, *, now: int) -> str | None:
        entry = signer(self.tables.key_sets[purpose], at=now, now=now)
        return entry.key_id if entry else None

    def accepted(self) -> set[str]:
        sets = self.tables.key_sets.values()
        return {entry.key_id for key_set in sets for entry in verifiers(key_set, now=TODAY)}


@pytest.fixture
def keys() -> Keys:
    """For access tokens 0, which signs, and 1, which is ahead; for refresh tokens 2 and 3."""
    keys = Keys()
    keys.rotate(now=NOW)
    return keys


def revisions(keys: Keys) -> list[int]:
    return [keys.tables.key_sets[purpose].revision for purpose in Purpose]


@pytest.mark.parametrize("purpose", Purpose)
def test_a_revoked_key_is_followed_at_once_and_another_is_ahead(keys: Keys, purpose: Purpose) -> None:
    current, ahead = (entry.key_id for entry in keys.tables.key_sets[purpose].entries)
    [other] = [each for each in Purpose if each is not purpose]
    untouched = keys.tables.key_sets[other]

    assert keys.revoke(current) == {purpose: [current], other: []}

    assert keys.signing(purpose, now=TODAY) == ahead
    assert current not in keys.accepted()
    first, second, third = keys.tables.key_sets[purpose].entries
    assert (first.revoked_at, second.revoked_at) == (TODAY, None)
    assert (third.signs_from, third.added_at) == (TODAY + 30 * DAY, TODAY)
    assert keys.tables.key_sets[other] == untouched


def test_one_write_of_a_set_revokes_and_adds(keys: Keys) -> None:
    keys.revoke(ALL)

    assert revisions(keys) == [2, 2]


def test_revoking_all_leaves_no_key_of_before_and_the_new_ones_sign_once_they_are_known(keys: Keys) -> None:
    before = keys.accepted()

    revoked = keys.revoke(ALL)

    assert {key_id for key_ids in revoked.values() for key_id in key_ids} == before
    assert len(keys.accepted()) == 4
    assert not keys.accepted() & before
    for purpose in Purpose:
        assert keys.signing(purpose, now=TODAY + 89) is None
        assert keys.signing(purpose, now=TODAY + 90) in keys.accepted()


@pytest.mark.parametrize("key_id", ["access-token-0", "access-token-1"], ids=["the one that signs", "ahead"])
def test_to_revoke_a_key_twice_changes_nothing_more(keys: Keys, key_id: str) -> None:
    once = keys.revoke(key_id)
    written = replace(keys.tables, key_sets=dict(keys.tables.key_sets))

    assert keys.revoke(key_id, now=TODAY + 9) == once

    assert keys.tables.key_sets == written.key_sets


@pytest.mark.parametrize("key_id", ["", "access-token", "ALL", "kid"])
def test_of_an_unknown_id_nothing_is_revoked(keys: Keys, key_id: str) -> None:
    assert not any(keys.revoke(key_id).values())
    assert revisions(keys) == [1, 1]


def test_two_revocations_within_a_minute_leave_nobody_to_sign_until_the_next_key_is_known(keys: Keys) -> None:
    keys.revoke("access-token-0")
    keys.revoke("access-token-1", now=TODAY + 30)

    assert keys.signing(Purpose.ACCESS_TOKEN, now=TODAY + 89) is None
    assert keys.signing(Purpose.ACCESS_TOKEN, now=TODAY + 90) == "access-token-4"


def test_a_revocation_that_a_rotation_overtakes_revokes_all_the_same(keys: Keys) -> None:
    month = NOW + 29 * DAY + 1
    keys.meanwhile = [lambda: Keys(keys.tables, keys.names).rotate(now=month)]

    keys.revoke("access-token-0", now=month)

    entries = keys.tables.key_sets[Purpose.ACCESS_TOKEN].entries
    assert [entry.revoked_at is not None for entry in entries] == [True, False, False]
    assert keys.tables.key_sets[Purpose.ACCESS_TOKEN].revision == 3


def test_a_rotation_that_a_revocation_overtakes_adds_nothing_of_its_own(keys: Keys) -> None:
    month = NOW + 29 * DAY + 1
    keys.meanwhile = [lambda: Keys(keys.tables, keys.names).revoke("access-token-0", now=month)]

    added = rotate(Purpose.ACCESS_TOKEN, key_sets=keys, new_entry=keys.new_entry, rotation_days=30, now=month)

    assert added == 0
    entries = keys.tables.key_sets[Purpose.ACCESS_TOKEN].entries
    assert [entry.revoked_at is not None for entry in entries] == [True, False, False]


def test_of_two_revocations_of_everything_at_once_neither_revokes_the_others_new_keys(keys: Keys) -> None:
    keys.meanwhile = [lambda: Keys(keys.tables, keys.names).revoke(ALL)]

    keys.revoke(ALL)

    live = [entry for entry in keys.tables.key_sets[Purpose.ACCESS_TOKEN].entries if not entry.revoked_at]
    assert len(live) == 2


def test_a_revocation_does_not_pretend_when_it_never_wins(keys: Keys) -> None:
    def touch() -> None:
        old = keys.tables.key_sets[Purpose.ACCESS_TOKEN]
        keys.tables.key_sets[Purpose.ACCESS_TOKEN] = replace(old, revision=old.revision + 1)

    keys.meanwhile = [touch] * 9

    with pytest.raises(UnavailableError):
        keys.revoke("access-token-0")
    assert len(keys.meanwhile) == 6


# A run of which a call fails


def a_first_run(keys: Keys) -> None:
    keys.tables.key_sets.clear()


def a_month(keys: Keys) -> None:
    """So that a rotation has something to add."""
    for purpose, key_set in keys.tables.key_sets.items():
        earlier = [
            replace(entry, signs_from=max(0, entry.signs_from - 29 * DAY)) for entry in key_set.entries
        ]
        keys.tables.key_sets[purpose] = replace(key_set, entries=tuple(earlier))


RUNS: dict[str, tuple[Callable[[Keys], None], Callable[[Keys], object]]] = {
    "a first run": (a_first_run, lambda keys: keys.rotate(now=TODAY)),
    "a rotation": (a_month, lambda keys: keys.rotate(now=TODAY)),
    "a revocation": (a_month, lambda keys: keys.revoke("access-token-1")),
    "a rotation before its time": (lambda _: None, lambda keys: keys.rotate_now()),
    "a revocation of all": (a_month, lambda keys: keys.revoke(ALL)),
}


@pytest.mark.parametrize("after", [False, True], ids=["before it took effect", "after it did"])
@pytest.mark.parametrize("run", RUNS)
def test_a_failed_call_leaves_each_set_as_it_was_or_as_it_was_to_be(
    keys: Keys, run: str, *, after: bool
) -> None:
    prepare, act = RUNS[run]
    prepare(keys)
    whole = Keys(replace(keys.tables, key_sets=dict(keys.tables.key_sets)))
    before = dict(whole.tables.key_sets)
    act(whole)
    assert whole.tables.key_sets != before

    for fails in range(1, whole.calls + 1):
        trial = Keys(replace(keys.tables, key_sets=dict(before)), fails=fails, after=after)

        with pytest.raises(UnavailableError):
            act(trial)

        for purpose in Purpose:
            left = trial.tables.key_sets.get(purpose)
            # The names of new keys apart: a lost answer of KMS is a key that nobody has heard of.
            assert shape(left) in (shape(before.get(purpose)), shape(whole.tables.key_sets.get(purpose)))
        # One write is one set: of two, only the one whose answer was lost may have changed.
        if not after:
            written = sum(trial.tables.key_sets.get(purpose) != before.get(purpose) for purpose in Purpose)
            assert written <= 1


def shape(key_set: KeySet | None) -> object:
    if key_set is None:
        return None
    return key_set.revision, [(entry.signs_from, entry.revoked_at) for entry in key_set.entries]


@pytest.mark.parametrize("after", [False, True], ids=["before it took effect", "after it did"])
def test_a_revocation_that_failed_is_repeated(keys: Keys, *, after: bool) -> None:
    for fails in range(1, 5):
        trial = Keys(
            replace(keys.tables, key_sets=dict(keys.tables.key_sets)), count(9), fails=fails, after=after
        )
        with pytest.raises(UnavailableError):
            trial.revoke("refresh-token-2")

        assert trial.revoke("refresh-token-2")[Purpose.REFRESH_TOKEN] == ["refresh-token-2"]

        assert [entry.key_id for entry in trial.tables.key_sets[Purpose.REFRESH_TOKEN].entries][:2] == [
            "refresh-token-2",
            "refresh-token-3",
        ]
        assert len(trial.accepted()) == 4
        assert "refresh-token-2" not in trial.accepted()


@pytest.mark.parametrize(
    ("delay", "by", "at_the_latest"),
    [
        pytest.param(0, 1071, 1611, id="the age of a set and what its clock may be off"),
        pytest.param(30, 1106, 1646, id="the authorizer's cache on top"),
    ],
)
def test_the_bound_of_a_revocation_counts_from_the_write(delay: int, by: int, at_the_latest: int) -> None:
    settings = replace(SETTINGS, revocation_delay_seconds=delay, authorizer_timeout_seconds=5)

    assert key_revocation_effective_by(1000.5, settings=settings) == (by, at_the_latest)


def test_the_keys_of_refresh_tokens_are_revoked_before_those_that_sign_access_tokens() -> None:
    """Else a sandbox that could read one set only took dead refresh tokens, and signed with a live key."""
    keys = Keys()
    keys.rotate(now=NOW)
    revoked: list[Purpose] = []
    replace_set = keys.replace

    def watched(old: KeySet, entries: tuple[KeyEntry, ...]) -> bool:
        revoked.append(old.purpose)
        return replace_set(old, entries)

    keys.replace = watched  # type: ignore[method-assign] # only to see the order
    revoke_key(ALL, key_sets=keys, new_entry=keys.new_entry, rotation_days=30, now=TODAY)

    assert revoked == [Purpose.REFRESH_TOKEN, Purpose.ACCESS_TOKEN]
