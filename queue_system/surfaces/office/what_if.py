"""What if: a past day of a branch played again with one counter more, another rule or other people (`core.simulation`)."""

from __future__ import annotations

from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from ...core.rights import REPORT_RIGHTS
from ...core.tables import FEW
from ...i18n import dates
from ...i18n.filters import localised
from ...i18n.words import Words
from ...store.queries.settings import BranchSettings, CounterView
from ...store.queries.simulated_days import compared, weekdays
from ...web.access import in_service
from ...web.departments import counters_for, queues_for
from .figure_plots import HEIGHT, WIDTH
from .figure_tables import fewest_for
from .frame import InOffice, branch_asked, enter, office_page
from .what_if_asked import COUNTERS, PAGE, RULES, WEEKS, AskedWhatIf, asked_what_if, in_words
from .what_if_tables import enough, plots, sentences, whole_table

#: So many visits are played for a page, each of them a few hundredths of a millisecond; and so many where more runs are wanted.
VISITS: Final = 40_000
MORE_VISITS: Final = 160_000
MOST_RUNS: Final = 200
MORE_RUNS: Final = 800


async def show(request: Request) -> Response:
    """The form, and below it what came of the day that the address asks for."""
    here = await enter(request, REPORT_RIGHTS)
    branch = branch_asked(here)
    if branch is None:
        return await office_page(here, "office/what-if.html", {"branch": None})
    counters = counters_for(here.person, branch, REPORT_RIGHTS)
    words = here.at(branch).words
    today = branch.timetable.business_date(here.now)
    asked = asked_what_if(here.request.query_params, branch, today, {one.number for one in counters}, words)
    values = {
        "branch": branch,
        "branches": in_service(here.branches, here.now),
        "typed": asked.typed,
        "errors": asked.errors if asked.asked else {},
        "choices": _choices(counters, words, here.language),
        "result": None,
    }
    if asked.asked and not asked.errors:
        values |= await _played(here, branch, asked, words)
    return await office_page(here, "office/what-if.html", values, status=422 if values["errors"] else 200)


async def _played(here: InOffice, branch: BranchSettings, asked: AskedWhatIf, words: Words) -> dict[str, Any]:
    """What came of it; an error where the day does not have what is asked for."""
    everybody = here.person.departments(REPORT_RIGHTS, branch.id) is None
    queues = None if everybody else queues_for(here.person, branch, REPORT_RIGHTS)
    days = weekdays(asked.day, asked.day.weekday(), WEEKS) if asked.several else [asked.day]
    visits, most = (MORE_VISITS, MORE_RUNS) if asked.more else (VISITS, MOST_RUNS)
    found = await here.read_apart(compared, branch.id, days, asked.variant, queues, visits, most)
    if found is None:
        return {"errors": {"day": words.text("whatif.error-unknown")}}
    if asked.variant.like is not None and asked.variant.like not in found.counters:
        return {"errors": {"like": words.text("whatif.error-like")}}
    if found.never_open:
        if asked.variant.closes is not None:
            return {"errors": {"closes": words.text("whatif.error-closes")}}
        return {"errors": {"opens": words.text("whatif.error-opens")}}
    fewest = fewest_for(here, branch)
    if not enough(found, fewest):
        return {"result": {"enough": False}}
    return {
        "result": {
            "enough": True,
            "days": _days(found.days, asked, words),
            "runs": found.runs,
            "more": "" if asked.more or found.runs >= MOST_RUNS else asked.address(more=1),
            "says": sentences(found, asked.variant, in_words(asked.variant, words), words),
            "plots": plots(found, fewest, words),
            "whole": whole_table(found, fewest, words),
            "fewest": fewest,
        },
        "few": FEW,
        "size": (WIDTH, HEIGHT),
        "command": _command(branch, asked),
    }


def _days(days: int, asked: AskedWhatIf, words: Words) -> str:
    day = dates.day(asked.day, words)
    return words.plural("whatif.of-days", days, day=day) if asked.several else day


def _choices(counters: list[CounterView], words: Words, language: str) -> dict[str, list[tuple[str, str]]]:
    """The options of the form, each with its words."""
    return {
        "span": [("day", words.text("whatif.span-day")), ("weeks", words.plural("whatif.span-weeks", WEEKS))],
        "counters": [(str(n), _more(n, words)) for n in COUNTERS],
        "like": [
            ("", words.text("whatif.like-most")),
            *((str(one.number), f"{words.number(one.number)} – {localised(one.names, language)}") for one in counters),
        ],
        "rule": [(one, words.text(f"whatif.rule-{one}")) for one in RULES],
    }


def _more(n: int, words: Words) -> str:
    if n == 0:
        return words.text("whatif.as-many")
    found = words.plural("whatif.more" if n > 0 else "whatif.fewer", abs(n))
    return found[:1].upper() + found[1:]


def _command(branch: BranchSettings, asked: AskedWhatIf) -> str:
    """The command that plays the same with as many runs as one likes."""
    variant = asked.variant
    options = [f"--day {asked.day}"]
    if asked.several:
        options = [f"--weekday {f'{asked.day:%a}'.lower()} --weeks {WEEKS}"]
    options += [f"--counters {variant.counters:+}"] if variant.counters else []
    options += [f"--like {variant.like}"] if variant.like is not None else []
    options += [f"--opens {variant.opens:%H:%M}"] if variant.opens else []
    options += [f"--closes {variant.closes:%H:%M}"] if variant.closes else []
    options += ["--fifo"] if variant.in_order else []
    options += ["--no-guard"] if variant.unguarded else []
    options += [f"--guard {variant.guard_min}"] if variant.guard_min is not None else []
    options += [f"--walkin-share {round(100 * variant.walkin_share)}"] if variant.walkin_share is not None else []
    options += [f"--demand {variant.demand}"] if variant.demand != 1 else []
    return " ".join(["queue-system simulate", branch.slug, *options, "--runs 2000"])


routes: list[BaseRoute] = [Route(PAGE, show)]
