"""What npm installs for the provider."""

import json

from tests.providers.provider import JS


def test_what_npm_installs_is_pinned_and_comes_from_whichever_registry_is_set() -> None:
    wanted = json.loads((JS / "package.json").read_text(encoding="utf-8"))["dependencies"]
    lock = (JS / "package-lock.json").read_text(encoding="utf-8")
    locked = {name: each for name, each in json.loads(lock)["packages"].items() if name}

    assert {name: locked[f"node_modules/{name}"]["version"] for name in wanted} == wanted
    assert all(each["integrity"].startswith("sha512-") for each in locked.values())
    assert "://" not in lock
