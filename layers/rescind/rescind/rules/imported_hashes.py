"""Which password hashes of other systems are kept, and what one of them may cost.

Only what `passwords.py` can read, and compute in a function's time, is kept. All else is refused with a word
why: at the import, and not at a login months later.
"""

import re

# What stands in the place of a hash where there is no password, as in /etc/shadow: nothing has this hash.
NO_PASSWORD = "!"  # noqa: S105 - the one hash that is no secret

# At its highest in all three, a login takes some 4 s in a function of 1024 MB, and hashes anew after that.
_MOST_MEMORY_KIB = 262_144
_MOST_ITERATIONS = 10
_MOST_LANES = 16
_SALT_BYTES = range(8, 65)  # RFC 9106 section 3.1 has no fewer
_TAG_BYTES = range(16, 65)  # A shorter one would be another password's, too.
_BCRYPT_COSTS = range(4, 15)  # The least there is; and some 1.5 s.

# As the reference implementation of argon2 writes and reads it: no leading zeros, no other order. A hash
# without a version is of version 16.
_NUMBER = "[1-9][0-9]{0,9}"
_ARGON2 = re.compile(
    rf"\$argon2(?:id|i|d)\$(?:v=(?P<version>{_NUMBER})\$)?"
    rf"m=(?P<memory>{_NUMBER}),t=(?P<iterations>{_NUMBER}),p=(?P<lanes>{_NUMBER})"
    r"\$(?P<salt>[A-Za-z0-9+/]+)\$(?P<tag>[A-Za-z0-9+/]+)"
)
_VERSIONS = {None, "16", "19"}
_BASE64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
# The last characters of salt and hash hold bits that no byte needs: with one of them set, nothing matches.
_BCRYPT = re.compile(
    r"\$2[aby]\$(?P<cost>[0-9]{2})\$[./A-Za-z0-9]{21}[.Oeu][./A-Za-z0-9]{30}[.CGKOSWaeimquy26]"
)


class HashRefusedError(Exception):
    """The hash is none that is kept; the message says why, and nothing of the hash."""


def imported_hash(given: str) -> str:
    """What to keep of another system's hash: itself, and NO_PASSWORD for an empty one.

    Raises:
        HashRefusedError: it is of another kind, malformed, or costs too much.
    """
    if not given:
        return NO_PASSWORD
    if given.startswith("$2"):
        _check_bcrypt(given)
    elif given.startswith("$argon2"):
        _check_argon2(given)
    else:
        raise HashRefusedError("is neither a bcrypt hash nor one of argon2 that begins with $argon2")
    return given


def is_bcrypt(password_hash: str) -> bool:
    """Whether it is one of bcrypt, whole, and of a cost that is accepted."""
    found = _BCRYPT.fullmatch(password_hash)
    return found is not None and int(found["cost"]) in _BCRYPT_COSTS


def _check_bcrypt(given: str) -> None:
    found = _BCRYPT.fullmatch(given)
    if found is None:
        raise HashRefusedError("is not bcrypt's $2a$, $2b$ or $2y$ with all its 60 characters")
    if int(found["cost"]) not in _BCRYPT_COSTS:
        raise HashRefusedError(f"has a bcrypt cost that is not {_BCRYPT_COSTS[0]} to {_BCRYPT_COSTS[-1]}")


def _check_argon2(given: str) -> None:
    found = _ARGON2.fullmatch(given)
    if found is None or found["version"] not in _VERSIONS:
        raise HashRefusedError("is not argon2's $argon2id$v=19$m=...,t=...,p=...$salt$hash")
    memory, iterations, lanes = (int(found[name]) for name in ("memory", "iterations", "lanes"))
    if memory > _MOST_MEMORY_KIB or iterations > _MOST_ITERATIONS or lanes > _MOST_LANES:
        raise HashRefusedError(
            f"costs more than m={_MOST_MEMORY_KIB},t={_MOST_ITERATIONS},p={_MOST_LANES}, the most that may be"
        )
    if memory < 8 * lanes:  # RFC 9106 section 3.1
        raise HashRefusedError("has less memory than its lanes need")
    if _bytes_of(found["salt"]) not in _SALT_BYTES or _bytes_of(found["tag"]) not in _TAG_BYTES:
        raise HashRefusedError(
            f"must have a salt of {_SALT_BYTES[0]} to {_SALT_BYTES[-1]} bytes, "
            f"and {_TAG_BYTES[0]} to {_TAG_BYTES[-1]} bytes of hash, in base64 without padding"
        )


def _bytes_of(text: str) -> int | None:
    """How many bytes this is in base64; None where it is not how their encoder writes them."""
    whole, rest = divmod(len(text), 4)
    if rest == 1:
        return None
    # The bits of the last character that no byte needs must not be set.
    spare = {0: 1, 2: 16, 3: 4}[rest]
    return None if _BASE64.index(text[-1]) % spare else 3 * whole + max(0, rest - 1)
