"""Headers and claims of another issuer's tokens of which most are right, and some are anything."""

from typing import Any

from hypothesis import strategies as st

from tests.fuzz.foreign_tokens import API, OTHER_ISSUER, OTHER_KEY
from tests.issuers import CLIENT, ISSUER, SUBJECT
from tests.things import NOW

LEFT_OUT = ...
_FLOATS = st.floats(allow_nan=False, allow_infinity=False)  # which are no JSON
_ODD = st.none() | st.booleans() | st.integers(-2, 2) | _FLOATS | st.text(max_size=3)
ANYTHING: st.SearchStrategy[Any] = _ODD | st.just([]) | st.just({}) | st.just(LEFT_OUT)
TIMES = st.sampled_from(
    [
        *(NOW + offset for offset in (-86_401, -86_400, -601, -600, -100, 0, 1, 60, 61, 4000)),
        *(0, 2**53, 2**53 + 1, -1, True, float(NOW), str(NOW)),
    ]
)
NAMES = st.sampled_from(
    [CLIENT, API, SUBJECT, "other", "", f"{CLIENT}@clients", "x" * 255, "x" * 256, "\u00e9", [CLIENT]]
)
CLAIMS: dict[str, st.SearchStrategy[Any]] = {
    **dict.fromkeys(["iat", "exp", "nbf"], TIMES),
    **dict.fromkeys(["client_id", "azp", "sub", "sid", "jti"], NAMES),
    "cid": NAMES,
    "gty": st.sampled_from(["client-credentials", "password", ["client-credentials"]]),
    "idtyp": st.sampled_from(["app", "user", ["app"]]),
    "cnf": st.just({"jkt": "thumbprint"}),
    "aud": NAMES | st.lists(NAMES | _ODD, max_size=3),
    "iss": st.sampled_from([ISSUER, OTHER_ISSUER, "https://nobody.example.com"]),
}
HEADER: dict[str, st.SearchStrategy[Any]] = {
    "typ": st.sampled_from(
        ["JWT", "at+jwt", "AT+JWT", "application/at+jwt", "logout+jwt", "secevent+jwt", "", "jws"]
    ),
    "alg": st.sampled_from(["none", "HS256", "RS256", "es256"]),
    "kid": st.sampled_from([OTHER_KEY.kid, "unknown"]),
    "crit": st.just(["exp"]),
}
JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


def a_few_of(members: dict[str, st.SearchStrategy[Any]]) -> st.SearchStrategy[dict[str, Any]]:
    """Up to two of these, mostly of values that are nearly right."""
    return st.lists(st.sampled_from(sorted(members)), max_size=2, unique=True).flatmap(
        lambda names: st.fixed_dictionaries(
            {name: st.one_of(*[members[name]] * 5, ANYTHING) for name in names}
        )
    )


def mostly_nothing(members: dict[str, st.SearchStrategy[Any]]) -> st.SearchStrategy[dict[str, Any]]:
    return st.one_of(*[st.just({})] * 3, a_few_of(members))


def changed(members: Any, changes: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in {**members, **changes}.items() if value is not LEFT_OUT}


def with_any_json(members: Any, given: object) -> object:
    """The members with those that are given, or whatever is given in their place."""
    return {**members, **given} if isinstance(given, dict) else given
