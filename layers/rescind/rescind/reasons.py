"""Why something was refused. One word each, for the log and the metrics; the public answer never says it."""

from enum import StrEnum


class Reason(StrEnum):
    """The private reason behind a public refusal."""

    # An access token that does not prove anything
    NO_TOKEN = "no_token"
    MALFORMED = "malformed"
    UNKNOWN_KEY = "unknown_key"
    BAD_SIGNATURE = "bad_signature"
    WRONG_CLAIMS = "wrong_claims"
    FROM_THE_FUTURE = "from_the_future"

    # An authentic token that has ended
    EXPIRED = "expired"
    SESSION_UNKNOWN = "session_unknown"
    SESSION_ENDED = "session_ended"
    BLOCKLISTED = "blocklisted"
    USER_UNKNOWN = "user_unknown"
    TOKEN_VERSION = "token_version"
    LOGGED_OUT = "logged_out"
    USER_DISABLED = "user_disabled"

    # A refresh token that ends its session
    REUSED = "reused"
    COUNTER_BEHIND = "counter_behind"

    # A caller whom the authorizer let through
    NO_AUTHORIZER = "no_authorizer"
    INSUFFICIENT_SCOPE = "insufficient_scope"

    # A password that is wrong, or that is not looked at
    WRONG_PASSWORD = "wrong_password"
    TOO_MANY_FROM_NETWORK_FOR_ACCOUNT = "too_many_from_network_for_account"
    TOO_MANY_FOR_ACCOUNT = "too_many_for_account"
    TOO_MANY_FROM_NETWORK = "too_many_from_network"

    # A token of another issuer, or of none that is trusted
    UNKNOWN_ISSUER = "unknown_issuer"
    WRONG_AUDIENCE = "wrong_audience"
    TOO_OLD = "too_old"
    REPLAYED = "replayed"
