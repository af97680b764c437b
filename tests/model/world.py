"""A whole deployment in memory: what each function does, with its host's clock as an argument."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from argon2.exceptions import VerifyMismatchError

from rescind import ids
from rescind.flows import accounts, end
from rescind.flows.authenticate import authenticate
from rescind.flows.backchannel import Ended, end_login
from rescind.flows.exchange import exchange, identify
from rescind.flows.issue import Refused, Tokens
from rescind.flows.login import login
from rescind.flows.logout import LoggedOut, TwoUsers, logout
from rescind.flows.password import Overtaken, WrongPassword, change_password
from rescind.flows.refresh import Replayed, Rotated, SessionEnded, refresh
from rescind.flows.reset import NameTaken, NoPassword, set_password
from rescind.flows.revoke import RevokedToken, revoke_token_id
from rescind.flows.throttle import Throttled
from rescind.issuer_keys import IssuerKeyring
from rescind.model import Client, User
from rescind.rules.access_tokens import AccessTokenClaims, verify_access_token
from rescind.rules.hash_parameters import HashParameters
from rescind.rules.logout_tokens import verify_logout_token
from rescind.rules.refresh_tokens import MacKey
from rescind.rules.subject_tokens import SubjectTokenType
from rescind.rules.trusted_issuers import trusted_issuers
from rescind.rules.weak_passwords import Weakness
from rescind.settings import Settings
from rescind.store.sessions import TOMBSTONE_SECONDS
from rescind.verdict import Allow, Refuse
from tests.fakes import (
    FakeAccounts,
    FakeAttempts,
    FakeBlocklist,
    FakeCredentials,
    FakeKeyring,
    FakeLogins,
    FakeSessions,
    FakeStates,
    FakeTables,
    FakeUsers,
)
from tests.issuers import CLIENT as AUDIENCE
from tests.issuers import Issuer
from tests.things import SETTINGS

ISSUER = Issuer()
_ISSUERS = trusted_issuers(f"{ISSUER.name} {AUDIENCE} groups=readers->reports")
_ISSUER_KEYS = IssuerKeyring(ISSUER)
_CLIENT = Client(user_agent="test", ip="192.0.2.1")
_MAC_KEY_SIGNS_SECONDS = 15


class KeysThatRotate(FakeKeyring):
    """The mac key changes several times within a grace."""

    def mac_key(self, *, now: int, at: int) -> MacKey:
        del now
        return self._mac_key(at // _MAC_KEY_SIGNS_SECONDS)

    def mac_key_of(self, key_id: str, *, now: int) -> MacKey | None:
        del now
        return self._mac_key(int(key_id.removeprefix("mac_").removesuffix("A")))

    def _mac_key(self, number: int) -> MacKey:
        return MacKey(f"mac_{number:021}A", number.to_bytes(32))


@dataclass
class World:
    """Every store and the keys are reached through `through`, which may do what it likes to a call."""

    settings: Settings = SETTINGS
    tables: FakeTables = field(default_factory=FakeTables)
    through: Callable[[Any], Any] = lambda store: store

    def sign_up(self, name: str, password: str) -> str:
        """The id of the new user."""
        user = accounts.create_user(
            name,
            password,
            scope="orders:read",
            claims="{}",
            accounts=FakeAccounts(self.tables),
            user_id=ids.new_user_id(),
            salt=ids.new_salt(),
            parameters=self.settings.hash_parameters,
            common=(),
        )
        assert isinstance(user, User)
        return user.user_id

    def log_in(
        self, name: str, password: str, *, now: int, ip: str = _CLIENT.ip
    ) -> Tokens | Refused | Throttled:
        return login(
            name,
            password,
            credentials=self.through(FakeCredentials(self.tables)),
            users=self.through(FakeUsers(self.tables)),
            sessions=self.through(FakeSessions(self.tables)),
            attempts=self.through(FakeAttempts(self.tables)),
            keys=self.through(KeysThatRotate()),
            settings=self.settings,
            client=replace(_CLIENT, ip=ip),
            nobody=ids.new_user_id(),
            ids=ids.new_ids(),
            salt=ids.new_salt(),
            now_ms=now * 1000,
        )

    def exchange(self, subject_token: str, *, now: int) -> Tokens | Refused:
        identified = identify(
            subject_token,
            token_type=SubjectTokenType.JWT,
            issuers=_ISSUERS,
            provision=True,
            issuer_keys=_ISSUER_KEYS,
            credentials=self.through(FakeCredentials(self.tables)),
            users=self.through(FakeUsers(self.tables)),
            accounts=self.through(FakeAccounts(self.tables)),
            logins=self.through(FakeLogins(self.tables)),
            user_id=ids.new_user_id(),
            now=now,
        )
        if isinstance(identified, Refused):
            return identified
        return exchange(
            identified,
            logins=self.through(FakeLogins(self.tables)),
            sessions=self.through(FakeSessions(self.tables)),
            keys=self.through(KeysThatRotate()),
            settings=self.settings,
            client=_CLIENT,
            ids=ids.new_ids(),
            now_ms=now * 1000,
        )

    def log_out_there(self, logout_token: str, *, now: int) -> Ended | Refused:
        return end_login(
            logout_token,
            verify=verify_logout_token,
            issuers=_ISSUERS,
            issuer_keys=_ISSUER_KEYS,
            logins=self.through(FakeLogins(self.tables)),
            sessions=self.through(FakeSessions(self.tables)),
            now=now,
        )

    def refresh(self, token: str, *, now: int) -> Rotated | Replayed | SessionEnded | Refused:
        return refresh(
            token,
            states=self.through(FakeStates(self.tables)),
            sessions=self.through(FakeSessions(self.tables)),
            keys=self.through(KeysThatRotate()),
            settings=self.settings,
            token_id=ids.new_token_id(),
            attempt=ids.new_attempt_id(),
            now=now,
        )

    def would_refresh(self, token: str, *, now: int) -> Rotated | Replayed | SessionEnded | Refused:
        """What a refresh would come to; nothing changes."""
        tables = replace(
            self.tables, sessions=dict(self.tables.sessions), announced=set(self.tables.announced)
        )
        return replace(self, tables=tables).refresh(token, now=now)

    def log_out(
        self, *, bearer: str | None = None, token: str | None = None, everywhere: bool = False, now: int
    ) -> LoggedOut | TwoUsers:
        return logout(
            access_token=bearer,
            refresh_token=token,
            everywhere=everywhere,
            keys=self.through(KeysThatRotate()),
            states=self.through(FakeStates(self.tables)),
            sessions=self.through(FakeSessions(self.tables)),
            users=self.through(FakeUsers(self.tables)),
            blocklist=self.through(FakeBlocklist(self.tables)),
            settings=self.settings,
            now=now,
        )

    def authorize(self, bearer: str, *, now: int) -> Allow | Refuse:
        """The authorizer's decision; its calls never fail here."""
        return authenticate(
            bearer, keys=KeysThatRotate(), states=FakeStates(self.tables), settings=self.settings, now=now
        )

    def allows(self, bearer: str, *, now: int) -> bool:
        return isinstance(self.authorize(bearer, now=now), Allow)

    def allowed_scope(self, bearer: str, *, now: int) -> str | None:
        """None for a token that is refused."""
        answer = self.authorize(bearer, now=now)
        return answer.scope if isinstance(answer, Allow) else None

    def change_password(
        self, bearer: str, current: str, new: str, *, now: int
    ) -> Tokens | WrongPassword | Overtaken | Throttled | Weakness | Refuse:
        caller = self.authorize(bearer, now=now)
        if isinstance(caller, Refuse):
            return caller
        return change_password(
            current,
            new,
            user_id=caller.claims.sub,
            session_id=caller.claims.sid,
            states=self.through(FakeStates(self.tables)),
            credentials=self.through(FakeCredentials(self.tables)),
            accounts=self.through(FakeAccounts(self.tables)),
            sessions=self.through(FakeSessions(self.tables)),
            attempts=self.through(FakeAttempts(self.tables)),
            keys=self.through(KeysThatRotate()),
            settings=self.settings,
            client=_CLIENT,
            ids=ids.new_ids(),
            salt=ids.new_salt(),
            common=(),
            now_ms=now * 1000,
        )

    def end_session(self, bearer: str, session_id: str, *, now: int) -> bool:
        caller = self.authorize(bearer, now=now)
        return isinstance(caller, Allow) and FakeSessions(self.tables).end(
            caller.claims.sub, session_id, now=now
        )

    def block(self, bearer: str, *, now: int) -> RevokedToken:
        """An admin knows no more than the token's id."""
        claims = self.authorize(bearer, now=now).claims
        assert claims is not None
        return revoke_token_id(
            claims.jti, reason="test", blocklist=self.through(FakeBlocklist(self.tables)), now=now
        )

    def disable(self, user_id: str, *, now: int) -> None:
        end.disable(user_id, users=self.through(FakeUsers(self.tables)), now=now)

    def enable(self, user_id: str) -> None:
        end.enable(user_id, users=self.through(FakeUsers(self.tables)))

    def set_password(
        self, user_id: str, new: str, *, now: int
    ) -> User | Weakness | NameTaken | NoPassword | None:
        return set_password(
            user_id,
            new,
            users=self.through(FakeUsers(self.tables)),
            credentials=self.through(FakeCredentials(self.tables)),
            accounts=self.through(FakeAccounts(self.tables)),
            attempt=ids.new_attempt_id(),
            salt=ids.new_salt(),
            parameters=self.settings.hash_parameters,
            common=(),
            now=now,
        )

    def change(
        self, user_id: str, *, now: int, scope: str | None = None, claims: str | None = None
    ) -> User | None:
        return accounts.change_user(
            user_id,
            scope=scope,
            claims=claims,
            users=self.through(FakeUsers(self.tables)),
            now=now,
        )

    def revoke(self, user_id: str, *, now: int) -> None:
        end.revoke(user_id, users=self.through(FakeUsers(self.tables)), now=now)

    def delete(self, user_id: str, *, now: int) -> bool:
        return accounts.delete_user(
            user_id,
            users=self.through(FakeUsers(self.tables)),
            accounts=self.through(FakeAccounts(self.tables)),
            now=now,
        )

    def let_ttl_delete(self, *, now: int) -> None:
        """Delete what DynamoDB may delete. A session has the two TTLs that its store writes."""
        for jti, blocked in list(self.tables.blocklist.items()):
            if blocked.ttl < now:
                del self.tables.blocklist[jti]
        for key, row in list(self.tables.sessions.items()):
            ttl = row.absolute_expires_at + 120
            if row.revoked_at is not None:
                ttl = row.revoked_at + TOMBSTONE_SECONDS
            if ttl < now:
                del self.tables.sessions[key]


@dataclass(frozen=True)
class CheapHasher:
    """Stands in for argon2, which takes its time on purpose."""

    parameters: HashParameters

    def hash(self, password: str, *, salt: bytes) -> str:
        return f"{self.parameters.iterations}:{salt.hex()}:{password}"

    def verify(self, password_hash: str, password: str) -> None:
        if password_hash.split(":", 2)[-1] != password:
            raise VerifyMismatchError

    def check_needs_rehash(self, password_hash: str) -> bool:
        return password_hash.partition(":")[0] != str(self.parameters.iterations)


@contextmanager
def cheap_passwords() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("rescind.rules.passwords._hasher", CheapHasher)
        yield


@contextmanager
def signatures_checked_once() -> Iterator[None]:
    """What a text says never changes, so a test that asks of every token after every step reads each once."""
    read: dict[str, AccessTokenClaims] = {}

    def verify_once(token: str, *, now: int, **given: Any) -> AccessTokenClaims:
        if token not in read or read[token].iat > now:
            read[token] = verify_access_token(token, now=now, **given)
        return read[token]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("rescind.flows.authenticate.verify_access_token", verify_once)
        yield
