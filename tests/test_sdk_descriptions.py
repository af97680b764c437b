"""What the layer has of the SDK's descriptions: with it, clients do what they do with all of them."""

import json
import re
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from botocore.config import Config
from botocore.exceptions import BotoCoreError, UnknownServiceError
from botocore.session import get_session

import sdk_descriptions
from rescind import sdk, wiring


def test_the_services_are_those_that_clients_are_made_of() -> None:
    source = Path(wiring.__file__).read_text(encoding="utf-8")

    assert re.findall(r'sdk\.client\("(\w+)"\)', source) == list(sdk_descriptions.SERVICES)


@pytest.fixture(scope="module")
def descriptions(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sdk-descriptions")
    sdk_descriptions.write(folder)
    return folder


@pytest.fixture(scope="module")
def sessions(descriptions: Path) -> tuple[Any, Any]:
    """One of the SDK as it is, and the layer's."""
    with pytest.MonkeyPatch.context() as here:
        here.setattr(sdk, "_DESCRIPTIONS", descriptions)
        return get_session(), sdk.session.__wrapped__()


@pytest.mark.proof
def test_the_layers_clients_know_our_services_alone_and_need_no_other_file(sessions: tuple[Any, Any]) -> None:
    _, ours = sessions

    assert ours.get_available_services() == list(sdk_descriptions.SERVICES)
    with pytest.raises(UnknownServiceError):
        ours.create_client("s3")


@pytest.mark.proof
@pytest.mark.parametrize("service", sdk_descriptions.SERVICES)
def test_a_service_is_described_as_the_sdk_does_it_but_for_what_is_said_of_it(
    sessions: tuple[Any, Any], service: str
) -> None:
    whole, ours = (
        session.get_component("data_loader").load_service_model(service, "service-2") for session in sessions
    )

    assert ours.keys() == whole.keys() - {"documentation"}
    assert without_texts(ours) == without_texts(whole)
    assert not re.search(r'"documentation": "', json.dumps(ours))


def without_texts(description: Any) -> Any:
    def without(node: dict[str, Any]) -> dict[str, Any]:
        return {name: each for name, each in node.items() if (name, type(each)) != ("documentation", str)}

    return json.loads(json.dumps(description), object_hook=without)


_CALLS = {
    "dynamodb": ("get_item", {"TableName": "Users", "Key": {"user_id": {"S": "usr_1"}}}),
    "kms": ("decrypt", {"CiphertextBlob": b"encrypted"}),
}
_REGIONS = (
    "us-east-1",
    "eu-central-2",
    "cn-north-1",
    "us-gov-west-1",
    "us-iso-east-1",
    "eusc-de-east-1",
    "local",  # a region of DynamoDB alone
    "xx-nowhere-1",  # of no partition that is known
)


@pytest.mark.proof
@pytest.mark.parametrize("service", sdk_descriptions.SERVICES)
@pytest.mark.parametrize("region", _REGIONS)
@pytest.mark.parametrize(
    "ways",
    [
        pytest.param({}, id="plain"),
        pytest.param({"use_fips_endpoint": True}, id="FIPS"),
        pytest.param({"use_dualstack_endpoint": True}, id="dual-stack"),
        pytest.param({"use_fips_endpoint": True, "use_dualstack_endpoint": True}, id="both"),
    ],
)
def test_a_service_is_where_the_sdk_finds_it(
    sessions: tuple[Any, Any], service: str, region: str, ways: dict[str, bool]
) -> None:
    one, other = (where(session, service, region, ways) for session in sessions)

    assert one == other


def where(session: Any, service: str, region: str, ways: dict[str, bool]) -> tuple[str, ...]:
    """A client's addresses, and what its requests are signed for; or why there is none."""
    try:
        client = session.create_client(
            service, region, config=Config(**ways), aws_access_key_id="a", aws_secret_access_key="b"
        )
        url = urlsplit(client.generate_presigned_url(*_CALLS[service]))
    except BotoCoreError as error:
        return (type(error).__name__, str(error))
    date, *scope = parse_qs(url.query)["X-Amz-Credential"][0].split("/")[1:]
    assert date
    return (client.meta.endpoint_url, client.meta.region_name, client.meta.partition, url.netloc, *scope)
