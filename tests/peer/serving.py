"""Starts programs of Node that are not ours; installs them into a cache folder outside the tree if need be."""

import asyncio
import fcntl
import os
import shutil
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from hashlib import sha256
from pathlib import Path

import pytest

HERE = Path(__file__).parent


@asynccontextmanager
async def independent_server(jwks: str) -> AsyncIterator[str]:
    """Serve on a free port; gives the FHIR base URL.

    Args:
        jwks: the client's public keys as JSON, or the URL where they are.
    """
    async with serving(HERE, PEER_JWKS=jwks) as base:
        yield base


@asynccontextmanager
async def serving(peer: Path, **environment: str) -> AsyncIterator[str]:
    """Run the ``server.mjs`` of a folder with the packages of its ``package.json``; gives the address it prints."""
    node = shutil.which("node")
    npm = shutil.which("npm")
    if node is None or npm is None:
        pytest.skip("a program that is not ours needs node and npm")
    folder = await asyncio.to_thread(_installed, npm, peer)
    process = await asyncio.create_subprocess_exec(
        node,
        str(peer / "server.mjs"),
        cwd=folder,
        env={**os.environ, **environment},
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    try:
        base = (await process.stdout.readline()).decode().strip()
        assert base, "the program that is not ours did not start"
        yield base
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


def _installed(npm: str, peer: Path) -> Path:
    """The folder with the packages, one for each version of ``package.json``; a lock keeps two runs apart."""
    wanted = (peer / "package.json").read_bytes()
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    folder = cache / "fermata-peer" / sha256(wanted).hexdigest()[:12]
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "installed").exists():
            (folder / "package.json").write_bytes(wanted)
            _run(npm, folder)
            (folder / "installed").touch()
    return folder


def _run(npm: str, folder: Path) -> None:
    subprocess.run([npm, "install", "--no-audit", "--no-fund", "--silent"], cwd=folder, check=True)
