"""What somebody has of one session: its row, and its tokens, as a login of that second had given them."""

from dataclasses import dataclass
from typing import Any

from rescind import ids
from rescind.model import Session
from rescind.rules.access_tokens import sign_access_token
from rescind.rules.refresh_tokens import sign_refresh_token
from tests.requests import Answer
from tests.things import MAC_KEY, SIGNING_KEY, a_session, some_claims


@dataclass(frozen=True)
class Held:
    user_id: str
    session_id: str
    token_id: str
    access_token: str
    refresh_token: str

    @property
    def tokens(self) -> Answer:
        """As the login has answered them."""
        names = ("session_id", "access_token", "refresh_token")
        return Answer(200, {name: getattr(self, name) for name in names})


def a_new_session(user_id: str, *, now: int, **changes: Any) -> tuple[Held, Session]:
    """The refresh token is of counter 1, whatever the row's."""
    new = ids.new_ids()
    row = {
        "session_id": new.session_id,
        "counter": 1,
        "created_at_ms": now * 1000,
        "rotated_at": now,
        "last_used_at": now,
        "idle_expires_at": now + 5000,
        "absolute_expires_at": now + 9000,
    }
    claims = some_claims(
        sub=user_id, sid=new.session_id, jti=new.token_id, iat=now, exp=now + 900, auth_time=now
    )
    held = Held(
        user_id,
        new.session_id,
        new.token_id,
        sign_access_token(claims, key=SIGNING_KEY),
        sign_refresh_token(user_id, new.session_id, 1, key=MAC_KEY),
    )
    return held, a_session(user_id=user_id, **{**row, **changes})
