"""What the flows rely on, promised by the fake, by moto and by ministack alike."""

from dataclasses import replace
from typing import Any

import pytest

from rescind.ids import new_attempt_id
from rescind.model import BlockedToken, Credential, Lost, Status, UnreadableUser, User, UserPage, Written
from rescind.reasons import Reason
from rescind.rules.key_set import KeyEntry, Purpose
from rescind.rules.throttle import Full, Window
from tests.tables import Stores
from tests.things import ATTEMPT, NOW, SESSION_ID, TOKEN_ID, USER_ID, a_credential, a_session, a_user

ENTRY = KeyEntry("kid-1", signs_from=0, encrypted_key=b"\x00secret", public_key=b"\x01public")


def test_what_is_not_there_is_read_as_none(stores: Stores) -> None:
    assert stores.credentials.read("ada") is None
    assert stores.users.read(USER_ID) is None
    assert stores.sessions.read(USER_ID, SESSION_ID) is None
    assert stores.sessions.of_user(USER_ID) == []
    assert stores.states.of_session(USER_ID, SESSION_ID) == (None, None)
    assert stores.key_sets.read(Purpose.ACCESS_TOKEN).revision == 0


def test_an_account_is_read_as_it_was_made(stores: Stores) -> None:
    assert stores.accounts.create(a_user(), a_credential())

    assert stores.users.read(USER_ID) == a_user()
    assert stores.credentials.read("ada") == a_credential()


def test_a_taken_username_changes_nothing(stores: Stores) -> None:
    stores.accounts.create(a_user(), a_credential())
    other = "usr_" + "o" * 21 + "A"

    made = stores.accounts.create(a_user(user_id=other), a_credential(user_id=other))

    assert not made
    assert stores.users.read(other) is None
    assert stores.credentials.read("ada") == a_credential()


def test_a_deleted_account_is_gone_whole(stores: Stores) -> None:
    stores.accounts.create(a_user(), a_credential())

    assert stores.accounts.delete(a_user(), now=NOW)

    assert stores.users.read(USER_ID) is None
    assert stores.credentials.read("ada") is None
    assert not stores.accounts.delete(a_user(), now=NOW)


def test_a_user_without_a_credential_is_deleted_alone(stores: Stores) -> None:
    stores.accounts.create(a_user(username="of-nobody"), a_credential())

    assert not stores.accounts.delete(a_user(username="of-nobody"), now=NOW)
    assert stores.users.delete(USER_ID, now=NOW)
    assert not stores.users.delete(USER_ID, now=NOW)

    assert stores.users.read(USER_ID) is None


def test_raising_the_version_ends_tokens_and_sets_the_logout_time(stores: Stores) -> None:
    stores.accounts.create(a_user(), a_credential())

    assert stores.users.raise_version(USER_ID, version=7, now=NOW) == Written()

    assert stores.users.read(USER_ID) == a_user(token_version=8, logged_out_at=NOW)


def test_the_version_is_raised_once_only(stores: Stores) -> None:
    stores.accounts.create(a_user(), a_credential())
    stores.users.raise_version(USER_ID, version=7, now=NOW)

    again = stores.users.raise_version(USER_ID, version=7, now=NOW + 1)

    assert again == Lost(a_user(token_version=8, logged_out_at=NOW), repeated=False)


def test_a_user_who_is_gone_is_not_made_again_by_raising_the_version(stores: Stores) -> None:
    assert stores.users.raise_version(USER_ID, version=7, now=NOW) == Lost(None, repeated=False)

    assert stores.users.read(USER_ID) is None


def test_disabling_raises_the_version_and_enabling_leaves_it(stores: Stores) -> None:
    stores.accounts.create(a_user(), a_credential())

    stores.users.raise_version(USER_ID, version=7, now=NOW, status=Status.DISABLED)
    disabled = stores.users.read(USER_ID)
    stores.users.enable(USER_ID, version=8)

    assert disabled == a_user(token_version=8, logged_out_at=NOW, status=Status.DISABLED)
    assert stores.users.read(USER_ID) == a_user(token_version=8, logged_out_at=NOW)


def test_enabling_is_refused_when_the_version_has_moved(stores: Stores) -> None:
    user = a_user(status=Status.DISABLED)
    stores.accounts.create(user, a_credential())

    assert stores.users.enable(USER_ID, version=6) == Lost(user, repeated=False)


# In the order of their ids: moto pages wrongly through rows that came in another order.
MANY = [a_user(user_id=f"usr_{n:021}A", username=f"user-{n}") for n in range(7)]


def sign_up_many(stores: Stores) -> None:
    for user in MANY:
        stores.accounts.create(user, a_credential(user_id=user.user_id, username=user.username))


def every_user(stores: Stores, *, of: int, limit: int) -> list[User | UnreadableUser]:
    """What all pages of all segments have, each page as long as it may be."""
    found: list[User | UnreadableUser] = []
    for segment in range(of):
        page = stores.users.page(segment=segment, of=of, after=None, limit=limit)
        found += page.rows
        while page.after is not None:
            assert len(page.rows) <= limit
            page = stores.users.page(segment=segment, of=of, after=page.after, limit=limit)
            found += page.rows
    return found


def test_where_there_are_no_users_there_is_one_empty_page(stores: Stores) -> None:
    assert stores.users.page(segment=0, of=1, after=None, limit=1) == UserPage((), None)


@pytest.mark.parametrize("of", [1, 3])
@pytest.mark.parametrize("limit", [1, 2, 7, 100])
def test_the_pages_of_all_segments_have_every_user_once(stores: Stores, of: int, limit: int) -> None:
    sign_up_many(stores)

    assert sorted(every_user(stores, of=of, limit=limit), key=lambda user: user.user_id) == MANY


def test_a_page_begins_behind_any_user_who_was_on_one_and_even_when_they_are_gone(stores: Stores) -> None:
    sign_up_many(stores)
    first = stores.users.page(segment=0, of=1, after=None, limit=7).rows
    stores.users.delete(first[3].user_id, now=NOW)

    rest = stores.users.page(segment=0, of=1, after=first[3].user_id, limit=7)

    assert rest == UserPage(first[4:], None)


def test_a_page_shows_what_was_written_before_it(stores: Stores) -> None:
    sign_up_many(stores)
    stores.users.raise_version(MANY[0].user_id, version=7, now=NOW)

    assert replace(MANY[0], token_version=8, logged_out_at=NOW) in every_user(stores, of=2, limit=3)


def test_scope_and_claims_change_and_the_rest_stays(stores: Stores) -> None:
    stores.accounts.create(a_user(), a_credential())
    changed = a_user(scope="", claims="{}", revision=6)
    stores.users.raise_version(USER_ID, version=7, now=NOW)

    # What has happened to the versions since it was read is not written over.
    assert stores.users.change(changed, now=NOW) == Written()

    assert stores.users.read(USER_ID) == replace(changed, token_version=8, logged_out_at=NOW)


def test_a_change_on_an_older_revision_changes_nothing(stores: Stores) -> None:
    stores.accounts.create(a_user(), a_credential())
    first = a_user(scope="orders:read", revision=6)
    stores.users.change(first, now=NOW)

    late = stores.users.change(a_user(claims="{}", revision=6), now=NOW)

    assert late == Lost(first, repeated=False)
    assert stores.users.read(USER_ID) == first


def test_a_user_who_is_gone_is_not_made_again_by_a_change(stores: Stores) -> None:
    assert stores.users.change(a_user(revision=6), now=NOW) == Lost(None, repeated=False)

    assert stores.users.read(USER_ID) is None


@pytest.mark.parametrize("deed", ["raise", "disable", "enable", "password"])
def test_nothing_but_a_change_moves_the_revision(stores: Stores, deed: str) -> None:
    stores.accounts.create(a_user(), a_credential())

    if deed == "password":
        stores.accounts.change_password(
            a_user(token_version=8, password_version=4),
            password_hash="$argon2id$new",
            session=a_session(),
            now=NOW,
        )
    elif deed == "enable":
        stores.users.enable(USER_ID, version=7)
    else:
        stores.users.raise_version(
            USER_ID, version=7, now=NOW, status=Status.DISABLED if deed == "disable" else None
        )

    user = stores.users.read(USER_ID)
    assert user is not None
    assert user.revision == 5


def test_a_session_is_read_as_it_was_put(stores: Stores) -> None:
    assert stores.sessions.put(a_session()) == Written()

    assert stores.sessions.read(USER_ID, SESSION_ID) == a_session()


def test_a_session_is_put_once_only(stores: Stores) -> None:
    stores.sessions.put(a_session())

    assert stores.sessions.put(a_session(counter=1)) == Lost(a_session(), repeated=False)


def test_a_password_change_writes_user_credential_and_session_together(stores: Stores) -> None:
    stores.accounts.create(a_user(), a_credential())
    changed = a_user(token_version=8, password_version=4, logged_out_at=NOW)
    session = a_session(version=8, attempt=new_attempt_id())

    assert stores.accounts.change_password(changed, password_hash="$argon2id$new", session=session, now=NOW)

    assert stores.users.read(USER_ID) == changed
    assert stores.credentials.read("ada") == a_credential(password_hash="$argon2id$new", password_version=4)
    assert stores.sessions.read(USER_ID, SESSION_ID) == session


@pytest.mark.parametrize(
    ("user", "credential"),
    [
        pytest.param({"token_version": 8}, {}, id="the-user-was-logged-out-everywhere"),
        pytest.param({"status": Status.DISABLED}, {}, id="the-user-is-disabled"),
        pytest.param({"password_version": 4}, {}, id="the-users-password-version-moved"),
        pytest.param({}, {"password_version": 4}, id="the-credentials-password-version-moved"),
        pytest.param({}, {"user_id": "usr_" + "o" * 21 + "A"}, id="the-username-is-anothers"),
    ],
)
def test_a_password_change_on_other_rows_than_were_read_writes_nothing(
    stores: Stores, user: dict[str, Any], credential: dict[str, Any]
) -> None:
    stores.accounts.create(a_user(**user), a_credential(**credential))

    changed = stores.accounts.change_password(
        a_user(token_version=8, password_version=4, logged_out_at=NOW),
        password_hash="$argon2id$new",
        session=a_session(version=8, attempt=new_attempt_id()),
        now=NOW,
    )

    assert not changed
    assert stores.users.read(USER_ID) == a_user(**user)
    assert stores.credentials.read("ada") == a_credential(**credential)
    assert stores.sessions.read(USER_ID, SESSION_ID) is None


@pytest.mark.parametrize("sent_again_after", [None, "a logout everywhere"])
def test_a_password_change_that_the_sdk_repeats_is_one(stores: Stores, sent_again_after: str | None) -> None:
    stores.accounts.create(a_user(), a_credential())
    changed = a_user(token_version=8, password_version=4, logged_out_at=NOW)
    session = a_session(version=8, attempt=new_attempt_id())
    stores.accounts.change_password(changed, password_hash="$argon2id$new", session=session, now=NOW)
    if sent_again_after:
        stores.users.raise_version(USER_ID, version=8, now=NOW + 1)
        changed_since = replace(changed, token_version=9, logged_out_at=NOW + 1)
    else:
        changed_since = changed

    stores.accounts.change_password(changed, password_hash="$argon2id$new", session=session, now=NOW)

    assert stores.users.read(USER_ID) == changed_since


NEW = a_credential(password_hash="$argon2id$new", password_version=10)
RESET = a_user(token_version=8, password_version=10, logged_out_at=NOW)


def reset(stores: Stores, *, credential: Credential | None, attempt: str = "") -> bool:
    """On the user as `a_user` is, and this credential."""
    attempt = attempt or new_attempt_id()
    return stores.accounts.set_password(
        RESET, NEW, read_user=a_user(), read_credential=credential, attempt=attempt, now=NOW
    )


def test_a_reset_writes_user_and_credential_together_and_leaves_the_status(stores: Stores) -> None:
    stores.accounts.create(a_user(status=Status.DISABLED), a_credential(password_version=9))

    assert reset(stores, credential=a_credential(password_version=9))

    assert stores.users.read(USER_ID) == replace(RESET, status=Status.DISABLED)
    assert stores.credentials.read("ada") == NEW


def test_a_reset_makes_a_credential_where_there_was_none(stores: Stores) -> None:
    stores.accounts.create(a_user(), a_credential(username="another-name"))

    assert reset(stores, credential=None)

    assert stores.users.read(USER_ID) == RESET
    assert stores.credentials.read("ada") == NEW


@pytest.mark.parametrize("read", [a_credential(), None], ids=["a-credential-was-read", "none-was-read"])
@pytest.mark.parametrize(
    ("user", "credential"),
    [
        pytest.param({"token_version": 8}, {}, id="the-user-was-logged-out-everywhere"),
        pytest.param({"password_version": 4}, {}, id="the-users-password-version-moved"),
        pytest.param({}, {"password_version": 4}, id="the-credentials-password-version-moved"),
        pytest.param({}, {"user_id": "usr_" + "o" * 21 + "A"}, id="the-username-is-anothers"),
    ],
)
def test_a_reset_on_other_rows_than_were_read_writes_nothing(
    stores: Stores, user: dict[str, Any], credential: dict[str, Any], read: Credential | None
) -> None:
    stores.accounts.create(a_user(**user), a_credential(**credential))

    assert not reset(stores, credential=read)

    assert stores.users.read(USER_ID) == a_user(**user)
    assert stores.credentials.read("ada") == a_credential(**credential)


@pytest.mark.parametrize("of_name", [a_credential(), None], ids=["a-credential-was-read", "none-was-read"])
def test_a_user_or_a_credential_that_is_gone_is_not_made_again_by_a_reset(
    stores: Stores, of_name: Credential | None
) -> None:
    assert not reset(stores, credential=of_name)

    assert stores.users.read(USER_ID) is None
    assert stores.credentials.read("ada") is None


def test_a_reset_that_the_sdk_repeats_is_one(stores: Stores) -> None:
    stores.accounts.create(a_user(), a_credential())
    attempt = new_attempt_id()
    reset(stores, credential=a_credential(), attempt=attempt)
    stores.users.raise_version(USER_ID, version=8, now=NOW + 1)

    reset(stores, credential=a_credential(), attempt=attempt)

    assert stores.users.read(USER_ID) == replace(RESET, token_version=9, logged_out_at=NOW + 1)


def test_a_hash_is_replaced_and_nothing_else(stores: Stores) -> None:
    stores.accounts.create(a_user(), a_credential())

    assert stores.credentials.rehash(a_credential(), password_hash="$argon2id$new")

    assert stores.credentials.read("ada") == a_credential(password_hash="$argon2id$new")


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"password_version": 4}, id="another-password"),
        pytest.param({"user_id": "usr_" + "o" * 21 + "A"}, id="another-user-of-that-name"),
    ],
)
def test_the_hash_of_another_password_is_not_replaced(stores: Stores, changes: dict[str, Any]) -> None:
    stores.accounts.create(a_user(), a_credential(**changes))

    assert not stores.credentials.rehash(a_credential(), password_hash="$argon2id$new")

    assert stores.credentials.read("ada") == a_credential(**changes)


def test_a_credential_that_is_gone_is_not_made_again_by_a_new_hash(stores: Stores) -> None:
    assert not stores.credentials.rehash(a_credential(), password_hash="$argon2id$new")

    assert stores.credentials.read("ada") is None


def test_every_session_of_a_user_is_listed(stores: Stores) -> None:
    other = "ses_" + "o" * 21 + "A"
    stores.sessions.put(a_session())
    stores.sessions.put(a_session(session_id=other))
    stores.sessions.put(a_session(user_id="usr_" + "o" * 21 + "A"))

    listed = stores.sessions.of_user(USER_ID)

    assert {session.session_id for session in listed} == {SESSION_ID, other}


def test_a_session_advances_by_one_and_knows_who_advanced_it(stores: Stores) -> None:
    stores.sessions.put(a_session())

    written = stores.sessions.advance(a_session(), now=NOW, idle_expires_at=NOW + 5000, attempt=ATTEMPT)

    assert written == Written()
    assert stores.sessions.read(USER_ID, SESSION_ID) == a_session(
        counter=5, rotated_at=NOW, last_used_at=NOW, idle_expires_at=NOW + 5000, attempt=ATTEMPT
    )


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"counter": 5}, id="it-has-advanced"),
        pytest.param({"revoked_at": NOW - 1}, id="it-has-ended"),
        pytest.param({"idle_expires_at": NOW}, id="it-was-idle-for-too-long"),
        pytest.param({"absolute_expires_at": NOW}, id="it-is-too-old"),
    ],
)
def test_a_session_that_is_not_as_it_was_read_does_not_advance(
    stores: Stores, changes: dict[str, int]
) -> None:
    row = a_session(**{**changes, "revoked_at": None})
    stores.sessions.put(row)
    if "revoked_at" in changes:
        stores.sessions.end(USER_ID, SESSION_ID, now=changes["revoked_at"])
        row = replace(row, revoked_at=changes["revoked_at"])

    lost = stores.sessions.advance(a_session(), now=NOW, idle_expires_at=NOW + 5000, attempt=ATTEMPT)

    assert lost == Lost(row, repeated=False)
    assert stores.sessions.read(USER_ID, SESSION_ID) == row


def test_a_session_that_is_gone_does_not_advance(stores: Stores) -> None:
    lost = stores.sessions.advance(a_session(), now=NOW, idle_expires_at=NOW + 5000, attempt=ATTEMPT)

    assert lost == Lost(None, repeated=False)
    assert stores.sessions.read(USER_ID, SESSION_ID) is None


def test_a_session_ends_once_and_stays_ended(stores: Stores) -> None:
    stores.sessions.put(a_session())

    assert stores.sessions.end(USER_ID, SESSION_ID, now=NOW)
    assert not stores.sessions.end(USER_ID, SESSION_ID, now=NOW + 1)

    assert stores.sessions.read(USER_ID, SESSION_ID) == a_session(revoked_at=NOW)
    assert isinstance(stores.sessions.put(a_session()), Lost)


def test_ending_a_session_that_is_not_there_makes_none(stores: Stores) -> None:
    assert not stores.sessions.end(USER_ID, SESSION_ID, now=NOW)

    assert stores.sessions.read(USER_ID, SESSION_ID) is None


def test_the_state_of_a_token_is_its_three_rows(stores: Stores) -> None:
    stores.accounts.create(a_user(), a_credential())
    stores.sessions.put(a_session())

    before = stores.states.of_token(jti=TOKEN_ID, user_id=USER_ID, session_id=SESSION_ID)
    stores.blocklist.put(BlockedToken(TOKEN_ID, USER_ID, "logout", NOW, NOW + 920))
    after = stores.states.of_token(jti=TOKEN_ID, user_id=USER_ID, session_id=SESSION_ID)

    assert (before.blocked, before.user, before.session) == (False, a_user(), a_session())
    assert (after.blocked, after.user, after.session) == (True, a_user(), a_session())


def test_a_token_of_an_unknown_user_may_be_blocked(stores: Stores) -> None:
    stores.blocklist.put(BlockedToken(TOKEN_ID, None, "admin", NOW, NOW + 3720))

    state = stores.states.of_token(jti=TOKEN_ID, user_id=USER_ID, session_id=SESSION_ID)

    assert (state.blocked, state.user, state.session) == (True, None, None)


@pytest.mark.parametrize("user_id", [USER_ID, None], ids=["of a user", "of nobody known"])
def test_a_blocked_token_is_read_as_it_was_put(stores: Stores, user_id: str | None) -> None:
    blocked = BlockedToken(TOKEN_ID, user_id, "stolen laptop", NOW, NOW + 3720)
    assert stores.blocklist.read(TOKEN_ID) is None

    stores.blocklist.put(blocked)

    assert stores.blocklist.read(TOKEN_ID) == blocked


def test_a_key_set_is_read_as_it_was_written(stores: Stores) -> None:
    empty = stores.key_sets.read(Purpose.ACCESS_TOKEN)
    revoked = KeyEntry(
        "kid-2", signs_from=NOW, encrypted_key=b"\x02", public_key=b"\x03", revoked_at=NOW + 1, added_at=NOW
    )

    assert stores.key_sets.replace(empty, (ENTRY, revoked))

    written = stores.key_sets.read(Purpose.ACCESS_TOKEN)
    assert (written.revision, written.entries) == (1, (ENTRY, revoked))
    assert stores.key_sets.read(Purpose.REFRESH_TOKEN).entries == ()


def test_of_two_rotations_at_once_one_is_written(stores: Stores) -> None:
    empty = stores.key_sets.read(Purpose.ACCESS_TOKEN)
    stores.key_sets.replace(empty, (ENTRY,))
    first = stores.key_sets.read(Purpose.ACCESS_TOKEN)

    assert not stores.key_sets.replace(empty, ())
    assert stores.key_sets.replace(first, (ENTRY, ENTRY))
    assert not stores.key_sets.replace(first, ())

    assert stores.key_sets.read(Purpose.ACCESS_TOKEN).revision == 2


WINDOW = Window("network#192.0.2.0/24", 3, 15, 60, Reason.TOO_MANY_FROM_NETWORK)
BEGIN = NOW - NOW % 60


def test_no_more_failures_are_counted_than_a_window_has_room_for(stores: Stores) -> None:
    counts = [stores.attempts.count(WINDOW, now=BEGIN + second) for second in (0, 30, 61, 62)]

    assert counts == [None, None, None, Full(16 * 60 - 62)]


def test_a_failure_that_is_given_back_makes_room(stores: Stores) -> None:
    for second in (0, 61, 62):
        stores.attempts.count(WINDOW, now=BEGIN + second)

    stores.attempts.give_back(WINDOW, now=BEGIN + 61)

    assert stores.attempts.count(WINDOW, now=BEGIN + 63) is None
    assert stores.attempts.count(WINDOW, now=BEGIN + 64) == Full(16 * 60 - 64)


def test_no_more_is_given_back_than_was_counted(stores: Stores) -> None:
    stores.attempts.give_back(WINDOW, now=BEGIN)
    stores.attempts.count(WINDOW, now=BEGIN)
    for _ in range(3):
        stores.attempts.give_back(WINDOW, now=BEGIN)

    counts = [stores.attempts.count(WINDOW, now=BEGIN) for _ in range(4)]

    assert counts == [None, None, None, Full(16 * 60)]


def test_failures_slide_out_of_their_window(stores: Stores) -> None:
    for second in (0, 0, 300):
        stores.attempts.count(WINDOW, now=BEGIN + second)

    assert isinstance(stores.attempts.count(WINDOW, now=BEGIN + 16 * 60 - 1), Full)
    assert stores.attempts.count(WINDOW, now=BEGIN + 16 * 60) is None
    assert stores.attempts.count(WINDOW, now=BEGIN + 16 * 60) is None
    assert isinstance(stores.attempts.count(WINDOW, now=BEGIN + 16 * 60), Full)


def test_forgotten_failures_leave_room_for_as_many(stores: Stores) -> None:
    for _ in range(3):
        stores.attempts.count(WINDOW, now=BEGIN)

    stores.attempts.forget(WINDOW)
    stores.attempts.forget(WINDOW)

    assert stores.attempts.count(WINDOW, now=BEGIN) is None


def test_buckets_count_apart(stores: Stores) -> None:
    for _ in range(3):
        stores.attempts.count(WINDOW, now=BEGIN)

    assert stores.attempts.count(replace(WINDOW, bucket="network#198.51.100.0/24"), now=BEGIN) is None
