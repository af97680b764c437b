"""`rescind revoke everyone` and `rescind users list` against a service in memory that fails as one wishes."""

import io
import itertools
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from rich.console import Console
from typer.testing import CliRunner

from rescind_cli import app, run, signed, stack
from rescind_cli.commands import everyone
from rescind_cli.counter import counting
from rescind_cli.stack import Stack
from tests.cli.conftest import Said
from tests.things import NOW

UNAVAILABLE = {"error": "temporarily_unavailable", "error_description": "The service cannot answer."}
OPERATOR = "arn:aws:iam::000000000000:user/grace"


@dataclass
class Service:
    """Stands in for Lambda: users that are there, keys that are there, and what each call is to answer."""

    users: list[int] = field(default_factory=lambda: [50, 50, 7])
    """How many are on each page of each segment."""
    unreadable: list[str] = field(default_factory=list)
    asked: list[dict[str, Any]] = field(default_factory=list)
    revoked: list[dict[str, Any]] = field(default_factory=list)
    fails: Callable[[int], bool] = lambda _: False
    """Whether the call of this number, from 1, is answered by 503."""
    calls: Any = field(default_factory=itertools.count)
    keys: dict[str, list[dict[str, Any]]] = field(default_factory=dict)

    def invoke(self, *, FunctionName: str, Payload: bytes) -> dict[str, Any]:  # noqa: N803 - as boto3 has it
        event = json.loads(Payload)
        failed = self.fails(next(self.calls) + 1)
        if FunctionName == "KeysFunction":
            return self._keys(event, failed=failed)
        answer = getattr(self, event["operation"])(**event["parameters"])
        status, body = (503, UNAVAILABLE) if failed else (200, answer)
        if not failed:
            self.asked.append(event["parameters"])
        return _payload({"statusCode": status, "body": json.dumps(body)})

    def revokeEveryone(  # noqa: N802 - the operation's name
        self, *, segment: int, of: int, since: int | None = None, after: str | None = None
    ) -> dict[str, Any]:
        number = int(after.rpartition("/")[2]) if after else 0
        last = number + 1 == len(self.users)
        return {
            "revoked": self.users[number],
            "skipped": 1,
            "unreadable": self.unreadable if last else [],
            "since": since or NOW,
            "next": None if last else f"{segment}/{of}/{number + 1}",
            "effective_by": NOW + 100 + number,
        }

    def listUsers(self, *, limit: int, after: str | None = None) -> dict[str, Any]:  # noqa: N802 - likewise
        begin, many = int(after or 0), sum(self.users)
        end = min(begin + limit, many)
        user = {"status": "active", "scope": "", "token_version": 1, "logged_out_at": 0}
        listed = [
            {"user_id": f"usr_{n}", "username": f"user-{many - n:04}", **user} for n in range(begin, end)
        ]
        unreadable = self.unreadable if end == many else []
        return {"users": listed, "unreadable": unreadable, "next": str(end) if end < many else None}

    def listKeys(self) -> dict[str, Any]:  # noqa: N802 - likewise
        return {"now": NOW, "keys": self.keys}

    def _keys(self, event: dict[str, Any], *, failed: bool) -> dict[str, Any]:
        if failed:
            error = {"errorType": "UnavailableError", "errorMessage": "put_item: Throttled"}
            return {"FunctionError": "Unhandled", **_payload(error)}
        self.revoked.append(event)
        by = NOW + 70 + len(self.revoked)
        return _payload({"revoked": {}, "effective_by": by, "latest_effective_by": by + 540})


def _payload(document: object) -> dict[str, Any]:
    return {"Payload": io.BytesIO(json.dumps(document).encode())}


def a_key(key_id: str, state: str) -> dict[str, Any]:
    times = {"signs_from": 0, "added_at": 0, "revoked_at": None, "verifies_until": None}
    return {"key_id": key_id, "state": state, **times}


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Service:
    service = Service()
    found = Stack(
        name="the local stack",
        api_url="http://127.0.0.1:3000",
        admin_function="AdminFunction",
        keys_function="KeysFunction",
        canary_function="CanaryFunction",
        operator=OPERATOR,
        lambda_client=service,
        session=boto3.Session(),
        is_local=True,
        deployed_as="",
        environment="development",
    )
    monkeypatch.setattr(app, "local_stack", lambda _: found)
    for module in (run, signed, stack):
        monkeypatch.setattr(module, "_WAITS_SECONDS", (0.0, 0.0))
    monkeypatch.setenv("COLUMNS", "200")
    return service


def rescind(*arguments: str, typed: str = "") -> Said:
    ended = CliRunner().invoke(app.app, ["--local", *arguments], input=typed, prog_name="rescind")
    if ended.exception is not None and not isinstance(ended.exception, SystemExit):
        raise ended.exception
    return Said(ended.exit_code, ended.stdout, ended.stderr)


def test_every_page_of_every_segment_is_asked_for_with_the_second_of_the_first(service: Service) -> None:
    said = rescind("revoke", "everyone", "--yes", "--parallel", "3", "--json")

    assert said.code == 0, said.err
    asked = {(each["segment"], each.get("after")) for each in service.asked}
    assert asked == {(n, after) for n in range(3) for after in (None, f"{n}/3/1", f"{n}/3/2")}
    assert len(service.asked) == 9
    assert service.asked[0] == {"segment": 0, "of": 3}
    assert {each["since"] for each in service.asked[1:]} == {NOW}
    document = said.document
    assert document.pop("seconds") >= 0
    assert document == {
        "revoked": 321,
        "skipped": 9,
        "unreadable": [],
        "since": NOW,
        "effective_by": NOW + 102,
    }


def test_it_is_said_when_it_takes_effect_and_how_fast_it_was(service: Service) -> None:
    del service

    said = rescind("revoke", "everyone", "--yes")

    assert "856 users were logged out, and 24 had been since it began: " in said.out
    assert " a second." in said.out
    assert "issued before 2027-01-15 08:00:00 UTC gets through from 2027-01-15 08:01:42 UTC on." in said.out


def test_a_run_that_was_cut_off_is_gone_on_with(service: Service) -> None:
    rescind("revoke", "everyone", "--yes", "--since", "1795453419")

    assert {each["since"] for each in service.asked} == {1795453419}


def test_nobody_is_ended_before_the_question_is_answered(service: Service) -> None:
    said = rescind("revoke", "everyone", typed="n\n")

    assert said.code == 130
    assert "End every token of every user of the local stack? Everybody has to log in again." in said.err
    assert service.asked == []
    assert rescind("revoke", "everyone", typed="y\n").code == 0


def test_what_could_not_be_answered_is_asked_again(service: Service) -> None:
    service.fails = lambda number: number % 2 == 0

    said = rescind("revoke", "everyone", "--yes", "--json")

    assert (said.code, said.document["revoked"]) == (0, 856)


def test_a_service_that_stays_unavailable_is_4_and_it_is_said_how_to_go_on(service: Service) -> None:
    service.fails = lambda number: number > 5

    said = rescind("revoke", "everyone", "--yes", "--port", "3001")

    assert said.code == 4
    assert said.out == ""
    go_on = f"rescind revoke everyone --since {NOW} --local --port 3001"
    begun, failed = said.err.splitlines()
    assert begun == f"If this is cut off, go on with: {go_on}"
    unavailable = "rescind: the local stack answers 503: The service cannot answer."
    assert failed == f"{unavailable} Not everyone is out. Go on with: {go_on}"


def test_before_the_first_answer_there_is_nothing_to_go_on_with(service: Service) -> None:
    service.fails = lambda _: True

    said = rescind("revoke", "everyone", "--yes")

    assert said.code == 4
    assert said.err.endswith("Not everyone is out. Go on with: rescind revoke everyone --local\n")


def test_a_refusal_is_not_asked_again(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    refused = {"statusCode": 400, "body": '{"error": "invalid_request", "error_description": "No."}'}
    monkeypatch.setattr(service, "invoke", lambda **_: _payload(refused))

    said = rescind("revoke", "everyone", "--yes")

    assert (said.code, said.err) == (3, "rescind: No.\n")


def test_what_nobody_foresaw_ends_the_run_too(service: Service) -> None:
    def answer(**_: object) -> Any:
        raise ZeroDivisionError

    pages = run.Run(
        lambda *_, **asked: service.revokeEveryone(**asked) if asked["after"] is None else answer(),
        since=None,
        parallel=2,
    ).pages()

    with pytest.raises(ZeroDivisionError):
        list(pages)


def test_ctrl_c_is_130_and_it_is_said_how_to_go_on(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    del service
    pages = run.Run.pages

    def interrupted(self: run.Run) -> Any:
        yield next(pages(self))
        raise KeyboardInterrupt

    monkeypatch.setattr(run.Run, "pages", interrupted)

    said = rescind("revoke", "everyone", "--yes")

    assert (said.code, said.out) == (130, "")
    assert f"Not everyone is out. Go on with: rescind revoke everyone --since {NOW} --local\n" in said.err


def test_users_who_cannot_be_read_are_named_and_it_is_no_success(service: Service) -> None:
    service.unreadable = ["usr_broken"]

    said = rescind("revoke", "everyone", "--yes", "--parallel", "1", "--json")

    assert (said.code, said.document["unreadable"]) == (1, ["usr_broken"])
    assert "give `rescind revoke user` for it, or old tokens are good again: usr_broken" in said.err


def test_how_to_go_on_names_the_stack_that_was_meant() -> None:
    given = {"local": False, "port": 3000, "stack": "prod", "region": None, "profile": "my ops"}

    @dataclass
    class Context:
        params: dict[str, Any]

        def find_root(self) -> "Context":
            return self

    began = run.Run(lambda **_: {}, since=7, parallel=1)
    # Without a run: one that names a stack is on AWS.
    words = everyone._to_go_on(began, Context(given))  # type: ignore[arg-type] # noqa: SLF001 - as above

    assert words == "rescind revoke everyone --since 7 --stack prod --profile 'my ops'"


def test_all_users_are_listed_by_name_in_one_document(service: Service) -> None:
    service.users = [2500]

    document = rescind("users", "list", "--json").document

    names = [user["username"] for user in document["users"]]
    assert len(names) == 2500
    assert names == sorted(names)
    assert [each["limit"] for each in service.asked] == [1000] * 3


def test_no_more_users_are_listed_than_are_asked_for(service: Service) -> None:
    service.users = [2500]

    assert len(rescind("users", "list", "--limit", "1001", "--json").document["users"]) == 1001
    assert [each["limit"] for each in service.asked] == [1000, 1]


def test_people_get_a_table_of_the_users_and_of_who_cannot_be_read(service: Service) -> None:
    service.users, service.unreadable = [2], ["usr_broken"]

    said = rescind("users", "list")

    lines = [line.split() for line in said.out.splitlines()]
    assert lines[0][:3] == ["username", "user", "id"]
    assert lines[1] == ["user-0001", "usr_1", "active", "never"]
    assert said.err == "These rows cannot be read: usr_broken\n"


KEYS = {
    "access-token": [
        a_key("old", "verifies"),
        a_key("gone", "retired"),
        a_key("now", "signs"),
        a_key("ahead", "next"),
    ],
    "refresh-token": [a_key("mac_dead", "revoked"), a_key("mac_due", "waiting"), a_key("mac_now", "signs")],
}


def test_now_revokes_every_key_that_may_have_signed_and_those_of_refresh_tokens_first(
    service: Service,
) -> None:
    service.keys = KEYS

    said = rescind("revoke", "everyone", "--now", "--yes", "--json")

    assert said.code == 0, said.err
    assert [each["revoke"] for each in service.revoked] == ["mac_due", "mac_now", "old", "now"]
    assert {each["operator"] for each in service.revoked} == {OPERATOR}
    assert said.document == {
        "revoked": {"access-token": ["old", "now"], "refresh-token": ["mac_due", "mac_now"]},
        "effective_by": NOW + 74,
        "latest_effective_by": NOW + 614,
    }


def test_now_says_both_times_and_what_it_costs(service: Service) -> None:
    service.keys = KEYS

    said = rescind("revoke", "everyone", "--now", typed="y\n")

    assert "Revoke the keys of every token of the local stack? Everybody has to log in again." in said.err
    assert "gets through from 2027-01-15 08:01:14 UTC on;" in said.out
    assert "from 2027-01-15 08:10:14 UTC on." in said.out
    assert "15 minutes longer" in said.err
    assert "503" in said.err


def test_now_tries_a_key_again_and_goes_on_with_the_others(service: Service) -> None:
    service.keys = KEYS
    service.fails = lambda number: 2 <= number <= 4

    said = rescind("revoke", "everyone", "--now", "--yes")

    assert [each["revoke"] for each in service.revoked] == ["mac_now", "old", "now"]
    assert said.code == 4
    assert said.err.endswith("Some keys are still good. Go on with `rescind keys revoke mac_due`.\n")
    assert "give the command again" not in said.err.lower(), "it would revoke the keys that took over"


def test_now_has_nothing_to_go_on_with(service: Service) -> None:
    assert rescind("revoke", "everyone", "--now", "--since", "7", "--yes").code == 2
    assert service.asked == []


def test_a_terminal_shows_one_line_that_changes() -> None:
    out = io.StringIO()

    with counting(Console(file=out, force_terminal=True, width=80), "users") as show:
        show(1234)

    assert "1,234 users" in out.getvalue()


def test_elsewhere_a_line_comes_every_few_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    out, clock = io.StringIO(), iter([100.0, 101.0, 106.0, 106.0, 106.0, 107.0])
    monkeypatch.setattr("rescind_cli.counter.time", SimpleNamespace(monotonic=lambda: next(clock)))

    with counting(Console(file=out, width=80), "users") as show:
        show(50)
        show(600)
        show(700)

    assert out.getvalue() == "600 users, 100 a second\n"
