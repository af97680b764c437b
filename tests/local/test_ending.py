"""However the gateway ends, nothing that it started outlives it."""

import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from tests.local.processes import is_alive, process_tree
from tests.local.tiny import HELLO, OPEN_TEMPLATE, write_stack
from tests.local_gateway import ROOT, gateway_command, gateway_environment, running_gateway

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads the processes from /proc")


@pytest.fixture
def template(tmp_path: Path) -> Path:
    return write_stack(tmp_path, OPEN_TEMPLATE, {"hello": HELLO})


def eventually(holds: Callable[[], bool]) -> bool:
    give_up = time.monotonic() + 5
    while not holds() and time.monotonic() < give_up:
        time.sleep(0.02)
    return holds()


def test_ctrl_c_ends_everything_without_a_word(template: Path, tmp_path: Path) -> None:
    with running_gateway(template=template, environment={"TMPDIR": str(tmp_path)}) as gateway:
        assert httpx.get(f"{gateway.base_url}/hello").text == "hello"
        processes = process_tree(gateway.process.pid)
        said = gateway.output()

        gateway.process.send_signal(signal.SIGINT)
        code = gateway.process.wait(timeout=10)

        assert code == 0
        assert len(processes) == 4  # itself, ministack, the warm process and a sandbox
        assert not any(is_alive(pid) for pid in processes)
        assert gateway.output() == said
    assert list(tmp_path.glob("rescind-local-*")) == []


def test_a_killed_gateway_leaves_nothing_behind_either(template: Path, tmp_path: Path) -> None:
    with running_gateway(template=template, environment={"TMPDIR": str(tmp_path)}) as gateway:
        assert httpx.get(f"{gateway.base_url}/hello").text == "hello"
        processes = process_tree(gateway.process.pid)

        gateway.process.kill()
        gateway.process.wait(timeout=10)

        assert eventually(lambda: not any(is_alive(pid) for pid in processes))
        assert eventually(lambda: list(tmp_path.glob("rescind-local-*")) == [])


@pytest.fixture
def starting(template: Path) -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen(  # noqa: S603 - our own gateway
        gateway_command(template=template),
        env=gateway_environment(),
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    ) as process:
        yield process
        process.kill()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_start_can_be_stopped_half_way(starting: subprocess.Popen[bytes], number: int) -> None:
    assert eventually(lambda: len(process_tree(starting.pid)) == 3)
    processes = process_tree(starting.pid)

    starting.send_signal(number)
    said, _ = starting.communicate(timeout=10)

    assert starting.returncode == 0
    assert said == b""
    assert not any(is_alive(pid) for pid in processes)


@pytest.mark.proof
def test_a_request_that_is_still_running_does_not_hold_it_up(tmp_path: Path) -> None:
    nap = "import time\n\ndef handler(event, context):\n    time.sleep(4)\n"
    template = write_stack(tmp_path, OPEN_TEMPLATE, {"hello": nap})
    with running_gateway(template=template) as gateway:
        with pytest.raises(httpx.TimeoutException):
            httpx.get(f"{gateway.base_url}/hello", timeout=0.5)
        processes = process_tree(gateway.process.pid)

        gateway.process.send_signal(signal.SIGINT)
        gateway.process.wait(timeout=3)

        assert not any(is_alive(pid) for pid in processes)
        assert "Traceback" not in gateway.output()
