"""Reads requests of programs strictly: values of another type are not converted, and nothing is ignored."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, ClassVar, Final, TypeVar

from pydantic import BaseModel, ValidationError
from starlette.requests import Request

from ...core.errors import DomainError

M = TypeVar("M", bound=BaseModel)

MEDIA_TYPE: Final = "application/json"
FAULTS_TOLD: Final = 20
# Not an object, or JSON that only the first of the two parsers accepts: lone surrogates, deep nesting.
UNREADABLE: Final = frozenset({"json_invalid", "model_type"})
LONGEST_FIELD_TOLD: Final = 80
LANGUAGE: Final = "lang"

# pydantic's kinds of error → our stable codes, each with a sentence. Every other kind is a wrong type.
CODES: Final = {
    "missing": "missing",
    "extra_forbidden": "unknown",
    "enum": "choice",
    "literal_error": "choice",
    "string_pattern_mismatch": "format",
    "uuid_parsing": "format",
    "string_too_short": "length",
    "string_too_long": "length",
    "format": "format",
    "range": "range",
    "twice": "twice",
}
SENTENCES: Final = {
    "missing": "api.wrong-missing",
    "unknown": "api.wrong-unknown",
    "choice": "api.wrong-choice",
    "format": "api.wrong-format",
    "length": "api.wrong-length",
    "range": "api.wrong-range",
    "twice": "api.wrong-twice",
    "type": "api.wrong-type",
}


class Unreadable(DomainError):
    """The body is not one JSON object in UTF-8 (400)."""

    status = 400


class WrongMediaType(DomainError):
    """The Content-Type is not JSON (415)."""

    status = 415


@dataclass(frozen=True, slots=True)
class Fault:
    """A field, by its path in the body or the address, and the code of what is wrong with it."""

    field: str
    code: str


class WrongFields(DomainError):
    """Fields are missing, unknown or malformed (422)."""

    status: ClassVar[int] = 422

    def __init__(self, faults: list[Fault]) -> None:
        super().__init__("fields-wrong")
        self.faults = faults


async def read_body(request: Request, model: type[M]) -> M:
    """The JSON body; an empty body means {}. Raises WrongMediaType, Unreadable, WrongFields."""
    _only_language(request)
    body = await request.body()
    if not body:
        return _checked(model, b"{}")
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != MEDIA_TYPE:
        raise WrongMediaType("media-type")
    _no_name_twice(body)
    return _checked(model, body)


def read_query(request: Request, model: type[M]) -> M:
    """The fields of the query. Raises WrongFields."""
    pairs = [(name, value) for name, value in request.query_params.multi_items() if name != LANGUAGE]
    values = dict(pairs)
    if len(values) != len(pairs):
        names = [name for name, _ in pairs]
        raise WrongFields([Fault(name, "twice") for name in values if names.count(name) > 1])
    try:
        return model.model_validate_strings(values, strict=True)
    except ValidationError as error:
        raise WrongFields(_faults(error)) from None


def _only_language(request: Request) -> None:
    if not request.scope["query_string"]:
        return
    unknown = [name for name in request.query_params if name != LANGUAGE]
    if unknown:
        raise WrongFields([Fault(name[:LONGEST_FIELD_TOLD], "unknown") for name in unknown[:FAULTS_TOLD]])


def _checked(model: type[M], body: bytes) -> M:
    try:
        return model.model_validate_json(body, strict=True)
    except ValidationError as error:
        if any(item["type"] in UNREADABLE for item in error.errors(include_url=False, include_context=False)):
            raise Unreadable("json-wrong") from None
        raise WrongFields(_faults(error)) from None


def _no_name_twice(body: bytes) -> None:
    """Refuse an object with the same name twice, because parsers interpret it differently (RFC 8259, 4)."""
    try:
        _READER.decode(body.decode())
    except (ValueError, RecursionError):
        raise Unreadable("json-wrong") from None


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name twice")
    return found


def _constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON")


_READER: Final = json.JSONDecoder(object_pairs_hook=_object, parse_constant=_constant)


def _faults(error: ValidationError) -> list[Fault]:
    found = error.errors(include_url=False, include_context=False, include_input=False)
    return [
        Fault(".".join(str(part) for part in item["loc"])[:LONGEST_FIELD_TOLD], CODES.get(item["type"], "type"))
        for item in found[:FAULTS_TOLD]
    ]
