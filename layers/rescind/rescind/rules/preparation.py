"""Usernames and passwords in the one form that is stored and compared (RFC 8265)."""

from precis_i18n import get_profile

_USERNAME = get_profile("UsernameCaseMapped")
_PASSWORD = get_profile("OpaqueString")
_MIDDLE_DOTS = 16


class NotPreparedError(Exception):
    """The text has no such form; the message names what is in the way, and nothing of the text."""


def prepare_username(given: str) -> str:
    """Width, case and composition no longer matter: `Ada` is `ada` (RFC 8265 section 3.3).

    The time is that of the length, some 2 us a character: bound it before.

    Raises:
        NotPreparedError: it holds what no username may, or mixes directions of writing.
    """
    _check_middle_dots(given)
    try:
        return _USERNAME.enforce(given)
    except UnicodeEncodeError as error:
        raise NotPreparedError("must have letters, digits and ASCII punctuation only") from error


def prepare_password(given: str) -> str:
    """Composition and kinds of spaces no longer matter, all else does (RFC 8265 section 4.2).

    It takes as long as that of a username.

    Raises:
        NotPreparedError: it holds what no password may.
    """
    _check_middle_dots(given)
    try:
        return _PASSWORD.enforce(given)
    except UnicodeEncodeError as error:
        raise NotPreparedError("must have no control, joining or unassigned characters") from error


def _check_middle_dots(given: str) -> None:
    # For each of them the library reads the whole text (RFC 5892 appendix A.7): 256 cost as much as a hash.
    if given.count("\u30fb") > _MIDDLE_DOTS:
        raise NotPreparedError(f"must have at most {_MIDDLE_DOTS} Katakana middle dots")
