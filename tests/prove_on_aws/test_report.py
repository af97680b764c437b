"""What is written down: what was found, and nothing that opens anything or tells whose account it was."""

import json
from pathlib import Path

import pytest

from prove_on_aws.journeys import read
from prove_on_aws.logs import Group, Line, durations, findings, secrecy
from prove_on_aws.report import Report, redacted
from rescind_cli.checks.findings import Outcome, fault, ok

REPORTED = json.dumps(
    {"type": "platform.report", "record": {"metrics": {"billedDurationMs": 12, "initDurationMs": 300.5}}}
)


FUNCTION = "rescind-LoginFunction-AbC"


def group(*messages: str, days: int | None = 30) -> Group:
    lines = tuple(Line(f"2026/11/24/{FUNCTION}[12]0123", message) for message in messages)
    return Group("rescind-LogGroup-AbC", days, lines)


def test_a_report_names_neither_account_nor_api(tmp_path: Path) -> None:
    report = Report("rescind-prove-1", "us-east-1")
    said = "arn:aws:lambda:us-east-1:123456789012:function:x at abcdef1234.execute-api.us-east-1"
    report.add([ok("a", said), fault("b", "broken", "mend it")])

    to_read = report.write(tmp_path / "report.json", {"secret"})

    document = json.loads((tmp_path / "report.json").read_text())
    assert document["faults"] == 1
    assert document["findings"][0]["said"] == said.replace("123456789012", "ACCOUNT").replace(
        "abcdef1234", "API"
    )
    assert "FAIL  b: broken. mend it" in to_read.read_text()
    assert "123456789012" not in to_read.read_text()


def test_a_report_with_a_secret_is_not_written(tmp_path: Path) -> None:
    report = Report("rescind-prove-1", "us-east-1")
    report.add([ok("a", "the password is horse")])

    with pytest.raises(ValueError, match="secret"):
        report.write(tmp_path / "report.json", {"horse"})

    assert not (tmp_path / "report.json").exists()


def test_times_are_no_accounts() -> None:
    assert redacted("1800000000", set()) == "1800000000"
    assert redacted("1234567890123", set()) == "1234567890123"


def test_a_token_in_a_log_is_found_though_it_is_only_its_signature() -> None:
    assert secrecy([group("nothing")], {"a.b.signature"}).outcome is Outcome.OK
    assert secrecy([group("x signature y")], {"a.b.signature"}).outcome is Outcome.FAULT
    assert secrecy([group()], {"a.b.signature"}).outcome is Outcome.NOT_CHECKED


def test_logs_that_are_kept_for_ever_are_named() -> None:
    retention, _ = findings([group("a line", days=None)], {"secret"})

    assert retention.outcome is Outcome.WARNING
    assert "rescind-LogGroup-AbC" in retention.said


def test_what_lambda_billed_is_read_from_its_own_lines() -> None:
    lines = group(REPORTED, "no JSON", '{"type":"platform.report"}')

    assert durations([lines], {"LoginFunction": FUNCTION, "MeFunction": "rescind-MeFunction-AbC"}) == {
        "LoginFunction": {
            "invocations": 1,
            "billed_ms_median": 12,
            "billed_ms_slowest": 12,
            "cold_starts": 1,
            "init_ms_median": 300.5,
        }
    }


PASSED = '<testcase name="a"/>'
SKIPPED = '<testcase name="b"><skipped/></testcase>'


@pytest.mark.parametrize(
    ("tests", "outcome", "said"),
    [
        pytest.param(PASSED + SKIPPED, Outcome.OK, "1 of tests/journeys", id="passed"),
        pytest.param(
            PASSED + '<testcase name="b"><failure/></testcase>',
            Outcome.FAULT,
            "1 of 2 failed: b",
            id="failed",
        ),
        pytest.param('<testcase name="b"><error/></testcase>', Outcome.FAULT, "1 of 1 failed: b", id="error"),
        pytest.param(SKIPPED, Outcome.NOT_CHECKED, "none was run", id="none"),
    ],
)
def test_the_journeys_come_to_one_finding(tests: str, outcome: Outcome, said: str) -> None:
    finding = read(f"<testsuites><testsuite>{tests}</testsuite></testsuites>")

    assert finding.outcome is outcome
    assert said in finding.said


def test_a_report_of_a_proof_that_was_stopped_says_so(tmp_path: Path) -> None:
    report = Report("rescind-prove-1", "us-east-1")

    assert "stopped before its end" in report.write(tmp_path / "report.json", set()).read_text()

    report.finished = True
    assert "stopped" not in report.write(tmp_path / "report.json", set()).read_text()
