"""The one failure that is nobody's fault here: a dependency did not give an answer to decide on."""


class UnavailableError(Exception):
    """The store or the key service failed, was late, or answered something that cannot be read."""
