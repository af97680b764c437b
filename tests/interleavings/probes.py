"""Tries tokens and passwords on a copy of the rows that a run has left, with the run's own code."""

from functools import cached_property
from typing import Any

from rescind.flows.authenticate import authenticate
from rescind.flows.issue import Tokens
from rescind.flows.refresh import Replayed, Rotated, refresh
from rescind.rules.sessions import refusal
from rescind.verdict import Allow
from tests.fakes import FakeKeyring, FakeTables
from tests.interleavings.explorer import Run
from tests.interleavings.operations import Operation, logging_in
from tests.interleavings.world import COUNTER, World, copied, refresh_token
from tests.tables import Stores
from tests.things import NOW, USER_ID

_KEYS = FakeKeyring()


class Probes:
    def __init__(self, run: Run) -> None:
        self._run = run
        self._settings = run.scenario.settings
        self._now = NOW + 1 + max(actor.operation.at for actor in run.actors)
        self._left: dict[str, FakeTables] = {}

    def accepts_access(self, token: str) -> bool:
        answer = authenticate(
            token, keys=_KEYS, states=self._stores_of_the_run.states, settings=self._settings, now=self._now
        )
        return isinstance(answer, Allow)

    def refresh(self, token: str, *, later: int = 0, after: Tokens | None = None) -> Tokens | None:
        """The tokens that it is traded in for; `after` is an earlier trade whose world this goes on with."""
        tables = copied(self._left[after.refresh_token] if after else self._run.tables)
        outcome = refresh(
            token,
            states=self._stores(tables).states,
            sessions=self._stores(tables).sessions,
            keys=_KEYS,
            settings=self._settings,
            token_id="tok_" + "p" * 21 + "A",
            attempt=f"att_probe_{token}",
            now=self._now + later,
        )
        if not isinstance(outcome, Rotated | Replayed):
            return None
        self._left[outcome.tokens.refresh_token] = tables
        return outcome.tokens

    def used(self, session: str) -> str:
        return refresh_token(session, COUNTER - 1)

    def logs_in(self, password: str) -> bool:
        stores = self._stores(copied(self._run.tables))
        world = World(stores, _KEYS, self._settings, self._now, "p", "att_probe")
        return isinstance(Operation("probe", logging_in(password)).run(world), Tokens)

    def live_sessions(self) -> list[Any]:
        user = self._run.tables.users[USER_ID]
        return [
            row for row in self._run.tables.sessions.values() if refusal(user, row, now=self._now) is None
        ]

    @cached_property
    def _stores_of_the_run(self) -> Stores:
        return self._stores(self._run.tables)

    def _stores(self, tables: FakeTables) -> Stores:
        build = self._run.scenario.build
        return build.around(build.stores(tables))
