"""Who is asking, as far as a request tells: the address that failures count for, and the User-Agent."""

import hashlib
import hmac
import ipaddress

from rescind.model import Client
from rescind.settings import Settings
from rescind.web.requests import Event, header_values

PROXY_SECRET_HEADER = "x-rescind-proxy-secret"  # noqa: S105 - a header's name
_LONGEST_USER_AGENT = 256


def client_of(event: Event, *, settings: Settings) -> Client:
    """What a session remembers of who opened it, and whose network failures count for."""
    user_agent = " ".join(header_values(event, "user-agent"))
    return Client(user_agent=user_agent[:_LONGEST_USER_AGENT], ip=_address(event, settings))


def _address(event: Event, settings: Settings) -> str:
    """The address that API Gateway saw; a proxy's header instead, where the proxy proves itself.

    Anybody can write a header, so it counts only beside the secret that the operator's proxy adds.
    """
    seen = str(event["requestContext"]["identity"]["sourceIp"])
    if settings.client_address_header and _is_from_the_proxy(event, settings.proxy_secret_sha256):
        values = header_values(event, settings.client_address_header)
        if len(values) == 1 and _is_address(values[0]):
            return values[0]
    return seen


def _is_from_the_proxy(event: Event, secret_sha256: str) -> bool:
    given = header_values(event, PROXY_SECRET_HEADER)
    if len(given) != 1:
        return False
    # The deployment knows the hash only. A long random secret needs no slow one.
    digest = hashlib.sha256(given[0].encode("utf-8", "surrogatepass")).hexdigest()
    return hmac.compare_digest(digest, secret_sha256)


def _is_address(value: str) -> bool:
    try:
        ipaddress.ip_address(value)
    except ValueError:
        return False
    return "%" not in value  # a zone (RFC 4007) means something on one host only
