"""What `exchange` and `backchannel` are told beside the settings of all functions: whom they trust."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from rescind.rules.trusted_issuers import TrustedIssuer, TrustedIssuersError, trusted_issuers
from rescind.settings import SettingsError


@dataclass(frozen=True, slots=True)
class ExchangeSettings:
    trusted_issuers: Mapping[str, TrustedIssuer]
    auto_provision: bool
    """Whether a user of theirs who has never been here is made at the first exchange."""
    aws_endpoint: str | None
    """Of an emulator, which then has Cognito's issuers, too: the SDK reads the same variable."""

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Self:
        """Read it.

        Raises:
            SettingsError: a part is missing or of another form.
        """
        provision = environment.get("AUTO_PROVISION")
        if provision not in {"enabled", "disabled"}:
            raise SettingsError(f"AUTO_PROVISION must be enabled or disabled, not {provision!r}")
        try:
            issuers = trusted_issuers(environment.get("TRUSTED_ISSUERS", ""))
        except TrustedIssuersError as error:
            raise SettingsError(f"TRUSTED_ISSUERS (the parameter TrustedIssuers): {error}") from error
        # The SDK takes an empty one for none, too.
        return cls(issuers, provision == "enabled", environment.get("AWS_ENDPOINT_URL") or None)
