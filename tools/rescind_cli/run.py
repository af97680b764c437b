"""A run that ends everyone: the segments of the users' table in threads, page after page."""

import queue
import threading
from collections.abc import Callable, Generator
from typing import Any

from rescind_cli.errors import CommandError, RefusedError

# After the ones of `Stack.ask`: a run of an hour should outlive a minute of trouble.
_WAITS_SECONDS = (1.0, 2.0, 4.0, 8.0)

Ask = Callable[..., dict[str, Any]]


class Run:
    """How far it has come stands in the users' rows, so another run with the same `since` goes on."""

    def __init__(self, ask: Ask, *, since: int | None, parallel: int) -> None:
        self.since = since
        """The second when it began, by the clock of the service; None until that has said so."""
        self._ask = ask
        self._parallel = parallel
        self._came: queue.SimpleQueue[dict[str, Any] | Exception] = queue.SimpleQueue()
        self._stopped = threading.Event()

    def pages(self) -> Generator[dict[str, Any]]:
        """What each page came to, in whatever order they come.

        Raises:
            CommandError: one could not be asked for, again and again. The others stop, too.
        """
        # Alone, because it says since when the run is.
        first = self._page(0, None)
        self.since = first["since"]
        yield first
        begins = [(segment, None) for segment in range(1, self._parallel)]
        begins += [(0, first["next"])] if first["next"] else []
        for begin in begins:
            # A daemon, so that nobody waits for its answer after a Ctrl-C.
            threading.Thread(target=self._go_through, args=begin, daemon=True).start()
        running = len(begins)
        try:
            while running:
                came = self._came.get()
                if isinstance(came, Exception):
                    raise came
                running -= came["next"] is None
                yield came
        finally:
            self._stopped.set()

    def _go_through(self, segment: int, after: str | None) -> None:
        try:
            while not self._stopped.is_set():
                page = self._page(segment, after)
                self._came.put(page)
                after = page["next"]
                if after is None:
                    return
        except Exception as error:  # noqa: BLE001 - whatever it is, the one who waits is to raise it
            self._came.put(error)

    def _page(self, segment: int, after: str | None) -> dict[str, Any]:
        asked = {"segment": segment, "of": self._parallel, "after": after}
        for wait in _WAITS_SECONDS:
            try:
                return self._ask("revokeEveryone", since=self.since, **asked)
            except RefusedError:
                raise
            except CommandError:
                # Whatever it was, it worked a moment ago, and a page may be asked for twice.
                if self.since is None or self._stopped.wait(wait):
                    raise
        return self._ask("revokeEveryone", since=self.since, **asked)
