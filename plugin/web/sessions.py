"""``POST /v1/overlay-tokens``: a host's participant token in, an overlay token out; or an earlier one renewed."""

import json

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from plugin.admission import Admission
from plugin.bodies import body_of
from plugin.errors import Problem
from plugin.origins import check_reader
from plugin.signed import LARGEST, Unacceptable
from plugin.tokens import LIFE


class Exchange(BaseModel):
    """The body of a request for an overlay token."""

    model_config = ConfigDict(strict=True, extra="forbid")

    token: str = Field(max_length=LARGEST)


class Sessions:
    """Gives overlay tokens."""

    def __init__(self, admission: Admission, origins: frozenset[str]) -> None:
        self._admission = admission
        self._origins = origins

    async def post(self, request: web.Request) -> web.Response:
        """Admit a browser. A host's own server, which sends no ``Origin``, may ask for its pages."""
        if "Origin" in request.headers:
            check_reader(request, self._origins)
        body = await body_of(request, types={"text/plain", "application/json"}, largest=2 * LARGEST)
        try:
            given = Exchange.model_validate_json(body)
        except ValidationError:
            raise Problem(400, "The body is not a token.") from None
        try:
            held = self._admission.admit(given.token)
        except Unacceptable:
            raise Problem(401, "The token is not valid.") from None
        document = {
            "token": held.token,
            "expires_in": int(LIFE.total_seconds()),
            "scope": "survey" if self._admission.over(held.visitor) else "call",
            "person": held.visitor.person,
            "role": held.visitor.role,
        }
        return web.Response(body=json.dumps(document).encode(), content_type="application/json")
