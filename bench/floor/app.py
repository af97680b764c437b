"""The physical limit, no authorizer to deploy: one verification, and one signed request on a bare socket.

Of the answer the three rows are looked at, as the least that decides; no claim is checked, no failure met.
The day's signing key, and all of the request that is always the same, is made beforehand.
"""

import base64
import hashlib
import hmac
import json
import os
import socket
import time
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ec import ECDSA
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key

_HOST, _, _PORT = os.environ["AWS_ENDPOINT_URL"].removeprefix("http://").partition(":")
_REGION, _TOKEN = os.environ["AWS_REGION"], os.environ["AWS_SESSION_TOKEN"]
_BLOCKLIST, _USERS, _SESSIONS = (os.environ[f"{each}_TABLE"] for each in ("BLOCKLIST", "USERS", "SESSIONS"))
_BODY = (
    f'{{"RequestItems":{{"{_BLOCKLIST}":{{"Keys":[{{"jti":{{"S":"%s"}}}}],"ConsistentRead":true}},'
    f'"{_USERS}":{{"Keys":[{{"user_id":{{"S":"%s"}}}}],"ConsistentRead":true}},'
    f'"{_SESSIONS}":{{"Keys":[{{"user_id":{{"S":"%s"}},"session_id":{{"S":"%s"}}}}],"ConsistentRead":true}}}}}}'
)
_SIGNED = "host;x-amz-date;x-amz-security-token;x-amz-target"
_HEADERS = (
    f"POST / HTTP/1.1\r\nHost: {_HOST}:{_PORT}\r\nContent-Type: application/x-amz-json-1.0\r\n"
    f"X-Amz-Security-Token: {_TOKEN}\r\n"
)
_key: Any = load_der_public_key(base64.b64decode(os.environ["PUBLIC_KEY"]))
_algorithm = ECDSA(SHA256())
_connection = socket.create_connection((_HOST, int(_PORT)))
_connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def _hmac(key: bytes, text: str) -> bytes:
    return hmac.digest(key, text.encode(), "sha256")


_DAY = time.strftime("%Y%m%d", time.gmtime())
_SCOPE = f"{_DAY}/{_REGION}/dynamodb/aws4_request"
_day_key = b"AWS4" + os.environ["AWS_SECRET_ACCESS_KEY"].encode()
for _part in _SCOPE.split("/"):
    _day_key = _hmac(_day_key, _part)
_CREDENTIAL = f"AWS4-HMAC-SHA256 Credential={os.environ['AWS_ACCESS_KEY_ID']}/{_SCOPE}"


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:  # noqa: ARG001 - Lambda's form
    signed, _, signature = event["headers"]["Authorization"][7:].rpartition(".")
    raw = base64.urlsafe_b64decode(signature + "==")
    r, s = int.from_bytes(raw[:32]), int.from_bytes(raw[32:])
    _key.verify(encode_dss_signature(r, s), signed.encode(), _algorithm)
    claims = json.loads(base64.urlsafe_b64decode(signed.partition(".")[2] + "=="))
    answer = ask("BatchGetItem", _BODY % (claims["jti"], claims["sub"], claims["sub"], claims["sid"]))
    rows = json.loads(answer)["Responses"]
    [user], [session] = rows[_USERS], rows[_SESSIONS]
    is_live = not rows[_BLOCKLIST] and user["token_version"]["N"] == str(claims["ver"])
    if not is_live or "revoked_at" in session:
        raise Exception("Unauthorized")  # noqa: TRY002 - API Gateway's word
    statement = {"Action": "execute-api:Invoke", "Effect": "Allow", "Resource": event["methodArn"]}
    return {
        "principalId": claims["sub"],
        "policyDocument": {"Version": "2012-10-17", "Statement": [statement]},
    }


def ask(operation: str, body: str) -> bytes:
    """The body of DynamoDB's answer."""
    target = f"DynamoDB_20120810.{operation}"
    date = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
    digest = hashlib.sha256(body.encode()).hexdigest()
    canonical = (
        f"POST\n/\n\nhost:{_HOST}:{_PORT}\nx-amz-date:{date}\nx-amz-security-token:{_TOKEN}\n"
        f"x-amz-target:{target}\n\n{_SIGNED}\n{digest}"
    )
    text = f"AWS4-HMAC-SHA256\n{date}\n{_SCOPE}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
    signature = _hmac(_day_key, text).hex()
    _connection.sendall(
        f"{_HEADERS}X-Amz-Target: {target}\r\nX-Amz-Date: {date}\r\n"
        f"Authorization: {_CREDENTIAL}, SignedHeaders={_SIGNED}, Signature={signature}\r\n"
        f"Content-Length: {len(body)}\r\n\r\n{body}".encode()
    )
    received = _connection.recv(65_536)
    head, _, content = received.partition(b"\r\n\r\n")
    length = int(head.partition(b"Content-Length: ")[2].partition(b"\r\n")[0])
    while len(content) < length:
        content += _connection.recv(65_536)
    return content
