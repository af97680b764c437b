"""Your function by itself, with a caller that `rescind.testing` makes up."""

from notes.app import handler

from rescind.testing import a_caller, http_api_event


def test_whoever_is_logged_in_sees_their_notes() -> None:
    who = a_caller()

    assert handler(http_api_event(who, path="/notes"), None) == {"user_id": who.user_id, "notes": []}
