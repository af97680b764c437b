"""POST /auth/exchange: open a session for another issuer's token (RFC 8693)."""

import time

from rescind import audit, ids, wiring
from rescind.endpoint import endpoint
from rescind.flows.exchange import exchange, identify
from rescind.flows.issue import Refused, Tokens
from rescind.web.client import client_of
from rescind.web.cookies import requested_transport
from rescind.web.origins import check_site
from rescind.web.requests import Event, json_object
from rescind.web.responses import Response, invalid_grant
from rescind.web.subject_tokens import subject_token_of, subject_token_type_of
from rescind.web.tokens import token_response

_ACTOR = "exchange"


@endpoint
def handler(event: Event) -> Response:
    now_ms = int(time.time() * 1000)
    body = json_object(event)
    text = subject_token_of(body)
    token_type = subject_token_type_of(body)
    settings, exchange_settings = wiring.settings(), wiring.exchange_settings()
    check_site(event, allowed=settings.allowed_origins)
    transport = requested_transport(event, body, allowed_origins=settings.allowed_origins)

    identified = identify(
        text,
        token_type=token_type,
        issuers=exchange_settings.trusted_issuers,
        provision=exchange_settings.auto_provision,
        issuer_keys=wiring.issuer_keyring(),
        credentials=wiring.credentials(),
        users=wiring.users(),
        accounts=wiring.accounts(),
        logins=wiring.logins(),
        user_id=ids.new_user_id(),
        now=now_ms // 1000,
    )
    if isinstance(identified, Refused):
        return _refused(identified)
    if identified.is_new:  # Whatever comes of the session, that is written.
        audit.record(audit.Event.USER_CREATED, user_id=identified.user.user_id, actor=_ACTOR)

    outcome = exchange(
        identified,
        logins=wiring.logins(),
        sessions=wiring.sessions(),
        keys=wiring.keyring(),
        settings=settings,
        client=client_of(event, settings=settings),
        ids=ids.new_ids(),
        now_ms=now_ms,
    )

    # Its session names what was written; where that has been ended again, the scope was written all the same.
    if outcome.session_id is not None and identified.as_granted.scope != identified.user.scope:
        audit.record(audit.Event.USER_CHANGED, user_id=identified.user.user_id, actor=_ACTOR)
    match outcome:
        case Tokens() as tokens:
            audit.record(audit.Event.EXCHANGE, user_id=tokens.user_id, session_id=tokens.session_id)
            return token_response(tokens, transport)
        case Refused() as refused:
            return _refused(refused)


def _refused(refused: Refused) -> Response:
    audit.record(audit.Event.EXCHANGE_REFUSED, reason=refused.reason, user_id=refused.user_id)
    return invalid_grant("The subject token is expired, used, not for this API or not valid.")
