"""Rule 14 of docs/rules.md: login depends on the credential that it verified."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import pytest
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError, VerifyMismatchError

from rescind.flows.issue import Refused, Tokens
from rescind.flows.login import login
from rescind.model import Client, Credential, Lost, NewIds, Session, Status, Written
from rescind.reasons import Reason
from rescind.rules.access_tokens import AccessTokenClaims, verify_access_token
from rescind.rules.passwords import hash_password
from rescind.settings import Settings
from rescind.unavailable import UnavailableError
from tests.fakes import FakeAttempts, FakeCredentials, FakeKeyring, FakeSessions, FakeTables, FakeUsers
from tests.things import (
    ATTEMPT,
    NOW,
    PASSWORD,
    SESSION_ID,
    SETTINGS,
    SIGNING_KEY,
    TOKEN_ID,
    USER_ID,
    a_credential,
    a_user,
)

SALT = b"0123456789abcdef"
PASSWORD_HASH = hash_password(PASSWORD, salt=SALT, parameters=SETTINGS.hash_parameters)
NEW_PASSWORD_HASH = hash_password("another-password", salt=SALT, parameters=SETTINGS.hash_parameters)


@dataclass
class World:
    tables: FakeTables
    credentials: FakeCredentials
    sessions: FakeSessions
    settings: Settings = SETTINGS
    through: Callable[[Any], Any] = lambda store: store

    def log_in(self, *, username: str = "ada", password: str = PASSWORD) -> Any:
        return login(
            username,
            password,
            credentials=self.through(self.credentials),
            users=self.through(FakeUsers(self.tables)),
            sessions=self.through(self.sessions),
            attempts=self.through(FakeAttempts(self.tables)),
            keys=FakeKeyring(),
            settings=self.settings,
            client=Client(user_agent="test", ip="192.0.2.1"),
            nobody="usr_" + "n" * 21 + "A",
            ids=NewIds(SESSION_ID, TOKEN_ID, ATTEMPT),
            salt=SALT,
            now_ms=NOW * 1000,
        )

    def be(self, user: dict[str, Any] | None, credential: dict[str, Any]) -> None:
        """Change the rows of the user and of the credential; None is no row."""
        self.tables.users = {} if user is None else {USER_ID: a_user(**user)}
        self.tables.credentials["ada"] = replace(self.tables.credentials["ada"], **credential)


@pytest.fixture
def world() -> World:
    tables = FakeTables(
        credentials={"ada": a_credential(password_hash=PASSWORD_HASH)}, users={USER_ID: a_user()}
    )
    return World(tables, FakeCredentials(tables), FakeSessions(tables))


def claims_of(tokens: Tokens) -> AccessTokenClaims:
    return verify_access_token(
        tokens.access_token,
        keys={SIGNING_KEY.kid: SIGNING_KEY.private_key.public_key()},
        issuer=SETTINGS.issuer,
        audience=SETTINGS.audience,
        now=NOW,
    )


def test_a_login_opens_a_session_of_the_users_version(world: World) -> None:
    tokens = world.log_in()

    session = world.tables.sessions[USER_ID, SESSION_ID]
    assert (session.counter, session.version, session.attempt) == (1, 7, ATTEMPT)
    assert session.absolute_expires_at == NOW + SETTINGS.refresh_absolute_seconds
    assert session.idle_expires_at == NOW + SETTINGS.refresh_idle_seconds
    claims = claims_of(tokens)
    assert (claims.ver, claims.iat, claims.exp, claims.auth_time) == (7, NOW, NOW + 900, NOW)


def test_a_login_in_the_second_of_a_logout_is_not_older_than_it(world: World) -> None:
    world.tables.users[USER_ID] = a_user(logged_out_at=NOW + 3)

    assert claims_of(world.log_in()).iat == NOW + 3


@pytest.mark.parametrize(
    ("changes", "given", "reason"),
    [
        pytest.param({}, {"password": "guess"}, Reason.WRONG_PASSWORD, id="wrong-password"),
        pytest.param({}, {"username": "eve"}, Reason.USER_UNKNOWN, id="unknown-user"),
        pytest.param({"status": Status.DISABLED}, {}, Reason.USER_DISABLED, id="disabled-user"),
    ],
)
def test_a_refused_login_opens_no_session(
    world: World, changes: dict[str, Any], given: dict[str, str], reason: Reason
) -> None:
    world.tables.users[USER_ID] = a_user(**changes)

    outcome = world.log_in(**given)

    assert isinstance(outcome, Refused)
    assert outcome.reason is reason
    assert world.tables.sessions == {}


class ChangesMeanwhile(FakeCredentials):
    """A password change takes effect right after the credential was read, `times` times."""

    times = 1

    def read(self, username: str) -> Credential | None:
        credential = super().read(username)
        if credential and self.times > 0:
            self.times -= 1
            version = credential.password_version + 1
            self.tables.credentials[username] = replace(
                credential, password_version=version, password_hash=NEW_PASSWORD_HASH
            )
            user = self.tables.users[USER_ID]
            self.tables.users[USER_ID] = replace(
                user, password_version=version, token_version=user.token_version + 1
            )
        return credential


def test_an_old_password_opens_nothing_while_it_is_being_changed(world: World) -> None:
    world.credentials = ChangesMeanwhile(world.tables)

    assert world.log_in() == Refused(Reason.WRONG_PASSWORD, USER_ID)


def test_the_new_password_is_good_as_soon_as_it_is_there(world: World) -> None:
    world.credentials = ChangesMeanwhile(world.tables)

    assert claims_of(world.log_in(password="another-password")).ver == 8


def test_a_password_that_never_comes_to_rest_is_a_failure(world: World) -> None:
    world.credentials = ChangesMeanwhile(world.tables)
    world.credentials.times = 3

    with pytest.raises(UnavailableError):
        world.log_in()


class LosesTheAnswer(FakeSessions):
    def put(self, session: Session) -> Written | Lost[Session]:
        super().put(session)
        raise UnavailableError("the answer was lost")


class RepeatsTheWrite(FakeSessions):
    def put(self, session: Session) -> Written | Lost[Session]:
        super().put(session)
        return Lost(self.read(session.user_id, session.session_id), repeated=True)


@pytest.mark.parametrize("sessions", [LosesTheAnswer, RepeatsTheWrite])
def test_our_own_session_is_known_again_when_the_answer_was_lost(
    world: World, sessions: type[FakeSessions]
) -> None:
    world.sessions = sessions(world.tables)

    assert isinstance(world.log_in(), Tokens)


class EndsIt(FakeSessions):
    """Our put is repeated after somebody has ended the session that its first try made."""

    def put(self, session: Session) -> Written | Lost[Session]:
        super().put(session)
        self.end(session.user_id, session.session_id, now=NOW)
        return Lost(self.read(session.user_id, session.session_id), repeated=True)


class LosesTheWrite(FakeSessions):
    def put(self, session: Session) -> Written | Lost[Session]:
        raise UnavailableError(f"{session.session_id} was not written")


class IsSomebodyElses(FakeSessions):
    """Another request's session stands where ours should go."""

    def put(self, session: Session) -> Written | Lost[Session]:
        super().put(replace(session, attempt="att_another"))
        return super().put(session)


class IsSomebodyElsesAndLosesTheAnswer(IsSomebodyElses):
    def put(self, session: Session) -> Written | Lost[Session]:
        super().put(session)
        raise UnavailableError("the answer was lost")


@pytest.mark.parametrize(
    "sessions", [EndsIt, LosesTheWrite, IsSomebodyElses, IsSomebodyElsesAndLosesTheAnswer]
)
def test_a_session_that_is_not_there_or_ours_or_has_ended_hands_out_nothing(
    world: World, sessions: type[FakeSessions]
) -> None:
    world.sessions = sessions(world.tables)

    with pytest.raises(UnavailableError):
        world.log_in()


class Counting:
    """Stands before a store and writes down what it is asked."""

    def __init__(self, store: Any, calls: list[str]) -> None:
        self._store = store
        self._calls = calls

    def __getattr__(self, name: str) -> Any:
        self._calls.append(f"{type(self._store).__name__}.{name}")
        return getattr(self._store, name)


REFUSED = pytest.mark.parametrize(
    ("user", "credential", "given"),
    [
        pytest.param({}, {}, {"password": "guess"}, id="wrong-password"),
        pytest.param({}, {}, {"username": "eve"}, id="unknown-name"),
        pytest.param({"status": Status.DISABLED}, {}, {}, id="disabled-user"),
        pytest.param(None, {}, {}, id="user-without-a-row"),
        pytest.param({}, {"password_hash": ""}, {}, id="user-without-a-password"),
        pytest.param({}, {"password_hash": "$2b$12$" + "a" * 53}, {}, id="hash-of-another-kind"),
        pytest.param({}, {"password_hash": PASSWORD_HASH.rpartition("$")[0]}, {}, id="half-a-hash"),
    ],
)


@REFUSED
def test_every_refused_login_costs_the_same_calls(
    world: World, user: dict[str, Any] | None, credential: dict[str, Any], given: dict[str, str]
) -> None:
    world.be(user, credential)
    calls: list[str] = []
    world.through = lambda store: Counting(store, calls)

    assert isinstance(world.log_in(**given), Refused)

    assert calls == ["FakeCredentials.read", "FakeUsers.read", *["FakeAttempts.count"] * 3]


@REFUSED
@pytest.mark.parametrize("iterations", [2, 3])
def test_every_refused_login_costs_one_hashing_at_the_parameters_of_today(
    world: World,
    monkeypatch: pytest.MonkeyPatch,
    *,
    iterations: int,
    user: dict[str, Any] | None,
    credential: dict[str, Any],
    given: dict[str, str],
) -> None:
    world.settings = replace(SETTINGS, password_hash_iterations=iterations)
    made_today = hash_password(PASSWORD, salt=SALT, parameters=world.settings.hash_parameters)
    world.be(user, {"password_hash": made_today, **credential})
    hashed = computed_by_argon2(monkeypatch)

    assert isinstance(world.log_in(**given), Refused)

    assert hashed == [f"m=19456,t={iterations},p=1"]


def computed_by_argon2(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The parameters of each hash that argon2 computes from now on; one that it cannot read is none."""
    computed: list[str] = []
    verify = PasswordHasher.verify

    def noted(self: PasswordHasher, password_hash: str, password: str) -> bool:
        unread = False
        try:
            return verify(self, password_hash, password)
        except (InvalidHashError, VerificationError) as error:
            unread = not isinstance(error, VerifyMismatchError)
            raise
        finally:
            computed.extend([] if unread else [password_hash.split("$")[3]])

    monkeypatch.setattr(PasswordHasher, "verify", noted)
    return computed
