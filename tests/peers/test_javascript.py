"""A JOSE library for JavaScript fetches the keys and verifies a login's token. Node runs it: `make peers`."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.peers.conftest import ISSUER, STACK, Service

JS = Path(__file__).parent / "js"


def verified(service: Service, access_token: str) -> dict[str, Any]:
    node = shutil.which("node")
    assert node, "there is no node: make peers needs it"
    finished = subprocess.run(  # noqa: S603 - our own program
        [node, "verify.mjs", service.jwks_uri, ISSUER, STACK],
        cwd=JS,
        input=access_token,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert finished.returncode == 0, finished.stderr
    result: dict[str, Any] = json.loads(finished.stdout)
    return result


@pytest.mark.node
def test_jose_verifies_what_login_issues_and_refuses_what_was_changed(service: Service) -> None:
    tokens = service.log_in("demo")

    result = verified(service, tokens["access_token"])

    assert (result["header"]["typ"], result["header"]["alg"]) == ("at+jwt", "ES256")
    assert (result["payload"]["sid"], result["payload"]["iss"]) == (tokens["session_id"], ISSUER)
    assert result["refused"] == {
        "tampered": "ERR_JWS_SIGNATURE_VERIFICATION_FAILED",
        "another audience": "ERR_JWT_CLAIM_VALIDATION_FAILED",
        "another issuer": "ERR_JWT_CLAIM_VALIDATION_FAILED",
        "another type": "ERR_JWT_CLAIM_VALIDATION_FAILED",
    }


def test_what_npm_installs_is_pinned_and_comes_from_whichever_registry_is_set() -> None:
    wanted = json.loads((JS / "package.json").read_text(encoding="utf-8"))["dependencies"]
    lock = (JS / "package-lock.json").read_text(encoding="utf-8")
    locked = {name: each for name, each in json.loads(lock)["packages"].items() if name}

    assert {f"node_modules/{name}": version for name, version in wanted.items()} == {
        name: each["version"] for name, each in locked.items()
    }
    assert all(each["integrity"].startswith("sha512-") for each in locked.values())
    assert "://" not in lock
