"""Writes what our clients need of the SDK's descriptions of services: a fraction, in the SDK's own form.

    python sdk_descriptions.py <a folder with botocore> <the folder to write>

The SDK reads them in each new sandbox. With the addresses of every service, and the documentation of every
operation, that took a seventh of the time to the first answer. The SDK's own stay beside them, for others.
"""

import json
import sys
from pathlib import Path
from typing import Any

SERVICES = ("dynamodb", "kms")
_WHOLE = ("_retry", "partitions", "sdk-default-configuration")
_NOTICE = """\
These files are of botocore {version}, by Amazon.com, Inc., under the Apache License 2.0, which is with its
NOTICE in botocore-{version}.dist-info. They were CHANGED by Rescind's sdk_descriptions.py: of all services
{services} are left, and of these no documentation.
"""


def write(into: Path) -> None:
    """Read with the SDK's own loader, which puts together what it has in several files."""
    from botocore import __version__  # noqa: PLC0415 - the botocore of the folder that was named
    from botocore.loaders import Loader  # noqa: PLC0415

    loader = Loader()
    for name in _WHOLE:
        _write(into / f"{name}.json", loader.load_data(name))
    _write(into / "endpoints.json", _endpoints(loader.load_data("endpoints")))
    for service in SERVICES:
        version = loader.determine_latest_version(service, "service-2")
        for kind in ("service-2", "endpoint-rule-set-1"):
            description = loader.load_service_model(service, kind, version)
            _write(into / service / version / f"{kind}.json", _without_documentation(description))
    notice = _NOTICE.format(version=__version__, services=" and ".join(SERVICES))
    (into / "NOTICE").write_text(notice, encoding="utf-8")


def _endpoints(endpoints: dict[str, Any]) -> dict[str, Any]:
    """Of all partitions and regions, but of our services alone."""
    partitions = [
        {
            **partition,
            "services": {name: each for name, each in partition["services"].items() if name in SERVICES},
        }
        for partition in endpoints["partitions"]
    ]
    return {**endpoints, "partitions": partitions}


def _without_documentation(node: Any) -> Any:
    """A member may be called `documentation`, too; it has no text as its value."""
    if isinstance(node, dict):
        return {
            name: _without_documentation(each)
            for name, each in node.items()
            if not (name == "documentation" and isinstance(each, str))
        }
    return [_without_documentation(each) for each in node] if isinstance(node, list) else node


def _write(path: Path, content: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content, separators=(",", ":")), encoding="utf-8")


if __name__ == "__main__":
    sys.path.insert(0, sys.argv[1])
    write(Path(sys.argv[2]))
