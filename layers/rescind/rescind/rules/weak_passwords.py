"""Which new passwords are refused for what they are: those that are tried first (OWASP ASVS 5.0, 6.2.4)."""

from collections.abc import Container
from enum import Enum, auto


class Weakness(Enum):
    COMMON = auto()
    USERNAME = auto()


def weakness(password: str, *, username: str, common: Container[str]) -> Weakness | None:
    """What speaks against this password; capitals make none stronger.

    Args:
        password: as it was prepared.
        username: whose it is to be, as it was prepared.
        common: passwords that everybody knows, in lower case.
    """
    lowered = password.casefold()
    if lowered == username.casefold():
        return Weakness.USERNAME
    if lowered in common:
        return Weakness.COMMON
    return None
