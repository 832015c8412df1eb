"""Delivering webhooks: in order per meeting, until the receiver has said 2xx.

Only 2xx is success; a redirect is a failure and is not followed. Any other answer, a refusal too, is tried
again with exponential back-off and jitter for three days: a receiver that answers 401 or 404 today is most
often one whose operator is still setting it up. ``Retry-After`` is honoured. 410 means that the receiver
wants no more of it. What was given up stays in the database, and ``/healthz`` counts it.
"""

import asyncio
import random
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial

import aiohttp

from plugin.sandbox import outbox
from plugin.sandbox.database import Database
from plugin.sandbox.installation import Installation
from plugin.sandbox.manifest import Manifest
from plugin.sandbox.webhook_signature import signed_headers

HOST = "sandbox"
PATIENCE = aiohttp.ClientTimeout(total=15)
KEEP_TRYING = timedelta(days=3)
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.25, 20.0


class Deliveries:
    """The one sender of the sandbox; ``wake`` it when something is owed."""

    def __init__(
        self,
        database: Database,
        installation: Installation,
        http: aiohttp.ClientSession,
        *,
        tenant: str,
        secrets: Mapping[str, bytes],
        now: Callable[[], datetime],
    ) -> None:
        self._database = database
        self._installation = installation
        self._http = http
        self._tenant = tenant
        self._secrets = secrets
        self._now = now
        self._woken = asyncio.Event()

    def wake(self) -> None:
        """Look at once whether something is due."""
        self._woken.set()

    async def run(self) -> None:
        """Deliver for ever; starts as soon as the plugin is installed."""
        while True:
            self._woken.clear()
            manifest = self._installation.manifest
            pause_s = await self._round(manifest) if manifest else None
            with suppress(TimeoutError):
                async with asyncio.timeout(pause_s):
                    await self._woken.wait()

    async def _round(self, manifest: Manifest) -> float | None:
        """Try what is due; returns the seconds until the next is, ``None`` when nothing is owed."""
        heads = await self._database.run(outbox.heads)
        now = self._now().timestamp()
        due = [owed for owed in heads if owed.due_at <= now]
        async with asyncio.TaskGroup() as attempts:
            for owed in due:
                attempts.create_task(self._attempt(owed, manifest))
        if due:
            return 0
        return min((owed.due_at - now for owed in heads), default=None)

    async def _attempt(self, owed: outbox.Owed, manifest: Manifest) -> None:
        path = manifest.webhook_path(self._tenant, HOST)
        if path is None or owed.type not in manifest.events:
            await self._database.run(partial(outbox.settle, sequence=owed.sequence))
            return
        status, asked_s = await self._post(owed, self._installation.url + path)
        now = self._now().timestamp()
        if 200 <= status < 300:
            work = partial(outbox.settle, sequence=owed.sequence)
        elif status == 410 or now - owed.owed_since > KEEP_TRYING.total_seconds():
            work = partial(outbox.give_up, sequence=owed.sequence)
        else:
            due_at = now + max(asked_s, pause_after(owed.attempts))
            work = partial(outbox.put_off, sequence=owed.sequence, due_at=due_at)
        await self._database.run(work)

    async def _post(self, owed: outbox.Owed, url: str) -> tuple[int, float]:
        """Send once; returns the status (0 without an answer) and the seconds the receiver asked to wait."""
        headers = signed_headers(owed.id, owed.body, self._secrets.values(), self._now())
        headers["Content-Type"] = "application/json"
        try:
            async with self._http.post(
                url, data=owed.body, headers=headers, timeout=PATIENCE, allow_redirects=False
            ) as answer:
                return answer.status, _retry_after(answer.headers.get("Retry-After", ""))
        except (aiohttp.ClientError, TimeoutError):
            return 0, 0


def pause_after(attempts: int) -> float:
    """Seconds to wait after that many earlier attempts: doubling, capped, with jitter."""
    longest: float = min(FIRST_PAUSE_S * 2 ** min(attempts, 20), LONGEST_PAUSE_S)
    return longest * random.uniform(0.5, 1)  # noqa: S311 - spreads attempts, guards nothing


def _retry_after(text: str) -> float:
    return min(float(text), 3600.0) if text.isascii() and text.isdigit() else 0
