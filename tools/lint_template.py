"""Runs cfn-lint over each template twice: as it is written, and as SAM translates it.

Cycles and wrong properties of what SAM generates show in the second form only.
"""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from cfnlint.api import lint
from cfnlint.config import ManualArgs

from translated_template import TEMPLATE, translated, translated_from

ROOT = Path(__file__).parent.parent
EXAMPLES = sorted(ROOT.glob("examples/*/template.yaml"))
# SAM has read parameters and mappings by then, and CloudFormation does not; so there is less in an Fn::Sub.
_USED_UP = ManualArgs(ignore_checks=["W1020", "W2001", "W7001"])


def main() -> int:
    templates = [TEMPLATE, *EXAMPLES]
    found = [(path, *finding) for path in templates for finding in _findings(path)]
    for path, form, match in found:
        where = f"{path.relative_to(ROOT)}, {form}, line {match.linenumber}"
        print(f"{where}: {match.rule.id} {match.message}")
    print(
        f"cfn-lint: {len(found)} findings in {len(templates)} templates as written and as SAM translates them"
    )
    return 1 if found else 0


def _findings(path: Path) -> Iterator[tuple[str, Any]]:
    for match in lint(path.read_text(encoding="utf-8")):
        yield "as written", match
    forms = {"translated": translated_from(path)}
    if path == TEMPLATE:
        forms["translated with CodeDeploy"] = translated(DeploymentPreference="Canary10Percent5Minutes")
    for form, document in forms.items():
        for match in lint(json.dumps(document), config=_USED_UP):
            yield form, match


if __name__ == "__main__":
    sys.exit(main())
