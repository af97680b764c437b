"""Accounts: making a user with a password, counting their sessions, deleting them."""

from collections.abc import Container

from rescind.flows.stores import Accounts, Sessions, Users
from rescind.model import Credential, Session, Status, User
from rescind.rules.hash_parameters import HashParameters
from rescind.rules.passwords import hash_password
from rescind.rules.sessions import refusal
from rescind.rules.weak_passwords import Weakness, weakness


def create_user(
    username: str,
    password: str,
    *,
    scope: str,
    claims: str,
    accounts: Accounts,
    user_id: str,
    salt: bytes,
    parameters: HashParameters,
    common: Container[str],
) -> User | Weakness | None:
    """The new user; what speaks against the password; None when the username is taken.

    Args:
        username: as it was prepared.
        password: likewise.
        scope: what the user is granted.
        claims: a JSON object as text.
        accounts: where user and credential go.
        user_id: of the new user.
        salt: of the hash, 16 bytes.
        parameters: what the hash costs.
        common: passwords that nobody may choose.

    Raises:
        UnavailableError: the rows could not be written, or it is not known whether they were.
    """
    weak = weakness(password, username=username, common=common)
    if weak is not None:
        return weak
    user, credential = new_account(
        username,
        hash_password(password, salt=salt, parameters=parameters),
        scope=scope,
        claims=claims,
        user_id=user_id,
    )
    return user if accounts.create(user, credential) else None


def new_account(
    username: str,
    password_hash: str,
    *,
    scope: str,
    claims: str,
    user_id: str,
    status: Status = Status.ACTIVE,
) -> tuple[User, Credential]:
    """The two rows of a user who has never been here."""
    user = User(
        user_id=user_id,
        username=username,
        status=status,
        scope=scope,
        claims=claims,
        token_version=1,
        password_version=1,
        logged_out_at=0,
    )
    credential = Credential(
        username=username,
        user_id=user_id,
        password_hash=password_hash,
        password_version=user.password_version,
    )
    return user, credential


def live_sessions(user: User, *, sessions: Sessions, now: int) -> list[Session]:
    """The sessions of the user that still give tokens, the newest first.

    Raises:
        UnavailableError: they could not be read.
    """
    rows = sessions.of_user(user.user_id)
    live = [row for row in rows if refusal(user, row, now=now) is None]
    return sorted(live, key=lambda row: (row.created_at_ms, row.session_id), reverse=True)


def delete_user(user_id: str, *, users: Users, accounts: Accounts) -> bool:
    """Delete the user and the credential, which ends every token at once; whether there was one.

    Raises:
        UnavailableError: a call failed.
    """
    user = users.read(user_id)
    if user is None:
        return False
    # Without a credential of the user's own (a backup restored in parts), the user's row alone decides.
    return accounts.delete(user) or users.delete(user_id)
