"""Versions to upgrade from and to: an older commit's source, built; and this build with another layer."""

import io
import json
import os
import shutil
import subprocess
import tarfile
from pathlib import Path

from samtranslator.yaml_helper import yaml_parse

from tests.what_was_built import BUILD, ROOT

# The last one whose authorizer and login had no alias, so that a stack that was deployed then gets one. To be
# moved on to the last release, when there is one.
OLDER = "de16d381958520940e57cad6979d0ae76e4ac9f9"


def is_in_history(commit: str) -> bool:
    """It is not in a shallow clone."""
    return _git("cat-file", "-e", f"{commit}^{{commit}}").returncode == 0


def build_of(commit: str, folder: Path) -> Path:
    """Its functions, its template and its package, on the packages that this build has in its layer."""
    archive = _git("archive", commit, "functions", "infra/template.yaml", "layers/rescind/rescind").stdout
    with tarfile.open(fileobj=io.BytesIO(archive)) as files:
        files.extractall(folder, filter="data")
    layer = _layer(folder)
    shutil.rmtree(layer / "python" / "rescind")
    (folder / "layers/rescind/rescind").rename(layer / "python" / "rescind")
    template = yaml_parse((folder / "infra/template.yaml").read_text(encoding="utf-8"))
    for resource in template["Resources"].values():
        properties = resource.get("Properties", {})
        if "CodeUri" in properties:
            properties["CodeUri"] = properties["CodeUri"].removeprefix("../")
        if "ContentUri" in properties:
            properties["ContentUri"] = layer.name
    (folder / "template.yaml").write_text(json.dumps(template), encoding="utf-8")
    return folder


def build_with(line: str, module: str, folder: Path) -> Path:
    """This build with one more line at the end of a module of the layer, and nothing else changed."""
    shutil.copytree(BUILD, folder, dirs_exist_ok=True, ignore=lambda *_: ["Layer"])
    layer = _layer(folder)
    source = layer / "python" / "rescind" / module
    text = source.read_text(encoding="utf-8")
    source.unlink()  # It is a link to the build's own.
    source.write_text(f"{text}\n{line}\n", encoding="utf-8")
    for compiled in source.parent.glob(f"__pycache__/{source.stem}.*"):
        compiled.unlink()  # Or the old one would run: it is not compared with its source.
    return folder


def _layer(folder: Path) -> Path:
    return Path(shutil.copytree(BUILD / "Layer", folder / "Layer", copy_function=os.link))


def _git(*arguments: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(  # noqa: S603 - git, in our own repository
        ["git", *arguments],  # noqa: S607 - wherever it is
        cwd=ROOT,
        capture_output=True,
        timeout=60,
        check=False,
    )
