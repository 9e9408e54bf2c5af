"""Something to do, as the first page of the office says it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Level = Literal["bad", "note"]


@dataclass(frozen=True, slots=True)
class Item:
    """Something to do. `words` is the key of the button's text; its `link` is an address, or a form that posts.

    `names` are the things that the sentence speaks of, where they are too many for it.
    """

    level: Level
    sentence: str
    words: str = ""
    link: str = ""
    post: str = ""
    names: tuple[str, ...] = ()
