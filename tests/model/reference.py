"""What every token is worth, in few words: which sessions there are, when they end, and who ended them."""

from dataclasses import dataclass, field

from rescind.settings import Settings


@dataclass(eq=False)
class User:
    password: str
    may_log_in: bool = True
    scope: str = "orders:read"
    logged_out_at: int = 0
    has_password: bool = True
    sessions: list["Session"] = field(default_factory=list)

    def new_session(self, settings: Settings, now: int) -> "Session":
        new = Session(self, now + settings.refresh_idle_seconds, now + settings.refresh_absolute_seconds)
        self.sessions.append(new)
        live = [each for each in self.sessions if each.is_live(now)]
        end(*live[: -settings.max_sessions_per_user])
        return new


@dataclass(eq=False)
class Session:
    user: User
    idle_end: int
    absolute_end: int
    current: int = 1
    rotated_at: int = 0
    ended: bool = False

    def is_live(self, now: int) -> bool:
        return not self.ended and now < self.idle_end and now < self.absolute_end


@dataclass(eq=False)
class AccessToken:
    session: Session
    end: int
    granted: str
    blocked: bool = False

    def is_good(self, now: int) -> bool:
        return now < self.end and not self.blocked and not self.session.ended

    def scope_now(self) -> str:
        """What it was given and its user still has."""
        still = self.session.user.scope.split()
        return " ".join(name for name in self.granted.split() if name in still)


@dataclass(frozen=True)
class RefreshToken:
    session: Session
    number: int

    def worth(self, grace: int, now: int) -> str:
        if not self.session.is_live(now):
            return "refused"
        if self.number == self.session.current:
            return "rotated"
        in_grace = grace > 0 and now <= self.session.rotated_at + grace + 10  # what clocks may differ by
        return "same successor" if self.number == self.session.current - 1 and in_grace else "session ended"

    def use(self, settings: Settings, now: int) -> str:
        outcome = self.worth(settings.refresh_grace_seconds, now)
        if outcome == "rotated":
            self.session.current, self.session.rotated_at = self.number + 1, now
            self.session.idle_end = now + settings.refresh_idle_seconds
        self.session.ended |= outcome == "session ended"
        return outcome


def end(*sessions: Session) -> None:
    for session in sessions:
        session.ended = True


def log_out(bearer: AccessToken | None, token: RefreshToken | None, *, everywhere: bool, now: int) -> None:
    good = bearer if bearer and bearer.is_good(now) else None
    entitled = good or (token if token and token.worth(0, now) == "rotated" else None)
    if bearer and token and bearer.session.user is not token.session.user:
        return
    own = [each.session for each in (good, token) if each]
    if everywhere and entitled:
        entitled.session.user.logged_out_at = now
        own = entitled.session.user.sessions
    end(*own)
