"""What ends a login at another issuer: logout tokens and two events of CAEP, for us, of whom we know."""

import hashlib
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rescind.reasons import Reason
from rescind.rules.access_tokens import InvalidTokenError
from rescind.rules.logout_tokens import (
    ENDED_FOR_SECONDS,
    EndedLogin,
    keys_of,
    verify_logout_token,
    verify_security_event,
)
from rescind.rules.subject_tokens import SubjectToken
from tests.fuzz.foreign_tokens import (
    API,
    CREDENTIAL_CHANGE,
    ID_TOKEN,
    LOGIN_ALONE,
    LOGOUT_TOKEN,
    OTHER_CLIENT,
    OTHER_ISSUER,
    SECURITY_EVENT,
    SESSION_REVOKED,
    TRUSTED,
    WHO,
    KnownKeys,
    ends_a_login,
    header,
    id_token,
    is_for_us,
    is_issued_within,
    logout_token,
    security_event,
    signed,
)
from tests.fuzz.forger import encoded
from tests.issuers import BACKCHANNEL_LOGOUT, CAEP, CLIENT, ISSUER, LOGIN, SUBJECT
from tests.rules.odd_members import (
    CLAIMS,
    HEADER,
    JSON_VALUES,
    a_few_of,
    changed,
    mostly_nothing,
    with_any_json,
)
from tests.things import NOW

LOGOUT_HEADER, EVENT_HEADER = header(typ="logout+jwt"), header(typ="secevent+jwt")
BOTH = {"format": "complex", "user": WHO, "session": {"format": "opaque", "id": LOGIN}}


def logout(token: str) -> EndedLogin:
    return verify_logout_token(token, issuers=TRUSTED, keys=KnownKeys(), now=NOW)


def event(token: str) -> EndedLogin | None:
    return verify_security_event(token, issuers=TRUSTED, keys=KnownKeys(), now=NOW)


def ended(subject: str | None = SUBJECT, login: str | None = LOGIN, issued_at: int = NOW - 100) -> EndedLogin:
    return EndedLogin(ISSUER, subject, login, issued_at)


# Logout tokens


@pytest.mark.parametrize(
    ("token", "login"),
    [
        pytest.param(logout_token(), ended(), id="of a user's login"),
        pytest.param(logout_token(sub=...), ended(subject=None), id="of a login"),
        pytest.param(logout_token(sid=...), ended(login=None), id="of a user"),
        pytest.param(logout_token(sid=None), ended(login=None), id="of a login that is null"),
        pytest.param(logout_token(iat=NOW - 600), ended(issued_at=NOW - 600), id="as old as may be"),
        pytest.param(logout_token(iat=NOW + 60), ended(issued_at=NOW + 60), id="60 s ahead"),
        pytest.param(logout_token(exp=NOW + 1), ended(), id="in its last second"),
        pytest.param(logout_token(nbf=NOW + 60), ended(), id="good in a minute by its clock"),
        pytest.param(logout_token(aud=["other", API]), ended(), id="for one of our audiences"),
        pytest.param(logout_token(jti="x" * 255), ended(), id="the longest jti"),
        pytest.param(logout_token(sub="x" * 255), ended(subject="x" * 255), id="the longest sub"),
        pytest.param(signed(LOGOUT_TOKEN, header(typ=...)), ended(), id="without a type"),
        pytest.param(signed(LOGOUT_TOKEN, header(typ="JWT")), ended(), id="of the type of any"),
        pytest.param(signed(LOGOUT_TOKEN, header(typ="application/Logout+JWT")), ended(), id="a media type"),
        pytest.param(
            logout_token(events={BACKCHANNEL_LOGOUT: {"x": 1}, "https://example.com/other": {}}),
            ended(),
            id="beside another event",
        ),
    ],
)
def test_a_logout_token_says_which_login_has_ended(token: str, login: EndedLogin) -> None:
    assert logout(token) == login


NO_LOGOUTS: dict[str, tuple[str, Reason]] = {
    **{
        name: (token, Reason.WRONG_CLAIMS)
        for name, token in {
            "an ID token": id_token(),
            "an ID token under its type": signed(ID_TOKEN, LOGOUT_HEADER),
            "an ID token's type": signed(LOGOUT_TOKEN, header(typ="at+jwt")),
            "a security event": security_event(),
            "a security event's type": signed(LOGOUT_TOKEN, EVENT_HEADER),
            "another event alone": logout_token(events={SESSION_REVOKED: {}}),
            "no events": logout_token(events={}),
            "events that are null": logout_token(events=None),
            "events that are a list": logout_token(events=[BACKCHANNEL_LOGOUT]),
            "events that are text": logout_token(events=BACKCHANNEL_LOGOUT),
            "an event that is null": logout_token(events={BACKCHANNEL_LOGOUT: None}),
            "an event that is true": logout_token(events={BACKCHANNEL_LOGOUT: True}),
            "an event that is a list": logout_token(events={BACKCHANNEL_LOGOUT: []}),
            "another event that is text": logout_token(events={BACKCHANNEL_LOGOUT: {}, "other": "x"}),
            "a nonce": logout_token(nonce="n-0S6_WzA2Mj"),
            "a nonce that is null": logout_token(nonce=None),
            "no jti": logout_token(jti=...),
            "jti null": logout_token(jti=None),
            "jti empty": logout_token(jti=""),
            "jti of 256 characters": logout_token(jti="x" * 256),
            "jti a number": logout_token(jti=1),
            "neither sub nor sid": logout_token(sub=..., sid=...),
            "both null": logout_token(sub=None, sid=None),
            "sub a list": logout_token(sub=[SUBJECT]),
            "sub with a lone surrogate": logout_token(sub="\ud800"),
            "sub empty": logout_token(sub=""),
            "sid a number": logout_token(sid=1),
            "sid empty": logout_token(sid=""),
            "sid of 256 characters": logout_token(sid="x" * 256),
            "no iat": logout_token(iat=...),
            "iat as text": logout_token(iat=str(NOW)),
            "no exp": logout_token(exp=...),
            "exp true": logout_token(exp=True),
            "exp as a float": logout_token(exp=NOW + 9.0),
            "nbf null": logout_token(nbf=None),
        }.items()
    },
    "another audience": (logout_token(aud="other"), Reason.WRONG_AUDIENCE),
    "another issuer's audience": (logout_token(aud=OTHER_CLIENT), Reason.WRONG_AUDIENCE),
    "no audience": (logout_token(aud=...), Reason.WRONG_AUDIENCE),
    "our client, and no audience": (logout_token(aud=..., client_id=CLIENT), Reason.WRONG_AUDIENCE),
    "an audience that is null": (logout_token(aud=None), Reason.WRONG_AUDIENCE),
    "expired this second": (logout_token(exp=NOW), Reason.EXPIRED),
    "601 s old": (logout_token(iat=NOW - 601), Reason.TOO_OLD),
    "61 s ahead": (logout_token(iat=NOW + 61), Reason.FROM_THE_FUTURE),
    "not before 61 s from now": (logout_token(nbf=NOW + 61), Reason.FROM_THE_FUTURE),
    "not trusted": (logout_token(iss="https://id.example.net"), Reason.UNKNOWN_ISSUER),
    "alg none": (signed(LOGOUT_TOKEN, header(alg="none")), Reason.BAD_SIGNATURE),
}


@pytest.mark.parametrize(
    ("token", "reason"), [pytest.param(*case, id=name) for name, case in NO_LOGOUTS.items()]
)
def test_a_logout_token_with_one_thing_wrong_ends_nothing(token: str, reason: Reason) -> None:
    with pytest.raises(InvalidTokenError) as refusal:
        logout(token)

    assert refusal.value.reason is reason


# Security events


def subject_of(**changes: Any) -> str:
    return security_event(sub_id={**WHO, **changes})


@pytest.mark.parametrize(
    ("token", "login"),
    [
        pytest.param(security_event(), ended(login=None), id="sessions of a user"),
        pytest.param(security_event(sub_id=BOTH), ended(), id="a user's login"),
        pytest.param(security_event(sub_id=LOGIN_ALONE), ended(subject=None), id="a login"),
        pytest.param(
            security_event(sub_id={**BOTH, "session": {"format": "other"}}),
            ended(login=None),
            id="a user, and a login that we cannot name",
        ),
        pytest.param(
            security_event(sub_id={**BOTH, "user": {"format": "email", "email": "ada@example.com"}}),
            ended(subject=None),
            id="a login, and a user that we cannot name",
        ),
        pytest.param(
            security_event(sub_id=..., events={SESSION_REVOKED: {"subject": WHO}}),
            ended(login=None),
            id="a user, as drafts had it",
        ),
        pytest.param(
            security_event(events={SESSION_REVOKED: {"subject": {**WHO, "sub": "other"}}}),
            ended(login=None),
            id="the standard's subject before the draft's",
        ),
        pytest.param(
            security_event(events={CREDENTIAL_CHANGE: {}}), ended(login=None), id="a user's credential"
        ),
        pytest.param(
            security_event(events={CREDENTIAL_CHANGE: {}}, sub_id=BOTH),
            ended(login=None),
            id="a credential, so every login",
        ),
        pytest.param(
            security_event(events={SESSION_REVOKED: {}, CREDENTIAL_CHANGE: {}}, sub_id=BOTH),
            ended(login=None),
            id="both, so every login",
        ),
        pytest.param(security_event(iat=NOW - 86_400), ended(login=None, issued_at=NOW - 86_400), id="a day"),
        pytest.param(security_event(iat=NOW + 60), ended(login=None, issued_at=NOW + 60), id="60 s ahead"),
        pytest.param(security_event(exp=1), ended(login=None), id="an expiry, which it should not have"),
        pytest.param(security_event(aud=["other", CLIENT]), ended(login=None), id="for one of our audiences"),
        pytest.param(
            signed(SECURITY_EVENT, header(typ="application/secevent+jwt")), ended(login=None), id="media type"
        ),
        pytest.param(subject_of(sub="x" * 255), ended("x" * 255, login=None), id="the longest sub"),
        pytest.param(subject_of(more=1), ended(login=None), id="a subject with more members"),
    ],
)
def test_a_security_event_says_which_login_has_ended(token: str, login: EndedLogin) -> None:
    assert event(token) == login


@pytest.mark.parametrize(
    "token",
    [
        pytest.param(security_event(events={f"{CAEP}device-compliance-change": {}}), id="another event"),
        pytest.param(security_event(events={}), id="none"),
        pytest.param(security_event(events={"other": {}}, sub_id=..., iat=..., jti=...), id="of nobody"),
    ],
)
def test_an_event_of_another_kind_is_for_us_and_ends_nothing(token: str) -> None:
    assert event(token) is None


NO_EVENTS: dict[str, tuple[str, Reason]] = {
    **{
        name: (token, Reason.WRONG_CLAIMS)
        for name, token in {
            "an ID token": id_token(),
            "an ID token under its type": signed(ID_TOKEN, EVENT_HEADER),
            "a logout token": logout_token(),
            "a logout token under its type": signed(LOGOUT_TOKEN, EVENT_HEADER),
            "a logout beside it": security_event(events={SESSION_REVOKED: {}, BACKCHANNEL_LOGOUT: {}}),
            "no type": signed(SECURITY_EVENT, header(typ=...)),
            "the type of any": signed(SECURITY_EVENT),
            "a logout token's type": signed(SECURITY_EVENT, LOGOUT_HEADER),
            "no events": security_event(events=...),
            "events that are a list": security_event(events=[SESSION_REVOKED]),
            "an event that is null": security_event(events={SESSION_REVOKED: None}),
            "no jti": security_event(jti=...),
            "jti a list": security_event(jti=["jti"]),
            "no iat": security_event(iat=...),
            "iat as a float": security_event(iat=NOW - 1.0),
            "nbf as text": security_event(nbf="0"),
            "nobody": security_event(sub_id=...),
            "nobody, by a subject that is null": security_event(sub_id=None),
            "nobody, by a subject that is text": security_event(sub_id=SUBJECT),
            "nobody, by a subject that is a list": security_event(sub_id=[WHO]),
            "a subject of the claims": security_event(sub_id=..., sub=SUBJECT, sid=LOGIN),
            "somebody by e-mail": security_event(sub_id={"format": "email", "email": "ada@example.com"}),
            "somebody by another format": subject_of(format="account"),
            "somebody without a format": subject_of(format=None),
            "another issuer's": subject_of(iss=OTHER_ISSUER),
            "nobody's": subject_of(iss=None),
            "a sub that is a number": subject_of(sub=1),
            "a sub that is empty": subject_of(sub=""),
            "a sub with a lone surrogate": subject_of(sub="\ud800"),
            "a sub of 256 characters": subject_of(sub="x" * 256),
            "a login that is no user": security_event(sub_id={"format": "opaque", "id": LOGIN}),
            "a complex of nothing": security_event(sub_id={"format": "complex"}),
            "a complex of text": security_event(
                sub_id={"format": "complex", "user": SUBJECT, "session": LOGIN}
            ),
            "a login that is empty": security_event(
                sub_id={"format": "complex", "session": {"format": "opaque", "id": ""}}
            ),
            "a login that is a number": security_event(
                sub_id={"format": "complex", "session": {"format": "opaque", "id": 1}}
            ),
            "a credential of a login alone": security_event(
                events={CREDENTIAL_CHANGE: {}}, sub_id=LOGIN_ALONE
            ),
        }.items()
    },
    "another audience": (security_event(aud="other"), Reason.WRONG_AUDIENCE),
    "no audience": (security_event(aud=...), Reason.WRONG_AUDIENCE),
    "our client, and no audience": (security_event(aud=..., client_id=CLIENT), Reason.WRONG_AUDIENCE),
    "another event for another audience": (
        security_event(aud="other", events={"other": {}}),
        Reason.WRONG_AUDIENCE,
    ),
    "a day and a second": (security_event(iat=NOW - 86_401), Reason.TOO_OLD),
    "61 s ahead": (security_event(iat=NOW + 61), Reason.FROM_THE_FUTURE),
    "not before 61 s from now": (security_event(nbf=NOW + 61), Reason.FROM_THE_FUTURE),
    "not trusted": (security_event(iss="https://id.example.net"), Reason.UNKNOWN_ISSUER),
    "alg none": (signed(SECURITY_EVENT, {**EVENT_HEADER, "alg": "none"}), Reason.BAD_SIGNATURE),
}


@pytest.mark.parametrize(
    ("token", "reason"), [pytest.param(*case, id=name) for name, case in NO_EVENTS.items()]
)
def test_a_security_event_with_one_thing_wrong_ends_nothing(token: str, reason: Reason) -> None:
    with pytest.raises(InvalidTokenError) as refusal:
        event(token)

    assert refusal.value.reason is reason


# Rows


def token_of(login: str | None, subject: str = SUBJECT, issuer: str = ISSUER) -> SubjectToken:
    return SubjectToken(TRUSTED[issuer], subject, login, NOW, "digest", {})


def stops(login: EndedLogin, token: SubjectToken) -> bool:
    return not {*login.keys}.isdisjoint(keys_of(token))


@pytest.mark.parametrize(
    ("login", "stopped"),
    [
        # Of this login, of another one, of none, of another user
        pytest.param(ended(), [True, False, True, False], id="a user's login"),
        pytest.param(ended(subject=None), [True, False, False, False], id="a login"),
        pytest.param(ended(login=None), [True, True, True, False], id="a user"),
    ],
)
def test_a_logout_stops_the_tokens_that_may_come_of_what_has_ended(
    login: EndedLogin, stopped: list[bool]
) -> None:
    tokens = [token_of(LOGIN), token_of("another"), token_of(None), token_of("another", "other")]

    assert [stops(login, token) for token in tokens] == stopped
    assert not any(stops(login, token_of(each, issuer=OTHER_ISSUER)) for each in (LOGIN, None))


def test_a_login_and_a_user_of_one_name_are_two_things() -> None:
    assert not stops(ended(subject=None, login="name"), token_of("another", "name"))
    assert not stops(ended(subject=None, login="name"), token_of(None, "name"))
    assert not stops(ended(subject="name", login=None), token_of("name", "other"))
    assert not stops(ended(subject="name", login="another"), token_of("name", "other"))


def test_a_row_is_of_a_form_that_is_out_there_already() -> None:
    def row(kind: str, name: str) -> str:
        text = f"{ISSUER}\0{kind}\0{name}"
        return f"login_{encoded(hashlib.sha256(text.encode()).digest())}"

    assert ended().keys == [row("login", LOGIN), row("no login", SUBJECT)]
    assert ended(subject=None).keys == [row("login", LOGIN)]
    assert ended(login=None).keys == [row("user", SUBJECT)]
    assert keys_of(token_of(LOGIN)) == (row("login", LOGIN), row("user", SUBJECT))
    assert keys_of(token_of(None)) == (row("no login", SUBJECT), row("user", SUBJECT))


def test_an_ended_login_is_remembered_as_long_as_a_token_of_before_could_open_a_session() -> None:
    """600 s by the issuer's clock, which may be 60 s ahead, as ours may be 60 s behind."""
    assert ENDED_FOR_SECONDS >= 600 + 2 * 60
    assert ENDED_FOR_SECONDS == 780


# The whole rule

EVENTS = st.dictionaries(
    st.sampled_from([BACKCHANNEL_LOGOUT, SESSION_REVOKED, CREDENTIAL_CHANGE, "other"]),
    st.sampled_from([{}, {}, {}, {"subject": WHO}, None, "x"]),
    max_size=2,
)
SUBJECTS = st.sampled_from(
    [WHO, BOTH, LOGIN_ALONE, {**WHO, "iss": OTHER_ISSUER}, {**WHO, "sub": ""}, {"format": "email"}, SUBJECT]
)


@settings(deadline=None, max_examples=250)
@given(
    head=mostly_nothing(HEADER),
    changes=a_few_of({**CLAIMS, "events": EVENTS, "nonce": st.just("nonce")}),
)
def test_a_login_ends_by_what_the_rule_says_and_by_nothing_else(
    head: dict[str, Any], changes: dict[str, Any]
) -> None:
    whole_header, claims = changed(LOGOUT_HEADER, head), changed(LOGOUT_TOKEN, changes)

    try:
        login = logout(signed(claims, whole_header))
    except InvalidTokenError:
        login = None

    expected = EndedLogin(ISSUER, claims.get("sub"), claims.get("sid"), claims.get("iat", 0))
    assert login == (expected if ends_a_login(whole_header, claims) else None)


@settings(deadline=None, max_examples=250)
@given(
    head=mostly_nothing(HEADER),
    changes=a_few_of({**CLAIMS, "events": EVENTS, "sub_id": SUBJECTS}),
)
def test_an_event_ends_what_the_rule_says_and_nothing_else(
    head: dict[str, Any], changes: dict[str, Any]
) -> None:
    whole_header, claims = changed(EVENT_HEADER, head), changed(SECURITY_EVENT, changes)

    try:
        login = event(signed(claims, whole_header))
    except InvalidTokenError:
        login, refused = None, True
    else:
        refused = False

    if not is_for_us(whole_header, claims):
        assert refused
    elif not {SESSION_REVOKED, CREDENTIAL_CHANGE} & claims["events"].keys():
        assert (login, refused) == (None, False)
    else:
        expected = _whose(claims) if is_issued_within(claims, 86_400) and _has_jti(claims) else None
        assert login == expected
        assert refused == (expected is None)


def _has_jti(claims: dict[str, Any]) -> bool:
    jti = claims.get("jti")
    return isinstance(jti, str) and 0 < len(jti) < 256 and jti.isascii() and jti.isprintable()


def _whose(claims: dict[str, Any]) -> EndedLogin | None:
    """As the subjects above are meant."""
    changed_credential = claims["events"].get(CREDENTIAL_CHANGE)
    told = changed_credential if changed_credential is not None else claims["events"][SESSION_REVOKED]
    who = claims["sub_id"] if "sub_id" in claims else told.get("subject")
    if who == LOGIN_ALONE:
        return None if changed_credential is not None else ended(None, LOGIN, claims["iat"])
    if who in [WHO, BOTH]:
        login = LOGIN if who == BOTH and changed_credential is None else None
        return ended(SUBJECT, login, claims["iat"])
    return None


@settings(deadline=None, max_examples=100)
@given(
    head=st.dictionaries(st.sampled_from([*LOGOUT_HEADER, "crit", "b64"]), JSON_VALUES) | JSON_VALUES,
    payload=st.dictionaries(st.sampled_from([*CLAIMS, "events", "sub_id"]), JSON_VALUES) | JSON_VALUES,
    inner=st.dictionaries(st.sampled_from(["format", "user", "session", "id", "sub", "iss"]), JSON_VALUES),
)
def test_whatever_json_is_signed_there_is_an_answer(head: object, payload: object, inner: object) -> None:
    tokens = {
        verify: signed(json.dumps(with_any_json(claims, payload)), json.dumps(with_any_json(usual, head)))
        for verify, claims, usual in (
            (logout, LOGOUT_TOKEN, LOGOUT_HEADER),
            (event, {**SECURITY_EVENT, "sub_id": inner}, EVENT_HEADER),
        )
    }

    for verify, token in tokens.items():
        try:
            login = verify(token)
        except InvalidTokenError:
            continue
        assert login is None or login.issuer == ISSUER
