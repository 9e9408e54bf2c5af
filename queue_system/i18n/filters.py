"""Template filters for a single value: isolate it, or choose its language."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, Literal, TypeAlias

from markupsafe import Markup, escape

from . import isolates

Direction: TypeAlias = Literal["ltr", "rtl", "auto"]

_OPENINGS: Final[Mapping[Direction, Markup]] = {
    "ltr": Markup('<bdi dir="ltr">'),
    "rtl": Markup('<bdi dir="rtl">'),
    "auto": Markup("<bdi>"),
}
_CLOSING: Final = Markup("</bdi>")


def bdi(value: object, direction: Direction = "ltr") -> Markup:
    """`value`, escaped, in a `<bdi>` element: codes, telephone numbers and times read left to right in any text.

    `auto`, for names of people, follows the value's first letter. Isolate characters around the value are removed,
    because the element replaces them. Markup is not escaped again.
    """
    content = escape(value if hasattr(value, "__html__") else _without_isolate(str(value)))
    # Joined and not formatted, which would take most of the time of a list.
    return _OPENINGS[direction] + content + _CLOSING


def localised(names: Mapping[str, str] | None, language: str, fallbacks: Sequence[str] = ("ar", "en")) -> str:
    """The text of an organisation (`{"ar": …, "en": …}`) in `language`, else in the first fallback that has one.

    Then any other language; an empty string where there is no text at all.
    """
    texts = names or {}
    for candidate in (language, *fallbacks, *texts):
        if text := texts.get(candidate):
            return text
    return ""


def _without_isolate(text: str) -> str:
    safe = isolates.balanced(text)
    return safe[1:-1] if isolates.is_isolate(safe) else safe
