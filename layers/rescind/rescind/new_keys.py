"""Makes the entries of key sets: KMS makes the keys, and nobody here sees a private one."""

from rescind import ids, wiring
from rescind.key_pairs import public_key_of
from rescind.rules.jwks import key_id_of
from rescind.rules.key_set import KeyEntry, Purpose


def new_entry(purpose: Purpose, signs_from: int) -> KeyEntry:
    """A new key of this purpose.

    Raises:
        UnavailableError: KMS could not make one.
    """
    if purpose is Purpose.REFRESH_TOKEN:
        return KeyEntry(ids.new_mac_key_id(), signs_from, wiring.key_service().new_mac_secret())
    public, encrypted = wiring.key_service().new_signing_key()
    return KeyEntry(key_id_of(public_key_of(public)), signs_from, encrypted, public)
