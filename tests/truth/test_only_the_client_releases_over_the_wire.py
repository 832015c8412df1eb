"""Over both roads, nobody but its owner moves a pause, and whoever tries leaves no trace in the journal."""

import base64
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from tests.browser_end import Browser
from tests.house import House, running

PRESSED = "5f0d1b8e-6c1c-4a58-9f0f-0d7b1d6f9c11"
MOMENT = "7a0d1b8e-6c1c-4a58-9f0f-0d7b1d6f9c22"
ROADS = ("ws", "post")

RESUME = {"kind": "pause.resume", "pause": PRESSED, "choice": "go_on"}
SEE = {"kind": "pause.see", "pause": PRESSED}
OF_THE_MOMENT = {"pause": MOMENT}

FOREIGN: dict[str, tuple[str, str | None, dict[str, str], str]] = {
    "a therapist's resume": ("pra-1", "therapist", RESUME, "not_yours"),
    "a therapist's undo": ("pra-1", "therapist", {"kind": "pause.withdraw", "pause": PRESSED}, "not_yours"),
    "a therapist's level": (
        "pra-1",
        "therapist",
        {"kind": "pause.level", "pause": PRESSED, "level": "stop"},
        "not_yours",
    ),
    "a therapist's press with its id": (
        "pra-1",
        "therapist",
        {"kind": "pause.press", "id": PRESSED},
        "not_yours",
    ),
    "a client's see": ("pat-1", "client", SEE, "not_your_role"),
    "a client's see by a token that says therapist": ("pat-1", "therapist", SEE, "not_your_role"),
    "a client's see of the moment": ("pat-1", "client", SEE | OF_THE_MOMENT, "not_your_role"),
    "a client's resume of the moment": ("pat-1", "client", RESUME | OF_THE_MOMENT, "not_yours"),
    "a second client's resume": ("pat-2", "client", RESUME, "not_yours"),
    "the practice's resume": ("adm-1", "practice", RESUME, "not_yours"),
    "a stranger's see": ("who-1", None, SEE, "not_your_role"),
}


@asynccontextmanager
async def paused(data: Path) -> AsyncIterator[tuple[House, Browser]]:
    """A call in which the client's pause and the therapist's moment are open, and the client's browser."""
    async with running(data) as house:
        await house.begin()
        async with (
            await house.open("pra-1", "therapist") as therapist,
            await house.open("pat-1", "client") as client,
        ):
            assert (await therapist.ask("pause.press", id=MOMENT))["ok"] is True
            assert (await client.ask("pause.press", id=PRESSED))["ok"] is True
            yield house, client


async def journaled(house: House) -> list[Any]:
    """All that the journal has about pauses."""
    return [row["body"] async for row in house.service.journal.dump() if row["kind"] == "pause"]


async def asked(house: House, road: str, token: str, ask: dict[str, str]) -> str:
    """The reason of a refusal, over one of the two roads."""
    frame = {"v": 1, "type": "ask", "id": str(uuid4()), "age_ms": 0, **ask}
    if road == "post":
        status, answer = await house.say("/v1/asks", json.dumps({**frame, "token": token}))
        assert status == 403
    else:
        async with await house.dial(token) as browser:
            await browser.send(**{name: value for name, value in frame.items() if name != "v"})
            answer = await browser.next("answer")
    assert (answer["type"], answer["id"]) == ("answer", frame["id"])
    assert "ok" not in answer
    return str(answer["refused"])


@pytest.mark.parametrize("road", ROADS)
@pytest.mark.parametrize("name", FOREIGN)
async def test_what_others_ask_of_a_pause_is_refused_and_leaves_nothing(
    tmp_path: Path, name: str, road: str
) -> None:
    person, role, ask, reason = FOREIGN[name]
    async with paused(tmp_path / "data") as (house, client):
        before = await journaled(house)
        token = await house.token(person, role)
        assert await asked(house, road, token, ask) == reason
        assert await journaled(house) == before
        assert (await client.ask("pause.resume", pause=PRESSED, choice="slower"))["ok"] is True


def edited(token: str, **changes: object) -> str:
    """A token whose claims somebody has written over; they cannot sign it."""
    head, body, signature = token.split(".")
    claims = json.loads(base64.urlsafe_b64decode(body + "=="))
    text = json.dumps(claims | changes).encode()
    return ".".join((head, base64.urlsafe_b64encode(text).rstrip(b"=").decode(), signature))


@pytest.mark.parametrize(
    ("person", "role", "claim"), [("pat-1", "client", "therapist"), ("pra-1", "therapist", "client")]
)
async def test_an_edited_role_opens_nothing(tmp_path: Path, person: str, role: str, claim: str) -> None:
    async with paused(tmp_path / "data") as (house, _):
        before = await journaled(house)
        genuine = await house.token(person, role)
        for forged in (edited(genuine, role=claim), edited(genuine, role=claim, sub="pat-1")):
            see = {
                "v": 1,
                "type": "ask",
                "id": str(uuid4()),
                "age_ms": 0,
                "kind": "pause.see",
                "pause": PRESSED,
            }
            status, problem = await house.say("/v1/asks", json.dumps({**see, "token": forged}))
            assert (status, problem["status"]) == (401, 401)
            assert await (await house.dial(forged)).closed() == 4401
            assert (await house.exchange(forged))[0] == 401
        host = edited(house.participant(person, role), role=claim)
        assert (await house.exchange(host))[0] == 401
        assert await journaled(house) == before
