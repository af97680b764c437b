"""What users of Cognito live through: logins at ministack's Cognito, exchanged over HTTP, and taken back."""

import json
import os
import re
import shlex
import signal
import subprocess
import sys
import time
import tomllib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlencode

import httpx
import jwt
import pytest

from rescind.rules.trusted_issuers import trusted_issuers
from tests.deployment import deployed
from tests.functions.conftest import recorded
from tests.journeys.conftest import Client
from tests.journeys.gateways import log_lines
from tests.local.processes import is_alive, process_tree
from tests.local_gateway import RunningGateway, gateway_environment, running_gateway
from tests.providers.cognito import PASSWORD, UserPool
from tests.requests import Call, ask_authorizer, tend_keys
from tests.sandbox import Clock, Sandbox
from tests.template import DOCUMENT

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "cognito.md"
EXAMPLE = ROOT / "examples" / "cognito" / "side_by_side.py"
ID_TOKEN, ACCESS_TOKEN, JWT = (
    f"urn:ietf:params:oauth:token-type:{name}" for name in ("id_token", "access_token", "jwt")
)


@pytest.fixture(scope="module")
def pool(ministack: str) -> UserPool:
    """Which both stacks trust."""
    return UserPool.made(ministack)


@pytest.fixture(scope="module")
def gateway(ministack: str, pool: UserPool) -> Iterator[RunningGateway]:
    """A stack that makes a user of whoever comes from the pool."""
    with running_gateway(
        parameters={**trusting(pool), "AutoProvision": "enabled"},
        environment={"AWS_ENDPOINT_URL": ministack},
        arguments=["--stack", "cognito"],
    ) as running:
        yield running


@pytest.fixture
def client(gateway: RunningGateway) -> Client:
    return Client(gateway.base_url)


@pytest.fixture
def admin(client: Client) -> str:
    return str(client.log_in("admin")["access_token"])


def trusting(pool: UserPool) -> dict[str, str]:
    grants = "->orders:read cognito:groups=admins->admin"
    return {"TrustedIssuers": f"{pool.issuer} {pool.app} {grants}"}


def exchange(client: Client, token: str, token_type: str | None = None) -> httpx.Response:
    said = {} if token_type is None else {"subject_token_type": token_type}
    return client.ask("POST", "/auth/exchange", json={"subject_token": token, **said})


def exchanged(client: Client, token: str) -> str:
    """Our access token."""
    answer = exchange(client, token)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["access_token"])


def wait_for_the_next_second() -> None:
    """What was issued in the second of a revocation goes with what was issued before; not so at ministack."""
    time.sleep(1 - time.time() % 1 + 0.01)


# ------------------------------------------------------------------ in


@pytest.mark.parametrize(
    ("kind", "said"),
    [("IdToken", ID_TOKEN), ("AccessToken", ACCESS_TOKEN), ("IdToken", JWT), ("AccessToken", None)],
)
def test_cognitos_id_token_and_its_access_token_open_a_session(
    client: Client, pool: UserPool, kind: str, said: str | None
) -> None:
    theirs = pool.log_in(pool.add_user())

    answer = exchange(client, theirs[kind], said)

    assert answer.status_code == 200, answer.text
    me = client.me(answer.json()["access_token"])
    assert me.json()["scope"] == "orders:read"
    assert client.refresh(answer.json()["refresh_token"]).status_code == 200


def test_whoever_comes_again_is_the_same_user_and_another_is_not(client: Client, pool: UserPool) -> None:
    ada, bob = pool.add_user(), pool.add_user()
    tokens = [pool.log_in(ada)["IdToken"], pool.log_in(ada)["AccessToken"], pool.log_in(bob)["IdToken"]]

    first, again, other = (client.me(exchanged(client, token)).json()["user_id"] for token in tokens)

    assert first == again
    assert first != other


def test_a_group_grants_a_scope_and_whoever_leaves_it_loses_that_with_the_next_exchange(
    client: Client, pool: UserPool
) -> None:
    ada = pool.add_user("admins")
    member = exchanged(client, pool.log_in(ada)["IdToken"])
    assert client.me(member).json()["scope"] == "admin orders:read"
    assert client.ask("GET", "/admin/users?username=demo", bearer=member).status_code == 200

    pool.leave(ada, "admins")
    former = exchanged(client, pool.log_in(ada)["IdToken"])

    assert client.me(former).json()["scope"] == "orders:read"
    for token in (former, member):
        assert client.ask("GET", "/admin/users?username=demo", bearer=token).status_code == 403


# ------------------------------------------------------------------ and out


def test_after_a_logout_our_token_is_refused_at_once_and_cognitos_own_is_not(
    client: Client, pool: UserPool
) -> None:
    theirs = pool.log_in(pool.add_user())
    ours = exchanged(client, theirs["IdToken"])
    assert client.me(ours).status_code == 200

    assert client.ask("POST", "/auth/logout", bearer=ours, json={}).json()["revoked"] == "session"
    wait_for_the_next_second()
    pool.sign_out_everywhere(theirs)

    assert client.me(ours).status_code == 401
    for token in (theirs["IdToken"], theirs["AccessToken"]):
        assert pool.verify(token)["exp"] - time.time() > 3000
    with pytest.raises(pool.cognito.exceptions.NotAuthorizedException):
        pool.refresh(theirs)


def test_a_token_opens_one_session(client: Client, pool: UserPool, gateway: RunningGateway) -> None:
    token = pool.log_in(pool.add_user())["IdToken"]
    ours = exchanged(client, token)

    refused(exchange(client, token), gateway, "replayed")

    assert client.me(ours).status_code == 200


def test_whoever_was_disabled_opens_no_session_until_they_are_enabled(
    client: Client, pool: UserPool, gateway: RunningGateway, admin: str
) -> None:
    ada = pool.add_user()
    ours = exchanged(client, pool.log_in(ada)["IdToken"])
    user_id = client.me(ours).json()["user_id"]

    client.ask("POST", f"/admin/users/{user_id}/disable", bearer=admin)

    assert client.me(ours).status_code == 401
    refused(exchange(client, pool.log_in(ada)["IdToken"]), gateway, "user_disabled")
    client.ask("POST", f"/admin/users/{user_id}/enable", bearer=admin)
    wait_for_the_next_second()
    exchanged(client, pool.log_in(ada)["IdToken"])


def test_a_token_from_before_a_revocation_opens_no_session_and_one_from_after_it_does(
    client: Client, pool: UserPool, gateway: RunningGateway, admin: str
) -> None:
    ada = pool.add_user()
    ours = exchanged(client, pool.log_in(ada)["IdToken"])
    stolen = pool.log_in(ada)["IdToken"]
    who = urlencode({"issuer": pool.issuer, "subject": pool.verify(stolen)["sub"]})
    user_id = client.ask("GET", f"/admin/users?{who}", bearer=admin).json()["user_id"]

    client.ask("POST", f"/admin/users/{user_id}/revoke", bearer=admin)

    assert client.me(ours).status_code == 401
    refused(exchange(client, stolen), gateway, "logged_out")
    wait_for_the_next_second()
    exchanged(client, pool.log_in(ada)["IdToken"])


# ------------------------------------------------------------------ who does not get in


Bad = tuple[str, str | None]
"""A token, and what it is said to be."""


def of_another_app(pool: UserPool, ada: str) -> Bad:
    return pool.log_in(ada, app=pool.other_app)["IdToken"], None


def an_access_token_of_another_app(pool: UserPool, ada: str) -> Bad:
    return pool.log_in(ada, app=pool.other_app)["AccessToken"], None


def of_another_pool(pool: UserPool, _: str) -> Bad:
    other = UserPool.made(pool.endpoint)
    return other.log_in(other.add_user())["IdToken"], None


def a_refresh_token(pool: UserPool, ada: str) -> Bad:
    return pool.log_in(ada)["RefreshToken"], None


def a_forgery(pool: UserPool, ada: str) -> Bad:
    return pool.forged(pool.log_in(ada)["IdToken"]), None


def one_without_a_signature(pool: UserPool, ada: str) -> Bad:
    claims = jwt.decode(pool.log_in(ada)["IdToken"], options={"verify_signature": False})
    return jwt.encode(claims, "", algorithm="none", headers={"kid": "none"}), None


def an_access_token_said_to_be_an_id_token(pool: UserPool, ada: str) -> Bad:
    return pool.log_in(ada)["AccessToken"], ID_TOKEN


def an_id_token_said_to_be_an_access_token(pool: UserPool, ada: str) -> Bad:
    return pool.log_in(ada)["IdToken"], ACCESS_TOKEN


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (of_another_app, "wrong_audience"),
        (an_access_token_of_another_app, "wrong_audience"),
        (of_another_pool, "unknown_issuer"),
        (a_refresh_token, "wrong_claims"),
        (a_forgery, "bad_signature"),
        (one_without_a_signature, "malformed"),
        (an_access_token_said_to_be_an_id_token, "wrong_claims"),
        (an_id_token_said_to_be_an_access_token, "wrong_claims"),
    ],
    ids=lambda each: each.__name__ if callable(each) else "",
)
def test_no_session_is_opened_for(
    client: Client, pool: UserPool, gateway: RunningGateway, bad: Callable[[UserPool, str], Bad], reason: str
) -> None:
    token, said = bad(pool, pool.add_user())

    refused(exchange(client, token, said), gateway, reason)


def refused(answer: httpx.Response, gateway: RunningGateway, reason: str) -> None:
    """As all are, whatever the reason, which is in the log."""
    assert answer.status_code == 401
    assert answer.json() == {
        "error": "invalid_grant",
        "error_description": "The subject token is expired, used, not for this API or not valid.",
    }
    lines = log_lines(gateway.output().splitlines())
    assert [line["reason"] for line in lines if line["message"] == "ExchangeRefused"][-1] == reason


# ------------------------------------------------------------------ where users are made by an admin


def test_without_auto_provision_an_admin_lets_a_user_in_by_issuer_and_subject(
    ministack: str, pool: UserPool
) -> None:
    token = pool.log_in(pool.add_user())["IdToken"]
    user = {"issuer": pool.issuer, "subject": pool.verify(token)["sub"]}
    strict = {"TRUSTED_ISSUERS": f"{pool.issuer} {pool.app}", "AUTO_PROVISION": "disabled"}
    to_exchange = Call("exchange", recorded("exchange", body={"subject_token": token}))

    # Its functions run in this process, as another gateway would take seconds to start.
    with deployed(ministack):
        sandbox = Sandbox(Clock(time.time()), environment=strict)
        sandbox.ask(tend_keys())  # It makes the first ones.
        unknown = sandbox.ask(to_exchange)
        made = sandbox.ask(Call("admin", recorded("admin", body=user)))
        known = sandbox.ask(to_exchange)
        asked = sandbox.ask(ask_authorizer(known))

    assert (unknown.status, unknown.body["error"]) == (401, "invalid_grant")
    assert made.status == 201
    assert (known.status, asked.status) == (200, 200)
    assert asked.body["context"]["sub"] == made.body["user_id"]


# ------------------------------------------------------------------ as its user runs the example


def side_by_side(gateway: RunningGateway, pool: UserPool, **given: str) -> tuple[int, str]:
    """How it ended, and what it printed."""
    options = {
        "--api": gateway.base_url,
        "--issuer": pool.issuer,
        "--client-id": pool.app,
        "--cognito-endpoint": pool.endpoint,
    }
    options |= {f"--{name.replace('_', '-')}": value for name, value in given.items()}
    ended = subprocess.run(  # noqa: S603 - our own example
        [sys.executable, str(EXAMPLE), *sum(options.items(), ())],
        env={**os.environ, "COGNITO_PASSWORD": PASSWORD},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=60,
        check=False,
    )
    assert "eyJ" not in ended.stdout  # as a token begins
    assert PASSWORD not in ended.stdout
    return ended.returncode, ended.stdout


def blocks(language: str) -> list[str]:
    """Those of docs/cognito.md."""
    found: list[str] = re.findall(
        rf"^```{language}\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE
    )
    return found


def shown_on(page: Path) -> str:
    """What the page says that the example prints, from its first step on."""
    [shown] = re.findall(r"^(1\. .*?\n)^```", page.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
    return str(shown)


def as_ever(text: str) -> str:
    text = re.sub(r"usr_[A-Za-z0-9_-]{22}", "usr_...", text)
    text = re.sub(r"^1\. \S+", "1. NAME", text)
    return re.sub(r"\d\d more minutes", "NN more minutes", text)


def test_the_pages_show_what_the_example_prints(gateway: RunningGateway, pool: UserPool) -> None:
    code, printed = side_by_side(gateway, pool, username=pool.add_user("admins"))

    assert code == 0, printed
    for page in (PAGE, EXAMPLE.with_name("README.md")):
        assert as_ever(printed) == as_ever(shown_on(page)), page


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"username": "nobody"}, "Check --username"),
        ({"client_id": "nobody"}, "Check --client-id"),
        ({"issuer": "https://cognito-idp.us-east-1.amazonaws.com/us-east-1_Nobody"}, "--issuer"),
        ({"api": "http://127.0.0.1:1"}, "127.0.0.1:1 does not answer"),
    ],
    ids=["user", "client", "issuer", "api"],
)
def test_the_example_says_what_is_wrong_and_what_mends_it(
    gateway: RunningGateway, pool: UserPool, changes: dict[str, str], said: str
) -> None:
    code, printed = side_by_side(gateway, pool, **{"username": pool.add_user(), **changes})

    assert code == 1
    assert said in printed
    assert "Traceback" not in printed


# ------------------------------------------------------------------ what else the page tells to do


def test_the_first_exchange_of_the_page_works_as_it_stands_there(
    gateway: RunningGateway, pool: UserPool
) -> None:
    [block] = [each for each in blocks("sh") if each.startswith("api=")]
    given, script = block.split("\n\n", 1)
    ask = given.splitlines()[-1]
    assert ask.startswith("printf 'Password: '; read ")
    here = f"api={gateway.base_url} cognito={pool.endpoint} client_id={pool.app} username={pool.add_user()}"

    ended = subprocess.run(  # noqa: S603 - the commands of the page
        ["bash", "-c", f"{here}\n{ask}\n{script}"],  # noqa: S607 - wherever it is
        input=f"{PASSWORD}\n",
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )

    live, ending, dead = [json.loads(line) for line in ended.stdout.splitlines()[1:]]
    assert live["scope"] == "orders:read"
    assert ending["revoked"] == "session"
    assert dead["error"] == "invalid_token"


def test_what_the_page_deploys_with_is_what_it_says() -> None:
    [line] = [line for line in "".join(blocks("sh")).splitlines() if line.startswith("sam deploy")]
    [kept] = blocks("toml")
    of_the_shell = shlex.split(line)[3:]
    of_the_file = tomllib.loads(kept)["parameter_overrides"]
    pattern = DOCUMENT["Parameters"]["TrustedIssuers"]["AllowedPattern"]

    for trusted, provision in (of_the_shell, of_the_file):
        assert provision == "AutoProvision=enabled"
        # SAM CLI ends an unquoted value at its first blank; what is in quotes it takes as it is.
        [value] = re.findall(r'^TrustedIssuers="([^"\\]+)"$', trusted)
        assert re.fullmatch(pattern, value)
        [issuer] = trusted_issuers(value).values()
        assert issuer.audiences == {"4f1a2b3c"}
        assert issuer.scope_after("", {}) == "orders:read"
    in_the_group = {"cognito:groups": ["admins"]}
    [issuer] = trusted_issuers(of_the_shell[0].partition("=")[2].strip('"')).values()
    assert issuer.scope_after("", in_the_group) == "admin orders:read"


@contextmanager
def trying_it() -> Iterator[subprocess.Popen[str]]:
    """`make cognito`, as make starts it."""
    process = subprocess.Popen(  # noqa: S603 - our own tool
        [sys.executable, str(ROOT / "tools" / "try_cognito.py")],
        env=gateway_environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        yield process
    finally:
        process.terminate()
        process.communicate(timeout=30)


@pytest.mark.proof
def test_one_command_shows_it_all_without_an_aws_account() -> None:
    with trying_it() as process:
        printed, _ = process.communicate(timeout=120)

    assert process.returncode == 0, printed
    shown = printed[printed.index("\n1. ") + 1 :]
    assert as_ever(shown) == as_ever(shown_on(PAGE))
    assert "eyJ" not in printed


@pytest.mark.proof
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_whichever_way_that_command_is_ended_it_leaves_nothing_running(number: signal.Signals) -> None:
    with trying_it() as process:
        assert process.stdout
        for line in process.stdout:
            if line.startswith("COGNITO_PASSWORD"):
                break
        started = process_tree(process.pid)
        assert len(started) > 2

        process.send_signal(number)
        process.wait(timeout=30)

    assert process.returncode == 128 + number
    assert not [pid for pid in started if is_alive(pid)]
