"""What the canary needs beside the settings of all functions: where it asks."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from rescind.settings import SettingsError

# Where the canary asks: encrypted, or on this very machine.
_API_URL = re.compile(r"https://[a-z0-9.-]+(/[A-Za-z0-9_-]+)?|http://127\.0\.0\.1:[0-9]+")


@dataclass(frozen=True, slots=True)
class CanarySettings:
    api_url: str

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Self:
        """Read it.

        Raises:
            SettingsError: it is missing, or no address that a password may be sent to.
        """
        api_url = environment.get("API_URL", "")
        if not _API_URL.fullmatch(api_url):
            raise SettingsError(f"API_URL must be https://<host>/<stage>, not {api_url!r}")
        return cls(api_url=api_url)
