"""`rescind why`: what a token claims, each check in order with what is stored, and the verdict."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any

import typer

from rescind_cli.commands.keys import STATES
from rescind_cli.errors import Exit
from rescind_cli.given import token_given
from rescind_cli.operators import Operator, operator_of
from rescind_cli.reasons import MEANINGS
from rescind_cli.screen import when

_TIMES = {"iat", "exp", "auth_time"}
_KINDS = {"access": "An access token", "refresh": "A refresh token", "unknown": "No token of this stack"}
_CHECKS = {
    "authentic": "made by us",
    "expiry": "not expired",
    "session": "session is there",
    "session_end": "session has not ended",
    "blocklist": "not blocked",
    "user": "user is there",
    "token_version": "token version",
    "logout_time": "issued since the last logout",
    "status": "user is active",
    "key": "its key verifies",
    "session_expiry": "session has not expired",
    "counter": "not used before",
}
_LIVE = {
    None: "Live: the authorizer lets it through.",
    "rotate": "Live, if its MAC is right: it would be traded for its successor.",
    "replay": "Used a moment ago, within the grace: if its MAC is right, it gets the same successor again.",
}


def why(
    context: typer.Context,
    token: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="TOKEN|-",
            show_default=False,
            help="Better left out: then you are asked, and no history of the shell has it. - reads stdin.",
        ),
    ] = None,
) -> None:
    """Explain a token: its claims, each check with what is stored, and the verdict. The token is not shown.

    Ends with 0 if the token is live, with 1 if it is not. That you asked is in the audit log.
    """
    operator = operator_of(context)
    explained = operator.ask("explainToken", token=token_given(token))
    if operator.screen.as_json:
        operator.screen.result(explained)
    else:
        _show(operator, explained)
    if explained["verdict"] != "allow":
        raise typer.Exit(Exit.FOUND)


def _show(operator: Operator, explained: Mapping[str, Any]) -> None:
    screen = operator.screen
    verified = "claims" in explained
    claims = explained["claims"] if verified else explained["unverified"]
    of_whom = "".join(
        f" of {check['stored']['username']}"
        for check in explained["checks"]
        if check["check"] == "user" and check["passes"]
    )
    screen.result(explained, _KINDS[explained["kind"]] + of_whom, "")
    if claims:
        columns = ("claim", "value") if verified else ("claim, unverified", "value")
        screen.table(columns, ((name, _value(name, value)) for name, value in claims.items()))
        screen.result(explained, "")
    screen.table(("", "check", "in the token", "stored"), _rows(explained["checks"]))
    screen.result(explained, "", _verdict(explained))
    if not verified and claims:
        screen.note("Nobody has verified these claims: anybody can have written them.")
    screen.note(MEANINGS[explained["reason"]].cure if "reason" in explained else _to_end(claims))


def _verdict(explained: Mapping[str, Any]) -> str:
    if "reason" in explained:
        return f"Refused: {MEANINGS[explained['reason']].because} ({explained['reason']})"
    live = _LIVE[explained.get("outcome")]
    scope = explained.get("scope")
    if scope and scope["granted"] != scope["claimed"]:
        return f"{live} Its user has lost some of its scope; what is left: {scope['granted'] or '(none)'}"
    return live


def _to_end(claims: Mapping[str, Any]) -> str:
    """In the names of an access token, or in those of a refresh token."""
    user = claims.get("sub") or claims.get("user_id")
    session = claims.get("sid") or claims.get("session_id")
    return (
        f"To end its session: `rescind revoke session {user} {session}`. All that its user has: "
        f"`rescind revoke user {user}`."
    )


def _rows(checks: list[dict[str, Any]]) -> Iterator[tuple[str, ...]]:
    for check in checks:
        name = check["check"]
        mark = "✓" if check["passes"] else "✗"
        yield (mark, _CHECKS[name], _claimed(name, check.get("claimed")), _stored(name, check.get("stored")))


def _claimed(name: str, value: Any) -> str:
    if value is None:
        return ""
    return when(value) if name in {"expiry", "logout_time"} else str(value)


def _stored(name: str, value: Any) -> str:
    if value is None:
        return "nothing" if name in {"session", "user", "key"} else ""
    match name:
        case "authentic" | "key":
            return ", ".join(_of_key(value))
        case "session":
            return f"since {when(value['created_at'])}, last used {when(value['last_used_at'])}"
        case "session_end":
            return f"ended at {when(value)}"
        case "session_expiry":
            return f"idle until {when(value['idle'])}, at most until {when(value['absolute'])}"
        case "blocklist":
            return f"blocked at {when(value['blocked_at'])}: {value['reason']}"
        case "expiry":
            return f"and {value['leeway_seconds']} s of leeway"
        case "counter":
            return f"{value['counter']}, since {when(value['rotated_at'])}"
        case "logout_time":
            return when(value)
        case _:
            return ", ".join(str(each) for each in value.values()) if isinstance(value, dict) else str(value)


def _of_key(stored: Mapping[str, Any]) -> Iterator[str]:
    """How the key stands that the token names; and for whom we sign, where the token is for others."""
    if "revoked_at" in stored:
        yield f"its key was revoked at {when(stored['revoked_at'])}"
    elif "state" in stored:
        yield f"its key {STATES[stored['state']]}"
    for name in ("iss", "aud"):
        if name in stored:
            yield f"{name} {stored[name]}"


def _value(name: str, value: Any) -> str:
    is_time = (name in _TIMES or name.endswith("_at")) and isinstance(value, int)
    return when(value) if is_time else str(value)
