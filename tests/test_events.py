"""docs/events.md has every event, reason, member, metric and alarm, and nothing else."""

import inspect
import json

import pytest

from rescind import audit
from rescind.reasons import Reason
from tests import event_lines
from tests.event_lines import DOCUMENT, SCHEMA, documented_events, names
from tests.template import of_type
from tests.test_layering import FUNCTIONS

OF_FAILURES = {"failure", "place", "failure_message"}
ITS_OWN = {"delay_seconds", "bound_seconds"}
A_LINE = {
    "level": "INFO",
    "message": "Login",
    "timestamp": "2026-11-24 05:55:54,135+0000",
    "service": "rescind",
    "cold_start": True,
    "function_name": "login",
    "function_memory_size": "512",
    "function_arn": "arn:aws:lambda:us-east-1:123456789012:function:login",
    "function_request_id": "61924c7b-82ab-4596-a09b-ccb88cb5cd9b",
    "user_id": "usr_" + "u" * 21 + "A",
    "session_id": "ses_" + "s" * 21 + "A",
}


def test_every_event_is_documented_once_and_nothing_else() -> None:
    assert sorted(names("The events")) == sorted(audit.Event)


def test_every_reason_is_documented_once_and_nothing_else() -> None:
    assert sorted(names("The reasons")) == sorted(Reason)


def test_every_member_is_documented_once_and_nothing_else() -> None:
    recorded = set(inspect.signature(audit.record).parameters) - {"event"}

    assert sorted(names("The line", 1)) == sorted(recorded | OF_FAILURES | ITS_OWN)


@pytest.mark.parametrize("name", documented_events())
def test_an_event_says_who_writes_it_how_bad_it_is_and_what_to_do(name: str) -> None:
    event = documented_events()[name]

    assert event.by == {"any"} or event.by <= FUNCTIONS.keys()
    assert event.severity in {"routine", "watch", "act"}
    assert event.what_to_do


def test_every_alarm_is_documented_once_and_nothing_else() -> None:
    assert sorted(names("The alarms")) == sorted(of_type("AWS::CloudWatch::Alarm"))


def test_the_schema_is_made_of_the_document() -> None:
    made = event_lines.schema()

    assert json.loads(SCHEMA.read_text(encoding="utf-8")) == made, (
        f"{DOCUMENT.name} has changed: python -m tests.event_lines makes {SCHEMA.name} of it"
    )


def test_a_line_as_it_should_be_fits() -> None:
    assert event_lines.problems_of(A_LINE) == []


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"message": "LoggedIn"}, id="no event"),
        pytest.param({"username": "ada"}, id="a member that nobody knows"),
        pytest.param({"reason": "expired"}, id="a member of another event"),
        pytest.param({"session_id": None}, id="a member without a value"),
        pytest.param({"user_id": "ada"}, id="a name for an id"),
        pytest.param({"message": "LoginRefused", "reason": "because"}, id="no reason"),
    ],
)
def test_a_line_that_is_not_as_documented_is_found(changes: dict[str, object]) -> None:
    assert event_lines.problems_of(A_LINE | changes) != []


def test_a_line_that_lacks_a_member_is_found() -> None:
    for name in A_LINE:
        assert event_lines.problems_of({key: A_LINE[key] for key in A_LINE if key != name}) != [], name
