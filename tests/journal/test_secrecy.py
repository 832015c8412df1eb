"""Nothing that says who, where or what is in any file of the journal."""

import asyncio
from pathlib import Path

from plugin.journal.masters import Masters
from plugin.journal.sqlite import SqliteJournal
from plugin.ports import Entry, Head, Note, Received
from tests.journal.making import NOON, entry, head, received

SECRETS = (
    "wombat-host",
    "wombat-meeting",
    "wombat-occurrence",
    "wombat-delivery",
    "wombat-words",
    "wombat-note",
)


def found(path: Path, markers: tuple[bytes, ...]) -> list[tuple[str, bytes]]:
    files = {file.name: file.read_bytes() for file in path.parent.iterdir()}
    assert len(b"".join(files.values())) > 10_000
    forms = {form for marker in markers for form in (marker, marker.decode("latin-1").encode("utf-16-le"))}
    return [(name, form) for name, content in files.items() for form in forms if form in content]


async def test_no_marker_is_in_the_file_the_log_or_the_index(path: Path, keys: Masters) -> None:
    host, meeting, occurrence, key, words, note = SECRETS
    journal = SqliteJournal(path, keys)
    planted = Head(head().session, "practice", host, meeting, occurrence)
    told = b'{"event": {"words": "%s"}, "orders": [{"words": "%s"}]}' % (words.encode(), words.encode())
    digest = b"\x01wombat-digest-of-a-delivery\x02\x03\x04"
    for kind, position in (("call", 1), ("text", 2)):
        await journal.append(
            [Entry(planted, position, kind, told, 1)],
            received=Received("practice", host, f"{key}{position}", digest, NOON),
            notes=[Note(note, note.encode())],
        )
    await journal.postpone(f"{head().session}:1:0", due_at=NOON, reason="http_503")
    markers = (*(secret.encode() for secret in SECRETS), digest, *keys.keys.values())
    assert (path.parent / "journal.sqlite-wal").stat().st_size > 10_000
    assert found(path, markers) == []
    rows = [str(row) async for row in journal.dump()]
    assert all(any(secret in row for row in rows) for secret in (host, meeting, occurrence, words, note))
    await journal.close()
    assert found(path, markers) == []


async def test_a_forgotten_kind_leaves_no_bytes_of_its_key_and_payloads(path: Path, keys: Masters) -> None:
    journal = SqliteJournal(path, keys)
    for position in range(1, 40):
        await journal.append([entry(position, kind="text" if position % 2 else "call", said="x" * 300)])
    gone = stored(journal, "SELECT wrapped FROM keys WHERE kind = 'text'")
    gone += stored(journal, "SELECT payload FROM records WHERE kind = 'text'")
    stays = stored(journal, "SELECT payload FROM records WHERE kind = 'call'")
    assert (len(gone), len(stays)) == (21, 19)
    await journal.forget(head().session, "text")
    assert found(path, tuple(gone)) == []
    assert len({marker for _, marker in found(path, tuple(stays))}) == 19
    await journal.close()


async def test_an_erased_session_leaves_no_bytes_but_its_id(path: Path, keys: Masters) -> None:
    journal = SqliteJournal(path, keys)
    await asyncio.gather(*(journal.append([entry(1, of=head(str(n)), orders=1)]) for n in range(30)))
    gone: list[bytes] = []
    for statement in ("SELECT wrapped FROM keys", "SELECT payload FROM records", "SELECT link FROM records"):
        gone += stored(journal, statement)
    gone += stored(journal, "SELECT head FROM sessions")
    for n in range(30):
        await journal.forget(head(str(n)).session)
    assert len(gone) == 150
    assert found(path, tuple(gone)) == []
    await journal.append([entry(1)], received=received("d"))
    await journal.close()


def stored(journal: SqliteJournal, statement: str) -> list[bytes]:
    rows = journal._reading.db.execute(statement).fetchall()
    return [value for (value,) in rows if isinstance(value, bytes)]
