"""Runs checkov over the template twice, as it is written and as SAM translates it, offline.

What it finds has to be in infra/checkov.yaml, beside the reason, and what is in there has to be found.
"""

import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from translated_template import TEMPLATE, translated

SKIPS = TEMPLATE.with_name("checkov.yaml")
_PATIENCE_SECONDS = 300


def main(checkov: str) -> int:
    """1 where checkov finds what has no reason, or a reason is for nothing; `checkov` is where it is."""
    reasons = skips(SKIPS.read_text(encoding="utf-8"))
    checks = _checks(checkov)
    found = {(check["check_id"], check["check_name"], check["resource"]) for check in checks["failed_checks"]}
    for check, name, resource in sorted(each for each in found if each[0] not in reasons):
        print(f"{TEMPLATE.name}: {resource}: {check} {name}")
    unneeded = sorted(reasons.keys() - {check for check, _, _ in found})
    for check in unneeded:
        print(f"{SKIPS.name}: nothing needs {check} any more")
    left = sum(check not in reasons for check, _, _ in found) + len(unneeded)
    print(
        f"checkov: {left} findings in the template as written and as SAM translates it; "
        f"{len(checks['passed_checks'])} checks passed, {len(reasons)} kinds are skipped with a reason"
    )
    return 1 if left else 0


def skips(text: str) -> dict[str, str]:
    """The reason for each check that is left out.

    Raises:
        SystemExit: one has none.
    """
    found = re.findall(r"^ *- (\w+)(?: # (\S.+))?$", text, re.MULTILINE)
    for check, reason in found:
        if not reason:
            sys.exit(f"{SKIPS.name}: {check} has no reason behind it")
    return dict(found)


def _checks(checkov: str) -> dict[str, Any]:
    """Those of all forms, the failed and the passed ones."""
    with tempfile.TemporaryDirectory() as folder:
        form = Path(folder) / "translated.json"
        # With all that SAM can add.
        template = translated(DeploymentPreference="Canary10Percent5Minutes")
        form.write_text(json.dumps(template, indent=1), encoding="utf-8")
        options = ["--framework", "cloudformation", "--skip-download", "--output", "json"]
        done = subprocess.run(  # noqa: S603 - its path is the Makefile's
            [checkov, *options, "--file", str(TEMPLATE), str(form)],
            env={**os.environ, "CKV_SKIP_PACKAGE_UPDATE_CHECK": "true"},
            capture_output=True,
            text=True,
            timeout=_PATIENCE_SECONDS,
            check=False,
        )
    try:
        answer = json.loads(done.stdout)
        unread = answer["results"]["parsing_errors"]
    except (ValueError, KeyError, TypeError):
        sys.exit(f"checkov did not run: {done.stderr.strip() or done.stdout.strip()}")
    if unread:
        sys.exit(f"checkov could not read {', '.join(unread)}")
    results: dict[str, Any] = answer["results"]
    return results


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
