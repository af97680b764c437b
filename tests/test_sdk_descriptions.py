"""What the layer has of the SDK's descriptions: with it, clients do what they do with all of them."""

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from botocore.config import Config
from botocore.exceptions import BotoCoreError, UnknownServiceError
from botocore.session import get_session

import sdk_descriptions
from rescind import sdk

PACKAGE = Path(sdk.__file__).parent
CLIENTS = {"dynamodb": PACKAGE / "store", "kms": PACKAGE / "keys.py"}
OF_THE_SDK = {"DescribeEndpoints"}


def operations_in(source: str) -> Iterator[str]:
    """What is taken of `self._client` and of `self._client()`, as AWS names it."""
    for node in ast.walk(ast.parse(source)):
        match node:
            case (
                ast.Attribute(value=ast.Attribute(attr="_client"), attr=name)
                | ast.Attribute(value=ast.Call(func=ast.Attribute(attr="_client")), attr=name)
            ):
                yield "".join(part.title() for part in name.split("_"))
            case _:
                pass


@pytest.mark.parametrize("service", CLIENTS)
def test_the_layer_describes_the_operations_that_are_called_and_no_others(service: str) -> None:
    where = CLIENTS[service]
    sources = [where] if where.is_file() else sorted(where.glob("*.py"))

    called = {name for path in sources for name in operations_in(path.read_text(encoding="utf-8"))}

    assert sdk_descriptions.OPERATIONS.keys() == CLIENTS.keys()
    assert sdk_descriptions.OPERATIONS[service] - OF_THE_SDK == called


def test_a_reference_is_followed_and_a_member_that_is_called_shape_is_none() -> None:
    node = {"members": {"shape": {"shape": "Text"}, "documentation": {"shape": "Text"}}, "documentation": "x"}

    assert list(sdk_descriptions._named_shapes(node)) == ["Text", "Text"]  # noqa: SLF001 - its one trap
    assert sdk_descriptions._without_documentation(node) == {"members": node["members"]}  # noqa: SLF001


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

    assert ours.get_available_services() == list(sdk_descriptions.OPERATIONS)
    with pytest.raises(UnknownServiceError):
        ours.create_client("s3")


@pytest.mark.proof
@pytest.mark.parametrize("service", sdk_descriptions.OPERATIONS)
def test_an_operation_is_described_as_the_sdk_does_it(sessions: tuple[Any, Any], service: str) -> None:
    whole, ours = (
        session.get_component("data_loader").load_service_model(service, "service-2") for session in sessions
    )

    assert ours["operations"].keys() == sdk_descriptions.OPERATIONS[service]
    assert ours["metadata"] == whole["metadata"]
    for kind in ("operations", "shapes"):
        assert ours[kind] == {name: undocumented(whole[kind][name]) for name in ours[kind]}
    assert named_in(ours["operations"]) | named_in(ours["shapes"]) == ours["shapes"].keys()


def undocumented(node: Any) -> Any:
    """By its text, as `sdk_descriptions` does it by its tree; no member of ours has that name."""
    return json.loads(
        json.dumps(node),
        object_hook=lambda each: {name: each[name] for name in each if name != "documentation"},
    )


def named_in(node: Any) -> set[str]:
    return set(re.findall(r'"shape": "(\w+)"', json.dumps(node)))


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
    "xx-nowhere-1",  # of no partition that is known
)


@pytest.mark.proof
@pytest.mark.parametrize("service", sdk_descriptions.OPERATIONS)
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
