"""What `make build` adds to `sam build`: one at a time, and words on what it made. SAM CLI is a stand-in."""

import subprocess
import sys
from pathlib import Path

import pytest

import sam_build
from tests.template import DOCUMENT, RESOURCES

SCRIPT = Path(sam_build.__file__)
X86_64, ARM64 = 62, 183
# Complains when another one is at work, then builds a layer for these processors, and a function.
STAND_IN = """#!/bin/sh
mkdir .aws-sam/at-work || exit 1
sleep 0.1
mkdir -p .aws-sam/build/Layer/python .aws-sam/build/MeFunction
printf '\\177ELF%14s\\{machine:o}\\000' '' > .aws-sam/build/Layer/python/native.so
echo pass > .aws-sam/build/MeFunction/app.py
rmdir .aws-sam/at-work
"""


def sam(folder: Path, script: str) -> Path:
    path = folder / "sam"
    path.write_text(script, encoding="utf-8")
    path.chmod(0o755)
    return path


def begin_build(folder: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(  # noqa: S603 - our own script
        [sys.executable, SCRIPT, "./sam"],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.parametrize(
    ("machine", "name", "told"),
    [
        pytest.param(X86_64, "x86_64", "./sam deploy", id="x86_64"),
        pytest.param(ARM64, "arm64", "./sam deploy --parameter-overrides Architecture=arm64", id="arm64"),
    ],
)
def test_two_builds_wait_for_each_other_and_say_what_they_made_and_what_comes_next(
    tmp_path: Path, machine: int, name: str, told: str
) -> None:
    sam(tmp_path, STAND_IN.format(machine=machine))

    for build in [begin_build(tmp_path), begin_build(tmp_path)]:
        said, complained = build.communicate(timeout=20)

        assert (build.returncode, complained) == (0, "")
        assert f"Layer                     0.0 kB      0.1 kB  {name}\nMeFunction" in said
        assert said.endswith(f"\nNext: {told}\n")


def test_what_sam_says_of_a_build_that_failed_is_shown(tmp_path: Path) -> None:
    sam(tmp_path, "#!/bin/sh\necho There is no python3.13 that runs.\nexit 1\n")

    build = begin_build(tmp_path)
    _, complained = build.communicate(timeout=20)

    assert build.returncode == 1
    assert complained.startswith("There is no python3.13 that runs.\n")


def test_the_layer_and_every_function_are_for_the_same_processors() -> None:
    of_the_parameter = {"Ref": "Architecture"}
    layer = RESOURCES["Layer"]

    assert DOCUMENT["Globals"]["Function"]["Architectures"] == [of_the_parameter]
    assert layer["Properties"]["CompatibleArchitectures"] == [of_the_parameter]
    assert layer["Metadata"]["BuildArchitecture"] == of_the_parameter
    assert {
        name for name, each in RESOURCES.items() if "Architectures" in each.get("Properties", {})
    } == set()
    for architecture in DOCUMENT["Parameters"]["Architecture"]["AllowedValues"]:
        assert (SCRIPT.parents[1] / "layers" / "rescind" / architecture / "Makefile").is_file()
