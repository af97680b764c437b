"""How a command finds a deployed stack, and what it says in one line when it does not."""

from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError, ReadTimeoutError
from typer.testing import CliRunner

from rescind_cli.app import app
from rescind_cli.aws_errors import in_our_words
from rescind_cli.errors import Exit
from rescind_cli.stack import _named, local_stack
from tests.cli.conftest import STACK
from tests.cli.deployed import OUTPUTS, Calls, deploy
from tests.local_gateway import RunningGateway

pytestmark = pytest.mark.ministack

NOBODY = "usr_" + "n" * 21 + "A"


@pytest.fixture(scope="module")
def deployed(ministack: str) -> str:
    # The local gateway knows its functions by their logical names.
    names = {f"{each}FunctionName": f"{each}Function" for each in ("Admin", "Keys", "Canary")}
    deploy("operated", ministack, outputs={"ApiUrl": OUTPUTS["ApiUrl"], **names})
    return "operated"


@pytest.fixture(autouse=True)
def an_operators_machine(ministack: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Credentials in the environment, and nothing else of AWS."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", ministack)
    monkeypatch.setenv("AWS_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.delenv("RESCIND_STACK", raising=False)


def run(*arguments: str) -> tuple[int, str]:
    ended = CliRunner().invoke(app, [*arguments, "users", "show", NOBODY], prog_name="rescind")
    assert ended.exception is None or isinstance(ended.exception, SystemExit), ended.exception
    assert ended.stdout == ""
    assert ended.stderr.count("\n") == 1, "it is one line"
    return ended.exit_code, ended.stderr


def test_a_deployed_stack_is_found_by_its_name_and_asked(
    deployed: str, gateway: RunningGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_LAMBDA", gateway.base_url)

    assert run("--stack", deployed) == (3, "rescind: There is no such user.\n")

    monkeypatch.setenv("RESCIND_STACK", deployed)
    assert run()[0] == 3


def test_a_stack_that_is_not_there_is_said_with_how_to_name_another() -> None:
    code, said = run("--stack", "nowhere")

    assert code == 5
    assert said.startswith("rescind: There is no stack nowhere in this account and region.")
    assert "--region" in said


@pytest.mark.usefixtures("gateway")
def test_a_stack_of_something_else_is_said() -> None:
    code, said = run("--stack", STACK)  # the gateway's own: tables and keys

    assert code == 5
    assert "has no output 'ApiUrl'" in said


def test_without_credentials_the_ways_to_get_some_are_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")

    code, said = run("--stack", "operated")

    assert code == 5
    assert said.startswith("rescind: There are no AWS credentials to use")
    assert "aws sso login" in said
    assert "--local" in said


def test_a_profile_that_is_not_there_is_said() -> None:
    code, said = run("--stack", "operated", "--profile", "nobody")

    assert code == 5
    assert "nobody" in said
    assert "--profile" in said


def test_without_a_region_it_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_DEFAULT_REGION")

    assert run("--stack", "operated") == (
        5,
        "rescind: In which region is stack operated? Say --region, or set AWS_DEFAULT_REGION.\n",
    )


@pytest.mark.parametrize("action", ["cloudformation:DescribeStacks", "lambda:InvokeFunction"])
def test_credentials_that_may_not_are_told_where_it_says_what_they_must(
    deployed: str, monkeypatch: pytest.MonkeyPatch, action: str
) -> None:
    Calls(forbidden={action}).watch(monkeypatch)

    code, said = run("--stack", deployed)

    assert code == 5
    assert said.startswith("rescind: These credentials may not do that on stack operated")
    assert "docs/operations.md" in said


def test_functions_that_do_not_answer_are_said(deployed: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_LAMBDA", "http://127.0.0.1:1")

    code, said = run("--stack", deployed)

    assert code == 4, "the way to AWS may be open again in a moment"
    assert said.startswith("rescind: AWS cannot be reached for stack operated")


def test_something_else_on_the_port_is_no_stack(ministack: str) -> None:
    code, said = run("--local", "--port", ministack.rpartition(":")[2])

    assert code == 5
    assert said.startswith("rescind: ")


def refused(code: str, operation: str = "Invoke") -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "said\nby AWS."}}, operation)


@pytest.mark.parametrize(
    ("error", "code", "cure"),
    [
        pytest.param(refused("ExpiredTokenException"), Exit.NO_ACCESS, "aws sso login", id="expired"),
        pytest.param(refused("InvalidSignatureException"), Exit.NO_ACCESS, "clock", id="clock"),
        pytest.param(refused("ResourceNotFoundException"), Exit.NO_ACCESS, "Deploy", id="no-function"),
        pytest.param(refused("TooManyRequestsException"), Exit.UNAVAILABLE, "rescind doctor", id="closed"),
        pytest.param(refused("ServiceException"), Exit.UNAVAILABLE, "again", id="aws-fails"),
        pytest.param(refused("501"), Exit.NO_ACCESS, "--port", id="a-stranger"),
        pytest.param(ReadTimeoutError(endpoint_url="there"), Exit.UNAVAILABLE, "again", id="no-answer"),
    ],
)
def test_what_aws_says_no_with_is_one_line_with_the_cure(error: Exception, code: Exit, cure: str) -> None:
    said = in_our_words(error, "stack prod")

    assert said.code is code
    assert cure in str(said)
    assert "\n" not in str(said)


def test_an_answer_that_is_no_json_is_a_strangers(deployed: str, monkeypatch: pytest.MonkeyPatch) -> None:
    class Page(Calls):
        def _before(self, model: Any, params: dict[str, Any], **given: Any) -> tuple[Any, Any] | None:
            if model.name != "Invoke":
                return super()._before(model, params, **given)
            body = SimpleNamespace(read=lambda: b"<html>")
            return SimpleNamespace(status_code=200), {"Payload": body, "ResponseMetadata": {}}

    Page().watch(monkeypatch)

    code, said = run("--stack", deployed)

    assert code == 5
    assert "no stack of Rescind" in said


def test_the_local_stack_is_asked_past_proxies_and_profiles(monkeypatch: pytest.MonkeyPatch) -> None:
    """What it is sent are passwords and tokens; and its operator need not have AWS credentials."""
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("AWS_PROFILE", "one-that-is-not-there")

    stack = local_stack(1)

    assert stack.lambda_client.meta.config.proxies == {}


def test_an_operator_whom_the_service_would_not_take_has_no_name_in_the_log() -> None:
    assert _named("arn:aws:iam::123456789012:user/ada") == "arn:aws:iam::123456789012:user/ada"
    assert _named("arn:aws:iam::123456789012:user/{odd}/ada") == "operator"


def test_two_stacks_at_once_are_a_wrong_command_line() -> None:
    ended = CliRunner().invoke(app, ["--stack", "prod", "--local", "keys"], prog_name="rescind")

    assert ended.exit_code == 2
    assert "not both" in ended.stderr
