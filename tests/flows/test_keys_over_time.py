"""Keys rotate and are revoked while clients go on; only who holds a revoked key's tokens is refused for it.

Sandboxes are warm, cold, frozen or cut off from the Keys table, and their clocks are 5 s off. What an answer
may be is in `key_service`.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from rescind.rules.key_set import Purpose
from rescind.verdict import Allow, Refuse
from tests.flows.key_service import DAY, LONGEST, LOWERED, Given, Sandbox, Service

CLOCKS = (-5, 0, 5)


@dataclass
class Clients:
    """One that refreshes at every turn, on every sandbox, and one that sleeps."""

    service: Service
    warm: list[Sandbox] = field(default_factory=list)
    awake: Given | None = None
    asleep: Given | None = None

    def __post_init__(self) -> None:
        self.warm = [Sandbox(self.service.tables, off) for off in CLOCKS]
        self.asleep = self.service.log_in(self.warm[0])
        self.turn()

    def turn(self, frozen: int | None = None) -> None:
        """Everybody does everything on every sandbox, but on those that are frozen just now."""
        cold = [Sandbox(self.service.tables, off) for off in CLOCKS]
        for sandbox in [each for n, each in enumerate(self.warm) if n != frozen] + cold:
            self.go_on(sandbox)
            for tokens in list(self.service.given.values()):
                self.service.call(tokens, sandbox)

    def go_on(self, sandbox: Sandbox) -> None:
        """Refresh, and a second tab does so too; log in again when there is no other way."""
        before = self.awake
        after = before and self.service.refresh(before, sandbox)
        if before and after:
            self.awake = after
            other = self.service.refresh(before, self.warm[1])
            if other and other.tokens.refresh_token != after.tokens.refresh_token:
                made = [(after, sandbox), (other, self.warm[1])]
                assert any(self.service.is_of_a_revocation_missed(*each) for each in made)
        elif before is None or before.mac_key_id in self.service.revoked or self.service.is_settled():
            self.awake = self.service.log_in(sandbox) or before

    def wake(self) -> None:
        """The one that slept for all that time."""
        for sandbox in self.warm:
            if self.asleep:
                self.asleep = self.service.refresh(self.asleep, sandbox)


@pytest.mark.parametrize("rotation_days", [1, 30])
def test_several_rotations_go_unnoticed(rotation_days: int) -> None:
    service = Service(rotation_days)
    clients = Clients(service)
    kids = set()

    for _ in range(6):
        # The keys of both kinds change in the same second; a turn in each second in which some clock says so.
        service.wait_for_the_next_takeover(-6)
        for seconds in (1, 1, 4, 1, 4, 1, 3580, 13):
            service.wait(seconds)
            clients.turn()
            kids |= {service.signing(purpose) for purpose in Purpose}

    assert len(kids) == 2 * 7
    assert clients.asleep
    clients.wake()
    assert clients.asleep
    assert service.revoked == {}


def test_a_token_outlives_its_key_by_its_whole_life_whatever_is_lowered_meanwhile() -> None:
    service = Service(rotation_days=1)
    [sandbox] = [Sandbox(service.tables)]
    service.wait_for_the_next_takeover(-1)
    last = service.log_in(sandbox)
    assert last

    service.settings = LOWERED
    service.wait(1)
    later = service.log_in(sandbox)
    assert later
    assert later.kid != last.kid
    service.wait(3598)

    for each in (sandbox, *(Sandbox(service.tables, off) for off in (-5, 0))):
        assert isinstance(service.call(last, each), Allow)
    service.wait(200 * DAY)
    assert service.refresh(last, Sandbox(service.tables))


# Rotation before its time


@pytest.mark.parametrize("purpose", Purpose)
def test_the_key_ahead_takes_over_early_and_the_one_before_it_is_not_revoked(purpose: Purpose) -> None:
    service = Service()
    service.wait(2 * DAY)
    signing, ahead = service.entries(purpose)

    following = service.rotate_now()[purpose]

    assert following == replace(ahead, signs_from=service.now + 631)
    assert service.entries(purpose)[:2] == (signing, following)
    assert service.entries(purpose)[2].signs_from == following.signs_from + 30 * DAY
    service.wait(630)
    assert service.signing(purpose) == signing.key_id
    service.wait(1)
    assert service.signing(purpose) == ahead.key_id


def test_an_early_rotation_goes_unnoticed() -> None:
    service = Service()
    clients = Clients(service)
    service.wait(2 * DAY)
    kids = {service.signing(purpose) for purpose in Purpose}

    # Every clock but the one that has asked is 5 s off; a verifier is cut off until it gives up.
    clients.turn()
    clients.warm[1].cut_off = True
    service.rotate_now(clock_off=-15)
    for seconds in (0, 1, 59, 1, 535, 5, 1, 4, 1, 4, 1, 4, 1, 4, 1, 3580, 13, 60):
        service.wait(seconds)
        clients.warm[1].cut_off = clients.warm[1].cut_off and seconds < 3580
        clients.turn()
        kids |= {service.signing(purpose) for purpose in Purpose}

    assert len(kids) == 2 * 2
    clients.wake()
    assert clients.asleep
    assert service.revoked == {}


def test_who_lives_on_the_set_of_before_makes_no_other_successor_and_signs_nothing_that_dies_early() -> None:
    # The run's clock is behind, and was read ten seconds before the write. One sandbox has just read the set,
    # its clock then goes back, and it cannot read again; another one's clock is ahead.
    service = Service(settings=replace(LONGEST, refresh_grace_seconds=600))
    cut_off, ahead = Sandbox(service.tables, clock_off=5), Sandbox(service.tables, clock_off=5)
    service.wait(2 * DAY)
    used = service.log_in(cut_off)
    assert used
    cut_off.cut_off, cut_off.clock_off = True, -5
    before = {purpose: service.signing(purpose) for purpose in Purpose}
    service.rotate_now(clock_off=-15)

    service.wait(610)

    successor = service.refresh(used, ahead)
    again = service.refresh(used, cut_off)
    last = service.log_in(cut_off)
    assert successor
    assert again
    assert last
    assert again.tokens.refresh_token == successor.tokens.refresh_token
    assert {last.kid, last.mac_key_id} == set(before.values()), "it goes by the set as it was"
    service.wait(1)
    assert service.log_in(cut_off) is None, "it has given up"
    service.wait(3600 - 7)
    for clock_off in CLOCKS:
        decision = service.call(last, Sandbox(service.tables, clock_off))
        assert isinstance(decision, Allow) or service.now + clock_off >= last.expires_at


def test_a_key_that_has_just_been_published_is_brought_forward_to_an_hour_after_that() -> None:
    service = Service()
    service.wait(600)

    following = service.rotate_now()[Purpose.ACCESS_TOKEN]

    assert following.signs_from == following.added_at + 3600 == service.now + 3000


@settings(deadline=None, max_examples=40)
@given(
    rotation_days=st.sampled_from([1, 30]),
    story=st.lists(
        st.tuples(
            st.sampled_from([1, 600, 3000, 3600, 9000, 2 * DAY, 29 * DAY]),
            st.sampled_from([-15, -5, 0, 5]),
            st.sampled_from([0, 30, 59]),
            st.integers(0, 2),
            st.lists(st.integers(-8, 8) | st.sampled_from([-600, -560, -30, 60, 3590, 3660]), max_size=5),
        ),
        min_size=1,
        max_size=4,
    ),
)
def test_whenever_keys_are_rotated_nobody_is_refused_and_no_two_successors_are_made(
    rotation_days: int, story: list[tuple[int, int, int, int, list[int]]]
) -> None:
    service = Service(rotation_days)
    clients = Clients(service)

    for wait, clock_off, age, cut_off, seconds in story:
        service.wait(wait)
        clients.turn()
        service.wait(age)
        clients.warm[cut_off].cut_off = True
        signs_from = service.rotate_now(clock_off=clock_off)[Purpose.REFRESH_TOKEN].signs_from
        for second in sorted(seconds):
            service.wait(max(0, signs_from + second - service.now))
            clients.turn()
        clients.warm[cut_off].cut_off = False
        service.wait(10)  # until it tries again to read
    clients.wake()
    assert clients.asleep


# Revocation, at nasty moments


def the_one_that_signs(service: Service, purpose: Purpose) -> list[str]:
    signing = service.signing(purpose)
    return [signing] if signing else []


def the_one_ahead(service: Service, purpose: Purpose) -> list[str]:
    return [service.entries(purpose)[-1].key_id]


def both(service: Service, purpose: Purpose) -> list[str]:
    return the_one_that_signs(service, purpose) + the_one_ahead(service, purpose)


def the_oldest(service: Service, purpose: Purpose) -> list[str]:
    return [service.entries(purpose)[0].key_id]


def everything(service: Service, purpose: Purpose) -> list[str]:
    del service, purpose
    return ["all"]


WHICH = [the_one_that_signs, the_one_ahead, both, the_oldest, everything]
Choice = Callable[[Service, Purpose], list[str]]


def revoke(service: Service, which: Choice, purpose: Purpose, *, clock_off: int = 0) -> list[str]:
    chosen = which(service, purpose)
    for key_id in chosen:
        service.revoke(key_id, clock_off=clock_off)
    return chosen


@pytest.mark.parametrize("purpose", Purpose)
@pytest.mark.parametrize("age", [0, 59, 300, 599])
@pytest.mark.parametrize("which", WHICH)
def test_a_revoked_key_ends_in_time_and_takes_nothing_else_along(
    which: Choice, age: int, purpose: Purpose
) -> None:
    # A verifier's set is so old at the moment of the revocation, and the older one's cannot be read again.
    service = Service(rotation_days=1)
    clients = Clients(service)
    service.wait_for_the_next_takeover(8000 - age)
    verifier = clients.warm[1]
    clients.turn()
    verifier.cut_off = age > 60
    service.wait(age)

    revoke(service, which, purpose)

    for seconds in (0, 1, 1, 57, 1, 10, 19, 1, 10, 500, 11, 3600):
        service.wait(seconds)
        verifier.cut_off = verifier.cut_off and seconds < 3600
        clients.turn(frozen=2 if seconds == 1 else None)
    assert service.is_settled()
    assert service.log_in(verifier)


def test_a_key_that_a_verifier_cut_off_cannot_know_is_503_to_it_and_no_401() -> None:
    service = Service()
    verifier, issuer = Sandbox(service.tables), Sandbox(service.tables)
    known = service.log_in(verifier)
    assert known
    verifier.cut_off = True
    service.wait(501)
    service.revoke("all")
    service.wait(90)
    new = service.log_in(issuer)
    assert new

    assert service.call(new, verifier) is None
    assert isinstance(service.call(known, verifier), Allow), "it cannot know yet"
    service.wait(10)
    assert service.call(known, verifier) is None
    verifier.cut_off = False

    assert isinstance(service.call(new, verifier), Allow)
    assert isinstance(service.call(known, verifier), Refuse)


@pytest.mark.parametrize("purpose", Purpose)
def test_a_new_key_signs_for_nobody_before_the_last_verifier_knows_it_whatever_the_clocks_say(
    purpose: Purpose,
) -> None:
    # The run's clock is behind, and was read ten seconds before the write; the issuers' clocks are ahead; the
    # verifier's goes back after it has read its set.
    service = Service()
    verifier = Sandbox(service.tables, clock_off=5)
    assert service.log_in(verifier)
    revoke(service, both, purpose, clock_off=-15)
    verifier.clock_off = -5

    tokens = None
    waited = 0
    while tokens is None and waited <= 100:
        service.wait(1)
        waited += 1
        tokens = service.log_in(Sandbox(service.tables, clock_off=5))

    assert waited == 70
    assert tokens
    assert isinstance(service.call(tokens, verifier), Allow)
    # By its own clock it cannot sign yet; that it refuses nobody is seen to in there.
    assert service.refresh(tokens, verifier) is None


def test_the_newest_key_is_revoked_after_the_older_one_has_retired() -> None:
    service = Service()
    sandbox = Sandbox(service.tables)
    service.wait(31 * DAY)
    # A run that failed for a month: nobody is ahead.
    key_set = service.tables.key_sets[Purpose.ACCESS_TOKEN]
    service.tables.key_sets[Purpose.ACCESS_TOKEN] = replace(key_set, entries=key_set.entries[:-1])
    newest = service.signing(Purpose.ACCESS_TOKEN)
    assert newest == service.entries(Purpose.ACCESS_TOKEN)[-1].key_id

    service.revoke(newest)

    assert service.signing(Purpose.ACCESS_TOKEN) is None
    service.wait(90)
    tokens = service.log_in(sandbox)
    assert tokens
    assert tokens.kid == service.entries(Purpose.ACCESS_TOKEN)[-2].key_id
    assert isinstance(service.call(tokens, sandbox), Allow)


def test_a_successor_is_handed_out_again_though_its_key_was_revoked_since() -> None:
    # A token of the mac key before is used, and then the key of its successor is revoked.
    service = Service()
    sandbox = Sandbox(service.tables)
    service.wait_for_the_next_takeover(-1)
    used = service.log_in(sandbox)
    assert used
    service.wait(90)
    successor = service.refresh(used, sandbox)
    assert successor
    assert successor.mac_key_id != used.mac_key_id

    service.revoke(successor.mac_key_id)
    service.wait(20)

    again = [service.refresh(used, Sandbox(service.tables, off)) for off in CLOCKS]
    assert len({each and each.tokens.refresh_token for each in again}) == 1
    assert again[0]
    assert again[0].mac_key_id == service.signing(Purpose.REFRESH_TOKEN) != successor.mac_key_id
    # Who holds the first copy of the successor is refused, and that ends nobody's session.
    assert service.refresh(successor, Sandbox(service.tables)) is None
    goes_on = service.refresh(again[0], Sandbox(service.tables))
    assert goes_on
    assert goes_on.tokens.session_id == used.tokens.session_id


@pytest.mark.parametrize("first_to_ask", ["who has read of it", "who is cut off"])
def test_who_has_not_read_of_a_revocation_makes_another_successor_and_its_copy_ends_no_session(
    first_to_ask: str,
) -> None:
    service = Service(settings=replace(LONGEST, refresh_grace_seconds=600))
    service.wait(2 * DAY)
    cut_off, reader = Sandbox(service.tables), Sandbox(service.tables)
    assert service.log_in(cut_off)
    cut_off.cut_off = True
    revoked = service.signing(Purpose.REFRESH_TOKEN)
    assert revoked
    service.revoke(revoked)
    service.wait(101)
    used = service.log_in(reader)
    assert used
    asked = [reader, cut_off] if first_to_ask == "who has read of it" else [cut_off, reader]

    first, second = (service.refresh(used, sandbox) for sandbox in asked)

    assert first
    assert second
    good, dead = (first, second) if asked[0] is reader else (second, first)
    assert (dead.mac_key_id, good.mac_key_id) == (revoked, service.signing(Purpose.REFRESH_TOKEN))
    service.wait(498)
    for sandbox, copy in zip(asked, (first, second), strict=True):
        again = service.refresh(used, sandbox)
        assert again
        assert again.tokens.refresh_token == copy.tokens.refresh_token
    assert service.refresh(dead, reader) is None
    goes_on = service.refresh(good, reader)
    assert goes_on
    assert goes_on.tokens.session_id == used.tokens.session_id
    service.wait(2)
    assert service.refresh(used, cut_off) is None, "it has given up"


def test_a_successor_waits_for_a_key_that_everybody_knows() -> None:
    service = Service(settings=replace(LONGEST, refresh_grace_seconds=600))
    service.wait_for_the_next_takeover(-1)
    used = service.log_in(Sandbox(service.tables))
    assert used
    service.wait(90)
    assert service.refresh(used, Sandbox(service.tables))

    for _ in range(2):
        service.revoke(unrevoked(service, Purpose.REFRESH_TOKEN)[1])

    assert service.refresh(used, Sandbox(service.tables)) is None
    service.wait(90)
    again = service.refresh(used, Sandbox(service.tables))
    assert again
    assert again.mac_key_id == service.signing(Purpose.REFRESH_TOKEN)


def unrevoked(service: Service, purpose: Purpose) -> list[str]:
    return [entry.key_id for entry in service.entries(purpose) if entry.revoked_at is None]


EVENTS = st.sampled_from([*WHICH, "run", "rotate", "rotate", "lower", "cut off", "reconnect", "nothing"])
WAITS = st.sampled_from(
    [0, 1, 5, 9, 29, 31, 59, 60, 61, 79, 90, 100, 540, 599, 610, 3590, 3661, DAY, 40 * DAY]
)


@settings(deadline=None, max_examples=25)
@given(
    rotation_days=st.sampled_from([1, 30]),
    story=st.lists(
        st.tuples(
            WAITS | st.integers(-7, 7).map(str),
            EVENTS,
            st.sampled_from(Purpose),
            st.sampled_from([-15, -5, 0, 5]),
            st.integers(0, 2),
        ),
        min_size=1,
        max_size=12,
    ),
)
# Two copies of one successor: the second tab's sandbox cannot read that the key it signs with is revoked.
@example(
    rotation_days=1,
    story=[
        (0, "cut off", Purpose.REFRESH_TOKEN, 0, 1),
        (0, the_one_that_signs, Purpose.REFRESH_TOKEN, -15, 0),
        (118, "nothing", Purpose.REFRESH_TOKEN, 0, 1),
    ],
)
# A failed read is tried again after 10 s: until then a sandbox that is back goes on with the revoked key.
@example(
    rotation_days=1,
    story=[
        (0, "cut off", Purpose.ACCESS_TOKEN, 0, 1),
        (0, the_one_that_signs, Purpose.ACCESS_TOKEN, 0, 0),
        (100, "nothing", Purpose.ACCESS_TOKEN, 0, 0),
        (5, "reconnect", Purpose.ACCESS_TOKEN, 0, 1),
        (0, "nothing", Purpose.ACCESS_TOKEN, 0, 0),
        (10, "nothing", Purpose.ACCESS_TOKEN, 0, 0),
    ],
)
def test_whatever_happens_nobody_is_refused_for_a_key_change(
    rotation_days: int, story: list[tuple[int | str, Choice | str, Purpose, int, int]]
) -> None:
    service = Service(rotation_days)
    clients = Clients(service)

    for wait, event, purpose, clock_off, which_sandbox in story:
        if isinstance(wait, str):
            service.wait_for_the_next_takeover(int(wait))
        else:
            service.wait(wait)
        match event:
            case "run":
                service.run(clock_off)
            case "rotate":
                service.rotate_now(clock_off=clock_off)
            case "lower":
                service.settings = LOWERED
            case "cut off":
                clients.warm[which_sandbox].cut_off = True
            case "reconnect":
                service.reconnect(clients.warm[which_sandbox])
            case "nothing":
                pass
            case which:
                assert callable(which)
                revoke(service, which, purpose, clock_off=clock_off)
        clients.turn(frozen=which_sandbox)
    clients.wake()
