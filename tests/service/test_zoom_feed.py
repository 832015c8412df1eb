"""Zoom's event socket held by the running service: what a cut swallowed is asked for, and nothing is doubled."""

from pathlib import Path
from typing import Any

import pytest

from plugin.core.session import Session
from plugin.settings import HostSettings
from tests.hosts.test_zoom_gap import envelopes, remembered, stays
from tests.hosts.zoom_server import PretendZoom, VirtualTime, pretend_zoom, until
from tests.house import TOKEN_KEY, Clock, House, running
from tests.webhooks.known import known
from webhooks.events import MeetingEnded

ZOOM = known("zoom")
LAST = max(fact.at for fact in ZOOM.facts("whole-session"))


def settings(zoom: PretendZoom) -> HostSettings:
    account = {
        "client_id": "client-id",
        "client_secret": "client-secret",
        "account_id": "account-1",
        "api": f"{zoom.rest}/v2",
        "token_url": f"{zoom.rest}/oauth/token",
        "socket": zoom.socket,
    }
    keys = {"webhook_keys": ZOOM.keys, "token_keys": {"t": TOKEN_KEY}}
    return HostSettings(tenant="north", host="zoom", url=zoom.rest, account=account, **keys)


def session(house: House) -> Session | None:
    return next((state for _, state in house.service.runner.sessions()), None)


async def heard(zoom: PretendZoom, events: list[dict[str, Any]]) -> None:
    for event in events:
        await zoom.tell(event)


@pytest.mark.parametrize("cut_after", [2, 4, 6])
async def test_a_call_is_told_whole_though_the_socket_breaks_in_the_middle(
    cut_after: int, tmp_path: Path
) -> None:
    events = envelopes("whole-session")
    (end,) = [fact for fact in ZOOM.facts("whole-session") if isinstance(fact, MeetingEnded)]
    async with pretend_zoom(VirtualTime()) as zoom:
        async with running(tmp_path / "whole", Clock(LAST), hosts=(settings(zoom),)) as house:
            await until(lambda: zoom.lines)
            await heard(zoom, events)
            await until(lambda: (state := session(house)) and state.over)
            whole = stays(session(house))
        zoom.lines.clear()
        async with running(tmp_path / "cut", Clock(LAST), hosts=(settings(zoom),)) as house:
            await until(lambda: zoom.lines)
            await heard(zoom, events[:cut_after])
            await zoom.answered()
            zoom.closes_at_once = 2
            zoom.cut()
            zoom.runs[events[0]["payload"]["object"]["uuid"]] = remembered(events)
            await heard(zoom, events[cut_after:])
            assert zoom.lost == events[cut_after:]
            await until(lambda: (state := session(house)) and state.over)
            state = session(house)
            await until(lambda: zoom.lines)
            await heard(zoom, events)  # and all of it again
            await zoom.answered()
            assert session(house) is state or stays(session(house)) == stays(state)
    assert state
    assert (state.ended_at, state.over) == (end.at, True)
    assert {stay for stay, _ in stays(state).items()} == set(whole)
    assert not any(is_open for _, is_open in stays(state).values())
