"""A sandbox's keys: how old the set may grow, what a failure does, and what costs a call."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from rescind.keyring import Keyring
from rescind.rules.key_set import KeyEntry, KeySet, Purpose
from rescind.rules.refresh_tokens import MacKey
from rescind.unavailable import UnavailableError
from tests.things import NOW

ROTATION = 30 * 86_400


def mac_id(letter: str) -> str:
    return f"mac_{letter * 21}A"


def sealed(secret: bytes) -> bytes:
    return b"sealed:" + secret


def private_der(key: EllipticCurvePrivateKey | Ed25519PrivateKey) -> bytes:
    return key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())


def public_der(key: EllipticCurvePrivateKey | Ed25519PrivateKey) -> bytes:
    return key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


FIRST = ec.derive_private_key(1001, ec.SECP256R1())
SECOND = ec.derive_private_key(1002, ec.SECP256R1())
THIRD = ec.derive_private_key(1003, ec.SECP256R1())

SIGNING_SET = KeySet(
    Purpose.ACCESS_TOKEN,
    revision=1,
    entries=(
        KeyEntry("first", 0, sealed(private_der(FIRST)), public_der(FIRST)),
        KeyEntry("second", NOW + ROTATION, sealed(private_der(SECOND)), public_der(SECOND)),
    ),
)
MAC_SET = KeySet(
    Purpose.REFRESH_TOKEN,
    revision=1,
    entries=(
        KeyEntry(mac_id("a"), 0, sealed(b"a" * 32)),
        KeyEntry(mac_id("b"), NOW + ROTATION, sealed(b"b" * 32)),
    ),
)


@dataclass
class Table:
    """The Keys table: what it holds, whether it can be read, and how often it was."""

    sets: dict[Purpose, KeySet]
    broken: bool = False
    reads: list[Purpose] = field(default_factory=list)

    def read(self, purpose: Purpose) -> KeySet:
        self.reads.append(purpose)
        if self.broken:
            raise UnavailableError("the table is away")
        return self.sets[purpose]


@dataclass
class Kms:
    """Opens what was sealed here."""

    broken: bool = False
    opened: list[tuple[bytes, Purpose]] = field(default_factory=list)

    def open(self, encrypted: bytes, *, purpose: Purpose) -> bytes:
        self.opened.append((encrypted, purpose))
        if self.broken:
            raise UnavailableError("kms is away")
        return encrypted.removeprefix(b"sealed:")


@pytest.fixture
def table() -> Table:
    return Table({Purpose.ACCESS_TOKEN: SIGNING_SET, Purpose.REFRESH_TOKEN: MAC_SET})


@pytest.fixture
def kms() -> Kms:
    return Kms()


@pytest.fixture
def keyring(table: Table, kms: Kms) -> Keyring:
    return Keyring(table, kms)


def revoke(table: Table, purpose: Purpose, position: int) -> None:
    entries = list(table.sets[purpose].entries)
    entries[position] = replace(entries[position], revoked_at=NOW)
    table.sets[purpose] = replace(table.sets[purpose], entries=tuple(entries))


# Which keys


def test_the_verification_keys_are_those_of_the_set_by_kid(keyring: Keyring, kms: Kms) -> None:
    keys = keyring.verification_keys(now=NOW)

    assert keys == {"first": FIRST.public_key(), "second": SECOND.public_key()}
    assert kms.opened == []


@pytest.mark.parametrize(
    ("now", "kid", "private_key"),
    [
        pytest.param(NOW, "first", FIRST, id="the first"),
        pytest.param(NOW + ROTATION - 1, "first", FIRST, id="until the next one's second"),
        pytest.param(NOW + ROTATION, "second", SECOND, id="the next from its second"),
    ],
)
def test_the_signing_key_is_the_one_of_the_second(
    keyring: Keyring, now: int, kid: str, private_key: EllipticCurvePrivateKey
) -> None:
    key = keyring.signing_key(now=now)

    assert key.kid == kid
    assert key.private_key.private_numbers() == private_key.private_numbers()


def test_the_mac_key_of_a_rotation_stays_the_same_when_keys_rotate_since(keyring: Keyring) -> None:
    rotated_at = NOW + ROTATION - 1

    before = keyring.mac_key(now=rotated_at, at=rotated_at)
    since = keyring.mac_key(now=rotated_at + 20, at=rotated_at)

    assert before == since == MacKey(mac_id("a"), b"a" * 32)
    assert keyring.mac_key(now=rotated_at + 20, at=rotated_at + 20).key_id == mac_id("b")


def test_a_mac_key_is_found_by_its_id(keyring: Keyring) -> None:
    assert keyring.mac_key_of(mac_id("a"), now=NOW) == MacKey(mac_id("a"), b"a" * 32)
    assert keyring.mac_key_of(mac_id("b"), now=NOW) == MacKey(mac_id("b"), b"b" * 32)


def test_a_retired_mac_key_is_found_until_the_last_session_it_signed_is_over(keyring: Keyring) -> None:
    over = NOW + ROTATION + 31_536_060

    assert keyring.mac_key_of(mac_id("a"), now=over - 1) is not None
    assert keyring.mac_key_of(mac_id("a"), now=over) is None


def test_a_revoked_key_is_no_key(keyring: Keyring, table: Table, kms: Kms) -> None:
    revoke(table, Purpose.REFRESH_TOKEN, 0)
    revoke(table, Purpose.ACCESS_TOKEN, 0)

    assert keyring.mac_key_of(mac_id("a"), now=NOW) is None
    assert keyring.verification_keys(now=NOW).keys() == {"second"}
    assert keyring.signing_key(now=NOW).kid == "second"
    assert keyring.mac_key(now=NOW, at=NOW).key_id == mac_id("b")
    assert (sealed(b"a" * 32), Purpose.REFRESH_TOKEN) not in kms.opened


def test_when_every_key_is_revoked_every_token_is_refused_and_none_is_signed(
    keyring: Keyring, table: Table
) -> None:
    for purpose in Purpose:
        revoke(table, purpose, 0)
        revoke(table, purpose, 1)

    assert keyring.verification_keys(now=NOW) == {}
    assert keyring.mac_key_of(mac_id("a"), now=NOW) is None
    with pytest.raises(UnavailableError):
        keyring.signing_key(now=NOW)
    with pytest.raises(UnavailableError):
        keyring.mac_key(now=NOW, at=NOW)


# How old a set may grow


def test_a_set_is_read_again_after_60_s(keyring: Keyring, table: Table) -> None:
    keyring.verification_keys(now=NOW)

    keyring.verification_keys(now=NOW + 59)
    assert len(table.reads) == 1

    keyring.verification_keys(now=NOW + 60)
    assert len(table.reads) == 2


def test_a_revoked_key_ends_within_60_s(keyring: Keyring, table: Table) -> None:
    keyring.verification_keys(now=NOW)

    revoke(table, Purpose.ACCESS_TOKEN, 0)

    assert keyring.verification_keys(now=NOW + 60).keys() == {"second"}


def test_each_purpose_has_an_age_of_its_own(keyring: Keyring, table: Table) -> None:
    keyring.verification_keys(now=NOW)
    keyring.mac_key_of(mac_id("a"), now=NOW + 30)

    keyring.verification_keys(now=NOW + 60)
    keyring.mac_key_of(mac_id("a"), now=NOW + 60)

    assert table.reads == [Purpose.ACCESS_TOKEN, Purpose.REFRESH_TOKEN, Purpose.ACCESS_TOKEN]


def revoke_both_kinds(table: Table) -> None:
    """As who revokes everything does it: the mac keys first. What is published ahead stays."""
    revoke(table, Purpose.REFRESH_TOKEN, 0)
    revoke(table, Purpose.ACCESS_TOKEN, 0)


@pytest.mark.parametrize("mac_set_read_at", [NOW, NOW + 30, NOW + 59])
def test_nobody_takes_a_dead_refresh_token_and_signs_for_it_with_a_live_key(
    keyring: Keyring, table: Table, mac_set_read_at: int
) -> None:
    keyring.signing_key(now=NOW)
    keyring.mac_key_of(mac_id("a"), now=mac_set_read_at)
    revoke_both_kinds(table)

    for now in range(NOW + 59, NOW + 125):
        taken = keyring.mac_key_of(mac_id("a"), now=now)
        assert taken is None or keyring.signing_key(now=now).kid == "first"


@pytest.mark.parametrize("unreadable", Purpose)
def test_nor_does_a_sandbox_that_can_read_one_of_the_two_sets(
    keyring: Keyring, table: Table, unreadable: Purpose, monkeypatch: pytest.MonkeyPatch
) -> None:
    keyring.mac_key_of(mac_id("a"), now=NOW)
    revoke_both_kinds(table)
    read = table.read

    def read_one(purpose: Purpose) -> KeySet:
        if purpose is unreadable:
            raise UnavailableError("the row is away")
        return read(purpose)

    monkeypatch.setattr(table, "read", read_one)
    for now in range(NOW + 59, NOW + 640):
        try:
            taken = keyring.mac_key_of(mac_id("a"), now=now)
        except UnavailableError:
            assert now > NOW + 600
        else:
            assert taken is None or keyring.signing_key(now=now).kid == "first"


def test_a_set_that_cannot_be_read_again_lives_for_10_minutes_and_no_longer(
    keyring: Keyring, table: Table
) -> None:
    keyring.verification_keys(now=NOW)
    table.broken = True

    assert keyring.verification_keys(now=NOW + 600).keys() == {"first", "second"}
    with pytest.raises(UnavailableError):
        keyring.verification_keys(now=NOW + 601)


def test_living_on_an_old_set_does_not_make_it_younger(keyring: Keyring, table: Table) -> None:
    keyring.verification_keys(now=NOW)
    table.broken = True
    for age in range(60, 601, 60):
        keyring.verification_keys(now=NOW + age)

    with pytest.raises(UnavailableError):
        keyring.verification_keys(now=NOW + 601)


def test_an_old_set_is_tried_again_after_10_s_and_not_by_every_request(
    keyring: Keyring, table: Table
) -> None:
    keyring.verification_keys(now=NOW)
    table.broken = True
    for second in range(60, 70):
        keyring.verification_keys(now=NOW + second)
    assert len(table.reads) == 2
    table.broken = False
    revoke(table, Purpose.ACCESS_TOKEN, 0)

    assert keyring.verification_keys(now=NOW + 70).keys() == {"second"}


def test_one_table_that_fails_does_not_keep_the_other_set_old(keyring: Keyring, table: Table) -> None:
    keyring.mac_key(now=NOW, at=NOW)
    table.broken = True
    with pytest.raises(UnavailableError):
        keyring.verification_keys(now=NOW)
    table.broken = False

    assert keyring.verification_keys(now=NOW)


def test_a_sandbox_that_was_frozen_reads_before_it_decides(keyring: Keyring, table: Table) -> None:
    keyring.verification_keys(now=NOW)
    revoke(table, Purpose.ACCESS_TOKEN, 0)

    assert keyring.verification_keys(now=NOW + 86_400).keys() == {"second"}


def test_a_clock_that_was_set_back_makes_the_set_be_read(keyring: Keyring, table: Table) -> None:
    keyring.verification_keys(now=NOW)

    keyring.verification_keys(now=NOW - 1)

    assert len(table.reads) == 2


def test_a_clock_that_was_set_back_makes_no_set_young(keyring: Keyring, table: Table) -> None:
    keyring.verification_keys(now=NOW)
    table.broken = True

    with pytest.raises(UnavailableError):
        keyring.verification_keys(now=NOW - 3600)


def test_a_sandbox_that_never_read_a_set_fails(keyring: Keyring, table: Table) -> None:
    table.broken = True

    with pytest.raises(UnavailableError):
        keyring.verification_keys(now=NOW)
    # Not even at a second that looks as if a set had been read a moment ago.
    with pytest.raises(UnavailableError):
        keyring.verification_keys(now=1)


def test_an_empty_set_is_a_failure_and_is_not_kept(keyring: Keyring, table: Table) -> None:
    table.sets[Purpose.ACCESS_TOKEN] = KeySet(Purpose.ACCESS_TOKEN, revision=0, entries=())
    with pytest.raises(UnavailableError):
        keyring.verification_keys(now=NOW)

    table.sets[Purpose.ACCESS_TOKEN] = SIGNING_SET

    assert keyring.verification_keys(now=NOW).keys() == {"first", "second"}


def test_a_set_that_became_empty_is_a_failure_to_read(keyring: Keyring, table: Table) -> None:
    keyring.verification_keys(now=NOW)
    table.sets[Purpose.ACCESS_TOKEN] = KeySet(Purpose.ACCESS_TOKEN, revision=2, entries=())

    assert keyring.verification_keys(now=NOW + 600).keys() == {"first", "second"}
    with pytest.raises(UnavailableError):
        keyring.verification_keys(now=NOW + 601)


# What an old set cannot know


def added_meanwhile(table: Table) -> None:
    """A key of each kind that the keyring has not read."""
    added = {
        Purpose.ACCESS_TOKEN: KeyEntry("new", NOW + ROTATION, sealed(private_der(THIRD)), public_der(THIRD)),
        Purpose.REFRESH_TOKEN: KeyEntry(mac_id("n"), NOW + ROTATION, sealed(b"n" * 32)),
    }
    for purpose, entry in added.items():
        kept = table.sets[purpose]
        table.sets[purpose] = replace(kept, entries=(*kept.entries, entry))


def ask_for(keyring: Keyring, purpose: Purpose, key_id: str, *, now: int) -> object:
    if purpose is Purpose.ACCESS_TOKEN:
        return keyring.verification_keys(now=now).get(key_id)
    return keyring.mac_key_of(key_id, now=now)


# The key that will be revoked, one that lives on, and one that the keyring has not read.
IDS = {
    Purpose.ACCESS_TOKEN: ("first", "second", "new"),
    Purpose.REFRESH_TOKEN: (mac_id("a"), mac_id("b"), mac_id("n")),
}


@pytest.mark.parametrize("purpose", Purpose)
@pytest.mark.parametrize("age", [60, 600])
def test_an_unknown_key_is_a_failure_to_a_sandbox_whose_set_is_old_and_costs_no_call(
    keyring: Keyring, table: Table, purpose: Purpose, age: int
) -> None:
    revoked, live, new = IDS[purpose]
    revoke(table, purpose, 0)
    ask_for(keyring, purpose, live, now=NOW)
    added_meanwhile(table)
    table.broken = True
    assert ask_for(keyring, purpose, live, now=NOW + age)
    reads = len(table.reads)

    with pytest.raises(UnavailableError):
        ask_for(keyring, purpose, new, now=NOW + age)
    # What it has read of a key that is no good any more stays true.
    assert ask_for(keyring, purpose, revoked, now=NOW + age) is None
    assert len(table.reads) == reads


@pytest.mark.parametrize("purpose", Purpose)
def test_an_unknown_key_is_nobodys_to_a_sandbox_whose_set_is_young(
    keyring: Keyring, table: Table, purpose: Purpose
) -> None:
    _, _, new = IDS[purpose]
    ask_for(keyring, purpose, new, now=NOW)
    added_meanwhile(table)

    assert ask_for(keyring, purpose, new, now=NOW + 59) is None
    assert ask_for(keyring, purpose, new, now=NOW + 60) is not None
    assert table.reads.count(purpose) == 2


def test_the_keys_of_an_old_set_are_a_mapping_like_any_other(keyring: Keyring, table: Table) -> None:
    young = keyring.verification_keys(now=NOW)
    table.broken = True

    assert keyring.verification_keys(now=NOW + 60) == young


def test_no_key_signs_early_that_was_added_a_moment_ago(keyring: Keyring, table: Table) -> None:
    for purpose in Purpose:
        first, second = table.sets[purpose].entries
        entries = (replace(first, revoked_at=NOW), replace(second, added_at=NOW))
        table.sets[purpose] = replace(table.sets[purpose], entries=entries)

    with pytest.raises(UnavailableError):
        keyring.signing_key(now=NOW + 89)
    with pytest.raises(UnavailableError):
        keyring.mac_key(now=NOW + 89, at=NOW + 89)
    assert keyring.signing_key(now=NOW + 90).kid == "second"
    # Also for a rotation of the second in which the key before it was revoked.
    assert keyring.mac_key(now=NOW + 90, at=NOW).key_id == mac_id("b")


# What costs a call


def test_an_unknown_key_id_costs_no_call(keyring: Keyring, table: Table, kms: Kms) -> None:
    keyring.mac_key_of(mac_id("a"), now=NOW)
    calls = (len(table.reads), len(kms.opened))

    assert keyring.mac_key_of(mac_id("z"), now=NOW) is None
    assert (len(table.reads), len(kms.opened)) == calls


def test_a_secret_is_opened_once_for_its_own_purpose(keyring: Keyring, kms: Kms) -> None:
    for later in range(0, 600, 60):
        keyring.mac_key(now=NOW + later, at=NOW)
        keyring.mac_key_of(mac_id("a"), now=NOW + later)
        keyring.signing_key(now=NOW + later)

    assert kms.opened == [
        (sealed(b"a" * 32), Purpose.REFRESH_TOKEN),
        (sealed(private_der(FIRST)), Purpose.ACCESS_TOKEN),
    ]


def test_a_secret_that_could_not_be_opened_is_tried_again(keyring: Keyring, kms: Kms) -> None:
    kms.broken = True
    with pytest.raises(UnavailableError):
        keyring.signing_key(now=NOW)

    kms.broken = False

    assert keyring.signing_key(now=NOW).kid == "first"


# What cannot be read


ED25519 = Ed25519PrivateKey.from_private_bytes(b"e" * 32)


@pytest.mark.parametrize(
    "entry",
    [
        pytest.param(KeyEntry("kid", 0, sealed(b""), None), id="no public key"),
        pytest.param(KeyEntry("kid", 0, sealed(b""), b""), id="an empty public key"),
        pytest.param(KeyEntry("kid", 0, sealed(b""), b"DER"), id="a public key that is none"),
        pytest.param(KeyEntry("kid", 0, sealed(b""), public_der(ED25519)), id="a public key of another kind"),
    ],
)
def test_a_public_key_that_cannot_be_read_is_a_failure(
    keyring: Keyring, table: Table, entry: KeyEntry
) -> None:
    table.sets[Purpose.ACCESS_TOKEN] = replace(SIGNING_SET, entries=(entry,))

    with pytest.raises(UnavailableError):
        keyring.verification_keys(now=NOW)


@pytest.mark.parametrize(
    "secret",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"DER", id="none"),
        pytest.param(private_der(ED25519), id="of another kind"),
    ],
)
def test_a_private_key_that_cannot_be_read_is_a_failure(
    keyring: Keyring, table: Table, secret: bytes
) -> None:
    entry = replace(SIGNING_SET.entries[0], encrypted_key=sealed(secret))
    table.sets[Purpose.ACCESS_TOKEN] = replace(SIGNING_SET, entries=(entry,))

    with pytest.raises(UnavailableError):
        keyring.signing_key(now=NOW)


@pytest.mark.parametrize(
    "ask",
    [
        pytest.param(lambda keys: keys.verification_keys(now=NOW), id="verification_keys"),
        pytest.param(lambda keys: keys.signing_key(now=NOW), id="signing_key"),
        pytest.param(lambda keys: keys.mac_key(now=NOW, at=NOW), id="mac_key"),
        pytest.param(lambda keys: keys.mac_key_of(mac_id("z"), now=NOW), id="mac_key_of"),
    ],
)
def test_whatever_is_asked_a_table_that_is_away_is_a_failure_and_never_no(
    keyring: Keyring, table: Table, ask: Callable[[Keyring], object]
) -> None:
    table.broken = True

    with pytest.raises(UnavailableError):
        ask(keyring)


@pytest.mark.parametrize("opened", [b"", b"seven", b"m" * 31, b"m" * 33], ids=len)
def test_a_secret_of_another_length_is_no_key_and_is_not_kept(
    keyring: Keyring, kms: Kms, monkeypatch: pytest.MonkeyPatch, opened: bytes
) -> None:
    monkeypatch.setattr(kms, "open", lambda *_, **__: opened)
    with pytest.raises(UnavailableError, match="is not the key"):
        keyring.mac_key(now=NOW, at=NOW)

    monkeypatch.undo()

    assert keyring.mac_key(now=NOW, at=NOW).secret == b"a" * 32


OF_NO_KNOWN_CURVE = private_der(FIRST).replace(
    bytes.fromhex("2a8648ce3d030107"), bytes.fromhex("2a8648ce3d030106")
)


@pytest.mark.parametrize(
    "opened",
    [b"", b"seven", private_der(SECOND), OF_NO_KNOWN_CURVE],
    ids=["empty", "none", "of-another", "of-no-known-curve"],
)
def test_a_private_key_that_does_not_fit_its_public_one_is_no_key_and_is_not_kept(
    keyring: Keyring, kms: Kms, monkeypatch: pytest.MonkeyPatch, opened: bytes
) -> None:
    monkeypatch.setattr(kms, "open", lambda *_, **__: opened)
    with pytest.raises(UnavailableError):
        keyring.signing_key(now=NOW)

    monkeypatch.undo()

    assert keyring.signing_key(now=NOW).kid == "first"
