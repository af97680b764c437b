"""The ways to end a token, a session, or all that a user has: each is asked for until it is answered."""

import math
import secrets
from collections.abc import Callable, Iterable

from tests.load import calls
from tests.load.client import Client
from tests.load.connection import Call
from tests.load.model import AccessToken, End, begin, settle

Ending = Callable[[Client, AccessToken], None]


def end_something(client: Client) -> None:
    token = client.dice.choice(client.person.live())
    [way] = client.dice.choices(list(WAYS), list(WAYS.values()))
    way(client, token)


# One token


def _by_whoever_holds_it(client: Client, token: AccessToken) -> None:
    _end(client, [token.end], calls.revoke(token.text))


def _by_an_admin(client: Client, token: AccessToken) -> None:
    _end(client, [token.end], calls.admin_revoke(client.admin, token=token.text))


def _by_an_admin_who_has_its_id(client: Client, token: AccessToken) -> None:
    _end(client, [token.end], calls.admin_revoke(client.admin, token_id=token.token_id))


# One session


def _logout(client: Client, token: AccessToken) -> None:
    _end(client, [token.session.end], calls.log_out(session=token.session, everywhere=False))


def _logout_by_bearer(client: Client, token: AccessToken) -> None:
    _end(client, [token.session.end], calls.log_out(bearer=token, everywhere=False))


def _logout_by_both(client: Client, token: AccessToken) -> None:
    other = client.dice.choice(client.person.live())
    ends = [token.session.end, other.session.end]
    _end(client, ends, calls.log_out(bearer=token, session=other.session, everywhere=False))


def _refresh_token_revoked(client: Client, token: AccessToken) -> None:
    _end(client, [token.session.end], calls.revoke(token.session.refresh_token))


def _from_the_list_of_sessions(client: Client, token: AccessToken) -> None:
    bearer = client.dice.choice(client.person.live())
    # Asked again it is not there any more; and neither is who asks, where it was the caller's own.
    done = {404, 401} if bearer.session is token.session else {404}
    _end(client, [token.session.end], calls.end_session(bearer, token.session), done=done)


def _session_by_an_admin(client: Client, token: AccessToken) -> None:
    session = token.session
    what = {"user_id": session.user_id, "session_id": session.session_id}
    _end(client, [session.end], calls.admin_revoke(client.admin, **what))


def _by_a_thief(client: Client, token: AccessToken) -> None:
    """The token before the last one comes again: its successor has been used, so this is reuse."""
    if len(token.session.used) > 1:
        _end(client, [token.session.end], calls.refresh(token.session.used[-2]), refused={401})


# All of a user


def _everywhere(client: Client, token: AccessToken) -> None:
    _end(client, _all(client), calls.log_out(bearer=token, everywhere=True))


def _everywhere_by_refresh_token(client: Client, token: AccessToken) -> None:
    _end(client, _all(client), calls.log_out(session=token.session, everywhere=True))


def _revoked(client: Client, _: AccessToken) -> None:
    _end(client, _all(client), calls.admin_deed(client.admin, client.person.user_id, "revoke"))


def _disabled_and_enabled(client: Client, _: AccessToken) -> None:
    person = client.person
    _end(client, _all(client), calls.admin_deed(client.admin, person.user_id, "disable"))
    refused, _repeated = client.asker.insist(calls.log_in(person.username, person.password))
    if refused.status != 401:
        raise client.asker.wrong(f"login of {person.user_id}, who is disabled", refused)
    enabled, _repeated = client.asker.insist(calls.enable(client.admin, person.user_id))
    if enabled.status != 200:
        raise client.asker.wrong(f"enabling of {person.user_id}", enabled)


def _password_changed(client: Client, token: AccessToken) -> None:
    person, new = client.person, secrets.token_urlsafe(12)
    call = calls.change_password(token, person.password, new)
    ends = _all(client)
    begin(ends)
    answer, repeated = client.asker.insist(call)
    # Where a try that was not answered has done it, its session is nobody's, and the bearer is dead.
    if answer.status != 200 and not (repeated and answer.status == 401):
        raise client.asker.wrong(f"password change of {person.user_id}", answer)
    _settle(client, ends, math.ceil(answer.ended))
    person.password = new
    if answer.status == 200:
        client.population.granted(person, answer.body)


def _password_set(client: Client, _: AccessToken) -> None:
    new = secrets.token_urlsafe(12)
    _end(client, _all(client), calls.admin_password(client.admin, client.person.user_id, new))
    client.person.password = new


def _deleted(client: Client, _: AccessToken) -> None:
    _end(client, _all(client), calls.admin_delete(client.admin, client.person.user_id), done={404})
    client.person = client.sign_up()


WAYS: dict[Ending, int] = {
    _by_whoever_holds_it: 6,
    _by_an_admin: 3,
    _by_an_admin_who_has_its_id: 3,
    _logout: 6,
    _logout_by_bearer: 6,
    _logout_by_both: 3,
    _refresh_token_revoked: 3,
    _from_the_list_of_sessions: 3,
    _session_by_an_admin: 3,
    _by_a_thief: 3,
    _everywhere: 2,
    _everywhere_by_refresh_token: 2,
    _revoked: 2,
    _disabled_and_enabled: 2,
    _password_changed: 2,
    _password_set: 2,
    _deleted: 1,
}


def _all(client: Client) -> list[End]:
    return [session.end for session in client.person.live_sessions()]


def _end(
    client: Client,
    ends: list[End],
    call: Call,
    *,
    done: Iterable[int] = (),
    refused: Iterable[int] = (),
) -> None:
    """Ask until it is answered.

    Args:
        client: who asks.
        ends: what the answer ends.
        call: what is asked for.
        done: what a repeat may be told when a try before it has done it.
        refused: the answer that ends it, where that is a refusal.
    """
    begin(ends)
    answer, repeated = client.asker.insist(call)
    if answer.status == 200 and not refused:
        effective_by = answer.body["effective_by"]
        if not answer.began <= effective_by <= math.ceil(answer.ended):
            raise client.asker.wrong(f"{call.method} {call.path}: not by when it is effective", answer)
    elif answer.status in refused or (repeated and answer.status in done):
        effective_by = math.ceil(answer.ended)
    else:
        raise client.asker.wrong(f"{call.method} {call.path}", answer)
    _settle(client, ends, effective_by)


def _settle(client: Client, ends: list[End], effective_by: int) -> None:
    settle(ends, effective_by)
    client.population.buried(client.person, ends)
