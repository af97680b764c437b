"""Runs `sam build`, one at a time in a checkout, and says what it has made: `make build`.

What is made is what `sam build` alone makes.
"""

import fcntl
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

BUILD = Path(".aws-sam/build")
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


def main(sam: str, *options: str) -> None:
    """Arguments: where SAM CLI is, and what it is told beside `build`."""
    BUILD.parent.mkdir(exist_ok=True)
    # Each empties the folder first, whoever is at work there.
    with (BUILD.parent / "build.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        print("Building for Lambda; for the first time that takes a minute ...", flush=True)
        done = subprocess.run(  # noqa: S603 - SAM CLI, where `make` has put it
            [sam, "build", *options], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False
        )
        if done.returncode != 0:
            sys.stderr.write(done.stdout.decode(errors="replace"))
            sys.exit("Nothing was built. What is missing is said above.")
        made = _largest_first(artefact(folder) for folder in BUILD.iterdir() if folder.is_dir())
    print(
        f"Built in {BUILD}, for Lambda's limit of {LIMIT_BYTES // 1024**2} MB of a function with its layer:"
    )
    print(*table(made), sep="\n")
    print(f"Next: {next_step(sam, made)}")


def next_step(sam: str, made: list[Artefact]) -> str:
    machines = {machine for each in made for machine in each.machines}
    # The functions must get what the layer was built for.
    told = " --parameter-overrides Architecture=arm64" if "arm64" in machines else ""
    return f"{sam} deploy{told}"


def artefact(folder: Path) -> Artefact:
    files = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    with tempfile.TemporaryFile() as packed:
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
            for path in files:
                archive.write(path, path.relative_to(folder))
        zipped = packed.tell()
    machines = frozenset(machine_of(path) for path in files if path.suffix == ".so")
    return Artefact(folder.name, sum(path.stat().st_size for path in files), zipped, machines)


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


def _largest_first(made: Iterable[Artefact]) -> list[Artefact]:
    return sorted(made, key=lambda each: (-each.unzipped_bytes, each.name))


def _size(count: int) -> str:
    return f"{count / _ONE_MB:.1f} MB" if count >= _ONE_MB / 10 else f"{count / 1e3:.1f} kB"


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except KeyboardInterrupt:
        sys.exit(130)
