"""What is written down: one line and one metric for each event, and never what somebody else said."""

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest
from aws_lambda_powertools.logging import logger as powertools_logger

from rescind import audit
from rescind.audit import Event
from rescind.reasons import Reason
from rescind.unavailable import UnavailableError
from tests.functions.conftest import Context
from tests.things import SESSION_ID, TOKEN_ID, USER_ID

OF_THE_LOGGER = {
    "level",
    "timestamp",
    "service",
    "cold_start",
    "function_name",
    "function_memory_size",
    "function_arn",
    "function_request_id",
    "xray_trace_id",
}
IDS: dict[str, Any] = {"user_id": USER_ID, "session_id": SESSION_ID}
ADMIN = "usr_" + "a" * 21 + "A"


def lines_and_metrics(text: str) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """The log lines, without what the logger adds to each, and the metrics."""
    everything = [json.loads(line) for line in text.splitlines()]
    lines = [each for each in everything if "_aws" not in each]
    ours = [{name: line[name] for name in line.keys() - OF_THE_LOGGER} for line in lines]
    return ours, [each for each in everything if "_aws" in each]


@pytest.mark.parametrize(
    ("event", "reason", "ids"),
    [
        pytest.param(Event.LOGIN, None, IDS, id="login"),
        pytest.param(Event.LOGIN_REFUSED, Reason.USER_UNKNOWN, {}, id="login-refused"),
        pytest.param(Event.REFRESH, None, IDS, id="refresh"),
        pytest.param(Event.REFRESH_REPLAYED, None, IDS, id="replay"),
        pytest.param(Event.REFRESH_REFUSED, Reason.SESSION_ENDED, IDS, id="refresh-refused"),
        pytest.param(Event.REUSE_DETECTED, Reason.REUSED, IDS, id="reuse"),
        pytest.param(Event.ACCESS_DENIED, Reason.BLOCKLISTED, IDS | {"token_id": TOKEN_ID}, id="denied"),
        pytest.param(Event.SESSION_REVOKED, None, IDS | {"actor": ADMIN}, id="session-revoked"),
        pytest.param(Event.USER_REVOKED, None, {"user_id": USER_ID, "actor": ADMIN}, id="user-revoked"),
        pytest.param(Event.TOKEN_REVOKED, None, {"token_id": TOKEN_ID, "actor": ADMIN}, id="token-revoked"),
    ],
)
def test_an_event_is_one_line_and_one_metric_of_its_name(
    written: Callable[[], str], event: Event, reason: Reason | None, ids: dict[str, Any]
) -> None:
    audit.record(event, reason=reason, **ids)

    [line], [metric] = lines_and_metrics(written())
    why = {"reason": reason.value} if reason else {}
    assert line == {"message": event.value, **why, **ids}
    [described] = metric["_aws"]["CloudWatchMetrics"]
    assert described["Namespace"] == "Rescind"
    assert described["Metrics"] == [{"Name": event.value, "Unit": "Count"}]
    # One that an alarm can see, whatever the reason, and one that tells the reasons apart.
    assert described["Dimensions"] == [["service"], *([["service", "reason"]] if reason else [])]
    assert {name: metric[name] for name in metric.keys() - {"_aws", "service"}} == {event.value: [1.0], **why}


def test_a_reason_does_not_stay_for_the_next_event(written: Callable[[], str]) -> None:
    audit.record(Event.LOGIN_REFUSED, reason=Reason.WRONG_PASSWORD, user_id=USER_ID)
    audit.record(Event.LOGIN, **IDS)

    [_, line], [_, metric] = lines_and_metrics(written())
    assert line == {"message": "Login", **IDS}
    assert "reason" not in metric


def test_no_id_is_a_dimension(written: Callable[[], str]) -> None:
    audit.record(
        Event.ACCESS_DENIED, reason=Reason.EXPIRED, **IDS, token_id=TOKEN_ID, actor=ADMIN, key_id="mac_1"
    )

    _, [metric] = lines_and_metrics(written())
    assert {name for names in metric["_aws"]["CloudWatchMetrics"][0]["Dimensions"] for name in names} == {
        "service",
        "reason",
    }


def test_what_the_canary_measured_is_one_line_and_three_metrics(written: Callable[[], str]) -> None:
    audit.measured(delay_seconds=1.25, bound_seconds=7, user_id=USER_ID, actor="canary")

    [line], [metric] = lines_and_metrics(written())
    said = {"delay_seconds": 1.25, "bound_seconds": 7, "user_id": USER_ID, "actor": "canary"}
    assert line == {"message": "CanaryMeasured", **said}
    [described] = metric["_aws"]["CloudWatchMetrics"]
    assert described["Dimensions"] == [["service"]]
    assert {each["Name"]: each["Unit"] for each in described["Metrics"]} == {
        "CanaryMeasured": "Count",
        "RevocationDelay": "Seconds",
        "RevocationBound": "Seconds",
    }
    assert (metric["RevocationDelay"], metric["RevocationBound"]) == ([1.25], [7.0])


def fail(event: Event, error: Exception, *, cause: Exception) -> None:
    """Write the failure down where a handler does: while the exception is being handled."""
    try:
        raise error from cause
    except type(error) as caught:
        audit.failure(event, caught)


@pytest.mark.parametrize("event", [Event.FAILED, Event.UNAVAILABLE])
def test_what_a_foreign_exception_quotes_is_not_written_down(
    written: Callable[[], str], event: Event
) -> None:
    error = ValueError("the password was hunter2")
    error.add_note("hunter2")

    fail(event, error, cause=KeyError("hunter2"))

    text = written()
    assert "hunter2" not in text
    [line], [metric] = lines_and_metrics(text)
    place = line.pop("place")
    assert line == {"message": event.value, "failure": "ValueError", "failure_message": ""}
    assert place.startswith(__file__)
    assert place.removeprefix(f"{__file__}:").isdigit()
    assert metric[event.value] == [1.0]


def test_what_our_own_exceptions_say_is_written_down(written: Callable[[], str]) -> None:
    fail(Event.UNAVAILABLE, UnavailableError("the key set is empty"), cause=ValueError("hunter2"))

    text = written()
    assert "hunter2" not in text
    [line], _ = lines_and_metrics(text)
    assert line["failure"] == "UnavailableError"
    assert line["failure_message"] == "the key set is empty"


def test_a_line_says_of_which_invocation_it_is_and_the_first_alone_is_a_cold_start(
    written: Callable[[], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(powertools_logger, "is_cold_start", True)

    def invoke(handler: audit.Handler, request_id: str, *, writes: bool) -> None:
        handler({"writes": writes}, replace(Context(), aws_request_id=request_id))

    def handler(event: Mapping[str, Any], _: Any) -> dict[str, Any]:
        if event["writes"]:
            audit.record(Event.ACCESS_DENIED)
        return {}

    first, another = audit.of_invocation(handler), audit.logger.inject_lambda_context(handler)
    invoke(first, "one", writes=False)
    invoke(first, "two", writes=True)
    invoke(first, "three", writes=False)
    invoke(another, "four", writes=True)
    invoke(first, "five", writes=True)

    lines = [json.loads(line) for line in written().splitlines() if "_aws" not in line]
    assert [(line["function_request_id"], line["cold_start"]) for line in lines] == [
        ("two", False),
        ("four", False),
        ("five", False),
    ]


def test_a_line_of_the_first_invocation_is_of_a_cold_start(
    written: Callable[[], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(powertools_logger, "is_cold_start", True)

    def handler(_: Mapping[str, Any], __: Any) -> dict[str, Any]:
        audit.record(Event.ACCESS_DENIED)
        return {}

    audit.of_invocation(handler)({}, Context())

    assert json.loads(written().splitlines()[0])["cold_start"] is True
