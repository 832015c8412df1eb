"""What a browser's frames do: they become facts and wishes for the runner, and its answers go back."""

from collections.abc import Callable
from datetime import datetime, timedelta

import structlog
from pydantic import ValidationError

from plugin.admission import Admission
from plugin.live import messages
from plugin.live.hub import Hub
from plugin.live.link import MALFORMED, Link
from plugin.live.messages import Hello, Painted, Pong
from plugin.ports import Broken, Unwritable
from plugin.rituals import AnyAsk, Refused
from plugin.runner import Runner
from plugin.signed import Unacceptable

POLICY = 1008
NO_TOKEN = 4401
BROKEN = 1011

_log = structlog.get_logger("fermata.live")

RENEW_AFTER = timedelta(seconds=150)
AFTERWARDS = ("survey.", "mirror.", "consent.")
"""What may still be asked for with a token for the survey."""


def permitted(scope: str, ask: AnyAsk) -> bool:
    """Whether a token of this scope may ask for this."""
    return scope == "call" or ask.kind.startswith(AFTERWARDS)


Meeting = tuple[str, str, str]
"""A practice, a host, and the host's id of the meeting."""


def _meeting(link: Link) -> Meeting:
    visitor = link.visitor
    return (visitor.tenant, visitor.host, visitor.meeting)


class Conversation:
    """Between the links of the hub and the runner."""

    def __init__(self, hub: Hub, runner: Runner, admission: Admission, now: Callable[[], datetime]) -> None:
        self._hub = hub
        self._runner = runner
        self._admission = admission
        self._now = now
        self._unsettled: dict[Meeting, set[Link]] = {}
        self._due: set[Meeting] = set()

    async def settle(self, link: Link) -> None:
        """Bring a link to its session, or let it wait for one."""
        self._unsettled.setdefault(_meeting(link), set()).add(link)
        await self._settled(link)
        # Who was pinned stays; a visitor of a room that is quiet now is still waiting for its next call.
        if link.gone or (link.opened and link.visitor.occurrence is not None):
            self._forget(link)

    def _forget(self, link: Link) -> None:
        meeting = _meeting(link)
        waiting = self._unsettled.get(meeting, set())
        waiting.discard(link)
        if not waiting:
            self._unsettled.pop(meeting, None)

    async def _settled(self, link: Link) -> None:
        while not link.gone:
            session = self._runner.find(link.visitor)
            if session is None:
                self._hub.wait(link)
                return
            self._pin(link, session)
            self._hub.seat(link, session)
            if await self._open(link, session):
                return
            self._hub.leave(link)

    def _pin(self, link: Link, session: str) -> None:
        state = self._runner.state(session)
        if state and not state.over:
            link.held = self._admission.pinned(link.held)

    async def _open(self, link: Link, session: str) -> bool:
        visible = link.visible
        try:
            found = await self._runner.link_opened(link.visitor, link.id, visible=visible)
        except Unwritable:
            # The screen is there already; that the link is there is told once the journal can keep it.
            return True
        link.opened = found == session
        if link.opened and link.gone:
            await self._runner.link_lost(session, link.id)
        elif link.opened and link.visible != visible:
            await self._runner.link_turned(session, link.id, visible=link.visible)
        return link.opened

    def begun(self, session: str) -> None:
        """A session began: whoever is not where they belong in that meeting is to be settled anew."""
        head = self._runner.head(session)
        if head:
            self._due.add((head.tenant, head.host, head.meeting))

    def again(self, link: Link) -> None:
        """Settle this link anew: the journal could not keep that it is there."""
        self._due.add(_meeting(link))

    async def resettle(self) -> None:
        """Try again for the links of every meeting that is due."""
        while self._due:
            for link in tuple(self._unsettled.get(self._due.pop(), ())):
                if link.opened and self._runner.find(link.visitor) != link.session:
                    await self.lost(link, None, moving=True)
                if not link.opened:
                    await self._settle_or_shut(link)

    async def _settle_or_shut(self, link: Link) -> None:
        try:
            await self.settle(link)
        except Broken:
            # Its session must not be served, and all others must.
            _log.error("session_broken", session=link.session)
            self._hub.shut(link, BROKEN)

    async def heard(self, link: Link, frame: bytes) -> None:
        """Take one frame of a browser."""
        try:
            up = messages.up_from(frame)
        except ValidationError:
            self.malformed(link, messages.id_in(frame))
            return
        match up:
            case Painted():
                await self._painted(link, up.revision)
            case Pong():
                await self._turned(link, visible=up.visible)
            case Hello():
                self.malformed(link, None)
            case _:
                await self._ask(link, up)

    def malformed(self, link: Link, ask: str | None) -> None:
        """A frame that cannot be read is answered; the third one closes the connection."""
        link.malformed += 1
        self._hub.say(link, messages.refused(ask, "malformed"))
        if link.malformed >= MALFORMED:
            self._hub.shut(link, POLICY)

    async def _painted(self, link: Link, revision: int) -> None:
        if link.session is None or not (link.visible and link.opened):
            return
        if fresh := link.fresh(revision):
            await self._runner.painted(link.session, link.visitor.person, link.id, fresh)

    async def _turned(self, link: Link, *, visible: bool) -> None:
        if visible == link.visible:
            return
        link.visible = visible
        if link.opened and link.session:
            await self._runner.link_turned(link.session, link.id, visible=visible)

    async def _ask(self, link: Link, ask: AnyAsk) -> None:
        if not permitted(link.visitor.scope, ask):
            self._hub.say(link, messages.refused(ask.id, "over"))
            return
        try:
            await self._runner.ask(link.visitor, ask, path="ws")
        except Refused as refusal:
            self._hub.say(link, messages.refused(ask.id, refusal.reason))
        except Unwritable:
            # No answer is the truth: it is not accepted, and the browser asks again over both roads.
            return
        else:
            self._hub.say(link, messages.accepted(ask.id))

    async def lost(self, link: Link, heard_at: datetime | None, *, moving: bool = False) -> None:
        """A browser is gone, or is moved to another session."""
        link.gone = not moving
        if link.gone:
            self._forget(link)
        session, opened = link.session, link.opened
        self._hub.leave(link)
        link.opened = False
        if session and opened:
            await self._runner.link_lost(session, link.id, heard_at=heard_at)

    def renew(self, link: Link) -> None:
        """Send a new token when the held one is half its life old, or its session has ended since."""
        if link.opened and self._runner.find(link.visitor) is None:
            self._hub.shut(link, NO_TOKEN)
            return
        if self._now() - link.held.issued_at < RENEW_AFTER and not self._narrows(link):
            return
        try:
            link.held = self._admission.renewed(link.held)
        except Unacceptable:
            self._hub.shut(link, NO_TOKEN)
        else:
            self._hub.say(link, messages.token(link.held.token))
            link.held = link.held.silent()

    def _narrows(self, link: Link) -> bool:
        visitor = link.visitor
        if link.session is None or visitor.scope == "survey" or visitor.occurrence is None:
            return False
        state = self._runner.state(link.session)
        return state is not None and state.over
