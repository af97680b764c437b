"""PyJWT and redis-py, by hand: our own token, its id looked up in Redis. hiredis, one connection, no pool."""

from collections.abc import Callable
from typing import Any

import jwt
import redis

from bench.inside.peers.keys import PUBLIC

_OPTIONS: Any = {"require": ["exp", "iat", "iss", "aud", "sub", "jti"]}


def prepare(asked: Any) -> Callable[[str], bool]:
    store: Any = redis.Redis(unix_socket_path=asked["redis"], single_connection_client=True)
    store.set(asked["revoked_id"], "")
    decoder = jwt.PyJWT()

    def decide(token: str) -> bool:
        claims = decoder.decode(
            token,
            PUBLIC,
            algorithms=["ES256"],
            audience=asked["audience"],
            issuer=asked["issuer"],
            options=_OPTIONS,
        )
        return not store.exists(claims["jti"])

    return decide
