"""Every way to end a token, a session or all that a user has, and what must be dead once it was answered."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any

import jwt

from tests import requests
from tests.people import Person
from tests.requests import Answer, Call
from tests.things import NEW_PASSWORD, PASSWORD


class Ends(Enum):
    TOKEN = auto()
    """One access token: its session lives."""
    SESSION = auto()
    EVERYTHING = auto()


@dataclass(frozen=True)
class Ending:
    call: Callable[[Person, Answer, Answer], Call]
    """Of a person, the tokens that it is about, and those of another session of the person."""
    ends: Ends
    password: str | None = PASSWORD
    """With which the person logs in afterwards; None: with none."""


def claims_of(tokens: Answer) -> Mapping[str, Any]:
    """Of the access token."""
    claims: dict[str, Any] = jwt.decode(tokens.body["access_token"], options={"verify_signature": False})
    return claims


ENDINGS = {
    "logout": Ending(lambda _who, here, _there: requests.log_out(here.refresh_token), Ends.SESSION),
    "logout-by-bearer": Ending(lambda _who, here, _there: requests.log_out_by_bearer(here), Ends.SESSION),
    "logout-everywhere": Ending(
        lambda _who, here, _there: requests.log_out_by_bearer(here, everywhere=True), Ends.EVERYTHING
    ),
    "logout-everywhere-by-refresh-token": Ending(
        lambda _who, here, _there: requests.log_out_everywhere_by_refresh_token(here.refresh_token),
        Ends.EVERYTHING,
    ),
    "session-deleted-from-elsewhere": Ending(
        lambda who, here, there: requests.end_session(who, there, here.body["session_id"]), Ends.SESSION
    ),
    "password-changed": Ending(
        lambda who, here, _there: requests.change_password(who, here, PASSWORD, NEW_PASSWORD),
        Ends.EVERYTHING,
        NEW_PASSWORD,
    ),
    "oauth-access-token": Ending(
        lambda _who, here, _there: requests.revoke_by_oauth(here.body["access_token"]), Ends.TOKEN
    ),
    "oauth-refresh-token": Ending(
        lambda _who, here, _there: requests.revoke_by_oauth(here.refresh_token), Ends.SESSION
    ),
    "admin-access-token": Ending(
        lambda _who, here, _there: requests.revoke_as_admin(token=here.body["access_token"]), Ends.TOKEN
    ),
    "admin-token-id": Ending(
        lambda _who, here, _there: requests.revoke_as_admin(token_id=claims_of(here)["jti"]), Ends.TOKEN
    ),
    "admin-refresh-token": Ending(
        lambda _who, here, _there: requests.revoke_as_admin(token=here.refresh_token), Ends.SESSION
    ),
    "admin-session": Ending(
        lambda who, here, _there: requests.revoke_session(who, here.body["session_id"]), Ends.SESSION
    ),
    "admin-password": Ending(
        lambda who, _here, _there: requests.set_password(who, NEW_PASSWORD), Ends.EVERYTHING, NEW_PASSWORD
    ),
    "admin-user": Ending(lambda who, _here, _there: requests.revoke_user(who), Ends.EVERYTHING),
    "admin-disabled": Ending(lambda who, _here, _there: requests.disable(who), Ends.EVERYTHING, None),
    "admin-deleted": Ending(lambda who, _here, _there: requests.delete_user(who), Ends.EVERYTHING, None),
}

# One of each kind of write: what the others leave behind is the same.
KINDS = (
    "logout",
    "oauth-access-token",
    "admin-token-id",
    "logout-everywhere",
    "password-changed",
    "admin-deleted",
)
