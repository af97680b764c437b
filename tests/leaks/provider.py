"""Another issuer, all that it says marked: its tokens, and the documents that it is asked for."""

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

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
    body: bytes | None = None
    """In place of each document."""
    failure: Exception | None = None
    """Likewise."""

    def begin(self) -> None:
        self.body, self.failure = None, None

    def read(self, url: str, ends_at: float) -> bytes:
        assert 0 < ends_at - time.monotonic() <= 2
        documents: Mapping[str, dict[str, Any]] = {
            f"{ISSUER}/.well-known/openid-configuration": {"issuer": ISSUER, "jwks_uri": f"{ISSUER}/jwks"},
            f"{ISSUER}/jwks": {"keys": [jwk(self.issuer.key, self.issuer.kid)]},
        }
        if self.failure is not None:
            raise self.failure
        document = documents[url] | {"said": marked.DOCUMENT}
        return json.dumps(document).encode() if self.body is None else self.body

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
