"""What is done only on a stack of the proof's own, and what is undone and written down whatever happens."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from subprocess import CompletedProcess, TimeoutExpired
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from prove_on_aws import __main__ as program
from prove_on_aws import answers, bound
from prove_on_aws.api import Api, Reply
from prove_on_aws.options import parse
from rescind.unavailable import UnavailableError
from rescind_cli.checks.findings import Finding, Outcome, ok
from rescind_cli.errors import CommandError, Exit

UNAVAILABLE = Reply(
    503,
    {"cache-control": "no-store", "access-control-allow-origin": "*", "retry-after": "1"},
    {"error": "temporarily_unavailable"},
)
NAME = "503 where the authorizer cannot run"


@dataclass
class Lambda:
    """Its reserved concurrency, of one function."""

    reserved: int | None = None
    stopped: bool = False
    refuses_to_stop: bool = False

    def get_function_concurrency(self, **_: str) -> dict[str, int]:
        return {} if self.reserved is None else {"ReservedConcurrentExecutions": self.reserved}

    def put_function_concurrency(self, *, FunctionName: str, ReservedConcurrentExecutions: int) -> None:  # noqa: N803 - boto3's names
        assert FunctionName == "authorizer"
        assert isinstance(ReservedConcurrentExecutions, int), "botocore takes no None"
        if self.refuses_to_stop and ReservedConcurrentExecutions == 0:
            raise ClientError({"Error": {"Code": "AccessDenied"}}, "PutFunctionConcurrency")
        self.reserved = ReservedConcurrentExecutions
        self.stopped |= self.reserved == 0

    def delete_function_concurrency(self, *, FunctionName: str) -> None:  # noqa: N803 - boto3's name
        assert FunctionName == "authorizer"
        self.reserved = None


@dataclass
class AuthorizerIs(Api):
    """Answers as a stack whose authorizer is what `cloud` says."""

    base_url: str = ""
    cloud: Lambda = field(default_factory=Lambda)
    broken: bool = False

    def reply(self, *_: object, **__: object) -> Reply:
        if self.broken:
            raise UnavailableError("no answer")
        return UNAVAILABLE if self.cloud.reserved == 0 else Reply(401, {}, {})


@pytest.mark.parametrize("before", [None, 0, 7])
@pytest.mark.parametrize("broken", [False, True])
def test_the_authorizer_gets_back_the_concurrency_that_it_had(before: int | None, *, broken: bool) -> None:
    cloud = Lambda(before)

    found = answers.unavailable(AuthorizerIs(cloud=cloud, broken=broken), cloud, "authorizer")

    assert cloud.stopped
    assert cloud.reserved == before
    assert found.outcome is (Outcome.FAULT if broken else Outcome.OK)


def test_it_gets_it_back_though_nobody_may_stop_it() -> None:
    cloud = Lambda(7, refuses_to_stop=True)

    with pytest.raises(ClientError):
        answers.unavailable(AuthorizerIs(cloud=cloud), cloud, "authorizer")

    assert cloud.reserved == 7


def test_the_authorizer_of_somebodys_stack_is_not_stopped() -> None:
    cloud = Lambda()

    found = answers.unavailable(AuthorizerIs(cloud=cloud), cloud, None)

    assert not cloud.stopped
    assert found.outcome is Outcome.NOT_CHECKED


# ------------------------------------------------------------------ the whole


class Deployed:
    """In place of a stack on AWS; what it is asked to do is kept."""

    name = deployed_as = "rescind-prove-0123abcd"
    api_url = ""
    is_local = False

    def __init__(self, *, made_here: bool) -> None:
        self.tags = [{"Key": "made-by", "Value": "prove-on-aws"}] if made_here else []
        self.cloud = Lambda()
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self.refuses = ""
        self.session: Any = SimpleNamespace(
            client=self._client,
            region_name="us-east-1",
            get_credentials=lambda: SimpleNamespace(
                get_frozen_credentials=lambda: SimpleNamespace(access_key="a", secret_key="s", token=None)
            ),
        )

    def _client(self, service: str) -> Any:
        stacks = SimpleNamespace(describe_stacks=lambda **_: {"Stacks": [{"Tags": self.tags}]})
        return {"cloudformation": stacks, "lambda": self.cloud}[service]

    def ask(self, operation: str, **parameters: Any) -> dict[str, Any]:
        self.asked.append((operation, parameters))
        if operation == self.refuses:
            raise CommandError(f"{operation} is refused", Exit.REFUSED)
        if operation == "checkDeployment":
            return {
                "settings": {
                    "revocation_check": "strict",
                    "revocation_delay_seconds": 0,
                    "authorizer_timeout_seconds": 5,
                }
            }
        return {"user_id": "usr_x"}


@dataclass
class Proof:
    """The proof of a stack, without what other tests are about."""

    stack: Deployed
    report: Path

    def run(self) -> int:
        options = parse(["--stack", self.stack.name, "--existing", "--report", str(self.report)])
        return program.prove(self.stack, options, api=AuthorizerIs(cloud=self.stack.cloud))  # type: ignore[arg-type] # as far as it is asked

    @property
    def written(self) -> Any:
        return json.loads(self.report.read_text())

    @property
    def outcomes(self) -> dict[str, str]:
        return {each["name"]: each["outcome"] for each in self.written["findings"]}


@pytest.fixture
def prove(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[[Deployed], Proof]:
    def step(_: Api, people: Any) -> Iterator[Finding]:
        people.somebody()
        yield ok("step", "done")

    names = SimpleNamespace(names={"AuthorizerFunction": "authorizer"})
    monkeypatch.setattr(program, "Deployed", lambda *_: names)
    monkeypatch.setattr("prove_on_aws.steps.findings", step)
    monkeypatch.setattr("prove_on_aws.answers.findings", lambda _: [])
    monkeypatch.setattr("prove_on_aws.bound.rounds", lambda *_, **__: [bound.Round(0, 0, 1)])
    monkeypatch.setattr(program, "examine", lambda *_: [])
    monkeypatch.setattr(program, "_logs", lambda *_: [ok("logs", "read")])
    monkeypatch.setattr("prove_on_aws.journeys.subprocess.run", passed)
    return lambda stack: Proof(stack, tmp_path / "report.json")


def passed(command: list[str], *, env: dict[str, str], **_: Any) -> CompletedProcess[str]:
    [results] = [each.partition("=")[2] for each in command if each.startswith("--junitxml=")]
    Path(results).write_text('<testsuites><testcase name="a"/></testsuites>')
    assert env["RESCIND_PROVE_STACK"] == Deployed.name
    assert env["RESCIND_PROVE_PASSWORD"]
    return CompletedProcess(command, 0)


def test_on_a_stack_of_its_own_the_journeys_run_and_the_authorizer_is_stopped(
    prove: Callable[[Deployed], Proof],
) -> None:
    proof = prove(Deployed(made_here=True))

    assert proof.run() == Exit.DONE

    assert proof.outcomes == dict.fromkeys(("step", "revocation bound", "journeys", NAME, "logs"), "ok")
    assert proof.stack.cloud.stopped
    made = [given["username"] for operation, given in proof.stack.asked if operation == "createUser"]
    assert {"demo", "admin"} < set(made)
    assert proof.written["finished"]


def test_on_somebodys_stack_neither_is_done_though_it_has_such_a_name(
    prove: Callable[[Deployed], Proof],
) -> None:
    proof = prove(Deployed(made_here=False))

    proof.run()

    assert {proof.outcomes[name] for name in ("journeys", NAME)} == {"not_checked"}
    assert not proof.stack.cloud.stopped
    made = [given["username"] for operation, given in proof.stack.asked if operation == "createUser"]
    assert [name[:6] for name in made] == ["prove-"]


def test_journeys_that_do_not_end_are_a_fault_and_the_rest_is_looked_at(
    prove: Callable[[Deployed], Proof], monkeypatch: pytest.MonkeyPatch
) -> None:
    def too_long(command: list[str], *, timeout: float, **_: Any) -> None:
        raise TimeoutExpired(command, timeout)

    proof = prove(Deployed(made_here=True))
    monkeypatch.setattr("prove_on_aws.journeys.subprocess.run", too_long)

    assert proof.run() == Exit.FOUND

    assert (proof.outcomes["journeys"], proof.outcomes["logs"]) == ("fault", "ok")


def test_journeys_whose_accounts_are_refused_are_a_fault_and_the_rest_is_looked_at(
    prove: Callable[[Deployed], Proof], monkeypatch: pytest.MonkeyPatch
) -> None:
    proof = prove(Deployed(made_here=True))
    monkeypatch.setattr("prove_on_aws.steps.findings", lambda *_: [])
    proof.stack.refuses = "createUser"

    assert proof.run() == Exit.FOUND

    assert (proof.outcomes["journeys"], proof.outcomes[NAME], proof.outcomes["logs"]) == ("fault", "ok", "ok")


@pytest.mark.parametrize("error", [KeyboardInterrupt(), CommandError("no", Exit.UNAVAILABLE)])
def test_a_proof_that_is_stopped_has_its_report_and_leaves_no_user(
    prove: Callable[[Deployed], Proof], monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    def stopped(_: Api) -> None:
        raise error

    proof = prove(Deployed(made_here=True))
    monkeypatch.setattr("prove_on_aws.answers.findings", stopped)

    with pytest.raises(type(error)):
        proof.run()

    assert proof.outcomes == {"step": "ok"}
    assert not proof.written["finished"]
    assert proof.stack.asked[-1][0] == "deleteUser"


def test_a_user_who_could_not_be_deleted_is_in_the_report(prove: Callable[[Deployed], Proof]) -> None:
    proof = prove(Deployed(made_here=True))
    proof.stack.refuses = "deleteUser"

    assert proof.run() == Exit.FOUND

    assert proof.written["left_behind"] == ["usr_x"]
