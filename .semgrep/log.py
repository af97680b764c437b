"""What the rules of log.yaml find (ruleid, above the line) and let pass (ok). Nothing imports this file."""


def writes_beside_the_audit(event):
    # ruleid: log-imported
    import logging
    # ruleid: log-imported
    from aws_lambda_powertools import Logger
    # ok: log-imported
    from rescind import audit
    # ruleid: log-elsewhere
    logging.getLogger("botocore").info("here")
    # ruleid: log-elsewhere
    logging.getLogger("another").setLevel(logging.INFO)
    # ruleid: log-elsewhere
    logging.getLogger("botocore").setLevel(logging.DEBUG)
    # ok: log-elsewhere
    logging.getLogger("botocore").setLevel(logging.INFO)
    # ruleid: log-elsewhere
    print("here")
    # ruleid: log-elsewhere
    sys.stderr.write("here")
    # ruleid: log-elsewhere
    logger.info("here")
    # ruleid: log-elsewhere
    audit.logger.exception("here")
    # ruleid: log-elsewhere
    audit.logger.append_keys(sub=event["sub"])
    # ok: log-elsewhere
    audit.record(audit.Event.LOGIN, user_id=tokens.user_id)
    # ok: log-elsewhere
    audit.logger.inject_lambda_context(handler, log_event=False)


def logs_what_nobody_may_read(event, body, headers, password, token):
    # ruleid: log-of-a-secret, log-elsewhere
    logger.info("Login", extra={"event": event})
    # ruleid: log-of-a-secret, log-elsewhere
    logger.error("Failed", extra={"request": json.loads(body), "to": 1})
    # ruleid: log-of-a-secret, log-elsewhere
    logger.info(headers)
    # ruleid: log-of-a-secret
    audit.record(audit.Event.LOGIN, user_id=body["username"])
    # ruleid: log-of-a-secret
    audit.record(audit.Event.LOGIN_REFUSED, user_id=password)
    # ruleid: log-of-a-secret
    audit.record(audit.Event.REFRESH, token_id=tokens.refresh_token)
    # ruleid: log-of-a-secret
    audit.record(audit.Event.ACCESS_DENIED, token_id=token)
    # ok: log-of-a-secret
    audit.record(audit.Event.ACCESS_DENIED, token_id=claims.jti, session_id=tokens.session_id)
    # ok: log-of-a-secret
    audit.record(audit.Event.TOKEN_REVOKED, token_id=outcome.token_id)
    # ruleid: log-elsewhere
    logger.info(event.value, extra={"user_id": user_id})


# ruleid: log-of-a-secret
@logger.inject_lambda_context
def logs_the_event_when_the_environment_says_so(event, context):
    pass


# ruleid: log-of-a-secret
@audit.logger.inject_lambda_context(log_event=True)
def logs_the_event(event, context):
    pass


# ok: log-of-a-secret
@audit.logger.inject_lambda_context(log_event=False)
def logs_no_event(event, context):
    pass


def captures_answers():
    # ruleid: log-of-a-secret, log-imported
    from aws_lambda_powertools import Tracer
