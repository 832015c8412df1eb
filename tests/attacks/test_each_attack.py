"""Every attack on every host: sent to the running service, and tried on the host file itself."""

from collections.abc import AsyncIterator
from dataclasses import replace

import apsw
import pytest
import pytest_asyncio
from multidict import CIMultiDict
from yarl import URL

from plugin.errors import told
from plugin.settings import HostSettings
from tests.attacks.bodies import rewritten
from tests.attacks.senders import good
from tests.attacks.table import attacks_on
from tests.attacks.target import NORTH, SOUTH, Answer, Attack, Target, target
from tests.attacks.trying import World, outcome
from tests.house import START, Clock, House, running
from tests.webhooks.known import HOSTS
from webhooks.delivery import Delivery
from webhooks.listening import Door

pytestmark = pytest.mark.asyncio(loop_scope="module")

ALL = [(target(name), attack) for name in HOSTS for attack in attacks_on(name)]
_REFUSALS = {"Unsigned", "Stale", "Malformed", "unreadable"}
_OTHER_TYPE = "content type is not the one this address takes"
_BY_READ = frozenset({Answer.UNREADABLE})


def _named(chosen: list[tuple[Target, Attack]]) -> pytest.MarkDecorator:
    ids = [f"{host.name}-{attack.name}" for host, attack in chosen]
    return pytest.mark.parametrize(("host", "attack"), chosen, ids=ids)


def _settings(host: Target, tenant: str) -> HostSettings:
    return HostSettings(
        tenant=tenant,
        host=host.name,
        url="http://127.0.0.1:1",
        webhook_keys=host.keys_of(tenant),
        webhook_url=host.url_of(tenant),
        token_keys={"t1": f"participant-key-of-{tenant}-{host.name}-0123456789"},
    )


@pytest_asyncio.fixture(scope="module", loop_scope="module", name="house")
async def _house(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    """A service that both practices use with all hosts."""
    hosts = tuple(_settings(target(name), tenant) for name in HOSTS for tenant in (NORTH, SOUTH))
    async with running(tmp_path_factory.mktemp("attacks") / "data", Clock(START), hosts=hosts) as house:
        yield house


async def _post(house: House, host: Target, delivery: Delivery, tenant: str = NORTH) -> tuple[int, bytes]:
    query = delivery.url.partition("?")[2]
    url = URL(f"{house.url}/webhooks/{tenant}/{host.name}" + (f"?{query}" if query else ""), encoded=True)
    headers = CIMultiDict(delivery.headers)
    async with house.http.post(
        url, data=delivery.body, headers=headers, skip_auto_headers=("Content-Type",)
    ) as answer:
        return answer.status, await answer.read()


def _kept(house: House) -> dict[str, int]:
    """How much of everything is in the journal, and what is known of calls."""
    db = apsw.Connection(str(house.settings.journal_file), flags=apsw.SQLITE_OPEN_READONLY)
    tables = [str(name) for (name,) in db.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]
    return {table: int(db.execute(f'SELECT count(*) FROM "{table}"').get) for table in tables}


def _answers(door: Door, answer: Answer) -> set[tuple[int, bytes | None]]:
    """The status and all that is said: the same words whatever was wrong."""
    match answer:
        case Answer.REFUSED:
            return {_told(door.refused, "The delivery is not verified.")}
        case Answer.MALFORMED:
            return {_told(400, "The delivery cannot be read.")}
        case Answer.UNREADABLE if door.unreadable < 300:
            return {(door.unreadable, b"200: OK")}
        case Answer.UNREADABLE:
            return {_told(door.unreadable, "The delivery cannot be read.")}
        case Answer.UNSUPPORTED:
            return {_told(415, f"The {words}.") for words in (_OTHER_TYPE, "body must not be packed")}
        case Answer.TOO_LARGE:
            return {_told(413)}
        case Answer.NO_HTTP:
            return {(400, None)}


def _told(status: int, words: str = "") -> tuple[int, bytes]:
    return status, told(status, words)


def _expected(host: Target, attack: Attack) -> frozenset[Answer]:
    """Some bodies are found out by ``verify`` on some hosts, and by ``read`` on the others."""
    if Answer.UNREADABLE not in attack.answers:
        return attack.answers
    found = outcome(World(host.host), host, attack)
    return _BY_READ if found.startswith("unreadable") else attack.answers - _BY_READ


@_named([(host, attack) for host, attack in ALL if attack.over_http])
async def test_nothing_is_kept_and_the_answer_tells_nothing(
    house: House, host: Target, attack: Attack
) -> None:
    before, sessions = _kept(house), house.service.runner.sessions()

    status, body = await _post(house, host, attack.delivery)

    allowed = set().union(*(_answers(host.host.door, answer) for answer in _expected(host, attack)))
    assert {(status, body), (status, None)} & allowed, (status, body)
    assert _kept(house) == before
    assert house.service.runner.sessions() == sessions


@_named([(host, attack) for host, attack in ALL if attack.reaches_the_host_file and not attack.over_http])
async def test_the_host_file_alone_refuses_what_is_not_sent(host: Target, attack: Attack) -> None:
    assert outcome(World(host.host), host, attack).partition(" ")[0] in _REFUSALS


@pytest.mark.parametrize("name", HOSTS)
async def test_after_all_of_them_a_good_delivery_counts_once_and_for_its_own_practice(
    house: House, name: str
) -> None:
    host, door = target(name), target(name).host.door
    before = _kept(house)
    delivery = good(host, SOUTH)
    away = replace(delivery, url=delivery.url.replace(SOUTH, NORTH))

    assert await _post(house, host, away) in _answers(door, Answer.REFUSED)
    assert _kept(house) == before
    assert (await _post(house, host, delivery, SOUTH))[0] == door.accepted
    once = _kept(house)
    assert once["inbox"] == before["inbox"] + 1
    assert once["records"] > before["records"]
    assert [(await _post(house, host, delivery, SOUTH))[0] for _ in range(2)] == [200, 200]
    assert _kept(house) == once


@pytest.mark.parametrize("name", HOSTS)
async def test_the_key_of_a_delivery_is_not_taken_for_another_body(house: House, name: str) -> None:
    host = target(name)
    first, other = good(host), host.sent(rewritten(host), key="good_1")
    assert first.body != other.body
    same = host.host.key(first) == host.host.key(other)

    assert (await _post(house, host, first))[0] in (host.host.door.accepted, 200)
    before = _kept(house)
    assert (await _post(house, host, other))[0] == (
        host.host.door.contradicted if same else host.host.door.accepted
    )
    assert (_kept(house) == before) == same
