"""Figures to take away: a workbook, one table as CSV, a page for paper; of a branch, and of branches together.

The addresses ask as those of the pages do, and whoever may open the page may take it away.
"""

from __future__ import annotations

from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from ...core.errors import Missing
from ...core.rights import ACROSS_RIGHTS, FIGURE_RIGHTS
from ...web.here import StaffHere
from . import figures, figures_across
from .figure_reports import Report, as_table, as_workbook
from .figures_across import ACROSS, branches_across
from .figures_asked import PAGE
from .frame import branch_asked, enter

#: Below the address of either page.
WORKBOOK: Final = "/workbook"
TABLE: Final = "/table"
PAPER: Final = "/paper"


async def workbook(request: Request) -> Response:
    """The figures of a branch as XLSX."""
    *_, report = await _of_branch(request)
    return await as_workbook(report)


async def table(request: Request) -> Response:
    """The table that `table` names as CSV, with `separator` as figure_reports has it; raises Missing("not-found")."""
    *_, report = await _of_branch(request)
    return as_table(report, request.query_params.get("table", ""), request.query_params.get("separator", ""))


async def paper(request: Request) -> Response:
    """The figures of a branch for A4."""
    here, values, report = await _of_branch(request)
    back = values["chosen"].address()
    return await here.page("office/figures-paper.html", values | {"report": report, "back": back})


async def workbook_across(request: Request) -> Response:
    """The figures of branches together as XLSX."""
    *_, report = await _across(request)
    return await as_workbook(report)


async def table_across(request: Request) -> Response:
    """The table that `table` names as CSV, with `separator` as figure_reports has it; raises Missing("not-found")."""
    *_, report = await _across(request)
    return as_table(report, request.query_params.get("table", ""), request.query_params.get("separator", ""))


async def paper_across(request: Request) -> Response:
    """The figures of branches together for A4."""
    here, values, report = await _across(request)
    back = f"{ACROSS}?{values['question']}"
    return await here.page("office/figures-paper.html", values | {"report": report, "back": back})


async def _of_branch(request: Request) -> tuple[StaffHere, dict[str, Any], Report]:
    here = await enter(request, FIGURE_RIGHTS)
    branch = branch_asked(here)
    if branch is None:
        raise Missing("not-found")
    return here.at(branch), *await figures.values_and_report(here, branch)


async def _across(request: Request) -> tuple[StaffHere, dict[str, Any], Report]:
    here = await enter(request, ACROSS_RIGHTS)
    branches = branches_across(here)
    if not branches:
        raise Missing("not-found")
    return here, *await figures_across.values_and_report(here, branches)


routes: list[BaseRoute] = [
    Route(f"{PAGE}{WORKBOOK}", workbook),
    Route(f"{PAGE}{TABLE}", table),
    Route(f"{PAGE}{PAPER}", paper),
    Route(f"{ACROSS}{WORKBOOK}", workbook_across),
    Route(f"{ACROSS}{TABLE}", table_across),
    Route(f"{ACROSS}{PAPER}", paper_across),
]
