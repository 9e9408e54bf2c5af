"""Forms of settings, made from their declarations: what is declared can be edited, in every language of the program.

How to build a page that edits an object (a service, a queue, the hours of a branch):

    declaration = declaration_of(kind, shape)                      # settings.objects: Service, Queue, Named …
    form = SettingForm(declaration, things_of(branch, catalogue, here.words), here.words, branch.languages, FIELDS)

    GET    drawn = form.draw(form.fill(values))                    # values: the object as `objects.objects_of` gives it
    POST   posted = await received(request)
           typed = form.read(posted)                               # values of the fields, and faults of single texts
           if not typed.faults: look at the effect, or save, with Edit(kind, slug, was=form.was(posted), now=typed.values)
           faults = (*typed.faults, *those of the whole that are of this object)
           if faults: drawn = form.draw(form.again(posted, typed), faults, was=form.was(posted)); status 422

In the template, where {% from "macros/setting_fields.html" import setting_form with context %} is the only import:

    {{ setting_form(drawn) }}                                      # error summary, hidden `was`, all fields
    {{ setting_summary(drawn) }} {{ setting_field(drawn.field("fee")) }} …  # or one by one, in an order of your own

* The names of inputs are the paths of fields, `fee.amount` or `hours.0.opens`; so are the fields of faults, and the ids.
* Everything works without script: a list ends with an empty row, and rows and optional groups have a box to remove them.
  "Add another row" is a button that posts the form with a name of its own: draw it again with `form.again`.
* `was` holds the values that the person saw. It goes along hidden, so that another person's edit meanwhile is merged, or is
  a conflict, and never lost. Of a new object it is None; a field that is left out of FIELDS is not touched.
* `FIELDS` are what the page edits; without them all fields but the slug. Name "slug" too when a thing is added by hand, or
  make one of its English name by `new_slug`.
* A field whose value other settings determine (`Derived` with words, as the mode of a service) is left out of the values if
  nothing is chosen; the page completes it.
* `form.say(field, value)` is a value in words, for lists of changes and for histories; `setting_words.label_of` the label,
  and `setting_words.fault_sentence` what is wrong with another object.
* New field: declare it, and give it `setting.<declaration>.<field>` (or `setting.any.<field>`) in ar and en, with `.hint`
  where the label is not enough; each new word `setting.word.<kind>.<word>`. tests/web/test_web_setting_words.py asks for them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from starlette.requests import Request

from ..i18n.words import Words
from ..settings.declared import Declared
from ..settings.faults import Fault
from . import kit
from .setting_builder import Builder
from .setting_posted import Posted
from .setting_widgets import Widget
from .setting_words import Things, fault_sentence

#: The hidden input with the values that the person saw.
WAS: Final = "was"
#: The values that the person saw are longer than any text; lists have many fields.
_LONGEST: Final = 30_000
_LONGEST_WAS: Final = 1_000_000
_MOST: Final = 20_000


@dataclass(frozen=True, slots=True)
class Typed:
    """What was read from a form: the values of the fields that could be read, and what is wrong with the others."""

    values: dict[str, Any]
    faults: tuple[Fault, ...]


@dataclass(frozen=True, slots=True)
class Drawn:
    """A form to show. `errors`: sentences by the id of their field; `rest`: sentences that belong to no field of it."""

    fields: tuple[Widget, ...]
    was: str
    errors: Mapping[str, str]
    rest: tuple[str, ...]

    @property
    def summary(self) -> dict[str, str]:
        """The errors as they stand together on top: each after the label of its field, because many read alike."""
        labels = {name: label for one in self.fields for name, label in _labelled(one, "")}
        return {name: f"{labels[name]}: {sentence}" for name, sentence in self.errors.items()}

    def field(self, name: str) -> Widget:
        """One of its fields; KeyError if it has none of this name."""
        for found in self.fields:
            if found.name == name:
                return found
        raise KeyError(name)


class SettingForm:
    """The form for some fields of a declaration, or for all but the slug; `languages` are those of its texts.

    `one_is_enough`: a text in one of them will do, and stands in the others that every text needs.
    """

    def __init__(
        self,
        declaration: type[Declared],
        things: Things,
        words: Words,
        languages: Sequence[str],
        fields: Collection[str] = (),
        *,
        one_is_enough: bool = False,
    ) -> None:
        self._group = Builder(things, words, languages, one_is_enough).group(declaration, fields)
        self._things = things
        self._words = words

    def fill(self, values: Mapping[str, Any]) -> Posted:
        """The form with these values in their JSON form; a field that is missing has its default, or is empty."""
        seen = {member.name: values.get(member.name, member.usual) for member in self._group.members}
        was = [(WAS, json.dumps(seen, ensure_ascii=False))] if values else []
        return Posted([*was, *self._group.fill(values, "")])

    def read(self, posted: Posted) -> Typed:
        """The values that were typed and chosen."""
        values, faults = self._group.read_what_is_right(posted, "")
        return Typed(values, tuple(faults))

    def was(self, posted: Posted) -> dict[str, Any] | None:
        """The values that the person saw; None of an object that is being added, or if the form did not send them."""
        try:
            found = json.loads(posted.raw(WAS) or "null")
        except (ValueError, RecursionError):
            return None
        names = {member.name for member in self._group.members}
        return {name: value for name, value in found.items() if name in names} if isinstance(found, dict) else None

    def again(self, posted: Posted, typed: Typed) -> Posted:
        """What to show again: everything as it was typed; rows that were removed are gone, if all others could be read."""
        if typed.faults:
            return posted
        return Posted([(WAS, posted.raw(WAS)), *self._group.fill(typed.values, "")])

    def draw(self, posted: Posted, faults: Collection[Fault] = ()) -> Drawn:
        """The fields with what stands in them, and what is wrong."""
        fields = self._group.draw(posted, "").parts
        ids = {part.name for field in fields for part in field.all()}
        errors: dict[str, str] = {}
        rest: list[str] = []
        for fault in faults:
            sentence = fault_sentence(fault, self._things, self._words)
            if place := _nearest(fault.field, ids):
                errors.setdefault(place, sentence)
            else:
                rest.append(sentence)
        return Drawn(tuple(_marked(field, errors) for field in fields), posted.raw(WAS), errors, tuple(rest))

    def say(self, field: str, value: Any) -> str:
        """A value of a field in words; None is the value that it has if nothing is set, "" if it has none then."""
        member = next(member for member in self._group.members if member.name == field)
        value = member.usual if value is None else value
        return "" if value is None else member.shape.say(value)


async def received(request: Request) -> Posted:
    """What a form of settings sent. Raises HTTPException(400), also if it has more fields than any form of ours."""
    items = await kit.form_items(request, longest=_LONGEST_WAS, most=_MOST)
    return Posted((name, text if name == WAS else text[:_LONGEST]) for name, text in items)


def new_slug(name: str, taken: Collection[str], otherwise: str) -> str:
    """A name for programs that is like an English name and not `taken`; `otherwise` where the name has no Latin letters."""
    words = re.findall(r"[a-z0-9]+", name.lower())
    base = "-".join(words)[:40].strip("-")
    if not re.match(r"[a-z]", base):
        base = otherwise
    numbered = (f"{base}-{number}" for number in range(2, len(taken) + 3))
    return next(slug for slug in (base, *numbered) if slug not in taken)


def _nearest(path: str, ids: Collection[str]) -> str:
    """The id of the field with this path, or of the group around it; "" if the form has neither."""
    while path and path not in ids:
        path = path.rpartition(".")[0]
    return path


def _labelled(widget: Widget, around: str) -> Iterator[tuple[str, str]]:
    """A field and everything in it by id, each with its label after those of the groups around it."""
    label = " – ".join(one for one in (around, widget.label) if one)
    yield widget.name, label
    for part in widget.parts:
        yield from _labelled(part, label)


def _marked(widget: Widget, errors: Mapping[str, str]) -> Widget:
    parts = tuple(_marked(part, errors) for part in widget.parts)
    return replace(widget, error=errors.get(widget.name, ""), parts=parts)
