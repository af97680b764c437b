"""What a user lives through, step by step, with users of the proof's own: on any stack."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from prove_on_aws.api import Api, Reply
from prove_on_aws.people import People, Somebody
from rescind.unavailable import UnavailableError
from rescind_cli.checks.findings import Finding, fault, ok
from rescind_cli.errors import CommandError

_OK, _UNAUTHORIZED = 200, 401


class NotAsPromisedError(Exception):
    """A step was answered otherwise than the contract says."""


@dataclass(frozen=True)
class User:
    api: Api
    who: Somebody

    def log_in(self) -> Any:
        body = {"username": self.who.username, "password": self.who.password}
        return _answered(self.api.reply("POST", "/auth/login", body=body), _OK, "login").body

    def refresh(self, token: str) -> Reply:
        return self.api.reply("POST", "/auth/refresh", body={"refresh_token": token})

    def me(self, token: str) -> Reply:
        return self.api.reply("GET", "/auth/me", bearer=token)

    def log_out(self, token: str, *, everywhere: bool = False) -> None:
        body = {"everywhere": everywhere}
        reply = _answered(self.api.reply("POST", "/auth/logout", bearer=token, body=body), _OK, "logout")
        if not everywhere and reply.body["revoked"] != "session":
            raise NotAsPromisedError("logout ended nothing")


def _answered(reply: Reply, status: int, what: str) -> Reply:
    if reply.status != status:
        raise NotAsPromisedError(f"{what} answered {reply.status} in place of {status}")
    return reply


def logout(user: User) -> None:
    """A logout ends its session's access and refresh tokens."""
    first = user.log_in()
    second = _answered(user.refresh(first["refresh_token"]), _OK, "refresh").body
    _answered(user.me(second["access_token"]), _OK, "a live token")
    user.log_out(second["access_token"])
    for tokens in (first, second):
        _answered(user.refresh(tokens["refresh_token"]), _UNAUTHORIZED, "refresh after the logout")


def everywhere(user: User) -> None:
    """A logout everywhere ends every session."""
    here, there = user.log_in(), user.log_in()
    user.log_out(here["access_token"], everywhere=True)
    for tokens in (here, there):
        _answered(user.refresh(tokens["refresh_token"]), _UNAUTHORIZED, "refresh after the logout")


def lost_answer(user: User) -> None:
    """A refresh that is repeated at once gets the same successor."""
    tokens = user.log_in()
    first, again = (_answered(user.refresh(tokens["refresh_token"]), _OK, "refresh") for _ in range(2))
    if first.body["refresh_token"] != again.body["refresh_token"]:
        raise NotAsPromisedError("a repeated refresh got another successor")


def reuse(user: User) -> None:
    """A refresh token that was used two refreshes ago ends the session."""
    tokens = user.log_in()
    second = _answered(user.refresh(tokens["refresh_token"]), _OK, "refresh").body
    third = _answered(user.refresh(second["refresh_token"]), _OK, "refresh").body
    _answered(user.refresh(tokens["refresh_token"]), _UNAUTHORIZED, "a used refresh token")
    _answered(user.refresh(third["refresh_token"]), _UNAUTHORIZED, "refresh after the reuse")


def one_session(user: User) -> None:
    """A session is listed, and ended by its id; the other one goes on."""
    here, there = user.log_in(), user.log_in()
    listed = _answered(user.api.reply("GET", "/auth/sessions", bearer=here["access_token"]), _OK, "the list")
    if len(listed.body["sessions"]) < 2:  # noqa: PLR2004 - it has just opened two
        raise NotAsPromisedError("the list of sessions lacks one")
    path = f"/auth/sessions/{there['session_id']}"
    _answered(user.api.reply("DELETE", path, bearer=here["access_token"]), _OK, "the end of a session")
    _answered(user.refresh(there["refresh_token"]), _UNAUTHORIZED, "refresh of the ended session")
    _answered(user.refresh(here["refresh_token"]), _OK, "refresh of the other session")


def by_oauth(user: User) -> None:
    """A refresh token that is revoked by RFC 7009 ends its session."""
    tokens = user.log_in()
    form = {"token": tokens["refresh_token"]}
    _answered(user.api.reply("POST", "/oauth/revoke", form=form), _OK, "revocation")
    _answered(user.refresh(tokens["refresh_token"]), _UNAUTHORIZED, "refresh after the revocation")


STEPS: tuple[Callable[[User], None], ...] = (logout, everywhere, lost_answer, reuse, one_session, by_oauth)


def findings(api: Api, people: People) -> Iterator[Finding]:
    for step in STEPS:
        said = " ".join((step.__doc__ or "").split())
        name = f"step: {step.__name__.replace('_', ' ')}"
        try:
            step(User(api, people.somebody()))
        except (NotAsPromisedError, UnavailableError, CommandError) as error:
            yield fault(name, f"{said} Not here: {error}.", "The stack's log has the request.")
        else:
            yield ok(name, said)
