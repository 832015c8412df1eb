"""Admission: who may hold an overlay token, for what, and for how long it is renewed.

- A host's token admits its participant. Where it names only the meeting, the visitor is pinned to the session that
  runs, so that nobody drifts into the next call of a room that is used again.
- An overlay token is renewed for as long as its session is open, and for the survey within a day of its end.
- Before a session began there is nothing to hold on to: an expired token is not renewed then, and one that names
  only the meeting no longer than the host's own token lived.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal, Protocol

from plugin.core.session import AFTERWARDS, Session
from plugin.hosts import named
from plugin.hosts.host import Participant
from plugin.installed import Installed
from plugin.ports import Head
from plugin.runner import Visitor
from plugin.signed import Expired, Unacceptable
from plugin.tokens import is_overlay, minted, read


class Sessions(Protocol):
    """What admission needs to know of sessions."""

    def find(self, visitor: Visitor) -> str | None:
        """The session a visitor belongs to."""

    def state(self, session: str) -> Session | None:
        """The state of a session in memory."""

    def head(self, session: str) -> Head | None:
        """Which call a session is."""


@dataclass(frozen=True, slots=True)
class Pass:
    """A visitor and the token that says so; ``until`` is how long the host itself vouched for them."""

    visitor: Visitor
    token: str
    issued_at: datetime
    until: datetime

    def silent(self) -> "Pass":
        """The same pass without its token, for those who only keep it."""
        return replace(self, token="")


class Admission:
    """Gives and renews overlay tokens."""

    def __init__(
        self,
        keys: Mapping[str, str],
        hosts: Sequence[Installed],
        sessions: Sessions,
        now: Callable[[], datetime],
    ) -> None:
        self._keys = keys
        self._hosts = hosts
        self._sessions = sessions
        self._now = now

    def enter(self, token: str) -> Pass:
        """The pass that an overlay token still in its time is; raises ``Unacceptable``."""
        overlay = read(token, self._keys, self._now())
        return Pass(overlay.visitor, token, overlay.issued_at, overlay.until)

    def admit(self, token: str) -> Pass:
        """A new pass for a host's participant token or an earlier overlay token; raises ``Unacceptable``."""
        if not is_overlay(token):
            return self._first(*self._vouched(token))
        overlay = read(token, self._keys, self._now(), expired_too=True)
        return self._again(overlay.visitor, overlay.until, expired=overlay.expires_at < self._now())

    def renewed(self, held: Pass) -> Pass:
        """The pass of somebody who is connected, made anew; raises ``Unacceptable`` when nothing is left."""
        return self._again(held.visitor, held.until, expired=False)

    def over(self, visitor: Visitor) -> bool:
        """Whether this visitor's call has ended, so that only answers about it may still come."""
        state = self._state(visitor)
        return visitor.scope == "survey" or (state is not None and state.over)

    def _state(self, visitor: Visitor) -> Session | None:
        session = self._sessions.find(visitor)
        state = self._sessions.state(session) if session else None
        over_at = state.over_at if state else None
        # The session closes itself a little later, when its alarm rings; a token may not profit from that.
        return None if over_at and self._now() >= over_at + AFTERWARDS else state

    def _vouched(self, token: str) -> tuple[Installed, Participant]:
        for installed in self._hosts:
            try:
                return installed, named(installed.host).who(token, installed.token_keys, self._now())
            except Expired:
                raise
            except Unacceptable:
                continue
        raise Unacceptable("no host of ours vouches for it")

    def _first(self, installed: Installed, who: Participant) -> Pass:
        visitor = Visitor(
            tenant=installed.tenant,
            host=installed.host,
            meeting=who.meeting,
            occurrence=who.occurrence,
            person=who.person,
            role=who.role,
        )
        state = self._state(visitor)
        if state is None or (state.over and visitor.occurrence is None):
            return self._made(visitor, who.until)
        return self._made(self._pinned(visitor, "survey" if state.over else "call"), who.until)

    def _again(self, visitor: Visitor, until: datetime, *, expired: bool) -> Pass:
        state, loose = self._state(visitor), visitor.occurrence is None
        if state is None:
            if expired or visitor.scope == "survey" or (loose and self._now() > until):
                raise Expired("no session of this visitor is open")
            return self._made(visitor, until)
        if state.over and loose and not expired and self._now() <= until:
            return self._made(visitor, until)
        return self._made(self._pinned(visitor, "survey" if state.over else "call"), until)

    def pinned(self, held: Pass) -> Pass:
        """The same pass for the session that was found for its visitor, and for no other one."""
        return replace(held, visitor=self._pinned(held.visitor, held.visitor.scope))

    def _pinned(self, visitor: Visitor, scope: Literal["call", "survey"]) -> Visitor:
        session = self._sessions.find(visitor)
        head = self._sessions.head(session) if session else None
        return replace(
            visitor,
            occurrence=head.occurrence if head else visitor.occurrence,
            scope=scope,
        )

    def _made(self, visitor: Visitor, until: datetime) -> Pass:
        now = self._now()
        return Pass(visitor, minted(visitor, self._keys, now, until=until), now, until)
