"""The keys of other issuers that this sandbox knows: fetched when they are needed, and kept within bounds."""

from dataclasses import dataclass
from typing import Any, Protocol

from rescind.rules.provider_keys import ProviderKey, provider_keys
from rescind.unavailable import UnavailableError

READ_AGAIN_SECONDS = 300
KEEP_AT_MOST_SECONDS = 600
"""As long as a subject token is fresh."""
COOL_DOWN_SECONDS = 30
_TRY_AGAIN_SECONDS = 10


class Documents(Protocol):
    def jwks_uri(self, issuer: str) -> str: ...

    def key_set(self, jwks_uri: str) -> dict[str, Any]: ...


@dataclass(slots=True)
class _Known:
    """What is known of one issuer. Times are epoch seconds; 0 is never."""

    keys: dict[str, ProviderKey] | None = None
    read_at: int = 0
    failed_at: int = 0


class IssuerKeyring:
    """Reads a set again after 300 s, lives on the last one for at most 600 s if it cannot, then fails.

    A key id that is not in the set may be a new key's, so the set is read again for it, every 30 s at most:
    in one that is younger it is nobody's. An issuer that does not answer is asked every 10 s. So whoever
    makes key ids up costs an issuer two reads a minute, or six where it fails, of two documents each.
    """

    def __init__(self, documents: Documents) -> None:
        self._documents = documents
        self._known: dict[str, _Known] = {}

    def key_of(self, issuer: str, kid: str, *, now: int) -> ProviderKey | None:
        """The key of this id; None when the issuer has none.

        Args:
            issuer: one that is trusted: it is asked at the address that it is.
            kid: of a token that nobody has verified.
            now: epoch seconds at the start of this request.

        Raises:
            UnavailableError: its keys could not be read.
        """
        known = self._known.setdefault(issuer, _Known())
        # A negative age is a clock that was set back: it says nothing, so read.
        age = now - known.read_at
        keys = known.keys if 0 <= age <= KEEP_AT_MOST_SECONDS else None
        if keys is not None and kid in keys and age < READ_AGAIN_SECONDS:
            return keys[kid]
        if keys is not None and kid not in keys and age < COOL_DOWN_SECONDS:
            return None
        try:
            keys = self._read(issuer, known, now)
        except UnavailableError:
            if keys is None or kid not in keys:
                raise
        return keys.get(kid)

    def _read(self, issuer: str, known: _Known, now: int) -> dict[str, ProviderKey]:
        if 0 <= now - known.failed_at < _TRY_AGAIN_SECONDS:
            raise UnavailableError(f"the issuer {issuer} did not answer a moment ago")
        try:
            # Asked each time where they are: an address that it left may have old ones, or another owner.
            keys = _usable(self._documents.key_set(self._documents.jwks_uri(issuer)))
        except UnavailableError as error:
            known.failed_at = now
            raise UnavailableError(f"the issuer {issuer}: {error}") from error
        known.keys, known.read_at = keys, now
        return keys


def _usable(key_set: dict[str, Any]) -> dict[str, ProviderKey]:
    keys = provider_keys(key_set)
    if not keys:
        raise UnavailableError("it has no key that may verify")
    return keys
