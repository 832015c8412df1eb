"""Every host that is known, with the deliveries kept for it: found by the names of files, listed nowhere.

``tests/fixtures/<host>/about.json`` says with which secrets its deliveries were signed (made for the recording only),
how they came to be, and which program that is not ours checks the signatures, or why none does.
"""

from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from plugin.commands.recordings import Recorded, recorded
from plugin.hosts import NAMES, listening
from webhooks.delivery import Delivery, NotAccepted, Reason
from webhooks.events import HostFact, PersonJoined
from webhooks.listening import Host

FIXTURES = Path(__file__).parents[1] / "fixtures"
HOSTS = sorted(NAMES)
URL = "https://fermata.example/webhooks/north/{host}"
GUIDE = "docs/adding-a-host.md"


class About(BaseModel):
    """What is known about a host's deliveries; ``from`` says of what program and day they are."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    keys: dict[str, str]
    evidence: Literal["real sender", "recorded", "documented"]
    source: str = Field(validation_alias="from")
    peer: str | None = None
    no_peer: str | None = None
    sessions: list[str]
    refused: list[str] = []
    """Files whose deliveries must all be refused."""
    others: list[str] = []
    """Files that hold deliveries and no whole session."""
    private: list[str]
    """Names, tokens and addresses that its deliveries hold, and that must not be found anywhere afterwards."""


@dataclass(frozen=True, slots=True)
class Known:
    """One host: how it is listened to, and what it sent."""

    name: str
    host: Host
    about: About

    @property
    def keys(self) -> dict[str, str]:
        return self.about.keys

    @property
    def other_secret(self) -> str:
        """A fit secret that signed none of its deliveries."""
        secret = next(iter(self.keys.values()))
        prefix = "whsec_" if secret.startswith("whsec_") else ""
        other = prefix + secret.removeprefix(prefix).swapcase()
        assert other not in self.keys.values(), "the first of keys needs letters, to make another one of it"
        assert self.host.weakness(other) is None, (
            "weakness refuses the first of keys with its capitals swapped: take another key for the recording"
        )
        return other

    def lines(self, file: str) -> list[Recorded]:
        """All deliveries of one file."""
        return recorded(str(FIXTURES / self.name / f"{file}.jsonl"), None)

    def everything(self) -> list[Recorded]:
        """All deliveries of all files whose signatures hold."""
        return [line for file in (*self.about.sessions, *self.about.others) for line in self.lines(file)]

    def facts(self, file: str) -> list[HostFact]:
        """All facts of one file, in the order of arrival."""
        return [fact for line in self.lines(file) for fact in self.host.read(line.delivery)]

    @property
    def signs_bodies(self) -> bool:
        """Whether the proof covers the body, and is no word that is the same for every delivery."""
        reasons = {reason for step in self.host.steps for reason in step.reasons}
        return bool(reasons & {Reason.WRONG_SIGNATURE, Reason.OTHER_BODY})

    @property
    def url(self) -> str:
        """Where this host would send to, in tests that sign by themselves."""
        return URL.format(host=self.name)

    def signed(
        self, body: bytes, at: datetime, *, key: str = "msg_1", key_id: str = "", **changed: str
    ) -> Delivery:
        """A delivery as the host would send it; ``secret`` takes the place of the right one."""
        key_id = key_id or next(iter(self.keys))
        secret = changed.get("secret", self.keys.get(key_id, ""))
        return self.host.sign(body, key_id, secret, at, key=key, url=self.url)


@cache
def known(name: str) -> Known:
    """What is known of a host."""
    file = FIXTURES / name / "about.json"
    if not file.is_file():
        raise LookupError(f"tests/fixtures/{name}/about.json is missing: {GUIDE}, step 1")
    return Known(name, listening(name), About.model_validate_json(file.read_bytes()))


@cache
def sample(name: str) -> bytes:
    """The body of a delivery by which somebody joins."""
    host = known(name)
    for line in host.everything():
        if any(isinstance(fact, PersonJoined) for fact in host.host.read(line.delivery)):
            return line.delivery.body
    raise LookupError(f"nobody joins in the deliveries of {name}")


def accepts(host: Known, delivery: Delivery, now: datetime) -> str | None:
    """The id of the secret that vouches for a delivery, or null."""
    try:
        return host.host.verify(delivery, host.keys, now)
    except NotAccepted:
        return None


def proofs(delivery: Delivery) -> list[str]:
    """The names of the headers that carry proof."""
    return [name for name, _ in delivery.headers if name != "Content-Type"]
