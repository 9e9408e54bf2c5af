"""The base of declarations, and the marks that a field may have.

A mark is in the annotation of a field: `Annotated[int, Between(1, 1440), "minutes that a visit takes"]`. A text among
the marks describes the field. A type that several fields share has its marks with it.
"""

from __future__ import annotations

import types
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import time
from enum import Enum
from typing import Annotated, Any, ClassVar, Final, Literal, Self, TypeVar, Union, get_args, get_origin

import annotated_types
from pydantic import BaseModel, ConfigDict, PlainSerializer, ValidationError
from pydantic.fields import FieldInfo

from .faults import Fault, Faulty, faults_of

M = TypeVar("M")

LANGUAGES: Final = ("ar", "en", "tr", "de")
REQUIRED_LANGUAGES: Final = ("ar", "en")
DAY_MIN: Final = 24 * 60
#: The most counters, or bookings at one time, of a hall; and the most of any resource.
LARGEST_HALL: Final = 999
LARGEST_POOL: Final = 10_000


class Declared(BaseModel):
    """Values that are set together. Frozen; `model_fields_set` are the fields that were written."""

    # Validators are built at first use, because most processes read only a few kinds of settings.
    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    #: What messages call such a thing in a mapping by name.
    kind_of_thing: ClassVar[str] = ""

    def mistake(self) -> Fault | None:
        """What is wrong between the fields; None if nothing is."""
        return None

    @classmethod
    def validated(cls, values: Mapping[str, Any]) -> Self:
        """The declaration with these values, also in their JSON form. Raises Faulty for what cannot be set."""
        try:
            return cls.model_validate(values)
        except ValidationError as error:
            raise Faulty(faults_of(error)) from None

    def changed(self, **fields: Any) -> Self:
        """The same with other values in these fields. Raises Faulty for what cannot be set."""
        return self.validated({**self._written(), **fields})

    def with_read(self, **fields: Any) -> Self:
        """The same with other values, which the reader of a profile has read and checked; the rest may be missing yet."""
        return self.model_construct(**{**self._written(), **fields})

    def _written(self) -> dict[str, Any]:
        return {name: value for name, value in self if name in self.model_fields_set}

    def checked(self) -> Self:
        """The same, whoever made it; raises Faulty if a value in it, at any depth, is one that cannot be read back."""
        self.validated(self.model_dump())
        if (mistake := self.mistake()) is not None:
            raise Faulty((mistake,))
        return self


class Thing(Declared):
    """Something that other settings refer to by its name."""

    slug: Annotated[str, "name for programs"]


class Form(Enum):
    """How a text, or a group of texts, is written if its type does not say it."""

    TEXT = "text"
    SLUG = "slug"
    NAMES = "names"
    WEEKDAY = "weekday"
    WEEKDAYS = "weekdays"
    WEEK_MOMENT = "week moment"
    TIME_ZONE = "time zone"
    COUNTRY_CODE = "country code"
    PHONE = "phone"
    EMAIL = "email"
    URL = "url"
    AMOUNT = "amount"
    CURRENCY = "currency"
    HOST = "host"
    DEVICE_FILE = "device file"


@dataclass(frozen=True, slots=True)
class Between(annotated_types.GroupedMetadata):
    """A number from `low` to `high`, both included."""

    low: float
    high: float

    def __iter__(self) -> Iterator[annotated_types.BaseMetadata]:
        yield annotated_types.Ge(self.low)
        yield annotated_types.Le(self.high)


@dataclass(frozen=True, slots=True)
class Kind:
    """What messages call one of these words; `written` are the words that a file may use, None for all.

    `renamed` are pairs of a former word and the present one, which a refusal suggests.
    """

    name: str
    written: Sequence[str] | None = None
    renamed: Sequence[tuple[str, str]] = ()


@dataclass(frozen=True, slots=True)
class Ref:
    """The name of one of the things called `kind`, which must exist."""

    kind: str


@dataclass(frozen=True, slots=True)
class Among:
    """One of the words that an earlier field lists; messages call it `kind`."""

    field: str
    kind: str


@dataclass(frozen=True, slots=True)
class Key:
    """The field's name in a file, if it is another one."""

    name: str


@dataclass(frozen=True, slots=True)
class Once:
    """No two things of a mapping may have the same value here; messages call it `name`."""

    name: str


@dataclass(frozen=True, slots=True)
class Least:
    """The fewest items of a list; without this mark 1."""

    items: int


@dataclass(frozen=True, slots=True)
class Derived:
    """If a file does not write it, other settings determine it."""


@dataclass(frozen=True, slots=True)
class OfOrganisation:
    """If a branch neither writes nor inherits it, the organisation's value holds."""


@dataclass(frozen=True, slots=True)
class NotInherited:
    """A branch does not inherit this field."""


class Told(Enum):
    """What a report says, after the place, about a setting that nothing acts on."""

    FIELD = "the name of the field"
    PARTS = "what was written in it"
    ITEMS = "each item, in a line of its own"
    PLACE = "nothing"


@dataclass(frozen=True, slots=True)
class NotYet:
    """Nothing acts on this field yet; `code` is the end of `doctor.not-in-force.<code>`."""

    code: str
    told: Told = Told.FIELD


@dataclass(frozen=True, slots=True)
class OnlyActedOn:
    """Only these of the possible words are acted on yet; `code` as in NotYet."""

    code: str
    words: Collection[str]


@dataclass(frozen=True, slots=True)
class WordsNotYet:
    """Nothing acts on these words yet; each has a code as in NotYet."""

    codes: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Informs:
    """The field is a note for people; nothing acts on it, and nobody can expect that."""


def mark(field: FieldInfo, kind: type[M]) -> M | None:
    """The field's own mark of this kind, or None."""
    return find(field.metadata, kind)


def find(marks: Iterable[Any], kind: type[M]) -> M | None:
    """The mark of this kind among several, or None."""
    # A loop, because a generator would cost half of what the consistency of a branch costs.
    for found in marks:
        if isinstance(found, kind):
            return found
    return None


def described(field: FieldInfo) -> str:
    """What a field is for; the field's own text precedes that of its type."""
    texts = [found for found in field.metadata if isinstance(found, str)]
    return texts[-1] if texts else ""


def key_of(name: str, field: FieldInfo) -> str:
    """The field's key in a file."""
    own = mark(field, Key)
    return own.name if own else name


def bare(annotation: Any, marks: Collection[Any] = ()) -> tuple[Any, list[Any]]:
    """A type without its marks and without None, and all its marks. None is never written in a file."""
    found = list(marks)
    while True:
        if get_origin(annotation) is Annotated:
            annotation, *more = get_args(annotation)
            found += more
        elif get_origin(annotation) in (Union, types.UnionType) and types.NoneType in get_args(annotation):
            (annotation,) = (choice for choice in get_args(annotation) if choice is not types.NoneType)
        else:
            return annotation, found


def entry_of(declaration: type[Declared], name: str) -> Any:
    """The type of the entries in a field's mapping or list, without marks."""
    group, _ = bare(declaration.model_fields[name].annotation)
    return bare(next(kind for kind in reversed(get_args(group)) if kind is not Ellipsis))[0]


def declarations(root: type[Declared]) -> Iterator[type[Declared]]:
    """A declaration and all that are nested in it, each once, in the order of their fields."""
    found: dict[type[Declared], None] = {}

    def walk(annotation: Any) -> None:
        kind, _ = bare(annotation)
        if isinstance(kind, type) and issubclass(kind, Declared) and kind not in found:
            found[kind] = None
            for field in kind.model_fields.values():
                walk(field.annotation)
        for inner in get_args(kind):
            walk(inner)

    walk(root)
    yield from found


# ---------------------------------------------------------------- types that several declarations share

Text = Annotated[str, Form.TEXT]
Names = Annotated[dict[str, str], Form.NAMES]
Sentences = tuple[Names, ...]
Language = Annotated[Literal["ar", "en", "tr", "de"], Kind("language")]
Minutes = Annotated[int, Between(0, DAY_MIN)]
SomeMinutes = Annotated[int, Between(1, DAY_MIN)]
Percent = Annotated[int, Between(0, 100)]
ClockTime = Annotated[time, PlainSerializer(lambda at: at.strftime("%H:%M"), when_used="json")]
