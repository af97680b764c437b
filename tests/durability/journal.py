"""Stands on loopback before a store, and writes down each write whose success it is about to hand on.

DynamoDB promises that what it has answered is there for good. ministack keeps all in memory, so the promise
is kept here: when it is killed, what was answered is written into another one. The rest is lost.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from tests.faults.faults import WRITES, Fault, Line, Request
from tests.faults.proxy import running_proxy, send_to

_NOTED = WRITES | {"CreateTable"}


@dataclass
class Journal:
    endpoint: str
    writes: list[Request] = field(default_factory=list)
    """What was answered, in its order."""
    requests: int = 0
    """How many have come, reads among them."""

    def choose(self, request: Request) -> Fault | None:
        self.requests += 1
        return Fault("noted", self._note, _NOTED) if request.operation in _NOTED else None

    def _note(self, request: Request, line: Line) -> None:
        answer = line.pass_on(request)
        if answer.status == 200:
            self.writes.append(request)
        line.send(answer)


@contextmanager
def running_journal(store: str) -> Iterator[Journal]:
    """Before the store of this address."""
    with running_proxy(store) as proxy:
        journal = Journal(proxy.endpoint)
        proxy.choose = journal.choose
        yield journal


def write_again(writes: Sequence[Request], store: str) -> None:
    """Into a store that knows nothing of them, but of those before."""
    for write in writes:
        answer = send_to(store, write)
        assert answer.status == 200, answer.body
