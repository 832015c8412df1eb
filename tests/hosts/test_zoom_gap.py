"""What a call becomes when the socket breaks: nothing lost that Zoom's REST can tell, and nothing told twice."""

import asyncio
import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from plugin import rituals
from plugin.core.events import Heard
from plugin.core.session import Session
from plugin.hosts.host import Call
from plugin.hosts.zoom import ask
from plugin.hosts.zoom_line import Pace
from plugin.hosts.zoom_socket import Feed
from tests.hosts.test_zoom_ask import GONE, TOKEN, asked, driven, page, reply
from tests.hosts.zoom_house import account as zoom_account
from tests.hosts.zoom_server import VirtualTime, pretend_zoom, until
from tests.webhooks.samples import session
from webhooks import zoom as listening
from webhooks.delivery import Delivery
from webhooks.events import HostFact

SESSIONS = ("whole-session", "breakout-session")
STAYS = ("meeting.participant_joined", "meeting.participant_left")


def envelopes(name: str) -> list[dict[str, Any]]:
    return [json.loads(line.delivery.body) for line in session("zoom", name)]


def remembered(happened: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """What REST tells of a run afterwards: an end, and rows without the practice's key and without guests' ids."""
    rows: dict[str, dict[str, Any]] = {}
    for event in happened:
        meeting = event["payload"]["object"]
        if event["event"] in STAYS:
            who = meeting["participant"]
            row = rows.setdefault(
                who["user_id"], {"user_id": who["user_id"], "status": "in_meeting", "name": "marker"}
            )
            row["id"] = who["id"] if who["id"] == meeting["host_id"] else ""
            row |= {name: who[name] for name in ("join_time", "leave_time") if name in who}
    ends = [
        event["payload"]["object"].get("end_time") for event in happened if event["event"] == "meeting.ended"
    ]
    return {
        "uuid": happened[0]["payload"]["object"]["uuid"],
        "end_time": ends[0],
        "rows": list(rows.values()),
    }


class Service:
    """The fold with an inbox before it: as the service hears, without its journal."""

    def __init__(self) -> None:
        self.state: Session | None = None
        self.inbox: set[str] = set()
        self.gaps = 0

    async def hear(self, delivery: Delivery) -> None:
        key = listening.key(delivery)
        if key not in self.inbox:
            self.inbox.add(key)
            self.take(listening.read(delivery))

    def missed(self) -> None:
        self.gaps += 1

    def take(self, facts: Sequence[HostFact]) -> None:
        for fact in facts:
            before = self.state or rituals.begin("s", fact.at)
            at = max(before.now, fact.at) + timedelta(milliseconds=1)
            self.state, _ = rituals.step(before, Heard(at=at, fact=fact))

    def call(self, happened: Sequence[dict[str, Any]]) -> Call:
        meeting = happened[0]["payload"]["object"]
        people = self.state.people.values() if self.state else ()
        holders = {stay: person.id for person in people for stay in person.connections}
        return Call(str(meeting["id"]), meeting["uuid"], holders)


def stays(state: Session | None) -> dict[str, tuple[str, bool]]:
    """Whose each stay was, and whether it is open; a stay that two people had would fail here."""
    assert state is not None
    people = state.people.values()
    found = [(stay, (each.id, is_open)) for each in people for stay, is_open in each.connections.items()]
    assert len(found) == len(dict(found))
    return dict(found)


async def without_a_gap(happened: Sequence[dict[str, Any]]) -> Service:
    service = Service()
    for event in happened:
        await service.hear(Delivery((), json.dumps(event).encode()))
    return service


def settled(service: Service, whole: Service, heard: Sequence[dict[str, Any]]) -> None:
    """Everybody's every stay is known and over; who was named by an event keeps that name, and nobody rose."""
    assert service.state is not None
    assert whole.state is not None
    ours, theirs = stays(service.state), stays(whole.state)
    named = {
        event["payload"]["object"]["participant"]["user_id"] for event in heard if event["event"] in STAYS
    }

    assert ours.keys() == theirs.keys()
    for stay in named:
        assert ours[stay] == theirs[stay]
    assert not any(is_open for _, is_open in ours.values())
    assert service.state.over
    assert service.state.ended_at == whole.state.ended_at
    for person in service.state.people.values():
        known = whole.state.people.get(person.id)
        assert person.role in {None, known.role if known else None}


def gaps(length: int) -> Iterator[tuple[int, int]]:
    """Where a gap begins, and where it ends: after one event, after some, and never."""
    for begin in range(1, length):
        yield from ((begin, end) for end in sorted({begin + 1, min(begin + 4, length), length}))


@pytest.mark.parametrize("name", SESSIONS)
async def test_whatever_part_of_a_call_is_missed_its_end_tells_the_rest(name: str) -> None:
    """Gaps at every place of a whole session, the last two events before each told a second time behind it."""
    happened = envelopes(name)
    whole, past = await without_a_gap(happened), remembered(happened)
    for begin, end in gaps(len(happened)):
        heard = [*happened[:begin], *happened[max(0, begin - 2) : begin], *happened[end:]]
        service = await without_a_gap(heard)
        _, facts = asked(TOKEN, GONE, reply(past), page(*past["rows"]), call=service.call(happened))

        service.take(facts)
        once = service.state
        service.take(facts)

        settled(service, whole, heard)
        assert service.state == once


async def test_a_call_that_still_runs_is_left_as_it_is() -> None:
    happened = envelopes("whole-session")
    service = await without_a_gap(happened[:8])
    before = stays(service.state)
    _, facts = asked(TOKEN, reply({"status": "started"}), call=service.call(happened))
    assert len(facts) == 1

    assert stays(service.state) == before
    assert service.state is not None
    assert not service.state.over


BROKEN = [("whole-session", 8, 13), ("breakout-session", 5, 8), ("whole-session", 12, 17)]


@pytest.mark.parametrize(("name", "begin", "end"), BROKEN)
async def test_a_socket_that_breaks_in_a_burst_and_a_question_afterwards_tell_the_whole_call(
    name: str, begin: int, end: int
) -> None:
    happened, time, service = envelopes(name), VirtualTime(), Service()
    async with pretend_zoom(time) as zoom:
        account = zoom_account(zoom)
        feeding = Feed(
            account,
            hear=service.hear,
            missed=service.missed,
            now=lambda: datetime.now(UTC),
            pace=Pace(clock=time.clock, wait=time.wait, jitter=lambda: 1.0),
        )
        task = asyncio.create_task(feeding.run())
        await until(lambda: zoom.lines and service.gaps == 1)
        time.advance(11)
        for event in happened[:begin]:
            await zoom.tell(event)
        await until(lambda: len(service.inbox) == begin)
        zoom.cut()
        for event in happened[begin:end]:
            await zoom.tell(event)
        await until(lambda: zoom.lines and service.gaps == 2)
        for event in (*happened[begin - 2 : begin], *happened[end:]):
            await zoom.tell(event)
        await until(lambda: len(service.inbox) == len(happened) - (end - begin))
        assert len(zoom.lost) == end - begin
        past = remembered(happened)
        zoom.runs[past["uuid"]] = past
        service.take(await driven(ask("", service.call(happened), account, datetime.now(UTC))))
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    settled(service, await without_a_gap(happened), [*happened[:begin], *happened[end:]])
