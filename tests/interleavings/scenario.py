"""What is explored: which operations, in what world, and what the network may do to them."""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum

from rescind.settings import Settings
from tests.fakes import FakeTables
from tests.interleavings.operations import Operation
from tests.interleavings.world import OTHER, OWN, Build, populated
from tests.things import SETTINGS


class Fault(StrEnum):
    """What the network may do to a call; to one call of a run at most."""

    REFUSED = "refused"
    """Throttled, or in conflict with another: no effect, and a failure."""
    LOST = "lost"
    """It takes effect, and its answer does not arrive."""
    REPEATED = "repeated"
    """It takes effect, its answer does not arrive, and the SDK sends it again: later, others come between."""
    COPIED = "copied"
    """It takes effect and is answered; a copy of it arrives at any time later."""


@dataclass(frozen=True, slots=True)
class Step:
    """Whose call comes next: an operation by its place, or the copy in the network."""

    actor: int
    fault: Fault | None = None


NETWORK = -1


@dataclass(frozen=True)
class Scenario:
    operations: tuple[Operation, ...]
    faults: tuple[Fault, ...] = ()
    settings: Settings = SETTINGS
    sessions: tuple[str, ...] = (OWN, OTHER)
    tables: Callable[..., FakeTables] = populated
    """What is there at the beginning, with these sessions."""
    switches: int | None = None
    """How often an operation may be left that has not returned; None is without end."""
    keys_may_fail: bool = False
    """The keys have a switch before them too; no schedule matters there but one in which they fail."""
    build: Build = field(default_factory=Build)
