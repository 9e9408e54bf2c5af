"""Figures of several branches together, for a reader of the whole organisation: whole months, and no small number.

A service that is protected, or that only some branch had once, is counted among "others". Nothing leads to a row behind a
figure.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from ...core.digests import Tally
from ...core.errors import Missing
from ...core.figures import (
    FEWEST_ACROSS,
    TIMES,
    Grouped,
    Part,
    Shown,
    bookings_table,
    shown,
    times_table,
    visits_table,
)
from ...core.rights import ACROSS_RIGHTS
from ...core.tables import FEW, Table
from ...i18n import dates
from ...i18n.filters import localised
from ...i18n.words import Words, direction_of
from ...store.queries.figures import of_branches
from ...store.queries.settings import BranchSettings
from ...web.access import in_service
from .figure_plots import name_ranges
from .figure_reports import Report, whole_table
from .figure_tables import fewest_of
from .figures import whole_figures
from .figures_asked import PAGE, last_over
from .frame import InOffice, enter, office_page
from .past_day import FARTHEST

ACROSS: Final = f"{PAGE}/branches"
# No service has this name.
_OTHER: Final = "/"
_SPREAD: Final = ("figures.legend-p50", "figures.legend-p90")


async def show(request: Request) -> Response:
    """The month that the address names, else the last one that is over; raises Missing("not-found") for any other."""
    here = await enter(request, ACROSS_RIGHTS)
    branches = branches_across(here)
    values, _ = await values_and_report(here, branches) if branches else ({}, None)
    return await office_page(here, "office/figures-across.html", {"branches": branches} | values)


def branches_across(here: InOffice) -> list[BranchSettings]:
    """The branches whose figures the person may see together."""
    return [
        one
        for one in in_service(here.branches, here.now)
        # A department is not a branch, and its figures are for its own page.
        if here.person.departments(ACROSS_RIGHTS, one.id) is None
    ]


def together(branches: Sequence[BranchSettings], figures: Sequence[Grouped]) -> Grouped:
    """The figures of branches as one: by branch, and by service."""
    whole, by_branch, by_service = Tally(), dict[str, Tally](), dict[str, Tally]()
    for branch, grouped in zip(branches, figures, strict=True):
        whole = whole.plus(grouped.whole)
        by_branch[branch.slug] = grouped.whole
        plain = {one.slug for one in branch.services.values() if not one.confidentiality.protected}
        for slug, tally in grouped.parts["service"].items():
            row = slug if slug in plain else _OTHER
            by_service[row] = by_service.get(row, Tally()).plus(tally)
    return Grouped(whole, {"branch": by_branch, "service": by_service})


async def values_and_report(here: InOffice, branches: Sequence[BranchSettings]) -> tuple[dict[str, Any], Report]:
    """The values of `office/figures-across.html`, and the same to take away; raises as `show`."""
    newest = min(last_over("month", one.timetable.business_date(here.now), 0) for one in branches)
    first = _first(here.request.query_params.get("month", ""), newest)
    last = _last(first)
    figures = await here.read_apart(of_branches, [one.id for one in branches], first, last)
    fewest = fewest_of(branches[0], FEWEST_ACROSS)
    found = shown(together(branches, figures), fewest)
    tables = list(_tables(found, branches, here.words, here.language))
    mirrored = direction_of(here.words.language) == "rtl"
    named = ("branch", "service")
    values = {
        "month": dates.month(first, here.words),
        "question": f"month={first:%Y-%m}",
        "before": f"{ACROSS}?month={first - timedelta(days=1):%Y-%m}",
        "after": f"{ACROSS}?month={last + timedelta(days=1):%Y-%m}" if last < newest else "",
        "fewest": fewest,
        "whole": whole_figures(found),
        "few": FEW,
        "plots": [name_ranges(one, one.title, _SPREAD, mirrored=mirrored) for one in tables if one.name in named],
        "tables": [one for one in tables if one.name not in named],
    }
    return values, _report(here, branches, first, found, tables)


def _report(
    here: InOffice, branches: Sequence[BranchSettings], first: date, found: Shown, tables: Sequence[Table]
) -> Report:
    text, month = here.words.text, dates.month(first, here.words)
    title = text("figures.across")
    names = [localised(one.names, here.language) for one in branches]
    return Report(
        plain=f"figures-branches-{first:%Y-%m}",
        name=f"{title} – {first:%Y-%m}",
        about=(
            (text("figures.report"), title),
            (text("figures.stretch"), month),
            (text("figures.counted"), " · ".join(names)),
            (text("figures.made-at"), dates.day_time(here.now, branches[0].zone, here.words)),
            (text("figures.made-by"), here.person.name),
            (text("figures.for-whom"), text("figures.for-readers-across")),
        ),
        tables=[whole_table(found, month), *tables],
        fewest=found.fewest,
        words=here.words,
        made_at=here.now,
    )


def _tables(found: Shown, branches: Iterable[BranchSettings], words: Words, language: str) -> Iterable[Table]:
    services: dict[str, str] = {}
    for branch in branches:
        services |= {
            one.slug: localised(one.names, language)
            for one in branch.services.values()
            if one.slug not in services and not one.confidentiality.protected
        }
    services[_OTHER] = words.text("figures.other-services")
    labels: dict[Part, dict[str, str]] = {
        "branch": {one.slug: localised(one.names, language) for one in branches},
        "service": services,
    }
    if found.count("whole", "", "issued") != 0:
        for part, rows in labels.items():
            yield visits_table(found, part, "wait", rows, {})
        yield times_table(found, {time: words.text(f"figures.time-{time}") for time in TIMES})
    bookings = bookings_table(found, services)
    if bookings.rows:
        yield bookings


def _first(text: str, newest: date) -> date:
    try:
        first = date.fromisoformat(f"{text}-01") if text else newest.replace(day=1)
    except ValueError:
        raise Missing("not-found") from None
    if not newest - FARTHEST <= first <= newest:
        raise Missing("not-found")
    return first


def _last(first: date) -> date:
    return (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)


routes: list[BaseRoute] = [Route(ACROSS, show)]
