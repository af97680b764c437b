"""The fuzzing is worth its time: it gets past the signatures, and finds each check that is taken out."""

import hmac
import re
from random import Random
from typing import Any
from unittest.mock import ANY

import pytest
from cryptography.exceptions import InvalidSignature

from rescind.rules import access_tokens, issuer_tokens, refresh_tokens, subject_tokens
from rescind.rules.provider_keys import ProviderKey
from rescind.web import requests
from tests.fuzz.targets import TARGETS, Target

ROUNDS = 20_000  # What is planted is found in a few dozen to a few hundred of them.


def fuzz(target: Target, rounds: int) -> dict[bool, int]:
    """How many inputs were accepted and refused; raises what the target raises."""
    random = Random(20_261_123)  # noqa: S311 - the same inputs every time
    count = {True: 0, False: 0}
    for _ in range(rounds):
        data = random.choice(target.seeds)
        for _ in range(random.choice([1, 1, 1, 2, 3])):
            data = target.mutated(data, random)
        count[target.run(data)] += 1
    return count


@pytest.mark.parametrize("name", TARGETS)
def test_every_seed_is_accepted(name: str) -> None:
    assert all(TARGETS[name].run(seed) for seed in TARGETS[name].seeds)


@pytest.mark.parametrize("name", TARGETS)
def test_what_is_nearly_right_is_refused_or_right(name: str) -> None:
    count = fuzz(TARGETS[name], rounds=1000)

    assert min(count.values()) > 10


def anything(*_: object, **__: object) -> bool:
    return True


class _Everything:
    def __contains__(self, _: object) -> bool:
        return True


ANY_TYPE = _Everything()
LOOSE_TOKEN = re.compile(r"(([\w-]+)\.([\w-]+))\.([\w-]{86})", re.ASCII)
LOOSE_REFRESH_TOKEN = re.compile(
    r"r1\.(?P<key_id>mac_[\w-]*)\.(?P<user_id>\w*)\.(?P<session_id>\w*)\.(?P<counter>[0-9]+)\.(?P<mac>[\w-]*)",
    re.ASCII,
)
LOOSE_BEARER = re.compile(r"\w* *(.*?),?\s*")


@pytest.mark.parametrize(
    ("target", "module", "name", "planted"),
    [
        pytest.param("access_token", access_tokens, "_MAX_LENGTH", 100_000, id="8-kB"),
        pytest.param("access_token", access_tokens, "_FORM", LOOSE_TOKEN, id="spelling-of-the-signature"),
        pytest.param("access_token", access_tokens, "_header", lambda _: ANY, id="header-compared"),
        pytest.param("access_token", access_tokens, "_P256_ORDER", 2**257, id="low-s"),
        pytest.param("access_token", access_tokens, "_is_signed", anything, id="signature"),
        pytest.param("access_token", access_tokens, "_payload", lambda _: ANY, id="payload-compared"),
        pytest.param("access_token", access_tokens, "is_user_id", anything, id="sub"),
        pytest.param("access_token", access_tokens, "is_session_id", anything, id="sid"),
        pytest.param("access_token", access_tokens, "is_token_id", anything, id="jti"),
        pytest.param("access_token", access_tokens, "ACCESS_TOKEN_CEILING_SECONDS", 3601, id="lifetime"),
        pytest.param("access_token", access_tokens, "_IAT_AHEAD_SECONDS", 61, id="iat-ahead"),
        pytest.param("refresh_token", hmac, "compare_digest", anything, id="mac"),
        pytest.param("refresh_token", refresh_tokens, "_FORM", LOOSE_REFRESH_TOKEN, id="refresh-token"),
        pytest.param("subject_token", issuer_tokens, "_LONGEST", 100_000, id="issuers-8-kB"),
        pytest.param("subject_token", issuer_tokens, "_unique", dict, id="issuers-names-that-come-twice"),
        pytest.param("subject_token", issuer_tokens, "_no_constant", float, id="issuers-NaN"),
        pytest.param("subject_token", issuer_tokens, "identifier_text", str, id="issuers-sub"),
        pytest.param("subject_token", issuer_tokens, "AHEAD_SECONDS", 61, id="issuers-iat-ahead"),
        pytest.param("subject_token", issuer_tokens, "digest_of", str.lower, id="digest-of-a-token"),
        pytest.param("subject_token", ProviderKey, "verifies", anything, id="issuers-signature"),
        pytest.param("subject_token", subject_tokens, "LONGEST_AGE_SECONDS", 100_000, id="issuers-age"),
        pytest.param("subject_token", subject_tokens, "_TYPES", ANY_TYPE, id="issuers-typ"),
        pytest.param("subject_token", subject_tokens, "_check_kind", anything, id="token_use"),
        pytest.param("subject_token", subject_tokens, "_check_audience", anything, id="issuers-aud"),
        pytest.param("bearer_header", requests, "_BEARER", LOOSE_BEARER, id="bearer"),
        pytest.param("body", requests, "_no_constant", float, id="NaN"),
        pytest.param("body", requests, "MAX_BODY_BYTES", 20_000, id="body-of-8-KiB"),
    ],
)
def test_a_check_that_is_taken_out_is_found(
    monkeypatch: pytest.MonkeyPatch, target: str, module: Any, name: str, planted: object
) -> None:
    monkeypatch.setattr(module, name, planted)

    with pytest.raises((AssertionError, InvalidSignature)):
        fuzz(TARGETS[target], rounds=ROUNDS)
