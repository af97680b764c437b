"""flask-jwt-extended with its blocklist in Redis: its decorator on a view, in the context of a request."""

from collections.abc import Callable
from typing import Any

import redis
from flask import Flask
from flask_jwt_extended import JWTManager, create_access_token, get_jti, jwt_required
from flask_jwt_extended.exceptions import RevokedTokenError
from werkzeug.test import EnvironBuilder

from bench.inside.peers.keys import PRIVATE, PUBLIC


def prepare(asked: Any) -> Callable[[str], bool]:
    store: Any = redis.Redis(unix_socket_path=asked["redis"], single_connection_client=True)
    app = Flask(__name__)
    app.config.update(
        JWT_ALGORITHM="ES256",
        JWT_PRIVATE_KEY=PRIVATE,
        JWT_PUBLIC_KEY=PUBLIC,
        JWT_TOKEN_LOCATION=["headers"],
        JWT_ACCESS_TOKEN_EXPIRES=3600,
    )
    manager = JWTManager(app)
    manager.token_in_blocklist_loader(lambda _, claims: bool(store.exists(claims["jti"])))
    protected = jwt_required()(lambda: True)
    with app.app_context():
        tokens = {name: create_access_token(identity="ada") for name in ("live", "revoked")}
        store.set(get_jti(tokens["revoked"]), "")
    requests = {
        name: EnvironBuilder(headers=[("Authorization", f"Bearer {token}")]).get_environ()
        for name, token in tokens.items()
    }

    def decide(which: str) -> bool:
        with app.request_context(requests[which]):
            try:
                return bool(protected())
            except RevokedTokenError:
                return False

    return decide
