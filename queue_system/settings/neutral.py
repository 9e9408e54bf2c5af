"""What a neutral message must not name: the organisation, the branch, any of its services."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from .branch import Branch
from .consistency import Located
from .declared import Names
from .faults import Fault
from .organisation import Profile

#: The branch's sentence in neutral messages, and what is said to somebody who is called.
NEUTRAL: Final = ("neutral", "neutral_call")


def named_in(text: str, names: Iterable[Names | None]) -> str | None:
    """The first of these names, in any language, that a text holds; upper and lower case are alike."""
    folded = text.casefold()
    every = (name for one in names if one for name in one.values())
    return next((name for name in every if name.casefold() in folded), None)


def neutral_faults(branch: Branch, organisation: Profile) -> Iterator[Located]:
    """What is wrong with a branch's sentence for neutral messages."""
    yield from _of_texts(branch.texts, names_of(branch, organisation.names))


def common_neutral_faults(organisation: Profile, branches: Iterable[Branch]) -> Iterator[Located]:
    """What is wrong with the organisation's sentence for neutral messages, which all branches use."""
    names = [one for branch in branches for one in names_of(branch, organisation.names)]
    yield from _of_texts(organisation.catalogue.texts, names)


def names_of(branch: Branch, organisation: Names) -> list[Names | None]:
    """Every name that would tell whose message it is, or what about."""
    services = branch.services.values()
    return [organisation, branch.names, *(name for one in services for name in (one.names, one.public_names))]


def _of_texts(texts: Mapping[str, Names], names: list[Names | None]) -> Iterator[Located]:
    for slug in NEUTRAL:
        for language, text in texts.get(slug, {}).items():
            if (name := named_in(text, names)) is not None:
                yield Located("text", slug, Fault("setting-neutral-names", f"names.{language}", {"name": name}))
