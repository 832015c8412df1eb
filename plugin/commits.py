"""Commits: append, then let the state move, show what changed and set the alarm, in this order.

Nothing moves, and nobody is shown anything, before the journal has it; when it fails, nothing happened.
"""

from collections.abc import Callable, Sequence
from contextlib import suppress

from plugin import rituals
from plugin.alarms import Alarms
from plugin.core.events import Event
from plugin.core.screens import watched
from plugin.lanes import Lane, Lanes, Plan, cards_of
from plugin.ports import Journal, Received, Unwritable, Voice


class Commits:
    """The one place where what was planned becomes what happened; the lane's lock is held meanwhile."""

    def __init__(
        self, journal: Journal, voice: Voice, lanes: Lanes, alarms: Alarms, owed: Callable[[], None]
    ) -> None:
        self._journal = journal
        self._voice = voice
        self._lanes = lanes
        self._alarms = alarms
        self._owed = owed
        self.on_begin: Callable[[str], None] = lambda _session: None

    async def commit(self, lane: Lane, events: Sequence[Event]) -> None:
        """Keep events of one session, behind those that could not be kept before; raises ``Unwritable``."""
        await self.append([Plan(lane, [*lane.pending, *events])], None)
        lane.pending.clear()

    async def append(self, plans: Sequence[Plan], received: Received | None) -> None:
        """Keep what was planned for several sessions, all or nothing. Raises what ``Journal.append`` raises."""
        for plan in plans:
            plan.walk()
        entries = [entry for plan in plans for entry in plan.entries]
        notes = [note for plan in plans for note in plan.notes]
        if entries or received:
            await self._journal.append(entries, received=received, notes=notes)
        # All lanes move before anything else is awaited: the journal has what was planned for every one of them.
        for plan in plans:
            self._moved(plan)
        for plan in plans:
            await self.schedule(plan.lane)

    def _moved(self, plan: Plan) -> None:
        lane = plan.lane
        if not plan.entries:
            return
        fresh = not lane.begun
        lane.state, lane.position = plan.state, plan.entries[-1].position
        for person in lane.state.people.values():
            if person.linked:
                self.show(lane, person.id)
            else:
                lane.shown.pop(person.id, None)
        self.ring(lane)
        if any(entry.orders for entry in plan.entries):
            self._owed()
        if fresh:
            self._lanes.put(lane)
            self.on_begin(lane.id)

    async def schedule(self, lane: Lane) -> None:
        """Say when the session may be forgotten, where that is new; what cannot be said now is said later."""
        due = rituals.forget_at(lane.state)
        if due and due != lane.due:
            with suppress(Unwritable):
                await self._journal.schedule(lane.id, due)
                lane.due = due

    def ring(self, lane: Lane) -> None:
        """Set the alarm to the next deadline; to now when nothing is left but to put the session away."""
        state = lane.state
        self._alarms.set(lane.id, rituals.wake_at(state) or (state.now if state.closed else None))

    def show(self, lane: Lane, person: str, *, anew: bool = False) -> None:
        """Bring a person's screen to their browsers, if it changed or if it is wanted *anew*."""
        cards = cards_of(lane.state, person)
        if anew or lane.shown.get(person) != cards:
            lane.shown[person] = cards
            self._voice.show(lane.id, person, cards, watched=watched(lane.state, person))
