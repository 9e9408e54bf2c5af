"""One declaration for each operation; the validating route and the OpenAPI document are made from it."""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final

from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from ...web.errors import problem_of
from ...web.here import anywhere
from .reading import MEDIA_TYPE, SENTENCES, WrongFields, read_body, read_query
from .values import Nothing

READING: Final = frozenset({"GET", "DELETE"})


class Key(Enum):
    """The credentials that an operation needs."""

    NONE = "none"
    # The token is optional; without one the visitor counts as outside the hall.
    DEVICE_OR_STAFF = "device-or-staff"
    STAFF = "staff"


@dataclass(frozen=True, slots=True)
class Operation:
    """An operation of the API.

    `path` is below /api/v1, and `words` is the key of the description. `takes` is read from the query of a GET or
    DELETE, else from the body. `refusals` are its own statuses, besides those that follow from its form.
    """

    method: str
    path: str
    words: str
    handler: Callable[[Request, Any], Awaitable[BaseModel]]
    gives: type[BaseModel]
    takes: type[BaseModel] = Nothing
    status: int = 200
    key: Key = Key.NONE
    refusals: tuple[int, ...] = ()
    # The address of what was created, with names of fields of `gives`: `/tickets/{token}`.
    found_at: str = ""
    # The answer is the same for everybody and changes rarely, so it gets an ETag (RFC 9110, 13.1.2).
    shared: bool = False

    @property
    def name(self) -> str:
        """The operationId."""
        return self.words.partition(".")[2]

    @property
    def about(self) -> str:
        """The key of the longer description."""
        return f"api.about.{self.name}"

    @property
    def has_body(self) -> bool:
        return self.method not in READING

    @property
    def statuses(self) -> list[int]:
        """Every status with which it can refuse."""
        found = {422, 503, *self.refusals}
        if self.has_body:
            # 403 is for a request that another site made a browser send.
            found |= {400, 403, 413, 415}
        if self.method == "DELETE":
            found |= {403, 413}
        if self.key is Key.STAFF:
            found |= {401, 403}
        if self.key is Key.DEVICE_OR_STAFF:
            found |= {401, 403, 429}
        if "{" in self.path:
            found.add(404)
        return sorted(found)


def routes_of(operations: Iterable[Operation]) -> list[Route]:
    """One route for each path, with all its methods, so that the refusal of another method can list them."""
    by_path: dict[str, list[Operation]] = {}
    for operation in operations:
        by_path.setdefault(operation.path, []).append(operation)
    return [
        Route(path, _endpoint(of_path), methods=[operation.method for operation in of_path])
        for path, of_path in by_path.items()
    ]


def _endpoint(operations: list[Operation]) -> Callable[[Request], Awaitable[Response]]:
    by_method = {operation.method: operation for operation in operations}
    if "GET" in by_method:
        by_method["HEAD"] = by_method["GET"]

    async def endpoint(request: Request) -> Response:
        operation = by_method[request.method]
        try:
            if operation.has_body:
                asked = await read_body(request, operation.takes)
            else:
                asked = read_query(request, operation.takes)
        except WrongFields as wrong:
            return _wrong(request, wrong)
        given = await operation.handler(request, asked)
        body = given.__pydantic_serializer__.to_json(given)
        headers = {"Cache-Control": "no-store"}
        if operation.found_at:
            base = request.scope.get("root_path", "")
            headers["Location"] = base + operation.found_at.format_map(vars(given))
        if operation.shared:
            headers = {"Cache-Control": "no-cache", "ETag": f'"{hashlib.sha256(body).hexdigest()[:32]}"'}
            if headers["ETag"] in request.headers.get("if-none-match", ""):
                return Response(status_code=304, headers=headers)
        return Response(body, operation.status, headers=headers, media_type=MEDIA_TYPE)

    return endpoint


def _wrong(request: Request, wrong: WrongFields) -> Response:
    words = anywhere(request, "en").words
    errors = [
        {"field": fault.field, "code": fault.code, "detail": words.text(SENTENCES[fault.code])}
        for fault in wrong.faults
    ]
    return problem_of(request, wrong.status, wrong.code, error=wrong, errors=errors)
