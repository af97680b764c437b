"""What a token exchange asks for (RFC 8693 section 2.1), as members of JSON."""

from collections.abc import Mapping
from typing import Any

from rescind.rules.subject_tokens import SubjectTokenType
from rescind.web.requests import InvalidRequestError, optional_text, text

_LONGEST = 8192


def subject_token_of(members: Mapping[str, Any]) -> str:
    return text(members, "subject_token", longest=_LONGEST)


def subject_token_type_of(members: Mapping[str, Any]) -> SubjectTokenType:
    """A JWT of whichever kind, where the body does not say."""
    said = optional_text(members, "subject_token_type", longest=128)
    try:
        return SubjectTokenType(said or SubjectTokenType.JWT)
    except ValueError as error:
        kinds = ", ".join(SubjectTokenType)
        raise InvalidRequestError(f"subject_token_type must be one of {kinds}.") from error
