"""Every path through every function, one line each. A new function, event, reason or route needs one here."""

from dataclasses import dataclass
from pathlib import Path as File

from tests.functions.api_in_process import Reply, reply
from tests.issuers import Issuer, a_key
from tests.leaks import marked
from tests.leaks.asks import (
    AGO,
    AHEAD,
    FOREIGN,
    FORGED,
    FORGED_MAC,
    NEVER_STORED,
    NEXT_VERSION,
    NO_ADDRESS,
    NO_ANSWER,
    NOW,
    UNKNOWN,
    UNKNOWN_MAC,
    UNKNOWN_NAME,
    Ask,
    after_an_exchange,
    authorizer,
    blocked,
    canary,
    changing,
    create,
    create_external,
    deleted,
    disabled,
    disabled_there,
    end_session,
    everything_ended,
    exchange,
    exchange_of,
    explaining,
    explaining_blocked,
    external,
    finding,
    finding_external,
    first_keys,
    full,
    gone,
    imported,
    introspect,
    last_keys,
    log_out_there,
    logged_out_ahead,
    login,
    login_ended,
    logout,
    logout_by_bearer,
    meanwhile,
    misconfigured,
    nobody_is_made,
    of_two_users,
    operating,
    password,
    refresh,
    refresh_by_cookie,
    revoke_oauth,
    revoked_there,
    security_event,
    session_ended,
    setting,
    setting_of_external,
    unheard,
    unheard_and_gone,
    unread,
    used,
    without_authorizer,
)
from tests.leaks.world import OPERATOR, USER, admin, cookie, of_user, presenting, request, revoking
from tests.things import SESSION_ID, TOKEN_ID

FUNCTIONS = sorted(file.parent.name for file in File(__file__).parents[2].glob("functions/*/app.py"))


@dataclass(frozen=True)
class Path:
    """One way through a function."""

    function: str
    name: str
    ask: Ask
    outcome: int | str
    """A status; or "returned", or the name of the exception that is raised."""
    event: str | None = None
    """What is written down; and why, in the next."""
    reason: str | None = None
    shows: frozenset[str] = frozenset()
    """The marked texts that this answer is for."""
    besides: frozenset[str] = frozenset()
    """Further events that are written down."""


LISTS = frozenset({"user agent", "ip"})
NAME = frozenset({"username"})
SHOWS_USER = frozenset({"username", "claims"})
SHOWS_EXTERNAL = frozenset({"subject", "claims"})
MADE = frozenset({"UserCreated"})
MADE_AND_DELETED = frozenset({"UserCreated", "UserDeleted"})

PATHS = [
    # login
    Path("login", "success", login(), 200, "Login"),
    Path("login", "by cookie", login(transport="cookie"), 200, "Login"),
    Path("login", "wrong password", login(password=marked.GUESS), 401, "LoginRefused", "wrong_password"),
    Path("login", "unknown user", login(username=UNKNOWN_NAME), 401, "LoginRefused", "user_unknown"),
    Path("login", "password for a username", login(username=marked.GUESS), 400),
    Path("login", "disabled", meanwhile(login(), disabled), 401, "LoginRefused", "user_disabled"),
    *(
        Path("login", reason, meanwhile(login(), full(window)), 429, "LoginRefused", reason)
        for window, reason in {
            "ACCOUNT_AND_NETWORK": "too_many_from_network_for_account",
            "ACCOUNT": "too_many_for_account",
            "NETWORK": "too_many_from_network",
        }.items()
    ),
    Path("login", "foreign page", login(transport="cookie", headers=FOREIGN), 400),
    Path("login", "another transport", login(transport=marked.PASSWORD), 400),
    Path("login", "long password", login(password=marked.PASSWORD * 99), 400),
    Path("login", "huge body", login(password=marked.PASSWORD * 999), 413),
    Path("login", "no table", meanwhile(login(), gone("CREDENTIALS")), 503, "Unavailable"),
    Path("login", "wrong setting", meanwhile(login(), misconfigured), 500, "Failed"),
    # exchange
    Path("exchange", "success", after_an_exchange(exchange()), 200, "Exchange"),
    Path("exchange", "first", exchange(), 200, "Exchange", besides=MADE),
    Path(
        "exchange",
        "by cookie, with a grant",
        after_an_exchange(exchange(transport="cookie", groups=["readers"])),
        200,
        "Exchange",
        besides=frozenset({"UserChanged"}),
    ),
    *(
        Path("exchange", name, ask, 401, "ExchangeRefused", reason)
        for name, (ask, reason) in {
            "used": (used, "replayed"),
            "unknown user": (meanwhile(exchange(), nobody_is_made), "user_unknown"),
            "disabled": (meanwhile(exchange(), external(disabled_there)), "user_disabled"),
            "revoked": (meanwhile(exchange(), external(revoked_there)), "logged_out"),
            "login ended": (meanwhile(exchange(), login_ended), "logged_out"),
            "a password": (exchange_of(marked.PASSWORD), "malformed"),
            "another issuer": (exchange(iss=f"https://{marked.LOGIN}.example"), "unknown_issuer"),
            "unknown key": (exchange(issuer=Issuer(kid=marked.LOGIN)), "unknown_key"),
            "forged": (exchange(issuer=Issuer(key=a_key(1))), "bad_signature"),
            "another audience": (exchange(aud=marked.LOGIN), "wrong_audience"),
            "another use": (exchange(token_use=marked.LOGIN), "wrong_claims"),
            "too old": (exchange(iat=NOW - 900), "too_old"),
            "ahead": (exchange(iat=NOW + 5000, exp=NOW + 6000), "from_the_future"),
            "expired": (exchange(exp=NOW - 900), "expired"),
        }.items()
    ),
    Path("exchange", "foreign page", exchange(transport="cookie", headers=FOREIGN), 400),
    Path("exchange", "another transport", exchange(transport=marked.PASSWORD), 400),
    Path("exchange", "long token", exchange_of(marked.PASSWORD * 99), 401, "ExchangeRefused", "malformed"),
    Path("exchange", "huge body", exchange_of(marked.PASSWORD * 999), 413),
    *(
        Path("exchange", name, meanwhile(exchange(), unread(*answer)), 503, "Unavailable")
        for name, answer in {
            "issuer down": (503, marked.DOCUMENT.encode()),
            "no JSON from the issuer": (200, marked.DOCUMENT.encode()),
            "another document from the issuer": (200, f'{{"issuer": "{marked.DOCUMENT}"}}'.encode()),
            "huge document from the issuer": (200, f'"{marked.DOCUMENT * 5000}"'.encode()),
        }.items()
    ),
    Path("exchange", "no table", meanwhile(exchange(), gone("CREDENTIALS")), 503, "Unavailable"),
    Path("exchange", "wrong setting", meanwhile(exchange(), misconfigured), 500, "Failed"),
    # backchannel
    Path("backchannel", "a login", after_an_exchange(log_out_there()), 200, "SessionRevoked"),
    Path("backchannel", "a user", after_an_exchange(log_out_there(sid=None)), 200, "UserRevoked"),
    Path("backchannel", "nobody", log_out_there(), 200),
    Path("backchannel", "for another", log_out_there(aud="other"), 400, "LoginEndRefused", "wrong_audience"),
    Path("backchannel", "a nonce", log_out_there(nonce=marked.LOGIN), 400, "LoginEndRefused", "wrong_claims"),
    Path(
        "backchannel",
        "a password",
        lambda _: request("backchannel", body={"logout_token": marked.PASSWORD}),
        400,
        "LoginEndRefused",
        "malformed",
    ),
    Path(
        "backchannel",
        "nothing",
        lambda _: request("backchannel", body={"logout_tokn": marked.PASSWORD}),
        400,
    ),
    Path("backchannel", "by JSON", lambda _: request("backchannel") | {"body": f'"{marked.PASSWORD}"'}, 400),
    Path(
        "backchannel",
        "huge",
        lambda _: request("backchannel", body={"logout_token": marked.PASSWORD * 999}),
        413,
    ),
    Path("backchannel", "issuer down", meanwhile(log_out_there(), unread()), 503, "Unavailable"),
    Path("backchannel", "no table", meanwhile(log_out_there(), gone("BLOCKLIST")), 503, "Unavailable"),
    Path("backchannel", "event about a user", after_an_exchange(security_event()), 202, "UserRevoked"),
    Path("backchannel", "event of another kind", security_event(marked.LOGIN), 202),
    Path(
        "backchannel",
        "event about nobody",
        security_event(sub_id={"format": "email", "email": marked.EMAIL}),
        400,
        "LoginEndRefused",
        "wrong_claims",
    ),
    Path(
        "backchannel",
        "event that is a password",
        lambda _: request("backchannel-security-event") | {"body": marked.PASSWORD},
        400,
        "LoginEndRefused",
        "malformed",
    ),
    Path(
        "backchannel",
        "event of another content type",
        lambda w: (
            security_event()(w) | {"headers": {}, "multiValueHeaders": {"Content-Type": [marked.PASSWORD]}}
        ),
        400,
    ),
    # refresh
    Path("refresh", "success", refresh(), 200, "Refresh"),
    Path("refresh", "by cookie", refresh_by_cookie(), 200, "Refresh"),
    Path("refresh", "cookie of a foreign page", refresh_by_cookie(**FOREIGN), 400),
    Path("refresh", "replay", refresh(session={"counter": 2}), 200, "RefreshReplayed"),
    Path("refresh", "reuse", refresh(session={"counter": 3}), 401, "ReuseDetected", "reused"),
    Path("refresh", "restored backup", refresh(presented=3), 401, "ReuseDetected", "counter_behind"),
    Path("refresh", "ended", meanwhile(refresh(), session_ended), 401, "RefreshRefused", "session_ended"),
    Path(
        "refresh", "version", meanwhile(refresh(), everything_ended), 401, "RefreshRefused", "token_version"
    ),
    Path("refresh", "disabled", meanwhile(refresh(), disabled), 401, "RefreshRefused", "user_disabled"),
    Path("refresh", "deleted", meanwhile(refresh(), deleted), 401, "RefreshRefused", "user_unknown"),
    Path("refresh", "expired", refresh(session={"idle_expires_at": 9}), 401, "RefreshRefused", "expired"),
    Path("refresh", "forged", refresh(mac_key=FORGED_MAC), 401, "RefreshRefused", "bad_signature"),
    Path("refresh", "unknown key", refresh(mac_key=UNKNOWN_MAC), 401, "RefreshRefused", "unknown_key"),
    Path(
        "refresh",
        "no token",
        lambda _: request("refresh", body={"refresh_token": marked.PASSWORD}),
        401,
        "RefreshRefused",
        "malformed",
    ),
    Path("refresh", "no table", meanwhile(refresh(), gone("SESSIONS")), 503, "Unavailable"),
    # logout
    Path("logout", "success", logout(), 200, "SessionRevoked"),
    Path("logout", "everywhere", logout(everywhere=True), 200, "UserRevoked"),
    Path("logout", "everywhere, mistyped", logout(everywhere=marked.PASSWORD), 400),
    Path("logout", "by bearer", logout_by_bearer(), 200, "SessionRevoked"),
    Path("logout", "by bearer, everywhere", logout_by_bearer(everywhere=True), 200, "UserRevoked"),
    Path(
        "logout",
        "by cookie",
        lambda w: request("logout", body={}, headers=cookie(w.live().refresh_token)),
        200,
        "SessionRevoked",
    ),
    Path("logout", "twice", meanwhile(logout(), session_ended), 200),
    Path("logout", "tokens of two users", of_two_users, 400),
    Path("logout", "no table", meanwhile(logout(), gone("SESSIONS")), 503, "Unavailable"),
    # me
    Path("me", "success", lambda w: request("me", of=w.live()), 200),
    Path("me", "nobody", without_authorizer("me"), 401, "AccessDenied", "no_authorizer"),
    # sessions
    Path("sessions", "list", lambda w: request("sessions", of=w.live()), 200, shows=LISTS),
    Path("sessions", "end", end_session, 200, "SessionRevoked"),
    Path("sessions", "end twice", meanwhile(end_session, session_ended), 404),
    Path("sessions", "nobody", without_authorizer("sessions"), 401, "AccessDenied", "no_authorizer"),
    # password
    Path("password", "success", password(), 200, "PasswordChanged"),
    Path("password", "by cookie", password(transport="cookie"), 200, "PasswordChanged"),
    Path(
        "password",
        "wrong password",
        password(current_password=marked.GUESS),
        400,
        "PasswordChangeRefused",
        "wrong_password",
    ),
    Path(
        "password",
        "session ended",
        meanwhile(password(), session_ended),
        401,
        "PasswordChangeRefused",
        "session_ended",
    ),
    Path("password", "short", password(new_password=marked.NEW_PASSWORD[:7]), 400),
    Path("password", "nobody", without_authorizer("password"), 401, "AccessDenied", "no_authorizer"),
    # admin: operators, then admins
    Path("admin", "list", operating("listUsers"), 200, shows=frozenset({"username"})),
    Path("admin", "revoke everyone", operating("revokeEveryone"), 200, "UserRevoked"),
    Path("admin", "go on from nowhere", operating("revokeEveryone", after=marked.PASSWORD), 400),
    Path("admin", "import", imported(), 200, "UserCreated"),
    Path(
        "admin", "import again", imported(username=marked.USERNAME, password_hash=marked.PASSWORD_HASH), 200
    ),
    Path("admin", "import a taken name", imported(username=marked.USERNAME), 200),
    Path("admin", "import a strange hash", imported(password_hash=marked.PASSWORD), 200),
    Path("admin", "import a password", imported({"password": marked.PASSWORD}), 400),
    Path("admin", "import a strange member", imported({marked.PASSWORD: marked.PASSWORD_HASH}), 400),
    Path("admin", "import, no table", meanwhile(imported(), gone("CREDENTIALS")), 503, "Unavailable"),
    Path("admin", "list keys", operating("listKeys"), 200),
    Path("admin", "explain", explaining("access_token"), 200, "TokenExplained", shows=NAME),
    Path("admin", "explain a refresh token", explaining("refresh_token"), 200, "TokenExplained", shows=NAME),
    Path("admin", "explain a forged one", explaining("access_token", key=FORGED), 200, "TokenExplained"),
    Path(
        "admin",
        "explain a blocked one",
        explaining_blocked,
        200,
        "TokenExplained",
        shows=NAME | {"reason of a revocation"},
    ),
    Path(
        "admin", "explain a password", operating("explainToken", token=marked.PASSWORD), 200, "TokenExplained"
    ),
    Path("admin", "explain nothing", operating("explainToken"), 400),
    Path(
        "admin",
        "explain, no table",
        meanwhile(explaining("access_token"), gone("SESSIONS")),
        503,
        "Unavailable",
    ),
    Path("admin", "create", create(), 201, "UserCreated", shows=SHOWS_USER),
    Path("admin", "create a taken name", create(username=marked.USERNAME), 409),
    Path("admin", "create with a short password", create(password=marked.PASSWORD[:7]), 400),
    Path("admin", "create by issuer", create_external(), 201, "UserCreated", shows=SHOWS_EXTERNAL),
    Path("admin", "create by issuer again", meanwhile(create_external(), external(lambda *_: None)), 409),
    Path("admin", "create by issuer with a password", create_external(password=marked.PASSWORD), 400),
    Path(
        "admin",
        "find by issuer",
        meanwhile(finding_external(marked.SUBJECT), external(lambda *_: None)),
        200,
        shows=SHOWS_EXTERNAL,
    ),
    Path("admin", "find nobody by issuer", finding_external(marked.LOGIN), 404),
    Path("admin", "set a password of an issuer's user", setting_of_external, 409),
    Path("admin", "check the deployment", lambda _: {"operation": "checkDeployment"}, 200),
    Path("admin", "show", lambda _: of_user("GET"), 200, shows=SHOWS_USER),
    Path("admin", "show nobody", lambda _: of_user("GET", user_id=SESSION_ID.replace("ses", "usr")), 404),
    Path("admin", "find", lambda _: finding(marked.USERNAME), 200, shows=SHOWS_USER),
    Path("admin", "find nobody", lambda _: finding(UNKNOWN_NAME), 404),
    Path("admin", "find a password", lambda _: finding(marked.GUESS), 400),
    Path("admin", "change", changing(claims=marked.CLAIMS), 200, "UserChanged", shows=SHOWS_USER),
    Path("admin", "change with a scope that is none", changing(scope=marked.PASSWORD), 400),
    Path("admin", "change nothing", changing(), 400),
    Path("admin", "set a password", setting(), 200, "PasswordSet"),
    Path("admin", "set a short password", setting(marked.NEW_PASSWORD[:7]), 400),
    Path("admin", "set a password to the name", setting(marked.USERNAME), 400),
    Path("admin", "set a password, no table", meanwhile(setting(), gone("CREDENTIALS")), 503, "Unavailable"),
    Path(
        "admin",
        "list a user's sessions",
        lambda w: {"operation": "listUserSessions", "parameters": {"user_id": w.live() and USER}},
        200,
        shows=LISTS,
    ),
    Path("admin", "show, no table", meanwhile(lambda _: of_user("GET"), gone("USERS")), 503, "Unavailable"),
    Path("admin", "disable", lambda _: of_user("POST", "/disable"), 200, "UserDisabled"),
    Path("admin", "enable", lambda _: of_user("POST", "/enable"), 200, "UserEnabled"),
    Path("admin", "revoke", lambda _: of_user("POST", "/revoke"), 200, "UserRevoked"),
    Path("admin", "delete", lambda _: of_user("DELETE"), 200, "UserDeleted"),
    Path("admin", "revoke a token", lambda w: revoking(token=w.live().access_token), 200, "TokenRevoked"),
    Path(
        "admin", "revoke a session", lambda w: revoking(token=w.live().refresh_token), 200, "SessionRevoked"
    ),
    Path("admin", "revoke an id", lambda _: revoking(token_id=TOKEN_ID), 200, "TokenRevoked"),
    Path("admin", "revoke no token", lambda _: revoking(token=marked.PASSWORD), 200),
    Path("admin", "revoke no id", lambda _: revoking(token_id=marked.PASSWORD), 400),
    Path("admin", "no route", lambda _: admin("POST", f"/admin/{marked.PASSWORD}"), 404),
    Path(
        "admin",
        "no admin",
        lambda w: request("me", of=w.live()),
        403,
        "AccessDenied",
        "insufficient_scope",
    ),
    Path("admin", "nobody", without_authorizer("admin"), 401, "AccessDenied", "no_authorizer"),
    # oauth
    Path("oauth", "revoke a session", revoke_oauth("refresh_token"), 200, "SessionRevoked"),
    Path("oauth", "revoke a token", revoke_oauth("access_token"), 200, "TokenRevoked"),
    Path("oauth", "revoke a forged one", revoke_oauth("refresh_token", mac_key=FORGED_MAC), 200),
    Path("oauth", "revoke no token", lambda _: request("oauth", body={"token": marked.PASSWORD}), 200),
    Path("oauth", "revoke nothing", lambda _: request("oauth", body={"tokn": marked.PASSWORD}), 400),
    Path("oauth", "revoke by JSON", lambda _: request("oauth") | {"body": f'"{marked.PASSWORD}"'}, 400),
    Path("oauth", "revoke, huge", lambda _: request("oauth", body={"token": marked.PASSWORD * 999}), 413),
    Path(
        "oauth",
        "revoke, no table",
        meanwhile(revoke_oauth("refresh_token"), gone("SESSIONS")),
        503,
        "Unavailable",
    ),
    Path("oauth", "introspect", introspect("access_token"), 200, shows=SHOWS_USER),
    Path(
        "oauth",
        "introspect, ended",
        meanwhile(introspect("access_token"), session_ended),
        200,
        "TokenInactive",
        "session_ended",
    ),
    Path(
        "oauth",
        "introspect, forged",
        introspect("access_token", key=FORGED),
        200,
        "TokenInactive",
        "bad_signature",
    ),
    Path(
        "oauth", "introspect a refresh token", introspect("refresh_token"), 200, "TokenInactive", "malformed"
    ),
    Path(
        "oauth",
        "introspect, no table",
        meanwhile(introspect("access_token"), gone("USERS")),
        503,
        "Unavailable",
    ),
    Path(
        "oauth",
        "introspect, nobody",
        without_authorizer("oauth-introspect"),
        401,
        "AccessDenied",
        "no_authorizer",
    ),
    Path(
        "oauth",
        "introspect, no scope",
        lambda w: request("me", of=w.live()) | {"resource": "/oauth/introspect"},
        403,
        "AccessDenied",
        "insufficient_scope",
    ),
    # jwks and preflight
    Path("jwks", "success", lambda _: request("jwks"), 200),
    Path("jwks", "no table", meanwhile(lambda _: request("jwks"), gone("KEYS")), 503, "Unavailable"),
    Path("preflight", "success", lambda _: request("preflight"), 204),
    Path("preflight", "foreign page", lambda _: request("preflight", headers=FOREIGN), 204),
    # authorizer
    Path("authorizer", "success", authorizer(), "returned", shows=frozenset({"claims"})),
    Path("authorizer", "TOKEN", authorizer("rest-token"), "returned", shows=frozenset({"claims"})),
    Path("authorizer", "HTTP API", authorizer("http-api"), "returned", shows=frozenset({"claims"})),
    Path(
        "authorizer",
        "HTTP API, no",
        authorizer("http-api", claims=AGO),
        "returned",
        "AccessDenied",
        "expired",
    ),
    *(
        Path("authorizer", reason, ask, "UnauthorizedError", "AccessDenied", reason)
        for reason, ask in {
            "no_token": lambda _: presenting(f"{marked.PASSWORD} "),
            "malformed": lambda _: presenting(marked.PASSWORD.encode().hex()),
            "unknown_key": authorizer(key=UNKNOWN),
            "bad_signature": authorizer(key=FORGED),
            "wrong_claims": authorizer(claims={"aud": "another"}),
            "from_the_future": authorizer(claims=AHEAD),
            "expired": authorizer(claims=AGO),
            "session_unknown": authorizer(claims=NEVER_STORED),
            "session_ended": meanwhile(authorizer(), session_ended),
            "blocklisted": blocked,
            "user_unknown": meanwhile(authorizer(), deleted),
            "token_version": meanwhile(authorizer(), everything_ended),
            "logged_out": meanwhile(authorizer(**NEXT_VERSION), logged_out_ahead),
            "user_disabled": meanwhile(authorizer(**NEXT_VERSION), disabled),
        }.items()
    ),
    Path("authorizer", "no table", meanwhile(authorizer(), gone("USERS")), "UnavailableError", "Unavailable"),
    Path("authorizer", "wrong setting", meanwhile(authorizer(), misconfigured), "FailedError", "Failed"),
    # keys
    Path("keys", "daily", lambda _: request("keys"), "returned", "KeysAdded"),
    Path("keys", "revoke", lambda _: {"revoke": marked.KEY.kid}, "returned", "KeyRevoked"),
    Path("keys", "rotate", lambda _: {"rotate": "now", "operator": OPERATOR}, "returned", "KeysRotated"),
    Path(
        "keys",
        "rotate for nobody",
        lambda _: {"rotate": "now", "operator": marked.PASSWORD},
        "InvalidRequestError",
    ),
    Path("keys", "revoke no key", lambda w: {"revoke": w.live().access_token}, "InvalidRequestError"),
    Path("keys", "nothing it knows", lambda w: {"revok": w.live().access_token}, "InvalidRequestError"),
    Path("keys", "first", first_keys, "returned", "KeysAdded"),
    Path("keys", "last", last_keys, "returned"),
    Path("keys", "no table", meanwhile(first_keys, gone("KEYS")), "UnavailableError", "Unavailable"),
    Path("keys", "unheard", meanwhile(last_keys, unheard(NO_ANSWER)), "FailedError", "Failed"),
    Path(
        "keys",
        "unheard, as it is no address",
        meanwhile(last_keys, unheard(NO_ADDRESS)),
        "FailedError",
        "Failed",
    ),
    Path(
        "keys",
        "unheard, no table",
        meanwhile(first_keys, unheard_and_gone),
        "UnavailableError",
        "Unavailable",
    ),
    # canary
    Path("canary", "flight", canary(), "returned", "CanaryMeasured", besides=MADE_AND_DELETED),
    *(
        Path("canary", name, ask, "UnavailableError", "Unavailable", besides=MADE_AND_DELETED)
        for name, ask in {
            "login refused": canary(login=[reply(503, {"error": marked.PASSWORD})]),
            "login answered something else": canary(login=[Reply(200, marked.PASSWORD.encode())]),
            "logout ended nothing": canary(logout=[reply(200, {"revoked": marked.PASSWORD})]),
        }.items()
    ),
    Path(
        "canary",
        "no token",
        canary(login=[reply(200, {})]),
        "FailedError",
        "Failed",
        besides=MADE_AND_DELETED,
    ),
    Path("canary", "no table", meanwhile(canary(), gone("USERS")), "UnavailableError", "Unavailable"),
]
