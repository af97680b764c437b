"""The Docker engine of this machine: whether it will do, how containers reach us, an end to what is ours."""

import json
import platform
import shutil
import socket
import subprocess
from collections.abc import Mapping
from contextlib import suppress
from ipaddress import ip_network

MACHINE = platform.machine()
ARCHITECTURE = {"aarch64": "arm64"}.get(MACHINE, MACHINE)
"""As Lambda names it."""

_SECONDS = 120


class EngineError(Exception):
    """Docker did not do it; the message has its last words."""


def docker(*arguments: str, given: bytes = b"") -> str:
    """What the command answers."""
    done = subprocess.run(  # noqa: S603 - docker, by its own path
        [_docker(), *arguments], input=given, capture_output=True, timeout=_SECONDS, check=False
    )
    if done.returncode != 0:
        raise EngineError(f"docker {arguments[0]}: {done.stderr.decode(errors='replace').strip()}")
    return done.stdout.decode().strip()


def what_is_missing() -> str:
    """Why there can be no test with Docker here, and what to do about it; empty where nothing is missing."""
    if not shutil.which("docker"):
        return (
            "There is no `docker` command. Install it, and the engine: on Debian, apt-get install docker.io."
        )
    try:
        docker("version", "--format", "{{.Server.Version}}")
    except EngineError as error:
        words = str(error).splitlines()[-1]
        return f"The Docker engine does not answer ({words}). Start it, and see that you may use it."
    try:
        with socket.socket() as try_out:
            try_out.bind((bridge_address(), 0))
    except OSError as error:
        return (
            f"Docker's bridge ({bridge_address()}) is no address of this machine ({error.strerror}), so no "
            "container would reach the store. The engine has to run on this Linux itself, as root."
        )
    return ""


def bridge_address() -> str:
    """Where a container finds this machine."""
    [network] = json.loads(docker("network", "inspect", "bridge"))
    [first, *_] = network["IPAM"]["Config"]
    # An engine that chose it itself need not say so: it takes the first.
    return str(first.get("Gateway") or ip_network(first["Subnet"])[1])


def has_image(name: str) -> bool:
    return bool(docker("image", "ls", "--quiet", name))


def image_upon(base: str, name: str, *, environment: Mapping[str, str], label: str) -> None:
    """Tags `name` an image that is `base` with these variables; nothing is pulled where `base` is here."""
    variables = "\n".join(f'ENV {variable}="{value}"' for variable, value in environment.items())
    docker(
        "build", "--quiet", "--tag", name, "-", given=f"FROM {base}\n{variables}\nLABEL {label}\n".encode()
    )


def containers(label: str) -> list[str]:
    """Those that there are, running or not: each has the labels of its image."""
    return docker("container", "ls", "--all", "--quiet", "--filter", f"label={label}").split()


def end_all(label: str) -> None:
    """Containers first, then the images that they, and SAM, were made from."""
    if left := containers(label):
        docker("container", "rm", "--force", *left)
    while found := _images(label):
        for each in found:
            # One that another was made from goes after it.
            with suppress(EngineError):
                docker("image", "rm", "--force", each)
        if _images(label) == found:
            raise EngineError(f"docker image rm: these cannot be removed: {', '.join(found)}")


def _images(label: str) -> list[str]:
    found = docker("image", "ls", "--all", "--quiet", "--filter", f"label={label}").split()
    return list(dict.fromkeys(found))


def _docker() -> str:
    found = shutil.which("docker")
    if not found:
        raise EngineError("there is no such command")
    return found
