"""Login: a password opens a session, which depends on the very credential that was verified."""

from contextlib import suppress

from rescind.flows.issue import Refused, Tokens
from rescind.flows.open_session import open_session
from rescind.flows.stores import Credentials, Sessions, SigningKeys, Users
from rescind.flows.throttle import Attempts, Throttled, reserve, settle, windows_for
from rescind.model import Client, Credential, NewIds, Status, User
from rescind.reasons import Reason
from rescind.rules.hash_parameters import HashParameters
from rescind.rules.passwords import WrongPasswordError, hash_password, needs_rehash, verify_password
from rescind.settings import Settings
from rescind.unavailable import UnavailableError

_STARTS = 3


def login(
    username: str,
    password: str,
    *,
    credentials: Credentials,
    users: Users,
    sessions: Sessions,
    attempts: Attempts,
    keys: SigningKeys,
    settings: Settings,
    client: Client,
    nobody: str,
    ids: NewIds,
    salt: bytes,
    now_ms: int,
) -> Tokens | Refused | Throttled:
    """Reserve a guess, verify, hash anew where needed, sign, write, end what is too many, answer.

    Args:
        username: as it was prepared.
        password: likewise.
        credentials: where the username leads to a hash and a user.
        users: where the user is.
        sessions: where the new session goes.
        attempts: where failures are counted.
        keys: the keys to sign with.
        settings: lifetimes, names and limits, and what a hash costs.
        client: what the session remembers of it, and whose network failures count for.
        nobody: a user id that nobody has.
        ids: of the new session and token, and of this request.
        salt: of the new hash, 16 bytes, if the password is to be hashed anew.
        now_ms: epoch milliseconds at the start of this request.

    Raises:
        UnavailableError: something could not be read, opened or written; nothing is handed out.
    """
    now = now_ms // 1000
    credential, user = _account(username, credentials, users, nobody)
    # After the reads, so that tables which fail count for nobody; before the hash, or guesses were free.
    windows = windows_for(username, client=client, settings=settings)
    throttled = reserve(windows, attempts=attempts, now=now, user_id=user.user_id if user else None)
    if throttled:
        return throttled
    # Unknown and disabled users cost as many reads and as much hashing as others.
    password_hash = credential.password_hash if credential else None
    try:
        verify_password(password, password_hash=password_hash, parameters=settings.hash_parameters)
    except WrongPasswordError:
        reason = Reason.WRONG_PASSWORD if user else Reason.USER_UNKNOWN
        return Refused(reason, user.user_id if user else None)
    if credential is None or user is None:
        return Refused(Reason.USER_UNKNOWN)
    if user.status is not Status.ACTIVE:
        return Refused(Reason.USER_DISABLED, user.user_id)
    settle(windows, attempts=attempts, now=now)
    _rehash(credential, password, credentials, salt=salt, parameters=settings.hash_parameters)

    return open_session(
        user,
        write=sessions.put,
        sessions=sessions,
        keys=keys,
        settings=settings,
        client=client,
        ids=ids,
        now_ms=now_ms,
    )


def _account(
    username: str, credentials: Credentials, users: Users, nobody: str
) -> tuple[Credential | None, User | None]:
    """The credential and the user it leads to, of one password version: read anew until they agree."""
    for _ in range(_STARTS):
        credential = credentials.read(username)
        user = users.read(credential.user_id if credential else nobody)
        if credential is None or user is None:
            return None, None
        if user.password_version == credential.password_version:
            return credential, user
    raise UnavailableError("the password is being changed")


def _rehash(
    credential: Credential,
    password: str,
    credentials: Credentials,
    *,
    salt: bytes,
    parameters: HashParameters,
) -> None:
    """Hash the verified password anew if its hash has other parameters; a write that fails fails no login."""
    if not needs_rehash(credential.password_hash, parameters=parameters):
        return
    password_hash = hash_password(password, salt=salt, parameters=parameters)
    with suppress(UnavailableError):
        credentials.rehash(credential, password_hash=password_hash)
