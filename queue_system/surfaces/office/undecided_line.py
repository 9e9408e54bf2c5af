"""People in line whom the settings no longer support, on the page of what is to be decided (`undecided.py`)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from ...actions.guarded_decisions import AS_WITH_BOOKINGS, require_choices
from ...actions.line_decisions import decide_stranded, key_of
from ...core.effect import LostTicket
from ...core.promises import Choice, Choices, LineChoice
from ...core.rights import DECISION_RIGHTS
from ...core.support import Support
from ...store.database import Tx
from ...store.queries.access import StaffView
from ...store.queries.effect import offer_of
from ...store.queries.settings import BranchSettings
from ...store.queries.stranded import StrandedView, stranded
from ...web import kit
from ...web.departments import services_for
from .effects import MOST_FIELDS
from .frame import InOffice, enter
from .line_effects import LineGroup, line_groups, read_line_choices

PAGE: Final = "/office/undecided"


@dataclass(frozen=True, slots=True)
class LineList:
    """The people in line at one branch on whom somebody must decide."""

    branch: BranchSettings
    groups: tuple[LineGroup, ...]


async def decide_line(request: Request) -> Response:
    """Carry out what is chosen for people in line; what is left for later stays on the list."""
    here = await enter(request, DECISION_RIGHTS)
    branch = here.named(request.path_params["branch"])
    by_line, by_ticket = read_line_choices(await kit.form_items(request, most=MOST_FIELDS))
    sent = Choices(by_line=by_line, by_ticket=by_ticket)
    listed = await here.read(seen_in_line, here.person, branch)
    wanted = {one.ticket.id: sent.of_ticket(one.ticket.id, key_of(branch, one.ticket, one.why)) for one in listed}
    chosen = ((one.ticket.service_id, AS_WITH_BOOKINGS[wanted[one.ticket.id].choice]) for one in listed)
    require_choices(here.person, branch, chosen)
    done = await here.at(branch).do(decide_stranded, Choices(by_ticket=wanted), here.actor)
    return kit.see_other(f"{PAGE}?{urlencode({'done': sum(how is not LineChoice.LATER for how in done.values())})}")


async def line_list(here: InOffice, branch: BranchSettings, may: Mapping[str, frozenset[Choice]]) -> LineList:
    """The people in line whom the person may decide on; `may` are the choices by slug of the service."""
    listed = await here.read(seen_in_line, here.person, branch)
    takes_in = Support(offer_of(branch)).takes_in(branch.timetable.business_date(here.now)) if listed else ()
    return LineList(branch, line_groups((_lost(branch, one) for one in listed), branch, takes_in, may, Choices()))


def seen_in_line(tx: Tx, person: StaffView, branch: BranchSettings) -> list[StrandedView]:
    """The people in line on whom somebody must decide, and who wait for a service of the person's departments."""
    allowed = services_for(person, branch, DECISION_RIGHTS)
    return [one for one in stranded(tx, branch) if one.ticket.service_id in allowed]


def _lost(branch: BranchSettings, one: StrandedView) -> LostTicket:
    ticket = one.ticket
    service, queue = branch.services[ticket.service_id], branch.queues[ticket.queue_id]
    return LostTicket(ticket.id, ticket.code, service.slug, queue.slug, one.why)


routes: list[BaseRoute] = [Route(f"{PAGE}/{{branch}}/line", decide_line, methods=["POST"])]
