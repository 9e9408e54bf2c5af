"""What was typed into the form of the first run: checked field by field, and turned into what is to be founded."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from ...core.errors import Invalid
from ...core.logins import check_login, check_name
from ...core.passphrases import check_password
from ...i18n.words import Words, available_languages
from ...i18n.zones import zone_names
from ...profiles.founding import WantedHouse, samples
from ...web.errors import message

#: The value of the empty branch in the form, because a radio or an option without a value is easily overlooked.
EMPTY: Final = "empty"


@dataclass(frozen=True, slots=True)
class Typed:
    """The fields of the form as text; `languages` are those that were ticked."""

    fields: Mapping[str, str]
    languages: tuple[str, ...]

    def names(self, what: str) -> dict[str, str]:
        """The names of the organisation ("name") or branch ("branch") in the languages that were ticked."""
        return {one: name for one in self.languages if (name := self.text(f"{what}-{one}"))}

    def text(self, name: str) -> str:
        """A field without the spaces around it; "" if it was left out."""
        return self.fields.get(name, "").strip()

    @property
    def sample(self) -> str:
        """The key of the chosen sample; "" for the empty branch."""
        chosen = self.text("sample")
        return "" if chosen == EMPTY else chosen

    @property
    def timezone(self) -> str:
        """The zone that was chosen, else that of the sample, else ""."""
        known = samples().get(self.sample)
        return self.text("timezone") or (known.timezone if known else "")

    def wish(self, language: str) -> WantedHouse:
        """What to found; `language` is that of the page, which comes first if it was ticked."""
        return WantedHouse(
            names=self.names("name"),
            branch_names=self.names("branch"),
            languages=self.languages,
            default_language=language if language in self.languages else self.languages[0],
            timezone=self.timezone,
            sample=self.sample,
        )


def typed(items: list[tuple[str, str]]) -> Typed:
    """The form as it was sent."""
    ticked = {text for name, text in items if name == "language"}
    return Typed(dict(items), tuple(one for one in available_languages() if one in ticked))


def mistakes(form: Typed, words: Words) -> dict[str, str]:
    """The sentence for each field that is wrong, in the order of the form."""
    return dict(_mistakes(form, words))


def _mistakes(form: Typed, words: Words) -> Iterator[tuple[str, str]]:
    if not form.languages:
        yield "language", words.text("founding.language-missing")
    yield from _of_names(form, "name", words)
    if form.sample and form.sample not in samples():
        yield "sample", words.text("founding.sample-missing")
    yield from _of_names(form, "branch", words)
    if form.timezone not in dict(zone_names(words.language)):
        yield "timezone", words.text("founding.zone-missing")
    yield from _of_person(form, words)


def _of_names(form: Typed, what: str, words: Words) -> Iterator[tuple[str, str]]:
    for language in form.languages:
        name = form.text(f"{what}-{language}")
        if not name:
            yield f"{what}-{language}", words.text("founding.name-missing")
        elif refusal := _refusal(words, check_name, name):
            yield f"{what}-{language}", refusal


def _of_person(form: Typed, words: Words) -> Iterator[tuple[str, str]]:
    login, password = form.text("login"), form.fields.get("password", "")
    if refusal := _refusal(words, check_name, form.text("person")):
        yield "person", refusal
    if refusal := _refusal(words, check_login, login):
        yield "login", refusal
    if refusal := _refusal(words, check_password, password, login):
        yield "password", refusal
    elif password != form.fields.get("again", ""):
        yield "again", message(Invalid("passwords-differ", "again"), words)


def _refusal(words: Words, check: Callable[..., None], *values: str) -> str:
    try:
        check(*values)
    except Invalid as error:
        return message(error, words)
    return ""
