"""A write whose outcome is unknown is looked up before anything is answered: rule 26."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rescind.unavailable import UnavailableError


@contextmanager
def looked_up(is_done: Callable[[], bool]) -> Iterator[None]:
    """Around a write: one that failed has succeeded all the same, if `is_done` finds it in the table.

    Raises:
        UnavailableError: the write's; it has not, or that could not be read.
    """
    try:
        yield
    except UnavailableError as failure:
        if not is_known(is_done):
            raise failure from None


def is_known(is_done: Callable[[], bool]) -> bool:
    """Whether it is found in the table; where that cannot be read, it is not."""
    try:
        return is_done()
    except UnavailableError:
        return False
