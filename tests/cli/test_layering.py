"""The command knows nothing of what it operates: it asks, and what it is told is all it has."""

import ast
from pathlib import Path

import pytest

from tests.test_layering import has, imports

PACKAGE = Path(__file__).parents[2] / "tools" / "rescind_cli"
MODULES = {str(path.relative_to(PACKAGE)): path for path in sorted(PACKAGE.rglob("*.py"))}


@pytest.mark.parametrize("module", MODULES)
def test_the_command_imports_nothing_of_the_service_nor_of_the_local_gateway(module: str) -> None:
    found = {each for each in imports(MODULES[module]) if has(each, {"rescind", "rescind_local"})}

    assert found == set()


@pytest.mark.parametrize("module", [module for module in MODULES if module.startswith("checks/")])
def test_a_check_calls_nobody_and_has_no_clock(module: str) -> None:
    found = {each for each in imports(MODULES[module]) if has(each, {"boto3", "botocore", "os", "time"})}

    assert found == set()


@pytest.mark.parametrize("module", MODULES)
def test_a_module_is_short_and_opens_with_what_it_is(module: str) -> None:
    text = MODULES[module].read_text(encoding="utf-8")

    assert ast.get_docstring(ast.parse(text))
    assert text.count("\n") < 200
