"""What the pages of the office share: checking the person, the sections, times of several branches."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import Response

from ...core.edit_rights import edit_rights
from ...core.errors import Missing
from ...core.rights import (
    ACROSS_RIGHTS,
    ASKING_RIGHTS,
    AUDIT_RIGHTS,
    CLOSING_RIGHTS,
    DATA_RIGHTS,
    DECISION_RIGHTS,
    DEVICE_RIGHTS,
    FIGURE_RIGHTS,
    FILE_RIGHTS,
    HEALTH_RIGHTS,
    HOURS_RIGHTS,
    OBJECT_RIGHTS,
    OFFICE_RIGHTS,
    PEOPLE_RIGHTS,
    PLACES_RIGHTS,
    PRINTER_RIGHTS,
    REPORT_RIGHTS,
    ROLES_RIGHTS,
    TODAY_RIGHTS,
    Rights,
)
from ...i18n import dates, filters
from ...i18n.words import Words
from ...store.queries.people import rescued_lately
from ...store.queries.settings import BranchSettings
from ...store.tables import ORGANISATION
from ...web import kit
from ...web.access import in_service
from ...web.here import StaffAtBranch, StaffHere, not_allowed, onlooker_here, staff_at, staff_here
from ...web.places import Place, entry

#: The entries of the office, each with its pages. A page that a person may not open is not shown to them.
ENTRIES: Final = (
    entry(
        "office.entry-today",
        Place("/office", "office.overview", TODAY_RIGHTS),
        Place("/office/figures", "figures.title", FIGURE_RIGHTS),
        Place("/office/figures/branches", "figures.across", ACROSS_RIGHTS),
        Place("/office/what-if", "whatif.title", REPORT_RIGHTS),
        Place("/office/waits", "waits.title", REPORT_RIGHTS),
        Place("/office/fairness", "fairness.title", REPORT_RIGHTS),
    ),
    entry(
        "office.entry-bookings",
        Place("/office/undecided", "office.undecided", DECISION_RIGHTS),
        Place("/office/messages", "messages.title", DECISION_RIGHTS),
        Place("/office/given-back", "office.given-back", PLACES_RIGHTS),
    ),
    entry(
        "office.entry-hours",
        Place("/office/hours", "hours.title", CLOSING_RIGHTS),
        Place("/office/closures", "hours.closures", CLOSING_RIGHTS),
        Place("/office/seasons", "hours.seasons", HOURS_RIGHTS),
        Place("/office/calendars", "hours.check-year", HOURS_RIGHTS),
        Place("/office/closing", "hours.close-day", CLOSING_RIGHTS),
    ),
    entry(
        "office.entry-services",
        Place("/office/settings", "office.settings", OBJECT_RIGHTS),
        Place("/office/letters", "messages.texts", edit_rights("message")),
    ),
    entry(
        "office.entry-people",
        Place("/office/people", "people.title", PEOPLE_RIGHTS),
        Place("/office/roles", "people.roles", ROLES_RIGHTS),
        Place("/office/rights", "people.matrix", ROLES_RIGHTS),
        Place("/office/approvals", "approvals.title", ASKING_RIGHTS),
    ),
    entry(
        "office.entry-house",
        Place("/office/branches", "branches.title", FILE_RIGHTS),
        Place("/office/devices", "office.devices", DEVICE_RIGHTS),
        Place("/office/printers", "office.printers", PRINTER_RIGHTS),
        Place("/office/health", "office.health", HEALTH_RIGHTS),
        Place("/office/first-steps", "steps.title", HEALTH_RIGHTS),
        Place("/office/audit", "office.audit", AUDIT_RIGHTS),
        Place("/office/data", "office.data", DATA_RIGHTS),
    ),
)
OFFICE: Final = Place("/office", "desk.place-office", OFFICE_RIGHTS, sections=ENTRIES)


@dataclass(frozen=True, kw_only=True)
class InOffice(StaffHere):
    """Somebody in the office, with the branches where they have one of the rights that the page asks for.

    `branches` is empty for a person who has the right for the organisation only.
    """

    branches: tuple[BranchSettings, ...]

    def named(self, slug: str) -> BranchSettings:
        """The branch of that name among `branches`; raises Missing("branch")."""
        for branch in self.branches:
            if branch.slug == slug:
                return branch
        raise Missing("branch")

    def at(self, branch: BranchSettings) -> StaffAtBranch:
        """The same person at one of the branches: in its language and digits, and writing to it."""
        return staff_at(self.connection, self.person, branch)


def branch_asked(here: InOffice) -> BranchSettings | None:
    """The branch that the address names, else the first one; None without any. Raises Missing("branch")."""
    slug = here.request.query_params.get("branch", "")
    return here.named(slug) if slug else next(iter(in_service(here.branches, here.now)), None)


async def enter(request: Request, rights: Rights) -> InOffice:
    """The signed-in person and the branches where they have any of `rights`; raises SignedOut, Denied."""
    return await _in_office(await staff_here(request), rights)


async def enter_as_onlooker(request: Request, rights: Rights) -> InOffice:
    """As `enter`, for requests that a page makes by itself, because these must not keep a session alive."""
    here = await onlooker_here(request)
    return await _in_office(replace(here, language=kit.language_of(request)), rights)


async def office_page(
    here: StaffHere, template: str, context: dict[str, Any] | None = None, *, status: int = 200, belongs: str = ""
) -> Response:
    """Answer with a page of the office; `belongs` is the address of the page to which it belongs, if its own is not below."""
    rescued = await here.read(rescued_lately)
    return await here.page(
        template,
        {"entries": entries_for(here, belongs or here.request.url.path), "rescued": rescued, "asked": ()}
        | (context or {}),
        status=status,
    )


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry of the office as one person sees it: the pages that they may open, as (address, key of the words)."""

    words: str
    pages: tuple[tuple[str, str], ...]
    current: str | None

    @property
    def address(self) -> str:
        return self.pages[0][0]


def entries_for(here: StaffHere, path: str) -> list[Entry]:
    """The entries with at least one page for the person; `current` is the page to which the address `path` belongs."""
    found = []
    for one in OFFICE.sections:
        pages = tuple((page.address, page.words) for page in one.pages() if here.person.may_somewhere(page.rights))
        shown = [address for address, _ in pages if path == address or path.startswith(f"{address}/")]
        if pages:
            current = max(shown, key=len, default=None)
            found.append(Entry(one.words, pages, None if current == OFFICE.address != path else current))
    return found


def moment(at: datetime | None, branch: BranchSettings, words: Words, now: datetime) -> Markup | None:
    """A time on the branch's clock, with its date unless it is today; None for None."""
    if at is None:
        return None
    today = now.astimezone(branch.zone).date()
    if at.astimezone(branch.zone).date() == today:
        return filters.bdi(dates.time(at, branch.zone, words))
    return filters.bdi(dates.day_time(at, branch.zone, words), "auto")


async def _in_office(here: StaffHere, rights: Rights) -> InOffice:
    found = await here.branches_with(rights)
    if not found and not here.person.may_any(rights, ORGANISATION):
        raise not_allowed(here.connection, rights)
    return InOffice(**vars(here), branches=tuple(found))
