"""What the rules of tokens.yaml find (ruleid, above the line) and let pass (ok). Nothing imports this file."""


def reads_what_anybody_can_have_written(token, key):
    # ruleid: token-read-unverified
    jwt.decode_complete(token, key, algorithms=["ES256"])
    # ruleid: token-read-unverified
    kid = jwt.get_unverified_header(token)["kid"]
    # ruleid: token-read-unverified
    jose.jwt.get_unverified_claims(token)
    # ruleid: token-read-unverified
    jwt.decode(token, key, algorithms=["ES256"], options={"verify_signature": False})
    # ruleid: token-read-unverified
    jwt.decode(token, key, algorithms=["ES256"], options={"verify_exp": False, "verify_aud": False})
    # ruleid: token-read-unverified
    jwt.decode(token, key, algorithms=["ES256"], options=dict(verify_signature=False))
    # ruleid: token-read-unverified
    jwt.decode(token, key, algorithms=["ES256"], verify=False)
    # ruleid: token-read-unverified
    options = {"verify_signature": False}
    # ruleid: token-read-unverified
    options["verify_iss"] = False


def verifies(token, key):
    # ok: token-read-unverified
    jwt.decode(token, key, algorithms=["ES256"], options={"verify_exp": False, "strict_aud": True})
    # ok: token-read-unverified
    verify_access_token(token, keys=keys, issuer=issuer, audience=audience, now=now)


def lets_the_sender_choose(token, key, header):
    # ruleid: token-algorithm
    jwt.decode(token, key)
    # ruleid: token-algorithm
    jwt.decode(token, key, algorithms=[header["alg"]])
    # ruleid: token-algorithm
    jwt.decode(token, key, algorithms=["ES256", "HS256"])
    # ruleid: token-algorithm
    jwt.decode(token, key, algorithms=["none"])
    # ruleid: token-algorithm
    jwt.encode({}, key, algorithm="HS256")
    # ruleid: token-algorithm
    jwt.encode({}, key)
    # ok: token-algorithm
    jwt.decode(token, key, algorithms=["ES256"], issuer=issuer)
    # ok: token-algorithm
    jwt.encode({}, key, algorithm="ES256")


def knows_a_jwt_library():
    # ruleid: token-library
    import jwt
    # ruleid: token-library
    import jwt as tokens
    # ruleid: token-library
    from jwt import decode
    # ruleid: token-library
    from jwt.algorithms import ECAlgorithm
    # ruleid: token-library
    import jose.jwt
    # ok: token-library
    from rescind.rules.access_tokens import verify_access_token
    # ok: token-library
    from rescind.rules.jwks import key_id_of


def compares(mac, signed, key, stored, given):
    # ruleid: secret-compared-in-the-open
    if mac == _mac(signed, key):
        pass
    # ruleid: secret-compared-in-the-open
    if _mac(signed, key) != given:
        pass
    # ruleid: secret-compared-in-the-open
    if stored.password_hash == given:
        pass
    # ruleid: secret-compared-in-the-open
    if given != stored["refresh_token"]:
        pass
    # ruleid: secret-compared-in-the-open
    if hmac.new(key, signed, "sha256").hexdigest() == given:
        pass
    # ok: secret-compared-in-the-open
    if hmac.compare_digest(mac, _mac(signed, key)):
        pass
    # ok: secret-compared-in-the-open
    if stored.password_version == given.password_version:
        pass
    # ok: secret-compared-in-the-open
    if mac == "":
        pass


def lets_through(event, claims, user):
    # ruleid: allowed-elsewhere
    statement = {"Action": "execute-api:Invoke", "Effect": "Allow", "Resource": "*"}
    # ruleid: allowed-elsewhere
    answer = {"isAuthorized": True, "context": {}}
    from rescind.verdict import Allow, verdict

    # ruleid: allowed-elsewhere
    Allow(claims, user, "admin")
    # ok: allowed-elsewhere
    match verdict(claims, state, now=now, leeway_seconds=0):
        # ok: allowed-elsewhere
        case Allow() as allow:
            pass
