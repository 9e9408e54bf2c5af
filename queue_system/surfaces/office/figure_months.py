"""The reports of past months: their list on the page of figures, and who is told of a new one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from ...actions.report_readers import follow, note_seen, stop_following
from ...core.rights import FIGURE_RIGHTS
from ...i18n import dates
from ...store.database import Tx
from ...store.queries.monthly_reports import is_reader, months_ready, unseen_month
from ...store.queries.settings import BranchSettings
from ...web import kit
from .figures_asked import PAGE, AskedFigures, month_of
from .frame import InOffice, enter
from .past_day import read_day
from .todo_item import Item

REPORTS: Final = f"{PAGE}/reports"


@dataclass(frozen=True, slots=True)
class MonthlyReport:
    """A month in words, and the addresses of its page, its workbook and its paper."""

    words: str
    page: str
    workbook: str
    paper: str


async def choose(request: Request) -> Response:
    """Begin or stop to tell the person of new reports of a branch."""
    here = await enter(request, FIGURE_RIGHTS)
    form = await kit.form(request)
    branch = here.named(form.get("branch", ""))
    await here.at(branch).do(follow if form.get("told") == "yes" else stop_following, here.person.id)
    return kit.see_other(f"{PAGE}?branch={branch.slug}#reports")


async def open_report(request: Request) -> Response:
    """Lead to the figures of a month, of which the person is then told no more; raises Missing("not-found")."""
    here = await enter(request, FIGURE_RIGHTS)
    branch = here.named(request.path_params["branch"])
    month = read_day(request.path_params["day"], date.min)
    await here.at(branch).do(note_seen, here.person.id, month)
    return kit.see_other(month_of(branch.slug, month).address())


async def reports_of(here: InOffice, branch: BranchSettings) -> dict[str, Any]:
    """The values of the list of reports on the page of a branch."""
    return await here.read(_reports, here, branch)


def _reports(tx: Tx, here: InOffice, branch: BranchSettings) -> dict[str, Any]:
    words = here.at(branch).words
    months = [(month, month_of(branch.slug, month)) for month in months_ready(tx, branch.id)]
    return {
        "reports": [_report(dates.month(month, words), asked) for month, asked in months],
        "told": is_reader(tx, branch.id, here.person.id),
        "new_report": next(iter(new_report(tx, here, branch)), None),
    }


def _report(words: str, asked: AskedFigures) -> MonthlyReport:
    return MonthlyReport(words, asked.address(), asked.address("/workbook"), asked.address("/paper"))


def new_report(tx: Tx, here: InOffice, branch: BranchSettings) -> list[Item]:
    """The report of a month that the person wanted to be told of and has not opened."""
    month = unseen_month(tx, branch.id, here.person.id)
    if month is None:
        return []
    sentence = here.words.text("today.report-ready", month=dates.month(month, here.words))
    return [Item("note", sentence, "today.open-report", post=f"{REPORTS}/{branch.slug}/{month}")]


routes: list[BaseRoute] = [
    Route(REPORTS, choose, methods=["POST"]),
    Route(f"{REPORTS}/{{branch}}/{{day}}", open_report, methods=["POST"]),
]
