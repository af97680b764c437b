"""What is in the artefacts that are uploaded, file by file."""

import re
import subprocess
from importlib.metadata import files
from pathlib import Path

import pytest

import sdk_descriptions
from sam_build import LIMIT_BYTES, machine_of
from tests.built.builds import LAYER_SOURCE, Build, contents
from tests.template import NAMES
from tests.what_was_built import LAMBDA_PYTHON, ROOT

pytestmark = pytest.mark.sam

PINS = dict(
    re.findall(
        r"^([\w.-]+)==([\w.]+)", (LAYER_SOURCE / "requirements.txt").read_text(encoding="utf-8"), re.MULTILINE
    )
)
ELF = b"\x7fELF"
NEVER_SHIPPED = {
    "tests",
    "test",
    "bin",
    "requirements.txt",
    "Makefile",
    "layer.mk",
    "sdk_descriptions.py",
    "RECORD",
    "INSTALLER",
}


@pytest.fixture(params=["x86_64", "arm64"])
def build(request: pytest.FixtureRequest) -> Build:
    fixture = {"x86_64": "built", "arm64": "arm64"}[request.param]
    build: Build = request.getfixturevalue(fixture)
    return build


def test_there_is_an_artefact_for_each_function_and_one_for_the_layer(build: Build) -> None:
    made = {path.name for path in build.folder.iterdir()}

    assert made == {*NAMES.values(), "Layer", "template.yaml"}


@pytest.mark.parametrize("function", NAMES)
def test_a_function_is_its_one_module_and_nothing_else(build: Build, function: str) -> None:
    source = ROOT / "functions" / function / "app.py"

    assert contents(build.function(function)) == {"app.py": source.read_bytes()}


def test_the_layer_holds_the_package_as_it_is_in_the_source(build: Build) -> None:
    shipped = {
        name: content
        for name, content in contents(build.layer / "rescind").items()
        if "__pycache__" not in name and not name.startswith("sdk-descriptions/")
    }
    source = {
        name: content
        for name, content in contents(LAYER_SOURCE / "rescind").items()
        if "__pycache__" not in name
    }

    assert shipped == source
    assert {path.name for path in build.layer.parent.iterdir()} == {"python"}


def test_the_layer_holds_what_our_clients_need_of_the_sdk_s_descriptions(
    build: Build, tmp_path: Path
) -> None:
    sdk_descriptions.write(tmp_path)

    assert contents(build.layer / "rescind" / "sdk-descriptions") == contents(tmp_path)


def test_the_layer_holds_the_pinned_packages_and_no_others(build: Build) -> None:
    described = dict(
        folder.name.removesuffix(".dist-info").rsplit("-", 1) for folder in build.layer.glob("*.dist-info")
    )
    top_level = {path.name.partition(".")[0] for path in build.layer.iterdir() if path.suffix != ".dist-info"}
    of_the_pinned = {
        file.parts[0].partition(".")[0]
        for name in PINS
        for file in files(name) or ()
        if file.parts[0] != ".." and ".dist-info" not in file.parts[0]
    }

    assert {_normal(name): version for name, version in described.items()} == PINS
    assert top_level - {"__pycache__"} == (of_the_pinned | {"rescind"}) - {"__pycache__"}


def _normal(name: str) -> str:
    return name.lower().replace("_", "-")


def test_of_a_package_s_metadata_only_name_licence_and_bill_of_materials_are_shipped(build: Build) -> None:
    of_metadata = [name for name in contents(build.layer) if ".dist-info/" in name]
    kept = re.compile(r"\.dist-info/(METADATA|LICENSE.*|NOTICE.*|licenses/.*|sboms/.*)$")

    assert [name for name in of_metadata if not kept.search(name)] == []
    assert sum(name.endswith("METADATA") for name in of_metadata) == len(PINS)


def test_nothing_is_shipped_that_no_function_could_use(build: Build) -> None:
    parts = {part for name in contents(build.layer) for part in name.split("/")}

    assert parts & NEVER_SHIPPED == set()


def test_every_module_is_compiled_once_for_lambdas_python_and_trusted_as_it_is(build: Build) -> None:
    shipped = contents(build.layer)
    modules = {Path(name) for name in shipped if name.endswith(".py")}
    compiled = {Path(name): content for name, content in shipped.items() if name.endswith(".pyc")}
    magic = subprocess.run(  # noqa: S603 - our own program
        [LAMBDA_PYTHON, "-c", "import importlib.util as u; print(u.MAGIC_NUMBER.hex())"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()

    assert compiled.keys() == {
        module.parent / "__pycache__" / f"{module.stem}.cpython-313.pyc" for module in modules
    }
    # PEP 552: after the magic number, 1 is "by the source's hash, which is not compared".
    assert {content[:8].hex() for content in compiled.values()} == {f"{magic}01000000"}


def test_what_is_compiled_names_the_place_that_it_has_in_lambda(build: Build) -> None:
    verdict = (build.layer / "rescind" / "__pycache__" / "verdict.cpython-313.pyc").read_bytes()

    assert b"/opt/python/rescind/verdict.py" in verdict
    assert not any(str(ROOT).encode() in content for content in contents(build.layer).values())


@pytest.mark.parametrize("architecture", ["x86_64", "arm64"])
def test_all_native_code_is_for_the_processors_that_were_asked_for(
    architecture: str, built: Build, arm64: Build
) -> None:
    build = {"x86_64": built, "arm64": arm64}[architecture]
    native = [name for name, content in contents(build.layer).items() if content[:4] == ELF]

    assert {machine_of(build.layer / name) for name in native} == {architecture}
    assert {name.partition("/")[0].partition(".")[0] for name in native} == {
        "_argon2_cffi_bindings",
        "_cffi_backend",
        "bcrypt",
        "cryptography",
    }


def test_but_for_native_code_both_layers_are_the_same(built: Build, arm64: Build) -> None:
    def portable(build: Build) -> dict[str, bytes]:
        return {
            name: content
            for name, content in contents(build.layer).items()
            if content[:4] != ELF and "/sboms/" not in name  # These list what is compiled in.
        }

    assert portable(built) == portable(arm64)


def test_a_function_with_the_layer_is_far_below_lambdas_limit(build: Build) -> None:
    of_layer = sum(map(len, contents(build.layer).values()))
    of_largest = max(sum(map(len, contents(build.function(name)).values())) for name in NAMES)

    # Functions of others that use the layer have room for packages of their own.
    assert of_layer + of_largest < LIMIT_BYTES / 4
