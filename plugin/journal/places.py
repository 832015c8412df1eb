"""Where sealed values stand, and how moments and orders are written."""

from datetime import UTC, datetime, timedelta

from plugin.journal.sealing import Place

KINDS = frozenset({"call", "checkin", "pause", "text", "score"})
HEAD = "head"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def payload_place(session: str, position: int, kind: str) -> Place:
    """Of a record's payload."""
    return ("records", session, position, kind)


def key_place(session: str, kind: str) -> Place:
    """Of a wrapped data key."""
    return ("keys", session, kind)


def head_place(session: str, tenant: str) -> Place:
    """Of a session's head."""
    return ("sessions", session, tenant)


def micros(moment: datetime) -> int:
    """Microseconds since 1970; raises ``ValueError`` for a moment without a zone."""
    if moment.tzinfo is None:
        raise ValueError("a moment needs its time zone")
    return (moment - _EPOCH) // timedelta(microseconds=1)


def moment(stored: int) -> datetime:
    """The moment in UTC."""
    return _EPOCH + timedelta(microseconds=stored)


def order_id(session: str, position: int, item: int) -> str:
    """The id of an order: its place in the journal."""
    return f"{session}:{position}:{item}"


def order_place(order: str) -> tuple[str, int, int]:
    """Session, position and index of an order; raises ``ValueError`` for what is no order id."""
    session, position, item = order.rsplit(":", 2)
    return session, int(position), int(item)
