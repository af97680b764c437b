"""Each way to ask a function that leads to AWS, and its calls."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests import requests
from tests.faults import asks
from tests.faults.expected_calls import CALLS
from tests.faults.world import ADA, BOB, World
from tests.functions.conftest import recorded
from tests.people import Person
from tests.requests import Call
from tests.things import MAC_KEY, NEW_PASSWORD, SIGNING_KEY

HASH = "$2b$04$Ma9Rke7dBcr3yptS4alt2.uIM1n9Q8b7V6c5X4z3L2k1J0h9G8f7e"


IMPORTED = [{"username": "carol", "password_hash": HASH}, {"username": "dave", "password_hash": HASH}]
CREATED = {"username": "carol", "password": NEW_PASSWORD, "scope": "orders:read"}


@dataclass(frozen=True)
class Scenario:
    function: str
    name: str
    ask: asks.Ask
    again: frozenset[int] = frozenset()
    """What else a client may be told who asks again, because the first time it was done."""
    undone: Callable[[Any], bool] = lambda _: False
    """Whether the body of a success itself says what could not be read or done."""
    leaves: tuple[str, ...] = ()
    """Of what (parts of the state) something is left over that nobody holds, when even cleaning up fails."""
    may_end: frozenset[str] = frozenset()
    """Whose session then ends: one of before, as what is left counts as the newest; or the new one itself,
    where the token that opened it opens no other."""
    used_by: str = ""
    """The call behind which what it was asked with is used, so that whoever asks again is refused."""
    in_parts: bool = False
    """Whether it is several writes, so that there is less to do when it is asked for again."""
    changes_nothing: bool = False
    """Whether its write is one that is refused, so that there is nothing to find."""
    settings: Mapping[str, str] = field(default_factory=dict)
    """As the environment has them, where they are others than usual."""

    @property
    def id(self) -> str:
        return f"{self.function}/{self.name}"

    @property
    def by_the_feed(self) -> bool:
        return self.settings.get("REVOCATION_CHECK") == "feed"

    @property
    def in_real_time(self) -> bool:
        """Whether silence takes as long as it does, and the pause between two tries."""
        return self.function == "authorizer" or self.id in {"login/right password", "refresh/current"}

    @property
    def calls(self) -> tuple[str, ...]:
        return CALLS[self.id]

    def begin(self, world: World, *, hasty: bool = False) -> Call:
        """The world as it is before; gives what is asked then."""
        world.begin(self.settings, hasty=hasty)
        return self.ask(world)


def _not_all_done(body: Any) -> bool:
    return any(result["outcome"] == "not_done" for result in body["results"])


def _not_all_read(body: Any) -> bool:
    return bool(body["unreadable"])


def _reported(body: Any) -> bool:
    return any(table["failure"] for table in body["tables"])


_BY_THE_FEED = {"REVOCATION_CHECK": "feed", "REVOCATION_DELAY_SECONDS": "1"}
_ONCE: Any = {
    "again": frozenset({401}),
    "leaves": ("live_sessions",),
    "may_end": frozenset({f"a new one of {asks.EVE.username}"}),
    "used_by": "TransactWriteItems Blocklist+Revocations+Sessions+Users",
}
SCENARIOS = [
    Scenario("authorizer", "live", asks.authorizer),
    Scenario("authorizer", "live, keys due", asks.keys_are_due(asks.authorizer)),
    Scenario("authorizer", "session ended", asks.after(asks.ended, asks.authorizer)),
    Scenario("authorizer", "blocked", asks.after(asks.blocked, asks.authorizer)),
    Scenario("authorizer", "logged out everywhere", asks.after(asks.logged_out, asks.authorizer)),
    Scenario("authorizer", "deleted", asks.after(asks.deleted, asks.authorizer)),
    Scenario("authorizer", "live, by the feed", asks.authorizer, settings=_BY_THE_FEED),
    Scenario(
        "authorizer",
        "session ended, by the feed",
        asks.after(asks.ended_now, asks.authorizer),
        settings=_BY_THE_FEED,
    ),
    Scenario("authorizer", "keys and feed due", asks.keys_are_due(asks.authorizer), settings=_BY_THE_FEED),
    Scenario("login", "right password", asks.login(), leaves=("live_sessions",)),
    Scenario(
        "login",
        "right password, hashed anew",
        asks.after(asks.hashed_with_more_memory, asks.login()),
        leaves=("live_sessions",),
    ),
    Scenario(
        "login",
        "right password, one session too many",
        asks.login(),
        leaves=("live_sessions", "let_in"),
        may_end=frozenset({"laptop"}),
        settings={"MAX_SESSIONS_PER_USER": "2"},
    ),
    Scenario("login", "wrong password", asks.login(password=NEW_PASSWORD)),
    Scenario("login", "disabled", asks.after(asks.disabled, asks.login())),
    Scenario("login", "nobody", asks.login(Person("nobody's", "nobody"))),
    Scenario(
        "exchange",
        "known user of another scope",
        asks.after(asks.has_been_here, asks.exchange(groups=["admins"])),
        **_ONCE,
    ),
    Scenario("exchange", "first use, keys known", asks.keys_are_known(asks.exchange()), **_ONCE),
    Scenario(
        "exchange",
        "used token, keys known",
        asks.keys_are_known(asks.after(asks.has_exchanged, asks.exchange())),
    ),
    Scenario(
        "exchange",
        "ended login, keys known",
        asks.keys_are_known(asks.after(asks.login_has_ended, asks.exchange())),
    ),
    Scenario("backchannel", "logout of a login", asks.after(asks.has_exchanged, asks.log_out_at_issuer())),
    Scenario(
        "backchannel",
        "logout of a user",
        asks.after(asks.has_exchanged, asks.log_out_at_issuer(sid=None)),
    ),
    Scenario("refresh", "current", asks.refresh),
    Scenario("refresh", "current, keys due", asks.keys_are_due(asks.refresh)),
    Scenario("refresh", "used a moment ago", asks.refresh_of(2)),
    Scenario("refresh", "reused", asks.refresh_of(3)),
    Scenario("refresh", "session ended", asks.after(asks.ended, asks.refresh)),
    Scenario("logout", "session", asks.of_laptop(lambda held: requests.log_out(held.refresh_token))),
    Scenario(
        "logout",
        "session, ended",
        asks.after(asks.ended, asks.of_laptop(lambda held: requests.log_out(held.refresh_token))),
    ),
    Scenario(
        "logout",
        "everywhere",
        asks.of_laptop(lambda held: requests.log_out_everywhere_by_refresh_token(held.refresh_token)),
    ),
    Scenario(
        "logout",
        "by access token",
        asks.of_laptop(lambda held: requests.log_out_by_bearer(held.tokens)),
        in_parts=True,
    ),
    Scenario(
        "logout",
        "by access token, ended",
        asks.after(asks.ended, asks.of_laptop(lambda held: requests.log_out_by_bearer(held.tokens))),
    ),
    Scenario(
        "logout",
        "by access token, blocked",
        asks.after(asks.blocked, asks.of_laptop(lambda held: requests.log_out_by_bearer(held.tokens))),
    ),
    Scenario(
        "logout",
        "everywhere, all ended",
        asks.after(
            asks.logged_out,
            asks.of_laptop(lambda held: requests.log_out_everywhere_by_refresh_token(held.refresh_token)),
        ),
    ),
    Scenario(
        "logout",
        "by access token, everywhere",
        asks.of_laptop(lambda held: requests.log_out_by_bearer(held.tokens, everywhere=True)),
        in_parts=True,
    ),
    Scenario("sessions", "list", asks.of_laptop(lambda held: requests.list_sessions(ADA, held.tokens))),
    Scenario("sessions", "end, ended", asks.after(asks.ended, asks.end_the_laptop)),
    Scenario("sessions", "end", asks.end_the_phone, again=frozenset({404})),
    Scenario("password", "right", asks.password(), again=frozenset({401})),
    Scenario("password", "wrong", asks.password("wrong-horse-battery-staple")),
    Scenario(
        "oauth", "revoke a session", asks.of_laptop(lambda held: requests.revoke_by_oauth(held.refresh_token))
    ),
    Scenario(
        "oauth", "revoke a token", asks.of_laptop(lambda held: requests.revoke_by_oauth(held.access_token))
    ),
    Scenario("oauth", "introspect", asks.introspect),
    Scenario("oauth", "introspect, ended", asks.after(asks.ended, asks.introspect)),
    Scenario("jwks", "list", lambda _: requests.publish_keys()),
    Scenario("admin", "createUser", asks.operator("createUser", **CREATED), again=frozenset({409})),
    Scenario(
        "admin",
        "createUser, taken",
        asks.operator("createUser", **CREATED | {"username": "ada"}),
        changes_nothing=True,
    ),
    Scenario("admin", "findUser", asks.operator("findUser", username="ada")),
    Scenario("admin", "getUser", asks.operator("getUser", user_id=ADA.user_id)),
    Scenario("admin", "changeUser", asks.operator("changeUser", user_id=ADA.user_id, scope="orders:read")),
    Scenario("admin", "deleteUser", asks.operator("deleteUser", user_id=ADA.user_id), again=frozenset({404})),
    Scenario(
        "admin",
        "deleteUser, deleted",
        asks.after(asks.deleted, asks.operator("deleteUser", user_id=ADA.user_id)),
    ),
    Scenario("admin", "disableUser", asks.operator("disableUser", user_id=ADA.user_id)),
    Scenario(
        "admin", "enableUser", asks.after(asks.disabled, asks.operator("enableUser", user_id=ADA.user_id))
    ),
    Scenario("admin", "revokeUser", asks.operator("revokeUser", user_id=ADA.user_id)),
    Scenario(
        "admin", "setPassword", asks.operator("setPassword", user_id=ADA.user_id, password=NEW_PASSWORD)
    ),
    Scenario(
        "admin",
        "revokeToken",
        asks.of_laptop(lambda held: requests.operate("revokeToken", token=held.access_token)),
    ),
    Scenario(
        "admin",
        "revokeToken, of a session",
        asks.of_laptop(lambda held: requests.operate("revokeToken", token=held.refresh_token)),
    ),
    Scenario(
        "admin",
        "revokeToken, by its id",
        asks.of_laptop(lambda held: requests.operate("revokeToken", token_id=held.token_id)),
    ),
    Scenario("admin", "listUsers", asks.operator("listUsers"), undone=_not_all_read),
    Scenario(
        "admin",
        "importUsers",
        asks.operator("importUsers", users=IMPORTED),
        undone=_not_all_done,
        in_parts=True,
    ),
    Scenario("admin", "listUserSessions", asks.operator("listUserSessions", user_id=BOB.user_id)),
    Scenario("admin", "revokeEveryone", asks.operator("revokeEveryone"), undone=_not_all_read, in_parts=True),
    Scenario(
        "admin",
        "explainToken",
        asks.of_laptop(lambda held: requests.operate("explainToken", token=held.access_token)),
    ),
    Scenario("admin", "listKeys", asks.operator("listKeys")),
    Scenario("admin", "checkDeployment", asks.operator("checkDeployment"), undone=_reported),
    Scenario("keys", "the first", asks.after(asks.no_keys, asks.keys(recorded("keys"))), in_parts=True),
    Scenario("keys", "daily", asks.keys(recorded("keys")), in_parts=True),
    Scenario("keys", "rotate now", asks.keys({"rotate": "now"}), in_parts=True),
    Scenario("keys", "revoke one", asks.keys({"revoke": SIGNING_KEY.kid}), in_parts=True),
    Scenario("keys", "revoke one of refresh tokens", asks.keys({"revoke": MAC_KEY.key_id}), in_parts=True),
    Scenario("keys", "revoke all", asks.keys({"revoke": "all"}), in_parts=True),
    Scenario(
        "canary",
        "flight",
        lambda _: requests.measure_revocation(),
        leaves=("users", "passwords", "can_log_in"),
    ),
]
# For what a policy allows: their calls are above, but for one.
FOR_POLICIES = [
    Scenario("login", "a failure has slid out", asks.after(asks.failed_long_ago, asks.login())),
    Scenario("password", "a failure has slid out", asks.after(asks.failed_long_ago, asks.password())),
    Scenario(
        "exchange",
        "one session too many",
        asks.after(asks.has_exchanged, asks.exchange(jti="another")),
        settings={"MAX_SESSIONS_PER_USER": "1"},
    ),
]
