"""What the flows need of the store and of the keys. The real ones are in `store/` and `keyring.py`."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Protocol

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey

from rescind.model import BlockedToken, Credential, Lost, Session, Status, User, UserPage, Written
from rescind.rules.access_tokens import SigningKey
from rescind.rules.key_set import KeySet, Purpose
from rescind.rules.refresh_tokens import MacKey
from rescind.verdict import Allow, AllowByFeed, Refuse, State

if TYPE_CHECKING:  # Where no feed is read, it is not loaded.
    from rescind.rules.remembered import Remembered


class States(Protocol):
    def of_token(self, *, jti: str, user_id: str, session_id: str) -> State: ...

    def of_session(self, user_id: str, session_id: str) -> tuple[User | None, Session | None]: ...


class Revocations(Protocol):
    def remembered(self, *, now: int) -> "Remembered": ...


class Authenticator(Protocol):
    def __call__(self, token: str | None, *, now: int) -> Allow | AllowByFeed | Refuse: ...


class Credentials(Protocol):
    def read(self, username: str) -> Credential | None: ...

    def rehash(self, credential: Credential, *, password_hash: str) -> bool: ...


class Users(Protocol):
    def read(self, user_id: str) -> User | None: ...

    def page(self, *, segment: int, of: int, after: str | None, limit: int) -> UserPage: ...

    def raise_version(
        self, user_id: str, *, version: int, now: int, status: Status | None = None
    ) -> Written | Lost[User]: ...

    def announce_end(self, user_id: str, *, now: int) -> None: ...

    def change(self, changed: User, *, now: int) -> Written | Lost[User]: ...

    def enable(self, user_id: str, *, version: int) -> Written | Lost[User]: ...

    def delete(self, user_id: str, *, now: int) -> bool: ...


class Accounts(Protocol):
    def create(self, user: User, credential: Credential) -> bool: ...

    def change_password(self, changed: User, *, password_hash: str, session: Session, now: int) -> bool: ...

    def set_password(
        self,
        user: User,
        credential: Credential,
        *,
        read_user: User,
        read_credential: Credential | None,
        attempt: str,
        now: int,
    ) -> bool: ...

    def delete(self, user: User, *, now: int) -> bool: ...


class Sessions(Protocol):
    def read(self, user_id: str, session_id: str) -> Session | None: ...

    def of_user(self, user_id: str) -> list[Session]: ...

    def put(self, session: Session) -> Written | Lost[Session]: ...

    def advance(
        self, session: Session, *, now: int, idle_expires_at: int, attempt: str
    ) -> Written | Lost[Session]: ...

    def end(self, user_id: str, session_id: str, *, now: int) -> bool: ...


class Blocklist(Protocol):
    def put(self, blocked: BlockedToken) -> None: ...

    def announce(self, jti: str, *, now: int) -> None: ...

    def read(self, jti: str) -> BlockedToken | None: ...


class KeySetReader(Protocol):
    def read(self, purpose: Purpose) -> KeySet: ...


class VerificationKeys(Protocol):
    def verification_keys(self, *, now: int) -> Mapping[str, EllipticCurvePublicKey]: ...


class MacKeys(Protocol):
    def mac_key(self, *, now: int, at: int) -> MacKey: ...

    def mac_key_of(self, key_id: str, *, now: int) -> MacKey | None: ...


class SigningKeys(MacKeys, Protocol):
    def signing_key(self, *, now: int) -> SigningKey: ...


class ReadingKeys(VerificationKeys, MacKeys, Protocol):
    """For a function that reads both kinds of token and signs none."""
