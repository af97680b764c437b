"""Exchanges of another issuer's tokens, what ends their user here or there, and the world of both."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from rescind.flows import accounts
from rescind.flows.backchannel import end_login
from rescind.flows.exchange import exchange, identify
from rescind.flows.issue import Refused
from rescind.issuer_keys import IssuerKeyring
from rescind.model import Credential
from rescind.rules.issuer_tokens import IssuerKeys
from rescind.rules.logout_tokens import EndedLogin, keys_of, verify_logout_token
from rescind.rules.passwords import NO_PASSWORD
from rescind.rules.subject_tokens import SubjectToken, SubjectTokenType, verify_subject_token
from rescind.rules.trusted_issuers import TrustedIssuer, external_username, trusted_issuers
from tests import fakes
from tests.interleavings.operations import (
    CLIENT,
    DISABLE,
    EVERYWHERE_BEARER,
    GRANT,
    REFRESH,
    REFRESH_TWICE,
    REVOKE,
    Operation,
    ids_of,
)
from tests.interleavings.world import OTHER, OWN, World, populated
from tests.issuers import CLIENT as AUDIENCE
from tests.issuers import ISSUER, LOGIN, SUBJECT, Issuer
from tests.things import NOW, USER_ID

ISSUED_AT = NOW - 60
"""Of each token: longer ago than clocks differ."""
OTHER_LOGIN = "another login"
NEW_SUBJECT = "somebody new"
REPORTS = "reports"
_ISSUER, _ISSUERS = Issuer(), trusted_issuers(f"{ISSUER} {AUDIENCE} groups=readers->{REPORTS}")
_KEYS = IssuerKeyring(_ISSUER)


def subject_token(number: int, **claims: Any) -> str:
    return _ISSUER.id_token(now=ISSUED_AT, jti=f"token-{number}", **claims)


FIRST, SECOND, OF_OTHER_LOGIN = subject_token(1), subject_token(2), subject_token(3, sid=OTHER_LOGIN)
OF_NO_LOGIN, THAT_GRANTS = subject_token(4, sid=None), subject_token(5, groups=["readers"])
OF_NEW, OF_NEW_TOO = (subject_token(each, sub=NEW_SUBJECT, sid="their login") for each in (6, 7))


@dataclass(frozen=True, slots=True)
class Exchange(Operation):
    token: str = ""


@dataclass(frozen=True, slots=True)
class IssuerLogout(Operation):
    ends_tokens: frozenset[str] = frozenset()
    """What these open is to be dead."""


@cache
def verified(text: str) -> SubjectToken:
    """Verified once: there are tens of thousands of runs, and few tokens."""
    kind = SubjectTokenType.JWT
    return verify_subject_token(text, token_type=kind, issuers=_ISSUERS, keys=_KEYS, now=NOW)


@cache
def _verified_logout(text: str) -> EndedLogin:
    return verify_logout_token(text, issuers=_ISSUERS, keys=_KEYS, now=NOW)


def verify_subject_token_once(text: str, **_: Any) -> SubjectToken:
    return verified(text)


def _verify_logout_once(
    text: str, *, issuers: Mapping[str, TrustedIssuer], keys: IssuerKeys, now: int
) -> EndedLogin:
    del issuers, keys, now
    return _verified_logout(text)


def exchanging(name: str, token: str) -> Exchange:
    def request(world: World) -> Any:
        stores = world.stores
        identified = identify(
            token,
            token_type=SubjectTokenType.JWT,
            issuers=_ISSUERS,
            provision=True,
            issuer_keys=_KEYS,
            credentials=stores.credentials,
            users=stores.users,
            accounts=stores.accounts,
            logins=stores.logins,
            user_id=f"usr_{world.letter * 21}A",
            now=world.now,
        )
        if isinstance(identified, Refused):
            return identified
        return exchange(
            identified,
            logins=stores.logins,
            sessions=stores.sessions,
            keys=world.keys,
            settings=world.settings,
            client=CLIENT,
            ids=ids_of(world),
            now_ms=world.now * 1000,
        )

    return Exchange(name, request, token=token)


def logging_out_there(name: str, *ends_tokens: str, ends_all: bool = False, **claims: Any) -> IssuerLogout:
    text = _ISSUER.logout_token(now=NOW - 5, **claims)

    def request(world: World) -> Any:
        return end_login(
            text,
            verify=_verify_logout_once,
            issuers=_ISSUERS,
            issuer_keys=_KEYS,
            logins=world.stores.logins,
            sessions=world.stores.sessions,
            now=world.now,
        )

    return IssuerLogout(name, request, ends=OWN, ends_all=ends_all, ends_tokens=frozenset(ends_tokens))


EXCHANGE = exchanging("exchange", FIRST)
EXCHANGE_SECOND = exchanging("exchange-of-the-same-login", SECOND)
EXCHANGE_OTHER = exchanging("exchange-of-another-login", OF_OTHER_LOGIN)
EXCHANGE_OF_NO_LOGIN = exchanging("exchange-of-no-login", OF_NO_LOGIN)
EXCHANGE_THAT_GRANTS = exchanging("exchange-that-grants", THAT_GRANTS)
EXCHANGE_OF_NEW = exchanging("exchange-of-somebody-new", OF_NEW)
EXCHANGE_OF_NEW_TOO = exchanging("another-exchange-of-them", OF_NEW_TOO)
LOGOUT_OF_LOGIN = logging_out_there("logout-there", FIRST, SECOND, THAT_GRANTS, OF_NO_LOGIN)
LOGOUT_OF_USER = logging_out_there("logout-there-of-the-user", ends_all=True, sid=None)
DELETE = Operation(
    "delete",
    lambda world: accounts.delete_user(
        USER_ID, users=world.stores.users, accounts=world.stores.accounts, now=world.now
    ),
    ends_all=True,
)

EXCHANGES = (
    EXCHANGE,
    EXCHANGE_SECOND,
    EXCHANGE_OTHER,
    EXCHANGE_OF_NO_LOGIN,
    EXCHANGE_THAT_GRANTS,
    EXCHANGE_OF_NEW,
)
ENDINGS = (LOGOUT_OF_LOGIN, LOGOUT_OF_USER, DISABLE, REVOKE, DELETE, EVERYWHERE_BEARER)
PAIRS = [
    *((each, ending) for each in EXCHANGES for ending in ENDINGS),
    *((EXCHANGE, each) for each in EXCHANGES),
    (EXCHANGE_OF_NEW, EXCHANGE_OF_NEW_TOO),
    (EXCHANGE_THAT_GRANTS, GRANT),
    (EXCHANGE, REFRESH),
    *((ending, each) for ending in (LOGOUT_OF_LOGIN, LOGOUT_OF_USER) for each in (REFRESH, REFRESH_TWICE)),
    (LOGOUT_OF_LOGIN, LOGOUT_OF_LOGIN),
    (LOGOUT_OF_LOGIN, LOGOUT_OF_USER),
]


def of_another_issuer(*sessions: str) -> fakes.FakeTables:
    """The user logs in there; one session came of each of two logins."""
    tables = populated(*sessions)
    user = tables.users[USER_ID]
    username = external_username(ISSUER, SUBJECT)
    tables.users[USER_ID] = replace(user, username=username)
    tables.credentials = {username: Credential(username, USER_ID, NO_PASSWORD, user.password_version)}
    for session, login in ((OWN, LOGIN), (OTHER, OTHER_LOGIN)):
        for key in keys_of(replace(verified(FIRST), login=login)):
            tables.opened_by.setdefault(key, []).append((ISSUED_AT, (USER_ID, session)))
    return tables
