"""The account at Zoom that the service speaks as, where Zoom is, and the tokens Zoom gives it.

Two grants: ``account_credentials`` for a Server-to-Server app, ``client_credentials`` for a General app that an admin
manages. Both ask with the client's id and secret in ``Authorization: Basic``; the token lives an hour, and several
may be alive at once.
"""

from base64 import b64encode
from typing import Annotated, Literal
from urllib.parse import parse_qs, urlencode, urlsplit

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    model_validator,
)

from plugin.exchange import is_guarded
from plugin.hosts.host import Request


def _guarded(url: str) -> str:
    if not is_guarded(url):
        raise ValueError("must be an https address: it is sent a secret")
    return url.rstrip("/")


def _subscribed(url: str) -> str:
    if not url.startswith(("wss://", "ws://")) or not is_guarded(url.replace("ws", "http", 1)):
        raise ValueError("must be a wss address: it is sent a secret")
    if not parse_qs(urlsplit(url).query).get("subscriptionId"):
        raise ValueError("must name its subscriptionId, as Zoom shows it beside the subscription")
    return url


_Address = Annotated[str, AfterValidator(_guarded)]


class Account(BaseModel):
    """Who we are at Zoom. ``socket`` is the address of an event subscription over WebSocket, where there is one."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    client_id: str = Field(min_length=1)
    client_secret: str = Field(min_length=1, repr=False)
    account_id: str | None = None
    grant: Literal["account_credentials", "client_credentials"] = "account_credentials"
    api: _Address = "https://api.zoom.us/v2"
    token_url: _Address = "https://zoom.us/oauth/token"  # noqa: S105 - an address
    socket: Annotated[str, AfterValidator(_subscribed)] | None = None

    @model_validator(mode="after")
    def _named(self) -> "Account":
        if self.grant == "account_credentials" and not self.account_id:
            raise ValueError("account_credentials needs the account_id")
        return self


class Token(BaseModel):
    """What lets us in, for ``expires_in`` seconds. Visible ASCII alone, as it is put into a header and an address."""

    access_token: Annotated[str, StringConstraints(strict=True, pattern=r"^[\x21-\x7e]{1,8192}$")] = Field(
        repr=False
    )
    expires_in: Annotated[int, Field(strict=True, gt=0, le=10 * 86400)]


def token_request(account: Account) -> Request:
    """What to send to get a token."""
    form: dict[str, str] = {"grant_type": account.grant}
    if account.grant == "account_credentials":
        form["account_id"] = account.account_id or ""
    pair = b64encode(f"{account.client_id}:{account.client_secret}".encode()).decode()
    headers = {"Authorization": f"Basic {pair}", "Content-Type": "application/x-www-form-urlencoded"}
    return Request("POST", account.token_url, headers, urlencode(form).encode())
