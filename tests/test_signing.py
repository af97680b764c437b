"""The authorizer's signer against the SDK's: the same signature, whatever is signed, by whom and when."""

import time
from datetime import UTC, datetime
from typing import Any
from unittest import mock

import botocore.auth
import botocore.credentials
import pytest
from botocore.awsrequest import AWSRequest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from rescind.signing import Credentials, Signer

# What AWS hands out, and more: any text that a header can hold.
KEYS = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=128)
REGIONS = st.from_regex(r"(us|eu|ap|cn|us-gov)-(east|west|north)-[1-4]", fullmatch=True)
HOSTS = st.from_regex(r"[a-z0-9-]{1,20}(\.[a-z0-9-]{1,20}){0,4}(:[1-9][0-9]{1,4})?", fullmatch=True)
# From 2001 to 2100; within a second, too.
MOMENTS = st.floats(1e9, 4_102_444_800)


def signed_by_the_sdk(
    *, credentials: Credentials, region: str, host: str, target: str, body: bytes, now: float
) -> str:
    """The Authorization header that botocore makes."""
    asked = AWSRequest(
        "POST",
        f"http://{host}/",
        headers={"Content-Type": "application/x-amz-json-1.0", "Host": host, "X-Amz-Target": target},
        data=body,
    )
    known = botocore.credentials.Credentials(
        credentials.access_key, credentials.secret_key, credentials.token
    )
    moment = datetime.fromtimestamp(int(now), UTC)
    with mock.patch.object(botocore.auth, "get_current_datetime", return_value=moment):
        botocore.auth.SigV4Auth(known, "dynamodb", region).add_auth(asked)
    signature: str = asked.headers["Authorization"]
    return signature


REQUESTS = given(
    credentials=st.builds(Credentials, KEYS, KEYS, st.none() | KEYS),
    region=REGIONS,
    host=HOSTS,
    target=st.sampled_from(["GetItem", "BatchGetItem", "Query"]).map("DynamoDB_20120810.{}".format),
    body=st.binary(max_size=2000),
    now=MOMENTS,
)


@settings(max_examples=150, deadline=None)
@REQUESTS
@example(
    credentials=Credentials("AKID", "s", None),
    region="us-east-1",
    host="localhost:8000",
    target="X.Y",
    body=b"",
    now=1_798_761_599.999,
)
def test_a_request_is_signed_as_the_sdk_signs_it(credentials: Credentials, region: str, **asked: Any) -> None:
    headers = Signer(region, lambda: credentials).headers(**asked)

    assert headers["Authorization"] == signed_by_the_sdk(credentials=credentials, region=region, **asked)


@pytest.mark.proof
@pytest.mark.parametrize("zone", ["UTC", "Pacific/Kiritimati"])
@settings(max_examples=5000, deadline=None)
@REQUESTS
def test_so_are_thousands_of_them_wherever_the_host_is(
    zone: str, credentials: Credentials, region: str, **asked: Any
) -> None:
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("TZ", zone)
        time.tzset()
        headers = Signer(region, lambda: credentials).headers(**asked)
    time.tzset()

    assert headers["Authorization"] == signed_by_the_sdk(credentials=credentials, region=region, **asked)


def test_a_request_names_the_operation_the_type_the_host_and_the_token_of_temporary_credentials() -> None:
    signer = Signer("eu-west-1", lambda: Credentials("AKID", "secret", "of the session"))

    headers = signer.headers("dynamodb.eu-west-1.amazonaws.com", "DynamoDB_20120810.Query", b"{}", now=0)

    del headers["Authorization"]
    assert headers == {
        "content-type": "application/x-amz-json-1.0",
        "host": "dynamodb.eu-west-1.amazonaws.com",
        "x-amz-date": "19700101T000000Z",
        "x-amz-target": "DynamoDB_20120810.Query",
        "x-amz-security-token": "of the session",
    }


def test_each_request_is_signed_with_the_credentials_of_its_moment() -> None:
    known = iter([Credentials("FIRST", "a", None), Credentials("SECOND", "b", None)])
    signer = Signer("eu-west-1", lambda: next(known))

    first, second = (signer.headers("h", "t", b"", now=0)["Authorization"] for _ in range(2))

    assert "Credential=FIRST/" in first
    assert "Credential=SECOND/" in second


def test_no_secret_is_shown() -> None:
    assert repr(Credentials("AKID", "a secret", "a token")) == "Credentials(access_key='AKID')"
