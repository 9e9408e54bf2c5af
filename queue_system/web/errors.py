"""Refusals as answers: a page for people, a problem document (RFC 9457) for programs."""

from __future__ import annotations

from collections.abc import Sequence
from http import HTTPStatus
from typing import Any, Final, cast
from urllib.parse import quote, urlencode, urlsplit

import structlog
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Match, Mount, Route
from starlette.types import Scope

from ..core.errors import DomainError, Doubtful, Invalid, SignedOut, TooMany
from ..core.rights import Rights
from ..i18n import isolates
from ..i18n.sentences import error_sentence
from ..i18n.words import Words
from ..logs import LOGGED
from ..store.queries.access import StaffView, roles_with
from . import access, kit
from .here import anywhere
from .observed import HEADER, request_id_of, route_of
from .security import add_headers
from .staff_pages import first_page, is_for_staff, staff_page

API: Final = "/api/"
HTTP_CODES: Final = {
    400: "bad-request",
    404: "not-found",
    405: "method-not-allowed",
    413: "too-large",
    415: "media-type",
}

log = structlog.get_logger(__name__)


def message(error: DomainError, words: Words) -> str:
    """The sentence of an error, as plain text: what happened and what to do."""
    return error_sentence(error.code, error.values, words)


async def on_domain_error(request: Request, error: Exception) -> Response:
    """Answer a DomainError that no handler has caught."""
    error = cast(DomainError, error)
    if request.url.path.startswith(API):
        return problem(request, error)
    if isinstance(error, SignedOut) and error.code == "signed-out":
        where = f"/sign-in?{urlencode({'next': _page_of(request)})}"
        if kit.is_htmx(request):
            return Response(status_code=401, headers={"HX-Redirect": where})
        return kit.see_other(where)
    if error.code == "not-confirmed":
        return kit.see_other(f"/account/confirmation?{urlencode({'next': _page_of(request)})}")
    return await _error_page(request, error.status, error.code, error)


async def on_http_error(request: Request, error: Exception) -> Response:
    """Answer a request that the router or a parser refused."""
    error = cast(HTTPException, error)
    code = HTTP_CODES.get(error.status_code, "bad-request")
    headers = dict(error.headers or {})
    if error.status_code == 404 and (meant := _other_slash(request)):
        return RedirectResponse(meant, 307)
    if request.url.path.startswith(API):
        return problem_of(request, error.status_code, code, headers=headers)
    if error.status_code == 405:
        headers["Allow"] = _allowed(request)
    return await _error_page(request, error.status_code, code, None, headers=headers)


async def on_disconnect(request: Request, _error: Exception) -> Response:
    """Answer when the client is gone, or when its body was cut off as too large."""
    return refusal(request, 413, "too-large")


def refusal(request: Request, status: int, code: str) -> Response:
    """The short answer to a request that the gate refused; without a page, because no handler has seen the request."""
    if request.url.path.startswith(API):
        return problem_of(request, status, code)
    words = anywhere(request, "en").words
    return PlainTextResponse(words.text(f"errors.{code}") + "\n", status)


async def on_failure(request: Request, error: Exception) -> Response:
    """Log an unexpected error with its trace, and tell the person that nothing was changed and what to do."""
    # The path is not logged, because it may hold a secret link.
    log.error(
        "request.failed",
        method=request.method,
        route=route_of(request.scope),
        # This handler runs outside of `Observed`, which binds the id.
        request_id=request_id_of(request.scope),
        exc_info=error,
    )
    vars(error)[LOGGED] = True
    if request.url.path.startswith(API):
        answer = problem_of(request, 500, "fault")
    else:
        answer = await _error_page(request, 500, "fault", None)
    # It also runs outside of the gate. These two add the headers to all other answers.
    answer.headers[HEADER] = request_id_of(request.scope)
    add_headers(answer.headers, https=anywhere(request).installation.configuration.behind_tls)
    return answer


def problem(request: Request, error: DomainError) -> Response:
    """The one shape of the API's errors."""
    field = error.field if isinstance(error, Invalid) else None
    headers = {"Retry-After": str(error.seconds)} if isinstance(error, TooMany) else {}
    if isinstance(error, SignedOut):
        headers["WWW-Authenticate"] = "Bearer"
    return problem_of(request, error.status, error.code, error=error, field=field, headers=headers)


def problem_of(
    request: Request,
    status: int,
    code: str,
    *,
    error: DomainError | None = None,
    field: str | None = None,
    headers: dict[str, str] | None = None,
    errors: list[dict[str, Any]] | None = None,
) -> Response:
    """A problem document (RFC 9457): the phrase of RFC 9110 as `title`, our `code`, and the message as `detail`.

    All but the title are in the language of the request.
    """
    words = anywhere(request, "en").words
    detail = message(error, words) if error else words.text(f"errors.{code}")
    body: dict[str, Any] = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status, "code": code}
    # Direction marks help on a page but disturb in a program's log.
    body["detail"] = isolates.strip(detail)
    if field:
        body["field"] = field
    if errors:
        body["errors"] = errors
    if isinstance(error, Doubtful):
        body["understood"] = list(error.understood)
    return JSONResponse(
        body,
        status,
        headers={"Cache-Control": "no-store", "Content-Language": words.language} | (headers or {}),
        media_type="application/problem+json",
    )


async def _error_page(
    request: Request, status: int, code: str, error: DomainError | None, headers: dict[str, str] | None = None
) -> Response:
    """The error page: its title is the kind of error; then what happened, what was kept, and what to do."""
    here = anywhere(request)
    words = here.words
    context: dict[str, Any] = {
        "title": _title(status, words),
        "advice": message(error, words) if error else words.text(f"errors.{code}"),
        # People report errors that are our fault, and this number finds them in the log.
        "number": request_id_of(request.scope) if status >= 500 else "",
    }
    try:
        if (person := await _staff(request, status)) is not None:
            context |= {"frame": "base_staff.html", "home": first_page(request, person)}
            needed: Rights | None = getattr(request.state, "needed_rights", None)
            if code == "not-allowed" and needed:
                context["roles"] = await here.read(roles_with, needed)
            return await staff_page(request, person, "error.html", context, status=status, headers=headers)
        return await here.page("error.html", context, status=status, headers=headers)
    except DomainError:
        # The page needs the organisation's name from the database; without it, plain text must do.
        text = f"{context['title']}\n\n{context['advice']}\n"
        if context["number"]:
            text += f"\n{words.text('common.error.number', number=context['number'])}\n"
        return PlainTextResponse(text, status, headers={"Cache-Control": "no-store"} | (headers or {}))


async def _staff(request: Request, status: int) -> StaffView | None:
    """The signed-in person if the error is on a staff page, so that it keeps its header with the way out."""
    found: StaffView | None = getattr(request.state, "staff", None)
    if found is None and status < 500 and is_for_staff(request):
        found = request.state.staff = await access.onlooker(request)
    return found


def _other_slash(request: Request) -> str:
    """The existing address that differs from the request's by a slash at its end; "" if there is none.

    It has no host name, because a client can write any host into its request.
    """
    path = request.scope["path"]
    meant = path.rstrip("/") if path.endswith("/") else f"{path}/"
    # An address that begins with two slashes would name another host.
    if not meant or meant.startswith("//") or _is_ours(request, path) or not _is_ours(request, meant):
        return ""
    query = request.url.query
    return f"{quote(meant)}?{query}" if query else quote(meant)


def _is_ours(request: Request, path: str) -> bool:
    """Whether a route serves this whole path; `root_path` is restored for that, because a `Mount` has changed it."""
    before = request.scope.get("app_root_path", request.scope.get("root_path", ""))
    return _has_route(request.app.routes, dict(request.scope, path=path, root_path=before))


def _has_route(routes: Sequence[BaseRoute], scope: Scope) -> bool:
    for route in routes:
        match, within = route.matches(scope)
        if match is not Match.NONE and (not isinstance(route, Mount) or _has_route(route.routes, {**scope, **within})):
            return True
    return False


def _allowed(request: Request) -> str:
    """All methods of an address. GET and POST of a page are two routes, and the router names those of the first only."""
    found: set[str] = set()
    for route in request.app.routes:
        if isinstance(route, Route) and route.matches(request.scope)[0] is not Match.NONE:
            found |= route.methods or set()
    return ", ".join(sorted(found))


def _page_of(request: Request) -> str:
    """The page that a request came from, because the page with a form can be opened and the form's address cannot."""
    here = str(request.url)
    if request.method != "GET" or kit.is_htmx(request):
        here = request.headers.get("hx-current-url") or request.headers.get("referer") or "/"
    try:
        parts = urlsplit(here)
    except ValueError:
        return "/"
    return f"{parts.path}?{parts.query}" if parts.query else parts.path


def _title(status: int, words: Words) -> str:
    if status == 404:
        return words.text("common.error.not-found")
    if status == 403:
        return words.text("common.error.forbidden")
    if status in (429, 503):
        return words.text("common.error.busy")
    return words.text("common.error.failed") if status >= 500 else words.text("common.error.refused")


HANDLERS: Final[dict[Any, Any]] = {
    DomainError: on_domain_error,
    HTTPException: on_http_error,
    ClientDisconnect: on_disconnect,
    Exception: on_failure,
}
