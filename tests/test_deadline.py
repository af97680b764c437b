"""How long an invocation may wait for AWS, and that it answers in time whatever it waits for."""

import socket
import time
from collections.abc import Iterator

import pytest

from rescind import aws, deadline, sdk
from rescind.unavailable import UnavailableError
from tests.functions.conftest import Context
from tests.things import SETTINGS

READ = {"TableName": "Users", "Key": {"user_id": {"S": "usr_1"}}}


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[float]]:
    """The monotonic one: its only element is the second."""
    clock = [1000.0]
    monkeypatch.setattr(time, "monotonic", lambda: clock[0])
    yield clock
    monkeypatch.undo()


@pytest.mark.parametrize(
    ("seconds_left", "first", "second"),
    [
        pytest.param(10, True, True, id="plenty"),
        pytest.param(4.75, True, True, id="a-pause-a-try-and-a-look-up"),
        pytest.param(4.74, True, False, id="a-pause-and-a-try"),
        pytest.param(1.75, True, False, id="a-try"),
        pytest.param(1.74, False, False, id="less-than-a-try"),
        pytest.param(0, False, False, id="nothing"),
    ],
)
def test_a_try_begins_only_if_it_is_over_in_time(
    clock: list[float], seconds_left: float, *, first: bool, second: bool
) -> None:
    with deadline.of_invocation(Context(milliseconds_left=10_000)):
        clock[0] += 10 - seconds_left

        assert (deadline.allows_first_try(), deadline.allows_second_try()) == (first, second)


def test_an_invocation_leaves_its_deadline_to_nobody(clock: list[float]) -> None:
    with pytest.raises(ZeroDivisionError), deadline.of_invocation(Context(milliseconds_left=0)):
        raise ZeroDivisionError

    assert deadline.allows_second_try()
    with deadline.of_invocation(Context(milliseconds_left=5000)):
        assert deadline.allows_first_try()
    clock[0] += 3600
    assert deadline.allows_second_try()


def test_a_clock_that_is_further_behind_than_a_function_may_run_is_trusted_with_nothing() -> None:
    with deadline.of_invocation(Context(milliseconds_left=900_000)):
        assert deadline.allows_second_try()

    with (
        pytest.raises(UnavailableError, match="clock"),
        deadline.of_invocation(Context(milliseconds_left=900_001)),
    ):
        pytest.fail("it went on")


def test_what_is_to_be_done_within_some_seconds_has_no_more_than_the_invocation(clock: list[float]) -> None:
    with deadline.of_invocation(Context(milliseconds_left=5000)), deadline.within(2.75):
        assert deadline.allows_second_try()
        clock[0] += 1.25
        assert (deadline.allows_first_try(), deadline.allows_second_try()) == (True, False)
        clock[0] += 0.01
        assert not deadline.allows_first_try()

    with deadline.of_invocation(Context(milliseconds_left=1000)), deadline.within(2.75):
        assert not deadline.allows_first_try()


def test_what_came_before_is_not_taken_from_what_may_be_waited(clock: list[float]) -> None:
    with deadline.of_invocation(Context(milliseconds_left=5000)):
        clock[0] += 2  # A new sandbox loads the SDK.
        with deadline.within(2.75):
            assert (deadline.allows_first_try(), deadline.allows_second_try()) == (True, True)


def test_what_can_be_done_without_has_one_try(clock: list[float]) -> None:
    with deadline.of_invocation(Context(milliseconds_left=10_000)):
        with deadline.as_long_as_one_try():
            assert (deadline.allows_first_try(), deadline.allows_second_try()) == (True, False)

        clock[0] += deadline.READ_SECONDS
        assert deadline.allows_second_try()


@pytest.fixture
def silence(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A dependency that takes connections, and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{server.getsockname()[1]}")
        yield


@pytest.mark.usefixtures("silence")
@pytest.mark.parametrize(
    ("timeout", "within", "answered_by"),
    [
        pytest.param(SETTINGS.authorizer_timeout_seconds, 2.75, 3, id="authorizer"),
        pytest.param(10, 10, 10, id="others", marks=pytest.mark.proof),
    ],
)
def test_however_many_calls_meet_silence_an_answer_is_there_in_time(
    timeout: int, within: float, answered_by: int
) -> None:
    client, begun = sdk.client("dynamodb"), time.monotonic()

    with deadline.of_invocation(Context(milliseconds_left=timeout * 1000)), deadline.within(within):
        for _ in range(20):
            with pytest.raises(UnavailableError, match=r"get_item: (ReadTimeoutError|no time is left)"):
                aws.call(client.get_item, **READ)

    assert time.monotonic() - begun < answered_by


@pytest.mark.usefixtures("silence")
def test_a_failure_after_which_there_is_no_time_is_one_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    pauses: list[float] = []
    monkeypatch.setattr(time, "sleep", pauses.append)
    client = sdk.client("dynamodb")

    with deadline.as_long_as_one_try(), pytest.raises(UnavailableError, match="ReadTimeoutError"):
        aws.call(client.get_item, **READ)

    assert pauses == []


def test_no_call_is_made_for_which_there_is_no_time() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, pytest.MonkeyPatch.context() as environment:
        environment.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{server.getsockname()[1]}")
        client = sdk.client("dynamodb")
        server.settimeout(0.1)

        with (
            deadline.of_invocation(Context(milliseconds_left=1_700)),
            pytest.raises(UnavailableError, match="get_item: no time is left for a try"),
        ):
            aws.call(client.get_item, **READ)

        with pytest.raises(TimeoutError):
            server.accept()
