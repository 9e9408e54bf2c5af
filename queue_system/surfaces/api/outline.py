"""The OpenAPI document in the form that the page needs: chapters of operations, each with its fields as rows."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import Any, Final

Schema = dict[str, Any]
_PLACE: Final = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True, slots=True)
class Row:
    """A field: its path, its type in JSON Schema's words, whether it is required."""

    name: str
    kind: str
    required: bool
    about: str
    depth: int


@dataclass(frozen=True, slots=True)
class Shown:
    name: str
    method: str
    path: str
    summary: str
    about: str
    asks: list[Row]
    body: list[Row]
    example: str
    status: str
    answer: list[Row]
    refusals: list[tuple[str, str]]
    security: str


@dataclass(frozen=True, slots=True)
class Chapter:
    heading: str
    operations: list[Shown] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Outline:
    title: str
    introduction: str
    base: str
    chapters: list[Chapter]
    problem: list[Row]


def outline(document: Schema, origin: str) -> Outline:
    """The page's view of a document from `document.document`; `origin` is the address at which the reader found it."""
    components = document["components"]["schemas"]
    base = document["servers"][0]["url"]
    chapters = {tag["name"]: Chapter(tag["name"]) for tag in document["tags"]}
    for path, methods in document["paths"].items():
        for method, described in methods.items():
            shown = _shown(method.upper(), base + path, described, components, origin)
            chapters[described["tags"][0]].operations.append(shown)
    return Outline(
        title=document["info"]["title"],
        introduction=document["info"]["description"],
        base=base,
        chapters=list(chapters.values()),
        problem=_rows(components["Problem"], components),
    )


def _shown(method: str, path: str, described: Schema, components: Schema, origin: str) -> Shown:
    responses = dict(described["responses"])
    status, answer = next(iter(responses.items()))
    body = described.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema")
    given = answer["content"]["application/json"]["schema"]
    return Shown(
        name=described["operationId"],
        method=method,
        path=path,
        summary=described["summary"],
        about=described["description"],
        asks=[
            Row(
                question["name"],
                _kind(question["schema"], components),
                question["required"],
                question["description"],
                0,
            )
            for question in described["parameters"]
        ],
        body=_rows(body, components) if body else [],
        example=_command(method, origin + path, described, _example(body, components) if body else ""),
        status=status,
        answer=_rows(given, components),
        refusals=[(code, refusal["description"]) for code, refusal in responses.items() if code != status],
        security={0: "none", 1: "staff", 2: "either"}[len(described.get("security", ()))],
    )


def _rows(schema: Schema, components: Schema, depth: int = 0) -> list[Row]:
    schema = _resolved(schema, components)
    rows = []
    for name, part in schema.get("properties", {}).items():
        about = next((one["description"] for one in (part, *part.get("anyOf", ())) if "description" in one), "")
        rows.append(Row(name, _kind(part, components), name in schema.get("required", ()), about, depth))
        inner = _inner(part, components)
        if inner.get("properties"):
            rows += _rows(inner, components, depth + 1)
    return rows


def _inner(part: Schema, components: Schema) -> Schema:
    """The object inside of a list or of "this or null"."""
    part = _resolved(part, components)
    if "items" in part:
        return _inner(part["items"], components)
    for choice in part.get("anyOf", ()):
        if choice.get("type") != "null":
            return _inner(choice, components)
    return part


def _kind(part: Schema, components: Schema) -> str:
    part = _resolved(part, components)
    if "anyOf" in part:
        return " | ".join(_kind(choice, components) for choice in part["anyOf"])
    if "enum" in part or "const" in part:
        return " | ".join(json.dumps(value) for value in part.get("enum", [part.get("const")]))
    kind = str(part.get("type", ""))
    if kind == "array":
        return f"[{_kind(part['items'], components)}]"
    return f"{kind} ({part['format']})" if "format" in part else kind


def _resolved(part: Schema, components: Schema) -> Schema:
    while "$ref" in part:
        part = components[part["$ref"].rpartition("/")[2]]
    return part


def _command(method: str, address: str, described: Schema, body: str) -> str:
    """The curl command for an operation; the reader replaces the words in capitals."""
    words = ["curl"]
    if method not in ("GET", "POST") or (method == "POST" and not body):
        words.append(f"-X {method}")
    words.append(_PLACE.sub(lambda place: place[1].upper(), address))
    if described.get("security"):
        words.append("-H 'Authorization: Bearer SESSION'")
    if body:
        words += ["-H 'Content-Type: application/json'", f"-d '{body}'"]
    return " \\\n  ".join(words)


def _example(schema: Schema, components: Schema) -> str:
    """An example of a body, with the required fields."""
    schema = _resolved(schema, components)
    required = schema.get("required", ())
    values = {
        name: next((one["examples"][0] for one in (part, *part.get("anyOf", ())) if "examples" in one), None)
        for name, part in schema.get("properties", {}).items()
        if name in required
    }
    return json.dumps(values, ensure_ascii=False) if values else ""
