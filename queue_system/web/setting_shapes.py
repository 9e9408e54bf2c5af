"""How single settings are filled in, read and drawn: texts, numbers, times, choices, references, boxes.

Values are in their JSON form. Every shape has four methods:

    fill(value, path)     the items that a browser sends if nobody changes anything
    read(posted, path)    the value; None if nothing was filled in. Raises Faulty with faults below the path
    draw(posted, path)    the widget, without label and error, which its owner adds
    say(value)            the value in words
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, time
from typing import Any, Final, Protocol

from ..i18n import dates, isolates
from ..i18n.filters import localised
from ..i18n.words import OWN_NAMES, Words, direction_of
from ..settings.declared import REQUIRED_LANGUAGES
from ..settings.faults import Fault, Faulty, number
from ..settings.typed import LONGEST_NUMBER, Meaning, among, names_fault, text
from .setting_posted import YES, Item, Posted, under
from .setting_widgets import Option, Widget

#: A list with more options than these shows only what is chosen.
MANY: Final = 12


class Shape(Protocol):
    """One way to set a value in a form."""

    def fill(self, value: Any, path: str, /) -> Iterator[Item]: ...

    def read(self, posted: Posted, path: str, /) -> Any: ...

    def draw(self, posted: Posted, path: str, /) -> Widget: ...

    def say(self, value: Any, /) -> str: ...


@dataclass(frozen=True, slots=True)
class Line:
    """A single text, read by `meaning`; numbers, times and addresses too. `unit`: that of a number, as `unit_of` gives it."""

    meaning: Meaning
    attributes: Mapping[str, Any]
    words: Words
    long: bool = False
    unit: str = ""

    def fill(self, value: Any, path: str) -> Iterator[Item]:
        yield path, "" if value is None else as_text(value)

    def read(self, posted: Posted, path: str) -> Any:
        typed = posted.text(path)
        return as_json(self.meaning(typed)) if typed else None

    def draw(self, posted: Posted, path: str) -> Widget:
        return Widget("long" if self.long else "input", path, value=posted.text(path), attributes=self.attributes)

    def say(self, value: Any) -> str:
        if self.attributes.get("type") == "date":
            return dates.day(date.fromisoformat(value), self.words)
        if isinstance(value, (int, float)) and self.unit:
            return measured(value, self.unit, self.words)
        if isinstance(value, int):
            return self.words.number(value)
        return isolates.ltr(as_text(value)) if self.attributes.get("dir") == "ltr" else as_text(value)


@dataclass(frozen=True, slots=True)
class Choice:
    """One of several words or names, by their labels; `meant` are the values of the texts.

    `empty` stands for no value: always if the value is `optional`, else only until one is chosen. `others` are the labels
    of words that are said and not offered; `alone` those of numbers where no unit stands beside them.
    """

    labels: Mapping[str, str]
    meant: Mapping[str, Any]
    empty: str
    optional: bool
    others: Mapping[str, str] = field(default_factory=dict)
    alone: Mapping[str, str] = field(default_factory=dict)

    def fill(self, value: Any, path: str) -> Iterator[Item]:
        yield path, next((typed for typed, meant in self.meant.items() if meant == value), "")

    def read(self, posted: Posted, path: str) -> Any:
        typed = posted.text(path)
        return self.meant[among(self.meant)(typed)] if typed else None

    def draw(self, posted: Posted, path: str) -> Widget:
        chosen = posted.text(path)
        options = [Option("", self.empty, not chosen)] if self.optional or not chosen else []
        options += [Option(value, label, value == chosen) for value, label in self.labels.items()]
        if chosen and chosen not in self.labels:
            # Something that is gone stays in sight until another is chosen.
            options.append(Option(chosen, chosen, True))
        return Widget("select", path, options=tuple(options))

    def say(self, value: Any) -> str:
        word = str(value)
        labels = {**self.labels, **self.alone}
        said = (labels[typed] for typed, meant in self.meant.items() if meant == value)
        return next(said, self.others.get(word, word))


@dataclass(frozen=True, slots=True)
class Boxes:
    """Some of several words or names.

    Where they are `ordered`, each has a number for its place, and a long list shows what is chosen and adds by a choice.
    Days of the week are `fixed`: always in the same place. `alone` goes with no other, as that nothing is needed.
    """

    labels: Mapping[str, str]
    meant: Mapping[str, Any]
    between: str
    ordered: bool = False
    fixed: bool = False
    fewest: int = 1
    alone: str = ""

    def fill(self, value: Any, path: str) -> Iterator[Item]:
        for position, item in enumerate(value or (), start=1):
            typed = self._typed(item)
            yield path, typed
            if self.ordered:
                yield under(path, f"order.{typed}"), str(position)

    def read(self, posted: Posted, path: str) -> Any:
        chosen = self._chosen(posted, path)
        faults = [Fault("setting-unknown", "", {"word": typed}) for typed in chosen if typed not in self.meant]
        if self.alone in chosen and len(chosen) > 1:
            faults.append(Fault("setting-alone", "", {"word": self.labels[self.alone]}))
        if chosen and len(chosen) < self.fewest:
            faults.append(Fault("setting-too-few", "", {"least": number(self.fewest)}))
        if faults:
            raise Faulty(faults[:1])
        found = [self.meant[typed] for typed in chosen]
        return (sorted(found) if self.fixed else found) or None

    def draw(self, posted: Posted, path: str) -> Widget:
        chosen = self._chosen(posted, path)
        others = [typed for typed in self.labels if typed not in chosen]
        shown = [*self.labels] if self.fixed else [*chosen, *others]
        places = {typed: str(place) for place, typed in enumerate(chosen, start=1)}
        options = {
            typed: Option(typed, self.labels.get(typed, typed), typed in chosen, places.get(typed, ""))
            for typed in shown
        }
        alone = options.pop(self.alone, None)
        picks = alone is not None or (self.ordered and len(options) > MANY)
        return Widget(
            "picks" if picks else "boxes", path, ordered=self.ordered, options=tuple(options.values()), alone=alone
        )

    def say(self, value: Any) -> str:
        typed = [self._typed(item) for item in value]
        if self.fixed:
            typed = [one for one in self.labels if one in typed]
        return self.between.join(self.labels.get(one, one) for one in typed)

    def _typed(self, item: Any) -> str:
        return next((typed for typed, meant in self.meant.items() if meant == item), str(item))

    def _chosen(self, posted: Posted, path: str) -> list[str]:
        """What is ticked, once each, by the numbers; without a number as sent, after all others."""
        # The choice that adds another one sends an empty text if nothing is chosen.
        chosen = dict.fromkeys(typed for typed in posted.chosen(path) if typed)

        def place(typed: str) -> int:
            order = posted.text(under(path, f"order.{typed}"))
            return int(order) if order.isdecimal() and len(order) <= LONGEST_NUMBER else _LAST

        return sorted(chosen, key=place) if self.ordered else [*chosen]


@dataclass(frozen=True, slots=True)
class Box:
    """Yes or no."""

    yes: str
    no: str

    def fill(self, value: Any, path: str) -> Iterator[Item]:
        if value:
            yield path, YES

    def read(self, posted: Posted, path: str) -> Any:
        return posted.has(path)

    def draw(self, posted: Posted, path: str) -> Widget:
        return Widget("box", path, value=YES if posted.has(path) else "")

    def say(self, value: Any) -> str:
        return self.yes if value else self.no


@dataclass(frozen=True, slots=True)
class NamesByLanguage:
    """A text by language; as soon as one is filled in, those in Arabic and English are needed if the place speaks them.

    Every text is stored in both. In the one that the place does not speak, it is that of the first language of
    `languages`, those of the place, unless it has its own; that copy is not shown. Where `one_is_enough`, a text that is
    left out is such a copy in any language.
    """

    languages: Sequence[str]
    words: Words
    long: bool
    one_is_enough: bool = False

    def fill(self, value: Any, path: str) -> Iterator[Item]:
        texts = value or {}
        for language in self._shown(texts):
            copied = self.one_is_enough and language != self._first(texts) and texts.get(language) == self._usual(texts)
            yield under(path, language), "" if copied else texts.get(language, "")

    def read(self, posted: Posted, path: str) -> Any:
        typed = {language: posted.text(under(path, language)) for language in OWN_NAMES}
        found: dict[str, str] = {}
        faults: list[Fault] = []
        for language, words in typed.items():
            if words:
                try:
                    found[language] = text(words)
                except Faulty as error:
                    faults += [fault.below(language) for fault in error.faults]
        found = self._completed(found)
        if found and not faults and (fault := names_fault(found)) is not None:
            faults.append(fault)
        if faults:
            raise Faulty(faults)
        return found or None

    def draw(self, posted: Posted, path: str) -> Widget:
        typed = {language: posted.text(under(path, language)) for language in OWN_NAMES}
        return Widget("names", path, parts=tuple(self._line(path, one, typed[one]) for one in self._shown(typed)))

    def say(self, value: Any) -> str:
        return localised(value, self.words.language)

    def _line(self, path: str, language: str, typed: str) -> Widget:
        return Widget(
            "long" if self.long else "input",
            under(path, language),
            label=self.words.text(f"language.{language}"),
            needed=language in self.languages[:1]
            if self.one_is_enough
            else language in REQUIRED_LANGUAGES and language in self.languages,
            value=typed,
            attributes={"type": "text", "lang": language, "dir": direction_of(language)},
        )

    def _shown(self, texts: Mapping[str, str]) -> list[str]:
        """The languages of the place, and those that have a text of their own already."""
        copied = dict.fromkeys(REQUIRED_LANGUAGES, self._usual(texts))
        return [one for one in OWN_NAMES if one in self.languages or texts.get(one, "") not in ("", copied.get(one))]

    def _completed(self, found: dict[str, str]) -> dict[str, str]:
        copied = self._usual(found)
        asked = () if self.one_is_enough else self.languages
        lacking = [one for one in REQUIRED_LANGUAGES if one not in found and one not in asked]
        return found | dict.fromkeys(lacking, copied) if copied else found

    def _usual(self, texts: Mapping[str, str]) -> str:
        """The text of the first language of the place, "" if there is none."""
        return texts.get(self._first(texts), "")

    def _first(self, texts: Mapping[str, str]) -> str:
        """The first language of the place that has a text, "" if there is none."""
        return next((one for one in self.languages if texts.get(one)), "")


@dataclass(frozen=True, slots=True)
class Fixed:
    """A field that can have one value only; it is sent along."""

    value: Any

    def fill(self, _value: Any, path: str) -> Iterator[Item]:
        yield path, str(self.value)

    def read(self, _posted: Posted, _path: str) -> Any:
        return self.value

    def draw(self, _posted: Posted, path: str) -> Widget:
        return Widget("hidden", path, value=str(self.value))

    def say(self, value: Any) -> str:
        return str(value)


def measured(value: float, unit: str, words: Words) -> str:
    """A number with its unit, which is the end of `setting.unit.<…>`: minutes and days as counted nouns."""
    match unit, value:
        case "minutes", int():
            return dates.minutes(value, words)
        case "days", int():
            return words.plural("data.days", value)
    said = words.number(value) if isinstance(value, int) else isolates.ltr(as_text(value))
    return f"{said} {words.text(f'setting.unit.{unit}')}"


def as_json(value: Any) -> Any:
    """A value in its JSON form."""
    match value:
        case time():
            return f"{value:%H:%M}"
        case date():
            return value.isoformat()
    return value


def as_text(value: Any) -> str:
    """A value in its JSON form as a text that is read as the same."""
    return f"{value:.15g}" if isinstance(value, float) else str(value)


#: After every place that somebody would type.
_LAST: Final = 10_000
