"""Whether the issuers that a stack trusts publish what its exchange needs: their name, and keys."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rescind_cli.checks.findings import Finding, fault, not_checked, ok

_KINDS = {"RSA", "EC", "OKP"}
_COPY_ISS = "Its name in TrustedIssuers must be the iss of its tokens, to the letter."


@dataclass(frozen=True, slots=True)
class Published:
    """What came of asking one for its discovery document, and for the keys that this names."""

    document: Mapping[str, Any] | None = None
    key_set: Mapping[str, Any] | None = None
    failure: str = ""
    """What went wrong, if something did."""
    is_answer: bool = False
    """Whether that was the issuer's answer; else this machine did not get one, and the functions may."""


def names_of(setting: str) -> list[str]:
    """The issuers of TRUSTED_ISSUERS: the first word of each entry."""
    return [words[0] for entry in setting.split(";") if (words := entry.split())]


def issuer(name: str, published: Published) -> Finding:
    title = f"issuer {name}"
    document, key_set = published.document, published.key_set
    if document is not None and document.get("issuer") != name:
        return fault(title, f"it calls itself {document.get('issuer')}", _COPY_ISS)
    if document is not None and not isinstance(document.get("jwks_uri"), str):
        return fault(title, "its discovery document has no jwks_uri", "Is it an OpenID provider?")
    if published.failure and published.is_answer:
        return fault(title, published.failure, _COPY_ISS)
    if document is None or key_set is None:
        return not_checked(
            title, f"no answer here: {published.failure}", "The functions ask it by themselves."
        )
    keys = key_set.get("keys")
    usable = _usable(keys if isinstance(keys, list) else [])
    if not usable:
        return fault(
            title,
            "it publishes no key that could verify a token",
            "Have it sign with RSA, EC or Ed25519, and name its keys (kid).",
        )
    return ok(title, f"{usable} of its keys may verify, as seen from this machine")


def _usable(keys: Sequence[Any]) -> int:
    """Roughly: what a key is made of, only the functions look at."""
    named = [key for key in keys if isinstance(key, dict) and isinstance(key.get("kid"), str)]
    names = Counter(key["kid"] for key in named)
    return sum(
        names[key["kid"]] == 1 and key.get("kty") in _KINDS and key.get("use", "sig") == "sig"
        for key in named
    )
