"""``fermata sessions``: the calls that the journal holds, and who was in them. It knows no names."""

import argparse
import json
from collections.abc import Iterator
from datetime import UTC, datetime

from plugin.commands.common import add_settings, could_not, settings_of
from plugin.core.people import Person
from plugin.core.screens import stamp
from plugin.core.session import Session
from plugin.journal.dump import reader
from plugin.journal.masters import masters_of
from plugin.journal.reading import Reading
from plugin.lanes import folded
from plugin.ports import Broken, Head
from plugin.settings import StoreSettings


def add_sessions_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add ``sessions`` to the command line."""
    parser = subparsers.add_parser("sessions", help="list the sessions that the journal holds")
    add_settings(parser, data=True)
    parser.add_argument("--json", action="store_true", help="one JSON object a line")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Print the sessions, oldest first; 1 when one of them is broken."""
    return could_not("sessions", lambda: _list(settings_of(args, StoreSettings), as_json=args.json))


def _list(settings: StoreSettings, *, as_json: bool) -> int:
    broken = False
    with reader(settings.journal_file, masters_of(settings.master_keys)) as reading:
        for head, state in _sessions(reading):
            broken = broken or state is None
            row = told(head, state)
            print(json.dumps(row, separators=(",", ":")) if as_json else _words(row))
    return 1 if broken else 0


def _sessions(reading: Reading) -> Iterator[tuple[Head, Session | None]]:
    after: int | None = 0
    while after is not None:
        shelves, _, after = reading.shelves(after)
        for shelf in shelves:
            try:
                yield shelf.head, folded(shelf.head, reading.read(shelf.head.session), datetime.now(UTC))
            except Broken:
                yield shelf.head, None


def told(head: Head, state: Session | None) -> dict[str, object]:
    """One session as JSON; ``started_at``, ``ended_at`` and ``people`` are null when it is broken."""
    return {
        "session": head.session,
        "tenant": head.tenant,
        "host": head.host,
        "meeting": head.meeting,
        "occurrence": head.occurrence,
        "started_at": stamp(state.started_at) if state else None,
        "ended_at": stamp(state.ended_at or state.over_at) if state else None,
        "people": [_person(person) for person in state.people.values()] if state else None,
    }


def _person(person: Person) -> dict[str, object]:
    return {
        "person": person.id,
        "role": person.role,
        "connections": sorted(person.connections),
        "present": person.present,
    }


def _words(row: dict[str, object]) -> str:
    people = row["people"]
    count = len(people) if isinstance(people, list) else "?"
    return (
        f"{row['session']}  {row['host']}  {row['started_at']} - {row['ended_at'] or 'open'}  {count} people"
    )
