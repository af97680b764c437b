"""Rule 13 of docs/rules.md: read, decide, sign, write, answer. On the fake, the second an argument."""

from dataclasses import dataclass, replace
from typing import Any

import pytest

from rescind.flows.issue import Refused
from rescind.flows.refresh import Replayed, Rotated, SessionEnded, refresh
from rescind.model import Lost, Session, Status, Written
from rescind.reasons import Reason
from rescind.rules.access_tokens import SigningKey, verify_access_token
from rescind.rules.refresh_tokens import MacKey, sign_refresh_token
from rescind.settings import Settings
from rescind.unavailable import UnavailableError
from tests.fakes import FakeKeyring, FakeSessions, FakeStates, FakeTables
from tests.things import (
    ATTEMPT,
    MAC_KEY,
    NOW,
    SESSION_ID,
    SETTINGS,
    SIGNING_KEY,
    TOKEN_ID,
    USER_ID,
    a_session,
    a_user,
)

EARLIER = NOW - 10


@dataclass
class World:
    tables: FakeTables
    sessions: FakeSessions
    keys: FakeKeyring
    settings: Settings = SETTINGS

    @property
    def row(self) -> Session:
        return self.tables.sessions[USER_ID, SESSION_ID]

    @row.setter
    def row(self, session: Session) -> None:
        self.tables.sessions[USER_ID, SESSION_ID] = session

    def refresh(self, counter: int = 4, *, now: int = NOW, attempt: str = ATTEMPT) -> Any:
        return refresh(
            token_of(counter),
            states=FakeStates(self.tables),
            sessions=self.sessions,
            keys=self.keys,
            settings=self.settings,
            token_id=TOKEN_ID,
            attempt=attempt,
            now=now,
        )


def token_of(counter: int, key: MacKey = MAC_KEY) -> str:
    return sign_refresh_token(USER_ID, SESSION_ID, counter, key=key)


@pytest.fixture
def world() -> World:
    """A live session whose current refresh token has the counter 4."""
    tables = FakeTables(users={USER_ID: a_user()}, sessions={(USER_ID, SESSION_ID): a_session(counter=4)})
    return World(tables, FakeSessions(tables), FakeKeyring())


def test_the_current_token_rotates_the_session(world: World) -> None:
    outcome = world.refresh()

    assert isinstance(outcome, Rotated)
    assert outcome.tokens.refresh_token == token_of(5)
    assert world.row == a_session(
        counter=5,
        rotated_at=NOW,
        last_used_at=NOW,
        idle_expires_at=NOW + SETTINGS.refresh_idle_seconds,
        attempt=ATTEMPT,
    )


def test_the_absolute_lifetime_never_slides(world: World) -> None:
    world.row = replace(world.row, absolute_expires_at=NOW + 100)

    outcome = world.refresh()

    assert outcome.tokens.expires_in == 100
    assert outcome.tokens.refresh_expires_in == 100
    assert world.row.absolute_expires_at == NOW + 100


@pytest.mark.parametrize("late", [0, 40], ids=["at-once", "at-the-end-of-the-grace"])
def test_within_the_grace_a_used_token_gets_the_same_successor(world: World, late: int) -> None:
    first = world.refresh(now=EARLIER)
    advanced = world.row

    again = world.refresh(now=EARLIER + late, attempt="att_other")

    assert isinstance(again, Replayed)
    assert again.tokens.refresh_token == first.tokens.refresh_token
    assert world.row == advanced


class KeysThatAreAsked(FakeKeyring):
    """Writes down for which second a mac key was asked."""

    def __init__(self) -> None:
        self.asked_at: list[int] = []

    def mac_key(self, *, now: int, at: int) -> MacKey:
        self.asked_at.append(at)
        return super().mac_key(now=now, at=at)


def test_a_successor_is_signed_with_the_key_of_its_rotation_each_time(world: World) -> None:
    world.keys = keys = KeysThatAreAsked()

    world.refresh(now=EARLIER)
    world.refresh(now=NOW, attempt="att_other")

    assert keys.asked_at == [EARLIER, EARLIER]


def test_a_successor_that_is_handed_out_again_lives_no_longer(world: World) -> None:
    first = world.refresh(now=EARLIER)

    again = world.refresh(now=NOW, attempt="att_other")

    assert first.tokens.refresh_expires_in == SETTINGS.refresh_idle_seconds
    assert again.tokens.refresh_expires_in == world.row.idle_expires_at - NOW
    assert again.tokens.refresh_expires_in == SETTINGS.refresh_idle_seconds - (NOW - EARLIER)


def test_the_time_of_the_login_stays_over_refreshes(world: World) -> None:
    outcomes = [
        world.refresh(4, now=EARLIER),
        world.refresh(5, attempt="att_second"),
        world.refresh(5, attempt="att_third"),
    ]

    claims = [
        verify_access_token(
            outcome.tokens.access_token,
            keys={SIGNING_KEY.kid: SIGNING_KEY.private_key.public_key()},
            issuer=SETTINGS.issuer,
            audience=SETTINGS.audience,
            now=NOW,
        )
        for outcome in outcomes
    ]
    assert [each.iat for each in claims] == [EARLIER, NOW, NOW]
    assert [each.auth_time for each in claims] == [a_session().created_at_ms // 1000] * 3


def test_after_the_grace_a_used_token_ends_the_session(world: World) -> None:
    world.refresh(now=EARLIER)

    outcome = world.refresh(now=EARLIER + 41, attempt="att_other")

    assert outcome == SessionEnded(Reason.REUSED, USER_ID, SESSION_ID)
    assert world.row.revoked_at == EARLIER + 41


def test_the_grace_does_not_slide(world: World) -> None:
    world.refresh(now=NOW)
    world.refresh(now=NOW + 39, attempt="att_other")

    assert isinstance(world.refresh(now=NOW + 41, attempt="att_third"), SessionEnded)


def test_without_a_grace_a_used_token_ends_the_session_at_once(world: World) -> None:
    world.settings = replace(SETTINGS, refresh_grace_seconds=0)
    world.refresh()

    assert isinstance(world.refresh(attempt="att_other"), SessionEnded)


def test_a_token_two_rotations_old_ends_the_session_even_within_the_grace(world: World) -> None:
    world.refresh(4)
    world.refresh(5, attempt="att_second")

    assert isinstance(world.refresh(4, attempt="att_other"), SessionEnded)


def test_a_token_from_the_future_of_a_restored_backup_ends_the_session(world: World) -> None:
    assert world.refresh(7) == SessionEnded(Reason.COUNTER_BEHIND, USER_ID, SESSION_ID)
    assert world.row.revoked_at == NOW


@pytest.mark.parametrize(
    ("user", "session", "reason"),
    [
        pytest.param(None, {}, Reason.USER_UNKNOWN, id="no-user"),
        pytest.param({"status": Status.DISABLED}, {}, Reason.USER_DISABLED, id="disabled"),
        pytest.param({}, None, Reason.SESSION_UNKNOWN, id="no-session"),
        pytest.param({}, {"revoked_at": EARLIER}, Reason.SESSION_ENDED, id="ended"),
        pytest.param({}, {"idle_expires_at": NOW}, Reason.EXPIRED, id="idle-for-too-long"),
        pytest.param({}, {"absolute_expires_at": NOW}, Reason.EXPIRED, id="too-old"),
        pytest.param({"token_version": 8}, {}, Reason.TOKEN_VERSION, id="another-version"),
    ],
)
@pytest.mark.parametrize("counter", [1, 3, 4, 9], ids=["long-used", "used", "current", "future"])
def test_a_dead_session_refuses_without_alarm_and_without_a_write(
    world: World,
    user: dict[str, Any] | None,
    session: dict[str, Any] | None,
    reason: Reason,
    counter: int,
) -> None:
    world.tables.users = {} if user is None else {USER_ID: a_user(**user)}
    world.tables.sessions = {} if session is None else {(USER_ID, SESSION_ID): a_session(**session)}
    before = dict(world.tables.sessions)

    assert world.refresh(counter) == Refused(reason, USER_ID, SESSION_ID)

    assert world.tables.sessions == before


def test_a_forged_token_reads_nothing_and_ends_nobodys_session(world: World) -> None:
    forged = token_of(1, MacKey(MAC_KEY.key_id, b"f" * 32))

    outcome = refresh(
        forged,
        states=None,  # type: ignore[arg-type] # a read would be an AttributeError
        sessions=None,  # type: ignore[arg-type] # likewise a write
        keys=world.keys,
        settings=SETTINGS,
        token_id=TOKEN_ID,
        attempt=ATTEMPT,
        now=NOW,
    )

    assert outcome == Refused(Reason.BAD_SIGNATURE)


class KeysThatFail(FakeKeyring):
    def signing_key(self, *, now: int) -> SigningKey:
        raise UnavailableError(f"no signing key at {now}")


def test_a_key_failure_leaves_the_presented_token_good(world: World) -> None:
    before = world.row
    world.keys = KeysThatFail()

    with pytest.raises(UnavailableError):
        world.refresh()

    assert world.row == before
    world.keys = FakeKeyring()
    assert isinstance(world.refresh(), Rotated)


class LosesTheAnswer(FakeSessions):
    """The write takes effect and its answer does not arrive."""

    def advance(self, *args: Any, **kwargs: Any) -> Written | Lost[Session]:
        super().advance(*args, **kwargs)
        raise UnavailableError("the answer was lost")


class LosesTheWrite(FakeSessions):
    def advance(self, *_: Any, **__: Any) -> Written | Lost[Session]:
        raise UnavailableError("the write was lost")


class RepeatsTheWrite(FakeSessions):
    """The SDK's own repeat comes upon what its first try has written."""

    def advance(self, session: Session, **kwargs: Any) -> Written | Lost[Session]:
        super().advance(session, **kwargs)
        return Lost(self.read(session.user_id, session.session_id), repeated=True)


@pytest.mark.parametrize("sessions", [LosesTheAnswer, RepeatsTheWrite])
def test_our_own_write_is_known_again_when_its_answer_was_lost(
    world: World, sessions: type[FakeSessions]
) -> None:
    world.sessions = sessions(world.tables)

    outcome = world.refresh()

    assert isinstance(outcome, Replayed)
    assert outcome.tokens.refresh_token == token_of(5)
    assert (world.row.counter, world.row.revoked_at) == (5, None)


def test_a_write_that_did_not_happen_hands_out_nothing_and_ends_nothing(world: World) -> None:
    before = world.row
    world.sessions = LosesTheWrite(world.tables)

    with pytest.raises(UnavailableError):
        world.refresh()

    assert world.row == before


class IsOvertaken(FakeSessions):
    """Others rotate twice between our read and our write, which the SDK sends once or again."""

    repeated = False

    def advance(self, session: Session, **kwargs: Any) -> Written | Lost[Session]:
        counter = session.counter + 2
        key = (session.user_id, session.session_id)
        self.tables.sessions[key] = replace(session, counter=counter, rotated_at=NOW, attempt="att_o")
        lost = super().advance(session, **kwargs)
        assert isinstance(lost, Lost)
        return replace(lost, repeated=self.repeated)


class IsOvertakenInARepeat(IsOvertaken):
    repeated = True


def test_the_loser_of_a_race_is_judged_by_the_row_it_came_upon(world: World) -> None:
    world.sessions = IsOvertaken(world.tables)

    assert world.refresh() == SessionEnded(Reason.REUSED, USER_ID, SESSION_ID)


def test_a_repeat_by_the_sdk_that_finds_a_strangers_row_ends_nothing(world: World) -> None:
    world.sessions = IsOvertakenInARepeat(world.tables)

    with pytest.raises(UnavailableError):
        world.refresh()

    assert world.row.revoked_at is None


class IsOvertakenAndLosesTheAnswer(IsOvertaken):
    def advance(self, session: Session, **kwargs: Any) -> Written | Lost[Session]:
        super().advance(session, **kwargs)
        raise UnavailableError("the answer was lost")


def test_the_loser_of_a_race_that_lost_the_answer_too_ends_nothing(world: World) -> None:
    world.sessions = IsOvertakenAndLosesTheAnswer(world.tables)

    with pytest.raises(UnavailableError):
        world.refresh()

    assert (world.row.counter, world.row.revoked_at) == (6, None)


class IsLoggedOut(FakeSessions):
    """A logout comes between our read and our write."""

    def advance(self, session: Session, **kwargs: Any) -> Written | Lost[Session]:
        self.end(session.user_id, session.session_id, now=NOW)
        return super().advance(session, **kwargs)


def test_a_logout_between_read_and_write_wins(world: World) -> None:
    world.sessions = IsLoggedOut(world.tables)

    assert world.refresh() == Refused(Reason.SESSION_ENDED, USER_ID, SESSION_ID)
    assert world.row.counter == 4


class CannotEnd(FakeSessions):
    def end(self, user_id: str, session_id: str, *, now: int) -> bool:
        raise UnavailableError(f"{user_id} {session_id} {now}")


def test_reuse_is_refused_only_once_the_session_has_ended(world: World) -> None:
    world.refresh(now=EARLIER)
    world.sessions = CannotEnd(world.tables)

    with pytest.raises(UnavailableError):
        world.refresh(now=EARLIER + 41, attempt="att_other")
