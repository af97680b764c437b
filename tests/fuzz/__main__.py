"""`python -m tests.fuzz TARGET [libFuzzer's options] CORPUS`: fuzzes one target until it finds something."""

import sys
from random import Random

import atheris

with atheris.instrument_imports(include=["rescind"]):
    from tests.fuzz.targets import TARGETS

target = TARGETS[sys.argv.pop(1)]


def run(data: bytes) -> None:
    target.run(data)


def mutated(data: bytes, max_size: int, seed: int) -> bytes:
    """Mostly nearly right ones; now and then what libFuzzer makes of the bytes."""
    random = Random(seed)  # noqa: S311 - the fuzzer gives the seed, so that a run can be repeated
    if random.random() < 0.1:
        return bytes(atheris.Mutate(data, max_size))
    # Back to a good one half the time: what reaches new code is mostly wrong already.
    base = random.choice([data, random.choice(target.seeds)])
    return target.mutated(base, random)[:max_size]


atheris.Setup(sys.argv, run, custom_mutator=mutated)
atheris.Fuzz()
