import asyncio
import gzip
import json
from pathlib import Path
from uuid import uuid4

import pytest

from plugin.web.deliveries import Deliveries
from tests.house import OLD_WHSEC, TOKEN_KEY, WHSEC, Clock, House, running
from webhooks.livekit import sign as livekit_sign

FIXTURES = Path(__file__).parent.parent / "fixtures" / "livekit"


async def test_a_new_delivery_is_202_and_the_same_again_200(house: House) -> None:
    body = house.body("participant.joined", participant="pat-2", connection="c-2", role="client")
    headers = house.signed(body)
    assert [await house.deliver(body, **headers) for _ in range(3)] == [202, 200, 200]


async def test_fifty_at_once_have_one_effect(house: House) -> None:
    body = house.body("participant.joined", participant="pat-2", connection="c-2", role="client")
    headers = house.signed(body)
    statuses = await asyncio.gather(*(house.deliver(body, **headers) for _ in range(50)))
    assert sorted(statuses) == [200] * 49 + [202]


async def test_the_same_id_with_another_body_is_409(house: House) -> None:
    key = uuid4().hex
    one, other = house.body("meeting.started"), house.body("meeting.ended")
    assert await house.deliver(one, **house.signed(one, key)) == 202
    assert await house.deliver(other, **house.signed(other, key)) == 409
    [(_, session)] = house.service.runner.sessions()
    assert session.ended_at is None


async def test_a_replay_after_a_restart_is_known(tmp_path: Path) -> None:
    async with running(tmp_path / "data") as house:
        body = house.body("meeting.started")
        headers = house.signed(body)
        assert await house.deliver(body, **headers) == 202
    async with running(tmp_path / "data", house.clock) as again:
        assert await again.deliver(body, **headers) == 200


async def test_both_secrets_of_a_rotation_count(house: House) -> None:
    body = house.body("meeting.started")
    assert await house.deliver(body, **house.signed(body, secret=OLD_WHSEC)) == 202


def _changed(headers: dict[str, str], **changes: str | None) -> dict[str, str]:
    renamed = {name.replace("_", "-"): value for name, value in changes.items()}
    return {name: value for name, value in {**headers, **renamed}.items() if value is not None}


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"webhook_signature": None}, 401),
        ({"webhook_signature": ""}, 401),
        ({"webhook_signature": "v2,AAAA"}, 401),
        ({"webhook_signature": "v1," + "A" * 43 + "="}, 401),
        ({"webhook_signature": " ".join(["v1,AAAA"] * 100)}, 400),
        ({"webhook_timestamp": "1"}, 401),
        ({"webhook_timestamp": "soon"}, 401),
        ({"webhook_timestamp": "-5"}, 401),
        ({"webhook_id": "other"}, 401),
        ({"webhook_id": "a.b"}, 400),
        ({"webhook_id": "a" * 200}, 400),
        ({"Content_Type": "text/plain"}, 415),
        ({"Content_Type": "multipart/form-data; boundary=x"}, 415),
        ({"Content_Encoding": "gzip"}, 415),
        ({"Content_Encoding": "br"}, 415),
    ],
)
async def test_a_delivery_that_is_not_right_changes_nothing(
    house: House, changes: dict[str, str | None], status: int
) -> None:
    [(_, before)] = house.service.runner.sessions()
    body = house.body("meeting.ended")
    assert await house.deliver(body, **_changed(house.signed(body), **changes)) == status
    [(_, after)] = house.service.runner.sessions()
    assert after == before


async def test_a_packed_bomb_is_not_unpacked(house: House) -> None:
    bomb = gzip.compress(bytes(20_000_000))
    headers = {**house.signed(bomb), "Content-Encoding": "gzip"}
    assert await house.deliver(bomb, **headers) == 415


async def test_old_and_early_stamps_are_refused(house: House) -> None:
    body = house.body("meeting.ended")
    headers = house.signed(body)
    house.clock.advance(seconds=301)
    assert await house.deliver(body, **headers) == 401
    house.clock.advance(seconds=-301 - 61)
    assert await house.deliver(body, **headers) == 401


@pytest.mark.parametrize("path", ["/webhooks/south/sandbox", "/webhooks/north/zoom", "/webhooks/x/y"])
async def test_a_door_that_is_not_there_looks_like_a_wrong_key(house: House, path: str) -> None:
    body = house.body("meeting.ended")
    right = house.signed(body)
    wrong = {**right, "webhook-signature": "v1," + "A" * 43 + "="}
    answers = []
    for url, headers in ((house.url + path, right), (house.url + "/webhooks/north/sandbox", wrong)):
        async with house.http.post(url, data=body, headers=headers) as answer:
            names = {name for name in answer.headers if name != "Date"}
            answers.append((answer.status, await answer.read(), names))
    assert answers[0] == answers[1]
    assert answers[0][0] == 401


async def test_a_livekit_delivery_is_taken_at_its_own_door_only(house: House) -> None:
    body = b'{"event":"room_started","id":"EV_1","createdAt":"%d"}' % int(house.clock.now.timestamp())
    secret = "devsecret-devsecret-devsecret-0001"
    headers = dict(livekit_sign(body, "fermatadev", secret, house.clock.now, key="EV_1").headers)
    async with house.http.post(f"{house.url}/webhooks/north/sandbox", data=body, headers=headers) as answer:
        assert answer.status == 415


async def test_what_is_signed_and_unreadable_is_400(house: House) -> None:
    bodies = [
        b"",
        b"[]",
        b"null",
        b"{",
        b"\xff\xfe",
        b"[" * 60_000,
        b'{"type":"meeting.ended","timestamp":NaN,"data":{}}',
        b'{"type":"meeting.ended","timestamp":"2026-11-23T14:00:00Z","data":{"meeting":"x"}}',
        b'{"type":"meeting.ended","timestamp":"2026-11-23T14:00:00Z","data":{"meeting":"a\\u0000b","occurrence":"y"}}',
    ]
    assert [await house.deliver(body, **house.signed(body)) for body in bodies] == [400] * len(bodies)


async def test_an_unknown_type_and_an_unknown_field_are_taken(house: House) -> None:
    for body in (house.body("meeting.painted"), house.body("meeting.started", colour="red")):
        assert await house.deliver(body) == 202


async def test_too_large_is_413_with_and_without_a_length(house: House) -> None:
    body = b"x" * (64 * 1024 + 1)

    async def parts() -> object:
        for start in range(0, len(body), 8192):
            yield body[start : start + 8192]

    assert await house.deliver(body, **house.signed(body)) == 413
    url = f"{house.url}/webhooks/north/sandbox"
    async with house.http.post(url, data=parts(), headers=house.signed(body)) as answer:
        assert answer.status == 413


@pytest.mark.parametrize("method", ["GET", "PUT", "HEAD", "OPTIONS", "DELETE", "PATCH"])
async def test_other_methods_are_405(house: House, method: str) -> None:
    url = f"{house.url}/webhooks/north/sandbox"
    async with house.http.request(method, url, headers={"X-HTTP-Method-Override": "POST"}) as answer:
        assert answer.status == 405
        assert answer.headers["Allow"] == "POST"


@pytest.mark.parametrize(
    "path", ["/webhooks/north/sandbox/", "/webhooks//sandbox", "/webhooks/north", "//webhooks/a/b"]
)
async def test_other_spellings_of_the_path_are_404_and_lead_nowhere(house: House, path: str) -> None:
    body = house.body("meeting.ended")
    url = house.url + path
    async with house.http.post(url, data=body, headers=house.signed(body), allow_redirects=False) as answer:
        assert answer.status == 404


async def test_an_ending_before_its_beginning_is_kept(tmp_path: Path) -> None:
    async with running(tmp_path / "data") as house:
        joined = house.body("participant.joined", participant="pat-1", connection="c-1", role="client")
        for body in (house.body("meeting.ended"), joined, house.body("meeting.started")):
            assert await house.deliver(body) == 202
        [(_, session)] = house.service.runner.sessions()
        assert session.over
        assert not session.people["pat-1"].present


@pytest.mark.parametrize("name", ["ordinary-session", "outage-session", "removed-and-doubled-session"])
@pytest.mark.parametrize("times", [1, 2])
async def test_recorded_livekit_deliveries_are_taken_over_http(tmp_path: Path, name: str, times: int) -> None:
    clock = Clock()
    async with running(tmp_path / "data", clock) as house:
        for line in (FIXTURES / f"{name}.jsonl").read_text().splitlines():
            recorded = json.loads(line)
            clock.now = clock.now.fromtimestamp(recorded["received_at"], clock.now.tzinfo)
            headers = {key: value for key, value in recorded["headers"] if key != "Content-Length"}
            for attempt in range(times):
                url = f"{house.url}/webhooks/north/livekit"
                async with house.http.post(url, data=recorded["body"].encode(), headers=headers) as answer:
                    assert answer.status in ((202, 200) if attempt == 0 else (200,))
        sessions = house.service.runner.sessions()
        assert {head.meeting for head, _ in sessions}
        for _, session in sessions:
            roles = {person.role for person in session.people.values()}
            assert roles <= {"client", "therapist"}
            assert session.over


async def test_nobody_s_key_is_in_the_words_about_a_sender(house: House) -> None:
    printed = repr(vars(house.service.deliveries)) + repr(house.settings)
    assert isinstance(house.service.deliveries, Deliveries)
    assert not [secret for secret in (WHSEC, TOKEN_KEY) if secret in printed]
