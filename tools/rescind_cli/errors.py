"""What ends a command, in one line with the cure; and the exit code that says which kind it is."""

from enum import IntEnum


class Exit(IntEnum):
    """2 is the library's: the command line is wrong."""

    DONE = 0
    FOUND = 1
    """A question was answered with "no": the token is dead, the deployment has a fault."""
    REFUSED = 3
    """The service says no: there is no such user, the name is taken, a value is none that may be."""
    UNAVAILABLE = 4
    """Nothing is certain. What to do is said: mostly, to give the same command again."""
    NO_ACCESS = 5
    """The stack was not found, or these credentials may not."""
    INTERRUPTED = 130
    """Ctrl-C; or a question that was not answered with yes."""


AGAIN = "Give the command again."


class CommandError(Exception):
    """The command ends here; as a string it is the one line that its user reads: what is wrong, and the cure.

    Where another command than the same one is the cure, only `message` is quoted.
    """

    def __init__(self, message: str, code: Exit, cure: str = "") -> None:
        super().__init__(f"{message} {cure}".rstrip())
        self.message = message
        self.code = code


class RefusedError(CommandError):
    """The service has answered no; `status` and `error` are those of the contract."""

    def __init__(self, message: str, *, status: int, error: str) -> None:
        super().__init__(message, Exit.REFUSED)
        self.status = status
        self.error = error
