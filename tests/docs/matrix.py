"""The matrix of all hosts in ``docs/hosts.md``, made from what the host files and the fixtures say of themselves.

``python -m tests.docs.matrix`` writes it.
"""

from collections.abc import Iterable, Sequence
from inspect import getsource
from pathlib import Path
from types import ModuleType
from typing import cast

from plugin.hosts import named
from plugin.hosts.host import Askable, Feeding, Registering
from tests.webhooks.known import HOSTS, Known, known
from webhooks.delivery import Reason

PAGE = Path(__file__).parents[2] / "docs" / "hosts.md"
MARK = "<!-- made by: python -m tests.docs.matrix -->"

_FACTS = (
    "meeting_started", "meeting_ended", "person_joined", "person_left", "person_role", "waiting_entered",
    "waiting_left", "recording_started", "recording_stopped",
)  # fmt: skip


def matrix() -> str:
    """All tables, as they stand below the mark."""
    hosts = [known(name) for name in HOSTS]
    return "\n\n".join([
        MARK,
        "## Listening",
        _table(
            ("Host", "Proof covers the body", "A stamp may be late by", "Kept", "Refused", "Evidence", "Checked by"),
            map(_listening, hosts),
        ),
        "## Which facts it can tell",
        _table(
            ("Fact", *(_link(host) for host in hosts)),
            ((f"`{fact}`", *("yes" if fact in _told(host) else "" for host in hosts)) for fact in _FACTS),
        ),
        "## Speaking",
        _table(
            ("Host", "Browsers show", "Asked who is inside", "Told again where to send", "Event socket"),
            map(_speaking, hosts),
        ),
        "## What is verified, in this order",
        *(f"**{host.name}**\n\n" + "\n".join(f"- {step.says}" for step in host.host.steps) for host in hosts),
    ])  # fmt: skip


def page() -> str:
    """The whole page: what stands above the mark is written by hand."""
    return PAGE.read_text(encoding="utf-8").partition(MARK)[0] + matrix() + "\n"


def _listening(host: Known) -> Sequence[str]:
    door, about = host.host.door, host.about
    stamped = any(Reason.TOO_OLD in step.reasons for step in host.host.steps)
    window = f"{door.window.past.total_seconds():.0f} s" if stamped else "there is none"
    checked = about.peer or f"nobody: {about.no_peer}"
    return (
        _link(host),
        "yes" if host.signs_bodies else "no",
        window,
        str(door.accepted),
        str(door.refused),
        f"{about.evidence}: {about.source}",
        checked,
    )


def _speaking(host: Known) -> Sequence[str]:
    speaking = cast("ModuleType", named(host.name))
    return (
        _link(host),
        "a token of the practice's page" if "page_token" in getsource(speaking) else "the host's own token",
        "yes" if isinstance(speaking, Askable) else "no: a call without any sign ends after 4 h",
        "yes, every 5 min" if isinstance(speaking, Registering) else "",
        "yes" if isinstance(speaking, Feeding) else "",
    )


def _told(host: Known) -> set[str]:
    return {str(kind.model_fields["type"].default) for kind in host.host.tells}


def _link(host: Known) -> str:
    return f"[{host.name}](hosts/{host.name}.md)"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
