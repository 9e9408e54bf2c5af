"""Why a thing of the settings cannot be removed: what refers to it, and its last day as the way out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from ...i18n import dates
from ...settings.consistency import Located
from ...settings.faults import Fault
from ...settings.objects import Key
from ...store.queries.used_rows import PastUse, past_use
from ...web.setting_words import fault_sentence
from .changed import Sayer
from .frame import InOffice
from .places import SettingsPlace

#: The button that ends a thing with a day instead of removing it, and the field of that day.
RETIRE: Final = "retire"
LAST: Final = "last_day"
#: What the counts and the list of what uses it say better.
_TOLD: Final = ("setting-has-history", "setting-unknown")


@dataclass(frozen=True, slots=True)
class Obstacles:
    """Why a thing stays: `past` are the numbers and appointments that refer to it, `sentences` what else stands in the way.

    `ended` is its last day in words, if it has one; `last` is what was typed for it, with the `error` in it.
    """

    past: PastUse
    sentences: tuple[str, ...]
    ended: str
    last: str = ""
    error: str = ""


async def obstacles_of(
    here: InOffice, place: SettingsPlace, key: Key, faults: Sequence[Located] = (), last: str = "", error: str = ""
) -> Obstacles:
    """What keeps a thing from being removed, as `faults` say it."""
    past = await here.read(past_use, place.id, *key)
    until = place.objects[key].get("until")
    ended = dates.day(date.fromisoformat(until), here.words) if until else ""
    return Obstacles(past, tuple(dict.fromkeys(_sentences(here, place, key, faults, past))), ended, last, error)


def day_fault(typed: str) -> Fault | None:
    """What is wrong with a last day; None if it is one."""
    try:
        date.fromisoformat(typed)
    except ValueError:
        return Fault("setting-date", LAST, {"text": typed}) if typed else Fault("setting-missing", LAST)
    return None


def _sentences(
    here: InOffice, place: SettingsPlace, key: Key, faults: Sequence[Located], past: PastUse
) -> Iterator[str]:
    things, say = place.things(here.words), Sayer(place, here.words)
    for one in faults:
        own = (one.kind, one.slug) == key
        # Where nothing is counted, the sentence is said all the same, because nothing else would say why.
        if one.fault.code not in _TOLD or (own and past.nothing):
            sentence = fault_sentence(one.fault, things, here.words)
            yield sentence if own else f"{say.name(one.kind, one.slug)}: {sentence}"
