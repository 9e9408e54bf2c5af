"""The base class of facts, and the registry of all facts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, ClassVar, Final, get_args, get_type_hints

from .fields import Is, Meaning, Word

#: The subjects of facts, in the order of the log's filter; every kind begins with one of them.
SUBJECTS: Final = (
    "ticket",
    "booking",
    "counter",
    "slip",
    "message",
    "member",
    "apart",
    "printer",
    "device",
    "staff",
    "approval",
    "data",
    "organisation",
    "settings",
)

#: Every fact by its kind. Each class registers itself when it is defined.
KINDS: Final[dict[str, type[Fact]]] = {}
# A cache, because evaluating the annotations again for every line of a page would be slow.
_MEANINGS: Final[dict[type[Fact], Mapping[str, Meaning]]] = {}


@dataclass(frozen=True, slots=True)
class Fact:
    """Something that happened; `kind` is its dotted name, `subject` the id of what it happened to.

    A class without a kind is the base class of several facts.
    """

    kind: ClassVar[str] = ""

    subject: str

    def __init_subclass__(cls) -> None:
        if not cls.kind:
            return
        if cls.kind.partition(".")[0] not in SUBJECTS:
            raise ValueError(f"{cls.kind}: the first word must be one of {', '.join(SUBJECTS)}")
        known = KINDS.get(cls.kind)
        # `slots=True` creates every class twice, and the second class is the fact.
        if known and (known.__module__, known.__name__) != (cls.__module__, cls.__name__):
            raise ValueError(f"{cls.kind}: {cls.__name__} and {known.__name__} have the same kind")
        KINDS[cls.kind] = cls

    def data(self) -> dict[str, Any]:
        """Everything but the subject, ready for JSON."""
        return {name.name: getattr(self, name.name) for name in fields(self) if name.name != "subject"}

    def variant(self) -> str:
        """Which sentence this fact has: "" for the key `audit.<kind>`, else the part of the key after the hyphen.

        A fact with several sentences returns a Literal of all its variants, which `variants` reads.
        """
        return ""


class UnknownFact(LookupError):
    """The fact was written by a newer version: its kind is unknown to this one, or a required field is missing."""


def from_data(kind: str, subject: str, data: Mapping[str, Any]) -> Fact:
    """The fact that was written as (kind, subject, data); raises UnknownFact.

    Fields that a newer version has added are left out.
    """
    fact = KINDS.get(kind)
    if fact is None:
        raise UnknownFact(kind)
    names = {field.name for field in fields(fact)} - {"subject"}
    try:
        return fact(subject=subject, **{name: value for name, value in data.items() if name in names})
    except TypeError:
        raise UnknownFact(kind) from None


def meanings(fact: type[Fact]) -> Mapping[str, Meaning]:
    """The meaning of each field of a fact, `subject` included; raises TypeError for a type without a meaning."""
    if fact not in _MEANINGS:
        hints = get_type_hints(fact, include_extras=True)
        _MEANINGS[fact] = {field.name: _meaning(fact, field.name, hints[field.name]) for field in fields(fact)}
    return _MEANINGS[fact]


def _meaning(fact: type[Fact], name: str, hint: Any) -> Meaning:
    # An optional field is a union of its type and None; an annotated type carries what it was annotated with.
    for part in (hint, *get_args(hint)):
        for found in getattr(part, "__metadata__", ()):
            if isinstance(found, Is | Word):
                return found
    raise TypeError(
        f"{fact.__name__}.{name}: the type {hint} does not say what the value means; use one of core.facts.fields"
    )


def variants(fact: type[Fact]) -> tuple[str, ...]:
    """All values that `variant` of a fact can return."""
    return get_args(get_type_hints(fact.variant)["return"]) or ("",)
