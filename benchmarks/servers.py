"""Servers under test: each is a process of its own, started for one round and stopped after it."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")
_LISTENS_WITHIN = 20.0
_STOPS_WITHIN = 10.0


@dataclass(frozen=True, slots=True)
class Server:
    """A running server."""

    name: str
    port: int
    pid: int

    def cpu(self) -> float:
        """Processor seconds of the process and all its threads so far (``/proc``, in steps of 10 ms)."""
        return cpu_of(self.pid)

    def memory(self) -> int:
        """Resident bytes now."""
        return memory_of(self.pid)


def cpu_of(pid: int) -> float:
    """Processor seconds that a process has used, in user and in system mode."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def memory_of(pid: int) -> int:
    """Resident bytes of a process."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def free_port() -> int:
    """A port that nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def running(name: str, module: str, arguments: Sequence[str], *, port: int, log: Path) -> Iterator[Server]:
    """Run ``python -m module`` until the block ends; raises ``RuntimeError`` when it never listens."""
    with log.open("ab") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", module, *arguments],
            stdout=out, stderr=out, stdin=subprocess.DEVNULL, env=clean_environment(),
        )  # fmt: skip
        try:
            await_port(port, process)
            yield Server(name, port, process.pid)
        except Exception as error:
            error.add_note(f"the last words of {name}: {log.read_text()[-2_000:]}")
            raise
        finally:
            stop(process)


def clean_environment() -> dict[str, str]:
    """The environment without settings of an installation that this machine may have."""
    return {name: value for name, value in os.environ.items() if not name.startswith("FERMATA_")}


def await_port(port: int, process: "subprocess.Popen[bytes]") -> None:
    """Return as soon as somebody listens."""
    until = time.monotonic() + _LISTENS_WITHIN
    while time.monotonic() < until:
        if process.poll() is not None:
            raise RuntimeError(f"a server ended with {process.returncode}")
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.002)
    raise RuntimeError("a server does not listen")


def stop(process: "subprocess.Popen[bytes]") -> None:
    """End a process that was started here, politely first."""
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(_STOPS_WITHIN)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
