"""Pages: the language of a request, the templates, the one way to answer with HTML."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from functools import lru_cache, partial
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

from jinja2 import ChoiceLoader, Environment, FileSystemLoader, PrefixLoader, StrictUndefined, pass_context
from jinja2.runtime import Context
from markupsafe import Markup
from python_multipart.multipart import parse_options_header
from starlette.datastructures import URL
from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from ..core.errors import Unavailable
from ..i18n import dates, filters
from ..i18n.money import money
from ..i18n.numerals import to_digits
from ..i18n.words import OWN_NAMES, Words, available_languages, choose_language, words_for
from ..settings.services import Fee
from ..store.queries.settings import BranchSettings
from .installation import Installation, ReadOnlyInstallation, installation_of

FOLDER: Final = Path(__file__).parent
LANGUAGE_COOKIE: Final = "language"
A_YEAR: Final = 365 * 24 * 3600
# The most characters read from a field of a form; our fields need less than a tenth of it.
LONGEST_FIELD: Final = 2_000
MOST_FIELDS: Final = 100


def templates(folders: dict[str, Path], static: StaticFiles) -> Environment:
    """The template environment: the shared templates here, and those of each surface under its name (`kiosk/…`)."""
    loader = ChoiceLoader(
        [
            FileSystemLoader(FOLDER / "templates"),
            PrefixLoader({name: FileSystemLoader(path) for name, path in folders.items()}),
        ]
    )
    environment = Environment(loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True)
    environment.lstrip_blocks = True
    environment.globals["static"] = static.url
    environment.filters.update(
        bdi=filters.bdi,
        loc=_localised,
        digits=_digits,
        day=_day,
        time=_time,
        day_time=_day_time,
        near_day=_near_day,
        weekday=_weekday,
        month=_month,
        minutes=_minutes,
        money=_money,
    )
    return environment


class StaticFiles:
    """Our files under addresses that change with their contents, so that browsers may cache them for ever.

    `folders` maps the first part of the address to a directory: `/static/…`, `/kiosk/static/…`.
    """

    def __init__(self, folders: dict[str, Path]) -> None:
        self._folders = folders
        self._urls: dict[str, str] = {}
        self._digests: dict[tuple[Path, int], str] = {}

    def url(self, name: str) -> str:
        """`base.css` → `/static/<hash>/base.css`; `kiosk:kiosk.css` → `/kiosk/static/<hash>/kiosk.css`."""
        if name not in self._urls:
            prefix, _, path = name.rpartition(":")
            digest = self.digest(self._folders[prefix] / path)
            self._urls[name] = f"{f'/{prefix}' if prefix else ''}/static/{digest}/{path}"
        return self._urls[name]

    def digest(self, file: Path) -> str:
        """The part of a file's address that changes with its contents; worked out once for each change."""
        key = (file, file.stat().st_mtime_ns)
        if key not in self._digests:
            self._digests[key] = hashlib.sha256(file.read_bytes()).hexdigest()[:12]
        return self._digests[key]

    @property
    def prefixes(self) -> tuple[str, ...]:
        """The first parts of the addresses; "" for the files of `web` itself."""
        return tuple(self._folders)

    def locate(self, prefix: str, path: str) -> Path | None:
        """The file at an address; None if there is none or it lies outside the folder."""
        folder = self._folders[prefix].resolve()
        try:
            file = (folder / path).resolve()
            return file if file.is_relative_to(folder) and file.is_file() else None
        except (OSError, ValueError):
            # The path has a NUL or is too long for the file system, so it cannot be a file of ours.
            return None


def language_of(
    connection: HTTPConnection,
    branch: BranchSettings | None = None,
    *,
    preferred: str | None = None,
    fallback: str | None = None,
) -> str:
    """The language of the answer: that in the address, else the one chosen before, `preferred`, the browser's first.

    It always has a catalogue and, if a branch is known, is one that the branch offers.
    """
    offered = languages_of(branch)
    for wish in (connection.query_params.get("lang"), connection.cookies.get(LANGUAGE_COOKIE), preferred):
        if wish in offered:
            return wish
    default = fallback or (branch.default_language if branch else "ar")
    return choose_language(
        connection.headers.get("accept-language"), offered, default if default in offered else offered[0]
    )


def language_of_staff(connection: HTTPConnection, known: str, branch: BranchSettings | None = None) -> str:
    """The language of a page for staff, by the same wishes; `known` is the person's.

    Any language of the interface, because a branch offers its languages to visitors, and its staff may speak another.
    """
    return language_of(connection, fallback=known or (branch.default_language if branch else None))


def languages_of(branch: BranchSettings | None) -> tuple[str, ...]:
    """The languages a page can be shown in."""
    ready = available_languages()
    if branch is None:
        return ready
    return tuple(language for language in branch.languages if language in ready) or ready[:1]


def called_languages(branch: BranchSettings | None = None) -> list[tuple[str, str]]:
    """The languages a page can be shown in, as their speakers call them."""
    return [(code, OWN_NAMES[code]) for code in languages_of(branch)]


def words_of(language: str, branch: BranchSettings | None = None) -> Words:
    """The texts of a language in the digits of a branch."""
    system = branch.digits.of(language) if branch else "latn"
    return words_for(language, "arab" if system == "arab" and language == "ar" else "latn")


async def page(
    request: Request,
    template: str,
    context: dict[str, Any] | None = None,
    *,
    branch: BranchSettings | None = None,
    status: int = 200,
    language: str | None = None,
    headers: dict[str, str] | None = None,
) -> Response:
    """Answer with a page. Browsers and proxies must not store pages, because they show personal data."""
    language = language or language_of(request, branch)
    html = await render(installation_of(request), template, context, branch=branch, language=language, request=request)
    response = HTMLResponse(html, status, headers={"Cache-Control": "no-store"} | (headers or {}))
    if request.query_params.get("lang") == language and request.cookies.get(LANGUAGE_COOKIE) != language:
        secure = installation_of(request).configuration.behind_tls
        response.set_cookie(
            LANGUAGE_COOKIE, language, max_age=A_YEAR, samesite="lax", secure=secure, httponly=True, path="/"
        )
    return response


async def render(
    installation: Installation | ReadOnlyInstallation,
    template: str,
    context: dict[str, Any] | None = None,
    *,
    language: str,
    branch: BranchSettings | None = None,
    request: Request | None = None,
) -> str:
    """The text of a template; also for sockets, which have no request."""
    words = words_of(language, branch)
    names, motto = await _who(installation, branch)
    values: dict[str, Any] = {
        "lang": language,
        "dir": words.direction,
        "words": words,
        "t": words.html,
        "tn": words.html_plural,
        "plain": words.text,
        "plain_n": words.plural,
        "organisation": names,
        "motto": motto,
        "theme": None,
        "navigation": [],
        "branch": branch,
        "zone": branch.calendar.zone if branch else ZoneInfo("UTC"),
        "now": installation.clock.now(),
        "languages": called_languages(branch),
        "language_urls": partial(_language_url, request.url if request else None),
        "path": request.url.path if request else "",
        "staff": getattr(request.state, "staff", None) if request else None,
        "demo": installation.demo,
    }
    return installation.templates.get_template(template).render(values | (context or {}))


async def _who(
    installation: Installation | ReadOnlyInstallation, branch: BranchSettings | None
) -> tuple[Mapping[str, str], Mapping[str, str] | None]:
    """The names and the motto of the organisation; before there is one, the name of the system."""
    if branch is not None:
        return branch.organisation.names, branch.organisation.motto
    try:
        found = await installation.organisation()
    except Unavailable as error:
        if error.code != "not-initialised":
            raise
        return {one: words_of(one).text("common.system") for one in available_languages()}, None
    return found.names, found.motto


async def form(request: Request, longest: int = LONGEST_FIELD) -> dict[str, str]:
    """The fields of a form as text, the last of several with one name; as `form_items`."""
    return dict(await form_items(request, longest))


async def form_items(request: Request, longest: int = LONGEST_FIELD, most: int = MOST_FIELDS) -> list[tuple[str, str]]:
    """The fields of a form as text, in order; files are ignored, and more than `most` are refused.

    A field is cut off after `longest` characters, because some later work takes time quadratic in the length; much
    shorter texts are refused there anyway. NUL is removed, because PostgreSQL cannot store it. Raises HTTPException(400)
    if the body is not a form, or not in UTF-8.
    """
    require_utf8(request)
    async with request.form(max_fields=most) as fields:
        items = fields.multi_items()
    return [(name, text[:longest].replace("\0", "")) for name, text in items if isinstance(text, str)]


def require_utf8(request: Request) -> None:
    """Raise HTTPException(400) for a form in another encoding.

    Browsers use the page's encoding, UTF-8. Other codecs of Python may fail, or produce characters that are no text.
    """
    _, options = parse_options_header(request.headers.get("content-type"))
    if options.get(b"charset", b"utf-8").lower() not in (b"utf-8", b"utf8"):
        raise HTTPException(400)


def see_other(url: str) -> Response:
    """Redirect after a form has done its work (303), so that a reload does not send it again."""
    return RedirectResponse(url, 303, headers={"Cache-Control": "no-store"})


def is_htmx(request: Request) -> bool:
    """Whether htmx asks for a fragment, and not a browser for a page."""
    return request.headers.get("hx-request") == "true"


def _language_url(url: URL | None, language: str) -> str:
    if url is None:
        return f"?lang={language}"
    changed = url.include_query_params(lang=language)
    return f"{changed.path}?{changed.query}"


@pass_context
def _localised(context: Context, names: dict[str, str] | None, fallbacks: Sequence[str] = ("ar", "en")) -> str:
    return filters.localised(names, context["lang"], fallbacks)


@pass_context
def _digits(context: Context, value: object) -> str:
    return to_digits(str(value), context["words"].digits)


@pass_context
def _day(context: Context, value: date | datetime) -> str:
    on = value.astimezone(context["zone"]).date() if isinstance(value, datetime) else value
    return dates.day(on, context["words"])


@pass_context
def _time(context: Context, value: datetime) -> Markup:
    return _time_of(value, context["zone"], context["words"])


@lru_cache(maxsize=4_096)
def _time_of(value: datetime, zone: ZoneInfo, words: Words) -> Markup:
    """Remembered, because the appointments of a week have few times."""
    return filters.bdi(dates.time(value, zone, words))


@pass_context
def _day_time(context: Context, value: datetime) -> str:
    return dates.day_time(value, context["zone"], context["words"])


@pass_context
def _near_day(context: Context, value: date | datetime) -> str:
    zone = context["zone"]
    on = value.astimezone(zone).date() if isinstance(value, datetime) else value
    return dates.near_day(on, context["now"].astimezone(zone).date(), context["words"])


@pass_context
def _weekday(context: Context, value: datetime) -> str:
    return dates.weekday(value.astimezone(context["zone"]).date(), context["words"])


@pass_context
def _month(context: Context, value: date) -> str:
    return dates.month(value, context["words"])


@pass_context
def _minutes(context: Context, value: int) -> str:
    return dates.minutes(value, context["words"])


@pass_context
def _money(context: Context, price: Fee) -> str:
    return money(price.amount, price.currency, context["words"])
