import shutil
from pathlib import Path

import apsw
import pytest

from plugin.journal import wraps
from plugin.journal.masters import masters_from
from plugin.journal.sqlite import CannotOpen, SqliteJournal
from tests.journal.making import body, entry, head, received, secret

A, B = f"a={secret()}", f"b={secret()}"
TENANTS = ("north", "south", "east")


async def filled(path: Path) -> None:
    journal = SqliteJournal(path, masters_from(A))
    for tenant in TENANTS:
        await journal.append([entry(1, of=head(tenant, tenant), said=tenant)], received=received(tenant))
    await journal.close()


async def told(path: Path, written: str) -> list[bytes | None]:
    journal = SqliteJournal(path, masters_from(written))
    bodies = [record.body for tenant in TENANTS for record in await journal.read(head(tenant).session)]
    await journal.close()
    return bodies


def masters_in(path: Path) -> list[str]:
    rows = apsw.Connection(str(path)).execute("SELECT master FROM wraps ORDER BY owner").fetchall()
    return [str(master) for (master,) in rows]


ALL = [body(tenant) for tenant in TENANTS]


async def test_opening_with_a_new_first_key_frees_the_old_one(path: Path) -> None:
    await filled(path)
    assert await told(path, f"{B},{A}") == ALL
    assert masters_in(path) == ["b"] * 4
    assert await told(path, B) == ALL


async def test_an_older_key_still_opens_until_then(path: Path) -> None:
    await filled(path)
    assert await told(path, f"{A},{B}") == ALL
    assert masters_in(path) == ["a"] * 4


async def test_an_unknown_key_id_fails_closed_and_is_named(path: Path) -> None:
    await filled(path)
    with pytest.raises(CannotOpen, match="master key 'a' is not in the list"):
        await told(path, B)


async def test_another_key_under_the_same_id_is_refused(path: Path) -> None:
    await filled(path)
    with pytest.raises(CannotOpen, match="master key 'a' is not the one"):
        await told(path, f"a={secret()}")


@pytest.mark.parametrize("moved_before", range(4))
async def test_a_rotation_stopped_at_any_key_is_taken_again(
    path: Path, monkeypatch: pytest.MonkeyPatch, moved_before: int
) -> None:
    await filled(path)
    insert, moved = wraps.insert, 0

    def stopping(*args: object) -> None:
        nonlocal moved
        if moved == moved_before:
            raise KeyboardInterrupt
        moved += 1
        insert(*args)  # type: ignore[arg-type]  # passes on what it was given

    with monkeypatch.context() as patched:
        patched.setattr(wraps, "insert", stopping)
        with pytest.raises(KeyboardInterrupt):
            SqliteJournal(path, masters_from(f"{B},{A}"))
    assert masters_in(path) == ["a"] * 4
    assert await told(path, f"{B},{A}") == ALL
    assert masters_in(path) == ["b"] * 4


async def test_the_old_wraps_leave_no_bytes_behind(path: Path) -> None:
    await filled(path)
    rows = apsw.Connection(str(path)).execute("SELECT wrapped FROM wraps").fetchall()
    old = [wrapped for (wrapped,) in rows if isinstance(wrapped, bytes)]
    await told(path, f"{B},{A}")
    left = b"".join(file.read_bytes() for file in path.parent.iterdir())
    assert len(old) == 4
    assert not any(wrapped in left for wrapped in old)


async def test_an_old_copy_opens_while_its_master_key_lives_and_no_longer(path: Path, tmp_path: Path) -> None:
    await filled(path)
    copy = tmp_path / "copies" / "journal.sqlite"
    copy.parent.mkdir(mode=0o700)
    shutil.copy(path, copy)
    journal = SqliteJournal(path, masters_from(f"{B},{A}"))
    await journal.forget(head("north").session, "call")
    await journal.close()
    with pytest.raises(CannotOpen, match="'a' is not in the list"):
        await told(copy, B)
    assert await told(copy, A) == ALL
    assert await told(path, B) == [None, *ALL[1:]]
