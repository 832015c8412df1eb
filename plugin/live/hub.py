"""Who is connected as whom, and what each of their browsers is to be sent. There is no socket in here.

A person's screen has one revision for all their browsers. It counts up within a person and never comes from a counter
that others share, because a gap would tell them that something happened.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from plugin import rituals
from plugin.live import messages
from plugin.live.link import MOST_WAITING, Link

TOO_SLOW = 1013
_EPOCH = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(slots=True, eq=False)
class Desk:
    """One person in one session: their browsers, and the screen that all of them show."""

    revision: int
    cards: bytes = b""
    watched: frozenset[str] = frozenset()
    frame: bytes = b""
    links: list[Link] = field(default_factory=list)


class Hub:
    """Implements ``plugin.ports.Voice``. ``wake`` is called when something waits to be sent."""

    def __init__(self, now: Callable[[], datetime], wake: Callable[[], None] = lambda: None) -> None:
        self._now = now
        self.wake = wake
        self.ready: dict[Link, None] = {}
        self.waiting: set[Link] = set()
        self._desks: dict[tuple[str, str], Desk] = {}

    def show(self, session: str, person: str, cards: bytes, *, watched: frozenset[str]) -> None:
        """Send a person's screen to all their browsers that do not show it yet."""
        desk = self._desks.get((session, person))
        if desk is None:
            return
        if cards != desk.cards or watched != desk.watched:
            desk.revision += 1
            desk.cards, desk.watched = cards, watched
            desk.frame = messages.screen(desk.revision, self._now(), cards)
        for link in desk.links:
            self._bring(desk, link)

    def _bring(self, desk: Desk, link: Link) -> None:
        if desk.frame and link.revision != desk.revision:
            link.watch(desk.revision, desk.watched)
            self.say(link, desk.frame)

    def seat(self, link: Link, session: str) -> None:
        """Let a browser show its person's screen of a session, at once where there is one."""
        self.waiting.discard(link)
        link.session = session
        key = (session, link.visitor.person)
        desk = self._desks.get(key)
        if desk is None:
            desk = self._desks[key] = Desk(self._first_revision())
        if link not in desk.links:
            desk.links.append(link)
        self._bring(desk, link)

    def _first_revision(self) -> int:
        # Seconds, so that a browser that comes back after a restart sees no number go backwards.
        return max(0, int((self._now() - _EPOCH).total_seconds()))

    def wait(self, link: Link) -> None:
        """Keep a browser until its session begins; it sees the waiting screen meanwhile."""
        if link not in self.waiting:
            self.waiting.add(link)
            cards = rituals.waiting(link.visitor.role)
            self.say(link, messages.screen(0, self._now(), cards))

    def leave(self, link: Link) -> None:
        """A browser is gone, or moves to another session."""
        self.waiting.discard(link)
        self.ready.pop(link, None)
        key = (link.session or "", link.visitor.person)
        desk = self._desks.get(key)
        if desk and link in desk.links:
            desk.links.remove(link)
            if not desk.links:
                del self._desks[key]
        link.session, link.revision = None, 0

    def say(self, link: Link, frame: bytes) -> None:
        """Put a frame into a browser's queue; one that does not read is closed."""
        if link.closing is not None:
            return
        if len(link.out) >= MOST_WAITING:
            self.shut(link, TOO_SLOW)
            return
        link.out.append(frame)
        self._ready(link)

    def shut(self, link: Link, code: int) -> None:
        """Close a browser's connection with a code, after what waits was sent."""
        if link.closing is None:
            link.closing = code
            self._ready(link)

    def _ready(self, link: Link) -> None:
        self.ready[link] = None
        self.wake()
