"""Settings in words: the label and hint of each field, the word of each choice, the unit of a number, a value as text."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import Any, Final

from babel.dates import format_date

from ..core.errors import Value
from ..core.messages import Event
from ..core.rights import ATOMIC, EVERYTHING
from ..i18n.filters import localised
from ..i18n.sentences import error_sentence
from ..i18n.words import Words
from ..settings.branch import CLASS_OF_THE_BRANCH, Branch, Retention
from ..settings.catalogue import Catalogue
from ..settings.declared import Declared
from ..settings.faults import Called, Fault
from ..settings.scopes import scope_of_branch, scope_of_catalogue
from ..settings.typed import WEEKDAYS, Scope

#: What settings may refer to, by the kind of thing and its slug: what people call it.
Things = Mapping[str, Mapping[str, str]]

#: The unit of a number, by the end of the field's name: the end of `setting.unit.<…>`.
_UNITS: Final = {
    "_min": "minutes",
    "_minutes": "minutes",
    "_hours": "hours",
    "_days": "days",
    "_pct": "percent",
    "_pct_min": "percent",
    "_in": "inches",
    "_mm": "millimetres",
    "_m": "metres",
    "_s": "seconds",
}
_BY_SLUG: Final = ("letter", "text", "message")
_A_MONDAY: Final = date(2024, 1, 1)


def label_of(declaration: type[Declared], field: str, words: Words) -> str:
    """What people call a field: `setting.<declaration>.<field>`, else the words that all such fields share."""
    return words.text(_first(label_keys(declaration, field), words))


def hint_of(declaration: type[Declared], field: str, words: Words) -> str:
    """What helps to fill it in; "" where the label is enough."""
    keys = [f"{key}.hint" for key in label_keys(declaration, field)]
    found = _first(keys, words)
    return words.text(found) if words.has(found) else ""


def label_keys(declaration: type[Declared], field: str) -> list[str]:
    """The keys under which the label of a field may be, the best first."""
    owners = [kind for kind in declaration.__mro__ if issubclass(kind, Declared) and field in kind.model_fields]
    return [*(f"setting.{area_of(kind)}.{field}" for kind in owners), f"setting.any.{field}"]


def area_of(declaration: type[Declared]) -> str:
    """The name of a declaration in keys: QueueRules → queue-rules."""
    name = declaration.__name__.removesuffix("Own")
    return re.sub(r"(?<!^)(?=[A-Z])", "-", name).lower()


def word_of(kind: str, word: object, words: Words) -> str:
    """One of the words of a `Kind`, or of an enumeration, in words; numbers are shown as they are.

    "" for a word that is not offered in a form, although a file may have it.
    """
    if isinstance(word, int):
        return words.number(word)
    match kind:
        case "language":
            return words.text(f"language.{word}")
        case "pair of languages":
            one, other = str(word).split("-")
            return words.text(
                "setting.pair", one=word_of("language", one, words), other=word_of("language", other, words)
            )
        case "weekday":
            return weekday(WEEKDAYS.index(str(word)), words)
        case "event":
            return words.text(f"audit.message-event.{word}")
        case "ability":
            return _right(str(word), words)
    return words.text(word_key(kind, word))


def _right(word: str, words: Words) -> str:
    """The sentence of a right; "" for a word that older files have for several rights."""
    if word == EVERYTHING:
        return words.text("right.everything")
    return words.text(f"right.{word}") if word in ATOMIC else ""


def word_key(kind: str, word: object) -> str:
    """The key of a word."""
    return f"setting.word.{kind.replace(' ', '-').lower()}.{word}"


def weekday(number: int, words: Words) -> str:
    """The name of a weekday, 0 = Monday."""
    return format_date(_A_MONDAY.replace(day=1 + number), "EEEE", locale=words.language)


def unit_of(declaration: type[Declared], field: str) -> str:
    """The unit of a number, as the end of `setting.unit.<…>`; "" for a plain number."""
    if issubclass(declaration, Retention):
        return "days"
    ends = sorted((end for end in _UNITS if field.endswith(end)), key=len)
    return _UNITS[ends[-1]] if ends else ""


def fault_sentence(fault: Fault, things: Things, words: Words) -> str:
    """What is wrong, in a sentence; other things are called by their names, not by their slugs."""
    values = {name: _by_name(value, things) for name, value in fault.values.items()}
    return error_sentence(fault.code, values, words)


def _by_name(value: Value, things: Things) -> Value:
    return things.get(value.kind, {}).get(value, value) if isinstance(value, Called) else value


def things_of(branch: Branch, catalogue: Catalogue, words: Words) -> Things:
    """Everything that the settings of a branch may refer to, in words."""
    scope = scope_of_branch(branch, catalogue)
    called = _called(scope, words)
    return {
        **called,
        CLASS_OF_THE_BRANCH: {slug: called["priority class"].get(slug, slug) for slug in scope[CLASS_OF_THE_BRANCH]},
        "kiosk": {slug: called["device"][slug] for slug in scope["kiosk"]},
    }


def things_of_catalogue(catalogue: Catalogue, words: Words) -> Things:
    """Everything that the settings of the organisation may refer to, in words."""
    return _called(scope_of_catalogue(catalogue), words)


def _called(scope: Scope, words: Words) -> dict[str, dict[str, str]]:
    named = {kind: things for kind, things in scope.items() if isinstance(things, Mapping)}
    called = {
        kind: {slug: _name(thing, words) or usual_name(kind, slug, words) for slug, thing in things.items()}
        for kind, things in named.items()
    }
    # A letter is called by itself, a text by where it is shown, and a message by its event; they have no other names.
    return {
        **called,
        **{kind: {slug: usual_name(kind, slug, words) for slug in named[kind]} for kind in _BY_SLUG if kind in named},
    }


def _name(thing: Any, words: Words) -> str:
    names = thing if isinstance(thing, Mapping) else getattr(thing, "names", None)
    return localised(names, words.language)


def usual_name(kind: str, slug: str, words: Words) -> str:
    """What a thing without a name of its own is called: a season, a calendar, a model, a text by its place; else its slug."""
    if kind == "message":
        return _message(slug, words)
    key = f"setting.name.{kind.replace(' ', '_')}.{slug}"
    return words.text(key) if words.has(key) else slug


def _message(slug: str, words: Words) -> str:
    """The event that words are about, and for what of it they are where that is not all."""
    events = [one.value for one in Event if slug == one.value or slug.startswith(f"{one.value}-")]
    event = max(events, key=len, default="")
    rest = slug.removeprefix(event).strip("-")
    said = word_of("event", event, words) if event else ""
    return " · ".join(part for part in (said, rest) if part)


def _first(keys: list[str], words: Words) -> str:
    return next((key for key in keys if words.has(key)), keys[0])
