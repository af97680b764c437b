"""The longest that tokens may live, whatever a deployment sets.

What must outlive a token counts with these: a setting that is changed meanwhile must neither drop a live
token nor bring a dead one back.
"""

ACCESS_TOKEN_CEILING_SECONDS = 3600
REFRESH_TOKEN_CEILING_SECONDS = 31_536_000

BLOCKED_AFTER_EXPIRY_SECONDS = 120
"""The entry of a blocked token outlives it by so much: hosts' clocks differ, and there is a leeway."""
