"""Messages about coming appointments that nobody received, and what to do about each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from ...core.rights import DECISION_RIGHTS
from ...i18n import dates
from ...store.database import Tx
from ...store.queries.access import StaffView
from ...store.queries.messages import UnsentMessage, unsent_messages
from ...store.queries.settings import BranchSettings
from ...web.departments import services_for
from .frame import InOffice, enter, office_page

PAGE: Final = "/office/messages"


@dataclass(frozen=True, slots=True)
class BranchMessages:
    """The messages of one branch, each with the time of its appointment in words."""

    branch: BranchSettings
    messages: tuple[tuple[UnsentMessage, str], ...]


async def show(request: Request) -> Response:
    """The messages by branch, the next appointment first."""
    here = await enter(request, DECISION_RIGHTS)
    lists = [await _of_branch(here, branch) for branch in here.branches]
    values = {
        "lists": [one for one in lists if one.messages],
        "sends": bool(here.installation.configuration.sends),
    }
    return await office_page(here, "office/messages.html", values)


def unsent_for(tx: Tx, person: StaffView, branch: BranchSettings) -> list[UnsentMessage]:
    """Those about the services on whose appointments a person decides."""
    allowed = services_for(person, branch, DECISION_RIGHTS)
    return [one for one in unsent_messages(tx, branch.id) if one.service_id in allowed]


async def _of_branch(here: InOffice, branch: BranchSettings) -> BranchMessages:
    found = await here.read(unsent_for, here.person, branch)
    told = tuple((one, dates.day_time(one.starts_at, branch.zone, here.words)) for one in found)
    return BranchMessages(branch, told)


routes: list[BaseRoute] = [Route(PAGE, show)]
