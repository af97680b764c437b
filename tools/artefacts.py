"""What `sam build` has made: how large each artefact is, and on which processors it runs."""

import tempfile
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

# Of a function and its layers together, unzipped; Lambda says 250 MB to it.
LIMIT_BYTES = 250 * 1024**2

_ONE_MB = 10**6
_MACHINES = {62: "x86_64", 183: "arm64"}


@dataclass(frozen=True)
class Artefact:
    name: str
    """Of the resource."""
    unzipped_bytes: int
    zipped_bytes: int
    machines: frozenset[str]
    """For which its compiled code is; none where it has none."""


def artefacts_in(build: Path) -> list[Artefact]:
    """Each by itself, the largest first."""
    found = [_measure(folder) for folder in build.iterdir() if folder.is_dir()]
    return sorted(found, key=lambda each: (-each.unzipped_bytes, each.name))


def machine_of(shared_object: Path) -> str:
    """The processor that a compiled file is for, by its ELF header."""
    with shared_object.open("rb") as file:
        header = file.read(20)
    if header[:4] != b"\x7fELF":
        return "no ELF file"
    number = int.from_bytes(header[18:20], "little")
    return _MACHINES.get(number, f"machine {number}")


def table(artefacts: list[Artefact]) -> Iterator[str]:
    """For people to read."""
    yield f"{'':20}{'unzipped':>12}{'zipped':>12}"
    for each in artefacts:
        sizes = "".join(f"{_size(count):>12}" for count in (each.unzipped_bytes, each.zipped_bytes))
        yield f"{each.name:20}{sizes}  {', '.join(sorted(each.machines))}".rstrip()


def _size(count: int) -> str:
    return f"{count / _ONE_MB:.1f} MB" if count >= _ONE_MB / 10 else f"{count / 1e3:.1f} kB"


def _measure(folder: Path) -> Artefact:
    files = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    with tempfile.TemporaryFile() as packed:
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
            for path in files:
                archive.write(path, path.relative_to(folder))
        zipped = packed.tell()
    machines = frozenset(machine_of(path) for path in files if path.suffix == ".so")
    return Artefact(folder.name, sum(path.stat().st_size for path in files), zipped, machines)
