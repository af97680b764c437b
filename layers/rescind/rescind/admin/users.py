"""What an admin does with one user: make, find, show, change, disable, enable, revoke, delete."""

import time

from rescind import audit, ids, wiring
from rescind.flows import accounts, end, reset
from rescind.model import Session, User
from rescind.rules.trusted_issuers import external_username
from rescind.rules.weak_passwords import Weakness
from rescind.web.accounts import claims_of, external_id_of, names_external, scope_of, shown, user_id_of
from rescind.web.admin_requests import AdminRequest
from rescind.web.credentials import advice, new_password_of, username_of
from rescind.web.requests import InvalidRequestError
from rescind.web.responses import Response, conflict, created, invalid_request, not_found, ok
from rescind.web.sessions import shown as shown_session


def create(request: AdminRequest) -> Response:
    members = request.members
    if names_external(members):
        return _create_external(request)
    outcome = accounts.create_user(
        username_of(members),
        new_password_of(members, "password"),
        scope=scope_of(members) or "",
        claims=claims_of(members) or "{}",
        accounts=wiring.accounts(),
        user_id=ids.new_user_id(),
        salt=ids.new_salt(),
        parameters=wiring.settings().hash_parameters,
        common=wiring.common_passwords(),
    )

    match outcome:
        case User() as user:
            return _created(request, user)
        case Weakness() as weak:
            return invalid_request(advice("password", weak))
        case None:
            return conflict("The username is taken.")


def _create_external(request: AdminRequest) -> Response:
    """A user who logs in at another issuer, and has no password here."""
    issuer, subject = external_id_of(request.members)
    user = accounts.create_external_user(
        issuer,
        subject,
        scope=scope_of(request.members) or "",
        claims=claims_of(request.members) or "{}",
        accounts=wiring.accounts(),
        user_id=ids.new_user_id(),
    )
    return conflict("That user is here already.") if user is None else _created(request, user)


def _created(request: AdminRequest, user: User) -> Response:
    audit.record(audit.Event.USER_CREATED, user_id=user.user_id, actor=request.actor)
    return created({"user_id": user.user_id, "username": user.username, "scope": user.scope})


def find(request: AdminRequest) -> Response:
    members = request.members
    username = (
        external_username(*external_id_of(members)) if names_external(members) else username_of(members)
    )
    return _shown(accounts.find_user(username, credentials=wiring.credentials(), users=wiring.users()))


def show(request: AdminRequest) -> Response:
    return _shown(wiring.users().read(user_id_of(request.members)))


def list_sessions(request: AdminRequest) -> Response:
    """For operators; users list their own over HTTP."""
    user = wiring.users().read(user_id_of(request.members))
    if user is None:
        return _no_such_user()
    return ok({"user_id": user.user_id, "sessions": [shown_session(row) for row in _live_sessions(user)]})


def change(request: AdminRequest) -> Response:
    user_id = user_id_of(request.members)
    scope, claims = scope_of(request.members), claims_of(request.members)
    if scope is None and claims is None:
        raise InvalidRequestError("Give scope, claims, or both.")
    user = accounts.change_user(
        user_id, scope=scope, claims=claims, users=wiring.users(), now=int(time.time())
    )
    if user is not None:
        audit.record(audit.Event.USER_CHANGED, user_id=user_id, actor=request.actor)
    return _shown(user)


def set_password(request: AdminRequest) -> Response:
    user_id = user_id_of(request.members)
    outcome = reset.set_password(
        user_id,
        new_password_of(request.members, "password"),
        users=wiring.users(),
        credentials=wiring.credentials(),
        accounts=wiring.accounts(),
        attempt=ids.new_attempt_id(),
        salt=ids.new_salt(),
        parameters=wiring.settings().hash_parameters,
        common=wiring.common_passwords(),
        now=int(time.time()),
    )

    match outcome:
        case User():
            audit.record(audit.Event.PASSWORD_SET, user_id=user_id, actor=request.actor)
            return ok({"user_id": user_id, "effective_by": _effective_by()})
        case Weakness() as weak:
            return invalid_request(advice("password", weak))
        case reset.NoPassword():
            return conflict("The user logs in at another issuer, and has no password here.")
        case reset.NameTaken():
            return conflict("The username is another user's by now.")
        case None:
            return _no_such_user()


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
    users, now = wiring.users(), int(time.time())
    if not accounts.delete_user(user_id, users=users, accounts=wiring.accounts(), now=now):
        return _no_such_user()
    audit.record(audit.Event.USER_DELETED, user_id=user_id, actor=request.actor)
    return ok({"user_id": user_id, "effective_by": _effective_by()})


def _changed(request: AdminRequest, user: User | None, what: audit.Event) -> Response:
    if user is None:
        return _no_such_user()
    audit.record(what, user_id=user.user_id, actor=request.actor)
    return ok({"user_id": user.user_id, "status": user.status.value, "effective_by": _effective_by()})


def _shown(user: User | None) -> Response:
    return _no_such_user() if user is None else ok(shown(user, sessions=len(_live_sessions(user))))


def _live_sessions(user: User) -> list[Session]:
    return accounts.live_sessions(user, sessions=wiring.sessions(), now=int(time.time()))


def _effective_by() -> int:
    return end.effective_by(time.time(), settings=wiring.settings())


def _no_such_user() -> Response:
    return not_found("There is no such user.")
