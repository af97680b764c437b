"""The admin routes about users: make, show, disable, enable, revoke, delete."""

import time

from rescind import audit, ids, wiring
from rescind.flows import accounts, end
from rescind.model import User
from rescind.rules.weak_passwords import Weakness
from rescind.web.accounts import claims_of, scope_of, shown, user_id_of_path
from rescind.web.caller import caller
from rescind.web.credentials import advice, new_password_of, username_of
from rescind.web.requests import Event, json_object
from rescind.web.responses import Response, conflict, created, invalid_request, not_found, ok


def create(event: Event) -> Response:
    body = json_object(event)
    outcome = accounts.create_user(
        username_of(body),
        new_password_of(body, "password"),
        scope=scope_of(body),
        claims=claims_of(body),
        accounts=wiring.accounts(),
        user_id=ids.new_user_id(),
        salt=ids.new_salt(),
        parameters=wiring.settings().hash_parameters,
        common=wiring.common_passwords(),
    )

    match outcome:
        case User() as user:
            audit.record(audit.Event.USER_CREATED, user_id=user.user_id, actor=caller(event).user_id)
            return created({"user_id": user.user_id, "username": user.username, "scope": user.scope})
        case Weakness() as weak:
            return invalid_request(advice("password", weak))
        case None:
            return conflict("The username is taken.")


def show(event: Event) -> Response:
    user = wiring.users().read(user_id_of_path(event))
    if user is None:
        return _no_such_user()
    live = accounts.live_sessions(user, sessions=wiring.sessions(), now=int(time.time()))
    return ok(shown(user, sessions=len(live)))


def disable(event: Event) -> Response:
    user = end.disable(user_id_of_path(event), users=wiring.users(), now=int(time.time()))
    return _changed(event, user, audit.Event.USER_DISABLED)


def enable(event: Event) -> Response:
    user = end.enable(user_id_of_path(event), users=wiring.users())
    return _changed(event, user, audit.Event.USER_ENABLED)


def revoke(event: Event) -> Response:
    user = end.revoke(user_id_of_path(event), users=wiring.users(), now=int(time.time()))
    return _changed(event, user, audit.Event.USER_REVOKED)


def delete(event: Event) -> Response:
    user_id = user_id_of_path(event)
    if not accounts.delete_user(user_id, users=wiring.users(), accounts=wiring.accounts()):
        return _no_such_user()
    audit.record(audit.Event.USER_DELETED, user_id=user_id, actor=caller(event).user_id)
    return ok({"user_id": user_id, "effective_by": _effective_by()})


def _changed(event: Event, user: User | None, what: audit.Event) -> Response:
    if user is None:
        return _no_such_user()
    audit.record(what, user_id=user.user_id, actor=caller(event).user_id)
    return ok({"user_id": user.user_id, "status": user.status.value, "effective_by": _effective_by()})


def _effective_by() -> int:
    return end.effective_by(time.time(), settings=wiring.settings())


def _no_such_user() -> Response:
    return not_found("There is no such user.")
