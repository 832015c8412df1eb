"""Times as hosts write them, bounded so that each, and the sum of two, is a moment that a datetime can hold."""

import re
from datetime import UTC, datetime, timedelta
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, BeforeValidator, Field

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_YEAR_3000 = 32_503_680_000
_WRITTEN = re.compile(r"2[0-9]{3}-[0-9]{2}-[0-9]{2}[Tt]")

Seconds = Annotated[int, Field(ge=0, lt=_YEAR_3000)]
Milliseconds = Annotated[int, Field(ge=0, lt=1000 * _YEAR_3000)]
Fractional = Annotated[float, Field(ge=0, lt=_YEAR_3000, allow_inf_nan=False)]
"""Seconds with their fraction."""


def _written(value: object) -> object:
    # pydantic would also take digits; and near the ends of the calendar a change of zone overflows.
    if not isinstance(value, str) or not _WRITTEN.match(value):
        raise ValueError("not a time of our days")
    return value


def _in_utc(moment: datetime) -> datetime:
    return moment.astimezone(UTC)


Moment = Annotated[AwareDatetime, BeforeValidator(_written), AfterValidator(_in_utc)]
"""A time with its zone as RFC 3339 writes it; given in UTC."""


def at(seconds: float) -> datetime:
    """Give the moment that is so many seconds after 1970."""
    return _EPOCH + timedelta(seconds=seconds)


def at_ms(milliseconds: int) -> datetime:
    """Give the moment that is so many milliseconds after 1970."""
    return _EPOCH + timedelta(milliseconds=milliseconds)
