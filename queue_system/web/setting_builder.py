"""From a declaration to the shapes of its form: the type and the marks of a field say how it is set."""

from __future__ import annotations

import types
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, time
from enum import Enum
from typing import Any, Final, Literal, Union, get_args, get_origin

from pydantic.fields import FieldInfo

from ..i18n.words import Words
from ..settings.declared import (
    Among,
    Between,
    Declared,
    Derived,
    Form,
    Kind,
    Least,
    NotYet,
    Ref,
    Thing,
    bare,
    find,
    mark,
)
from ..settings.objects import Sentence
from ..settings.services import NO_DOCUMENT
from ..settings.typed import WEEKDAYS, meaning_of, words_of
from .setting_groups import Group, Member, NamedRows, OneOf, Rows, Table
from .setting_shapes import Box, Boxes, Choice, Fixed, Line, NamesByLanguage, Shape, as_json, measured
from .setting_words import Things, hint_of, label_of, unit_of, weekday, word_of

#: Attributes of an input, by the form of its text.
_INPUTS: Final[Mapping[Form, Mapping[str, str]]] = {
    Form.TEXT: {"type": "text", "dir": "auto"},
    Form.SLUG: {"type": "text", "dir": "ltr", "spellcheck": "false"},
    Form.WEEK_MOMENT: {"type": "text", "dir": "ltr"},
    Form.TIME_ZONE: {"type": "text", "dir": "ltr", "spellcheck": "false"},
    Form.COUNTRY_CODE: {"type": "text", "dir": "ltr", "inputmode": "numeric"},
    Form.PHONE: {"type": "tel", "dir": "ltr"},
    Form.EMAIL: {"type": "email", "dir": "ltr"},
    Form.URL: {"type": "url", "dir": "ltr"},
    Form.AMOUNT: {"type": "text", "dir": "ltr", "inputmode": "decimal"},
    Form.CURRENCY: {"type": "text", "dir": "ltr", "maxlength": "3"},
    Form.HOST: {"type": "text", "dir": "ltr", "spellcheck": "false"},
    Form.DEVICE_FILE: {"type": "text", "dir": "ltr", "spellcheck": "false"},
}
#: Texts by language that are short; all others get an area of several lines.
_SHORT: Final = ("names", "public_names", "place", "where", "subject")
#: Lists whose order says nothing.
_UNORDERED: Final = ("tags", "needs", "skills", "services", "resources", "calendars")
#: A week in a form begins on Sunday, as in the calendars of the region.
_WEEK: Final = (6, 0, 1, 2, 3, 4, 5)


@dataclass(frozen=True, slots=True)
class Builder:
    """Builds shapes for one page: what can be referred to, the language of the page, the languages of the texts.

    `one_is_enough`: a text in one of the languages will do.
    """

    things: Things
    words: Words
    languages: Sequence[str]
    one_is_enough: bool = False

    def group(self, declaration: type[Declared], fields: Collection[str] = (), *, optional: bool = False) -> Group:
        """The fields of a declaration, or those of them that are named; a slug only if it is named."""
        names = fields or [name for name in declaration.model_fields if name != "slug"]
        return Group([self._member(declaration, name) for name in names], self._between, optional)

    @property
    def _between(self) -> str:
        return "، " if self.words.language == "ar" else ", "

    @property
    def _between_rows(self) -> str:
        """Stands between rows whose own parts have commas between them."""
        return "؛ " if self.words.language == "ar" else "; "

    def _member(self, declaration: type[Declared], name: str) -> Member:
        field = declaration.model_fields[name]
        derived = mark(field, Derived) is not None and (kind := mark(field, Kind)) is not None and bool(kind.written)
        among = mark(field, Among)
        return Member(
            name,
            self._shape_of_field(declaration, name, field),
            label_of(declaration, name, self.words),
            hint_of(declaration, name, self.words) or self._not_yet(field),
            self._unit(declaration, name),
            field.is_required() and not derived,
            None if field.is_required() else _jsonable(field.get_default(call_default_factory=True)),
            derived,
            among.field if among else "",
        )

    def _not_yet(self, field: FieldInfo) -> str:
        return self.words.text("setting.not-yet") if mark(field, NotYet) is not None else ""

    def _shape_of_field(self, declaration: type[Declared], name: str, field: FieldInfo) -> Shape:
        if name == "slug":
            return Line(meaning_of(str, [Form.SLUG], {}) or str, _INPUTS[Form.SLUG], self.words)
        shape = self.shape(field.annotation, field.metadata, name)
        if isinstance(shape, NamesByLanguage) and declaration is Sentence:
            return replace(shape, long=True)
        if isinstance(shape, Choice) and mark(field, Derived) is not None:
            others = self._unwritten(field)
            return replace(shape, empty=self.words.text("setting.follows"), optional=True, others=others)
        unit = unit_of(declaration, name)
        if isinstance(shape, Table):
            inner = replace(shape.shape, unit=unit) if isinstance(shape.shape, Line) else shape.shape
            return Table(shape.labels, inner, self._unit(declaration, name), self._between)
        if unit and isinstance(shape, Choice):
            return replace(
                shape, alone={typed: measured(value, unit, self.words) for typed, value in shape.meant.items()}
            )
        # A number, and no group or list whose name ends alike, as the `check_in` of an occasion.
        return replace(shape, unit=unit) if isinstance(shape, Line) else shape

    def _unit(self, declaration: type[Declared], name: str) -> str:
        unit = unit_of(declaration, name)
        return self.words.text(f"setting.unit.{unit}") if unit else ""

    def shape(self, annotation: Any, marks: Collection[Any], name: str) -> Shape:
        """The shape of values of one type with these marks, in the field `name`."""
        may_be_missing = _may_be_missing(annotation)
        annotation, marks = bare(annotation, marks)
        match find(marks, Form):
            case Form.NAMES:
                return NamesByLanguage(self.languages, self.words, name not in _SHORT, self.one_is_enough)
            case Form.WEEKDAYS:
                return self._boxes({WEEKDAYS[day]: day for day in _WEEK}, self._weekdays, fixed=True)
            case Form.WEEKDAY:
                return self._choice(self._weekdays, {day: index for index, day in enumerate(WEEKDAYS)}, may_be_missing)
        if (ref := find(marks, Ref)) is not None:
            known = self.things[ref.kind]
            return self._choice(known, {slug: slug for slug in known}, may_be_missing)
        if annotation is bool:
            return self._flag(may_be_missing)
        if _is_word(annotation, marks):
            return self._word(annotation, marks, may_be_missing)
        if get_origin(annotation) is tuple:
            return self._list(annotation, marks, name)
        if get_origin(annotation) is dict:
            return self._mapping(annotation, name)
        if get_origin(annotation) in (Union, types.UnionType):
            return self._one_of(annotation)
        if isinstance(annotation, type) and issubclass(annotation, Declared):
            return self.group(annotation, optional=may_be_missing)
        meaning = meaning_of(annotation, marks, self.things)
        if meaning is None:
            raise TypeError(f"{name}: a form cannot set {annotation}")
        return Line(meaning, _attributes(annotation, marks), self.words)

    def _flag(self, may_be_missing: bool) -> Shape:
        yes, no = self.words.text("setting.yes"), self.words.text("setting.no")
        if may_be_missing:
            return self._choice({"yes": yes, "no": no}, {"yes": True, "no": False}, may_be_missing)
        return Box(yes, no)

    def _word(self, annotation: Any, marks: Collection[Any], may_be_missing: bool) -> Shape:
        meant = words_of(annotation, marks)
        if len(meant) == 1 and not may_be_missing:
            return Fixed(next(iter(meant.values())))
        labels = self._labels(annotation, marks)
        return self._choice(labels, {text: _plain(word) for text, word in meant.items()}, may_be_missing)

    def _labels(self, annotation: Any, marks: Collection[Any]) -> dict[str, str]:
        kind = find(marks, Kind)
        name = kind.name if kind else getattr(annotation, "__name__", "")
        return {text: word_of(name, word, self.words) for text, word in words_of(annotation, marks).items()}

    def _unwritten(self, field: FieldInfo) -> dict[str, str]:
        """The words that a derived value may have although a file may not use them, by their labels."""
        kind = mark(field, Kind)
        return {text: word_of(kind.name, text, self.words) for text in words_of(field.annotation, ())} if kind else {}

    def _list(self, annotation: Any, marks: Collection[Any], name: str) -> Shape:
        item = get_args(annotation)[0]
        kind, item_marks = bare(item)
        least = find(marks, Least)
        fewest = max(1, least.items) if least else 1
        if (ref := find(item_marks, Ref)) is not None:
            known = self.things[ref.kind]
            alone = NO_DOCUMENT if ref.kind == "document" and NO_DOCUMENT in known else ""
            meant = {slug: slug for slug in known}
            return self._boxes(meant, known, ordered=name not in _UNORDERED, fewest=fewest, alone=alone)
        if _is_word(kind, item_marks):
            meant = {text: _plain(word) for text, word in words_of(kind, item_marks).items()}
            ordered = name in ("languages", "alternatives")
            return self._boxes(meant, self._labels(kind, item_marks), ordered=ordered, fewest=fewest)
        shape = self.shape(item, (), name)
        between = self._between_rows if isinstance(shape, Group) else self._between
        return Rows(shape, self._row_label, between, fewest)

    def _mapping(self, annotation: Any, name: str) -> Shape:
        key, entry = get_args(annotation)
        thing, entry_marks = bare(entry)
        if isinstance(thing, type) and issubclass(thing, Thing):
            group = self.group(thing, ["slug", *(field for field in thing.model_fields if field != "slug")])
            return NamedRows(Rows(group, self._row_label, self._between_rows))
        word, key_marks = bare(key)
        ref = find(key_marks, Ref)
        labels = self.things[ref.kind] if ref else self._labels(word, key_marks)
        return Table(labels, self.shape(thing, entry_marks, name), "", self._between)

    def _one_of(self, annotation: Any) -> Shape:
        groups = {
            str(declaration.model_fields["kind"].default): self.group(declaration)
            for declaration in get_args(annotation)
        }
        labels = {kind: word_of("kind of device", kind, self.words) for kind in groups}
        return OneOf(groups, self._choice(labels, {kind: kind for kind in groups}, False))

    def _row_label(self, place: int) -> str:
        return self.words.text("setting.row", n=place) if place else self.words.text("setting.new-row")

    def _choice(self, labels: Mapping[str, str], meant: Mapping[str, Any], may_be_missing: bool) -> Choice:
        empty = self.words.text("setting.none" if may_be_missing else "setting.choose")
        return Choice(labels, meant, empty, may_be_missing)

    def _boxes(
        self,
        meant: Mapping[str, Any],
        labels: Mapping[str, str],
        *,
        ordered: bool = False,
        fixed: bool = False,
        fewest: int = 1,
        alone: str = "",
    ) -> Boxes:
        return Boxes(
            {typed: labels[typed] for typed in meant if labels[typed]},
            meant,
            self._between,
            ordered,
            fixed,
            fewest,
            alone,
        )

    @property
    def _weekdays(self) -> dict[str, str]:
        return {day: weekday(index, self.words) for index, day in enumerate(WEEKDAYS)}


def _may_be_missing(annotation: Any) -> bool:
    return get_origin(annotation) in (Union, types.UnionType) and types.NoneType in get_args(annotation)


def _is_word(annotation: Any, marks: Collection[Any]) -> bool:
    if get_origin(annotation) is Literal or (isinstance(annotation, type) and issubclass(annotation, Enum)):
        return True
    kind = find(marks, Kind)
    return annotation is str and kind is not None and bool(kind.written)


def _attributes(annotation: Any, marks: Collection[Any]) -> Mapping[str, Any]:
    if (form := find(marks, Form)) is not None:
        return _INPUTS[form]
    if annotation in (time, date):
        return {"type": "time" if annotation is time else "date", "dir": "ltr"}
    if annotation in (int, float):
        limits = find(marks, Between)
        within = {"min": f"{limits.low:g}", "max": f"{limits.high:.15g}"} if limits else {}
        return {"type": "number", "dir": "ltr", "step": "1" if annotation is int else "any", **within}
    return {"type": "text", "dir": "auto"}


def _plain(word: Any) -> Any:
    return word.value if isinstance(word, Enum) else word


def _jsonable(value: Any) -> Any:
    if isinstance(value, Declared):
        return value.model_dump(mode="json")
    if isinstance(value, tuple):
        return [_jsonable(item) for item in value]
    return _plain(as_json(value))
