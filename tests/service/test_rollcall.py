"""The roll call: what was lost while nobody could take it is asked for, and nonsense ends nobody."""

import asyncio
import io
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import jwt
import pytest

from plugin import rollcall
from plugin.core.session import Session
from plugin.settings import HostSettings
from tests.house import TOKEN_KEY, Clock, House, running
from tests.service.twirp import KEY, SECRET, Twirp, serving
from webhooks import livekit

CLIENT, THERAPIST = ("client-1", "PA_c", "client"), ("ther-1", "PA_t", "therapist")


@asynccontextmanager
async def asking(
    folder: Path, twirp: Twirp, clock: Clock | None = None, **more: Twirp
) -> AsyncIterator[House]:
    hosts = tuple(
        HostSettings(
            tenant=tenant,
            host="livekit",
            url=server.url,
            webhook_keys={KEY: SECRET},
            token_keys={KEY: f"{TOKEN_KEY}{number}"},
            account={"key": KEY, "secret": SECRET},
        )
        for number, (tenant, server) in enumerate({"north": twirp, **more}.items())
    )
    async with running(folder, clock or Clock(), hosts=hosts) as house:
        yield house


async def told(house: House, event: str, *person: str, tenant: str = "north", room: str = "1") -> None:
    """A LiveKit delivery of one event of the room."""
    stamp = int(house.clock.now.timestamp())
    document: dict[str, object] = {
        "event": event,
        "id": f"EV_{room}_{event}_{'_'.join(person)}",
        "createdAt": str(stamp),
        "room": {"sid": f"RM_{room}", "name": f"room-{room}", "creationTimeMs": f"{stamp}000"},
    }
    if person:
        identity, sid, role = person
        attributes = {"role": role}
        document["participant"] = {
            "sid": sid,
            "identity": identity,
            "joinedAt": str(stamp),
            "attributes": attributes,
        }
    delivery = livekit.sign(json.dumps(document).encode(), KEY, SECRET, house.clock.now, key="")
    url, headers = f"{house.url}/webhooks/{tenant}/livekit", dict(delivery.headers)
    async with house.http.post(url, data=delivery.body, headers=headers) as answer:
        assert answer.status == 202


def session(house: House) -> Session:
    ((_, found),) = house.service.runner.sessions()
    return found


def present(house: House) -> list[str]:
    return sorted(p.id for p in session(house).people.values() if p.present)


@pytest.fixture
async def twirp() -> AsyncIterator[Twirp]:
    async with serving() as server:
        yield server


@pytest.fixture
async def house(tmp_path: Path, twirp: Twirp) -> AsyncIterator[House]:
    """A call that both have joined."""
    async with asking(tmp_path / "data", twirp) as house:
        await told(house, "room_started")
        await told(house, "participant_joined", *THERAPIST)
        await told(house, "participant_joined", *CLIENT)
        twirp.rooms["room-1"] = ("RM_1", [twirp.person(*THERAPIST), twirp.person(*CLIENT)])
        yield house


async def test_a_join_and_a_leave_that_were_lost_are_found_out(house: House, twirp: Twirp) -> None:
    house.clock.advance(seconds=31)
    twirp.rooms["room-1"] = ("RM_1", [twirp.person(*THERAPIST), twirp.person("guest-1", "PA_g", "client")])
    await house.service.rollcall.ask_all()

    assert present(house) == ["guest-1", "ther-1"]


async def test_after_a_start_the_first_question_comes_by_itself(tmp_path: Path, twirp: Twirp) -> None:
    clock = Clock()
    async with asking(tmp_path / "data", twirp, clock) as house:
        await told(house, "room_started")
        await told(house, "participant_joined", *THERAPIST)
    # While the service was away the client came, the therapist left, and both deliveries were given up.
    clock.advance(seconds=120)
    twirp.rooms["room-1"] = ("RM_1", [twirp.person(*CLIENT)])
    async with asking(tmp_path / "data", twirp, clock) as house, asyncio.timeout(10):
        while present(house) != ["client-1"]:  # noqa: ASYNC110 - the service tells nobody when it has asked
            await asyncio.sleep(0.01)


async def test_whoever_says_that_something_was_missed_has_it_asked_at_once(
    house: House, twirp: Twirp
) -> None:
    async with asyncio.timeout(10):
        while not twirp.asked:
            await asyncio.sleep(0.01)
            house.service.rollcall.missed("north", "livekit")


async def test_a_host_that_hangs_keeps_nobody_else_waiting(
    tmp_path: Path, twirp: Twirp, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rollcall, "EVERY", 0.01)
    async with serving() as dead, asking(tmp_path / "data", twirp, south=dead) as house:
        dead.trouble = "hangs"
        for number in range(rollcall.AT_ONCE + 1):
            await told(house, "room_started", tenant="south", room=str(number))
        await dead.waiting.wait()
        await told(house, "room_started")
        async with asyncio.timeout(5):
            while twirp.asked < 6:  # noqa: ASYNC110 - the service tells nobody when it has asked
                await asyncio.sleep(0.01)


@pytest.mark.parametrize("trouble", ["token", "html", "refused"])
async def test_no_answer_changes_nothing_and_no_token_is_logged(
    house: House, twirp: Twirp, trouble: str, sink: io.StringIO
) -> None:
    before = session(house).people
    house.clock.advance(hours=1)
    twirp.trouble, twirp.url = trouble, "" if trouble == "refused" else twirp.url
    await house.service.rollcall.ask_all()

    assert session(house).people == before
    assert "eyJ" not in sink.getvalue()
    assert trouble == "refused" or '"event":"not_told"' in sink.getvalue()


async def test_an_empty_answer_ends_nobody_whose_browser_is_heard(house: House, twirp: Twirp) -> None:
    # LiveKit answers 200 and an empty list for a room that it does not know.
    twirp.rooms.clear()
    async with await house.dial(await _token(house)) as browser:
        await browser.shows("consent-card")
        house.clock.advance(hours=1)
        await house.service.rollcall.ask_all()
        assert present(house) == ["client-1"]
    assert not session(house).over


async def _token(house: House) -> str:
    """An overlay token for LiveKit's own token of the client."""
    stamp = int(house.clock.now.timestamp())
    claims = {
        "iss": KEY,
        "sub": "client-1",
        "nbf": stamp,
        "exp": stamp + 600,
        "attributes": {"role": "client"},
    }
    grant = {"video": {"roomJoin": True, "room": "room-1"}}
    status, document = await house.exchange(jwt.encode({**claims, **grant}, f"{TOKEN_KEY}0"))
    assert status == 200
    return str(document["token"])


async def test_an_answer_that_an_event_overtook_is_left_alone(house: House, twirp: Twirp) -> None:
    house.clock.advance(seconds=31)
    twirp.trouble = "hangs"
    twirp.rooms["room-1"] = ("RM_1", [twirp.person(*THERAPIST)])
    question = asyncio.create_task(house.service.rollcall.ask_all())
    await twirp.waiting.wait()
    await told(house, "participant_joined", "client-1", "PA_new", "client")
    twirp.hold.set()
    await question

    assert present(house) == ["client-1", "ther-1"]


async def test_what_stays_the_same_is_no_record(house: House, twirp: Twirp) -> None:
    await house.service.rollcall.ask_all()
    ((head, _),) = house.service.runner.sessions()
    before = len(await house.service.journal.read(head.session))
    for _ in range(5):
        await house.service.rollcall.ask_all()
    assert len(await house.service.journal.read(head.session)) == before
