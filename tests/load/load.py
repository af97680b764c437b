"""A load on a gateway: clients ask without a pause while faults come and go; then a roll call of tokens."""

import random
import threading
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field

from tests.load import calls
from tests.load.asking import Asker, GaveUpError
from tests.load.client import Client
from tests.load.connection import Connection
from tests.load.endings import WAYS
from tests.load.memory import Process, memory_of
from tests.load.mix import step
from tests.load.model import AccessToken
from tests.load.people import Population
from tests.load.tally import Tally
from tests.load.weather import LINGERING_SECONDS, Weather
from tests.things import PASSWORD

_SAMPLE = 1000
_CALM_SECONDS = 6
_AT_FULL_LENGTH_SECONDS = 30
"""A shorter load has shorter storms and pauses, as many of them as this one would have."""


@dataclass
class Load:
    port: int
    gateway_pid: int
    weather: Weather
    dice: random.Random
    say: Callable[[str], None]
    clients: int
    tally: Tally = field(default_factory=Tally)
    population: Population = field(default_factory=Population)
    half: dict[Process, int] = field(default_factory=dict)
    """The processes' memory when half of the time is over, and at the end."""
    end: dict[Process, int] = field(default_factory=dict)
    seconds: float = 0

    def run(self, seconds: float) -> None:
        over = threading.Event()
        with ExitStack() as to_close, ThreadPoolExecutor(self.clients) as pool:
            to_close.callback(over.set)  # Whatever happens, or the threads would be waited for in vain.
            askers = [self._asker(to_close, number) for number in range(self.clients)]
            admin = self._admin(askers[0])
            people = [
                Client(asker, admin, self.population, asker.dice, f"client-{number}")
                for number, asker in enumerate(askers)
            ]
            self._warm_up(pool, people)
            lives = [pool.submit(_live, client, over) for client in people]
            begun = time.monotonic()
            self._change_weather(begun, seconds)
            over.set()
            for each in lives:
                each.result()
            self.seconds = time.monotonic() - begun
            self.say("the faults are over; tokens are asked once more")
            time.sleep(LINGERING_SECONDS)
            self._roll_call(pool, people)
            self.end = memory_of(self.gateway_pid)

    def _warm_up(self, pool: ThreadPoolExecutor, people: list[Client]) -> None:
        """More at once in each round: sandboxes that all start together would all run out of time.

        One client ends a token in each way before, so that each function has been asked.
        """
        for way in WAYS:
            people[0].log_in()
            way(people[0], people[0].person.live()[-1])
        many = 1
        while many < 2 * len(people):
            for each in [pool.submit(_begin, client) for client in people[:many]]:
                each.result()
            many *= 2

    def _change_weather(self, begun: float, seconds: float) -> None:
        """Calm at first, then storms; each has a pause behind it, and some a longer calm."""
        over, half = begun + seconds, begun + seconds / 2
        pace = min(1.0, seconds / _AT_FULL_LENGTH_SECONDS)
        time.sleep(_CALM_SECONDS * pace)
        number = 0
        while (left := over - time.monotonic()) > 1:
            number += 1
            what = self.weather.blow(min(left, self.dice.uniform(2, 6) * pace))
            self.say(f"{time.monotonic() - begun:4.0f} s: {self._counts()}; storm of {what}")
            pause = _CALM_SECONDS if number % 4 == 0 else self.dice.uniform(1, 3)
            time.sleep(min(pause * pace, max(0.0, over - time.monotonic())))
            if not self.half and time.monotonic() > half:
                self.half = memory_of(self.gateway_pid)

    def _roll_call(self, pool: ThreadPoolExecutor, people: list[Client]) -> None:
        """No fault explains anything any more."""
        tokens = self.population.tokens
        asked = self.dice.sample(tokens, min(_SAMPLE, len(tokens)))
        shares: list[list[AccessToken]] = [asked[number :: len(people)] for number in range(len(people))]

        def ask(client: Client, share: Iterable[AccessToken]) -> None:
            for token in share:
                client.authorize(token)

        for each in [pool.submit(ask, *pair) for pair in zip(people, shares, strict=True)]:
            each.result()

    def _admin(self, asker: Asker) -> str:
        answer = asker.ask(calls.log_in("admin", PASSWORD))
        return str(answer.body["access_token"])

    def _asker(self, to_close: ExitStack, number: int) -> Asker:
        connection = to_close.enter_context(Connection(self.port, network=number + 1))
        # Dice of its own, or the order in which threads throw them would be another each time.
        dice = random.Random(self.dice.random())  # noqa: S311 - a load, no secrets
        return Asker(connection.ask, self.weather.explains, self.tally, dice)

    def _counts(self) -> str:
        return f"{self.tally.requests} requests, {self.weather.faults.total()} faults"


def _begin(client: Client) -> None:
    for deed in (client.log_in, client.authorize_somebody, client.refresh_something):
        deed()


def _live(client: Client, over: threading.Event) -> None:
    try:
        while not over.is_set():
            step(client)
    except GaveUpError:
        pass  # It is in the tally.
