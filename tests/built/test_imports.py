"""Each handler, imported from its artefacts alone: without this checkout, and this machine's packages."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.built.builds import Build
from tests.template import NAMES
from tests.what_was_built import LAMBDA_PYTHON

pytestmark = pytest.mark.sam

# What is compiled while importing, and whence each module comes.
PROGRAM = """
import importlib.machinery, json, sys, sysconfig

compiled = []
compiles = importlib.machinery.SourceFileLoader.source_to_code

def source_to_code(self, data, path, **rest):
    compiled.append(path)
    return compiles(self, data, path, **rest)

importlib.machinery.SourceFileLoader.source_to_code = source_to_code
standard = sysconfig.get_path("stdlib")
sys.path[:0] = sys.argv[1:]
import app

specs = [getattr(module, "__spec__", None) for module in sys.modules.values()]
origins = {spec.origin for spec in specs if spec}
print(json.dumps({
    "callable": callable(app.handler),
    "compiled": [path for path in compiled if not path.startswith(standard)],
    "elsewhere": [
        origin for origin in origins
        if origin not in {None, "built-in", "frozen"}
        and not origin.startswith((*sys.argv[1:], standard))
        or "site-packages" in str(origin)
    ],
    "from the layer": sum(str(origin).startswith(sys.argv[2]) for origin in origins),
}))
"""


@pytest.mark.parametrize("function", NAMES)
def test_a_handler_comes_from_its_artefacts_alone_and_only_itself_is_compiled(
    here: Build, function: str
) -> None:
    of_function = here.function(function)

    seen = imported(of_function, here.layer)

    assert seen["callable"]
    assert seen["elsewhere"] == []
    assert seen["compiled"] == [str(of_function / "app.py")]
    assert seen["from the layer"] > 0


def imported(of_function: Path, layer: Path) -> dict[str, Any]:
    done = subprocess.run(  # noqa: S603 - our own program
        # Without the packages of its environment, as it was started by nobody, and as where it cannot write.
        [LAMBDA_PYTHON, "-I", "-S", "-B", "-c", PROGRAM, of_function, layer],
        env={},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    seen: dict[str, Any] = json.loads(done.stdout)
    return seen
