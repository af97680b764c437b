"""Makes runs cheap: there are tens of thousands, and the same few tokens and passwords in all of them."""

from collections import Counter
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import pytest

from rescind.rules import access_tokens, refresh_tokens
from rescind.rules.access_tokens import AccessTokenClaims
from rescind.rules.hash_parameters import HashParameters
from rescind.rules.passwords import WrongPasswordError
from tests.fakes import FakeKeyring
from tests.interleavings import schedules
from tests.interleavings.oracle import judge
from tests.interleavings.scenario import Scenario
from tests.interleavings.schedules import Explored
from tests.things import SETTINGS

_PUBLIC_KEYS = FakeKeyring().verification_keys(now=0)


@pytest.fixture(autouse=True)
def cheap_cryptography(monkeypatch: pytest.MonkeyPatch) -> None:
    """A hash is the password itself here, and what was signed or verified once is remembered."""
    for flow in ("login", "password"):
        monkeypatch.setattr(f"rescind.flows.{flow}.verify_password", verify_password)
        monkeypatch.setattr(f"rescind.flows.{flow}.hash_password", lambda password, **_: password)
    monkeypatch.setattr("rescind.flows.reset.hash_password", lambda password, **_: password)
    monkeypatch.setattr("rescind.flows.login.needs_rehash", needs_rehash)
    for kind, rules in (("access", access_tokens), ("refresh", refresh_tokens)):
        sign = f"sign_{kind}_token"
        monkeypatch.setattr(f"rescind.flows.issue.{sign}", cache(getattr(rules, sign)))
    verify = cache(refresh_tokens.verify_refresh_token)
    monkeypatch.setattr("rescind.flows.authenticate.verify_refresh_token", verify)
    monkeypatch.setattr("rescind.flows.authenticate.verify_access_token", verify_access_token)


def verify_password(password: str, *, password_hash: str | None, parameters: HashParameters) -> None:
    del parameters
    if password != password_hash:
        raise WrongPasswordError


def needs_rehash(password_hash: str, *, parameters: HashParameters) -> bool:
    """Who asks for other parameters than the tests' has the password hashed anew, every time."""
    del password_hash
    return parameters != SETTINGS.hash_parameters


def verify_access_token(token: str, *, keys: Mapping[str, Any], **expected: Any) -> AccessTokenClaims:
    assert keys.keys() == _PUBLIC_KEYS.keys()
    return _verified(token, **expected)


@cache
def _verified(token: str, **expected: Any) -> AccessTokenClaims:
    return access_tokens.verify_access_token(token, keys=_PUBLIC_KEYS, **expected)


@pytest.fixture
def explore(record_property: Callable[[str, object], None]) -> Callable[[Scenario], Explored]:
    """Explores a scenario, and fails at the first end that anything is wrong with."""

    def explore_and_check(scenario: Scenario) -> Explored:
        explored = schedules.explore(scenario, judge)
        record_property("schedules", explored.schedules)
        record_property("runs", explored.runs)
        for end in explored.ends:
            assert not end.complaints, f"{end.complaints} after {end.steps}: {end.answers}"
        return explored

    return explore_and_check


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say how much was tried; with -v, by each test."""
    tried: Counter[str] = Counter()
    for report in terminalreporter.stats.get("passed", []):
        of_this: Counter[str] = Counter()
        for name, count in report.user_properties:
            of_this[name] += count if name in ("schedules", "runs") else 0
        if terminalreporter.verbosity > 0 and of_this["schedules"]:
            terminalreporter.write_line(f"{of_this['schedules']:>9} {report.nodeid.rpartition('::')[2]}")
        tried += of_this
    if tried["schedules"]:
        terminalreporter.write_line(f"{tried['schedules']} schedules of store calls, in {tried['runs']} runs")
