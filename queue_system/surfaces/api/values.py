"""The kinds of values in requests and answers."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from typing import Annotated, Any, Final
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, PlainValidator, WithJsonSchema
from pydantic_core import PydanticCustomError

# RFC 3339, 5.6, with seconds optional: 2026-11-22T10:00+03:00.
_INSTANT: Final = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d(:\d\d(\.\d{1,6})?)?([Zz]|[+-]\d\d:\d\d)", re.ASCII)
_DAY: Final = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
# Only this spelling; the standard library also accepts braces, "urn:uuid:" and missing hyphens.
_UUID: Final = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.ASCII | re.IGNORECASE)
# Outside these years there are no appointments, and arithmetic with zones could leave the calendar.
_FIRST_YEAR, _LAST_YEAR = 2000, 2199


def _instant(value: Any) -> datetime:
    text = _text(value, _INSTANT)
    try:
        read = datetime.fromisoformat(text.upper())
    except ValueError:
        raise PydanticCustomError("format", "not an instant with its offset") from None
    if not _FIRST_YEAR <= read.year <= _LAST_YEAR:
        raise PydanticCustomError("range", "too far away")
    return read.astimezone(UTC)


def _day(value: Any) -> date:
    text = _text(value, _DAY)
    try:
        read = date.fromisoformat(text)
    except ValueError:
        raise PydanticCustomError("format", "not a day") from None
    if not _FIRST_YEAR <= read.year <= _LAST_YEAR:
        raise PydanticCustomError("range", "too far away")
    return read


def _uuid(value: Any) -> UUID:
    return UUID(_text(value, _UUID))


def _text(value: Any, pattern: re.Pattern[str]) -> str:
    if not isinstance(value, str):
        raise PydanticCustomError("type", "not a text")
    if pattern.fullmatch(value) is None:
        raise PydanticCustomError("format", "not of the form that is asked for")
    return value


class Asked(BaseModel):
    """The fields of a request; others are refused."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Nothing(Asked):
    """A request without fields."""


class Given(BaseModel):
    """The fields of an answer."""

    model_config = ConfigDict(frozen=True)


# ---------------------------------------------------------------- in requests

Instant = Annotated[datetime, PlainValidator(_instant), WithJsonSchema({"type": "string", "format": "date-time"})]
Day = Annotated[date, PlainValidator(_day), WithJsonSchema({"type": "string", "format": "date"})]
Id = Annotated[
    UUID,
    PlainValidator(_uuid),
    WithJsonSchema({"type": "string", "format": "uuid", "examples": ["01a214ae-a28f-72e1-94f5-49f1eea5c5c4"]}),
]
RequestId = Annotated[
    str,
    Field(
        pattern=r"^[A-Za-z0-9_-]{16,64}$",
        description="api.field-request-id",
        examples=["0f8b6a52-6a0e-4c0b-9f67-1f1d4a7d5c11"],
    ),
]
ServiceKey = Annotated[
    str, Field(min_length=1, max_length=80, description="api.field-service", examples=["attest-single"])
]
Language = Annotated[str, Field(pattern=r"^[a-z]{2,3}$", description="api.field-language")]

# ---------------------------------------------------------------- in answers

Names = Annotated[dict[str, str], Field(description="api.field-names")]
At = AwareDatetime
