"""The tables of figures for one reader: the same values for the page, for files and for paper.

What the reader may not see is withheld here already, so that nothing shows more than the page does.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

from ...core.figure_parts import counters_table, places_table
from ...core.figures import FEWEST_WITHIN, TIMES, Part, Shown, bookings_table, shown, times_table, visits_table
from ...core.rights import AUDIT_RIGHTS, FIGURE_RIGHTS, REPORT_RIGHTS, SMALL_NUMBER_RIGHTS, STAFF_REPORT_RIGHTS
from ...core.tables import Table
from ...i18n import dates, isolates
from ...i18n.filters import localised
from ...i18n.numerals import to_digits
from ...i18n.words import Words
from ...store.queries.figures import Asked, of_days, of_today
from ...store.queries.settings import BranchSettings
from ...web.departments import queues_for, services_for
from ...web.setting_words import weekday
from . import audit_books
from .figure_targets import measured_targets, targets_table
from .figures_asked import AskedFigures
from .frame import InOffice

_PARTS: Final[tuple[Part, ...]] = ("hour", "queue", "service", "weekday", "day", "month")


@dataclass(frozen=True, slots=True)
class FigureTables:
    """All tables of a stretch by their names, in the order of the page, and the figures that they were made from."""

    shown: Shown
    tables: Mapping[str, Table]


async def figure_tables(here: InOffice, branch: BranchSettings, asked: AskedFigures) -> FigureTables:
    """Read the figures of a branch, apart from the hall, and make the tables that the person may see."""
    mine = Asked(branch.id, asked.first, asked.last, *_seen(here, branch))
    grouped = await here.read_apart(of_today if asked.stretch == "today" else of_days, mine)
    found = shown(grouped, fewest_for(here, branch))
    words = here.at(branch).words
    tables = []
    if found.count("whole", "", "issued") != 0:
        tables.append(times_table(found, {time: words.text(f"figures.time-{time}") for time in TIMES}))
    for part in _PARTS:
        rows = found.grouped.parts.get(part, {})
        if not rows or (part in ("day", "weekday") and asked.first == asked.last):
            continue
        labels = dict(_labels(part, rows, branch, words, here.language))
        tables.append(visits_table(found, part, asked.time, labels, _pages(here, branch, asked, part, rows)))
    services = found.grouped.parts["service"]
    tables.append(bookings_table(found, dict(_labels("service", services, branch, words, here.language))))
    tables.append(places_table(found, dict(_labels("queue", (), branch, words, here.language))))
    if here.person.may_any(STAFF_REPORT_RIGHTS, branch.id):
        numbered = {one.slug: words.text("figures.counter-number", n=one.number) for one in branch.counters.values()}
        tables.append(counters_table(found, numbered))
    tables.append(targets_table(measured_targets(found, branch, words, here.language), words))
    return FigureTables(found, {one.name: one for one in tables if one.rows})


def fewest_for(here: InOffice, branch: BranchSettings) -> int:
    """The smallest number of people that the person sees figures of."""
    if here.person.may_any(SMALL_NUMBER_RIGHTS, branch.id) and here.person.may_any(REPORT_RIGHTS, branch.id):
        return 1
    return fewest_of(branch, FEWEST_WITHIN)


def fewest_of(branch: BranchSettings, otherwise: int) -> int:
    """The smallest number of people that the organisation lets a report show."""
    rule = branch.organisation.reports
    return (rule.min_cell_size if rule else None) or otherwise


def _seen(here: InOffice, branch: BranchSettings) -> tuple[frozenset[str] | None, frozenset[str] | None]:
    """The slugs of the services and the queues whose figures the person may see; None for all, also of those that have gone."""
    if here.person.departments(FIGURE_RIGHTS, branch.id) is None:
        return None, None
    services = services_for(here.person, branch, FIGURE_RIGHTS)
    queues = queues_for(here.person, branch, FIGURE_RIGHTS)
    return (
        frozenset(branch.services[one].slug for one in services),
        frozenset(branch.queues[one].slug for one in queues),
    )


def _labels(
    part: Part, rows: Iterable[str], branch: BranchSettings, words: Words, language: str
) -> Iterable[tuple[str, str]]:
    """The rows of a part in their order, each with its words; never in the order of their figures."""
    if part in ("queue", "service"):
        things = branch.queues if part == "queue" else branch.services
        yield from ((one.slug, localised(one.names, language)) for one in things.values())
        yield "", words.text("figures.gone-things")
    elif part == "hour":
        for row in sorted(rows, key=int):
            yield row, isolates.ltr(to_digits(f"{int(row):02}:00", words.digits))
    elif part == "weekday":
        for row in sorted(rows, key=lambda one: (int(one) - branch.week_starts) % 7):
            yield row, weekday(int(row), words)
    else:
        say = dates.weekday if part == "day" else dates.month
        for row in sorted(rows):
            yield row, say(date.fromisoformat(row if part == "day" else f"{row}-01"), words)


def _pages(
    here: InOffice, branch: BranchSettings, asked: AskedFigures, part: Part, rows: Iterable[str]
) -> Mapping[str, str]:
    """The page behind a row: of a month its days; of a day its log, for whoever may read it, else its hours."""
    if not here.person.may_any(REPORT_RIGHTS, branch.id):
        return {}
    if part == "month":
        return {row: asked.address(stretch="month", first=f"{row}-01", last="") for row in rows}
    if part != "day":
        return {}
    if here.person.may_any(AUDIT_RIGHTS, branch.id):
        return {
            row: audit_books.Asked(
                branch.slug, "ticket", since=date.fromisoformat(row), until=date.fromisoformat(row)
            ).address()
            for row in rows
        }
    return {row: asked.address(stretch="range", first=row, last=row) for row in rows}
