"""Lets each operation happen once, and adds up what it took: calls, units, lines of the log."""

import contextlib
import functools
import io
import os
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

import pytest

from rescind import audit
from tests import sandbox
from tests.capacity.meter import Meter, Metered
from tests.capacity.operations import Operation, warm_up
from tests.capacity.units import Units
from tests.faults.world import World
from tests.functions.conftest import Context

# As long as they are on AWS: each is in every line.
_NAME = "rescind-AuthorizerFunction-AbCdEfGhIjKl"
_CONTEXT = functools.partial(
    Context,
    function_name=_NAME,
    invoked_function_arn=f"arn:aws:lambda:us-east-1:123456789012:function:{_NAME}:live",
    aws_request_id="0f5f1a9e-0000-4000-8000-000000000000",
)
_TRACE = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=0"


@dataclass(frozen=True)
class Taken:
    """What one request took."""

    operation: Operation
    function: str
    status: int
    calls: tuple[Metered, ...]
    lines: tuple[str, ...]
    """Of the log; a metric is one, too."""

    @property
    def units(self) -> Units:
        return sum((call.units for call in self.calls), Units())

    @property
    def reads(self) -> int:
        return self.units.reads.total()

    @property
    def writes(self) -> int:
        return self.units.writes.total()

    @property
    def kms_calls(self) -> int:
        return Counter(call.operation for call in self.calls)["Decrypt"]

    @property
    def log_bytes(self) -> int:
        return sum(len(line.encode()) for line in self.lines)


@dataclass(frozen=True)
class Measured:
    warm: Mapping[str, Taken]
    """By the operation's name: in a sandbox that has been asked before."""
    cold: Mapping[str, Taken]
    """In a new one."""


def measure(world: World, *, warm: Iterable[Operation], cold: Iterable[Operation]) -> Measured:
    prefix = os.environ["USERS_TABLE"].removesuffix("Users")
    # The world's other client reads the rows; only the first one's calls are metered.
    # What the authorizer asks without the SDK takes the same as what it asks with it.
    world.aws.clients["reads"] = world.aws.clients["dynamodb"]
    meter = Meter(world.aws.clients, world.aws.hasty_clients["dynamodb"], prefix=prefix)
    return Measured(
        warm={each.name: _once(world, meter, each, warm=True) for each in warm},
        cold={each.name: _once(world, meter, each, warm=False) for each in cold},
    )


def _once(world: World, meter: Meter, operation: Operation, *, warm: bool) -> Taken:
    world.begin(operation.settings)
    if warm:
        warm_up(world)
    call = operation.ask(world)
    meter.calls.clear()
    with _written() as log:
        meter.is_on = True
        answer = world.ask(call)
        meter.is_on = False
    lines = tuple(log.getvalue().splitlines())
    return Taken(operation, call.function, answer.status, tuple(meter.calls), lines)


@contextmanager
def _written() -> Iterator[io.StringIO]:
    log = io.StringIO()
    with pytest.MonkeyPatch.context() as here, contextlib.redirect_stdout(log):
        here.setattr(audit.logger.registered_handler, "stream", log)
        here.setattr(sandbox, "Context", _CONTEXT)
        here.setenv("_X_AMZN_TRACE_ID", _TRACE)
        here.setenv("AWS_LAMBDA_FUNCTION_NAME", _NAME)
        yield log
