"""Asks as clients do, again where nothing was decided; each answer is counted and held to the contract."""

import random
import time
from collections.abc import Callable
from dataclasses import dataclass

from tests import contract
from tests.load.connection import Answer, Call
from tests.load.model import Finding, judge
from tests.load.tally import Tally

UNDECIDED = {502, 503, 504}
_RETRY_AFTER_SECONDS = 1
# Well within the grace that the load is run with, or who asks for long enough loses a session by it.
GRACE_SECONDS = 600
_PATIENCE_SECONDS = 240
# A call of AWS is given up after 1 s, a function after 5 or 10; on a slow machine that needs no fault.
_CALL_SECONDS = 1
_FUNCTION_SECONDS = 5


class GaveUpError(Exception):
    """What was asked for did not come within the grace, or came as nothing that can be gone on with."""


@dataclass(frozen=True)
class Asker:
    ask_once: Callable[[Call], Answer]
    explains: Callable[[float, float], bool]
    """Whether faults can be why a request of this time got a 503."""
    tally: Tally
    dice: random.Random

    def ask(self, call: Call) -> Answer:
        answer = self.ask_once(call)
        self.tally.count(call, answer)
        try:
            contract.check(call.method, call.path, answer.status, answer.headers, answer.content)
        except AssertionError as error:
            self.tally.find(Finding.WRONG, f"{call.name}: {error}", answer)
        if answer.seconds >= _FUNCTION_SECONDS:
            # Its sandbox is gone. If all came back at once, the new ones would run out of time together.
            time.sleep(self.dice.uniform(1, 10))
        if answer.status in UNDECIDED and not self._is_late(answer):
            faulty = self.explains(answer.began, answer.ended)
            self.tally.find(judge(answer.status, (), began=answer.began, faulty=faulty), call.name, answer)
        return answer

    def _is_late(self, answer: Answer) -> bool:
        """Whether it took as long as a deadline: then the answer may say so, faults or not."""
        late = answer.seconds >= (_CALL_SECONDS if answer.status == 503 else _FUNCTION_SECONDS)
        self.tally.late += late and not self.explains(answer.began, answer.ended)
        return late

    def insist(self, call: Call) -> tuple[Answer, bool]:
        """The answer in the end, and whether it was asked for before, which may have done it."""
        give_up = time.monotonic() + _PATIENCE_SECONDS
        repeated = False
        while True:
            answer = self.ask(call)
            if answer.status not in UNDECIDED:
                return answer, repeated
            if time.monotonic() > give_up:
                self.tally.find(Finding.WRONG, f"{call.name}: nothing else for {_PATIENCE_SECONDS} s", answer)
                raise GaveUpError
            repeated = True
            time.sleep(_RETRY_AFTER_SECONDS)

    def wrong(self, about: str, answer: Answer) -> GaveUpError:
        """To be raised where nothing can follow."""
        self.tally.find(Finding.WRONG, about, answer)
        return GaveUpError()
