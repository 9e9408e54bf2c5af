"""What is wrong with a setting, as a code with values; each page and the reader of files says it in its own words."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, Self

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from ..core.errors import Count, Value


@dataclass(frozen=True, slots=True)
class Fault:
    """One mistake. `errors.<code>` is its sentence, which `values` fill.

    `field` is the path of the field, such as `apply_at.url` or `hours.0.opens`; "" means several fields together.
    """

    code: str
    field: str = ""
    values: Mapping[str, Value] = dataclasses.field(default_factory=dict)

    def below(self, *path: str | int) -> Fault:
        """The same fault, seen from above: the field is below `path`."""
        return replace(self, field=".".join(str(part) for part in (*path, self.field) if part != ""))

    def __str__(self) -> str:
        told = ", ".join(f"{name}={value}" for name, value in self.values.items())
        where = f"{self.field}: " if self.field else ""
        return f"{where}{self.code} ({told})" if told else f"{where}{self.code}"


class Called(str):
    """The slug of a thing of `kind`, which a page shows by its name."""

    __slots__ = ("kind",)
    kind: str

    def __new__(cls, slug: str, kind: str) -> Self:
        """A slug that knows what it names."""
        made = super().__new__(cls, slug)
        made.kind = kind
        return made

    def __reduce__(self) -> tuple[type[Called], tuple[str, str]]:
        """What it is made of, for a preview that was worked out in another process."""
        return Called, (str(self), self.kind)


class Faulty(ValueError):
    """Values that cannot be set, with everything that is wrong with them."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = tuple(faults)
        super().__init__("; ".join(map(str, self.faults)))


def wrong(code: str, /, **values: Value) -> Faulty:
    """The exception for one value that cannot be set; a reader above it adds the field."""
    return Faulty((Fault(code, "", values),))


def number(value: float) -> Value:
    """A number as a value of a sentence."""
    return Count(value) if float(value).is_integer() else f"{value:g}"


def faults_of(error: ValidationError) -> Iterator[Fault]:
    """What pydantic found, as faults."""
    for found in error.errors(include_url=False):
        path = found["loc"]
        # Below a kit, pydantic names the declaration that it chose.
        yield _fault(found).below(*(step for before, step in zip(("", *path), path, strict=False) if before != "kit"))


def _fault(found: ErrorDetails) -> Fault:
    context: Mapping[str, Any] = found.get("ctx", {})
    match found["type"]:
        case "greater_than_equal":
            return Fault("setting-too-low", "", {"low": number(context["ge"])})
        case "less_than_equal":
            return Fault("setting-too-high", "", {"high": number(context["le"])})
        case kind:
            return Fault(_CODES.get(kind, "setting-wrong"))


_CODES: Final[Mapping[str, str]] = {
    "missing": "setting-missing",
    "literal_error": "choice-wrong",
    "enum": "choice-wrong",
    "extra_forbidden": "setting-not-known",
}
