"""The calls to AWS as they pass: which there were, and how each can fail, with a mouth full of secrets."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from botocore.client import BaseClient
from botocore.exceptions import BotoCoreError, ClientError
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from tests.leaks import marked

Call = tuple[str, str]
"""An operation, and the tables that it is about."""

Answer = Mapping[str, Any]
Failure = Callable[[str, Any, Callable[[], Answer]], Answer]

# What of a row an answer or the log is for.
AS_IT_STANDS = {"user_id", "session_id", "username", "scope", "claims", "user_agent", "ip"}
CONDITION = "ConditionalCheckFailedException"
ALL_SECRETS = " ".join(str(secret) for secret in marked.MARKED.values())


@dataclass
class Calls:
    """Stands between the code and the SDK."""

    passed: list[Call] = field(default_factory=list)
    failing: tuple[int, Failure] | None = None
    """Which call fails, counted from 0, and how."""
    opened: dict[str, Answer] = field(default_factory=dict)

    def make(self, client: Any, operation: str, parameters: Any) -> Answer:
        number = len(self.passed)
        self.passed.append((operation, _tables(parameters)))

        def real() -> Answer:
            if operation != "Decrypt":
                return _real(client, operation, parameters)
            # Always the same, and a key is opened hundreds of times.
            asked = repr(parameters)
            if asked not in self.opened:
                self.opened[asked] = _real(client, operation, parameters)
            return self.opened[asked]

        if self.failing and self.failing[0] == number:
            return self.failing[1](operation, parameters, real)
        return real()


_make_api_call = BaseClient._make_api_call  # noqa: SLF001 - where all operations of all clients meet


def _real(client: Any, operation: str, parameters: Any) -> Answer:
    if operation != "GenerateDataKeyPairWithoutPlaintext":
        answer: Answer = _make_api_call(client, operation, parameters)
        return answer
    # moto has none, so here is what it comes to.
    private = ec.generate_private_key(ec.SECP256R1())
    plaintext = private.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    context = {name: parameters[name] for name in ("KeyId", "EncryptionContext")}
    encrypted = _make_api_call(client, "Encrypt", {"Plaintext": plaintext, **context})
    public = private.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return {"PublicKey": public, "PrivateKeyCiphertextBlob": encrypted["CiphertextBlob"]}


def _tables(parameters: Any) -> str:
    if "RequestItems" in parameters:
        return " ".join(sorted(parameters["RequestItems"]))
    if "TransactItems" in parameters:
        return " ".join(each["TableName"] for item in parameters["TransactItems"] for each in item.values())
    return str(parameters.get("TableName") or parameters.get("EncryptionContext"))


def _has_condition(parameters: Any) -> bool:
    actions = [each for item in parameters.get("TransactItems", []) for each in item.values()]
    return any("ConditionExpression" in each for each in (parameters, *actions))


def _client_error(code: str) -> Failure:
    def fail(operation: str, parameters: Any, real: Callable[[], Answer]) -> Answer:
        if code == CONDITION and not _has_condition(parameters):
            return real()
        error = {"Code": code, "Message": f"{parameters} {ALL_SECRETS}"}
        raise ClientError({"Error": error, "Item": parameters}, operation)

    return fail


class _TalkativeError(BotoCoreError):  # type: ignore[misc] # published without types
    fmt = "{said}"


def _raising(error: Callable[[str], BaseException]) -> Failure:
    def fail(_: str, parameters: Any, __: Callable[[], Answer]) -> Answer:
        raise error(f"{parameters} {ALL_SECRETS}")

    return fail


def _lost(_: str, parameters: Any, real: Callable[[], Answer]) -> Answer:
    """The call took effect, and its answer did not arrive."""
    real()
    raise _TalkativeError(said=f"{parameters} {ALL_SECRETS}")


def _of_other_types(_: str, __: Any, real: Callable[[], Answer]) -> Answer:
    return {name: _mistyped(value) for name, value in real().items()}


def _mistyped(value: Any) -> Any:
    match value:
        case {"S": text}:
            return {"N": f"{text} {ALL_SECRETS}"}
        case {"N": _}:
            return {"S": ALL_SECRETS}
        case {"B": _}:
            return {"S": ALL_SECRETS}
        case {"L": rows}:
            return {"L": [_mistyped(row) for row in rows]}
        case {"M": row}:
            return {"M": _mistyped(row)}
        case bytes():
            return value + ALL_SECRETS.encode()
        case dict():
            return {name: _mistyped(member) for name, member in value.items()}
        case list():
            return [_mistyped(member) for member in value]
        case _:
            return value


def _of_other_values(_: str, __: Any, real: Callable[[], Answer]) -> Answer:
    return {name: _misread(value) for name, value in real().items()}


def _misread(value: Any) -> Any:
    match value:
        case {"S": _}:
            return {"S": ALL_SECRETS}
        case {"N": _}:
            return {"N": "\u00b29031657"}  # all digits, and no number
        case {"B": _}:
            return {"B": ALL_SECRETS.encode()}
        case bytes():
            return ALL_SECRETS.encode()
        case dict():
            return {name: each if name in AS_IT_STANDS else _misread(each) for name, each in value.items()}
        case list():
            return [_misread(member) for member in value]
        case _:
            return value


FAILURES: dict[str, Failure] = {
    "a ClientError": _client_error("ValidationException"),
    "a failed condition": _client_error(CONDITION),
    "a BotoCoreError": _raising(lambda said: _TalkativeError(said=said)),
    "a lost answer": _lost,
    "attributes of other types": _of_other_types,
    "other attributes": _of_other_values,
}
"""What becomes of a dependency, and is its failure, not ours."""

UNFORESEEN: dict[str, Failure] = {
    "a ValueError": _raising(ValueError),
    "a KeyError": _raising(KeyError),
    "a RecursionError": _raising(RecursionError),
    "a MemoryError": _raising(MemoryError),
}
