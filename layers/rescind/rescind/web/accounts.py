"""What an admin may say of a user, and how a user is shown to one."""

import json
import re
from collections.abc import Mapping
from typing import Any

from rescind.model import User
from rescind.rules.identifiers import is_user_id
from rescind.rules.trusted_issuers import LONGEST_ISSUER, is_issuer
from rescind.web.requests import InvalidRequestError, optional_text, text

MAX_CLAIMS_BYTES = 2048

# RFC 6749 section 3.3
_SCOPE = re.compile(r"([\x21\x23-\x5b\x5d-\x7e]+( [\x21\x23-\x5b\x5d-\x7e]+)*)?")


def user_id_of(members: Mapping[str, Any]) -> str:
    user_id = members.get("user_id")
    if not is_user_id(user_id):
        raise InvalidRequestError("user_id is not of the form usr_... that this API gives out.")
    return str(user_id)


def names_external(members: Mapping[str, Any]) -> bool:
    """Whether this is about a user who logs in at another issuer."""
    return members.get("issuer") is not None or members.get("subject") is not None


def external_id_of(members: Mapping[str, Any]) -> tuple[str, str]:
    """The `issuer` and the `subject`, by which a user is known who logs in elsewhere (`iss` and `sub`)."""
    if members.get("username") is not None or members.get("password") is not None:
        raise InvalidRequestError("A user of another issuer has no username and no password here.")
    issuer = text(members, "issuer", longest=LONGEST_ISSUER)
    if not is_issuer(issuer):
        raise InvalidRequestError("issuer is not of the form https://id.example.com, as in its tokens' iss.")
    subject = text(members, "subject", longest=255)
    if not (subject.isascii() and subject.isprintable()):
        raise InvalidRequestError("subject is not printable ASCII, as in its tokens' sub.")
    return issuer, subject


def scope_of(members: Mapping[str, Any]) -> str | None:
    """The scope to grant; None where the body says none."""
    scope = optional_text(members, "scope", shortest=0, longest=512)
    if scope is not None and not _SCOPE.fullmatch(scope):
        raise InvalidRequestError("scope must be names with one space between them.")
    return scope


def claims_of(members: Mapping[str, Any]) -> str | None:
    """The claims to hand on to the functions behind the authorizer, as the text of a JSON object.

    None where the body says none.
    """
    claims = members.get("claims")
    if claims is None:
        return None
    if not isinstance(claims, dict):
        raise InvalidRequestError("claims is not a JSON object.")
    try:
        text = json.dumps(claims, separators=(",", ":"), allow_nan=False)
    except ValueError as error:
        raise InvalidRequestError("claims holds a number that JSON cannot write.") from error
    if len(text) > MAX_CLAIMS_BYTES:
        raise InvalidRequestError(f"claims is over {MAX_CLAIMS_BYTES} bytes of JSON.")
    return text


def listed(user: User) -> dict[str, Any]:
    """A user as one of many."""
    return {
        "user_id": user.user_id,
        "username": user.username,
        "status": user.status.value,
        "scope": user.scope,
        "token_version": user.token_version,
        "logged_out_at": user.logged_out_at,
    }


def shown(user: User, *, sessions: int) -> dict[str, Any]:
    """A user as an admin sees them; `sessions` is how many are live."""
    return {**listed(user), "claims": json.loads(user.claims), "sessions": sessions}
