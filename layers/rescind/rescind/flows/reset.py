"""An admin sets a user's password: the old one is dead, and so is every token of the user."""

from collections.abc import Container
from dataclasses import dataclass, replace

from rescind.flows.end import STARTS
from rescind.flows.stores import Accounts, Credentials, Users
from rescind.model import Credential, User
from rescind.rules.hash_parameters import HashParameters
from rescind.rules.passwords import hash_password
from rescind.rules.trusted_issuers import is_external
from rescind.rules.weak_passwords import Weakness, weakness
from rescind.unavailable import UnavailableError


@dataclass(frozen=True, slots=True)
class NameTaken:
    """The user's name is another's by now, as after a restore in parts. Nothing has changed."""


@dataclass(frozen=True, slots=True)
class NoPassword:
    """The user logs in at another issuer, where their password is. Nothing has changed."""


def set_password(
    user_id: str,
    new: str,
    *,
    users: Users,
    credentials: Credentials,
    accounts: Accounts,
    attempt: str,
    salt: bytes,
    parameters: HashParameters,
    common: Container[str],
    now: int,
) -> User | Weakness | NameTaken | NoPassword | None:
    """The user as they stand then, their status what it was; None when there is no such user.

    Both password versions become the larger one plus 1, so that a pair which came apart is mended; a
    credential that is missing is made again.

    Args:
        user_id: whose.
        new: the password, prepared.
        users: where the user is.
        credentials: where the hash is.
        accounts: writes both together.
        attempt: this request's id; at most 34 characters.
        salt: of the new hash, 16 bytes.
        parameters: what the hash costs.
        common: passwords that nobody may choose.
        now: epoch seconds at the start of this request.

    Raises:
        UnavailableError: a call failed, or others changed the user at every try.
    """
    user = users.read(user_id)
    if user is None:
        return None
    if is_external(user.username):
        return NoPassword()
    weak = weakness(new, username=user.username, common=common)
    if weak is not None:
        return weak
    password_hash = hash_password(new, salt=salt, parameters=parameters)
    for start in range(STARTS):
        credential = credentials.read(user.username)
        if credential and credential.user_id != user_id:
            return NameTaken()
        version = max(user.password_version, credential.password_version if credential else 0) + 1
        changed = replace(
            user, token_version=user.token_version + 1, password_version=version, logged_out_at=now
        )
        if accounts.set_password(
            changed,
            Credential(user.username, user_id, password_hash, version),
            read_user=user,
            read_credential=credential,
            attempt=f"{attempt}-{start}",
            now=now,
        ):
            return changed
        user = users.read(user_id)
        if user is None:
            return None
    raise UnavailableError("the user is being changed by other requests")
