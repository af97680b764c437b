"""A stack on moto whose user, keys and sessions are marked, and the requests that the paths begin with."""

import copy
import io
import json
import time
import urllib.request
from dataclasses import dataclass, field
from email.message import Message
from typing import Any
from urllib.error import HTTPError

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from rescind import ids, wiring
from rescind.rules.access_tokens import SigningKey, sign_access_token
from rescind.rules.key_set import KeyEntry, KeySet, Purpose
from rescind.rules.refresh_tokens import MacKey, sign_refresh_token
from tests.deployment import API_URL
from tests.functions.api_in_process import Reply, reply
from tests.functions.conftest import Stack, forget_wiring, moto_tables, recorded
from tests.leaks import marked
from tests.leaks.provider import Provider
from tests.tables import Stores
from tests.things import SETTINGS, a_credential, a_session, a_user, some_claims

USER = "usr_" + "v" * 21 + "A"
ADMIN = "usr_" + "w" * 21 + "A"
OPERATOR = "arn:aws:sts::123456789012:assumed-role/operators/grace"
VERSION = 7

Event = dict[str, Any]


@dataclass(frozen=True)
class Live:
    """A live session of the marked user, and its tokens."""

    session_id: str
    token_id: str
    access_token: str
    refresh_token: str


@dataclass
class World:
    stack: Stack
    environment: pytest.MonkeyPatch
    rows: dict[str, Any]
    secrets: dict[str, marked.Secret] = field(default_factory=lambda: dict(marked.MARKED))
    sent: str = ""
    """What CloudFormation was told, at an address that is not in here."""
    refused: Exception | None = None
    """What comes of telling it."""
    api: dict[str, list[Reply]] = field(default_factory=dict)
    """What the API answers the canary, by the last part of the route: in turn, the last one for ever."""
    provider: Provider = field(default_factory=Provider)
    """Whose tokens are exchanged."""
    to_come: dict[str, list[Reply]] = field(default_factory=dict)
    """What is left of it since the login."""

    def begin(self) -> None:
        """The marked user and keys alone, and a new sandbox that has read no key."""
        forget_wiring(but={"dynamodb", "kms"})
        self.secrets, self.sent, self.api = dict(marked.MARKED), "", {}
        self.provider.begin()
        self.restore(self.rows)

    def restore(self, rows: dict[str, Any]) -> None:
        """Put these rows back, and no others."""
        for name, table in moto_tables().items():
            table.items = copy.deepcopy(rows[name])

    def live(
        self,
        *,
        key: SigningKey = marked.KEY,
        mac_key: MacKey = marked.MAC_KEY,
        user_id: str = USER,
        presented: int = 1,
        session: dict[str, Any] | None = None,
        claims: dict[str, Any] | None = None,
    ) -> Live:
        """A session whose row stands at counter 1, and its tokens.

        `presented` is the counter of the refresh token; `session` and `claims` change the row and the access
        token.
        """
        now, new = int(time.time()), ids.new_ids()
        row = {
            "session_id": new.session_id,
            "counter": 1,
            "version": VERSION,
            "created_at_ms": now * 1000,
            "rotated_at": now,
            "idle_expires_at": now + 5000,
            "absolute_expires_at": now + 9000,
            "user_agent": marked.USER_AGENT,
            "ip": marked.IP,
        }
        said = {"sid": new.session_id, "jti": new.token_id, "iat": now, "exp": now + 900, "auth_time": now}
        self.stack.stores.sessions.put(a_session(user_id=user_id, **{**row, **(session or {})}))
        tokens = Live(
            new.session_id,
            new.token_id,
            sign_access_token(some_claims(sub=user_id, **{**said, **(claims or {})}), key=key),
            sign_refresh_token(user_id, new.session_id, presented, key=mac_key),
        )
        self.secrets |= marked.parts_of(tokens.access_token, tokens.refresh_token)
        return tokens

    def says(self, token: str) -> str:
        """What the other issuer has signed: as secret as a token of our own."""
        self.secrets |= marked.parts_of_external(token)
        return token

    def receive(self, request: urllib.request.Request, *, timeout: float) -> io.BytesIO:
        """Stands in for CloudFormation's end, and for the API's."""
        if request.full_url.startswith(API_URL):
            return self._answer(request)
        assert (request.full_url, timeout) == (marked.RESPONSE_URL, 2)
        if self.refused:
            raise self.refused
        self.sent += str(request.data)
        return io.BytesIO()

    def _answer(self, request: urllib.request.Request) -> Reply:
        """What the canary says of itself is as secret as what it is told."""
        name = request.full_url.rpartition("/")[2]
        if name == "login" and isinstance(request.data, bytes):
            said = json.loads(request.data)
            self.secrets |= {f"the canary's {member}": said[member] for member in ("username", "password")}
            self.to_come = {each: list(replies) for each, replies in self.api.items()}
        several = self.to_come[name]
        answer = several.pop(0) if len(several) > 1 else several[0]
        status, body = answer.status, answer.getvalue()
        if status >= 400:
            raise HTTPError(request.full_url, status, str(request.headers), Message(), Reply(status, body))
        return Reply(status, body)

    def answers_the_canary(self, **instead: list[Reply]) -> Event:
        """The schedule's event; until then the API does what it should, but for what is given `instead`."""
        token = self.live().access_token
        self.api = {
            "login": [reply(200, {"access_token": token})],
            "me": [reply(200, {"user_id": USER}), reply(401, {"error": "invalid_token"})],
            "logout": [reply(200, {"revoked": "session"})],
            **instead,
        }
        return recorded("canary")

    def setting(self, name: str, value: str) -> None:
        self.environment.setenv(name, value)
        forget_wiring(but={"dynamodb", "kms"})


def marked_rows(stores: Stores, kms_key_id: str) -> dict[str, Any]:
    """What stands in the tables at the beginning, by table: moto's own rows, as to write them takes long."""
    for table in moto_tables().values():
        table.items.clear()
    private = marked.KEY.private_key
    secrets = {
        Purpose.ACCESS_TOKEN: (
            marked.KEY.kid,
            private.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption()),
            private.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo),
        ),
        Purpose.REFRESH_TOKEN: (marked.MAC_KEY.key_id, marked.MAC_KEY.secret, None),
    }
    for purpose, (key_id, secret, public) in secrets.items():
        context = {"purpose": purpose.value, "stack": SETTINGS.stack}
        encrypted = wiring.kms().encrypt(KeyId=kms_key_id, Plaintext=secret, EncryptionContext=context)
        entry = KeyEntry(key_id, 0, encrypted["CiphertextBlob"], public)
        stores.key_sets.replace(KeySet(purpose, 0, ()), (entry,))
    stores.accounts.create(
        a_user(user_id=USER, username=marked.USERNAME, logged_out_at=0, claims=json.dumps(marked.CLAIMS)),
        a_credential(user_id=USER, username=marked.USERNAME, password_hash=marked.PASSWORD_HASH),
    )
    return rows_of_now()


def rows_of_now() -> dict[str, Any]:
    return {name: copy.deepcopy(table.items) for name, table in moto_tables().items()}


def request(
    name: str,
    *,
    body: Any = None,
    headers: dict[str, str] | None = None,
    of: Live | None = None,
    **members: object,
) -> Event:
    """A recorded request of the marked client; `of` a session, where the authorizer has let it through."""
    if name == "keys":
        return recorded(name)
    event = recorded(name, body=body, headers={"User-Agent": marked.USER_AGENT, **(headers or {})})
    event["requestContext"]["identity"] |= {"userAgent": marked.USER_AGENT, "sourceIp": marked.IP}
    if of:
        event["requestContext"]["authorizer"] |= {"sub": USER, "sid": of.session_id, "jti": of.token_id}
    return event | members


def admin(method: str, resource: str, **given: Any) -> Event:
    event = request("admin", httpMethod=method, resource=resource, **given)
    event["requestContext"]["authorizer"]["sub"] = ADMIN
    return event


def of_user(method: str, what: str = "", user_id: str = USER) -> Event:
    """A request to an admin route about one user."""
    resource = f"/admin/users/{{user_id}}{what}"
    return admin(method, resource, pathParameters={"user_id": user_id}) | {"body": None}


def revoking(**body: str) -> Event:
    return admin("POST", "/admin/tokens/revoke", body={**body, "reason": marked.REASON})


def operator(operation: str, **parameters: object) -> Event:
    """A direct invocation of the admin function."""
    return {"operation": operation, "operator": OPERATOR, "parameters": parameters}


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def cookie(token: str, **headers: str) -> dict[str, str]:
    return {"Cookie": f"__Host-refresh_token={token}", **headers}


def presenting(token: str, form: str = "rest-request") -> Event:
    """What the authorizer is asked, in one of its three forms."""
    event = recorded(f"authorizer-{form}")
    if form == "rest-token":
        return event | {"authorizationToken": f"Bearer {token}"}
    event["headers"] |= {"authorization" if form == "http-api" else "Authorization": f"Bearer {token}"}
    if "multiValueHeaders" in event:
        event["multiValueHeaders"] |= {"Authorization": [f"Bearer {token}"]}
    return event


def of_cloudformation(kind: str) -> Event:
    return {
        "RequestType": kind,
        "ResponseURL": marked.RESPONSE_URL,
        "StackId": "arn:aws:cloudformation:us-east-1:123456789012:stack/rescind/1",
        "RequestId": "request-1",
        "LogicalResourceId": "FirstKeys",
        "PhysicalResourceId": "key-sets",
        "ResourceType": "Custom::KeySet",
    }
