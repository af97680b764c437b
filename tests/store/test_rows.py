"""How rows are read and what is in them, on moto; and what the SDK's own repeats mean, on clients made up."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from rescind import store
from rescind.model import BlockedToken, Lost, TokenUsed, UnreadableUser, UserPage
from rescind.rules.key_set import KeyEntry, Purpose
from rescind.rules.logout_tokens import keys_of
from rescind.store.announcements import Announcements
from rescind.store.attributes import MalformedItemError
from rescind.store.feed import Feed
from rescind.store.logins import Logins
from rescind.store.session_rows import session_item
from rescind.store.sessions import Sessions
from rescind.store.user_rows import user_item
from rescind.store.users import Users
from rescind.unavailable import UnavailableError
from tests.store.logins import a_subject_token
from tests.tables import Stores, create_tables, stores_on
from tests.things import NOW, SESSION_ID, TOKEN_ID, USER_ID, a_credential, a_session, a_user

YEAR_5138 = 10**11  # in seconds; in milliseconds it is 1973

READS: dict[str, Callable[[Stores], object]] = {
    "credential": lambda stores: stores.credentials.read("ada"),
    "user": lambda stores: stores.users.read(USER_ID),
    "session": lambda stores: stores.sessions.read(USER_ID, SESSION_ID),
    "sessions-of-a-user": lambda stores: stores.sessions.of_user(USER_ID),
    "state-of-a-token": lambda stores: stores.states.of_token(
        jti=TOKEN_ID, user_id=USER_ID, session_id=SESSION_ID
    ),
    "state-of-a-session": lambda stores: stores.states.of_session(USER_ID, SESSION_ID),
    "blocklist": lambda stores: stores.blocklist.read(TOKEN_ID),
    "key-set": lambda stores: stores.key_sets.read(Purpose.ACCESS_TOKEN),
    "refusal-of-a-subject-token": lambda stores: stores.logins.refusal(a_subject_token()),
    "sessions-of-a-login": lambda stores: stores.logins.sessions_of(keys_of(a_subject_token())[0], until=NOW),
    "announcements": lambda stores: Announcements(vars(stores.feed)["_client"], table="Revocations").page(
        copy=0, after="0", until="9"
    ),
    "page-of-users": lambda stores: stores.users.page(segment=0, of=1, after=USER_ID, limit=9),
}


@pytest.fixture
def stores(moto_client: Any) -> Stores:
    """One row in every table."""
    create_tables(moto_client)
    stores = stores_on(moto_client)
    stores.accounts.create(a_user(), a_credential())
    stores.sessions.put(a_session())
    stores.blocklist.put(BlockedToken(TOKEN_ID, USER_ID, "logout", NOW, NOW + 920))
    entry = KeyEntry("kid", signs_from=NOW, encrypted_key=b"secret", public_key=b"public", revoked_at=NOW)
    stores.key_sets.replace(stores.key_sets.read(Purpose.ACCESS_TOKEN), (entry,))
    return stores


@pytest.fixture
def calls(moto_client: Any) -> list[tuple[str, dict[str, Any]]]:
    """The name and the parameters of every call from now on."""
    made: list[tuple[str, dict[str, Any]]] = []

    def note(params: dict[str, Any], model: Any, **_: Any) -> None:
        made.append((model.name, params))

    moto_client.meta.events.register("before-parameter-build.dynamodb", note)
    return made


def rows(client: Any, table: str) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = client.scan(TableName=table)["Items"]
    return items


@pytest.mark.parametrize("name", READS)
def test_every_read_is_strong_and_through_no_index(
    stores: Stores, calls: list[tuple[str, dict[str, Any]]], name: str
) -> None:
    calls.clear()

    READS[name](stores)

    [(operation, asked)] = calls
    assert operation in {"GetItem", "Query", "BatchGetItem", "Scan"}
    assert "IndexName" not in asked
    each_table = list(asked["RequestItems"].values()) if operation == "BatchGetItem" else [asked]
    assert each_table
    assert [each.get("ConsistentRead") for each in each_table] == [True] * len(each_table)


def test_no_read_of_the_stores_is_left_out_above() -> None:
    methods: set[str] = set()
    reads = 0
    for path in Path(str(store.__file__)).parent.glob("*.py"):
        found = re.findall(r"\b_?client\.(\w+)", path.read_text(encoding="utf-8"))
        methods |= set(found)
        reads += sum(name in {"get_item", "query", "batch_get_item", "scan"} for name in found)

    assert methods == {
        "get_item",
        "query",
        "batch_get_item",
        "scan",
        "put_item",
        "update_item",
        "delete_item",
        "transact_write_items",
        # Of a table, and nothing that is in it.
        "describe_table",
        "describe_time_to_live",
        "describe_continuous_backups",
    }
    # Both states are one call in the source.
    assert reads == len(READS) - 1


@pytest.mark.parametrize(
    "attribute",
    [
        pytest.param({"token_version": {"S": "7"}}, id="of-another-type"),
        pytest.param({"status": {"S": "asleep"}}, id="of-another-value"),
        pytest.param({"claims": {"S": "["}}, id="no-json"),
    ],
)
def test_a_user_who_cannot_be_read_is_on_the_page_by_id_and_keeps_nobody_off_it(
    stores: Stores, moto_client: Any, attribute: dict[str, Any]
) -> None:
    unreadable = "usr_" + "x" * 21 + "A"
    row = {**user_item(a_user(user_id=unreadable)), **attribute}
    moto_client.put_item(TableName="Users", Item=row)

    page = stores.users.page(segment=0, of=1, after=None, limit=9)

    assert page == UserPage((a_user(), UnreadableUser(unreadable)), None)


def test_a_live_sessions_row_goes_two_minutes_after_its_absolute_end(
    stores: Stores, moto_client: Any
) -> None:
    stores.sessions.advance(a_session(), now=NOW, idle_expires_at=NOW + 5000, attempt="att")

    [row] = rows(moto_client, "Sessions")
    assert row["ttl"] == {"N": str(a_session().absolute_expires_at + 120)}


def test_an_ended_sessions_row_outlives_every_access_token(stores: Stores, moto_client: Any) -> None:
    stores.sessions.end(USER_ID, SESSION_ID, now=NOW)

    [row] = rows(moto_client, "Sessions")
    assert row["revoked_at"] == {"N": str(NOW)}
    assert row["ttl"] == {"N": str(NOW + 3600 + 120)}


def test_a_used_token_is_remembered_until_it_is_too_old_and_its_login_as_long_as_the_session(
    stores: Stores, moto_client: Any
) -> None:
    token = a_subject_token()
    stores.logins.open(a_session(session_id="ses_of_it", attempt="att_of_it"), token, granted=None, now=NOW)

    by_key = {row["jti"]["S"]: row for row in rows(moto_client, "Blocklist")}
    by_session = {(row["user_id"]["S"], row["session_id"]["S"]): row for row in rows(moto_client, "Sessions")}
    used = by_key[f"used_{token.digest}"]
    opened_by = [by_session[key, "ses_of_it"] for key in keys_of(token)]
    assert int(used["ttl"]["N"]) >= token.issued_at + 600 + 60
    assert (used["user_id"], used["reason"]) == ({"S": USER_ID}, {"S": "exchanged"})
    assert [each["owner"] for each in opened_by] == [{"S": USER_ID}] * 2
    assert [each["issued_at"] for each in opened_by] == [{"N": str(token.issued_at)}] * 2
    assert [each["ttl"] for each in opened_by] == [by_session[USER_ID, "ses_of_it"]["ttl"]] * 2
    # The rows of a token, and of the sessions that it opened, tell nobody what was in it.
    written = str([used, *opened_by])
    assert not [text for text in ("login-1", "sub-1", "id.example.com") if text in written]


def test_an_ended_login_is_remembered_until_the_tokens_of_before_are_too_old(
    stores: Stores, moto_client: Any
) -> None:
    key, _ = keys_of(a_subject_token())

    stores.logins.end(key, at=NOW)

    row = {row["jti"]["S"]: row for row in rows(moto_client, "Blocklist")}[key]
    assert int(row["ttl"]["N"]) >= NOW + 600 + 60
    assert (row["blocked_at"], row["reason"]) == ({"N": str(NOW)}, {"S": "login_ended"})
    assert row.keys() == {"jti", "blocked_at", "reason", "ttl"}


def test_a_blocklist_entry_goes_when_it_is_told_to(stores: Stores, moto_client: Any) -> None:
    del stores

    [row] = rows(moto_client, "Blocklist")
    assert (row["ttl"], row["blocked_at"]) == ({"N": str(NOW + 920)}, {"N": str(NOW)})


@pytest.mark.parametrize("table", ["Users", "Sessions", "Blocklist", "Revocations", "Keys"])
def test_every_time_is_a_number_of_seconds(stores: Stores, moto_client: Any, table: str) -> None:
    stores.sessions.end(USER_ID, SESSION_ID, now=NOW)

    row = rows(moto_client, table)[0]

    for entry in row.get("entries", {}).get("L", []):
        row |= entry["M"]
    times = {name: value for name, value in row.items() if re.fullmatch(r"ttl|\w+_(at|at_ms|from)", name)}
    assert times
    for name, value in times.items():
        assert value.keys() == {"N"}, name
        assert (int(value["N"]) < YEAR_5138) == (not name.endswith("_ms")), name


def test_an_entry_that_does_not_say_when_it_was_added_has_been_there_for_long(
    stores: Stores, moto_client: Any
) -> None:
    [row] = rows(moto_client, "Keys")
    del row["entries"]["L"][0]["M"]["added_at"]
    moto_client.put_item(TableName="Keys", Item=row)

    [entry] = stores.key_sets.read(Purpose.ACCESS_TOKEN).entries
    assert entry.added_at == 0


class Pages:
    """A client whose answers to a query come in pages of one session."""

    def __init__(self, *session_ids: str) -> None:
        self.session_ids = session_ids
        self.starts: list[str | None] = []

    def query(self, *, ExclusiveStartKey: Any = None, **_: Any) -> dict[str, Any]:  # noqa: N803 - boto3's
        self.starts.append(ExclusiveStartKey and ExclusiveStartKey["session_id"]["S"])
        session_id = self.session_ids[len(self.starts) - 1]
        answer: dict[str, Any] = {"Items": [session_item(a_session(session_id=session_id))], "Count": 1}
        if session_id != self.session_ids[-1]:
            answer["LastEvaluatedKey"] = {"user_id": {"S": USER_ID}, "session_id": {"S": session_id}}
        return answer


def test_the_sessions_of_a_user_are_read_to_the_last_page() -> None:
    client = Pages("ses_1", "ses_2", "ses_3")

    listed = Sessions(client, table="Sessions", feed=feed_on(client)).of_user(USER_ID)

    assert [session.session_id for session in listed] == ["ses_1", "ses_2", "ses_3"]
    assert client.starts == [None, "ses_1", "ses_2"]


class Refuses:
    """A client whose conditional writes find that it does not hold, after some repeats by the SDK."""

    def __init__(self, repeats: int, row: Any = None) -> None:
        self.repeats = repeats
        self.row = row

    def transact_write_items(self, TransactItems: list[Any], **_: Any) -> dict[str, Any]:  # noqa: N803 - boto3's
        actions = [action for item in TransactItems for action in item.values()]
        if not any("ConditionExpression" in action for action in actions):
            return {}  # An announcement alone.
        reasons = [{"Code": "ConditionalCheckFailed"}, *({"Code": "None"} for _ in actions[1:])]
        raise ClientError(
            {
                "Error": {"Code": "TransactionCanceledException", "Message": ""},
                "ResponseMetadata": {"RetryAttempts": self.repeats},
                "CancellationReasons": [reasons[0] | ({"Item": self.row} if self.row else {}), *reasons[1:]],
            },
            "Write",
        )


def feed_on(client: Any) -> Feed:
    return Feed(client, table="Revocations", copies=1)


def logins_on(client: Any) -> Logins:
    return Logins(
        client,
        sessions_table="Sessions",
        users_table="Users",
        blocklist_table="Blocklist",
        feed=feed_on(client),
    )


class PagesOfALogin:
    """A client whose answers to a query come in pages of one row that tells of a session."""

    def __init__(self, *session_ids: str) -> None:
        self.session_ids = session_ids
        self.starts: list[str | None] = []

    def query(self, *, ExclusiveStartKey: Any = None, **_: Any) -> dict[str, Any]:  # noqa: N803 - boto3's
        self.starts.append(ExclusiveStartKey and ExclusiveStartKey["session_id"]["S"])
        key = {"user_id": {"S": "login_1"}, "session_id": {"S": self.session_ids[len(self.starts) - 1]}}
        is_last = key["session_id"]["S"] == self.session_ids[-1]
        more = {} if is_last else {"LastEvaluatedKey": key}
        row = {**key, "owner": {"S": USER_ID}, "issued_at": {"N": "1"}}
        return {"Items": [row], "Count": 1, **more}


def test_the_sessions_of_a_login_are_read_to_the_last_page() -> None:
    client = PagesOfALogin("ses_1", "ses_2", "ses_3")

    opened = logins_on(client).sessions_of("login_1", until=1)

    assert opened == [(USER_ID, "ses_1"), (USER_ID, "ses_2"), (USER_ID, "ses_3")]
    assert client.starts == [None, "ses_1", "ses_2"]


class Cancels:
    """A client whose transactions find that a condition does not hold, after some repeats by the SDK."""

    def __init__(self, repeats: int, in_the_way: int, *, other: str = "None") -> None:
        self.repeats = repeats
        self.reasons: list[dict[str, Any]] = [{"Code": other} for _ in range(5)]
        self.reasons[in_the_way] = {"Code": "ConditionalCheckFailed", "Item": {"jti": {"S": "one"}}}

    def transact_write_items(self, **_: Any) -> None:
        raise ClientError(
            {
                "Error": {"Code": "TransactionCanceledException", "Message": ""},
                "ResponseMetadata": {"RetryAttempts": self.repeats},
                "CancellationReasons": self.reasons,
            },
            "TransactWriteItems",
        )


def test_a_used_token_is_known_by_its_entry() -> None:
    assert logins_on(Cancels(0, 0)).open(a_session(), a_subject_token(), granted=None, now=NOW) == TokenUsed()


@pytest.mark.parametrize(
    "client",
    [
        pytest.param(Cancels(1, 0), id="perhaps-by-our-own-first-try"),
        pytest.param(Cancels(0, 1), id="a-session-of-this-id-is-there"),
        pytest.param(Cancels(0, 4), id="the-user-has-been-changed"),
        pytest.param(Cancels(0, 0, other="TransactionConflict"), id="in-anothers-way"),
    ],
)
def test_whatever_else_stands_in_the_way_does_not_refuse_the_token(client: Cancels) -> None:
    with pytest.raises(UnavailableError):
        logins_on(client).open(a_session(), a_subject_token(), granted=None, now=NOW)


class LeavesOver:
    """A client that has not read all that it was asked for, or has read something else."""

    def __init__(self, **answer: Any) -> None:
        self._answer = answer

    def batch_get_item(self, **_: Any) -> dict[str, Any]:
        return self._answer


@pytest.mark.parametrize(
    "client",
    [
        pytest.param(
            LeavesOver(Responses={"Blocklist": []}, UnprocessedKeys={"Blocklist": {}}), id="throttled"
        ),
        pytest.param(LeavesOver(Responses={"Blocklist": [{"jti": {"S": "tok_1"}}]}), id="another-row"),
        pytest.param(LeavesOver(), id="nothing"),
    ],
)
def test_an_entry_that_was_not_read_is_not_taken_for_one_that_is_not_there(client: LeavesOver) -> None:
    with pytest.raises(UnavailableError):
        logins_on(client).refusal(a_subject_token())


def test_a_change_that_the_sdk_repeated_says_so() -> None:
    for repeats in (0, 1):
        client = Refuses(repeats)

        lost = Users(client, table="Users", feed=feed_on(client)).change(a_user(), now=NOW)

        assert lost == Lost(None, repeated=repeats > 0)


ENDED_BY_US = session_item(a_session()) | {"revoked_at": {"N": str(NOW)}}
ENDED_BEFORE = session_item(a_session()) | {"revoked_at": {"N": str(NOW - 1)}}


@pytest.mark.parametrize(
    ("repeats", "row", "was_ours"),
    [
        pytest.param(0, ENDED_BY_US, False, id="first-try"),
        pytest.param(1, ENDED_BY_US, True, id="repeated"),
        pytest.param(1, ENDED_BEFORE, False, id="repeated-but-it-had-ended-before"),
        pytest.param(1, None, False, id="repeated-but-there-is-no-such-session"),
    ],
)
def test_a_session_that_our_own_first_try_has_ended_is_our_doing(
    repeats: int, row: Any, *, was_ours: bool
) -> None:
    # A first try that was throttled has ended nothing.
    client = Refuses(repeats, row)

    ended = Sessions(client, table="Sessions", feed=feed_on(client)).end(USER_ID, SESSION_ID, now=NOW)

    assert ended is was_ours


@pytest.mark.parametrize(("repeats", "was_ours"), [(0, False), (1, True)], ids=["first-try", "repeated"])
def test_a_user_who_is_gone_at_our_second_try_counts_as_deleted_by_us(
    repeats: int, *, was_ours: bool
) -> None:
    client = Refuses(repeats)

    assert Users(client, table="Users", feed=feed_on(client)).delete(USER_ID, now=NOW) is was_ours


def test_a_signing_key_without_its_public_one_is_not_read(stores: Stores, moto_client: Any) -> None:
    [row] = [row for row in rows(moto_client, "Keys") if row["purpose"] == {"S": Purpose.ACCESS_TOKEN}]
    del row["entries"]["L"][0]["M"]["public_key"]
    moto_client.put_item(TableName="Keys", Item=row)

    # Once it is read, it is kept for a minute.
    with pytest.raises(MalformedItemError, match="public_key"):
        stores.key_sets.read(Purpose.ACCESS_TOKEN)


class Miscounted:
    def __init__(self, **answer: Any) -> None:
        self._answer = answer

    def query(self, **_: Any) -> dict[str, Any]:
        return self._answer


@pytest.mark.parametrize("answer", [{}, {"Items": []}, {"Items": [], "Count": 1}, {"Count": 0}])
def test_rows_that_are_fewer_than_were_counted_are_not_all(answer: dict[str, Any]) -> None:
    with pytest.raises(UnavailableError):
        Sessions(Miscounted(**answer), table="Sessions", feed=feed_on(None)).of_user(USER_ID)
