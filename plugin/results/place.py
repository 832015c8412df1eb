"""One practice's record at one host: where it is, and how its client gets in. The same for every kind of record."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

import aiohttp

from plugin.exchange import TIMES, Exchange, is_guarded
from plugin.results.credentials import Credentials
from plugin.results.doubt import WINDOW
from plugin.results.tokens import ClientTokens, Find, StaticBearer, Tokens, at


@dataclass(frozen=True, slots=True)
class Bearer:
    """A token that the host's operator handed out once and for all."""

    value: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Place:
    """Where results go, and as whom.

    ``base`` is the base URL of the record's API. ``token_url`` is where tokens are to be had, null where the record
    itself says it. ``secret`` keys the pseudonyms and identifiers of counted answers: at least 32 bytes, the same
    for the life of the practice, known to nobody who reads the record. ``scope`` is what to ask for, null for what
    the kind of record needs; ``window`` is in seconds.

    Raises:
        ValueError: a URL or the secret cannot be used; says which.
    """

    tenant: str
    base: str
    access: Credentials | Bearer
    secret: bytes = field(repr=False)
    scope: str | None = None
    token_url: str | None = None
    window: float = WINDOW
    times: aiohttp.ClientTimeout = TIMES

    def __post_init__(self) -> None:
        if not is_guarded(self.base):
            raise ValueError("the record's base URL must be https, or http on this machine")
        if self.token_url is not None and not is_guarded(self.token_url):
            raise ValueError("token_url must be https, or http on this machine")
        if len(self.secret) < 32:
            raise ValueError("the record's secret must have at least 32 bytes")


def tokens_for(
    place: Place,
    exchange: Exchange,
    *,
    scope: str,
    find: Find | None = None,
    clock: Callable[[], float] = time.monotonic,
) -> Tokens:
    """The place's tokens; ``scope`` and ``find`` stand in for what the place leaves open.

    Raises:
        ValueError: nobody says where tokens are to be had.
    """
    scope = scope if place.scope is None else place.scope
    if isinstance(place.access, Bearer):
        return StaticBearer(place.access.value, scope=scope)
    found = find if place.token_url is None else at(place.token_url)
    if found is None:
        raise ValueError("token_url is missing")
    return ClientTokens(exchange, found, place.access, scope=scope, clock=clock)
