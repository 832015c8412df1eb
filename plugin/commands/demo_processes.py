"""Child processes that are kept alive: who dies is started again, and all end with their parent."""

import asyncio
import ctypes
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

END_WITHIN = 6.0
"""Seconds between the request to end and the end by force."""

QUICK = 1.0
PAUSES = (0.0, 0.1, 0.2, 0.5, 1.0)
"""Seconds before a start, the longer the more often a process died within a second of it."""


class Child:
    """One process, started again whenever it dies by itself."""

    def __init__(self, module: Sequence[str], environment: Mapping[str, str], log: Path) -> None:
        self._command = [sys.executable, "-m", *module]
        self._environment = environment
        self._log = log
        self._process: asyncio.subprocess.Process | None = None
        self.first_line: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()

    @property
    def pid(self) -> int:
        """The present process."""
        return self._process.pid if self._process else 0

    async def run(self, started: Callable[[int], None]) -> None:
        """Keep it running until cancelled, which ends it."""
        loop, deaths = asyncio.get_running_loop(), 0
        try:
            while True:
                await asyncio.sleep(PAUSES[min(deaths, len(PAUSES) - 1)])
                at = loop.time()
                self._process = await self._start()
                started(self.pid)
                await self._read(self._process)
                await self._process.wait()
                deaths = deaths + 1 if loop.time() - at < QUICK else 0
        finally:
            await self._end()

    async def _start(self) -> asyncio.subprocess.Process:
        with self._log.open("ab") as log:
            return await asyncio.create_subprocess_exec(
                *self._command,
                env=self._environment,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=log,
                # A Ctrl-C is for the parent, which ends its children in order.
                start_new_session=True,
                preexec_fn=_die_with_parent if sys.platform == "linux" else None,
            )

    async def _read(self, process: asyncio.subprocess.Process) -> None:
        if process.stdout is None:
            return
        async for line in process.stdout:
            if not self.first_line.done():
                self.first_line.set_result(line)

    async def _end(self) -> None:
        process = self._process
        if process is None or process.returncode is not None:
            return
        with suppress(ProcessLookupError):
            process.terminate()
        try:
            async with asyncio.timeout(END_WITHIN):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()


def _die_with_parent() -> None:
    # Also where the parent is killed and can end nobody. 1 is PR_SET_PDEATHSIG.
    ctypes.CDLL(None).prctl(1, signal.SIGTERM)
