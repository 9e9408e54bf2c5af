"""The OpenAPI 3.1 document of the API, made from the operations and models that also validate requests."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, Final

from pydantic import BaseModel
from pydantic.json_schema import JsonSchemaMode, models_json_schema

from ...i18n.words import Words
from .models import Problem
from .operation import Key, Operation
from .reading import MEDIA_TYPE
from .values import Nothing

VERSION: Final = "1"
BASE: Final = "/api/v1"
REFERENCE: Final = "#/components/schemas/{model}"
PROBLEM: Final = "application/problem+json"

STATUSES: Final = {
    400: "api.status-400",
    401: "api.status-401",
    403: "api.status-403",
    404: "api.status-404",
    409: "api.status-409",
    413: "api.status-413",
    415: "api.status-415",
    422: "api.status-422",
    429: "api.status-429",
    503: "api.status-503",
}
# The description of each chapter, by its heading.
CHAPTERS: Final = {
    "api.chapter-places": "api.chapter-places-about",
    "api.chapter-bookings": "api.chapter-bookings-about",
    "api.chapter-tickets": "api.chapter-tickets-about",
    "api.chapter-sessions": "api.chapter-sessions-about",
    "api.chapter-reception": "api.chapter-reception-about",
    "api.chapter-counters": "api.chapter-counters-about",
}
HEADERS: Final = {
    "ETag": "api.header-etag",
    "Location": "api.header-location",
    "Retry-After": "api.header-retry-after",
    "WWW-Authenticate": "api.header-www-authenticate",
}
# The parameters in addresses.
PLACES: Final = {
    "branch": "api.field-branch",
    "service": "api.field-service",
    "counter": "api.field-counter-key",
    "token": "api.field-token",
}
_PLACE: Final = re.compile(r"\{(\w+)\}")
_KEY: Final = re.compile(r"api\.[a-z0-9.-]+")


def document(chapters: Iterable[tuple[str, Iterable[Operation]]], words: Words) -> dict[str, Any]:
    """The OpenAPI 3.1 document in the language of `words`; `chapters` are operations under the key of a heading."""
    chapters = [(heading, list(operations)) for heading, operations in chapters]
    every = [operation for _, operations in chapters for operation in operations]
    schemas = _schemas(every)
    paths: dict[str, Any] = {}
    for heading, operations in chapters:
        for operation in operations:
            paths.setdefault(operation.path, {})[operation.method.lower()] = _described(operation, heading, schemas)
    whole = {
        "openapi": "3.1.0",
        "info": {
            "title": "api.title",
            "version": VERSION,
            "description": "api.introduction",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": BASE}],
        "tags": [{"name": heading, "description": CHAPTERS[heading]} for heading, _ in chapters],
        "paths": paths,
        "components": {
            "schemas": schemas.components,
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer", "description": "api.bearer"}},
        },
    }
    told: dict[str, Any] = _told(whole, words)
    return told


class _Schemas:
    """The schemas of the models, by (model, mode): references to the shared components."""

    def __init__(self, models: list[tuple[type[BaseModel], JsonSchemaMode]]) -> None:
        references, definitions = models_json_schema(models, ref_template=REFERENCE)
        self._references = references
        self.components: dict[str, Any] = definitions.get("$defs", {})

    def of(self, model: type[BaseModel], mode: JsonSchemaMode) -> dict[str, Any]:
        return dict(self._references[model, mode])


def _schemas(operations: Iterable[Operation]) -> _Schemas:
    wanted: list[tuple[type[BaseModel], JsonSchemaMode]] = [(Problem, "validation")]
    for operation in operations:
        wanted.append((operation.gives, "serialization"))
        if operation.has_body:
            wanted.append((operation.takes, "validation"))
    return _Schemas(list(dict.fromkeys(wanted)))


def _described(operation: Operation, heading: str, schemas: _Schemas) -> dict[str, Any]:
    answer = {
        "description": "api.answer",
        "content": {MEDIA_TYPE: {"schema": schemas.of(operation.gives, "serialization")}},
    }
    problem = {PROBLEM: {"schema": schemas.of(Problem, "validation")}}
    described: dict[str, Any] = {
        "operationId": operation.name,
        "summary": operation.words,
        "description": operation.about,
        "tags": [heading],
        "parameters": [*_places(operation), *_questions(operation), _language()],
        "responses": {
            str(operation.status): answer | _headers(operation, operation.status),
            **({"304": {"description": "api.status-304"} | _headers(operation, 304)} if operation.shared else {}),
            **{
                str(status): {"description": STATUSES[status], "content": problem} | _headers(operation, status)
                for status in operation.statuses
            },
        },
    }
    if operation.has_body:
        described["requestBody"] = {
            "required": operation.takes is not Nothing
            and any(field.is_required() for field in operation.takes.model_fields.values()),
            "content": {MEDIA_TYPE: {"schema": schemas.of(operation.takes, "validation")}},
        }
    described["security"] = []
    if operation.key is Key.STAFF:
        described["security"] = [{"bearer": []}]
    elif operation.key is Key.DEVICE_OR_STAFF:
        described["security"] = [{"bearer": []}, {}]
    return described


def _headers(operation: Operation, status: int) -> dict[str, Any]:
    """The headers of an answer that matter to programs."""
    found = {
        operation.status: ["Location"] if operation.found_at else ["ETag"] if operation.shared else [],
        304: ["ETag"],
        401: ["WWW-Authenticate"],
        429: ["Retry-After"],
    }.get(status, [])
    described = {name: {"description": HEADERS[name], "schema": {"type": "string"}} for name in found}
    return {"headers": described} if described else {}


def _places(operation: Operation) -> list[dict[str, Any]]:
    return [
        {
            "name": name,
            "in": "path",
            "required": True,
            "description": PLACES[name],
            "schema": {"type": "string", "minLength": 1},
        }
        for name in _PLACE.findall(operation.path)
    ]


def _questions(operation: Operation) -> list[dict[str, Any]]:
    if operation.has_body or operation.takes is Nothing:
        return []
    schema = operation.takes.model_json_schema(mode="validation")
    return [
        {
            "name": name,
            "in": "query",
            "required": name in schema.get("required", ()),
            "description": field["description"],
            "schema": next(kind for kind in field.get("anyOf", [field]) if kind.get("type") != "null"),
        }
        for name, field in schema["properties"].items()
    ]


def _language() -> dict[str, Any]:
    return {
        "name": "lang",
        "in": "query",
        "required": False,
        "description": "api.field-lang",
        "schema": {"type": "string"},
    }


def _told(part: Any, words: Words) -> Any:
    """The document with every key replaced by its text, and without pydantic's titles for readers of Python."""
    if isinstance(part, dict):
        return {
            name: _told(value, words)
            for name, value in part.items()
            if not (name == "title" and isinstance(value, str) and not _KEY.fullmatch(value))
            and not (name == "description" and isinstance(value, str) and not _KEY.fullmatch(value))
        }
    if isinstance(part, list):
        return [_told(item, words) for item in part]
    if isinstance(part, str) and _KEY.fullmatch(part):
        return words.text(part)
    return part
