"""What the frames of Zoom's event socket say.

An event comes as ``{"module": "message", "content": "<JSON as text>"}``, or as it is. Anything else that is not known
says nothing; it must not stop what comes behind it.
"""

import json
from typing import Any

from pydantic import BaseModel, ValidationError

HEARTBEAT = '{"module":"heartbeat"}'


class _Frame(BaseModel):
    module: str | None = None
    success: bool = False
    content: str | dict[str, Any] | None = None
    event: str | None = None


def welcomes(frame: str | bytes) -> bool:
    """Whether the frame, the first of a connection, says that the connection stands."""
    read = _read(frame)
    return read is not None and read.module == "build_connection" and read.success


def event_in(frame: str | bytes) -> bytes | None:
    """The event that a frame brings, as a webhook's body would hold it; null for any other frame."""
    read = _read(frame)
    if read is None:
        return None
    if read.module == "message" and read.content is not None:
        text = read.content if isinstance(read.content, str) else json.dumps(read.content, ensure_ascii=False)
        return text.encode()
    bare = read.module is None and read.event is not None
    return (frame.encode() if isinstance(frame, str) else frame) if bare else None


def _read(frame: str | bytes) -> _Frame | None:
    try:
        return _Frame.model_validate_json(frame)
    except ValidationError:
        return None
