"""The page after the call: quiet words that say what is true, and the way back where there is one."""

from collections.abc import Sequence
from datetime import datetime

from plugin.core.events import Event
from plugin.core.orders import Order
from plugin.core.people import Person
from plugin.core.ritual import Card
from plugin.core.session import Session
from plugin.rituals import pulse_survey
from webhooks.events import Role

NAME = "call_end"


def begin() -> None:
    """There is nothing to remember."""


def step(session: Session, event: Event) -> tuple[object, Sequence[Order]]:
    """Nothing here changes by events."""
    del event
    return session.slices[NAME], ()


def cards(session: Session, person: str) -> Sequence[Card]:
    """One card for whoever the call is over for."""
    viewer = session.people.get(person)
    if viewer is None or not session.over_for(viewer):
        return ()
    if viewer.role is not Role.CLIENT and not viewer.is_therapist:
        return ()
    survey = pulse_survey.open_for(session, person) and pulse_survey.quiet(session, person)
    return ({"card": "call-end", "says": _says(session, viewer), "back": not session.over, "survey": survey},)


def _says(session: Session, viewer: Person) -> str:
    client = session.client()
    if client and viewer.id == client.id:
        part = pulse_survey.part_of(session)
        if part.ask:
            return "skipped" if part.skipped else "sent"
        if _left_first(session, viewer) and pulse_survey.quiet(session, viewer.id):
            return "left_in_pause"
    return "over" if session.over else "left"


def _left_first(session: Session, viewer: Person) -> bool:
    return bool(viewer.left_at and (session.over_at is None or viewer.left_at <= session.over_at))


def wake_at(session: Session) -> datetime | None:
    """Nothing here changes by time."""
    del session
    return None
