"""What becomes of AWS's answers, and how long they are waited for."""

import io
import json
import secrets
import socket
import time
import zlib
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from botocore.awsrequest import AWSResponse
from botocore.exceptions import ConnectTimeoutError, ReadTimeoutError

from rescind import aws, deadline, sdk
from rescind.unavailable import UnavailableError

KEY = {"user_id": {"S": "usr_1"}}
ITEM = {"user_id": {"S": "usr_1"}, "token_version": {"N": "8"}}
READ = {"TableName": "Users", "Key": KEY}
WRITE = {
    **READ,
    "UpdateExpression": "SET token_version = :next",
    "ExpressionAttributeValues": {":next": {"N": "8"}},
}
TRANSACTION = {"TransactItems": [{"Delete": READ}, {"Delete": {**READ, "TableName": "Credentials"}}]}


@pytest.fixture
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """The SDK does not wait between its tries."""
    monkeypatch.setattr(time, "sleep", lambda _: None)


class Raw(io.BytesIO):
    """A body as botocore reads it."""

    def stream(self, **_: Any) -> Iterator[bytes]:
        yield self.read()


def answered(status: int, body: str) -> AWSResponse:
    return AWSResponse("http://dynamodb", status, {}, Raw(body.encode()))


def failed(code: str, *, status: int = 400, **members: Any) -> AWSResponse:
    return answered(status, json.dumps({"__type": f"com.amazonaws.dynamodb.v20120810#{code}", **members}))


def cancelled(*codes: str) -> AWSResponse:
    reasons: list[dict[str, Any]] = [{"Code": code} for code in codes]
    for reason in reasons:
        if reason["Code"] == "ConditionalCheckFailed":
            reason["Item"] = ITEM
    return failed("TransactionCanceledException", CancellationReasons=reasons)


@pytest.fixture
def client(no_waiting: None) -> Any:
    del no_waiting
    return sdk.client("dynamodb")


def answering(client: Any, *answers: AWSResponse | Exception) -> list[Any]:
    """Let the client meet these answers, one for each try; the list fills with the tries."""
    tries: list[Any] = []

    def answer(request: Any, **_: Any) -> AWSResponse:
        tries.append(request)
        given = answers[len(tries) - 1]
        if isinstance(given, Exception):
            raise given
        return given

    client.meta.events.register("before-send", answer)
    return tries


def test_a_condition_that_failed_at_the_first_try_is_of_somebody_elses_making(client: Any) -> None:
    answering(client, failed("ConditionalCheckFailedException", Item=ITEM))

    with pytest.raises(aws.ConditionFailedError) as caught:
        aws.call(client.update_item, **WRITE)

    assert caught.value.items == [ITEM]
    assert caught.value.repeated is False


@pytest.mark.parametrize(
    "first",
    [
        pytest.param(lambda: failed("InternalServerError", status=500), id="a-failure"),
        pytest.param(lambda: ReadTimeoutError(endpoint_url="http://dynamodb"), id="no-answer"),
    ],
)
def test_a_condition_that_failed_at_the_second_try_may_be_our_own_doing(
    client: Any, first: Callable[[], AWSResponse | Exception]
) -> None:
    tries = answering(client, first(), failed("ConditionalCheckFailedException"))

    with pytest.raises(aws.ConditionFailedError) as caught:
        aws.call(client.update_item, **WRITE)

    assert len(tries) == 2
    assert caught.value.items == [None]
    assert caught.value.repeated is True


@pytest.mark.parametrize(
    ("codes", "items"),
    [
        pytest.param(("ConditionalCheckFailed", "None"), [ITEM, None], id="one"),
        pytest.param(("None", "ConditionalCheckFailed"), [None, ITEM], id="the-other"),
        pytest.param(("ConditionalCheckFailed", "ConditionalCheckFailed"), [ITEM, ITEM], id="both"),
    ],
)
def test_a_transaction_fails_by_its_conditions_alone(
    client: Any, codes: tuple[str, ...], items: list[Any]
) -> None:
    answering(client, cancelled(*codes))

    with pytest.raises(aws.ConditionFailedError) as caught:
        aws.call(client.transact_write_items, **TRANSACTION)

    assert caught.value.items == items
    assert caught.value.repeated is False


@pytest.mark.parametrize(
    "codes",
    [
        pytest.param(("ThrottlingError", "ConditionalCheckFailed"), id="condition-and-throttle"),
        pytest.param((), id="no-reasons"),
    ],
)
def test_a_transaction_that_met_anything_else_says_nothing_of_its_conditions(
    client: Any, codes: tuple[str, ...]
) -> None:
    answering(client, cancelled(*codes))

    with pytest.raises(UnavailableError, match="TransactionCanceledException"):
        aws.call(client.transact_write_items, **TRANSACTION)


CONFLICTS = [
    pytest.param("transact_write_items", TRANSACTION, codes, id=name)
    for name, codes in {
        "conflict": ("TransactionConflict", "None"),
        "condition-and-conflict": ("ConditionalCheckFailed", "TransactionConflict"),
    }.items()
] + [pytest.param("update_item", WRITE, None, id="a-single-write")]


def in_conflict(codes: tuple[str, ...] | None) -> AWSResponse:
    return cancelled(*codes) if codes else failed("TransactionConflictException")


@pytest.mark.parametrize(("operation", "parameters", "codes"), CONFLICTS)
@pytest.mark.parametrize("conflicts", [1, 4])
def test_a_write_that_met_anothers_transaction_is_tried_again_soon(
    client: Any, operation: str, parameters: Any, codes: tuple[str, ...] | None, conflicts: int
) -> None:
    tries = answering(client, *(in_conflict(codes) for _ in range(conflicts)), answered(200, "{}"))

    assert aws.call(getattr(client, operation), **parameters)["ResponseMetadata"]["RetryAttempts"] == 0

    assert len(tries) == conflicts + 1


@pytest.mark.parametrize(("operation", "parameters", "codes"), CONFLICTS)
def test_a_write_that_meets_others_again_and_again_says_nothing_of_its_conditions(
    client: Any, operation: str, parameters: Any, codes: tuple[str, ...] | None
) -> None:
    tries = answering(client, *(in_conflict(codes) for _ in range(6)))

    with pytest.raises(UnavailableError, match=r"Transaction(Canceled|Conflict)Exception"):
        aws.call(getattr(client, operation), **parameters)

    assert len(tries) == 5


def test_between_conflicts_the_pauses_are_short_random_and_longer_each_time(
    client: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []

    def longest(below: int) -> int:
        asked.append(below)
        return below - 1

    monkeypatch.setattr(secrets, "randbelow", longest)
    answering(client, *(in_conflict(None) for _ in range(6)))

    with pytest.raises(UnavailableError):
        aws.call(client.update_item, **WRITE)

    assert asked == [24, 48, 96, 192]


def test_a_write_that_met_anothers_transaction_is_not_tried_again_when_time_is_up(client: Any) -> None:
    tries = answering(client, in_conflict(None), answered(200, "{}"))

    with deadline.within(1.6), pytest.raises(UnavailableError):
        aws.call(client.update_item, **WRITE)

    assert len(tries) == 1


def test_a_condition_that_fails_behind_a_conflict_is_somebody_elses_doing(client: Any) -> None:
    # What met a conflict has written nothing, so the row is not our own.
    answering(client, cancelled("TransactionConflict", "None"), cancelled("ConditionalCheckFailed", "None"))

    with pytest.raises(aws.ConditionFailedError) as caught:
        aws.call(client.transact_write_items, **TRANSACTION)

    assert caught.value.items == [ITEM, None]
    assert caught.value.repeated is False


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(lambda: ConnectTimeoutError(endpoint_url="http://dynamodb"), id="no-connection"),
        pytest.param(lambda: ReadTimeoutError(endpoint_url="http://dynamodb"), id="no-answer"),
        pytest.param(lambda: failed("InternalServerError", status=500), id="500"),
        pytest.param(lambda: failed("ProvisionedThroughputExceededException"), id="throttled"),
        pytest.param(lambda: failed("ResourceNotFoundException"), id="no-such-table"),
        pytest.param(lambda: failed("AccessDeniedException"), id="not-allowed"),
        pytest.param(lambda: answered(502, "<html>"), id="a-proxys-page"),
    ],
)
@pytest.mark.parametrize(("operation", "parameters"), [("get_item", READ), ("update_item", WRITE)])
def test_whatever_else_goes_wrong_is_unavailable(
    client: Any, operation: str, parameters: Any, answer: Callable[[], AWSResponse | Exception]
) -> None:
    tries = answering(client, answer(), answer())

    with pytest.raises(UnavailableError, match=f"^{operation}: "):
        aws.call(getattr(client, operation), **parameters)

    assert len(tries) <= 2


@pytest.mark.parametrize("body", ["", "<html>", "[]", "null", '"done"', "{"])
@pytest.mark.parametrize(("operation", "parameters"), [("get_item", READ), ("update_item", WRITE)])
def test_a_success_that_cannot_be_read_is_unavailable(
    client: Any, operation: str, parameters: Any, body: str
) -> None:
    answering(client, answered(200, body))

    with pytest.raises(UnavailableError):
        aws.call(getattr(client, operation), **parameters)


BATCH = {"RequestItems": {"Users": {"Keys": [KEY]}}}


@pytest.mark.parametrize(
    ("operation", "parameters", "body"),
    [
        pytest.param("get_item", READ, '{"Item": 7}', id="no-row"),
        pytest.param("get_item", READ, '{"Item": {"user_id": "usr_1"}}', id="no-types"),
        pytest.param("batch_get_item", BATCH, '{"Responses": []}', id="no-tables"),
        pytest.param("batch_get_item", BATCH, '{"Responses": {"Users": 7}}', id="no-rows"),
        pytest.param("batch_get_item", BATCH, '{"UnprocessedKeys": 7}', id="no-keys"),
    ],
)
def test_a_success_of_another_shape_is_unavailable(
    client: Any, operation: str, parameters: Any, body: str
) -> None:
    answering(client, answered(200, body))

    with pytest.raises(UnavailableError, match=f"^{operation}: "):
        aws.call(getattr(client, operation), **parameters)


def with_checksum(checksum: int, answer: AWSResponse) -> AWSResponse:
    answer.headers["x-amz-crc32"] = str(checksum)
    return answer


GOOD = json.dumps({"Item": ITEM})
CHECKSUM = zlib.crc32(GOOD.encode())


@pytest.mark.parametrize("body", [GOOD, GOOD[:9], "<html>"])
@pytest.mark.parametrize(("operation", "parameters"), [("get_item", READ), ("update_item", WRITE)])
def test_an_answer_that_was_damaged_twice_is_unavailable(
    client: Any, operation: str, parameters: Any, body: str
) -> None:
    tries = answering(client, *(with_checksum(CHECKSUM + 1, answered(200, body)) for _ in range(2)))

    with pytest.raises(UnavailableError, match=f"^{operation}: .*checksum"):
        aws.call(getattr(client, operation), **parameters)

    assert len(tries) == 2


def test_an_answer_that_was_damaged_is_asked_for_again(client: Any) -> None:
    damaged = with_checksum(CHECKSUM, answered(200, GOOD[:9]))
    answering(client, damaged, with_checksum(CHECKSUM, answered(200, GOOD)))

    assert aws.call(client.get_item, **READ)["Item"] == ITEM


def test_a_damaged_failure_of_a_condition_says_nothing_of_the_condition(client: Any) -> None:
    answering(client, *(with_checksum(1, failed("ConditionalCheckFailedException")) for _ in range(2)))

    with pytest.raises(UnavailableError):
        aws.call(client.update_item, **WRITE)


def test_a_success_that_can_be_read_is_given(client: Any) -> None:
    answering(client, answered(200, json.dumps({"Item": ITEM})))

    assert aws.call(client.get_item, **READ)["Item"] == ITEM


@pytest.mark.usefixtures("no_waiting")
def test_a_refused_connection_is_unavailable(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{server.getsockname()[1]}")

    with pytest.raises(UnavailableError, match="get_item: EndpointConnectionError"):
        aws.call(sdk.client("dynamodb").get_item, **READ)


@pytest.mark.parametrize(("seconds_later", "closed"), [(0, 0), (60, 0), (61, 1), (3600, 1), (-1, 1)])
def test_a_connection_that_nobody_has_used_for_a_minute_is_closed(
    monkeypatch: pytest.MonkeyPatch, seconds_later: int, closed: int
) -> None:
    now, closes = [1_800_000_000.0], []
    monkeypatch.setattr(time, "time", lambda: now[0])
    client = sdk.client("dynamodb")
    monkeypatch.setattr(client, "close", lambda: closes.append(now[0]))
    answering(client, *(answered(200, GOOD) for _ in range(3)))
    aws.call(client.get_item, **READ)

    now[0] += seconds_later
    aws.call(client.get_item, **READ)
    aws.call(client.get_item, **READ)

    assert len(closes) == closed


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        pytest.param(lambda: failed("ThrottlingException"), "ThrottlingException", id="throttled"),
        pytest.param(lambda: failed("InternalServerError", status=500), "InternalServerError", id="500"),
        pytest.param(lambda: answered(503, "<html>"), "503", id="a-page"),
        pytest.param(lambda: with_checksum(1, answered(200, GOOD)), "checksum", id="damaged"),
        pytest.param(lambda: ReadTimeoutError(endpoint_url="http://dynamodb"), "ReadTimeout", id="silence"),
    ],
)
def test_where_there_is_no_time_for_a_second_try_nothing_is_waited_for(
    client: Any, monkeypatch: pytest.MonkeyPatch, answer: Callable[[], AWSResponse | Exception], said: str
) -> None:
    pauses: list[float] = []
    monkeypatch.setattr(time, "sleep", pauses.append)
    tries = answering(client, answer())

    with deadline.as_long_as_one_try(), pytest.raises(UnavailableError, match=f"^get_item: .*{said}"):
        aws.call(client.get_item, **READ)

    assert (len(tries), pauses) == (1, [])


def test_where_there_is_no_time_for_a_second_try_the_first_one_still_counts(client: Any) -> None:
    answering(client, answered(200, GOOD), failed("ConditionalCheckFailedException", Item=ITEM))

    with deadline.as_long_as_one_try():
        assert aws.call(client.get_item, **READ)["Item"] == ITEM
    with deadline.as_long_as_one_try(), pytest.raises(aws.ConditionFailedError) as caught:
        aws.call(client.update_item, **WRITE)

    assert (caught.value.items, caught.value.repeated) == ([ITEM], False)


@pytest.mark.parametrize("status", [201, 204, 206])
def test_a_success_that_is_none_of_dynamodbs_is_unavailable(client: Any, status: int) -> None:
    answering(client, answered(status, "<html>"))

    with pytest.raises(UnavailableError, match="not JSON"):
        aws.call(client.update_item, **WRITE)


@pytest.mark.parametrize(
    ("service", "operation", "parameters"),
    [("dynamodb", "get_item", READ), ("kms", "decrypt", {"CiphertextBlob": b"secret"})],
)
def test_every_client_has_deadlines_and_tries_twice_with_a_random_pause(
    service: str, operation: str, parameters: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    pauses: list[float] = []
    monkeypatch.setattr(time, "sleep", pauses.append)
    client = sdk.client(service)
    tries = answering(client, *(failed("ThrottlingException") for _ in range(40)))

    for _ in range(20):
        with pytest.raises(UnavailableError, match="ThrottlingException"):
            aws.call(getattr(client, operation), **parameters)

    assert (client.meta.config.connect_timeout, client.meta.config.read_timeout) == (0.5, 1.0)
    assert len(tries) == 40
    assert len(set(pauses)) == 20
    assert all(0 <= pause <= 1 for pause in pauses)
