"""`rescind keys`: what signs, what verifies until when, and what is next; to rotate early and to revoke."""

from collections.abc import Iterator
from typing import Annotated, Any

import typer

from rescind_cli.errors import RefusedError
from rescind_cli.operators import Operator, operator_of
from rescind_cli.screen import when

app = typer.Typer(help="What signs tokens, and what verifies them.", invoke_without_command=True)

_SIGNS = {"access-token": "access tokens", "refresh-token": "refresh tokens"}
STATES = {
    "signs": "signs",
    "next": "is next",
    "waiting": "signs as soon as every function knows it",
    "verifies": "still verifies",
    "retired": "verifies no more",
    "revoked": "is revoked",
}
# What it costs, in docs/contract.md, "Revoking a key".
_COSTS = {
    "access-token": "Every access token that it signed dies; their clients have to refresh.",
    "refresh-token": "Every refresh token that it made dies; their users have to log in again.",
    "all": "Every token dies, and everybody has to log in again.",
}
_ALSO = (
    "Who had this key may have got access tokens by it: revoke the key that signs those, or let them expire."
)
_PAUSE = "Login and refresh may answer 503 for up to 90 s, until every function knows the next key."


@app.callback()
def keys(context: typer.Context) -> None:
    """What signs tokens, and what verifies them. Without a command: list the keys."""
    if context.invoked_subcommand is None:
        show(context)


@app.command("list")
def show(context: typer.Context) -> None:
    """List the keys of both kinds: which signs, which verify until when, which is next."""
    operator = operator_of(context)
    found = operator.ask("listKeys")
    if operator.screen.as_json:
        operator.screen.result(found)
        return
    columns = ("signs", "key", "state", "signs from", "verifies until")
    operator.screen.table(columns, _rows(found["keys"], now=found["now"]))
    if any(key["state"] == "waiting" for keys in found["keys"].values() for key in keys):
        operator.screen.note("No key signs at the moment: login and refresh answer 503 until one is known.")


def _rows(keys: dict[str, list[dict[str, Any]]], *, now: int) -> Iterator[tuple[str, ...]]:
    for purpose, entries in keys.items():
        for key in entries:
            yield (_SIGNS[purpose], key["key_id"], STATES[key["state"]], _since(key, now), _until(key))


def _since(key: dict[str, Any], now: int) -> str:
    if key["state"] == "signs" and key["signs_from"] > now:
        return "a revocation, before its time"
    return when(key["signs_from"]) if key["signs_from"] else "the beginning"


def _until(key: dict[str, Any]) -> str:
    if key["revoked_at"] is not None:
        return f"revoked at {when(key['revoked_at'])}"
    return when(key["verifies_until"]) if key["verifies_until"] is not None else ""


@app.command()
def rotate(context: typer.Context) -> None:
    """Let the next keys take over early. Nothing is revoked, and no client notices."""
    operator = operator_of(context)
    done = operator.stack.change_keys(rotate="now")
    operator.screen.result(
        done,
        *(
            f"{key['key_id']} signs {_SIGNS[purpose]} from {when(key['signs_from'])} on."
            for purpose, key in done["rotated"].items()
        ),
    )
    operator.screen.note(
        "Until then the present keys sign, and what they sign lives its whole life. To end that, too: "
        "`rescind keys revoke KEY_ID`."
    )


# A key id may begin with a dash, and there is no option of one letter that it could be taken for.
@app.command(context_settings={"ignore_unknown_options": True})
def revoke(
    context: typer.Context,
    key_id: Annotated[str, typer.Argument(metavar="KEY_ID|all", help="As `rescind keys` lists it; or all.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Revoke a key that others may know: everything that it signed dies."""
    operator = operator_of(context)
    purpose = key_id if key_id == "all" else _purpose_of(operator, key_id)
    if not yes:
        operator.screen.note(f"{_COSTS[purpose]} {_PAUSE}")
        which = "every key" if key_id == "all" else f"the key {key_id} of {_SIGNS[purpose]}"
        typer.confirm(f"Revoke {which} on {operator.stack.name}?", abort=True, err=True)
    done = operator.stack.change_keys(revoke=key_id)
    revoked = sum(len(key_ids) for key_ids in done["revoked"].values())
    what, them = ("1 key is revoked.", "it") if revoked == 1 else (f"{revoked} keys are revoked.", "them")
    operator.screen.result(
        done,
        what,
        f"Nothing signed with {them} gets through from {when(done['effective_by'])} on,",
        f"and from {when(done['latest_effective_by'])} on even where a function cannot read the Keys table.",
    )
    if purpose == "refresh-token":
        operator.screen.note(_ALSO)
    else:
        operator.screen.note("Who verifies by the JWK set may accept access tokens for 900 s more.")
    operator.screen.note("`rescind keys` shows what signs now.")


def _purpose_of(operator: Operator, key_id: str) -> str:
    for purpose, entries in operator.ask("listKeys")["keys"].items():
        if any(key["key_id"] == key_id for key in entries):
            return str(purpose)
    raise RefusedError(
        "No key set has a key of this id, and nothing was revoked. `rescind keys` lists them; "
        "one that is not listed verifies nothing any more.",
        status=400,
        error="invalid_request",
    )
