"""Importing a user with the hash that another system made: a new one, or one who has been sent before."""

import hmac
from collections.abc import Callable
from dataclasses import dataclass, field

from rescind.flows.accounts import new_account
from rescind.flows.stores import Accounts, Credentials
from rescind.model import Status
from rescind.unavailable import UnavailableError


@dataclass(frozen=True, slots=True)
class ImportedUser:
    """Prepared and checked."""

    username: str
    password_hash: str = field(repr=False)
    scope: str
    claims: str
    status: Status


@dataclass(frozen=True, slots=True)
class Created:
    user_id: str


@dataclass(frozen=True, slots=True)
class Already:
    """The username is there with this very hash. Nothing has changed, whatever else differs."""

    user_id: str


@dataclass(frozen=True, slots=True)
class Taken:
    """The username is there with another hash."""


def import_user(
    imported: ImportedUser,
    *,
    accounts: Accounts,
    credentials: Credentials,
    user_id: str,
    in_time: Callable[[], bool],
) -> Created | Already | Taken:
    """Write both rows; where they are not written, the credential that is there says why.

    Args:
        imported: who.
        accounts: where user and credential go.
        credentials: where a username leads to whose it is.
        user_id: of the new user.
        in_time: whether there is time left for one more call.

    Raises:
        UnavailableError: it is not known whether the user is there. To import them again is safe.
    """
    user, credential = new_account(
        imported.username,
        imported.password_hash,
        scope=imported.scope,
        claims=imported.claims,
        user_id=user_id,
        status=imported.status,
    )
    failure = UnavailableError("it is not known whose the username is")
    try:
        if accounts.create(user, credential):
            return Created(user_id)
    except UnavailableError as error:
        failure = error
    if not in_time():
        raise failure
    # After a failure, too: the write may have taken effect, its answer lost. Only the row can tell.
    row = credentials.read(imported.username)
    if row is None:
        raise failure
    if row.user_id == user_id:
        return Created(user_id)
    same = hmac.compare_digest(row.password_hash.encode(), imported.password_hash.encode())
    return Already(row.user_id) if same else Taken()
