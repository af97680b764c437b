"""Accounts: making a user with a password, finding, changing and deleting one, counting their sessions."""

from collections.abc import Container
from dataclasses import replace

from rescind.flows.end import STARTS
from rescind.flows.stores import Accounts, Credentials, Sessions, Users
from rescind.model import Credential, Lost, Session, Status, User, Written
from rescind.rules.hash_parameters import HashParameters
from rescind.rules.passwords import NO_PASSWORD, hash_password
from rescind.rules.sessions import refusal
from rescind.rules.trusted_issuers import external_username
from rescind.rules.weak_passwords import Weakness, weakness
from rescind.unavailable import UnavailableError


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
        revision=1,
    )
    credential = Credential(
        username=username,
        user_id=user_id,
        password_hash=password_hash,
        password_version=user.password_version,
    )
    return user, credential


def create_external_user(
    issuer: str, subject: str, *, scope: str, claims: str, accounts: Accounts, user_id: str
) -> User | None:
    """The new user, who logs in at another issuer and has no password; None when they are here already.

    Raises:
        UnavailableError: the rows could not be written, or it is not known whether they were.
    """
    user, link = new_account(
        external_username(issuer, subject), NO_PASSWORD, scope=scope, claims=claims, user_id=user_id
    )
    return user if accounts.create(user, link) else None


def find_user(username: str, *, credentials: Credentials, users: Users) -> User | None:
    """The user who logs in by this name; None when nobody does.

    Raises:
        UnavailableError: a row could not be read.
    """
    credential = credentials.read(username)
    return users.read(credential.user_id) if credential else None


def change_user(
    user_id: str, *, scope: str | None, claims: str | None, users: Users, now: int
) -> User | None:
    """Grant another scope, hand on other claims, or both; the user as changed. None when there is none.

    Args:
        user_id: whose.
        scope: the new one; None leaves it as it is.
        claims: a JSON object as text; likewise.
        users: where they are.
        now: epoch seconds at the start of this request.

    Raises:
        UnavailableError: a call failed, others changed the user at every try, or it cannot be told whether
            the write took effect.
    """
    for _ in range(STARTS):
        user = users.read(user_id)
        if user is None:
            return None
        changed = replace(
            user,
            scope=user.scope if scope is None else scope,
            claims=user.claims if claims is None else claims,
            revision=user.revision + 1,
        )
        match users.change(changed, now=now):
            case Written():
                return changed
            case Lost(row, repeated=True):
                # The SDK's first try may have taken effect, and somebody may have changed the user since:
                # to write again could bring back what they took away.
                if row and (row.scope, row.claims) == (changed.scope, changed.claims):
                    return row
                raise UnavailableError("whether the user was changed cannot be told")
            case Lost():
                pass  # Others were faster, and this is decided on what they left.
    raise UnavailableError("the user is being changed by other requests")


def live_sessions(user: User, *, sessions: Sessions, now: int) -> list[Session]:
    """The sessions of the user that still give tokens, the newest first.

    Raises:
        UnavailableError: they could not be read.
    """
    rows = sessions.of_user(user.user_id)
    live = [row for row in rows if refusal(user, row, now=now) is None]
    return sorted(live, key=lambda row: (row.created_at_ms, row.session_id), reverse=True)


def delete_user(user_id: str, *, users: Users, accounts: Accounts, now: int) -> bool:
    """Delete the user and the credential, which ends every token at once; whether there was one.

    Raises:
        UnavailableError: a call failed.
    """
    user = users.read(user_id)
    if user is None:
        # Whoever has deleted them may have died before anybody knew.
        users.announce_end(user_id, now=now)
        return False
    # Without a credential of the user's own (a backup restored in parts), the user's row alone decides.
    return accounts.delete(user, now=now) or users.delete(user_id, now=now)
