"""``fermata orders``: what is owed to a host's record, and trying it again."""

import argparse
import asyncio
import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote

from plugin.commands.common import add_settings, could_not, settings_of
from plugin.core.screens import stamp
from plugin.journal import owed
from plugin.journal.dump import reader
from plugin.journal.masters import masters_of
from plugin.ports import Owed
from plugin.settings import StoreSettings
from plugin.web.admin import FILE

_PATIENCE = 10


def add_orders_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add ``orders list`` and ``orders retry`` to the command line."""
    orders = subparsers.add_parser("orders", help="list or retry what is owed to a host's record")
    commands = orders.add_subparsers(dest="orders_command", required=True)
    listing = commands.add_parser("list", help="what is owed or parked, oldest first")
    retrying = commands.add_parser("retry", help="make parked orders due again")
    retrying.add_argument("order", nargs="?", metavar="ORDER", help="only this one, parked or not")
    for parser, run in ((listing, run_list), (retrying, run_retry)):
        add_settings(parser, data=True)
        parser.add_argument("--json", action="store_true", help="one JSON object a line")
        parser.set_defaults(run=run)


def run_list(args: argparse.Namespace) -> int:
    """Print what is owed; 0 also when nothing is."""
    return could_not("orders list", lambda: _list(settings_of(args, StoreSettings), as_json=args.json))


def run_retry(args: argparse.Namespace) -> int:
    """Make orders due again; 1 when there was none to retry."""
    return could_not("orders retry", lambda: _retry(settings_of(args, StoreSettings), args.order, args.json))


def _list(settings: StoreSettings, *, as_json: bool) -> int:
    for order in _outstanding(settings):
        row = told(order)
        print(json.dumps(row, separators=(",", ":")) if as_json else "  ".join(map(str, row.values())))
    return 0


def _outstanding(settings: StoreSettings) -> Iterator[Owed]:
    with reader(settings.journal_file, masters_of(settings.master_keys)) as reading:
        after: int | None = 0
        while after is not None:
            page, after = owed.outstanding(reading, None, after)
            yield from page


def told(order: Owed) -> dict[str, object]:
    """One order as JSON, without what it would store."""
    document = json.loads(order.body)
    result = document.get("result", {}) if isinstance(document, dict) else {}
    return {
        "order": order.order,
        "kind": result.get("type"),
        "state": "parked" if order.parked else "owed",
        "attempts": order.attempts,
        "due_at": None if order.parked else stamp(order.due_at),
        "reason": order.reason,
    }


def _retry(settings: StoreSettings, order: str | None, as_json: bool) -> int:
    count = _by_the_service(settings.data / FILE, order)
    if count is None:
        count = asyncio.run(_by_ourselves(settings, order))
    print(json.dumps({"retried": count}) if as_json else f"{count} retried")
    return 0 if count else 1


def _by_the_service(door: Path, order: str | None) -> int | None:
    """Ask the process that serves, which alone may write; null when none does."""
    try:
        found = json.loads(door.read_text(encoding="utf-8"))
        path = f"/orders/retry?order={quote(order)}" if order else "/orders/retry"
        request = urllib.request.Request(
            f"http://127.0.0.1:{int(found['port'])}{path}",
            method="POST",
            headers={"Authorization": f"Bearer {found['token']}"},
        )
        with urllib.request.urlopen(request, timeout=_PATIENCE) as answer:  # noqa: S310 - see above
            return int(json.load(answer)["retried"])
    except (FileNotFoundError, urllib.error.URLError, ConnectionError):
        return None


async def _by_ourselves(settings: StoreSettings, order: str | None) -> int:
    # Imported here: mostly the service is there to do it.
    from plugin.journal.sqlite import SqliteJournal  # noqa: PLC0415

    journal = SqliteJournal(settings.journal_file, masters_of(settings.master_keys))
    try:
        return await journal.retry(datetime.now(UTC), order)
    finally:
        await journal.close()
