"""Passwords: argon2id, as strings that carry their own parameters (RFC 9106).

Hashes that another system made, of bcrypt or another argon2, are verified too; nothing makes them here.
"""

from contextlib import suppress

from argon2 import PasswordHasher, Type
from argon2.exceptions import InvalidHashError, VerificationError, VerifyMismatchError

from rescind.rules.hash_parameters import HashParameters
from rescind.rules.imported_hashes import is_bcrypt

_BCRYPT_BYTES = 72
NO_PASSWORD = "!"  # noqa: S105 - as in shadow(5): no password has this hash


class WrongPasswordError(Exception):
    """The password is not the one behind the hash."""


def hash_password(password: str, *, salt: bytes, parameters: HashParameters) -> str:
    return _hasher(parameters).hash(password, salt=salt)


def verify_password(password: str, *, password_hash: str | None, parameters: HashParameters) -> None:
    """Return when the password is the one behind the hash.

    Without a hash to compare with, it takes as long as with one of these parameters: how long a refusal takes
    must not tell who has an account.

    Args:
        password: as it was prepared.
        password_hash: None where nobody has one.
        parameters: of the hashes that are made today. A hash that was made with others, or by another system,
            takes its own time.

    Raises:
        WrongPasswordError: it is not, or there is no hash, or none that can be read.
    """
    hasher = _hasher(parameters)
    if password_hash is not None:
        try:
            if is_bcrypt(password_hash):
                _verify_bcrypt(password, password_hash)
            else:
                hasher.verify(password_hash, password)  # It knows each kind of argon2 by the hash's name.
        except VerifyMismatchError as error:
            raise WrongPasswordError("no match") from error
        except (VerificationError, InvalidHashError, UnicodeEncodeError):
            pass  # It was never computed, so the time is still to be spent.
        else:
            return
    with suppress(VerificationError, UnicodeEncodeError):
        hasher.verify(dummy_hash(parameters), password)
    raise WrongPasswordError("nothing to match")


def needs_rehash(password_hash: str, *, parameters: HashParameters) -> bool:
    """Whether a hash that a password was verified by is of another kind or of other parameters than these."""
    return is_bcrypt(password_hash) or _hasher(parameters).check_needs_rehash(password_hash)


def dummy_hash(parameters: HashParameters) -> str:
    """What costs as much to compare with as a real one. Nobody knows a password that has it."""
    cost = f"m={parameters.memory_kib},t={parameters.iterations},p={parameters.parallelism}"
    # A salt and a hash of zero bytes, in base64.
    return f"$argon2id$v=19${cost}${'A' * 22}${'A' * 43}"


def _verify_bcrypt(password: str, password_hash: str) -> None:
    import bcrypt  # noqa: PLC0415 - it is for imported users alone, until they have logged in once

    # Which system made it, it cannot have looked at more; and the library raises where there is more.
    if not bcrypt.checkpw(password.encode()[:_BCRYPT_BYTES], password_hash.encode()):
        raise WrongPasswordError("no match")


def _hasher(parameters: HashParameters) -> PasswordHasher:
    return PasswordHasher(
        time_cost=parameters.iterations,
        memory_cost=parameters.memory_kib,
        parallelism=parameters.parallelism,
        hash_len=32,
        salt_len=16,
        type=Type.ID,
    )
