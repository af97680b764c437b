"""Who may write anything down at all; and what the SDK does over a real connection, at DEBUG."""

import ast
import http.server
import logging
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from rescind import aws, sdk
from rescind.flows.issue import Tokens
from rescind.rules.refresh_tokens import MacKey
from tests.leaks import marked
from tests.leaks.asks import Ask, authorizer, login, password, refresh
from tests.leaks.conftest import load_anew
from tests.leaks.witness import Witness
from tests.leaks.world import World
from tests.things import a_credential

ROOT = Path(__file__).parents[2]
SOURCES = {
    str(path.relative_to(ROOT)): path
    for folder in ("functions", "layers/rescind/rescind")
    for path in sorted((ROOT / folder).rglob("*.py"))
}
OUR_LOG = "layers/rescind/rescind/audit.py"
OF_THE_SDK = "layers/rescind/rescind/sdk.py"


@pytest.mark.parametrize("source", SOURCES)
def test_only_the_audit_writes_and_nobody_traces(source: str) -> None:
    tree = ast.parse(SOURCES[source].read_text(encoding="utf-8"))
    imported = {
        name.name.partition(".")[0] if isinstance(node, ast.Import) else name.name
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in node.names
    } | {str(node.module).partition(".")[0] for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    named = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}

    assert not imported & {"Tracer", "aws_xray_sdk", "sys", "traceback", "warnings", "pdb", "faulthandler"}
    assert not named & {"print", "breakpoint"}
    assert "logging" not in imported or source == OF_THE_SDK
    assert "aws_lambda_powertools" not in imported or source == OUR_LOG


class Answering(http.server.BaseHTTPRequestHandler):
    """An AWS that knows every secret and tells it."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        body = f'{{"Item": {{"password_hash": {{"S": "{marked.PASSWORD_HASH}"}}}}}}'.encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/x-amz-json-1.0")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("X-Told", marked.PASSWORD_HASH)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None: ...


@pytest.fixture
def endpoint(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with http.server.HTTPServer(("127.0.0.1", 0), Answering) as server:
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{server.server_port}")
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield
        server.shutdown()
        thread.join()


@pytest.mark.usefixtures("endpoint")
def test_the_sdk_is_silent_of_what_it_sends_and_gets(
    witness: Witness, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = "marked-session-token-73f1e0aa"
    monkeypatch.setenv("AWS_SESSION_TOKEN", token)
    logging.getLogger("botocore").setLevel(logging.NOTSET)
    client = sdk.client("dynamodb")
    key = {"username": {"S": marked.USERNAME}}

    seen = witness.watch("login", lambda: aws.call(client.get_item, TableName="Credentials", Key=key))

    # urllib3 is not silenced: of the connection it names the host, the path and the status.
    assert seen.answer is not None
    assert "urllib3" in seen.recorded
    assert marked.found_in(seen.recorded + seen.printed, {**marked.MARKED, "token": token}) == set()


@pytest.fixture
def developing() -> Iterator[None]:
    """POWERTOOLS_DEV writes each line of the log over several."""
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("POWERTOOLS_DEV", "true")
        environment.setenv("POWERTOOLS_DEBUG", "true")
        environment.setenv("POWERTOOLS_SERVICE_NAME", "developing")
        load_anew()
        yield
    load_anew()


@pytest.mark.usefixtures("developing")
@pytest.mark.parametrize(
    ("function", "ask"),
    [
        ("login", login()),
        ("login", login(password=marked.GUESS)),
        ("refresh", refresh(session={"counter": 3})),
        ("password", password()),
        ("authorizer", authorizer()),
    ],
    ids=["login", "wrong-password", "reuse", "password", "authorizer"],
)
def test_who_develops_sees_no_secret_either(world: World, witness: Witness, function: str, ask: Ask) -> None:
    event = ask(world)

    seen = witness.watch(function, lambda: world.stack.invoke(function, event))

    assert marked.found_in(seen.recorded + seen.printed, world.secrets) == set()


def test_what_holds_a_secret_does_not_show_it() -> None:
    tokens = Tokens("usr", "ses", "the-access-token", 900, "the-refresh-token", 900, "scope")

    shown = f"{tokens} {a_credential(password_hash='the-hash')} {MacKey('mac', b'the-secret')}"

    assert "the-" not in shown
