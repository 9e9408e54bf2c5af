"""The people who work here: the list, and what its pages share."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from ...core.names import same_letters
from ...core.rights import INVITE_RIGHTS, PEOPLE_RIGHTS, Rights
from ...i18n import dates
from ...store.database import Tx
from ...store.queries.access import StaffView
from ...store.queries.grants import Grant
from ...store.queries.people import Colleague, RoleView, colleagues, roles, second_methods
from ...store.queries.settings import BranchSettings, branch_ids, readable
from ...store.tables import ORGANISATION
from .frame import InOffice, enter, office_page

PAGE: Final = "/office/people"

Names = dict[str, str]


@dataclass(frozen=True, slots=True)
class Held:
    """A role that somebody holds; `place` None is the whole organisation. `key` names it in forms."""

    grant: Grant
    role: Names
    place: Names | None
    department: Names | None

    @property
    def key(self) -> str:
        return f"{self.grant.place}/{self.grant.role}/{self.grant.department}"


@dataclass(frozen=True, slots=True)
class House:
    """What names the roles and places: all branches by id, all roles by slug."""

    branches: dict[UUID, BranchSettings]
    roles: dict[str, RoleView]

    def held(self, grants: Iterable[Grant]) -> list[Held]:
        return [self.named(one) for one in grants]

    def named(self, one: Grant) -> Held:
        branch = self.branches.get(one.place)
        departments = branch.departments.values() if branch else ()
        department = next((found.names for found in departments if found.slug == one.department), None)
        return Held(one, self.roles[one.role].names, branch.names if branch else None, department)


async def show(request: Request) -> Response:
    """Everybody whom the person may see; `?q=` finds by name or sign-in name."""
    here = await enter(request, PEOPLE_RIGHTS)
    house = await here.read(house_of)
    typed = request.query_params.get("q", "").strip()
    found = [one for one in await here.read(colleagues) if is_seen(here.person, one) and _matches(one, typed)]
    context: dict[str, Any] = {
        "people": [(one, house.held(one.grants)) for one in found],
        "methods": await here.read(second_methods),
        "typed": typed,
        "clock": clock_of(here),
        "invites": here.person.may_somewhere(INVITE_RIGHTS),
        "said": request.query_params.get("said", "") == "removed",
    }
    return await office_page(here, "office/people.html", context)


def house_of(tx: Tx) -> House:
    """The names of roles and places."""
    branches = {branch.id: branch for branch in readable(tx, branch_ids(tx).values())}
    return House(branches, {one.slug: one for one in roles(tx)})


def is_seen(person: StaffView, colleague: Colleague) -> bool:
    """Whether the person has anything to do with an account: it holds a role where the person manages people, or none."""
    places = colleague.places()
    return not places or any(person.may_any(PEOPLE_RIGHTS, place) for place in places)


def may_over(person: StaffView, colleague: Colleague, rights: Rights) -> bool:
    """Whether the person has one of `rights` wherever the account holds roles; `actions.authority` decides in the end."""
    places = colleague.places()
    return all(person.may_any(rights, place) for place in places) if places else person.may_somewhere(rights)


def places_with(here: InOffice, house: House, rights: Rights) -> list[tuple[UUID, Names | None]]:
    """The places where the person has one of `rights`, with their names.

    The organisation comes last, with None, because a form proposes the first and the widest scope needs a choice.
    """
    found: list[tuple[UUID, Names | None]] = [
        (one.id, one.names) for one in house.branches.values() if here.person.may_any(rights, one.id)
    ]
    return found + ([(ORGANISATION, None)] if here.person.may_any(rights, ORGANISATION) else [])


def clock_of(here: InOffice) -> Any:
    """Writes an instant on the clock of the person's first branch."""
    zone, words = here.branches[0].zone if here.branches else ZoneInfo("UTC"), here.words
    return lambda at: dates.day_time(at, zone, words)


def _matches(one: Colleague, typed: str) -> bool:
    return same_letters(typed) in same_letters(one.name) or same_letters(typed) in same_letters(one.login)


routes: list[BaseRoute] = [Route(PAGE, show)]
