"""``fermata demo``: a pretend host and the plugin, two processes that talk only over HTTP."""

import argparse
import asyncio
import json
import os
import shutil
import signal
import socket
import sys
from collections.abc import Callable, Coroutine
from itertools import count
from pathlib import Path
from random import randrange
from typing import Any

import aiohttp

from plugin.commands.common import could_not
from plugin.commands.demo_home import READ_ONLY, READER, READER_KID, Home, furnish
from plugin.commands.demo_processes import Child
from plugin.settings import Misconfigured

READY_WITHIN = 30.0
BROWSERS = (
    "chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "microsoft-edge", "firefox",
    "firefox-esr", "brave-browser", "safari", "open", "xdg-open", "wslview",
)  # fmt: skip


def add_demo_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add ``demo`` to the command line."""
    parser = subparsers.add_parser("demo", help="run the service with a pretend host, to look at")
    parser.add_argument("--port", type=int, metavar="N", help="the pretend host on N, the plugin on N+1")
    parser.add_argument("--data", type=Path, metavar="DIR", help="keys and data (default: .fermata)")
    parser.add_argument("--json", action="store_true", help="print one JSON object on one line, then serve")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Serve until Ctrl-C or SIGTERM."""
    return could_not("demo", lambda: asyncio.run(_demo(args)))


async def _demo(args: argparse.Namespace) -> int:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    data: Path = (args.data or Path(".fermata")).resolve()
    home = Home(data, args.port or _free_pair(data / "port"))
    if not _both_free(home.port):
        raise Misconfigured(f"--port: {home.port} and {home.port + 1} are not both free")
    sandbox_settings = furnish(home)
    (data / "port").write_text(str(home.port))
    own = {name: value for name, value in os.environ.items() if not name.startswith(("FERMATA_", "SANDBOX_"))}
    plugin = Child(["plugin", "serve", "--config", str(home.config)], own, data / "plugin.log")
    sandbox = Child(["plugin.sandbox"], own | sandbox_settings, data / "sandbox.log")
    children = [
        asyncio.create_task(plugin.run(_noted(data / "plugin.pid", "the plugin"))),
        asyncio.create_task(sandbox.run(_noted(data / "sandbox.pid", "the pretend host"))),
    ]
    try:
        return await _told(home, plugin, sandbox, stop, as_json=args.json)
    finally:
        for child in children:
            child.cancel()
        await asyncio.gather(*children, return_exceptions=True)


async def _told(home: Home, plugin: Child, sandbox: Child, stop: asyncio.Event, *, as_json: bool) -> int:
    try:
        async with asyncio.timeout(READY_WITHIN):
            await _first(stop, _ready(home, sandbox))
    except TimeoutError:
        raise Misconfigured(f"it did not start within {READY_WITHIN:.0f} s; see {home.data}/*.log") from None
    if not stop.is_set():
        links = json.loads((await sandbox.first_line).split(b" ", 1)[1])
        print(
            _as_json(home, links, plugin.pid, sandbox.pid) if as_json else _in_words(home, links), flush=True
        )
        if not any(map(shutil.which, BROWSERS)):
            print(
                "No browser was found on this machine: open the links in one that can reach it.",
                file=sys.stderr,
            )
        await stop.wait()
    return 0


async def _first(stop: asyncio.Event, work: Coroutine[None, None, None]) -> None:
    tasks: list[asyncio.Future[Any]] = [asyncio.ensure_future(stop.wait()), asyncio.ensure_future(work)]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in tasks:
            task.cancel()


async def _ready(home: Home, sandbox: Child) -> None:
    """Wait until both answer and the host has installed the plugin."""
    await asyncio.shield(sandbox.first_line)
    async with aiohttp.ClientSession() as http:
        while not (await _answers(http, f"{home.plugin}/readyz") and await _installed(http, home)):  # noqa: ASYNC110
            # Another process can only be asked again.
            await asyncio.sleep(0.05)


async def _answers(http: aiohttp.ClientSession, url: str) -> bool:
    try:
        async with http.get(url) as answer:
            return answer.status == 200
    except aiohttp.ClientError:
        return False


async def _installed(http: aiohttp.ClientSession, home: Home) -> bool:
    async with http.get(f"{home.sandbox}/healthz") as answer:
        return bool((await answer.json()).get("installed"))


def _as_json(home: Home, links: dict[str, str], plugin_pid: int, sandbox_pid: int) -> str:
    told = {
        **{name: links[name] for name in ("therapist", "client", "record", "fhir", "token_url")},
        "client_id": READER,
        "kid": READER_KID,
        "alg": "ES384",
        "scope": READ_ONLY,
        "private_key": str(home.reader_key),
        "plugin": home.plugin,
        "sandbox": home.sandbox,
        "plugin_pid": plugin_pid,
        "sandbox_pid": sandbox_pid,
    }
    return json.dumps(told)


def _in_words(home: Home, links: dict[str, str]) -> str:
    return f"""Fermata is running: a pretend host at {home.sandbox}, the plugin at {home.plugin}.

  therapist   {links["therapist"]}
  client      {links["client"]}
  record      {links["record"]}

1. Open therapist and client in two windows side by side and press Join in both.
2. Check in, press "I need a pause" as the client, see it as the therapist, go on, leave, answer the survey.
3. Open record to see what is stored. Ctrl-C ends both; what is kept lies in {home.data}."""


PORTS = (20_000, 32_000)
"""Below those that systems hand out for connections, so that none is taken while the plugin is started again."""


def _noted(file: Path, who: str) -> Callable[[int], None]:
    """Write down the id of each new process, and say so when it is not the first."""
    starts = count()

    def note(pid: int) -> None:
        file.write_text(str(pid))
        if next(starts):
            print(f"{who} died and was started again (pid {pid})", file=sys.stderr, flush=True)

    return note


def _free_pair(remembered: Path) -> int:
    """The ports of last time where they are free, so that the links stay good; else two of chance."""
    if remembered.exists() and _both_free(port := int(remembered.read_text())):
        return port
    while True:
        port = randrange(*PORTS)  # noqa: S311 - an address to try, not a secret
        if _both_free(port):
            return port


def _both_free(port: int) -> bool:
    return 0 < port < 65535 and all(_free(each) for each in (port, port + 1))


def _free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
