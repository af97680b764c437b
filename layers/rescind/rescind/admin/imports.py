"""What an operator does with the users of another system: imports them, with their hashes, a batch at a time.

A batch may be sent again, whatever became of it: who is there by then is found `already`.
"""

import time
from collections.abc import Callable, Mapping
from typing import Any

from rescind import audit, ids, wiring
from rescind.flows.imports import Already, Created, ImportedUser, Taken, import_user
from rescind.model import Status
from rescind.rules.imported_hashes import HashRefusedError, imported_hash
from rescind.unavailable import UnavailableError
from rescind.web.accounts import claims_of, scope_of
from rescind.web.admin_requests import AdminRequest
from rescind.web.credentials import username_of
from rescind.web.requests import InvalidRequestError, optional_text
from rescind.web.responses import Response, ok

_MOST_USERS = 100
_LONGEST_HASH = 512
_MEMBERS = {"username", "password_hash", "scope", "claims", "status"}
# No call to a table begins later: the rest of the function's time is for one that fails (deadline.py).
_SECONDS = 4.0

Result = dict[str, str]


def create(request: AdminRequest) -> Response:
    """Import each user of the batch; one result for each, in order.

    `not_done` are those for whom there was no time, and those from a table that failed on: send them again.
    Where that is all there is to say, the answer is 503.

    Raises:
        InvalidRequestError: the batch is malformed, or holds a password; nobody was imported.
        UnavailableError: a table failed before anything was certain.
    """
    until = time.monotonic() + _SECONDS
    batch = _checked(_users_of(request.members))
    return ok({"results": _import(batch, actor=request.actor, in_time=lambda: time.monotonic() < until)})


def _import(batch: list[ImportedUser | Result], *, actor: str, in_time: Callable[[], bool]) -> list[Result]:
    results: list[Result] = []
    failure: UnavailableError | None = None
    for each in batch:
        if not isinstance(each, ImportedUser):
            results.append(each)
        elif failure or not in_time():
            results.append({"outcome": "not_done"})
        else:
            try:
                results.append(_import_one(each, actor=actor, in_time=in_time))
            except UnavailableError as error:
                failure = error
                results.append({"outcome": "not_done"})
    if failure:
        if all(result["outcome"] == "not_done" for result in results):
            raise failure
        audit.failure(audit.Event.UNAVAILABLE, failure)
    return results


def _import_one(imported: ImportedUser, *, actor: str, in_time: Callable[[], bool]) -> Result:
    outcome = import_user(
        imported,
        accounts=wiring.accounts(),
        credentials=wiring.credentials(),
        user_id=ids.new_user_id(),
        in_time=in_time,
    )
    match outcome:
        case Created(user_id):
            audit.record(audit.Event.USER_CREATED, user_id=user_id, actor=actor)
            return {"outcome": "created", "user_id": user_id}
        case Already(user_id):
            return {"outcome": "already", "user_id": user_id}
        case Taken():
            return _skipped("The username is taken.")


def _users_of(members: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    users = members.get("users")
    if not isinstance(users, list) or not all(isinstance(each, dict) for each in users):
        raise InvalidRequestError("users is not a list of JSON objects.")
    if len(users) > _MOST_USERS:
        raise InvalidRequestError(f"users has more than {_MOST_USERS} members.")
    for each in users:
        if "password" in each:
            raise InvalidRequestError("A user has a password in clear. Send its bcrypt or argon2 hash.")
        if each.keys() - _MEMBERS:
            raise InvalidRequestError(f"A user has a member that is none of {', '.join(sorted(_MEMBERS))}.")
    return users


def _checked(users: list[Mapping[str, Any]]) -> list[ImportedUser | Result]:
    """Who is to be imported; or why not, before a table is asked. Of two of one name the first one counts."""
    checked: list[ImportedUser | Result] = []
    names: set[str] = set()
    for each in users:
        try:
            user = _imported_user(each)
        except InvalidRequestError as error:
            checked.append(_skipped(str(error)))
            continue
        checked.append(_skipped("The username comes twice.") if user.username in names else user)
        names.add(user.username)
    return checked


def _imported_user(members: Mapping[str, Any]) -> ImportedUser:
    return ImportedUser(
        username=username_of(members),
        password_hash=_hash_of(members),
        scope=scope_of(members) or "",
        claims=claims_of(members) or "{}",
        status=_status_of(members),
    )


def _hash_of(members: Mapping[str, Any]) -> str:
    given = optional_text(members, "password_hash", shortest=0, longest=_LONGEST_HASH)
    try:
        return imported_hash(given or "")
    except HashRefusedError as error:
        raise InvalidRequestError(f"password_hash {error}.") from error


def _status_of(members: Mapping[str, Any]) -> Status:
    status = optional_text(members, "status", longest=16) or Status.ACTIVE
    if status not in set(Status):
        raise InvalidRequestError("status is neither active nor disabled.")
    return Status(status)


def _skipped(why: str) -> Result:
    return {"outcome": "skipped", "why": why}
