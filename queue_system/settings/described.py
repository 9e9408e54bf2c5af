"""docs/settings.md, from the declarations: `python -m queue_system.settings.described > docs/settings.md`."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterable, Iterator
from datetime import date, time
from typing import Any, Final, Literal, get_args, get_origin

from pydantic.fields import FieldInfo

from .declared import (
    Among,
    Between,
    Declared,
    Derived,
    Form,
    Informs,
    Kind,
    NotInherited,
    NotYet,
    OfOrganisation,
    OnlyActedOn,
    Ref,
    Thing,
    WordsNotYet,
    bare,
    declarations,
    described,
    key_of,
    mark,
)
from .organisation import Profile

HEAD: Final = """# Settings

Every key of a profile. This page is made from the declarations in `queue_system/settings/`; profiles.md says how a file
is written. *Needed* keys must be written, unless a branch inherits them. † Nothing acts on this key yet;
`queue-system doctor` names it. Hours, devices and device models have forms of their own in a file, which profiles.md
shows: `kit` and `place` are not keys there, because their keys are written directly in the device.
"""
_PLAIN: Final[dict[Any, str]] = {bool: "yes or no", time: "HH:MM", date: "YYYY-MM-DD", str: "text"}
_FORMS: Final = {
    Form.NAMES: "text by language",
    Form.SLUG: "name for programs",
    Form.WEEKDAYS: "weekdays",
    Form.WEEK_MOMENT: "weekday and time",
    Form.URL: "https address",
    Form.COUNTRY_CODE: "1 to 999",
}


def description() -> str:
    """The whole document."""
    return "\n".join([HEAD, *_parts()])


def _parts() -> Iterator[str]:
    for declaration in declarations(Profile):
        about = " ".join((inspect.getdoc(declaration) or "").split())
        yield f"## {_title(declaration)}\n\n{about}\n\n| key | value | when left out | meaning |\n|---|---|---|---|"
        for name, field in declaration.model_fields.items():
            if name != "slug" or not issubclass(declaration, Thing):
                yield _line(name, field)
        yield ""


def _line(name: str, field: FieldInfo) -> str:
    value = _value(field.annotation, field.metadata)
    dagger = " †" if _is_pending(field) else ""
    return f"| `{key_of(name, field)}`{dagger} | {value} | {_usual(field)} | {_meaning(field)} |"


def _meaning(field: FieldInfo) -> str:
    idle = [word for found in field.metadata if isinstance(found, WordsNotYet) for word in found.codes]
    acted = mark(field, OnlyActedOn)
    if acted is not None and get_origin(bare(field.annotation)[0]) is dict:
        return f"{described(field)}; shown are {', '.join(f'`{word}`' for word in sorted(acted.words))}; † all others"
    if acted is not None:
        words = get_args(bare(field.annotation)[0])
        words = get_args(bare(words[0])[0]) if words and not isinstance(words[0], str) else words
        idle += [word for word in words if word not in acted.words]
    said = [
        described(field),
        "for information" if mark(field, Informs) else "",
        "not inherited" if mark(field, NotInherited) else "",
        f"† {', '.join(idle)}" if idle else "",
    ]
    return "; ".join(part for part in said if part)


def _is_pending(field: FieldInfo) -> bool:
    return mark(field, NotYet) is not None


def _usual(field: FieldInfo) -> str:
    if mark(field, Derived) is not None:
        return "follows"
    if mark(field, OfOrganisation) is not None:
        return "the organisation's"
    if field.is_required():
        return "needed"
    match field.get_default(call_default_factory=True):
        case None | () | "":
            return ""
        case dict():
            return ""
        case bool() as flag:
            return "yes" if flag else "no"
        case time() as at:
            return f"{at:%H:%M}"
        case other:
            return str(other)


def _value(annotation: Any, more: Iterable[Any] = ()) -> str:
    kind, marks = bare(annotation, list(more))
    for found in marks:
        match found:
            case Form():
                return _FORMS.get(found, found.value)
            case Ref(name):
                return f"name of a {name}"
            case Among(_, name):
                return f"one {name}"
    if kind in (int, float):
        limits = next(found for found in marks if isinstance(found, Between))
        return f"{limits.low:g} to {limits.high:g}"
    if kind in _PLAIN:
        return _words(kind, marks) or _PLAIN[kind]
    if get_origin(kind) is Literal:
        return _words(kind, marks)
    return _group(kind)


def _words(kind: Any, marks: Iterable[Any]) -> str:
    written = next((found.written for found in marks if isinstance(found, Kind) and found.written), get_args(kind))
    return ", ".join(f"`{word}`" for word in written)


def _group(kind: Any) -> str:
    if get_origin(kind) is tuple:
        return f"list: {_value(get_args(kind)[0])}"
    if get_origin(kind) is dict:
        return f"by name: {_value(get_args(kind)[1])}"
    if isinstance(kind, type) and issubclass(kind, Declared):
        return _title(kind)
    parts = get_args(kind)
    return " or ".join(_value(part) for part in parts) if parts else str(getattr(kind, "__name__", kind)).lower()


def _title(declaration: type[Declared]) -> str:
    words = "".join(f" {letter.lower()}" if letter.isupper() else letter for letter in declaration.__name__)
    return words.strip().capitalize()


if __name__ == "__main__":
    sys.stdout.write(description())
