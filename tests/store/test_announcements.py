"""What is announced is read again as it was written: by time, to the last page, or not at all."""

from typing import Any

import pytest

from rescind.feed_reader import FeedReader
from rescind.rules.revocations import (
    Revocation,
    ScopeChanged,
    SessionEnded,
    TokenBlocked,
    TokensEnded,
    UserGone,
    key_at,
)
from rescind.store.announcements import Announcements
from rescind.store.feed import Feed
from rescind.unavailable import UnavailableError
from tests.tables import create_tables
from tests.things import NOW, SESSION_ID, TOKEN_ID, USER_ID

EACH: list[Revocation] = [
    TokenBlocked(TOKEN_ID, NOW + 900),
    SessionEnded(USER_ID, SESSION_ID),
    TokensEnded(USER_ID, 8, NOW - 1),
    UserGone(USER_ID),
    ScopeChanged(USER_ID, "", 6),
    ScopeChanged(USER_ID, "orders:read orders:write", 7),
]
AT_ANY_TIME = {"after": key_at(0), "until": key_at(NOW * 2000)}


@pytest.fixture
def client(moto_client: Any) -> Any:
    create_tables(moto_client)
    return moto_client


@pytest.fixture
def announcements(client: Any) -> Announcements:
    return Announcements(client, table="Revocations")


@pytest.mark.parametrize("copy", [0, 1, 2])
def test_each_copy_has_all_that_was_announced_with_its_time(
    client: Any, announcements: Announcements, copy: int
) -> None:
    feed = Feed(client, table="Revocations", copies=3)
    for number, revocation in enumerate(EACH):
        feed.announce(revocation, now=NOW + number)

    page, goes_on = announcements.page(copy=copy, **AT_ANY_TIME)

    assert page == [(NOW + number, revocation) for number, revocation in enumerate(EACH)]
    assert goes_on is None


def test_a_copy_that_nobody_writes_is_empty(client: Any, announcements: Announcements) -> None:
    Feed(client, table="Revocations", copies=1).announce(EACH[0], now=NOW)

    assert announcements.page(copy=1, **AT_ANY_TIME) == ([], None)


@pytest.mark.parametrize(("at", "is_read"), [(-22, False), (-21, True), (11, True), (12, False)])
def test_the_window_has_its_first_and_its_last_second(client: Any, at: int, *, is_read: bool) -> None:
    seconds = [1000.0]
    reader = FeedReader(
        Announcements(client, table="Revocations"), copies=1, delay_seconds=1, monotonic=lambda: seconds[0]
    )
    reader.remembered(now=NOW)
    Feed(client, table="Revocations", copies=1).announce(SessionEnded(USER_ID, SESSION_ID), now=NOW + at)

    seconds[0] += 1

    assert reader.remembered(now=NOW + 1).has_ended(SESSION_ID) is is_read


def test_every_page_of_a_long_feed_is_read(client: Any) -> None:
    rows = [
        {
            "PutRequest": {
                "Item": {
                    "copy": {"S": "0"},
                    "at": {"S": f"{key_at((NOW - number) * 1000)} {number:022}"},
                    "sub": {"S": USER_ID},
                    "sid": {"S": f"session-{number}"},
                    "padding": {"S": "x" * 300_000},
                }
            }
        }
        for number in range(9)
    ]
    for number in range(0, 9, 3):
        client.batch_write_item(RequestItems={"Revocations": rows[number : number + 3]})
    pages = CountedPages(Announcements(client, table="Revocations"))

    remembered = FeedReader(pages, copies=1, delay_seconds=1).remembered(now=NOW)

    assert all(remembered.has_ended(f"session-{number}") for number in range(9))
    assert pages.count > 2


class CountedPages:
    def __init__(self, announcements: Announcements) -> None:
        self._announcements = announcements
        self.count = 0

    def page(self, **asked: Any) -> tuple[list[tuple[int, Revocation]], str | None]:
        self.count += 1
        return self._announcements.page(**asked)


GOOD = {
    "copy": {"S": "0"},
    "at": {"S": f"{key_at(NOW * 1000)} x"},
    "sub": {"S": USER_ID},
    "sid": {"S": SESSION_ID},
}


@pytest.mark.parametrize(
    "row",
    [
        pytest.param({**GOOD, "at": {"S": f"{key_at(NOW * 1000)}x"}}, id="no-time"),
        pytest.param({**GOOD, "sub": {"N": "1"}}, id="a-user-of-another-type"),
        pytest.param({**GOOD, "sid": {"N": "1"}}, id="a-session-of-another-type"),
        pytest.param({**GOOD, "jti": {"S": TOKEN_ID}}, id="a-token-without-its-end"),
        pytest.param({**GOOD, "sid": None, "min_ver": {"S": "8"}}, id="a-version-of-another-type"),
        pytest.param({**GOOD, "sid": None, "min_ver": {"N": "8"}}, id="a-version-without-its-time"),
        pytest.param({**GOOD, "sid": None, "scope": {"S": ""}}, id="a-scope-without-its-revision"),
        pytest.param({**GOOD, "sid": None}, id="nothing-that-we-know"),
    ],
)
def test_a_row_that_says_nothing_is_a_failure(
    client: Any, announcements: Announcements, row: dict[str, Any]
) -> None:
    item = {name: value for name, value in row.items() if value}
    client.put_item(TableName="Revocations", Item=item)

    with pytest.raises(UnavailableError):
        announcements.page(copy=0, **AT_ANY_TIME)


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param({}, id="empty"),
        pytest.param({"Items": [GOOD], "Count": 2}, id="a-row-short"),
        pytest.param({"Items": [GOOD], "Count": 1, "LastEvaluatedKey": {"copy": {"S": "0"}}}, id="no-key"),
        pytest.param({"Items": [{}], "Count": 1}, id="an-empty-row"),
    ],
)
def test_an_answer_that_is_damaged_is_a_failure(
    monkeypatch: pytest.MonkeyPatch, client: Any, announcements: Announcements, answer: dict[str, Any]
) -> None:
    def query(**_: Any) -> dict[str, Any]:
        return answer

    monkeypatch.setattr(client, "query", query)

    with pytest.raises(UnavailableError):
        announcements.page(copy=0, **AT_ANY_TIME)
