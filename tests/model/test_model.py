"""Whatever users, thieves, admins and clocks do, in any order: every token is worth what the reference says.

The product runs on the fake, each request on a host whose clock is up to 5 s off. After each step every token
that was ever made, those of lost answers included, is put to the authorizer, or to a refresh without effect.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)

from rescind.flows.issue import Refused, Tokens
from rescind.flows.password import WrongPassword
from rescind.flows.refresh import Replayed, Rotated, SessionEnded
from rescind.verdict import Refuse
from tests.model import reference
from tests.model.reference import AccessToken, RefreshToken, Session, User
from tests.model.world import World, cheap_passwords, signatures_checked_once
from tests.things import NOW, SETTINGS

NAMES = st.sampled_from(["ada", "bob"])
CLOCKS = st.sampled_from([0, 0, 0, 5, -5])
USUALLY = st.sampled_from([True, True, True, False])
# Answers get lost on their way, and after so many seconds the client asks again.
LOST_ANSWERS = st.sampled_from([(), (), (), (0,), (1,), (20,), (45,), (15, 15), (30, 15)])

DEEDS = ["revoke", "disable or enable", "delete", "set the password"]

OUTCOMES = {
    Rotated: "rotated",
    Replayed: "same successor",
    SessionEnded: "session ended",
    Refused: "refused",
}


@dataclass(frozen=True, eq=False)
class Grant:
    """What one answer of login, refresh or password change held."""

    access: AccessToken
    refresh: RefreshToken


class Everything(RuleBasedStateMachine):
    grants: Bundle[Grant] = Bundle("grants")
    # Any grant ever made; or one of the last of a session that is live, which chance alone would seldom pick.
    some = grants | st.integers(0, 5)
    perhaps = st.none() | some

    @initialize(
        target=grants,
        grace=st.sampled_from([30, 30, 0]),
        limit=st.sampled_from([3, 2, 1]),
        absolute=st.sampled_from([4400, 10_000, 2_592_000]),
    )
    def the_first_login(self, grace: int, limit: int, absolute: int) -> Any:
        self.settings = replace(
            SETTINGS,
            refresh_grace_seconds=grace,
            max_sessions_per_user=limit,
            refresh_idle_seconds=4400,
            refresh_absolute_seconds=absolute,
        )
        self.world = World(self.settings)
        self.now = NOW
        self.users: dict[str, User] = {}
        self.user_ids: dict[User, str] = {}
        self.access_tokens: dict[AccessToken, str] = {}
        self.refresh_tokens: dict[RefreshToken, str] = {}
        self.session_ids: dict[Session, str] = {}
        self.granted_to: dict[Session, list[Grant]] = {}
        for name in ("ada", "bob"):
            self.sign_up(name)
        return self.log_in("ada", right=True, lost=(), clock=0)

    # What users do, and thieves

    @rule(target=grants, name=NAMES, right=USUALLY, lost=LOST_ANSWERS, clock=CLOCKS)
    def a_user_logs_in(self, name: str, *, right: bool, lost: tuple[int, ...], clock: int) -> Any:
        return self.log_in(name, right=right, lost=lost, clock=clock)

    @rule(target=grants, name=NAMES)
    def a_user_logs_in_again(self, name: str) -> Any:
        return self.log_in(name, right=True, lost=(), clock=0)

    def log_in(self, name: str, *, right: bool, lost: tuple[int, ...], clock: int) -> Any:
        user, grant = self.users.get(name), None
        for now in self.tries(lost, clock):
            tokens = self.world.log_in(name, user.password if user and right else "a guess", now=now)
            assert isinstance(tokens, Tokens) == bool(user and user.may_log_in and right)
            if user and isinstance(tokens, Tokens):
                grant = self.granted(tokens, user.new_session(self.settings, now), 1, now)
        return grant or multiple()

    @rule(target=grants, picked=some, lost=LOST_ANSWERS, clock=CLOCKS)
    def somebody_refreshes(self, picked: Grant | int, lost: tuple[int, ...], clock: int) -> Any:
        return self.refresh(picked, lost, clock)

    @rule(target=grants, picked=some, clock=CLOCKS)
    def somebody_refreshes_again(self, picked: Grant | int, clock: int) -> Any:
        return self.refresh(picked, (), clock)

    def refresh(self, picked: Grant | int, lost: tuple[int, ...], clock: int) -> Any:
        grant, successor = self.the(picked), None
        if grant is None:
            return multiple()
        used = grant.refresh
        for now in self.tries(lost, clock):
            outcome = self.world.refresh(self.refresh_tokens[used], now=now)
            assert OUTCOMES[type(outcome)] == used.use(self.settings, now)
            if isinstance(outcome, Rotated | Replayed):
                successor = self.granted(outcome.tokens, used.session, used.number + 1, now)
        return successor or multiple()

    @rule(picked=perhaps, other=perhaps, everywhere=st.booleans(), clock=CLOCKS)
    def somebody_logs_out(
        self, picked: Grant | int | None, other: Grant | int | None, *, everywhere: bool, clock: int
    ) -> None:
        self.log_out(self.the(picked), self.the(other), everywhere=everywhere, clock=clock)

    @rule(picked=some, clock=CLOCKS)
    def somebody_logs_out_everywhere_by_a_refresh_token(self, picked: Grant | int, clock: int) -> None:
        self.log_out(None, self.the(picked), everywhere=True, clock=clock)

    def log_out(self, bearer: Grant | None, token: Grant | None, *, everywhere: bool, clock: int) -> None:
        self.world.log_out(
            bearer=self.access_tokens[bearer.access] if bearer else None,
            token=self.refresh_tokens[token.refresh] if token else None,
            everywhere=everywhere,
            now=self.now + clock,
        )
        reference.log_out(
            bearer.access if bearer else None,
            token.refresh if token else None,
            everywhere=everywhere,
            now=self.now + clock,
        )

    @rule(picked=some, other=some, clock=CLOCKS)
    def somebody_ends_a_session(self, picked: Grant | int, other: Grant | int, clock: int) -> None:
        bearer, grant, now = self.the(picked), self.the(other), self.now + clock
        if bearer and grant:
            session = grant.access.session
            self.world.end_session(self.access_tokens[bearer.access], self.session_ids[session], now=now)
            if bearer.access.is_good(now) and session.user is bearer.access.session.user:
                reference.end(session)

    @rule(target=grants, picked=some, right=USUALLY, lost=LOST_ANSWERS, clock=CLOCKS)
    def somebody_changes_the_password(
        self, picked: Grant | int, *, right: bool, lost: tuple[int, ...], clock: int
    ) -> Any:
        bearer, grant = self.the(picked), None
        if bearer is None:
            return multiple()
        user = bearer.access.session.user
        for now in self.tries(lost, clock):
            new = f"the password of {len(self.session_ids)}"
            outcome = self.world.change_password(
                self.access_tokens[bearer.access], user.password if right else "a guess", new, now=now
            )
            if not bearer.access.is_good(now):
                assert isinstance(outcome, Refuse)
            elif not (right and user.has_password):
                assert outcome == WrongPassword()
            else:
                assert isinstance(outcome, Tokens)
                reference.end(*user.sessions)
                user.password = new
                grant = self.granted(outcome, user.new_session(self.settings, now), 1, now)
        return grant or multiple()

    # What admins do

    @rule(name=NAMES, deed=st.sampled_from(DEEDS), clock=CLOCKS)
    def an_admin_acts(self, name: str, deed: str, clock: int) -> None:
        user = self.users.get(name)
        if user is None:
            self.sign_up(name)
        elif deed == "disable or enable" and not user.may_log_in:
            self.world.enable(self.user_ids[user])
            user.may_log_in = True
        else:
            if deed == "revoke":
                self.world.revoke(self.user_ids[user], now=self.now + clock)
            elif deed == "set the password":
                user.password = f"the password of {len(self.session_ids)} from the desk"
                self.world.set_password(self.user_ids[user], user.password, now=self.now + clock)
            elif deed == "delete":
                assert self.world.delete(self.user_ids[user], now=self.now + clock)
                del self.users[name]
            else:
                self.world.disable(self.user_ids[user], now=self.now + clock)
                user.may_log_in = False
            reference.end(*user.sessions)

    @rule(name=NAMES, scope=st.sampled_from(["orders:read", "orders:read reports:read", ""]))
    def an_admin_grants(self, name: str, scope: str) -> None:
        if user := self.users.get(name):
            assert self.world.change(self.user_ids[user], scope=scope, now=self.now)
            user.scope = scope

    def sign_up(self, name: str) -> None:
        self.users[name] = User("correct horse")
        self.user_ids[self.users[name]] = self.world.sign_up(name, "correct horse")

    @rule(picked=some, clock=CLOCKS)
    def an_admin_blocks_a_token(self, picked: Grant | int, clock: int) -> None:
        if grant := self.the(picked):
            self.world.block(self.access_tokens[grant.access], now=self.now + clock)
            grant.access.blocked = True

    # What time does

    @rule(
        seconds=st.one_of(
            st.integers(0, 60), st.integers(0, 60), st.integers(0, 5000), st.integers(0, 8_000_000)
        ),
        ttl_deletes=st.booleans(),
    )
    def time_passes(self, seconds: int, *, ttl_deletes: bool) -> None:
        self.now += seconds
        if ttl_deletes:
            self.world.let_ttl_delete(now=self.now)

    @rule(
        what=st.sampled_from(["access", "grace", "idle", "absolute"]),
        off=st.sampled_from([0, 0, -1, 1, -300]),
    )
    def something_is_about_to_end(self, what: str, off: int) -> None:
        live = [session for session in self.session_ids if session.is_live(self.now)]
        ends = {
            "access": [token.end for token in self.access_tokens if token.is_good(self.now)],
            "grace": [session.rotated_at + self.settings.refresh_grace_seconds + 10 for session in live],
            "idle": [session.idle_end for session in live],
            "absolute": [session.absolute_end for session in live],
        }
        self.now = min((end + off for end in ends[what] if end + off > self.now), default=self.now)

    # What must hold

    @invariant()
    def the_authorizer_allows_what_is_good_and_refuses_what_is_not(self) -> None:
        for token, text in self.access_tokens.items():
            expected = token.scope_now() if token.is_good(self.now) else None
            assert self.world.allowed_scope(text, now=self.now) == expected

    @invariant()
    def a_refresh_token_is_worth_what_it_should_be(self) -> None:
        for token, text in self.refresh_tokens.items():
            outcome = self.world.would_refresh(text, now=self.now)
            assert OUTCOMES[type(outcome)] == token.worth(self.settings.refresh_grace_seconds, self.now)

    def granted(self, tokens: Tokens, session: Session, number: int, now: int) -> Grant:
        """Keep what was handed out, after a look at what it says of itself."""
        access = AccessToken(
            session, min(now + self.settings.access_token_seconds, session.absolute_end), session.user.scope
        )
        refresh = RefreshToken(session, number)
        assert tokens.expires_in == access.end - now
        assert tokens.refresh_expires_in == min(session.idle_end, session.absolute_end) - now
        assert self.session_ids.setdefault(session, tokens.session_id) == tokens.session_id
        assert self.refresh_tokens.setdefault(refresh, tokens.refresh_token) == tokens.refresh_token
        self.access_tokens[access] = tokens.access_token
        self.granted_to.setdefault(session, []).append(Grant(access, refresh))
        return self.granted_to[session][-1]

    def the(self, picked: Grant | int | None) -> Grant | None:
        if not isinstance(picked, int):
            return picked
        live = [grants for session, grants in self.granted_to.items() if session.is_live(self.now)]
        recent = [grant for grants in live for grant in grants[-2:]]
        return recent[picked % len(recent)] if recent else None

    def tries(self, lost: tuple[int, ...], clock: int) -> Iterator[int]:
        """The clock at each try of a request whose first answers are lost."""
        yield self.now + clock
        for seconds in lost:
            self.now += seconds
            yield self.now + clock


@pytest.fixture(autouse=True)
def _quick() -> Iterator[None]:
    with cheap_passwords(), signatures_checked_once():
        yield


def try_everything(*, examples: int, steps: int, machine: type[RuleBasedStateMachine] = Everything) -> None:
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


def test_every_token_is_worth_what_it_should_be() -> None:
    try_everything(examples=150, steps=25)


@pytest.mark.proof
def test_every_token_is_worth_what_it_should_be_a_thousand_times() -> None:
    try_everything(examples=1000, steps=40)


@pytest.mark.soak
def test_every_token_is_worth_what_it_should_be_for_long() -> None:
    try_everything(examples=3000, steps=80)
