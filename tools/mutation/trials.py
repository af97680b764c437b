"""Tries mutants: each in a process forked from this one, in which tests import the changed module."""

import importlib
import os
import signal
import sys
import types
from collections.abc import Iterable, Iterator
from multiprocessing import connection, get_context
from pathlib import Path
from typing import Any

import hypothesis
import jwt  # noqa: F401  (warm: what the modules import is imported once, and none of them is)
import pytest

from mutation.mutants import Mutant

# A module's tests take a second or two, so whatever takes longer than this is an endless loop. It is the
# processor's time: the clock on the wall runs on while a busy machine does other things.
_TIMEOUT_SECONDS = 60
SURVIVED, ENDLESS = int(pytest.ExitCode.OK), -int(signal.SIGPROF)
_FORK = get_context("fork")


def prepare(root: Path, caches: Path) -> None:
    """Keep caches out of the checkout, and chance, and how busy the machine is, out of the verdict."""
    os.chdir(root)
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    sys.pycache_prefix = str(caches)
    sys.path.insert(0, str(root / "layers/rescind"))
    hypothesis.configuration.set_hypothesis_home_dir(caches)
    phases = [hypothesis.Phase.explicit, hypothesis.Phase.generate]
    hypothesis.settings.register_profile(
        "mutation",
        derandomize=True,
        database=None,
        phases=phases,
        suppress_health_check=list(hypothesis.HealthCheck),
    )
    hypothesis.settings.load_profile("mutation")


def tried(mutants: Iterable[Mutant], tests: dict[str, list[str]]) -> Iterator[tuple[Mutant, int]]:
    """Each mutant and the exit code of its tests, whichever ends first; as many at once as cores."""
    waiting = iter(mutants)
    running: dict[Any, tuple[Any, Mutant]] = {}
    while True:
        for mutant in waiting:
            process = _FORK.Process(target=_try, args=(mutant, tests[mutant.module]), daemon=True)
            process.start()
            running[process.sentinel] = process, mutant
            if len(running) == os.cpu_count():
                break
        if not running:
            return
        for sentinel in connection.wait(running):
            process, mutant = running.pop(sentinel)
            process.join()
            yield mutant, process.exitcode


def _try(mutant: Mutant, tests: list[str]) -> None:
    """Exit with 0 when all tests pass. It ends by itself, should the process that waits for it be gone."""
    signal.setitimer(signal.ITIMER_PROF, _TIMEOUT_SECONDS)
    with Path(os.devnull).open("w") as nowhere:
        os.dup2(nowhere.fileno(), 1)
        os.dup2(nowhere.fileno(), 2)
    module = types.ModuleType(mutant.module)
    package, _, name = mutant.module.rpartition(".")
    setattr(importlib.import_module(package), name, module)
    sys.modules[mutant.module] = module
    exec(mutant.code, module.__dict__)  # noqa: S102  (the change is made here)
    sys.exit(pytest.main(["-x", "-q", "--noconftest", "-p", "no:cacheprovider", *tests]))
