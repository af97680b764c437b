"""Another issuer, all that it says marked: its tokens, and the documents that it is asked for."""

import io
import json
import time
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.message import Message
from typing import Any
from urllib.error import HTTPError

from tests.functions.api_in_process import Reply
from tests.issuers import CLIENT, ISSUER, Issuer, jwk
from tests.leaks import marked

TRUST = {
    "TRUSTED_ISSUERS": f"{ISSUER} {CLIENT} groups=readers->orders:read",
    "AUTO_PROVISION": "enabled",
}


@dataclass
class Provider:
    """Stands in for what fetches its documents."""

    issuer: Issuer = field(default_factory=Issuer)
    status: int = 200
    body: bytes | None = None
    """In place of each document."""

    def begin(self) -> None:
        self.status, self.body = 200, None

    def open(self, request: urllib.request.Request, *, timeout: float) -> io.BytesIO:
        assert 0 < timeout <= 2
        documents: Mapping[str, dict[str, Any]] = {
            f"{ISSUER}/.well-known/openid-configuration": {"issuer": ISSUER, "jwks_uri": f"{ISSUER}/jwks"},
            f"{ISSUER}/jwks": {"keys": [jwk(self.issuer.key, self.issuer.kid)]},
        }
        document = documents[request.full_url] | {"said": marked.DOCUMENT}
        body = json.dumps(document).encode() if self.body is None else self.body
        if self.status != 200:
            said = f"Unavailable: {marked.DOCUMENT}"
            raise HTTPError(request.full_url, self.status, said, Message(), Reply(self.status, body))
        return io.BytesIO(body)

    def subject_token(self, *, issuer: Issuer | None = None, **claims: Any) -> str:
        """Of the marked user there; `issuer` may be another that says the same name."""
        now = int(time.time())
        said = {"sub": marked.SUBJECT, "sid": marked.LOGIN, "email": marked.EMAIL, "jti": str(time.time_ns())}
        return (issuer or self.issuer).id_token(now=now - 1, **{**said, **claims})

    def logout_token(self, **claims: Any) -> str:
        now = int(time.time())
        return self.issuer.logout_token(now=now, **{"sub": marked.SUBJECT, "sid": marked.LOGIN, **claims})

    def security_event(self, event: str = "session-revoked", **claims: Any) -> str:
        who = {"format": "iss_sub", "iss": ISSUER, "sub": marked.SUBJECT}
        return self.issuer.security_event(event, now=int(time.time()), **{"sub_id": who, **claims})
