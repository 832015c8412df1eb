"""A line of one page that can be cut silently: nothing gets through and nothing is closed."""

import json
from dataclasses import dataclass, field
from typing import Self

from playwright.async_api import Page, Route, WebSocketRoute


@dataclass
class Cut:
    """The page's roads to the service, the socket and ``POST``; ``on`` cuts both."""

    on: bool = False
    asked: list[str] = field(default_factory=list)
    """The ids of what the page asked for in vain."""

    @classmethod
    async def of(cls, page: Page) -> Self:
        """Lay the roads of a page that has not loaded yet."""
        cut = cls()
        await page.route_web_socket("**/v1/live", cut._carry)
        await page.route("**/v1/asks", cut._post)
        return cut

    def _carry(self, page: WebSocketRoute) -> None:
        service = page.connect_to_server()
        page.on_message(lambda text: self._lost(text) if self.on else service.send(text))
        service.on_message(lambda text: None if self.on else page.send(text))

    def _lost(self, text: str | bytes) -> None:
        frame = json.loads(text)
        if frame.get("type") == "ask":
            self.asked.append(frame["id"])

    async def _post(self, route: Route) -> None:
        if self.on:
            self._lost(route.request.post_data or "{}")
            return  # never answered
        await route.continue_()
