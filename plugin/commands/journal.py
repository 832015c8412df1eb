"""``fermata journal dump``: every record, opened, for an operator who holds the key."""

import argparse
import json

from plugin.commands.common import add_settings, could_not, settings_of
from plugin.journal.dump import dump
from plugin.journal.masters import masters_of
from plugin.settings import StoreSettings


def add_journal_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add ``journal dump`` to the command line."""
    journal = subparsers.add_parser("journal", help="look into the journal")
    parser = journal.add_subparsers(dest="journal_command", required=True).add_parser(
        "dump", help="print every record, one JSON object a line; also while the service runs"
    )
    add_settings(parser, data=True)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Print the records; 1 when one is broken."""
    return could_not("journal dump", lambda: _dump(settings_of(args, StoreSettings)))


def _dump(settings: StoreSettings) -> int:
    broken = False
    for row in dump(settings.journal_file, masters_of(settings.master_keys)):
        broken = broken or bool(row["broken"])
        print(json.dumps(row, separators=(",", ":")))
    return 1 if broken else 0
