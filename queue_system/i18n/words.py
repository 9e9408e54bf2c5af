"""Texts in one language, with every inserted value kept whole.

words = words_for("ar", digits="latn")
words.text("ticket.near", code="A012")       plain text, the value between U+2068 and U+2069
words.html("ticket.near", code="A012")       Markup, everything escaped, the value in <bdi>
words.plural("common.people-ahead", 3)       «أمامك 3 أشخاص»; {n} is the number
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Final, Literal, TypeVar

from markupsafe import Markup, escape

from . import isolates
from .catalogues import REFERENCE, ZERO, Catalogue, Message, catalogues
from .numerals import Digits, to_digits

Direction = Literal["rtl", "ltr"]

OWN_NAMES: Final[dict[str, str]] = {"ar": "العربية", "en": "English", "tr": "Türkçe", "de": "Deutsch"}
"""Each language in its own words, in the order in which the languages are offered."""

FALLBACKS: Final = (REFERENCE, "en")

_RIGHT_TO_LEFT: Final = frozenset({"ar"})
_BDI: Final = {isolates.LRI: Markup(' dir="ltr"'), isolates.RLI: Markup(' dir="rtl"'), isolates.FSI: ""}

_Shown = TypeVar("_Shown", str, Markup)

_log = logging.getLogger(__name__)


@cache
def words_for(language: str, digits: Digits = "latn", *, strict: bool = False) -> Words:
    """The texts of `language`; raises KeyError for a language without a catalogue.

    `strict` is for tests: a missing key or value raises KeyError. Otherwise the text comes from the fallback
    languages, or is the key itself, and the log reports it once.
    """
    found = catalogues()
    chain = [found[language]]
    if not strict:
        chain += [found[name] for name in FALLBACKS if name != language and name in found]
    return Words(language, digits, strict, tuple(chain))


def available_languages() -> tuple[str, ...]:
    """The languages that have a catalogue, in the order of OWN_NAMES."""
    return tuple(language for language in OWN_NAMES if language in catalogues())


def choose_language(accept_language: str | None, offered: Collection[str], default: str) -> str:
    """The language of `offered` that an Accept-Language header prefers, else `default` (RFC 9110, 12.5.4).

    A regional tag (`ar-SY`) matches its language; of equal weights the earlier wins; malformed tags are skipped.
    """
    wishes = sorted(_wishes(accept_language or ""), key=lambda wish: -wish[1])
    for tag, weight in wishes:
        language = tag.split("-")[0].lower()
        if weight > 0 and language in offered:
            return language
    return default


@dataclass(frozen=True, slots=True, eq=False)
class Words:
    """The texts of one language; made by `words_for`. `chain` is its catalogue, then those of the fallbacks."""

    language: str
    digits: Digits
    strict: bool
    chain: tuple[Catalogue, ...]

    @property
    def direction(self) -> Direction:
        """The direction of a page in this language."""
        return direction_of(self.language)

    def text(self, key: str, **values: object) -> str:
        """The plain text of `key`: every value is isolated (U+2068 … U+2069), whole numbers in the branch's digits."""
        return "".join(literal + value for literal, value in self._pieces(key, None, values, _plain))

    def plural(self, key: str, n: int, **values: object) -> str:
        """The plain text of `key` in the form that agrees with the whole number n ≥ 0; `{n}` is the number."""
        return "".join(literal + value for literal, value in self._pieces(key, n, values, _plain))

    def html(self, key: str, **values: object) -> Markup:
        """The text of `key` for a page: text and values escaped, each value in `<bdi>`; Markup values are kept."""
        return Markup("").join(
            escape(literal) + value for literal, value in self._pieces(key, None, values, _marked_up)
        )

    def html_plural(self, key: str, n: int, **values: object) -> Markup:
        """As `html`, in the form that agrees with n."""
        return Markup("").join(escape(literal) + value for literal, value in self._pieces(key, n, values, _marked_up))

    def has(self, key: str) -> bool:
        """Whether this language itself has a text for `key`."""
        return key in self.chain[0].messages

    def number(self, n: int) -> str:
        """A whole number in the branch's digits."""
        return to_digits(n, self.digits)

    def _pieces(
        self, key: str, n: int | None, values: Mapping[str, object], show: Callable[[object], _Shown]
    ) -> Iterator[tuple[str, _Shown | Literal[""]]]:
        found = self._find(key, n)
        if found is None:
            yield key, ""
            return
        message, form = found
        if n is not None:
            values = {"n": n, **values}
        for literal, name in message.parts[form]:
            yield literal, "" if name is None else show(self._value(message, name, values))

    def _find(self, key: str, n: int | None) -> tuple[Message, int] | None:
        for catalogue in self.chain:
            message = catalogue.messages.get(key)
            if message is None or message.counted is (n is None):
                continue
            if catalogue is not self.chain[0]:
                _report("no text in this language", self.language, key)
            if n is None:
                return message, 0
            if n == 0 and (nothing := catalogue.messages.get(key + ZERO)):
                return nothing, 0
            return message, catalogue.form(n)
        if self.strict:
            raise KeyError(f"{self.language}: no {'text' if n is None else 'counted text'} {key}")
        _report("no text in any language", self.language, key)
        return None

    def _value(self, message: Message, name: str, values: Mapping[str, object]) -> object:
        if name in values:
            value = values[name]
            return self.number(value) if type(value) is int else value
        if self.strict:
            raise KeyError(f"{message.file}: {message.key}: no value for {{{name}}}")
        _report(f"no value for {{{name}}}", self.language, message.key)
        return "…"


def direction_of(language: str) -> Direction:
    """The direction in which a language is written."""
    return "rtl" if language in _RIGHT_TO_LEFT else "ltr"


def _plain(value: object) -> str:
    if hasattr(value, "__html__"):
        value = Markup(value).striptags()  # noqa: S704 — only its text is taken
    return isolates.auto(str(value))


def _marked_up(value: object) -> Markup:
    if hasattr(value, "__html__"):
        return Markup(value)  # noqa: S704 — a value that says it is markup was escaped by whoever made it
    text = isolates.auto(str(value))
    return Markup("<bdi{}>{}</bdi>").format(_BDI[text[0]], text[1:-1])


@cache
def _report(what: str, language: str, key: str) -> None:
    _log.error("%s: %s: %s", language, key, what)


def _wishes(header: str) -> Iterator[tuple[str, float]]:
    for item in header.split(","):
        tag, _, parameters = item.strip().partition(";")
        name, _, weight = parameters.strip().partition("=")
        if not tag.strip():
            continue
        try:
            yield tag.strip(), float(weight) if name.strip().lower() == "q" else 1.0
        except ValueError:
            continue
