"""Runs `sam build`, one at a time in a checkout, and says what it has made: `make build`.

What is made is what `sam build` alone makes.
"""

import fcntl
import subprocess
import sys
from pathlib import Path

from artefacts import LIMIT_BYTES, Artefact, artefacts_in, table

BUILD = Path(".aws-sam/build")


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
        made = artefacts_in(BUILD)
    print(
        f"Built in {BUILD}, for Lambda's limit of {LIMIT_BYTES // 1024**2} MB of a function with its layer:"
    )
    print(*table(made), sep="\n")
    print(f"Next: {next_step(sam, made)}")


def next_step(sam: str, made: list[Artefact]) -> str:
    machines = {machine for each in made for machine in each.machines}
    # The functions must get what the layer was built for.
    told = " --parameter-overrides Architecture=arm64" if "arm64" in machines else ""
    return f"{sam} deploy --guided{told}"


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except KeyboardInterrupt:
        sys.exit(130)
