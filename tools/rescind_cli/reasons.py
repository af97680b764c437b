"""What each reason of the service means to an operator, and what there is to do about it."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Meaning:
    because: str
    """Behind "Refused:"."""
    cure: str


MEANINGS = {
    "malformed": Meaning("it is no token of this stack: its form is another.", "Was it copied whole?"),
    "unknown_key": Meaning(
        "the key that it names does not verify here: revoked, retired long ago, or of another stack.",
        "`rescind keys` lists the keys. Its client refreshes, or its user logs in again.",
    ),
    "bad_signature": Meaning(
        "its signature is wrong: it was changed, or forged.",
        "If it came from a client, look for bad_signature in the log: somebody is trying.",
    ),
    "wrong_claims": Meaning(
        "we signed it, but its claims are not those of this stack.",
        "Compare iss and aud with those stored; a deployment may have changed Issuer or Audience.",
    ),
    "from_the_future": Meaning(
        "it was issued in the future: the clock of whoever signed it is wrong.",
        "It is not to be trusted: `rescind keys` shows which key signed it.",
    ),
    "expired": Meaning(
        "its time is over.", "Nothing is wrong: its client refreshes, or its user logs in again."
    ),
    "session_unknown": Meaning(
        "its session is not there: it ended long ago, or never was.", "Its user logs in again."
    ),
    "session_ended": Meaning(
        "its session has ended: by a logout, by an admin, or as one too many.",
        "Its user logs in again. The log says what ended it: look for the id of the session.",
    ),
    "blocklisted": Meaning(
        "it alone was taken back; its session goes on.",
        "Its client refreshes. `rescind revoke session` ends the session, too.",
    ),
    "user_unknown": Meaning(
        "its user was deleted, or never was.", "`rescind users add` makes a new one, with a new id."
    ),
    "token_version": Meaning(
        "all tokens of its user were ended since: by a logout everywhere, a new password, or an admin.",
        "Its user logs in again.",
    ),
    "logged_out": Meaning("it is older than the last logout everywhere.", "Its user logs in again."),
    "user_disabled": Meaning(
        "its user is disabled.", "`rescind users enable` lets them log in again. No old token comes back."
    ),
    "reused": Meaning(
        "it was used before, and its successor is out: whoever presents it ends the session.",
        "If its client keeps the token that came last, somebody else has a copy: `rescind revoke session`.",
    ),
    "counter_behind": Meaning(
        "it is newer than its session, as after a restored backup: whoever presents it ends the session.",
        "After a restore, revoke all keys before you open: `rescind keys revoke all`.",
    ),
}
