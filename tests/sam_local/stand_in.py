"""Makes an image that stands in for Lambda's own, out of this machine's Python 3.13: nothing is pulled.

It is for tests only. As in Lambda's image, Python is in /var/lang and the runtime's client in
/var/runtime, and imports come from /var/task first, then from /opt/python. It differs: it is no Amazon
Linux, as the C library and all others are this machine's; it has no boto3, which has to come from the
layer; and it has no programs but the five that SAM runs in it.
"""

import io
import json
import re
import shutil
import subprocess
import tarfile
from collections.abc import Iterable
from pathlib import Path

from tests.sam_local.engine import docker

_LANG, _RUNTIME, _LIBRARIES = "var/lang", "var/runtime", "lib64"
_ENVIRONMENT = {
    "PATH": f"/{_LANG}/bin:/bin",
    "LD_LIBRARY_PATH": f"/{_LANG}/lib:/{_LIBRARIES}:/var/task:/var/task/lib:/opt/lib",
    "PYTHONPATH": f"/var/task:/opt/python:/{_RUNTIME}",
    "LAMBDA_TASK_ROOT": "/var/task",
    "LAMBDA_RUNTIME_DIR": f"/{_RUNTIME}",
    "TZ": ":UTC",
}
# What a function writes goes another way than what the runtime's emulator writes of it. SAM looks for a
# line of the latter where it begins to read; where another stands there, SAM keeps the answer for a
# second.
_BOOTSTRAP = b'#!/bin/sh\nexec /var/lang/bin/python3.13 -m awslambdaric "$_HANDLER" >&2\n'
# SAM's own steps on top of an image run these.
_PROGRAMS = ("sh", "mv", "cp", "rm", "chmod")
_NOT_IN_LAMBDA = re.compile(
    r"/(test|idlelib|tkinter|turtledemo|ensurepip|pydoc_data|(site|dist)-packages|config-[^/]+)(/|$)"
)
_RUNTIME_CLIENT = ("awslambdaric", "runtime_client", "snapshot_restore_py", "simplejson")


def make_stand_in(name: str, *, python: Path, label: str, folder: Path) -> None:
    """Tags it; `python` is of an environment that has awslambdaric; `folder` is for a file of 120 MB."""
    about = _about(python)
    root = folder / "stand-in.tar"
    with tarfile.open(root, "w") as tar:
        tar.add(about["stdlib"], f"{_LANG}/lib/python3.13", filter=_if_in_lambda)
        _add_programs(tar, about)
        for found in sorted(Path(about["packages"]).iterdir()):
            if found.name.startswith(_RUNTIME_CLIENT):
                tar.add(found, f"{_RUNTIME}/{found.name}")
        _add_file(tar, f"{_RUNTIME}/bootstrap", _BOOTSTRAP)
        for each, mode in (("tmp", 0o1777), ("var/task", 0o755), ("opt", 0o755)):
            _add_folder(tar, each, mode)
    variables = [f"ENV {variable}={value}" for variable, value in _ENVIRONMENT.items()]
    changes = [*variables, "WORKDIR /var/task", f"LABEL {label}"]
    docker("import", *(f"--change={change}" for change in changes), str(root), name)
    root.unlink()


def _about(python: Path) -> dict[str, str]:
    """Where the parts of that Python are."""
    ask = """if True:
        import json, os, sys, sysconfig
        paths = {"stdlib": sysconfig.get_path("stdlib"), "packages": sysconfig.get_path("platlib")}
        print(json.dumps({**paths, "program": os.path.realpath(sys.executable)}))"""
    said = subprocess.run([python, "-c", ask], capture_output=True, check=True, timeout=30)  # noqa: S603 - Lambda's Python
    found: dict[str, str] = json.loads(said.stdout)
    return found


def _add_programs(tar: tarfile.TarFile, about: dict[str, str]) -> None:
    """Each with the libraries that it loads from this machine, and those of Python's own extensions."""
    programs = {f"bin/{name}": shutil.which(name) or name for name in _PROGRAMS}
    programs[f"{_LANG}/bin/python3.13"] = about["program"]
    for place, program in programs.items():
        tar.add(Path(program).resolve(), place)
    extensions = [
        *Path(about["stdlib"]).glob("lib-dynload/*.so"),
        *Path(about["packages"]).glob("runtime_client*.so"),
    ]
    for library in _libraries([*programs.values(), *extensions]):
        # The loader has to be where programs name it.
        place = str(library).lstrip("/") if library.name.startswith("ld-") else f"{_LIBRARIES}/{library.name}"
        tar.add(library.resolve(), place)


def _libraries(programs: Iterable[str | Path]) -> list[Path]:
    said = subprocess.run(["ldd", *programs], capture_output=True, text=True, check=False, timeout=60)  # noqa: S603, S607 - on our own files
    return sorted({Path(found) for found in re.findall(r"(/\S+) \(0x", said.stdout)})


def _if_in_lambda(member: tarfile.TarInfo) -> tarfile.TarInfo | None:
    return None if _NOT_IN_LAMBDA.search(f"/{member.name}") else member


def _add_file(tar: tarfile.TarFile, name: str, content: bytes) -> None:
    member = tarfile.TarInfo(name)
    member.mode, member.size = 0o755, len(content)
    tar.addfile(member, io.BytesIO(content))


def _add_folder(tar: tarfile.TarFile, name: str, mode: int) -> None:
    member = tarfile.TarInfo(name)
    member.type, member.mode = tarfile.DIRTYPE, mode
    tar.addfile(member)
