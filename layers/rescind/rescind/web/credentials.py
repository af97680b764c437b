"""The usernames and passwords of a request, prepared (RFC 8265), and of the lengths that they may have."""

from collections.abc import Callable, Mapping
from typing import Any

from rescind.rules.preparation import NotPreparedError, prepare_password, prepare_username
from rescind.rules.weak_passwords import Weakness
from rescind.web.requests import InvalidRequestError, text

_LONGEST = 256
_SHORTEST_NEW_PASSWORD = 8  # OWASP ASVS 5.0, 6.2.1

_ADVICE = {
    Weakness.COMMON: "is one of the passwords that are tried first. Choose another one.",
    Weakness.USERNAME: "must not be the username.",
}


def username_of(members: Mapping[str, Any]) -> str:
    return _prepared(members, "username", prepare_username)


def password_of(members: Mapping[str, Any], name: str) -> str:
    """A password to compare with."""
    return _prepared(members, name, prepare_password)


def new_password_of(members: Mapping[str, Any], name: str) -> str:
    """A password to keep; whether it is a weak one is not looked at here."""
    return _prepared(members, name, prepare_password, shortest=_SHORTEST_NEW_PASSWORD)


def advice(name: str, weakness: Weakness) -> str:
    """What is told to who has chosen a weak password; never the password itself."""
    return f"{name} {_ADVICE[weakness]}"


def _prepared(
    members: Mapping[str, Any], name: str, prepare: Callable[[str], str], *, shortest: int = 1
) -> str:
    # Before, so that no long text is prepared; and after, as preparing can make a text longer or shorter.
    given = text(members, name, shortest=shortest, longest=_LONGEST)
    try:
        prepared = prepare(given)
    except NotPreparedError as error:
        raise InvalidRequestError(f"{name} {error}.") from error
    return text({name: prepared}, name, shortest=shortest, longest=_LONGEST)
