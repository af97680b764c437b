"""What a password's hash costs, and the least that it may: known here without loading the hash itself."""

from dataclasses import dataclass

# OWASP's Password Storage Cheat Sheet names five equivalent minima for argon2id; this is the one that has a
# second pass. Whoever is above it in both numbers is above it in all.
LEAST_MEMORY_KIB = 19_456
LEAST_ITERATIONS = 2


@dataclass(frozen=True, slots=True)
class HashParameters:
    """Of argon2id (RFC 9106 section 3.1)."""

    memory_kib: int
    iterations: int
    parallelism: int
