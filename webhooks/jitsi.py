"""Self-hosted Jitsi Meet, by ``event_sync`` of the Prosody community plugins.

Proof: ``Authorization: Bearer <secret>``, as the operator wrote it into ``api_headers``; the same for every delivery,
so nothing vouches for a body or its time. Quirks: no id, no order, whole seconds. A delivery that is answered
4xx, or not at all, is lost; 5xx is tried again for 3 s. Equal bodies may be two events (out and in again within a
second), but the facts of a stay are the same each time, so the body names the delivery. A stay is ``occupant_jid``
and ``joined_at``; its leave may come a minute late, with the id of somebody who is back. Breakout rooms are told of
under the main room's name. The token's ``context.user`` is copied over the occupant's own fields.
Source: jitsi-contrib/prosody-plugins; recordings of @cd9b905 on Prosody 0.12.3.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from hashlib import sha256
from itertools import count
from typing import Any

from pydantic import BaseModel, TypeAdapter, ValidationError

from webhooks.delivery import Delivery, Identifier, Reason, Window, bearing, read_as
from webhooks.events import HostFact, MeetingEnded, MeetingStarted, PersonJoined, PersonLeft, Role, role_named
from webhooks.listening import Door, Step
from webhooks.times import Seconds, at

name = "jitsi"
_PATHS = ("room/created", "room/destroyed", "occupant/joined", "occupant/left")
door = Door(paths=("", *(f"events/{path}" for path in _PATHS)))
tells = (MeetingStarted, MeetingEnded, PersonJoined, PersonLeft)
steps = (
    Step("there is one Authorization header", (Reason.MISSING_HEADER, Reason.DOUBLED_HEADER)),
    Step("it is Bearer and a given secret", (Reason.WRONG_CREDENTIAL,)),
    Step("the body is JSON with event_name and what that event needs", (Reason.BAD_BODY,)),
)


def weakness(secret: str) -> str | None:
    """Anybody may try secrets as fast as we answer, and nothing but this one proves anything."""
    return None if len(secret) >= 24 else f"has {len(secret)} characters, not 24 or more"


def verify(
    delivery: Delivery, secrets: Mapping[str, str], now: datetime, window: Window = door.window
) -> str:
    """Check the header as ``Host.verify`` promises; there is no stamp, so *now* and *window* do not count."""
    return bearing(delivery, secrets)


def sign(body: bytes, key_id: str, secret: str, now: datetime, *, key: str, url: str = "") -> Delivery:
    """Give the delivery that Prosody would send with *body*; *key* is not sent.

    Raises:
        ValueError: there is no secret.
    """
    if not secret:
        raise ValueError("no secret")
    return Delivery((("Content-Type", "application/json"), ("Authorization", f"Bearer {secret}")), body, url)


class _Envelope(BaseModel):
    event_name: str


class _Room(BaseModel):
    """What every event says of its room: a breakout room's stand under the main room's name."""

    room_jid: Identifier
    is_breakout: bool = False
    breakout_room_id: Identifier | None = None

    @property
    def meeting(self) -> str:
        return meeting_named(self.room_jid.partition("@")[0] or self.room_jid)


class _Created(_Room):
    created_at: Seconds


class _Destroyed(_Created):
    destroyed_at: Seconds
    all_occupants: object = None  # a list, or an object when it is empty


class _Moved(_Room):
    occupant: object


class _Stay(BaseModel):
    """One occupant's stay; whoever writes our tokens can put anything into it."""

    occupant_jid: Identifier
    joined_at: Seconds
    left_at: Seconds | None = None
    id: object = None
    role: object = None
    moderator: object = None


_identifier: TypeAdapter[str] = TypeAdapter(Identifier)


def meeting_named(room: str, tenant: str = "") -> str:
    """The one spelling of a room: as Prosody writes it, in lower case, ``[tenant]room``."""
    return (f"[{tenant}]{room}" if tenant and not room.startswith("[") else room).lower()


def person_named(given: object) -> str | None:
    """The one spelling of ``context.user.id``: 4711 comes back as 4711.0; None for what names nobody."""
    if isinstance(given, int | float) and not isinstance(given, bool) and abs(given) < 1e15:
        given = str(int(given)) if int(given) == given else None
    try:
        return _identifier.validate_python(given)
    except ValidationError:
        return None


def role_said(role: object, moderator: object) -> Role | None:
    """The role that our own token gave: a word of ours, else whether it made a moderator."""
    if isinstance(role, str) and (word := role_named(role)) is not None:
        return word
    match moderator:
        case True | "true":
            return Role.THERAPIST
        case False | "false":
            return Role.CLIENT
        case _:
            return None


def key(delivery: Delivery) -> str:
    """Give the SHA-256 of the body; two events that have the same one give the same facts."""
    return sha256(delivery.body).hexdigest()


def read(delivery: Delivery) -> list[HostFact]:
    """Give the facts of an event; an occupant that cannot be made out gives none, as nobody sends it again."""
    match read_as(_Envelope, delivery.body).event_name:
        case "muc-room-created":
            return _created(read_as(_Created, delivery.body), key(delivery))
        case "muc-room-destroyed":
            return _destroyed(read_as(_Destroyed, delivery.body), key(delivery))
        case "muc-occupant-joined":
            return _joined(read_as(_Moved, delivery.body), key(delivery))
        case "muc-occupant-left":
            return _left(read_as(_Moved, delivery.body), key(delivery))
        case _:
            return []


def _created(room: _Created, key: str) -> list[HostFact]:
    if room.is_breakout:
        return []
    began = at(room.created_at)
    return [MeetingStarted(host=name, meeting=room.meeting, at=began, begun=began, key=key)]


def _destroyed(room: _Destroyed, key: str) -> list[HostFact]:
    """The end, after the stays that it lists: what was lost on the way is made up for here."""
    if room.is_breakout:
        return []
    keys = (f"{key}:{n}" for n in count())
    listed = room.all_occupants if isinstance(room.all_occupants, list) else []
    stays = [stay for one in listed if (stay := _stay(room, one)) is not None]
    facts = [fact for stay in stays for fact in _whole(room, stay, keys)]
    began, ended = at(room.created_at), at(room.destroyed_at)
    return [*facts, MeetingEnded(host=name, meeting=room.meeting, at=ended, begun=began, key=next(keys))]


def _whole(room: _Room, stay: _Stay, keys: Iterator[str]) -> list[HostFact]:
    came = _came(room, stay, next(keys))
    return [came] if stay.left_at is None else [came, _went(room, stay, next(keys))]


def _joined(moved: _Moved, key: str) -> list[HostFact]:
    stay = _stay(moved, moved.occupant)
    return [] if stay is None else [_came(moved, stay, key)]


def _left(moved: _Moved, key: str) -> list[HostFact]:
    stay = _stay(moved, moved.occupant)
    # Who came, went and came again within a second has one name for both stays, and may be inside: to show somebody
    # for longer than they stayed is bad, to show as gone who is there is worse. The room's end closes it.
    if stay is None or stay.left_at in (None, stay.joined_at):
        return []
    return [_went(moved, stay, key)]


def _stay(room: _Room, occupant: object) -> _Stay | None:
    try:
        stay = _Stay.model_validate(occupant)
    except ValidationError:
        return None
    return None if _is_machine(room, stay) else stay


def _is_machine(room: _Room, stay: _Stay) -> bool:
    """A recorder signs in under a domain of its own beside the people's, where only guests do so too."""
    home = room.room_jid.partition("@")[2].partition(".")[2]
    domain = stay.occupant_jid.partition("@")[2].partition("/")[0]
    apart = domain.endswith(f".{home}") and domain != f"guest.{home}"
    return apart and person_named(stay.id) is None


def _came(room: _Room, stay: _Stay, key: str) -> PersonJoined:
    role = role_said(stay.role, stay.moderator)
    return PersonJoined(**_known(room, stay, key), at=at(stay.joined_at), role=role)


def _went(room: _Room, stay: _Stay, key: str) -> PersonLeft:
    left = max(stay.joined_at, stay.left_at or 0)
    return PersonLeft(**_known(room, stay, key), at=at(left))


def _known(room: _Room, stay: _Stay, key: str) -> dict[str, Any]:
    side = f"@{room.breakout_room_id}" if room.is_breakout else ""
    return {
        "host": name,
        "meeting": room.meeting,
        "person": person_named(stay.id) or stay.occupant_jid,
        "connection": f"{stay.occupant_jid}@{stay.joined_at}{side}",
        "key": key,
    }
