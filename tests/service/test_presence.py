"""Who is inside, step by step, while recorded deliveries come in and some do not."""

import json
from pathlib import Path

from tests.house import Clock, House, running
from tests.service.replaying import kept, replay, settings
from tests.webhooks.known import known

LIVEKIT = known("livekit")


def present(house: House) -> list[str]:
    ((_, session),) = house.service.runner.sessions()
    return sorted(person.id for person in session.people.values() if person.present)


async def test_presence_follows_the_recording_step_by_step(tmp_path: Path) -> None:
    seen: list[tuple[str, list[str]]] = []
    deliveries = kept(LIVEKIT, "ordinary-session")
    async with running(tmp_path / "data", Clock(), hosts=settings(LIVEKIT, deliveries)) as house:
        for delivery in deliveries:
            await replay(house, LIVEKIT, [delivery])
            event = json.loads(delivery.delivery.body)["event"]
            if event.startswith(("participant", "room")):
                seen.append((event, present(house)))
    both, therapist = ["client-1", "ther-1"], ["ther-1"]
    assert seen == [
        ("room_started", []),
        ("participant_joined", therapist),
        ("participant_joined", both),
        ("participant_left", therapist),
        ("participant_joined", both),
        ("participant_left", therapist),
        ("participant_left", []),
        ("room_finished", []),
    ]


async def test_what_an_outage_swallowed_is_missed_but_nobody_stays_for_ever(tmp_path: Path) -> None:
    deliveries = kept(LIVEKIT, "outage-session")
    file = Path(__file__).parents[1] / "fixtures" / "livekit" / "outage-session.jsonl"
    answered = [json.loads(line)["answered"] == 200 for line in file.read_text().splitlines()]
    came = [delivery for delivery, taken in zip(deliveries, answered, strict=True) if taken]
    async with running(tmp_path / "data", Clock(), hosts=settings(LIVEKIT, deliveries)) as house:
        await replay(house, LIVEKIT, came[:-2])
        assert "client-1" not in present(house)
        await replay(house, LIVEKIT, came[-2:])
        ((_, session),) = house.service.runner.sessions()
    assert session.over
    assert {person.id: str(person.role) for person in session.people.values()} == {
        "ther-1": "therapist",
        "client-1": "client",
    }
