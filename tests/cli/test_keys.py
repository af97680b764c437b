"""What an operator sees of the keys and does to them with `rescind keys`."""

import time
from collections.abc import Iterator

import pytest

from tests.cli.conftest import Rescind
from tests.journeys.conftest import Client
from tests.local_gateway import RunningGateway, running_gateway


@pytest.fixture(scope="module")
def gateway(ministack: str) -> Iterator[RunningGateway]:
    """A stack of its own: when all keys are revoked, nobody logs in for 90 s."""
    with running_gateway(
        environment={"AWS_ENDPOINT_URL": ministack}, arguments=["--stack", "cli-keys"]
    ) as running:
        yield running


def states(rescind: Rescind, purpose: str) -> dict[str, str]:
    listed = rescind.document("keys")["keys"][purpose]
    return {key["key_id"]: key["state"] for key in listed}


def id_of(rescind: Rescind, purpose: str, state: str) -> str:
    return [key_id for key_id, each in states(rescind, purpose).items() if each == state][-1]


def test_the_keys_of_both_kinds_are_listed_with_what_they_do(rescind: Rescind, client: Client) -> None:
    published = [key["kid"] for key in client.ask("GET", "/.well-known/jwks.json").json()["keys"]]

    listed = rescind("keys")

    assert listed.code == 0, listed.err
    lines = listed.out.splitlines()
    assert lines[0].split() == ["signs", "key", "state", "signs", "from", "verifies", "until"]
    assert [line.split()[:2] for line in lines[1:]] == [["access", "tokens"]] * 2 + [
        ["refresh", "tokens"]
    ] * 2
    assert [line for line in lines if "is next" in line and published[1] in line]
    assert set(states(rescind, "access-token")) == set(published)
    assert rescind("keys", "list").out == listed.out


def test_the_next_keys_take_over_early_and_nothing_is_revoked(rescind: Rescind, client: Client) -> None:
    tokens = client.log_in()
    next_key = id_of(rescind, "access-token", "next")

    rotated = rescind.document("keys", "rotate")["rotated"]

    assert rotated["access-token"]["key_id"] == next_key
    # They were published a moment ago, so they wait for their hour.
    assert time.time() + 600 < rotated["access-token"]["signs_from"] <= time.time() + 3600
    assert len(states(rescind, "access-token")) == 3
    assert client.me(tokens["access_token"]).status_code == 200
    again = rescind("keys", "rotate")
    assert f"{next_key} signs access tokens from 20" in again.out
    assert "`rescind keys revoke KEY_ID`" in again.err


def test_a_key_is_revoked_after_a_question_that_says_what_it_costs(
    rescind: Rescind, gateway: RunningGateway
) -> None:
    signing = id_of(rescind, "access-token", "signs")

    no = rescind("keys", "revoke", signing, typed="n\n")
    assert states(rescind, "access-token")[signing] == "signs"
    yes = rescind("keys", "revoke", signing, typed="y\n")

    assert (no.code, "revoked" in no.out) == (130, False)
    assert "Every access token that it signed dies" in no.err
    assert f"Revoke the key {signing} of access tokens on the local stack?" in no.err
    assert yes.code == 0, yes.err
    assert yes.out.strip(" y\n").startswith("1 key is revoked.\nNothing signed with it gets through from 20")
    assert states(rescind, "access-token")[signing] == "revoked"
    [line] = [line for line in gateway.output().splitlines() if '"KeyRevoked"' in line and signing in line]
    assert '"actor":"arn:aws:iam::000000000000:user/' in line


def test_everything_is_revoked_without_a_question_for_a_script(rescind: Rescind) -> None:
    before = {*states(rescind, "access-token"), *states(rescind, "refresh-token")}

    done = rescind.document("keys", "revoke", "all", "--yes")

    assert {key_id for key_ids in done["revoked"].values() for key_id in key_ids} <= before
    assert done["latest_effective_by"] == done["effective_by"] + 540
    assert not before & {
        key_id
        for purpose in ("access-token", "refresh-token")
        for key_id, state in states(rescind, purpose).items()
        if state != "revoked"
    }
    assert "No key signs at the moment" in rescind("keys").err


@pytest.mark.parametrize("key_id", ["mac_" + "n" * 21 + "A", "-yes-I-am-one", "--json-like"])
def test_a_key_that_no_set_has_is_said_so_before_the_question(rescind: Rescind, key_id: str) -> None:
    said = rescind("keys", "revoke", key_id)

    assert (said.code, said.out) == (3, "")
    assert said.err.startswith("rescind: No key set has a key of this id, and nothing was revoked.")
