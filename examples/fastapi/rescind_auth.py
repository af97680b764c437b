"""Who calls a service that is not behind API Gateway, in two ways, as FastAPI dependencies.

`Verified` reads the token by the public keys: no call a request, and blind to whatever was taken back.
`Live` asks Rescind about it: one call a request, and the same verdict as the authorizer's.
Either refuses with 401, and with 503 when it cannot tell.
"""

import logging
import os
import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Annotated, Any

import httpx
import jwt
from fastapi import Depends, HTTPException
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

_TIMEOUT_SECONDS = 3
_log = logging.getLogger(__name__)


class RefusedError(HTTPException):
    """The token is missing, malformed, expired or revoked; which of these, nobody is told."""

    def __init__(self) -> None:
        super().__init__(401, "invalid_token", {"WWW-Authenticate": 'Bearer error="invalid_token"'})


class CannotTellError(HTTPException):
    """Rescind did not say, so nobody is let in; why not is in the log."""

    def __init__(self, why: Exception) -> None:
        _log.error("cannot tell who calls: %r", why)
        super().__init__(503, "temporarily_unavailable", {"Retry-After": "1"})


@dataclass(frozen=True)
class Caller:
    user_id: str
    session_id: str
    scope: str


class Rescind:
    """One Rescind stack, and the user of it that this service asks as, who has the scope `introspect`."""

    def __init__(self, *, api_url: str, issuer: str, audience: str, username: str, password: str) -> None:
        self.keys = jwt.PyJWKClient(f"{api_url}/.well-known/jwks.json", timeout=_TIMEOUT_SECONDS)
        self.http = httpx.Client(base_url=api_url, timeout=_TIMEOUT_SECONDS)
        self._issuer, self._audience = issuer, audience
        self._login = {"username": username, "password": password}
        self._own_token: str | None = None
        self._logging_in = threading.Lock()

    def verified(self, token: str) -> Caller:
        """By signature, issuer, audience and expiry alone."""
        try:
            self.keys.get_signing_keys()  # They are kept for five minutes.
        except (jwt.PyJWTError, ValueError) as error:
            raise CannotTellError(error) from error
        try:
            key = self.keys.get_signing_key_from_jwt(token)
            read = jwt.decode_complete(
                token,
                key,
                algorithms=["ES256"],
                issuer=self._issuer,
                audience=self._audience,
                options={"require": ["iss", "aud", "sub", "sid", "exp", "scope"]},
            )
        except jwt.PyJWKClientConnectionError as error:
            raise CannotTellError(error) from error
        except Exception as error:  # Whatever goes wrong while a stranger's text is read: it is no token.
            raise RefusedError from error
        if read["header"].get("typ") != "at+jwt":
            raise RefusedError
        return _caller(read["payload"])

    def live(self, token: str) -> Caller:
        """By Rescind's word."""
        try:
            answer = self._introspect(token)
            # It was too long, or no text that a token could be.
            said = {"active": False} if answer.status_code in {400, 413} else answer.raise_for_status().json()
            active = said["active"]
        except (httpx.HTTPError, ValueError, LookupError, TypeError) as error:
            raise CannotTellError(error) from error
        if active is not True:
            raise RefusedError
        return _caller(said)

    def _introspect(self, token: str) -> httpx.Response:
        own_token = self._own_token or self._logged_in_anew(None)
        answer = self._ask(token, own_token)
        if answer.status_code == 401:  # noqa: PLR2004 - Ours has expired, or was taken back.
            answer = self._ask(token, self._logged_in_anew(own_token))
        return answer

    def _ask(self, token: str, own_token: str) -> httpx.Response:
        headers = {"Authorization": f"Bearer {own_token}"}
        return self.http.post("/oauth/introspect", data={"token": token}, headers=headers)

    def _logged_in_anew(self, refused: str | None) -> str:
        with self._logging_in:  # Once for all requests that came upon it, as each login opens a session.
            if self._own_token is None or self._own_token == refused:
                answer = self.http.post("/auth/login", json=self._login)
                self._own_token = str(answer.raise_for_status().json()["access_token"])
            return self._own_token


@cache
def rescind() -> Rescind:
    names = ("api_url", "issuer", "audience", "username", "password")
    return Rescind(**{name: os.environ[f"RESCIND_{name.upper()}"] for name in names})


def _token(
    credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(HTTPBearer(auto_error=False))],
) -> str:
    if credentials is None:
        raise RefusedError
    return credentials.credentials


def _verified(token: Annotated[str, Depends(_token)], of: Annotated[Rescind, Depends(rescind)]) -> Caller:
    return of.verified(token)


def _live(token: Annotated[str, Depends(_token)], of: Annotated[Rescind, Depends(rescind)]) -> Caller:
    return of.live(token)


Verified = Annotated[Caller, Depends(_verified)]
Live = Annotated[Caller, Depends(_live)]


def with_scope(scope: str) -> Callable[[Live], Caller]:
    """A dependency: the live caller, who has `scope`."""

    def checked(who: Live) -> Caller:
        if scope not in who.scope.split():
            says = f'Bearer error="insufficient_scope", scope="{scope}"'
            raise HTTPException(403, "insufficient_scope", {"WWW-Authenticate": says})
        return who

    return checked


def _caller(claims: dict[str, Any]) -> Caller:
    return Caller(user_id=claims["sub"], session_id=claims["sid"], scope=claims["scope"])
