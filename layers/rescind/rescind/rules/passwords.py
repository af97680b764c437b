"""Passwords: argon2id at OWASP's minimum, as strings that carry their own parameters (RFC 9106)."""

from argon2 import PasswordHasher, Type
from argon2.exceptions import InvalidHashError, VerificationError

_hasher = PasswordHasher(
    time_cost=2, memory_cost=19_456, parallelism=1, hash_len=32, salt_len=16, type=Type.ID
)

DUMMY_HASH = (
    "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
)
"""What an unknown user's password is compared with, so that the answer takes as long. No password has it."""


class WrongPasswordError(Exception):
    """The password is not the one behind the hash."""


def hash_password(password: str, *, salt: bytes) -> str:
    return _hasher.hash(password, salt=salt)


def verify_password(password: str, *, password_hash: str) -> None:
    """Return when the password is the one behind the hash.

    Raises:
        WrongPasswordError: it is not, or the hash cannot be read.
    """
    try:
        _hasher.verify(password_hash, password)
    except (VerificationError, InvalidHashError, UnicodeEncodeError) as error:
        raise WrongPasswordError("no match") from error
