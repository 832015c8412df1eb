"""``fermata check``: would the service start, and does it reach whom it needs? One line for each question."""

import argparse
import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass

import aiohttp

from plugin.app import utc_now
from plugin.commands.common import add_settings, could_not, settings_of
from plugin.journal import opening
from plugin.journal.dump import reader
from plugin.journal.masters import WeakKey, masters_of
from plugin.journal.opening import CannotOpen
from plugin.ports import Hopeless, Postponed
from plugin.records import record_of
from plugin.settings import HostSettings, Misconfigured, Settings

PATIENCE = aiohttp.ClientTimeout(total=5)


@dataclass(frozen=True, slots=True)
class Finding:
    """One question and its answer; ``wrong`` is null when all is well."""

    what: str
    wrong: str | None = None


def add_check_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add ``check`` to the command line."""
    parser = subparsers.add_parser("check", help="check the settings, the keys and who can be reached")
    add_settings(parser, data=True)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Print the findings; 1 when one is wrong, 2 when there are no settings to check."""
    return could_not("check", lambda: asyncio.run(_check(settings_of(args, Settings))))


async def _check(settings: Settings) -> int:
    wrong = False
    for finding in _here(settings):
        wrong = _tell(finding) or wrong
    async for finding in _there(settings):
        wrong = _tell(finding) or wrong
    return 1 if wrong else 0


def _tell(finding: Finding) -> bool:
    print(
        f"wrong  {finding.what}: {finding.wrong}" if finding.wrong else f"ok     {finding.what}", flush=True
    )
    return finding.wrong is not None


def _here(settings: Settings) -> Iterator[Finding]:
    yield Finding("settings")
    yield Finding(f"keys: {len(settings.master_keys)} master, {len(settings.token_keys)} token, 1 pseudonym")
    yield _journal(settings)
    for host in settings.hosts:
        yield Finding(f"{_name(host)} keys: {len(host.webhook_keys)} webhook, {len(host.token_keys)} token")


def _journal(settings: Settings) -> Finding:
    try:
        opening.folder(settings.journal_file)
        if settings.journal_file.exists():
            with reader(settings.journal_file, masters_of(settings.master_keys)):
                return Finding("journal")
        masters_of(settings.master_keys)
    except (CannotOpen, WeakKey) as reason:
        return Finding("journal", str(reason))
    return Finding("journal: none yet, the first start makes it")


async def _there(settings: Settings) -> AsyncIterator[Finding]:
    async with aiohttp.ClientSession(timeout=PATIENCE) as http:
        for host in settings.hosts:
            yield await _host(http, host)
            if host.results:
                yield await _record(host, settings.pseudonym_key)


async def _host(http: aiohttp.ClientSession, host: HostSettings) -> Finding:
    what = f"{_name(host)} answers"
    try:
        async with http.get(host.url, allow_redirects=False) as answer:
            return Finding(what, f"status {answer.status}" if answer.status >= 500 else None)
    except (aiohttp.ClientError, TimeoutError) as reason:
        return Finding(what, type(reason).__name__)


async def _record(host: HostSettings, pseudonym_key: str) -> Finding:
    what = f"{_name(host)} record takes results"
    try:
        record = record_of(host, pseudonym_key, utc_now)
    except Misconfigured as reason:
        return Finding(what, str(reason))
    try:
        await record.reach()
    except (Postponed, Hopeless) as reason:
        return Finding(what, reason.reason)
    finally:
        await record.close()
    return Finding(what)


def _name(host: HostSettings) -> str:
    return f"{host.tenant}/{host.host}"
