"""From a host's deliveries alone a session starts, and ends, and the survey is due: no browser is needed for it."""

from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest

from plugin import rituals
from plugin.core.events import By, Ticked
from plugin.core.session import Session
from plugin.rituals import therapist_mirror
from tests.house import Clock, running
from tests.service.replaying import kept, replay, settings
from tests.webhooks.known import HOSTS, known
from webhooks.events import MeetingEnded, Role

WHOLE = [
    (host, file)
    for host in HOSTS
    for file in known(host).about.sessions
    if {role for f in known(host).facts(file) if (role := getattr(f, "role", None))}
    >= {Role.CLIENT, Role.THERAPIST}
    and any(isinstance(fact, MeetingEnded) for fact in known(host).facts(file))
]


def after(session: Session, **span: float) -> Session:
    """The session when so much time has gone by, deadline after deadline."""
    end = session.now + timedelta(**span)
    while (wake := rituals.wake_at(session)) and wake <= end:
        session, _ = rituals.step(session, Ticked(at=max(wake, session.now)))
    return session


def agreed(session: Session, client: str) -> Session:
    """The session after its client, who comes back to the page only now, said yes on it."""
    document = {"v": 1, "type": "ask", "id": str(UUID(int=1)), "age_ms": 0, "kind": "consent.answer"}
    wish = rituals.ask_from({**document, "choice": "save", "therapist": True, "practice": True})
    by = By(person=client, role=Role.CLIENT, at=session.now, made_at=session.now)
    return rituals.step(session, wish.event(by))[0]


def test_every_host_has_such_a_session() -> None:
    assert {host for host, _ in WHOLE} == set(HOSTS)


@pytest.mark.parametrize(("name", "file"), WHOLE, ids=[f"{host}-{file}" for host, file in WHOLE])
async def test_the_survey_becomes_due(name: str, file: str, tmp_path: Path) -> None:
    host = known(name)
    deliveries = kept(host, file)
    async with running(tmp_path / "data", Clock(deliveries[0].at), hosts=settings(host, deliveries)) as house:
        await replay(house, host, deliveries)
        sessions = [state for _, state in house.service.runner.sessions() if state.met]
    assert sessions
    for session in sessions:
        client = session.client()
        assert client
        over = after(session, minutes=16)
        assert over.over
        assert "consent-card" in [card["card"] for card in rituals.screen(over, client.id)]
        answered = agreed(over, client.id)
        assert therapist_mirror.due(answered)
        assert "pulse-survey" in [card["card"] for card in rituals.screen(answered, client.id)]
