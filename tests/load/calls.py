"""The requests of a load, named by what somebody wants with them."""

from tests.load.connection import Call
from tests.load.model import AccessToken, Session

AUTHORIZE, REFRESH, LOGIN, ENDING = "authorize", "refresh", "login", "logout and revocations"
OTHER = "signing up and enabling"


def me(token: AccessToken) -> Call:
    return Call(AUTHORIZE, "GET", "/auth/me", bearer=token.text)


def refresh(refresh_token: str) -> Call:
    return Call(REFRESH, "POST", "/auth/refresh", json={"refresh_token": refresh_token})


def log_in(username: str, password: str) -> Call:
    return Call(LOGIN, "POST", "/auth/login", json={"username": username, "password": password})


def log_out(*, bearer: AccessToken | None = None, session: Session | None = None, everywhere: bool) -> Call:
    body: dict[str, object] = {"everywhere": everywhere}
    if session:
        body["refresh_token"] = session.refresh_token
    return Call(ENDING, "POST", "/auth/logout", bearer=bearer.text if bearer else None, json=body)


def end_session(bearer: AccessToken, session: Session) -> Call:
    return Call(ENDING, "DELETE", f"/auth/sessions/{session.session_id}", bearer=bearer.text)


def revoke(token: str) -> Call:
    return Call(ENDING, "POST", "/oauth/revoke", form={"token": token})


def change_password(bearer: AccessToken, current: str, new: str) -> Call:
    body = {"current_password": current, "new_password": new}
    return Call(ENDING, "POST", "/auth/password", bearer=bearer.text, json=body)


def admin_revoke(bearer: str, **what: str) -> Call:
    return Call(ENDING, "POST", "/admin/tokens/revoke", bearer=bearer, json=what)


def admin_deed(bearer: str, user_id: str, deed: str) -> Call:
    return Call(ENDING, "POST", f"/admin/users/{user_id}/{deed}", bearer=bearer)


def admin_password(bearer: str, user_id: str, password: str) -> Call:
    return Call(
        ENDING, "POST", f"/admin/users/{user_id}/password", bearer=bearer, json={"password": password}
    )


def enable(bearer: str, user_id: str) -> Call:
    return Call(OTHER, "POST", f"/admin/users/{user_id}/enable", bearer=bearer)


def admin_delete(bearer: str, user_id: str) -> Call:
    return Call(ENDING, "DELETE", f"/admin/users/{user_id}", bearer=bearer)


def sign_up(bearer: str, username: str, password: str) -> Call:
    body = {"username": username, "password": password}
    return Call(OTHER, "POST", "/admin/users", bearer=bearer, json=body)
