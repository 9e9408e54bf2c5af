"""One visit at a kiosk: the paired device, its branch, and what the address says. There is no other state.

The path names the language, and `?a=` has one letter for each accessibility option. No cookie is set, because the next
visitor must find no trace of this one.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode

from starlette.requests import HTTPConnection, Request
from starlette.responses import Response

from queue_system.core.errors import DomainError, SignedOut
from queue_system.store.log import Actor
from queue_system.store.queries.access import DeviceView
from queue_system.store.queries.outings import place_on
from queue_system.store.queries.settings import BranchSettings
from queue_system.web import access, errors, kit
from queue_system.web.here import AtBranch

KIND: Final = "kiosk"
PAIRING: Final = "/pair?kind=kiosk"
# The letters of `?a=` and the classes of the body that they stand for, in the order in which they are offered.
ACCESS_OPTIONS: Final = {"c": "contrast", "l": "larger", "d": "lowered"}


@dataclass(frozen=True, kw_only=True)
class Visit(AtBranch):
    """A visitor at a paired kiosk of the branch; `options` holds letters of ACCESS_OPTIONS."""

    device: DeviceView
    options: frozenset[str]

    @property
    def actor(self) -> Actor:
        """The kiosk as an actor of the log."""
        return Actor("device", str(self.device.id))

    @property
    def home(self) -> str:
        """The first page for the next visitor: the branch's language, no accessibility option."""
        return f"/{KIND}/{default_language(self.branch)}"

    @property
    def pristine(self) -> bool:
        """Whether language and accessibility options are those of a new visitor."""
        return self.language == default_language(self.branch) and not self.options

    def at(self, path: str = "", **query: str) -> str:
        """An address of this visit, such as `visit.at("/check-in")`."""
        return self.url(self.language, self.options, path, **query)

    def in_language(self, language: str) -> str:
        """The first page in another language."""
        return self.url(language, self.options)

    def toggled(self, letter: str, path: str, **query: str) -> str:
        """An address of this visit with one accessibility option switched."""
        return self.url(self.language, self.options ^ {letter}, path, **query)

    @staticmethod
    def url(language: str, options: frozenset[str], path: str = "", **query: str) -> str:
        """`/kiosk/<language><path>?…` with the letters of `options`."""
        letters = "".join(letter for letter in ACCESS_OPTIONS if letter in options)
        values = query | ({"a": letters} if letters else {})
        return f"/{KIND}/{language}{path}" + (f"?{urlencode(values)}" if values else "")


@dataclass(frozen=True, slots=True)
class AccessOption:
    """An accessibility option: the class of the body, whether it is on, and the address of this page with it switched."""

    name: str
    on: bool
    address: str


Handler = Callable[[Visit], Awaitable[Response]]


def for_visits(handler: Handler) -> Callable[[Request], Awaitable[Response]]:
    """The endpoint of a page for paired kiosks only; a refusal is shown as a page of the kiosk."""

    async def page(request: Request) -> Response:
        try:
            visit = await visit_of(request)
        except SignedOut:
            return kit.see_other(PAIRING)
        if visit.language != request.path_params["lang"]:
            return kit.see_other(visit.at())
        try:
            return await handler(visit)
        except DomainError as error:
            return await _trouble(visit, errors.message(error, visit.words), error.status)

    return page


async def begin(request: Request) -> Response:
    """`/kiosk`: redirects to the first page, or to pairing if the device is not paired."""
    try:
        device = await access.device(request, KIND)
    except SignedOut:
        return kit.see_other(PAIRING)
    branch = await access.branch_of(request, device)
    return kit.see_other(f"/{KIND}/{default_language(branch)}")


async def visit_of(connection: HTTPConnection) -> Visit:
    """The visit of a request. If the language in the address is unknown, it uses the branch's.

    Raises SignedOut("not-paired").
    """
    device = await access.device(connection, KIND)
    branch = await access.branch_of(connection, device)
    wanted = connection.path_params["lang"]
    language = wanted if wanted in kit.languages_of(branch) else default_language(branch)
    letters = frozenset(connection.query_params.get("a", "")) & ACCESS_OPTIONS.keys()
    return Visit(connection=connection, language=language, branch=branch, device=device, options=frozenset(letters))


def default_language(branch: BranchSettings) -> str:
    """The first language at a kiosk: the branch's, if it has a catalogue."""
    offered = kit.languages_of(branch)
    return branch.default_language if branch.default_language in offered else offered[0]


async def show(
    visit: Visit, template: str, path: str, context: dict[str, Any] | None = None, status: int = 200
) -> Response:
    """Answer with a page of the kiosk; `path` is its own address without language, for the accessibility options."""
    now = visit.now
    values: dict[str, Any] = {
        "visit": visit,
        "now": now,
        "texts": visit.branch.texts,
        "place": place_on(visit.branch, None, now),
        "classes": [name for letter, name in ACCESS_OPTIONS.items() if letter in visit.options],
        "access_options": [
            AccessOption(name, letter in visit.options, visit.toggled(letter, path))
            for letter, name in ACCESS_OPTIONS.items()
        ],
    }
    return await visit.page(f"{KIND}/{template}", values | (context or {}), status=status)


async def _trouble(visit: Visit, advice: object, status: int) -> Response:
    """Say what was refused and what to do; the page leads back to the first one."""
    return await show(visit, "trouble.html", "", {"advice": advice}, status)
