"""What an admin does with one user: make, show, disable, enable, revoke, delete."""

import time

from rescind import audit, ids, wiring
from rescind.flows import accounts, end
from rescind.model import User
from rescind.rules.weak_passwords import Weakness
from rescind.web.accounts import claims_of, scope_of, shown, user_id_of
from rescind.web.admin_requests import AdminRequest
from rescind.web.credentials import advice, new_password_of, username_of
from rescind.web.responses import Response, conflict, created, invalid_request, not_found, ok


def create(request: AdminRequest) -> Response:
    members = request.members
    outcome = accounts.create_user(
        username_of(members),
        new_password_of(members, "password"),
        scope=scope_of(members),
        claims=claims_of(members),
        accounts=wiring.accounts(),
        user_id=ids.new_user_id(),
        salt=ids.new_salt(),
        parameters=wiring.settings().hash_parameters,
        common=wiring.common_passwords(),
    )

    match outcome:
        case User() as user:
            audit.record(audit.Event.USER_CREATED, user_id=user.user_id, actor=request.actor)
            return created({"user_id": user.user_id, "username": user.username, "scope": user.scope})
        case Weakness() as weak:
            return invalid_request(advice("password", weak))
        case None:
            return conflict("The username is taken.")


def show(request: AdminRequest) -> Response:
    user = wiring.users().read(user_id_of(request.members))
    if user is None:
        return _no_such_user()
    live = accounts.live_sessions(user, sessions=wiring.sessions(), now=int(time.time()))
    return ok(shown(user, sessions=len(live)))


def disable(request: AdminRequest) -> Response:
    user = end.disable(user_id_of(request.members), users=wiring.users(), now=int(time.time()))
    return _changed(request, user, audit.Event.USER_DISABLED)


def enable(request: AdminRequest) -> Response:
    user = end.enable(user_id_of(request.members), users=wiring.users())
    return _changed(request, user, audit.Event.USER_ENABLED)


def revoke(request: AdminRequest) -> Response:
    user = end.revoke(user_id_of(request.members), users=wiring.users(), now=int(time.time()))
    return _changed(request, user, audit.Event.USER_REVOKED)


def delete(request: AdminRequest) -> Response:
    user_id = user_id_of(request.members)
    if not accounts.delete_user(user_id, users=wiring.users(), accounts=wiring.accounts()):
        return _no_such_user()
    audit.record(audit.Event.USER_DELETED, user_id=user_id, actor=request.actor)
    return ok({"user_id": user_id, "effective_by": _effective_by()})


def _changed(request: AdminRequest, user: User | None, what: audit.Event) -> Response:
    if user is None:
        return _no_such_user()
    audit.record(what, user_id=user.user_id, actor=request.actor)
    return ok({"user_id": user.user_id, "status": user.status.value, "effective_by": _effective_by()})


def _effective_by() -> int:
    return end.effective_by(time.time(), settings=wiring.settings())


def _no_such_user() -> Response:
    return not_found("There is no such user.")
