"""A whole call over the wire: consent, check-in, pause, survey, mirror."""

from datetime import UTC, datetime
from typing import Any

from tests.house import Clock, House

ANSWERS = {
    "heard": 7,
    "focus": 9,
    "way": 8,
    "safe": 4,
    "overall": 8,
    "off": "a_little",
    "off_kind": "too_fast",
}
SENT = {"answers": {**ANSWERS, "helpful": "the pause"}, "sharing": "therapist", "each": {"safe": "practice"}}


class RealClock(Clock):
    """The clock of the wall as it is, for a test that talks with a server of its own time."""

    def __init__(self) -> None:
        super().__init__()

    def __call__(self) -> datetime:
        return datetime.now(UTC)

    def __getattribute__(self, name: str) -> Any:
        return datetime.now(UTC) if name == "now" else super().__getattribute__(name)


async def hold(house: House) -> str:
    """Hold a call from its start until the mirror is locked; answers the pause's id."""
    await house.begin()
    async with (
        await house.open("pra-1", "therapist") as therapist,
        await house.open("pat-1", "client") as client,
    ):
        await client.shows("consent-card")
        consent = {"choice": "save", "therapist": True, "practice": True}
        assert (await client.ask("consent.answer", **consent)).get("ok")
        await client.shows("check-in", state="open")
        assert (await client.ask("checkin.answer", feeling="tense", hope="to feel calmer")).get("ok")
        assert (await therapist.ask("checkin.answer", feeling="calm", hope="to go at your pace")).get("ok")
        pause = str((await client.ask("pause.press"))["id"])
        await therapist.shows("pause-notice", pause=pause)
        await therapist.send(type="painted", revision=therapist.revision)
        await client.shows("pause-sheet", says="delivered")
        assert (await therapist.ask("pause.see", pause=pause)).get("ok")
        assert (await client.ask("pause.resume", pause=pause, choice="slower")).get("ok")
        await house.end()
        await client.shows("pulse-survey", form="survey")
        assert (await client.ask("survey.send", **SENT)).get("ok")
        assert (await therapist.ask("mirror.send", answers={"heard": 8, "off": "no"})).get("ok")
        await therapist.shows("survey-answers", state="shown")
    return pause
