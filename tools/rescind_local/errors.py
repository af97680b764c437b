"""What can end a start, or one call of a function."""


class StartError(Exception):
    """The gateway cannot start; the message is the one line that its user reads."""


class FunctionFailedError(Exception):
    """A function raised, ran out of time or ended its process; the fields are named as in Lambda's answer."""

    def __init__(self, kind: str, message: str, trace: str = "") -> None:
        super().__init__(message)
        self.kind = kind
        self.message = message
        self.trace = trace
