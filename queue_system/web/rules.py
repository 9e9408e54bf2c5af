"""The published rule of a branch in words, as page, kiosk and wall show it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from markupsafe import Markup

from ..core import rulebook
from ..core.dispatch import is_emergency
from ..core.rulebook import Article, PriorityClass, Value
from ..i18n import dates
from ..i18n.filters import localised
from ..i18n.numerals import to_digits
from ..i18n.words import Words
from ..store.queries import line
from ..store.queries.bookings import check_in_rules
from ..store.queries.settings import BranchSettings

SENTENCES: Final[Mapping[str, str]] = {
    "waiting": "rules.waiting",
    "classes": "rules.classes",
    "guard": "rules.guard",
    "emergency": "rules.emergency",
    "declared": "rules.declared",
    "confirmed": "rules.confirmed",
    "profiles": "rules.profiles",
    "profiles-unlimited": "rules.profiles-unlimited",
    "check-in": "rules.check-in",
    "appointment": "rules.appointment",
    "appointment-early": "rules.appointment-early",
    "late": "rules.late",
    "passed-over": "rules.passed-over",
    "emergency-passed-over": "rules.emergency-passed-over",
    "no-show": "rules.no-show",
    "not-before-agreed": "rules.not-before-agreed",
    "no-return": "rules.no-return",
    "return-behind": "rules.return-behind",
    "return-anew": "rules.return-anew",
    "returns": "rules.returns",
    "parked": "rules.parked",
    "out-of-turn": "rules.out-of-turn",
    "log": "rules.log",
    "day-end": "rules.day-end",
}
# The value that a sentence counts, if it counts one.
COUNTED: Final[Mapping[str, str]] = {
    "passed-over": "others",
    "no-show": "calls",
    "return-behind": "others",
    "returns": "times",
}


@dataclass(frozen=True, slots=True)
class PaceShown:
    """A row of the table of classes, in words; `promise` is None if there is none."""

    name: str
    factor: str
    promise: str | None


@dataclass(frozen=True, slots=True)
class Rules:
    """The rule in one language; `promise` is the sentence for the wall, None where nothing can be promised."""

    words: Words
    promise: Markup | None
    articles: tuple[Markup, ...]
    paces: tuple[PaceShown, ...]


def rules_of(branch: BranchSettings, words: Words) -> Rules:
    """The rule of a branch in the language and digits of `words`."""
    calling = line.calling_rules(branch)
    classes = _classes(branch)
    profiles = any(counter.calling_profile for counter in branch.counters.values())
    found = rulebook.articles(
        calling, check_in_rules(branch), line.absence_rule(branch), classes, has_profiles=profiles
    )
    rows = rulebook.paces(calling, classes)
    return Rules(
        words=words,
        promise=wall_promise(branch, words),
        articles=tuple(_sentence(branch, article, words) for article in found),
        # A table is of use only if there are several classes and they differ.
        paces=tuple(
            PaceShown(
                _name(branch, row.slug, words),
                f"{to_digits(f'{row.factor:g}', words.digits)}×",
                _promise(row.promise, words),
            )
            for row in rows
        )
        if len({row.factor for row in rows}) > 1
        else (),
    )


def wall_promise(branch: BranchSettings, words: Words) -> Markup | None:
    """The promise of the rule as one sentence for a wall or a screen; None where nothing can be promised."""
    classes = _classes(branch)
    most = rulebook.wall_promise(line.calling_rules(branch), classes)
    if most is None:
        return None
    has_emergencies = any(is_emergency(one.weight) for one in classes)
    if not most:
        return words.html("rules.wall-promise-order-emergency" if has_emergencies else "rules.wall-promise-order")
    said = _promise(most, words)
    return words.html("rules.wall-promise-emergency" if has_emergencies else "rules.wall-promise", most=said)


def _classes(branch: BranchSettings) -> list[PriorityClass]:
    return [PriorityClass(one.slug, one.weight, one.evidence) for one in branch.priorities.values()]


def _sentence(branch: BranchSettings, article: Article, words: Words) -> Markup:
    key, counted = SENTENCES[article.code], COUNTED.get(article.code)
    values = {name: _said(branch, value, words) for name, value in article.values.items() if name != counted}
    count = article.values.get(counted) if counted else None
    return words.html_plural(key, count, **values) if isinstance(count, int) else words.html(key, **values)


def _said(branch: BranchSettings, value: Value, words: Words) -> str:
    if isinstance(value, timedelta):
        return dates.minutes(value // timedelta(minutes=1), words)
    if isinstance(value, tuple):
        # A separator of its own, because names of classes contain commas and conjunctions.
        return f"{words.text('rules.separator')} ".join(_name(branch, slug, words) for slug in value)
    return to_digits(str(value), words.digits)


def _name(branch: BranchSettings, slug: str, words: Words) -> str:
    priority = branch.priorities[slug]
    name = localised(priority.names, words.language)
    return f"{name} ({words.plural('common.age-from', priority.age_from)})" if priority.age_from else name


def _promise(promise: timedelta | None, words: Words) -> str | None:
    if promise is None:
        return None
    # Rounded up, because a shorter promise might be broken.
    return dates.minutes(-(-promise // timedelta(minutes=1)), words) if promise else words.text("rules.promise-nobody")
