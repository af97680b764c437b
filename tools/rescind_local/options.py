"""What a start of the gateway can be told."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Options:
    template: Path
    port: int  # 0 takes a free one
    parameters: tuple[str, ...]  # as Name=value
    stack: str
    endpoint: str | None  # of another AWS than the one we start
    quiet: bool
