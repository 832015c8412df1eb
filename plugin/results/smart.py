"""Where a FHIR server says that its tokens are to be had: SMART's discovery document.

Source: HL7 SMART App Launch 2.2, "Backend Services". The endpoint is used to the letter, as it is the audience of
every assertion.
"""

from pydantic import BaseModel, ValidationError

from plugin.exchange import Exchange, is_guarded
from plugin.ports import Postponed
from plugin.results.tokens import Endpoint, Find, ask_for_token


class _Discovery(BaseModel):
    token_endpoint: str
    capabilities: list[str] = []


def discovered(exchange: Exchange, base: str) -> Find:
    """Looks the token endpoint up at a FHIR base URL."""

    async def find() -> Endpoint:
        url = f"{base}/.well-known/smart-configuration"
        answer = await ask_for_token(exchange, "GET", url, {"Accept": "application/json"})
        if answer.status != 200:
            raise Postponed(f"discovery_{answer.status}", answer.after)
        try:
            found = _Discovery.model_validate(answer.document)
        except ValidationError:
            raise Postponed("discovery_unclear") from None
        if not is_guarded(found.token_endpoint):
            raise Postponed("token_endpoint_unsafe")
        return Endpoint(found.token_endpoint, tuple(found.capabilities))

    return find
