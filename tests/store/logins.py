"""A token of another issuer, as the stores are given one once it has been verified."""

from dataclasses import replace
from typing import Any

from rescind.rules.subject_tokens import SubjectToken
from rescind.rules.trusted_issuers import TrustedIssuer
from tests.things import NOW

ISSUER = TrustedIssuer("https://id.example.com", frozenset({"client"}))


def a_subject_token(**changes: Any) -> SubjectToken:
    token = SubjectToken(ISSUER, "sub-1", "login-1", issued_at=NOW - 60, digest="d" * 43, claims={})
    return replace(token, **changes)
