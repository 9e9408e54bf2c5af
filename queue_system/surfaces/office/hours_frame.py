"""What the pages of hours and closures share: the branch, its declared settings, and their names in words."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import Response

from ...core.errors import Missing
from ...core.hours import business_date
from ...core.rights import Rights
from ...i18n.words import Words
from ...settings.branch import Branch
from ...settings.declared import Declared
from ...settings.edits import Edit
from ...settings.faults import Fault, faults_of
from ...settings.objects import own_values
from ...settings.organisation import ORGANISATION_SLUG, Profile
from ...store.queries.hours import declared_hours
from ...store.queries.settings import BranchSettings
from ...web import kit
from ...web.here import StaffAtBranch
from ...web.setting_words import Things, things_of
from .asking import about_hours, asked_about
from .editing import Saved, saved_at
from .frame import InOffice, enter, office_page
from .resolving import EditOfSome


@dataclass(frozen=True, slots=True)
class Hours:
    """A branch whose hours somebody looks at; `branches` are those among which they can choose."""

    here: StaffAtBranch
    branches: tuple[BranchSettings, ...]
    declared: Branch
    organisation: Profile
    things: Things

    @property
    def branch(self) -> BranchSettings:
        return self.here.branch

    @property
    def words(self) -> Words:
        return self.here.words

    @property
    def today(self) -> date:
        """The business day of the branch."""
        return business_date(self.here.now, self.branch.zone, self.branch.day_starts)

    @property
    def own(self) -> Mapping[str, Any]:
        """The fields of the branch itself, as edits have them."""
        return own_values(self.declared)

    @property
    def common(self) -> Mapping[str, Any]:
        """The fields of the organisation itself, as edits have them."""
        return own_values(self.organisation)

    async def page(self, template: str, address: str, context: dict[str, Any], *, status: int = 200) -> Response:
        """Answer with a page that can be changed to that of another branch, at `address` with its slug behind it."""
        shared = {
            "branch": self.branch,
            "others": [one for one in self.branches if one.id != self.branch.id],
            "address": address,
            "today": self.today,
            "things": self.things,
            "asked": await asked_about(self.here, about_hours(self.branch.id)),
        }
        return await office_page(self.here, template, shared | context, status=status)


async def hours_at(request: Request, rights: Rights) -> Hours:
    """The branch that the address names, or the first. Raises SignedOut, Denied, Missing("branch"), Unreadable."""
    found = await enter(request, rights)
    branch = _chosen(found)
    here = found.at(branch)
    known = await here.read(declared_hours, branch.id)
    things = things_of(known.branch, known.organisation.catalogue, here.words)
    return Hours(here, found.branches, known.branch, known.organisation, things)


async def to_first(request: Request, rights: Rights, address: str) -> Response:
    """Lead to the page of the first branch where the person has any of `rights`."""
    found = await enter(request, rights)
    if not found.branches:
        raise Missing("branch")
    return kit.see_other(f"{address}/{found.branches[0].slug}")


def address_of(page: str, hours: Hours, *, everywhere: bool) -> str:
    """Where a save leads: the page of the branch, which says whether the change was one of all branches."""
    return f"{page}/{hours.branch.slug}" + (f"?at={ORGANISATION_SLUG}" if everywhere else "")


def saved_here(request: Request, hours: Hours) -> Saved | None:
    """What was just saved at the branch or for all branches, None for nothing."""
    everywhere = request.query_params.get("at") == ORGANISATION_SLUG
    return saved_at(request, ORGANISATION_SLUG if everywhere else hours.branch.slug)


def mistakes(declaration: type[Declared], values: Mapping[str, Any]) -> tuple[Fault, ...]:
    """What is wrong with the values of one declaration, before they are put among others."""
    try:
        found = declaration.model_validate(values).mistake()
    except ValidationError as error:
        return tuple(faults_of(error))
    return () if found is None else (found,)


def replaced(kind: str, slug: str, field: str, present: Sequence[Any], was: Sequence[Any], now: Sequence[Any]) -> Edit:
    """An edit of some elements of a list; what others have added to it meanwhile stays.

    Elements that are no longer among the `present` ones make it a conflict.
    """
    if not all(one in present for one in was):
        return EditOfSome(kind, slug, {field: [*was]}, {field: [*now]})
    places = [present.index(one) for one in was]
    after = [one for place, one in enumerate(present) if place not in places]
    where = min(places, default=len(after))
    return Edit(kind, slug, {field: [*present]}, {field: [*after[:where], *now, *after[where:]]})


def element(sent: str, declaration: type[Declared]) -> dict[str, Any] | None:
    """An element of a list of that declaration as a page sent it back, None if it is none."""
    try:
        value = json.loads(sent) if sent else None
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) and not mistakes(declaration, value) else None


def _chosen(found: InOffice) -> BranchSettings:
    return found.named(found.request.path_params["branch"])
