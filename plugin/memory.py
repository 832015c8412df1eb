"""What a session may know of an earlier one: a client's yes, so that nobody is asked twice."""

import json
from collections.abc import Sequence
from datetime import datetime

from plugin.core.events import Event
from plugin.core.session import Session
from plugin.ports import Head, Journal, Note
from plugin.rituals import consent_card
from webhooks.events import Role


def _key(tenant: str, host: str, person: str) -> str:
    return json.dumps(["consent", tenant, host, person])


def remembered(head: Head, event: Event) -> Sequence[Note]:
    """The notes that an event leaves for later sessions."""
    noted = consent_card.note(event)
    if noted is None:
        return ()
    person, kept = noted
    return (Note(_key(head.tenant, head.host, person), json.dumps(kept).encode()),)


async def recalled(
    journal: Journal, head: Head, state: Session, *, person: str, role: Role | None, now: datetime
) -> Sequence[Event]:
    """The events with which an earlier yes enters this session; none where it is known or was never given."""
    if role is not Role.CLIENT or consent_card.of(state, person):
        return ()
    body = await journal.recall(_key(head.tenant, head.host, person))
    if body is None:
        return ()
    return (consent_card.ConsentRemembered(at=now, person=person, **json.loads(body)),)
