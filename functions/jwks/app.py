"""GET /.well-known/jwks.json: the public keys that verify access tokens, the next one included."""

import time

from rescind import wiring
from rescind.endpoint import endpoint
from rescind.rules.jwks import jwk_set
from rescind.web.requests import Event
from rescind.web.responses import Response, ok

# Far below the hour that a new key is published ahead, so nobody meets a key that its copy lacks.
_CACHEABLE = {"Cache-Control": "public, max-age=900"}


@endpoint
def handler(_event: Event) -> Response:
    keys = wiring.keyring().verification_keys(now=int(time.time()))
    return ok(jwk_set(keys), _CACHEABLE)
