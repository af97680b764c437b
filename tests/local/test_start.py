"""What stops a start: one clear line on stderr, exit code 1, and nothing left running."""

import os
import socket
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from rescind_local.deploy.template import read_template
from rescind_local.errors import StartError
from tests.local.tiny import HELLO, OPEN_TEMPLATE, write_stack
from tests.local_gateway import ROOT, gateway_command, gateway_environment


@pytest.fixture
def template(tmp_path: Path) -> Path:
    return write_stack(tmp_path, OPEN_TEMPLATE, {"hello": HELLO})


def start(
    template: Path | None, *, environment: Mapping[str, str] | None = None, **options: Any
) -> tuple[int, str]:
    """Exit code and stderr of a start that is to fail."""
    ended = subprocess.run(  # noqa: S603 - our own gateway
        gateway_command(template=template, **options),
        env=gateway_environment(environment),
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    return ended.returncode, ended.stderr


def test_a_port_in_use_is_told_at_once(template: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        code, said = start(template, port=port)

    assert code == 1
    assert (
        said == f"rescind_local: port {port} is in use; PORT=<another> chooses another, PORT=0 a free one\n"
    )


def test_a_port_that_is_none_is_told(template: Path) -> None:
    code, said = start(template, port=70000)

    assert (code, said) == (1, "rescind_local: port 70000: it is a number from 0 to 65535\n")


def test_a_parameter_out_of_bounds_is_told_by_its_name(template: Path) -> None:
    code, said = start(template, parameters={"Number": 10})

    assert (code, said) == (1, "rescind_local: parameter Number: '10' is above the maximum of 9\n")


def test_parameters_may_come_from_the_environment(template: Path) -> None:
    code, said = start(template, environment={"PARAMETERS": "Greeting=hi Number=-1"})

    assert (code, said) == (1, "rescind_local: parameter Number: '-1' is below the minimum of 0\n")


def test_ministack_that_does_not_start_is_told_in_its_own_words(template: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken" / "ministack"
    broken.mkdir(parents=True)
    (broken / "__init__.py").write_text("")
    (broken / "app.py").write_text("raise OSError('no room left')\n")
    paths = [str(broken.parent), str(ROOT / "tools")]

    code, said = start(template, environment={"PYTHONPATH": os.pathsep.join(paths)})

    assert (code, said) == (1, "rescind_local: ministack did not start: OSError: no room left\n")


def test_another_endpoint_that_does_not_answer_is_told(template: Path) -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))  # but it does not listen
        endpoint = f"http://127.0.0.1:{nobody.getsockname()[1]}"
        code, said = start(template, environment={"AWS_ENDPOINT_URL": endpoint})

    assert code == 1
    assert said.startswith(f"rescind_local: {endpoint}: Could not connect")
    assert said.count("\n") == 1


def test_a_custom_resource_that_fails_stops_the_start_with_its_reason(tmp_path: Path) -> None:
    template = write_stack(
        tmp_path,
        OPEN_TEMPLATE
        + """\
  Made: {Type: "Custom::Made", Properties: {ServiceToken: !GetAtt Maker.Arn}}
  Maker: {Type: AWS::Serverless::Function, Properties: {CodeUri: maker}}
""",
        {"hello": HELLO, "maker": CUSTOM_RESOURCE.replace("STATUS", "FAILED")},
    )

    code, said = start(template)

    assert (code, said) == (1, "rescind_local: Made was not created: as it was told\n")


CUSTOM_RESOURCE = """\
    import json
    import urllib.request

    def handler(event, context):
        answer = {"Status": "STATUS", "Reason": "as it was told"}
        to = urllib.request.Request(event["ResponseURL"], json.dumps(answer).encode(), method="PUT")
        urllib.request.urlopen(to).close()
"""


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        pytest.param("Resources:", "Things:", "this is no template", id="no resources"),
        pytest.param("Parameters:", "Parameters: [", "while parsing", id="no yaml"),
        pytest.param(
            "CodeUri: hello", "CodeUri: away", "Hello: its CodeUri away does not exist", id="folder"
        ),
        pytest.param(
            "CodeUri: hello", "CodeUri: s3://a/b", "Hello: its CodeUri is not a folder", id="a bucket"
        ),
        pytest.param(
            "CodeUri: hello", "{CodeUri: hello, Runtime: nodejs22.x}", "while parsing", id="a broken line"
        ),
        pytest.param("Path: /hello, ", "", "Hello", id="an event without a path"),
        pytest.param("AWS::Serverless::Api\n", "AWS::SNS::Topic\n", "", id="no api"),
        pytest.param(
            "CodeUri: hello",
            "CodeUri: hello\n      Runtime: nodejs22.x",
            "Hello: its Runtime is not a Python",
            id="another language",
        ),
        pytest.param(
            "CodeUri: hello",
            'CodeUri: hello\n      Layers: ["arn:aws:lambda:us-east-1:1:layer:a:1"]',
            "Hello: a layer of it is not in this template",
            id="a layer from elsewhere",
        ),
    ],
)
def test_a_template_that_cannot_be_served_is_told_in_one_line(
    template: Path, old: str, new: str, fault: str
) -> None:
    template.write_text(template.read_text().replace(old, new))

    with pytest.raises(StartError) as raised:
        read_template(template, [])

    assert fault in str(raised.value)
    assert "\n" not in str(raised.value)


def test_a_template_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(StartError, match=r"away\.yaml: No such file or directory"):
        read_template(tmp_path / "away.yaml", [])
