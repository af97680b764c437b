"""The explorer is tested: it must catch each of these ways of getting the protocol slightly wrong."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from rescind.flows.refresh import _Refresh
from rescind.settings import Settings
from tests.interleavings import mutants, schedules
from tests.interleavings import operations as op
from tests.interleavings.oracle import judge
from tests.interleavings.scenario import Fault, Scenario
from tests.interleavings.world import OWN, Build, settings_with, stores_on
from tests.tables import Stores

REFRESH = "rescind.flows.refresh"
LOGIN = "rescind.flows.login"
OPEN = "rescind.flows.open_session"


def in_the_store(name: str, store: type[Any]) -> Build:
    return Build(stores=lambda tables: replace(stores_on(tables), **{name: store(tables)}))


def before_the_store(name: str, wrapper: type[Any], build: Build | None = None) -> Build:
    def around(stores: Stores) -> Stores:
        return replace(stores, **{name: wrapper(getattr(stores, name))})

    return replace(build or Build(), around=around)


@dataclass(frozen=True)
class Mutant:
    name: str
    scenario: Scenario
    complaint: str
    """What is found to be wrong."""
    build: Build = field(default_factory=Build)
    patches: tuple[tuple[str, Any], ...] = ()


def at(seconds: int, operation: op.Operation, *after: int) -> op.Operation:
    return replace(operation, at=seconds, after=after)


def logins(*clocks: int) -> Scenario:
    settings = settings_with(max_sessions_per_user=1)
    return Scenario(tuple(at(clock, op.LOGIN) for clock in clocks), sessions=(OWN,), settings=settings)


def no_grace() -> Settings:
    return settings_with(refresh_grace_seconds=0)


MUTANTS = [
    Mutant(
        "refresh-without-the-counter-condition",
        Scenario((op.REFRESH, op.REFRESH)),
        "one refresh token was rotated twice",
        in_the_store("sessions", mutants.RefreshesWithoutTheCounterCondition),
    ),
    Mutant(
        "refresh-without-the-counter-condition-and-a-third-request",
        Scenario((op.REFRESH, op.REFRESH_TWICE)),
        "a session went from the counter 6 to 5",
        in_the_store("sessions", mutants.RefreshesWithoutTheCounterCondition),
    ),
    Mutant(
        "refresh-without-the-revoked-condition",
        Scenario((op.REFRESH, op.LOGOUT)),
        "something happened to a session that had ended",
        in_the_store("sessions", mutants.RefreshesWithoutTheRevokedCondition),
    ),
    Mutant(
        "version-taken-from-the-user-row",
        Scenario((op.REFRESH, op.EVERYWHERE_BEARER)),
        "it is of another version, but an access token is accepted",
        patches=((f"{REFRESH}._Refresh._issue", mutants.issues_with_the_users_version),),
    ),
    Mutant(
        "user-row-unread",
        Scenario((op.REFRESH, op.REVOKE)),
        "it is of another version, but a refresh token is accepted",
        patches=((f"{REFRESH}.decide_refresh", mutants.decides_without_the_user),),
    ),
    Mutant(
        "user-row-compared-before-the-request",
        Scenario((op.REFRESH, op.REVOKE)),
        "tokens were handed out, and the version has risen since",
        before_the_store("states", mutants.ReadsTheUserBeforeTheRequest),
    ),
    Mutant(
        "sign-after-the-write",
        Scenario((op.REFRESH,), faults=(Fault.REFUSED,), keys_may_fail=True, settings=no_grace()),
        "nobody has ended it, but its refresh token is refused",
        patches=((f"{REFRESH}._Refresh._rotate", mutants.rotates_and_then_signs),),
    ),
    Mutant(
        "attempt-id-per-sandbox",
        Scenario((op.REFRESH, op.REFRESH_USED)),
        "a token that was used long ago was traded in",
        Build(attempt=lambda _: "att_sandbox"),
    ),
    Mutant(
        "no-attempt-id",
        Scenario((op.REFRESH,), faults=(Fault.LOST, Fault.REPEATED), settings=no_grace()),
        "nobody has ended it, but its refresh token is refused",
        patches=((f"{REFRESH}.decide_refresh", mutants.decides_without_the_attempt),),
    ),
    Mutant(
        "repeat-taken-for-reuse",
        Scenario((op.REFRESH, op.REFRESH_TWICE), faults=(Fault.REPEATED,)),
        "nobody has ended it, but an access token is refused",
        patches=((f"{REFRESH}.decide_refresh", mutants.decides_without_the_repeat),),
    ),
    Mutant(
        "sliding-grace",
        Scenario((op.REFRESH, at(35, op.REFRESH, 0), at(70, op.REFRESH, 1))),
        "a used token was traded in after the grace",
        in_the_store("sessions", mutants.SlidesTheGrace),
        patches=((f"{REFRESH}._Refresh._settle", mutants.settles_and_slides(_Refresh._settle)),),  # noqa: SLF001
    ),
    Mutant(
        "grace-before-the-revoked-check",
        Scenario((op.REFRESH, op.LOGOUT)),
        "logout has ended it, but a refresh token is accepted",
        patches=((f"{REFRESH}.decide_refresh", mutants.decides_on_the_grace_first),),
    ),
    Mutant(
        "everywhere-as-a-plain-add-with-a-repeated-write",
        Scenario((op.EVERYWHERE, op.LOGIN), faults=(Fault.COPIED,)),
        "nobody has ended it, but an access token is refused",
        in_the_store("users", mutants.AddsToTheVersion),
    ),
    Mutant(
        "disable-without-a-version",
        Scenario((op.DISABLE, op.ENABLE)),
        "the user was disabled since, but an access token is accepted",
        in_the_store("users", mutants.DisablesWithoutTheVersion),
    ),
    Mutant(
        "login-without-password-version",
        Scenario((op.LOGIN, op.CHANGE_PASSWORD)),
        "it was opened with a password that has been changed, but an access token is accepted",
        patches=((f"{LOGIN}._account", mutants.reads_the_account_once),),
    ),
    Mutant(
        "password-change-in-two-writes",
        Scenario((op.CHANGE_PASSWORD, op.REVOKE)),
        "the passwords [] open a session",
        before_the_store(
            "accounts",
            mutants.ChangesThePasswordInTwoWrites,
            in_the_store("accounts", mutants.HasAPasswordChangeOfTwoHalves),
        ),
    ),
    Mutant(
        "rehash-without-the-password-version",
        Scenario((op.LOGIN_THAT_REHASHES, op.CHANGE_PASSWORD)),
        "the passwords ['the-old-password'] open a session",
        in_the_store("credentials", mutants.RehashesWithoutTheCondition),
    ),
    Mutant(
        "change-of-a-user-without-the-revision",
        Scenario((op.GRANT, op.CLAIM)),
        "a change of scope is lost",
        in_the_store("users", mutants.ChangesWhateverTheRevision),
    ),
    Mutant(
        "change-of-a-user-as-a-plain-write-with-a-late-copy",
        Scenario((op.GRANT, op.TAKE_AWAY), faults=(Fault.COPIED,)),
        "a late copy has changed the user",
        in_the_store("users", mutants.ChangesWhateverTheRevision),
    ),
    Mutant(
        "change-of-a-user-made-again-after-a-repeat",
        Scenario((op.GRANT, op.TAKE_AWAY), faults=(Fault.REPEATED,)),
        "grant was made more often than it was asked for",
        before_the_store("users", mutants.ForgetsThatTheSdkRepeated),
    ),
    Mutant(
        "reset-without-what-was-read",
        Scenario((op.RESET, op.CHANGE_PASSWORD)),
        "it was opened with a password that has been changed, but an access token is accepted",
        in_the_store("accounts", mutants.ResetsWhateverWasRead),
    ),
    Mutant(
        "lost-reset-taken-for-done",
        Scenario((op.RESET, op.REVOKE)),
        "the passwords ['the-old-password'] open a session",
        before_the_store("accounts", mutants.TakesALostResetForDone),
    ),
    Mutant(
        "session-limit-by-own-clock",
        logins(5, -5),
        "it failed, and nothing was in its way",
        patches=((f"{OPEN}.created_after", mutants.created_by_its_own_clock),),
    ),
    Mutant(
        "session-limit-by-a-stale-first-query",
        logins(5, -5),
        "it failed, and nothing was in its way",
        patches=((f"{OPEN}.created_after", mutants.created_after_a_stale_query),),
    ),
    Mutant(
        "session-limit-by-a-stale-second-query",
        logins(0, 0),
        "2 sessions live, and the limit is 1",
        patches=((f"{OPEN}._end_surplus", mutants.ends_the_surplus_of_a_stale_query),),
    ),
    Mutant(
        "session-limit-without-the-second-query",
        logins(0, 0),
        "2 sessions live, and the limit is 1",
        patches=(
            (f"{OPEN}.created_after", mutants.created_after_and_remembered),
            (f"{OPEN}._end_surplus", mutants.ends_the_surplus_of_the_first_query),
        ),
    ),
    Mutant(
        "failed-login-leaves-its-session",
        Scenario(
            (op.LOGIN, at(0, op.LOGIN, 0)),
            faults=(Fault.REFUSED,),
            settings=settings_with(max_sessions_per_user=2),
        ),
        "ses_oooooooooooooooooooooA: nobody has ended it, but an access token is refused",
        patches=((f"{OPEN}._end_surplus", mutants.leaves_its_session_when_it_fails),),
    ),
    Mutant(
        "conflict-taken-for-already-ended",
        Scenario((op.LOGOUT,), faults=(Fault.REFUSED,)),
        "logout has ended it, but an access token is accepted",
        before_the_store("sessions", mutants.TakesAConflictForTheEnd),
    ),
    Mutant(
        "ends-without-a-word",
        Scenario((op.REVOKE,)),
        "a change of User is not announced",
        in_the_store("users", mutants.AnnouncesNothing),
    ),
    Mutant(
        "grants-without-a-word",
        Scenario((op.TAKE_AWAY,)),
        "a change of User is not announced",
        in_the_store("users", mutants.AnnouncesNothing),
    ),
    Mutant(
        "a-session-that-had-ended-is-not-announced-again",
        Scenario((op.LOGOUT, at(5, op.END_SESSION))),
        "has ended, and has not announced it",
        in_the_store("sessions", mutants.AnnouncesNoSessionAgain),
    ),
    Mutant(
        "a-version-that-had-risen-is-not-announced-again",
        Scenario((op.REVOKE, at(5, op.REVOKE))),
        "revoke says that all have ended, and has not announced it",
        in_the_store("users", mutants.AnnouncesNoVersionAgain),
    ),
    Mutant(
        "a-token-that-is-refused-is-not-announced-again",
        Scenario((op.LOGOUT, at(5, op.LOGOUT_BEARER))),
        "has ended, and has not announced it",
        patches=(("rescind.flows.logout.announce_again", lambda *_, **__: None),),
    ),
]


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_a_slightly_wrong_protocol_is_caught(mutant: Mutant, monkeypatch: pytest.MonkeyPatch) -> None:
    for target, replacement in mutant.patches:
        monkeypatch.setattr(target, replacement)

    explored = schedules.explore(replace(mutant.scenario, build=mutant.build), judge)

    complaints = {complaint for end in explored.ends for complaint in end.complaints}
    assert any(mutant.complaint in complaint for complaint in complaints), complaints


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_the_same_schedules_of_the_right_protocol_are_not(
    explore: Callable[[Scenario], schedules.Explored], mutant: Mutant
) -> None:
    explore(mutant.scenario)
