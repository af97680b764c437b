"""What the functions write down, as a test reads it."""

import json
from collections.abc import Callable
from dataclasses import dataclass

_OURS = ("message", "reason", "user_id", "session_id", "token_id", "actor")


@dataclass
class Audit:
    """The events of the log as they come; each has one metric of its name, and of its reason."""

    written: Callable[[], str]
    seen: int = 0

    def since(self) -> list[dict[str, str]]:
        everything = [json.loads(line) for line in self.written().splitlines()]
        metrics = [line for line in everything if "_aws" in line]
        lines = [line for line in everything if "_aws" not in line][self.seen :]
        self.seen += len(lines)
        counted = [
            (each["_aws"]["CloudWatchMetrics"][0]["Metrics"][0]["Name"], each.get("reason"))
            for each in metrics
        ]
        assert counted == [(line["message"], line.get("reason")) for line in lines]
        return [{name: line[name] for name in _OURS if name in line} for line in lines]
