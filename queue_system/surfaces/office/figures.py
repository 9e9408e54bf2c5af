"""Figures for a head of section: a branch today as it runs, or a stretch of past days; plots first, each with its table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from ...actions.sessions import SESSION_IDLE
from ...core.figure_parts import capacity, places_are_shown, utilisation
from ...core.figures import TIMES, Shown
from ...core.rights import FIGURE_RIGHTS, REPORT_RIGHTS
from ...core.tables import FEW, Table
from ...i18n import dates
from ...i18n.filters import localised
from ...i18n.words import Words, direction_of
from ...store.database import Tx
from ...store.queries.settings import BranchSettings
from ...store.queries.today import HallNow, hall_now
from ...web.access import in_service
from ...web.departments import counters_for, queues_for, services_for
from .figure_months import reports_of
from .figure_plots import HEIGHT, WIDTH, Bars, Plot, counts, name_ranges, ranges
from .figure_reports import MEANINGS, Report, dated, whole_table
from .figure_tables import FigureTables, fewest_for, figure_tables
from .figure_targets import measured_targets, outcome_of
from .figures_asked import PAGE, STRETCHES, WHOLE_STRETCHES, AskedFigures, asked_figures, last_over
from .frame import InOffice, branch_asked, enter, office_page


async def show(request: Request) -> Response:
    """The figures that the address asks for (`figures_asked`); raises Missing("branch") or Missing("not-found")."""
    here = await enter(request, FIGURE_RIGHTS)
    branch = branch_asked(here)
    values: dict[str, Any] = {}
    if branch:
        values, _ = await values_and_report(here, branch)
        values |= await reports_of(here, branch)
    return await office_page(here, "office/figures.html", {"branch": branch, "meanings": MEANINGS} | values)


async def values_and_report(here: InOffice, branch: BranchSettings) -> tuple[dict[str, Any], Report]:
    """The values of `office/figures.html` for a branch, and the same to take away; raises as `show`."""
    today = branch.timetable.business_date(here.now)
    aggregate = not here.person.may_any(REPORT_RIGHTS, branch.id)
    asked = asked_figures(here.request.query_params, branch.slug, today, branch.week_starts, whole=aggregate)
    yesterday = last_over(asked.stretch, today, branch.week_starts) if aggregate else today - timedelta(days=1)
    words = here.at(branch).words
    found = await figure_tables(here, branch, asked)
    tables = dict(found.tables)
    aims = measured_targets(found.shown, branch, words, here.language)
    plots = list(_plots(tables, words))
    values = {
        "branches": in_service(here.branches, here.now),
        "chosen": asked,
        "days": _days(asked, words),
        "after": asked.after(yesterday),
        "aggregate": aggregate,
        "stretches": [
            (one, words.text(f"figures.stretch-{one}")) for one in (WHOLE_STRETCHES if aggregate else STRETCHES)
        ],
        "times": [(one, words.text(f"figures.time-{one}")) for one in TIMES],
        "now": await _now(here, branch) if asked.stretch == "today" else None,
        "fewest": fewest_for(here, branch),
        "whole": whole_figures(found.shown),
        "targets": [(one, outcome_of(one)) for one in aims],
        "plots": plots,
        "few": FEW,
        "size": (WIDTH, HEIGHT),
        # Targets have a list of their own.
        "tables": [one for one in tables.values() if one.name not in {"targets", *(plot.table.name for plot in plots)}],
    }
    return values, _report(here, branch, asked, found)


def _report(here: InOffice, branch: BranchSettings, asked: AskedFigures, found: FigureTables) -> Report:
    words, name = here.at(branch).words, localised(branch.names, here.language)
    days, text = _days(asked, words), words.text
    mine = here.person.departments(FIGURE_RIGHTS, branch.id)
    counted = [localised(one.names, here.language) for one in branch.departments.values() if mine and one.slug in mine]
    span = str(asked.first) if asked.first == asked.last else f"{asked.first}-{asked.last}"
    title = f"{text('figures.title')} – {name}"
    return Report(
        plain=f"figures-{branch.slug}-{span}",
        name=f"{title} – {span}",
        about=(
            (text("figures.report"), title),
            (text("figures.stretch"), days),
            (text("figures.counted"), text("figures.whole-branch") if mine is None else " · ".join(counted)),
            (text("figures.time"), text(f"figures.time-{asked.time}")),
            (text("figures.made-at"), dates.day_time(here.now, branch.zone, words)),
            (text("figures.made-by"), here.person.name),
            (text("figures.for-whom"), text("figures.for-readers")),
        ),
        tables=[whole_table(found.shown, days), *dated(found)],
        fewest=fewest_for(here, branch),
        words=words,
        made_at=here.now,
    )


async def _now(here: InOffice, branch: BranchSettings) -> dict[str, Any]:
    """The hall as it runs."""
    hall = await here.read(_hall, here, branch)
    last = here.installation.waits.last_call(branch.id, here.now)
    return {
        "hall": hall,
        "longest": max(int((here.now - hall.since).total_seconds() // 60), 0) if hall.since else None,
        "last": dates.time(last, branch.zone, here.words) if last else None,
    }


def _hall(tx: Tx, here: InOffice, branch: BranchSettings) -> HallNow:
    return hall_now(
        tx,
        branch,
        queues_for(here.person, branch, REPORT_RIGHTS),
        services_for(here.person, branch, REPORT_RIGHTS),
        [one.id for one in counters_for(here.person, branch, REPORT_RIGHTS)],
        SESSION_IDLE,
    )


def whole_figures(found: Shown) -> Mapping[str, Any]:
    """The figures on top: of all visits of the stretch."""
    return {
        "issued": found.count("whole", "", "issued"),
        "served": found.count("whole", "", "served"),
        "wait": found.times("whole", "", "wait"),
        "missed": found.share("whole", "", "missed", "issued"),
        "gone": found.share("whole", "", "gone", "issued"),
        "utilisation": utilisation(found),
        "fill": capacity(found),
        # A share of known minutes would tell how few appointments there were.
        "fill_shown": places_are_shown(found),
    }


def _plots(tables: Mapping[str, Table], words: Words) -> Iterator[Plot | Bars]:
    """Waits over the day, by service and by queue; how many came, by day or month."""
    mirrored = direction_of(words.language) == "rtl"
    spread, served = ("figures.legend-p50", "figures.legend-p90"), ("figures.legend-served", "figures.legend-issued")
    for name in ("hour", "weekday"):
        if name in tables:
            yield ranges(tables[name], f"figures.times-by-{name}", spread, mirrored=mirrored)
    for name in ("day", "month"):
        if name in tables:
            yield counts(tables[name], f"figures.visits-by-{name}", served, mirrored=mirrored)
    for name in ("queue", "service"):
        if name in tables:
            yield name_ranges(tables[name], f"figures.times-by-{name}", spread, mirrored=mirrored)


def _days(asked: AskedFigures, words: Words) -> str:
    """The stretch in words."""
    if asked.first == asked.last:
        return dates.day(asked.first, words)
    return words.text("figures.from-to", first=dates.day(asked.first, words), last=dates.day(asked.last, words))


routes: list[BaseRoute] = [Route(PAGE, show)]
