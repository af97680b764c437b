"""Mutation testing: each small change of a module that decides must fail its tests, or be explained.

`make mutation`, or `make mutation MODULES=rescind.verdict`. Nothing is written to the checkout.
An explanation in `explained.toml` that fits no survivor is an error too, so that the list cannot rot.
"""

import sys
import tempfile
import tomllib
from collections import Counter
from pathlib import Path

from mutation import trials
from mutation.mutants import Mutant, mutants

TESTS = {
    "rescind.verdict": ["tests/test_verdict.py"],
    "rescind.verdict_by_feed": ["tests/test_verdict_by_feed.py"],
    "rescind.rules.sessions": ["tests/rules/test_sessions.py", "tests/rules/test_new_sessions.py"],
    "rescind.rules.refresh_tokens": ["tests/rules/test_refresh_tokens.py"],
    "rescind.rules.everyone": ["tests/rules/test_everyone.py"],
    "rescind.rules.access_tokens": [
        "tests/rules/test_access_tokens.py",
        "tests/rules/test_access_token_bounds.py",
    ],
    "rescind.rules.trusted_issuers": ["tests/rules/test_trusted_issuers.py"],
    "rescind.rules.provider_keys": ["tests/rules/test_provider_keys.py"],
    "rescind.rules.issuer_tokens": [
        "tests/rules/test_issuer_tokens.py",
        "tests/rules/test_subject_tokens.py",
    ],
    "rescind.rules.subject_tokens": ["tests/rules/test_subject_tokens.py"],
    "rescind.rules.logout_tokens": ["tests/rules/test_logout_tokens.py"],
}
ROOT = Path(__file__).parents[2]

Change = tuple[str, str, str, str]
"""Module, function, line, and what stands there instead of what."""


def main(modules: list[str]) -> int:
    with tempfile.TemporaryDirectory() as caches:
        trials.prepare(ROOT, Path(caches))
        for module in modules:
            check_that_the_tests_see(module)
        survivors = {named(mutant) for mutant in surviving(modules)}

    left_out = TESTS.keys() - modules
    explained = {change: why for change, why in explanations().items() if change[0] not in left_out}
    for change in sorted(survivors & explained.keys()):
        print(f"\n{entry(change)}\nExplained: {explained[change]}")
    for change in sorted(survivors - explained.keys()):
        print(f"\n{entry(change)}\nSURVIVED: a test is missing, or an explanation.")
    for change in sorted(explained.keys() - survivors):
        print(f"\n{entry(change)}\nNO SUCH SURVIVOR: its explanation can go.")
    wrong = survivors ^ explained.keys()
    print(f"\n{len(survivors & explained.keys())} survivors are explained, {len(wrong)} to be dealt with.")
    return 1 if wrong else 0


def entry(change: Change) -> str:
    """As `explained.toml` has it."""
    module, function, line, what = map(quoted, change)
    return f"module = {module}\nfunction = {function}\nline = {line}\nchanges = [{what}]"


def quoted(text: str) -> str:
    return f"'''{text}'''" if "'" in text else f"'{text}'"


def surviving(modules: list[str]) -> list[Mutant]:
    every = [mutant for module in modules for mutant in mutants(module, source(module))]
    codes: dict[Mutant, int] = {}
    for mutant, code in trials.tried(every, TESTS):
        codes[mutant] = code
        counts = Counter(codes.values())
        survived, endless = counts[trials.SURVIVED], counts[trials.ENDLESS]
        progress = f"{len(codes)} of {len(every)} mutants: {survived} survived, {endless} ran without end"
        print(f"\r{progress}", end="", flush=True)
    print()
    return [mutant for mutant, code in codes.items() if code == trials.SURVIVED]


def check_that_the_tests_see(module: str) -> None:
    same, empty = (
        Mutant(module, "", "", change, compile(text, module, "exec"))
        for change, text in [("none", source(module)), ("all", "")]
    )
    codes = dict(trials.tried([same, empty], TESTS))
    if codes[same] != trials.SURVIVED or codes[empty] == trials.SURVIVED:
        sys.exit(f"The tests of {module} must pass as it is, and fail when it is empty.")


def source(module: str) -> str:
    return (ROOT / "layers/rescind" / module.replace(".", "/")).with_suffix(".py").read_text()


def named(mutant: Mutant) -> Change:
    return mutant.module, mutant.function, mutant.line, mutant.change


def explanations() -> dict[Change, str]:
    entries = tomllib.loads(Path(__file__).with_name("explained.toml").read_text())["explained"]
    return {
        (entry["module"], entry["function"], entry["line"], change): entry["why"]
        for entry in entries
        for change in entry["changes"]
    }


if __name__ == "__main__":
    if not TESTS.keys() >= {*sys.argv[1:]}:
        sys.exit(f"The modules are {', '.join(TESTS)}.")
    sys.exit(main(sys.argv[1:] or [*TESTS]))
