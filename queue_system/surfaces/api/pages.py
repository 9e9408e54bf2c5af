"""The description of the API, as OpenAPI for programs and as a page for people."""

from __future__ import annotations

import gzip
import json
from functools import cache
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response

from ...web import kit
from ...web.here import anywhere
from . import alarms, bookings, counters, places, reception, sessions, tickets
from .document import document
from .operation import Operation
from .outline import outline
from .reading import MEDIA_TYPE

CHAPTERS: Final[tuple[tuple[str, list[Operation]], ...]] = (
    ("api.chapter-places", places.operations),
    ("api.chapter-bookings", bookings.operations),
    ("api.chapter-tickets", tickets.operations),
    ("api.chapter-sessions", sessions.operations),
    ("api.chapter-reception", reception.operations),
    ("api.chapter-counters", [*counters.operations, *alarms.operations]),
)


async def openapi(request: Request) -> Response:
    """The OpenAPI document in the request's language."""
    language = anywhere(request, "en").language
    body = json.dumps(_document(language), ensure_ascii=False)
    answer = Response(body, media_type=MEDIA_TYPE, headers={"Content-Language": language, "Cache-Control": "no-cache"})
    return _packed(request, answer)


async def show(request: Request) -> Response:
    """The same as a page."""
    here = anywhere(request)
    origin = here.installation.configuration.public_url or f"{request.url.scheme}://{request.url.netloc}"
    return _packed(request, await here.page("api/api.html", {"api": outline(_document(here.language), origin)}))


def _packed(request: Request, answer: Response) -> Response:
    """The answer, compressed if the client accepts gzip; this is safe because the description contains no secrets."""
    answer.headers["Vary"] = "Accept-Encoding, Accept-Language, Cookie"
    if "gzip" in request.headers.get("accept-encoding", ""):
        answer.body = gzip.compress(bytes(answer.body), 6, mtime=0)
        answer.headers["Content-Encoding"] = "gzip"
        answer.headers["Content-Length"] = str(len(answer.body))
    return answer


@cache
def _document(language: str) -> dict[str, Any]:
    return document(CHAPTERS, kit.words_of(language))
