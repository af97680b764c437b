"""How long an invocation may wait for AWS, and that it answers in time whatever it waits for."""

import socket
import time
from collections.abc import Iterator

import pytest

from rescind import aws, deadline
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
    ("milliseconds_left", "seconds_later", "allowed"),
    [
        pytest.param(5000, 0.0, True, id="at-the-beginning"),
        pytest.param(5000, 1.25, True, id="a-try-that-is-over-in-time"),
        pytest.param(5000, 1.26, False, id="a-try-that-might-not-be"),
        pytest.param(3000, 0.0, False, id="an-invocation-that-is-nearly-over"),
        pytest.param(0, 0.0, False, id="an-invocation-that-is-over"),
    ],
)
def test_a_try_begins_only_if_it_is_over_before_the_reserve(
    clock: list[float], milliseconds_left: int, seconds_later: float, *, allowed: bool
) -> None:
    with deadline.of_invocation(Context(milliseconds_left=milliseconds_left)):
        clock[0] += seconds_later

        assert deadline.allows_a_try() is allowed


def test_an_invocation_leaves_its_deadline_to_nobody(clock: list[float]) -> None:
    with pytest.raises(ZeroDivisionError), deadline.of_invocation(Context(milliseconds_left=0)):
        raise ZeroDivisionError

    assert deadline.allows_a_try()
    with deadline.of_invocation(Context(milliseconds_left=5000)):
        assert deadline.allows_a_try()
    clock[0] += 3600
    assert deadline.allows_a_try()


def test_what_can_be_done_without_is_waited_for_as_long_as_one_try_takes(clock: list[float]) -> None:
    with deadline.of_invocation(Context(milliseconds_left=10_000)):
        with deadline.as_long_as_one_try():
            assert deadline.allows_a_try()
            clock[0] += deadline.READ_SECONDS
            assert not deadline.allows_a_try()

        assert deadline.allows_a_try()


def test_what_can_be_done_without_has_no_more_time_than_the_invocation() -> None:
    with deadline.of_invocation(Context(milliseconds_left=3000)), deadline.as_long_as_one_try():
        assert not deadline.allows_a_try()


@pytest.fixture
def silence(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A dependency that takes connections, and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{server.getsockname()[1]}")
        yield


@pytest.mark.usefixtures("silence")
@pytest.mark.parametrize(
    ("timeout", "answered_by"),
    [
        pytest.param(SETTINGS.authorizer_timeout_seconds, 3, id="authorizer"),
        pytest.param(10, 8, id="others", marks=pytest.mark.proof),
    ],
)
def test_however_many_calls_meet_silence_an_answer_is_there_in_time(timeout: int, answered_by: int) -> None:
    client, begun = aws.client("dynamodb"), time.monotonic()

    with deadline.of_invocation(Context(milliseconds_left=timeout * 1000)):
        for _ in range(8):
            with pytest.raises(UnavailableError, match=r"get_item: (ReadTimeoutError|no time is left)"):
                aws.call(client.get_item, **READ)

    assert time.monotonic() - begun < answered_by


def test_no_call_is_made_for_which_there_is_no_time() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, pytest.MonkeyPatch.context() as environment:
        environment.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{server.getsockname()[1]}")
        client = aws.client("dynamodb")
        server.settimeout(0.1)

        with (
            deadline.of_invocation(Context(milliseconds_left=3_700)),
            pytest.raises(UnavailableError, match="get_item: no time is left for a try"),
        ):
            aws.call(client.get_item, **READ)

        with pytest.raises(TimeoutError):
            server.accept()
