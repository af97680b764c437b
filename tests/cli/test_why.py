"""Why a token is refused, as an operator asks with `rescind why`: for real, on the local stack."""

import json
import re
import secrets
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from rescind.reasons import Reason
from rescind_cli.reasons import MEANINGS
from rescind_cli.stack import Stack
from tests.cli.conftest import Rescind, Said
from tests.functions.test_explain import UNPROVEN
from tests.journeys.conftest import Client
from tests.local_gateway import RunningGateway
from tests.things import PASSWORD

OF_NO_TOKEN = {Reason.NO_TOKEN, Reason.NO_AUTHORIZER, Reason.INSUFFICIENT_SCOPE, Reason.WRONG_PASSWORD}
OF_ISSUERS_TOKENS = {Reason.UNKNOWN_ISSUER, Reason.WRONG_AUDIENCE, Reason.TOO_OLD, Reason.REPLAYED}


@pytest.fixture
def tokens(client: Client) -> dict[str, Any]:
    return client.log_in("demo")


def why(rescind: Rescind, token: str) -> Said:
    """Asked as a person and as a script, which must be told the same, and never the token."""
    said = rescind("why", typed=f"{token}\n")
    document = rescind("why", "-", "--json", typed=token)
    assert document.code == said.code, document.err
    assert (document.document["verdict"] == "allow") == (said.code == 0)
    proof = token.rpartition(".")[2]
    for text in (said.out, said.err, document.out, document.err):
        assert token not in text
        assert proof not in text
    return replace(said, out=said.out.lstrip())  # what was typed is not seen, but its newline is


def test_a_live_access_token_is_explained(rescind: Rescind, tokens: dict[str, Any]) -> None:
    said = why(rescind, tokens["access_token"])

    assert said.code == 0, said.err
    assert said.out.startswith("An access token of demo\n")
    assert re.search(r"^exp +20\d\d-\d\d-\d\d \d\d:\d\d:\d\d UTC *$", said.out, re.MULTILINE)
    assert re.search(r"^✓ +token version +([0-9]+) +\1 *$", said.out, re.MULTILINE)
    assert "✗" not in said.out
    assert said.out.endswith("Live: the authorizer lets it through.\n")
    assert re.search(r"`rescind revoke session usr_\S{22} ses_\S{22}`", said.err)


def test_a_live_refresh_token_is_explained_and_not_used(
    rescind: Rescind, client: Client, tokens: dict[str, Any]
) -> None:
    said = why(rescind, tokens["refresh_token"])

    assert said.code == 0, said.err
    assert "claim, unverified" in said.out
    assert "Live, if its MAC is right" in said.out
    assert "anybody can have written them" in said.err
    assert client.refresh(tokens["refresh_token"]).status_code == 200
    assert "within the grace" in why(rescind, tokens["refresh_token"]).out


def log_out(client: Client, tokens: dict[str, Any], **body: object) -> None:
    client.ask("POST", "/auth/logout", bearer=tokens["access_token"], json=body)


def revoke_the_token(client: Client, tokens: dict[str, Any], admin: str) -> None:
    body = {"token": tokens["access_token"], "reason": "stolen\x1b[2K laptop"}
    client.ask("POST", "/admin/tokens/revoke", bearer=admin, json=body)


ENDED: dict[str, tuple[Callable[[Client, dict[str, Any], str, str], object], str]] = {
    "session_ended": (lambda c, t, _u, _a: log_out(c, t), r"✗ +session has not ended +ended at 20"),
    "blocklisted": (
        lambda c, t, _u, a: revoke_the_token(c, t, a),
        r"✗ +not blocked +tok_\S+ +blocked at 20.* UTC: stolen.\[2K laptop",
    ),
    "token_version": (
        lambda c, _t, u, a: c.ask("POST", f"/admin/users/{u}/revoke", bearer=a),
        r"✗ +token version +1 +2",
    ),
    "user_disabled": (
        lambda c, _t, u, a: c.ask("POST", f"/admin/users/{u}/disable", bearer=a),
        r"✗ +user is active +disabled",
    ),
    "user_unknown": (
        lambda c, _t, u, a: c.ask("DELETE", f"/admin/users/{u}", bearer=a),
        r"✗ +user is there +usr_\S+ +nothing",
    ),
}


@pytest.mark.parametrize("reason", ENDED)
def test_an_ended_token_is_explained_with_what_ended_it(
    rescind: Rescind, client: Client, reason: str
) -> None:
    name = f"user-{secrets.token_hex(4)}"
    user_id = rescind.document("users", "add", name, "--password-stdin", typed=PASSWORD)["user_id"]
    tokens = client.log_in(name)
    end, line = ENDED[reason]
    end(client, tokens, user_id, str(client.log_in("admin")["access_token"]))

    said = why(rescind, tokens["refresh_token" if reason == "user_disabled" else "access_token"])

    assert said.code == 1
    assert client.me(tokens["access_token"]).status_code == 401
    assert re.search(line, said.out)
    assert said.out.endswith(f"Refused: {MEANINGS[reason].because} ({reason})\n")
    assert said.err.endswith(f"{MEANINGS[reason].cure}\n")


@pytest.mark.parametrize("reason", ["malformed", "unknown_key"])
def test_what_proves_nothing_is_explained(rescind: Rescind, reason: str) -> None:
    said = why(rescind, UNPROVEN[reason])

    assert said.code == 1
    assert f"({reason})" in said.out
    assert ("anybody can have written them" in said.err) == (reason != "malformed")


def test_a_changed_token_is_explained_as_forged(rescind: Rescind, tokens: dict[str, Any]) -> None:
    header, payload, signature = tokens["access_token"].split(".")
    changed = f"{header}.{payload[:-4]}AAAA.{signature}"

    said = why(rescind, changed)

    assert "(bad_signature)" in said.out
    assert re.search(r"✗ +made by us +\S+ +its key signs", said.out)


@pytest.mark.parametrize(
    "around",
    ["Authorization: bearer {}\n", "  {half}\n  {rest}\n\n"],
    ids=["a header", "lines"],
)
def test_a_token_is_taken_out_of_what_it_is_often_copied_with(
    rescind: Rescind, tokens: dict[str, Any], around: str
) -> None:
    token = tokens["access_token"]

    said = rescind("why", "-", typed=around.format(token, half=token[:90], rest=token[90:]))

    assert said.code == 0, said.out


def test_a_token_on_the_command_line_is_not_shown_even_where_it_is_not_quoted(
    rescind: Rescind, tokens: dict[str, Any]
) -> None:
    said = rescind("why", "Bearer", tokens["access_token"])

    assert said.code == 0, said.err
    assert tokens["access_token"] not in said.out + said.err


@pytest.mark.parametrize("as_json", [[], ["--json"]], ids=["for people", "for scripts"])
@pytest.mark.parametrize("kind", ["access_token", "refresh_token"])
def test_of_a_text_that_contains_a_token_nothing_is_shown(
    rescind: Rescind, tokens: dict[str, Any], kind: str, as_json: list[str]
) -> None:
    said = rescind("why", "-", *as_json, typed=json.dumps({"token": tokens[kind]}))

    assert said.code == 1
    assert tokens[kind][-43:] not in said.out + said.err


def test_who_looks_at_a_token_is_in_the_log(
    rescind: Rescind, gateway: RunningGateway, tokens: dict[str, Any]
) -> None:
    rescind("why", tokens["access_token"])

    [line] = [
        line
        for line in gateway.output().splitlines()
        if '"TokenExplained"' in line and tokens["session_id"] in line and '"message"' in line
    ]
    assert '"actor":"arn:aws:iam::000000000000:user/' in line


def test_every_reason_of_a_token_has_a_meaning() -> None:
    of_tokens = {reason for reason in Reason if "too_many" not in reason} - OF_NO_TOKEN - OF_ISSUERS_TOKENS

    assert set(MEANINGS) == of_tokens


def a_check(name: str, **members: object) -> dict[str, object]:
    return {"check": name, "passes": "reason" not in members, **members}


ANSWERS: dict[str, tuple[dict[str, Any], list[str]]] = {
    "expired": (
        {
            "kind": "access",
            "claims": {"exp": 1_800_000_000},
            "checks": [
                a_check("expiry", reason="expired", claimed=1_800_000_000, stored={"leeway_seconds": 5}),
                a_check("session", reason="session_unknown", claimed="ses_1"),
            ],
            "verdict": "refuse",
            "reason": "expired",
        },
        [
            r"^✗ +not expired +2027-01-15 08:00:00 UTC +and 5 s of leeway",
            r"^✗ +session is there +ses_1 +nothing",
            r"^Refused: its time is over. \(expired\)$",
        ],
    ),
    "reused": (
        {
            "kind": "refresh",
            "unverified": {"counter": 1},
            "checks": [
                a_check("key", claimed="mac_1", stored={"state": "verifies"}),
                a_check(
                    "counter", reason="reused", claimed=1, stored={"counter": 3, "rotated_at": 1_800_000_000}
                ),
            ],
            "outcome": "end_session",
            "verdict": "refuse",
            "reason": "reused",
        },
        [
            r"^✓ +its key verifies +mac_1 +its key still verifies",
            r"^✗ +not used before +1 +3, since 2027-01-15 08:00:00 UTC",
            r"whoever presents it ends the session. \(reused\)$",
        ],
    ),
    "wrong claims": (
        {
            "kind": "access",
            "unverified": {"aud": "another"},
            "checks": [
                a_check(
                    "authentic", reason="wrong_claims", stored={"state": "signs", "iss": "urn:a", "aud": "b"}
                )
            ],
            "verdict": "refuse",
            "reason": "wrong_claims",
        },
        [r"^✗ +made by us +its key signs, iss urn:a, aud b"],
    ),
    "less scope": (
        {
            "kind": "access",
            "claims": {"scope": "a b"},
            "checks": [],
            "scope": {"claimed": "a b", "stored": "b c", "granted": "b"},
            "verdict": "allow",
        },
        [r"^Live: .* Its user has lost some of its scope; what is left: b$"],
    ),
}


@pytest.mark.parametrize("case", ANSWERS)
def test_what_the_service_answers_is_shown_in_words(
    rescind: Rescind, monkeypatch: pytest.MonkeyPatch, case: str
) -> None:
    answer, lines = ANSWERS[case]
    monkeypatch.setattr(Stack, "ask", lambda *_, **__: {"now": 0, **answer})

    said = rescind("why", "a-token")

    assert said.code == (0 if answer["verdict"] == "allow" else 1)
    for line in lines:
        assert re.search(line, said.out, re.MULTILINE)
