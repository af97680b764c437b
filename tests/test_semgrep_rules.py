"""Every rule of .semgrep has lines to find and lines to let pass; `make scan` runs the rules on them."""

import re
from pathlib import Path

import pytest
import yaml

FOLDER = Path(__file__).parent.parent / ".semgrep"
RULES = {
    rule["id"]: path
    for path in sorted(FOLDER.glob("*.yaml"))
    for rule in yaml.safe_load(path.read_text(encoding="utf-8"))["rules"]
}


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("kind", ["ruleid", "ok"])
def test_a_rule_has_lines_of_each_kind(rule: str, kind: str) -> None:
    lines = RULES[rule].with_suffix(".py").read_text(encoding="utf-8")

    # semgrep takes a rule without any for one whose tests have passed.
    assert re.search(rf"# {kind}: (.*, )?{rule}$", lines, re.MULTILINE)


def test_the_rules_are_found() -> None:
    assert {"token-read-unverified", "log-elsewhere", "read-eventually-consistent"} <= RULES.keys()
