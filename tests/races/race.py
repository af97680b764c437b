"""One race, round after round, and the oracle: what is dead is refused everywhere, what lives works."""

import random
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from rescind.rules.hash_parameters import HashParameters
from rescind.rules.passwords import hash_password
from tests import requests
from tests.issuers import Issuer
from tests.people import Person, new_person
from tests.races.sandboxes import AT_ONCE, Sandboxes
from tests.requests import Answer, Call
from tests.tables import Stores
from tests.things import PASSWORD, SETTINGS

# One login takes 20 ms to verify this, the other none, so that a race meets both a wide gap and a narrow one.
_COSTS = (SETTINGS.hash_parameters, HashParameters(memory_kib=8, iterations=1, parallelism=1))
_HASHES = {cost: hash_password(PASSWORD, salt=b"0123456789abcdef", parameters=cost) for cost in _COSTS}
_WITHIN_SECONDS = (0.0, 0.005, 0.02, 0.1)
_TIRED_AFTER = 5


@dataclass
class Race:
    sandboxes: Sandboxes
    stores: Stores
    dice: random.Random
    issuer: Issuer
    """Another one, whose tokens are exchanged."""
    settings: dict[str, str] = field(default_factory=dict)
    rounds: int = 0
    answers: Counter[int] = field(default_factory=Counter)
    """How many of each status the racing calls got; the oracle's own are not counted."""

    def new_person(self) -> Person:
        """With a hash of one cost; from now on the functions hash by the same, or by the other and anew."""
        self.rounds += 1
        cost, today = self.dice.choice(_COSTS), self.dice.choice(_COSTS)
        self.settings = self.settings | {
            "PASSWORD_HASH_MEMORY_KIB": str(today.memory_kib),
            "PASSWORD_HASH_ITERATIONS": str(today.iterations),
        }
        return new_person(self.stores, password_hash=_HASHES[cost])

    def run(self, *racing: Call, delays: Sequence[float] | None = None) -> list[Answer]:
        """Let them race. The only failure that anybody gets is a 503, and no refresh takes a cookie away."""
        within_seconds = self.dice.choice(_WITHIN_SECONDS)
        answers = self._ask(racing, delays or [self.dice.uniform(0, within_seconds) for _ in racing])
        self.answers.update(answer.status for answer in answers)
        return answers

    def ask(self, call: Call) -> Answer:
        """The answer to a call that races with nothing, and is repeated when it gets a 503, as clients do."""
        for _ in range(_TIRED_AFTER):
            [answer] = self._ask([call])
            if answer.status != 503:
                return answer
        raise AssertionError(f"{call.function} answers 503: {self.sandboxes.failures()[-5:]}")

    def answered(self, call: Call, answer: Answer) -> Answer:
        """The answer that a client gets in the end, who repeats what got a 503."""
        return self.ask(call) if answer.status == 503 else answer

    def log_in(self, who: Person, password: str = PASSWORD) -> Answer:
        tokens = self.ask(requests.log_in(who, password))
        assert tokens.status == 200, tokens
        return tokens

    def ask_all(self, asked: Sequence[Call]) -> list[Answer]:
        """The same for calls of which it does not matter that they race."""
        batches = [asked[start : start + AT_ONCE] for start in range(0, len(asked), AT_ONCE)]
        answers = [answer for some in batches for answer in self._ask(some)]
        return [self.answered(*each) for each in zip(asked, answers, strict=True)]

    def accepts(self, tokens: Iterable[Answer]) -> list[bool]:
        """Which of these access tokens the authorizer lets through."""
        return [
            each.status == 200 for each in self.ask_all([requests.ask_authorizer(each) for each in tokens])
        ]

    def check_dead(self, tokens: Sequence[Answer]) -> None:
        """Nothing accepts any of these tokens, nor the ones that they could be traded for."""
        assert not any(self.accepts(tokens)), "the authorizer accepts a dead token"
        texts = {each.refresh_token for each in tokens}
        # From the newest on, because an old one would end the session that should be dead already.
        for counter in sorted({_counter(text) for text in texts}, reverse=True):
            asked = [requests.refresh(text) for text in texts if _counter(text) == counter]
            refused = {each.status for each in self.ask_all(asked)}
            assert refused == {401}, "a dead session gives new tokens"

    def check_alive(self, tokens: Sequence[Answer]) -> None:
        """Every access token is accepted, and the newest refresh token of the session gives another."""
        assert all(self.accepts(tokens)), "the authorizer refuses a live token"
        newest = max((each.refresh_token for each in tokens), key=_counter)
        refreshed = self.ask(requests.refresh(newest))
        assert refreshed.status == 200, "a live session gives no new tokens"
        assert self.accepts([refreshed]) == [True]

    def _ask(self, asked: Sequence[Call], delays: Sequence[float] | None = None) -> list[Answer]:
        delays = delays or [0.0] * len(asked)
        answers = self.sandboxes.at_once(asked, delays=delays, settings=self.settings, dice=self.dice)
        for call, answer in zip(asked, answers, strict=True):
            assert answer.status < 500 or answer.status == 503, (call, self.sandboxes.failures()[-5:])
            assert answer.status != 503 or answer.body is None or "Retry-After" in answer.headers
            cookie = answer.headers.get("Set-Cookie", "")
            assert call.function == "logout" or "Max-Age=0" not in cookie, "a cookie was taken away"
            assert answer.status == 200 or not cookie, "a refusal touches the cookie"
        return answers


def _counter(refresh_token: str) -> int:
    return int(refresh_token.split(".")[-2])
