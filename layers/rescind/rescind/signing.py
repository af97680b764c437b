"""AWS Signature Version 4 for DynamoDB's requests: what the SDK's signer does, in a tenth of its time.

Source: "AWS Signature Version 4 for API requests" in AWS's IAM User Guide. The SDK's own signer would take as
long as all else that the authorizer does (docs/performance.md): tests/test_signing.py compares the two.
"""

import hashlib
import hmac
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache

_ALGORITHM = "AWS4-HMAC-SHA256"
_CONTENT_TYPE = "application/x-amz-json-1.0"


@dataclass(frozen=True, slots=True)
class Credentials:
    access_key: str
    secret_key: str = field(repr=False)
    token: str | None = field(repr=False)
    """Of temporary ones."""


@dataclass(frozen=True, slots=True)
class Signer:
    """Signs `POST /` requests of DynamoDB's JSON protocol."""

    region: str
    credentials: Callable[[], Credentials]
    """Those of the moment: they may be refreshed."""

    def headers(self, host: str, target: str, body: bytes, *, now: float) -> dict[str, str]:
        """All headers of the request that are signed, and the signature.

        Args:
            host: with the port, where that is not the scheme's own.
            target: X-Amz-Target, the operation.
            body: what is sent.
            now: epoch seconds; AWS refuses what is more than five minutes off.
        """
        known = self.credentials()
        moment = _moment(int(now))
        headers = {"content-type": _CONTENT_TYPE, "host": host, "x-amz-date": moment}
        # In the order of their names.
        if known.token is not None:
            headers["x-amz-security-token"] = known.token
        headers["x-amz-target"] = target
        names = ";".join(headers)
        lines = "".join([f"{name}:{value}\n" for name, value in headers.items()])
        request = f"POST\n/\n\n{lines}\n{names}\n{hashlib.sha256(body).hexdigest()}"
        scope = f"{moment[:8]}/{self.region}/dynamodb/aws4_request"
        text = f"{_ALGORITHM}\n{moment}\n{scope}\n{hashlib.sha256(request.encode()).hexdigest()}"
        key = _key_of_day(known.secret_key, moment[:8], self.region)
        signature = hmac.digest(key, text.encode(), "sha256").hex()
        headers["Authorization"] = (
            f"{_ALGORITHM} Credential={known.access_key}/{scope},"
            f" SignedHeaders={names}, Signature={signature}"
        )
        return headers


@lru_cache(maxsize=2)
def _moment(now: int) -> str:
    return time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(now))


@lru_cache(maxsize=2)
def _key_of_day(secret_key: str, day: str, region: str) -> bytes:
    key = f"AWS4{secret_key}".encode()
    for part in (day, region, "dynamodb", "aws4_request"):
        key = hmac.digest(key, part.encode(), "sha256")
    return key
