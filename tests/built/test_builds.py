"""Building the layer: again, elsewhere, and with something missing or tampered with."""

import os
import re
from pathlib import Path

import pytest

from tests.built.builds import Build, contents, make_layer

pytestmark = pytest.mark.sam


def test_a_build_elsewhere_at_another_time_is_the_same_to_the_byte(
    built: Build, layer_source: Path, tmp_path: Path
) -> None:
    for file in layer_source.rglob("*"):
        os.utime(file, (1_000_000_000, 1_000_000_000))

    done = make_layer(layer_source, tmp_path / "made")

    assert done.returncode == 0, done.stderr
    assert contents(tmp_path / "made") == contents(built.layer.parent)


@pytest.mark.parametrize(
    ("pattern", "instead", "told"),
    [
        pytest.param(r"sha256:\w{64}", "sha256:" + "0" * 64, "DO NOT MATCH THE HASHES", id="another-hash"),
        pytest.param(r" \\\n +--hash=\S+", "", "require.* hash", id="no-hash"),
        pytest.param(r"==\S+", "==0.0.1", "the network, or a proxy", id="nowhere-to-be-found"),
    ],
)
def test_packages_that_are_not_as_pinned_fail_the_build(
    layer_source: Path, tmp_path: Path, pattern: str, instead: str, told: str
) -> None:
    requirements = layer_source / "requirements.txt"
    changed = re.sub(pattern, instead, requirements.read_text(encoding="utf-8"))
    requirements.write_text(changed, encoding="utf-8")

    done = make_layer(layer_source, tmp_path / "made")

    assert done.returncode != 0
    assert re.search(told, done.stderr), done.stderr
    assert not (tmp_path / "made").exists()


@pytest.mark.parametrize(
    ("python", "told"),
    [
        pytest.param("exit 127", "There is no python3.13 that runs. Put its folder first", id="no-python"),
        pytest.param(
            'test "$2" != "import pip"', "python3.13 has no pip: python3.13 -m ensurepip", id="no-pip"
        ),
    ],
)
def test_what_is_missing_is_named_with_its_cure(
    layer_source: Path, tmp_path: Path, python: str, told: str
) -> None:
    stand_in = tmp_path / "bin" / "python3.13"
    stand_in.parent.mkdir()
    stand_in.write_text(f"#!/bin/sh\n{python}\n", encoding="utf-8")
    stand_in.chmod(0o755)

    done = make_layer(
        layer_source, tmp_path / "made", PATH=f"{stand_in.parent}{os.pathsep}{os.environ['PATH']}"
    )

    assert done.returncode != 0
    assert done.stderr.startswith(told)
