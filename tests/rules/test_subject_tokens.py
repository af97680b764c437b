"""A subject token opens a session where it is fresh, for us, of a user, and of the kind it is said to be."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rescind.reasons import Reason
from rescind.rules.access_tokens import InvalidTokenError
from rescind.rules.subject_tokens import SubjectToken, SubjectTokenType, verify_subject_token
from tests.fuzz.foreign_tokens import (
    API,
    ID_TOKEN,
    LOGOUT_TOKEN,
    OTHER_CLIENT,
    SECURITY_EVENT,
    TRUSTED,
    KnownKeys,
    digest,
    header,
    id_token,
    logout_token,
    opens_a_session,
    security_event,
    signed,
)
from tests.fuzz.forger import high_s_twin
from tests.issuers import BACKCHANNEL_LOGOUT, CLIENT, ISSUER, LOGIN, SUBJECT
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

ID, ACCESS, JWT = SubjectTokenType.ID_TOKEN, SubjectTokenType.ACCESS_TOKEN, SubjectTokenType.JWT
EVERY_TYPE = {ID, ACCESS, JWT}


def verified(token: str, token_type: SubjectTokenType = JWT) -> SubjectToken:
    return verify_subject_token(token, token_type=token_type, issuers=TRUSTED, keys=KnownKeys(), now=NOW)


def types_of(token: str) -> set[SubjectTokenType]:
    """As what it opens a session."""
    accepted = set()
    for token_type in SubjectTokenType:
        try:
            verified(token, token_type)
        except InvalidTokenError as refusal:
            assert refusal.reason is Reason.WRONG_CLAIMS  # noqa: PT017 - one that is of another kind
        else:
            accepted.add(token_type)
    return accepted


def test_a_good_token_says_whose_it_is() -> None:
    token = verified(id_token())

    assert token == SubjectToken(
        issuer=TRUSTED[ISSUER],
        subject=SUBJECT,
        login=LOGIN,
        issued_at=NOW - 100,
        digest=digest(id_token()),
        claims=ID_TOKEN,
    )
    assert token.remembered_until == NOW - 100 + 780


def test_the_names_of_the_types_are_those_of_rfc_8693() -> None:
    assert {str(each) for each in SubjectTokenType} == {
        f"urn:ietf:params:oauth:token-type:{kind}" for kind in ("id_token", "access_token", "jwt")
    }


def test_what_a_token_says_of_its_user_is_not_printed() -> None:
    assert "private@example.com" not in repr(verified(id_token(email="private@example.com")))


# Real providers' tokens, by their documentation


COGNITO = {"iss": ISSUER, "sub": "aaaaaaaa-bbbb-cccc-dddd-example", "iat": NOW - 5, "exp": NOW + 3595}
COGNITO_ID = {
    **COGNITO,
    "aud": CLIENT,
    "token_use": "id",
    "auth_time": NOW - 5,
    "event_id": "64f513be-32db-42b0-b78e-b02127b4f463",
    "origin_jti": "login-of-cognito",
    "jti": "9d9d9d9d",
    "cognito:groups": ["admins"],
    "cognito:username": "ada",
    "email_verified": True,
    "email": "ada@example.com",
}
COGNITO_ACCESS = {
    **COGNITO,
    "client_id": CLIENT,
    "token_use": "access",
    "scope": "openid profile",
    "auth_time": NOW - 5,
    "origin_jti": "login-of-cognito",
    "jti": "9e9e9e9e",
    "version": 2,
    "username": "ada",
}
COGNITO_HEADER = header(typ=...)
RFC_9068 = {
    **{name: ID_TOKEN[name] for name in ("iss", "sub", "iat", "exp")},
    "aud": API,
    "client_id": "s6BhdRkqt3",
    "jti": "dbe39bf3a3ba4238a513f51d6e1691c4",
    "scope": "openid profile reademail",
}
AUTH0 = {
    **{name: ID_TOKEN[name] for name in ("iss", "iat", "exp")},
    "sub": "auth0|6553da60a54af58e29493993",
    "aud": [API, "https://example.eu.auth0.com/userinfo"],
    "azp": CLIENT,
    "scope": "openid profile",
}
GOOGLE = {
    **ID_TOKEN,
    "azp": CLIENT,
    "sub": "10769150350006150715113082367",
    "at_hash": "HK6E_P6Dh8Y93mRNtsDB1Q",
}
KEYCLOAK = {**ID_TOKEN, "azp": CLIENT, "typ": "ID", "acr": "1", "session_state": LOGIN}


@pytest.mark.parametrize(
    ("token", "types"),
    [
        pytest.param(signed(COGNITO_ID, COGNITO_HEADER), {ID, JWT}, id="Cognito's ID token"),
        pytest.param(signed(COGNITO_ACCESS, COGNITO_HEADER), {ACCESS, JWT}, id="Cognito's access token"),
        pytest.param(signed(RFC_9068, header(typ="at+jwt")), {ACCESS, JWT}, id="RFC 9068's access token"),
        pytest.param(
            signed(RFC_9068, header(typ="application/at+jwt")), {ACCESS, JWT}, id="its type as a media type"
        ),
        pytest.param(signed(AUTH0), EVERY_TYPE, id="Auth0's access token"),
        pytest.param(signed(GOOGLE), EVERY_TYPE, id="Google's ID token"),
        pytest.param(signed(KEYCLOAK), EVERY_TYPE, id="Keycloak's ID token"),
        pytest.param(signed(ID_TOKEN, header(typ=...)), EVERY_TYPE, id="a token that does not tell"),
        pytest.param(id_token(token_use=None), EVERY_TYPE, id="a token_use that is null"),
        pytest.param(id_token(token_use="id"), {ID, JWT}, id="token_use id"),
        pytest.param(id_token(token_use="access"), {ACCESS, JWT}, id="token_use access"),
        pytest.param(
            signed({**ID_TOKEN, "token_use": "id"}, header(typ="at+jwt")),
            {ID, JWT},
            id="token_use before the type",
        ),
        pytest.param(id_token(token_use="refresh"), set(), id="another token_use"),
        pytest.param(id_token(token_use=""), set(), id="an empty token_use"),
        pytest.param(id_token(token_use="ID"), set(), id="a token_use in capitals"),
        pytest.param(id_token(token_use=["id"]), set(), id="a token_use that is a list"),
        pytest.param(id_token(token_use={}), set(), id="a token_use that is an object"),
        pytest.param(id_token(token_use=True), set(), id="a token_use that is true"),
    ],
)
def test_a_token_is_taken_for_what_it_is(token: str, types: set[SubjectTokenType]) -> None:
    assert types_of(token) == types


MACHINES: dict[str, str] = {
    "RFC 9068's": signed({**RFC_9068, "sub": RFC_9068["client_id"]}, header(typ="at+jwt")),
    "Cognito's": signed({**COGNITO_ACCESS, "sub": CLIENT}, COGNITO_HEADER),
    "Auth0's": signed({**AUTH0, "sub": f"{CLIENT}@clients", "gty": "client-credentials"}),
    "Auth0's, of its other profile": signed({**RFC_9068, "sub": f"{RFC_9068['client_id']}@clients"}),
    "Auth0's, by its grant alone": id_token(gty="client-credentials"),
    "Entra's": id_token(idtyp="app"),
    "Okta's": id_token(sub="0oa1", cid="0oa1"),
    "of a client with Auth0's ending": id_token(sub="x@clients", client_id="x@clients"),
    "by azp": id_token(sub=CLIENT, azp=CLIENT),
    "by its audience": id_token(sub=CLIENT),
    "Auth0's, by its audience": id_token(sub=f"{CLIENT}@clients"),
}

REFUSED: dict[str, tuple[str, Reason]] = {
    # What it is
    **{f"a machine's token: {name}": (token, Reason.WRONG_CLAIMS) for name, token in MACHINES.items()},
    "a logout token": (logout_token(), Reason.WRONG_CLAIMS),
    "a logout token without a type": (signed(LOGOUT_TOKEN, header(typ=...)), Reason.WRONG_CLAIMS),
    "a logout token's type": (signed(ID_TOKEN, header(typ="logout+jwt")), Reason.WRONG_CLAIMS),
    "a security event": (security_event(), Reason.WRONG_CLAIMS),
    "a security event with an expiry and a sub": (
        signed({**SECURITY_EVENT, "sub": SUBJECT, "exp": NOW + 9}),
        Reason.WRONG_CLAIMS,
    ),
    "events": (id_token(events={BACKCHANNEL_LOGOUT: {}}), Reason.WRONG_CLAIMS),
    "no events": (id_token(events={}), Reason.WRONG_CLAIMS),
    "events that are null": (id_token(events=None), Reason.WRONG_CLAIMS),
    "a proof of possession": (signed(ID_TOKEN, header(typ="dpop+jwt")), Reason.WRONG_CLAIMS),
    "a client's own assertion": (
        signed(ID_TOKEN, header(typ="client-authentication+jwt")),
        Reason.WRONG_CLAIMS,
    ),
    "an answer of introspection": (
        signed(ID_TOKEN, header(typ="token-introspection+jwt")),
        Reason.WRONG_CLAIMS,
    ),
    "what is bound to a key": (id_token(cnf={"jkt": "thumbprint"}), Reason.WRONG_CLAIMS),
    "what is bound to nothing": (id_token(cnf=None), Reason.WRONG_CLAIMS),
    "a type that is unknown": (signed(ID_TOKEN, header(typ="jws")), Reason.WRONG_CLAIMS),
    # For whom
    "another audience": (id_token(aud="other"), Reason.WRONG_AUDIENCE),
    "another issuer's audience": (id_token(aud=OTHER_CLIENT), Reason.WRONG_AUDIENCE),
    "its audience in capitals": (id_token(aud=CLIENT.upper()), Reason.WRONG_AUDIENCE),
    "a part of its audience": (id_token(aud=CLIENT[:-1]), Reason.WRONG_AUDIENCE),
    "its audience and more": (id_token(aud=f"{CLIENT} {API}"), Reason.WRONG_AUDIENCE),
    "a list of other audiences": (id_token(aud=["other", "another"]), Reason.WRONG_AUDIENCE),
    "an empty list of audiences": (id_token(aud=[]), Reason.WRONG_AUDIENCE),
    "its audience in a list in a list": (id_token(aud=[[CLIENT]]), Reason.WRONG_AUDIENCE),
    "its audience in an object": (id_token(aud={CLIENT: 1}), Reason.WRONG_AUDIENCE),
    "audiences that are no text": (id_token(aud=[1, None, True, {}, 1.5]), Reason.WRONG_AUDIENCE),
    "an audience that is null": (id_token(aud=None), Reason.WRONG_AUDIENCE),
    "an audience that is empty": (id_token(aud=""), Reason.WRONG_AUDIENCE),
    "no audience and no client": (id_token(aud=...), Reason.WRONG_AUDIENCE),
    "another audience, for our client": (id_token(aud="other", client_id=CLIENT), Reason.WRONG_AUDIENCE),
    "a null audience, for our client": (id_token(aud=None, client_id=CLIENT), Reason.WRONG_AUDIENCE),
    "another client and no audience": (id_token(aud=..., client_id="other"), Reason.WRONG_AUDIENCE),
    "a client that is a list": (id_token(aud=..., client_id=[CLIENT]), Reason.WRONG_AUDIENCE),
    "a client that is null": (id_token(aud=..., client_id=None), Reason.WRONG_AUDIENCE),
    "a client that is an object": (id_token(aud=..., client_id={}), Reason.WRONG_AUDIENCE),
    "our audience, issued to another": (id_token(azp="other"), Reason.WRONG_AUDIENCE),
    "an azp that is empty": (id_token(azp=""), Reason.WRONG_AUDIENCE),
    "an azp that is null": (id_token(azp=None), Reason.WRONG_AUDIENCE),
    "an azp that is a list": (id_token(azp=[CLIENT]), Reason.WRONG_AUDIENCE),
    "an azp that is an object": (id_token(azp={}), Reason.WRONG_AUDIENCE),
    "an azp and no audience": (id_token(aud=..., azp=CLIENT), Reason.WRONG_AUDIENCE),
    # When
    "expired this second": (id_token(exp=NOW), Reason.EXPIRED),
    "no exp": (id_token(exp=...), Reason.WRONG_CLAIMS),
    "exp null": (id_token(exp=None), Reason.WRONG_CLAIMS),
    "exp true": (id_token(exp=True), Reason.WRONG_CLAIMS),
    "exp as text": (id_token(exp=str(NOW + 9)), Reason.WRONG_CLAIMS),
    "exp as a float": (id_token(exp=NOW + 9.0), Reason.WRONG_CLAIMS),
    "exp of 400 digits": (id_token(exp=10**400), Reason.WRONG_CLAIMS),
    "601 s old": (id_token(iat=NOW - 601), Reason.TOO_OLD),
    "of 1970": (id_token(iat=0), Reason.TOO_OLD),
    "61 s ahead": (id_token(iat=NOW + 61), Reason.FROM_THE_FUTURE),
    "no iat": (id_token(iat=...), Reason.WRONG_CLAIMS),
    "iat as a float": (id_token(iat=NOW - 100.0), Reason.WRONG_CLAIMS),
    "iat true": (id_token(iat=True), Reason.WRONG_CLAIMS),
    "iat negative": (id_token(iat=-1), Reason.WRONG_CLAIMS),
    "not before 61 s from now": (id_token(nbf=NOW + 61), Reason.FROM_THE_FUTURE),
    "nbf null": (id_token(nbf=None), Reason.WRONG_CLAIMS),
    "nbf as text": (id_token(nbf="0"), Reason.WRONG_CLAIMS),
    "nbf as a float": (id_token(nbf=0.0), Reason.WRONG_CLAIMS),
    # Of whom
    "no sub": (id_token(sub=...), Reason.WRONG_CLAIMS),
    "no sub, and every client": (
        id_token(sub=..., client_id="a", azp=CLIENT, cid="b"),
        Reason.WRONG_CLAIMS,
    ),
    "sub null": (id_token(sub=None), Reason.WRONG_CLAIMS),
    "sub empty": (id_token(sub=""), Reason.WRONG_CLAIMS),
    "sub of 256 characters": (id_token(sub="x" * 256), Reason.WRONG_CLAIMS),
    "sub that is not ASCII": (id_token(sub="\u0430da"), Reason.WRONG_CLAIMS),
    "sub with a newline": (id_token(sub="ada\n"), Reason.WRONG_CLAIMS),
    "sub with a NUL": (id_token(sub="a\0b"), Reason.WRONG_CLAIMS),
    "sub with a lone surrogate": (id_token(sub="\ud800"), Reason.WRONG_CLAIMS),
    "sub a number": (id_token(sub=1), Reason.WRONG_CLAIMS),
    "sub a list": (id_token(sub=[SUBJECT]), Reason.WRONG_CLAIMS),
    "sid a number": (id_token(sid=1), Reason.WRONG_CLAIMS),
    "sid empty": (id_token(sid=""), Reason.WRONG_CLAIMS),
    "sid a list": (id_token(sid=[LOGIN]), Reason.WRONG_CLAIMS),
}


@pytest.mark.parametrize(
    ("token", "reason"), [pytest.param(*case, id=name) for name, case in REFUSED.items()]
)
def test_a_token_with_one_thing_wrong_opens_no_session(token: str, reason: Reason) -> None:
    with pytest.raises(InvalidTokenError) as refusal:
        verified(token)

    assert refusal.value.reason is reason


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"iat": NOW - 600}, id="as old as may be"),
        pytest.param({"iat": NOW + 60, "exp": NOW + 61}, id="as far ahead as clocks differ"),
        pytest.param({"exp": NOW + 1}, id="in its last second"),
        pytest.param({"exp": 2**53}, id="of the longest life"),
        pytest.param({"nbf": NOW + 60}, id="good in a minute by its clock"),
        pytest.param({"nbf": 0}, id="good for ever"),
        pytest.param({"aud": ["other", CLIENT]}, id="one of several audiences"),
        pytest.param({"aud": API}, id="the other audience"),
        pytest.param({"aud": [1, None, [CLIENT], {}, CLIENT]}, id="beside audiences that are no text"),
        pytest.param({"aud": API, "azp": CLIENT}, id="issued to our client"),
        pytest.param({"aud": ..., "client_id": API}, id="without aud, the client is one"),
        pytest.param({"client_id": "other"}, id="whichever client, where aud is ours"),
        pytest.param({"client_id": ["other"]}, id="a client that is a list, where aud is ours"),
        pytest.param({"sub": "x" * 255}, id="the longest sub"),
        pytest.param({"sub": " "}, id="the oddest sub"),
        pytest.param({"sub": "@clients"}, id="what is put behind a client, without one"),
        pytest.param({"sub": f"{CLIENT}x", "client_id": CLIENT}, id="a sub that begins as a client"),
        pytest.param({"gty": "password"}, id="Auth0's, by another grant"),
        pytest.param({"gty": ["client-credentials"]}, id="a grant that is a list"),
        pytest.param({"idtyp": "user"}, id="Entra's, of a user"),
        pytest.param({"idtyp": {}}, id="an idtyp that is an object"),
        pytest.param({"cid": "0oa1"}, id="Okta's, of a user"),
        pytest.param({"sub": "other@clients"}, id="another client's name, where none is named"),
        pytest.param({"cid": ["0oa1"]}, id="a client that is a list, in Okta's claim"),
        pytest.param({"sid": None}, id="no login"),
        pytest.param({"nonce": "n-0S6_WzA2Mj"}, id="a nonce"),
    ],
)
def test_a_token_at_a_bound_opens_a_session(changes: dict[str, Any]) -> None:
    token = verified(id_token(**changes))

    assert token.subject == changes.get("sub", SUBJECT)
    assert token.login == changes.get("sid", LOGIN)
    assert token.issued_at == changes.get("iat", NOW - 100)


def test_a_token_is_remembered_until_no_host_takes_it_any_more() -> None:
    """Hosts' clocks are up to 60 s behind and ahead of the true time, and so may the issuer's be."""
    token = verified(id_token(iat=NOW + 60, exp=NOW + 9999))

    last_second = token.issued_at + 600
    assert token.remembered_until >= last_second + 2 * 60


def test_both_signatures_of_a_token_are_one_token() -> None:
    assert verified(high_s_twin(id_token())).digest == verified(id_token()).digest


# The whole rule


USES = st.sampled_from(["id", "access", "ID", "refresh"])
EVENTS: st.SearchStrategy[Any] = st.just({BACKCHANNEL_LOGOUT: {}})


@settings(deadline=None, max_examples=300)
@given(
    head=mostly_nothing(HEADER),
    changes=a_few_of({**CLAIMS, "token_use": USES, "events": EVENTS}),
    said=st.sampled_from(SubjectTokenType),
)
def test_a_session_comes_of_what_the_rule_says_and_of_nothing_else(
    head: dict[str, Any], changes: dict[str, Any], said: SubjectTokenType
) -> None:
    whole_header, claims = changed(header(), head), changed(ID_TOKEN, changes)

    try:
        token = verified(signed(claims, whole_header), said)
    except InvalidTokenError:
        opened = False
    else:
        opened = True
        assert token.subject == claims["sub"]
        assert token.login == claims.get("sid")
        assert token.issued_at == claims["iat"]

    assert opened == opens_a_session(whole_header, claims, said.rpartition(":")[2])


@settings(deadline=None, max_examples=150)
@given(
    head=st.dictionaries(st.sampled_from([*header(), "crit", "b64", "jwk", "jku"]), JSON_VALUES)
    | JSON_VALUES,
    payload=st.dictionaries(st.sampled_from([*CLAIMS, "token_use", "events"]), JSON_VALUES) | JSON_VALUES,
)
def test_whatever_json_is_signed_there_is_an_answer(head: object, payload: object) -> None:
    whole_header, claims = with_any_json(header(), head), with_any_json(ID_TOKEN, payload)

    try:
        verified(signed(json.dumps(claims), json.dumps(whole_header)))
    except InvalidTokenError:
        return
    assert isinstance(whole_header, dict)
    assert isinstance(claims, dict)
    assert opens_a_session(whole_header, claims, "jwt")
