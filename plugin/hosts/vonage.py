"""Vonage Video's client token, and its API's answer to who is connected to a session.

The token: a JWT with RS256 that the practice's server signs with the application's private key. It is checked with
the public one, which can make no tokens: its id in the settings is the ``application_id``. Person and role stand in
``connection_data``, where the callbacks say the same; a token that carries no person there names nobody.

The API: it lists connections by their ids alone. Who is behind one is known from its callback; while one is listed
that no callback told of, the list names not everybody.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Annotated
from urllib.parse import quote
from uuid import uuid4

import jwt
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, field_validator

from plugin.hosts.host import Asking, Call, NotTold, Participant, Request
from plugin.hosts.replies import present, told
from plugin.signed import Unacceptable, claims_of, text_of, times_of, unexpired
from webhooks import vonage
from webhooks.delivery import Identifier
from webhooks.events import PeoplePresent, Present, role_named

_LONGEST = timedelta(hours=24)
_LIFE = 60  # seconds
_LONGEST_DATA = 1000


def who(token: str, keys: Mapping[str, str], now: datetime) -> Participant:
    """The participant that the token names; raises ``Unacceptable``."""
    claims = claims_of(token, keys, signed_by="application_id", algorithm="RS256")
    _, end = times_of(claims, now, longest=_LONGEST)
    unexpired(end, now)
    if claims.get("scope") != "session.connect":
        raise Unacceptable("gives no access to a session")
    carried = vonage.carried(text_of(claims, "connection_data", longest=_LONGEST_DATA))
    if carried is None:
        raise Unacceptable("connection_data names no person")
    return Participant(
        meeting=text_of(claims, "session_id"),
        occurrence=None,
        person=carried.person,
        role=role_named(carried.role),
        until=end,
    )


class Account(BaseModel):
    """An application and its private key in PEM."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    application_id: str = Field(min_length=1)
    private_key: str = Field(repr=False)

    @field_validator("private_key")
    @classmethod
    def _readable(cls, text: str) -> str:
        try:
            load_pem_private_key(text.encode(), None)
        except (ValueError, TypeError):
            raise ValueError("is not a private key in PEM without a password") from None
        return text


class _Connection(BaseModel):
    connection_id: Annotated[Identifier, Field(alias="connectionId")]
    state: Annotated[str, Field(alias="connectionState")]
    created_at: Annotated[AwareDatetime | None, Field(alias="createdAt")] = None


class _Connections(BaseModel):
    count: int
    session_id: Annotated[str, Field(alias="sessionId")]
    items: list[_Connection]


def ask(url: str, call: Call, account: BaseModel, now: datetime) -> Asking:
    """Ask which connections are open; persons come from ``call.holders``."""
    account = Account.model_validate(account)
    path = f"/v2/project/{quote(account.application_id, '')}/session/{quote(call.meeting, '')}/connection"
    listed = told((yield Request("GET", url + path, _headers(account, now))), _Connections)
    if listed.session_id != call.meeting or listed.count != len(listed.items):
        raise NotTold("not_understood")
    return [_present(listed.items, call, now)]


def _headers(account: Account, now: datetime) -> Mapping[str, str]:
    issued = int(now.timestamp())
    claims = {
        "application_id": account.application_id,
        "iat": issued,
        "exp": issued + _LIFE,
        "jti": str(uuid4()),
    }
    return {"Authorization": f"Bearer {jwt.encode(claims, account.private_key, algorithm='RS256')}"}


def _present(items: list[_Connection], call: Call, now: datetime) -> PeoplePresent:
    known = [each for each in items if each.state == "Connected" and each.connection_id in call.holders]
    people = (
        Present(
            person=call.holders[each.connection_id], connection=each.connection_id, joined_at=each.created_at
        )
        for each in known
    )
    # A stranger may be somebody whose rejoin was lost, and so may one who is only connecting.
    return present(vonage.name, call, now, people, whole=len(known) == len(items))
