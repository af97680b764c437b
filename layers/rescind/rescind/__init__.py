"""Rescind: JWTs you can take back. What every function of the stack shares."""
