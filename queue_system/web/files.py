"""Static files under addresses with a hash (kept for ever), and the health check."""

from __future__ import annotations

import asyncio
import gzip
import mimetypes
from functools import cache, lru_cache
from pathlib import Path
from typing import Final

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import BaseRoute, Route

from ..core.errors import Unavailable
from ..store import log, schema
from ..store.database import Database, Tx
from .here import anywhere
from .kit import StaticFiles

FOR_EVER: Final = "public, max-age=31536000, immutable"
HEALTH_SECONDS: Final = 3.0
# Text files, which are the same for everybody. Pages are not packed, because they hold secret links (BREACH attack).
PACKED: Final = frozenset({".css", ".js", ".svg"})


def routes_for(static: StaticFiles) -> list[BaseRoute]:
    """One route for each folder of static files, and `/healthz`."""

    def served(prefix: str) -> Route:
        async def file(request: Request) -> Response:
            path = static.locate(prefix, request.path_params["path"])
            if path is None:
                raise HTTPException(404)
            # While nodes are updated one by one, a page of the new node may ask the old one for its files.
            known = request.path_params["digest"] == static.digest(path)
            headers = {"Cache-Control": FOR_EVER if known else "no-store"}
            if path.suffix not in PACKED:
                return FileResponse(path, headers=headers)
            headers["Vary"] = "Accept-Encoding"
            if "gzip" not in request.headers.get("accept-encoding", ""):
                return FileResponse(path, headers=headers)
            body = _packed(path, path.stat().st_mtime_ns)
            kind = mimetypes.guess_type(path.name)[0]
            return Response(body, headers=headers | {"Content-Encoding": "gzip"}, media_type=kind)

        return Route(f"{f'/{prefix}' if prefix else ''}/static/{{digest}}/{{path:path}}", file)

    return [*(served(prefix) for prefix in static.prefixes), Route("/healthz", health)]


@lru_cache(maxsize=128)
def _packed(path: Path, _changed: int) -> bytes:
    """The gzipped file (RFC 1952), packed once for each change of the file."""
    return gzip.compress(path.read_bytes(), mtime=0)


#: It reads the files of the migrations, so the answer is kept.
_serves = cache(schema.serves)


async def health(request: Request) -> Response:
    """For load balancers: 200 while this node can read and write its database at a schema that it knows, else 503."""
    try:
        await asyncio.wait_for(_can_work(anywhere(request).installation.database), HEALTH_SECONDS)
    except Unavailable as error:
        return JSONResponse({"status": "unavailable", "code": error.code}, 503)
    except TimeoutError:
        # A frozen or vanished server refuses nothing; it just does not answer.
        return JSONResponse({"status": "unavailable", "code": "database-silent"}, 503)
    return JSONResponse({"status": "ok"})


async def _can_work(database: Database) -> None:
    """Raise Unavailable if the database cannot be used, or its schema is not one that this program works on.

    After a write has failed it tries one, because a full disk still lets us read.
    """
    revision = await database.read(_looked_at)
    if not _serves(revision):
        raise Unavailable("schema-newer", revision=revision)
    if not all(writer.is_alive() for writer in database.writers):
        raise Unavailable("database-unavailable")
    if database.is_failing:
        await database.write(log.try_to_write)
        database.is_failing = False


def _looked_at(tx: Tx) -> str:
    """The revision of the schema, once the heads of all logs could be read."""
    log.positions(tx)
    return schema.revision_seen(tx)
