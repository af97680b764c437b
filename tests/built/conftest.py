"""The builds that are opened here, and what was measured of them, which is shown at the end."""

import shutil
from pathlib import Path

import pytest

from sam_build import artefact, table
from tests.built.builds import LAYER_SOURCE, THIS_MACHINE, Build, sam_build
from tests.what_was_built import BUILD, LAMBDA_PYTHON, SAM

_MEASURED = pytest.StashKey[dict[str, list[str]]]()


def pytest_configure(config: pytest.Config) -> None:
    config.stash[_MEASURED] = {}


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    for title, lines in config.stash[_MEASURED].items():
        terminalreporter.section(title)
        terminalreporter.write_line("\n".join(lines))


@pytest.fixture(scope="session")
def measured(pytestconfig: pytest.Config) -> dict[str, list[str]]:
    """Lines by title, for the end of the run."""
    return pytestconfig.stash[_MEASURED]


@pytest.fixture(scope="session")
def built() -> Build:
    """What `make build` has made."""
    build = Build(BUILD)
    if not (build.folder / "template.yaml").exists() or not LAMBDA_PYTHON.exists() or not SAM.exists():
        pytest.fail("Nothing is built, or the environments are not there: make sam", pytrace=False)
    return build


@pytest.fixture(scope="session")
def arm64(tmp_path_factory: pytest.TempPathFactory, measured: dict[str, list[str]]) -> Build:
    """A build of the same for the other processors, in another folder."""
    build = sam_build(tmp_path_factory.mktemp("arm64"), architecture="arm64")
    measured["Layer for arm64"] = list(table([artefact(build.folder / "Layer")]))
    return build


@pytest.fixture(scope="session")
def here(built: Build, request: pytest.FixtureRequest) -> Build:
    """The one whose compiled code this machine can run."""
    if THIS_MACHINE not in {"x86_64", "arm64"}:
        pytest.skip("Lambda has no processors like this machine's: what was built is looked at, but not run.")
    build: Build = built if THIS_MACHINE == "x86_64" else request.getfixturevalue("arm64")
    return build


@pytest.fixture
def layer_source(tmp_path: Path) -> Path:
    """Another checkout of it, in which tests of another Python have run."""
    copy = tmp_path / "rescind"
    shutil.copytree(LAYER_SOURCE, copy, ignore=shutil.ignore_patterns("__pycache__"))
    for package in (copy / "rescind", copy / "rescind" / "rules"):
        (package / "__pycache__").mkdir()
        (package / "__pycache__" / "verdict.cpython-311.pyc").write_bytes(b"of another Python")
    return copy
