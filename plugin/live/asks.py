"""``POST /v1/asks``: the same asks for browsers that cannot hold a socket, or while theirs is in doubt.

The body is ``text/plain`` so that no preflight costs a round trip; the token stands in it, so no cookie is needed.
"""

from aiohttp import web
from pydantic import TypeAdapter, ValidationError
from pydantic_core import from_json, to_json

from plugin.admission import Admission
from plugin.bodies import body_of
from plugin.errors import Problem, unwritable
from plugin.live import messages
from plugin.live.conversation import permitted
from plugin.origins import check_reader
from plugin.ports import Unwritable
from plugin.rituals import AnyAsk, Refused, ask_from
from plugin.runner import Runner
from plugin.signed import Unacceptable

_object: TypeAdapter[dict[str, object]] = TypeAdapter(dict[str, object])


class Asks:
    """Takes asks by POST."""

    def __init__(self, runner: Runner, admission: Admission, origins: frozenset[str]) -> None:
        self._runner = runner
        self._admission = admission
        self._origins = origins

    async def post(self, request: web.Request) -> web.Response:
        """``POST /v1/asks``."""
        check_reader(request, self._origins)
        ask, token = _read(await body_of(request, types={"text/plain"}, largest=messages.LARGEST))
        try:
            visitor = self._admission.enter(token).visitor
        except Unacceptable:
            raise Problem(401, "The token is not valid. Renew it.") from None
        if not permitted(visitor.scope, ask):
            return _answer(403, messages.refused(ask.id, "over"))
        try:
            await self._runner.ask(visitor, ask, path="post")
        except Refused as refusal:
            return _answer(403, messages.refused(ask.id, refusal.reason))
        except Unwritable:
            return unwritable()
        return _answer(200, messages.accepted(ask.id))


def _read(body: bytes) -> tuple[AnyAsk, str]:
    try:
        document = _object.validate_python(from_json(body, allow_inf_nan=False))
        token = document.pop("token", None)
        if isinstance(token, str):
            return ask_from(to_json(document)), token
    except (ValueError, ValidationError):
        pass
    raise Problem(400, "The body is not an ask with a token.")


def _answer(status: int, frame: bytes) -> web.Response:
    return web.Response(status=status, body=frame, content_type="application/json")
