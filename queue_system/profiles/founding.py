"""An organisation of its own made from a sample: its names, languages and place, with the sample's hall and roles."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Final

from ..settings.branch import Branch
from ..settings.declared import REQUIRED_LANGUAGES, Names
from ..settings.organisation import ORGANISATION_SLUG, Profile
from .reader import empty_profile, profile_names, read_profile

LONGEST_SLUG: Final = 40
#: What of a sample belongs to its own place: where it is, how it is reached, what it remarks and plans.
_OF_ITS_PLACE: Final = frozenset(
    {
        *("inherits_from", "address", "phone", "email", "coordinates", "hotline", "notes", "checklist"),
        *("occasions", "outreach_days", "closures", "texts"),
    }
)


@dataclass(frozen=True, slots=True)
class Sample:
    """A branch of a sample organisation that a new organisation may begin with."""

    profile: str
    branch: str
    organisation: Names
    names: Names
    timezone: str

    @property
    def key(self) -> str:
        """Its name in a form."""
        return f"{self.profile}/{self.branch}"


@dataclass(frozen=True, slots=True)
class WantedHouse:
    """What somebody wants to begin with. `sample` is the key of a sample, "" for the empty branch."""

    names: Names
    branch_names: Names
    languages: tuple[str, ...]
    default_language: str
    timezone: str
    sample: str = ""


@cache
def samples() -> Mapping[str, Sample]:
    """The branches of the samples that have doors, by their keys."""
    found = [
        Sample(profile, branch.slug, organisation.names, branch.names, branch.timezone)
        for profile in profile_names()
        for organisation in (_profile(profile),)
        for branch in organisation.branches.values()
        if branch.kind == "office"
    ]
    return {sample.key: sample for sample in found}


def founded(wish: WantedHouse) -> Profile:
    """The organisation to install. Raises KeyError for a sample that does not exist, Faulty for values that cannot be."""
    origin, branch = _origin(wish.sample)
    slug = _slug(wish.branch_names, "main")
    kept = {name: value for name, value in branch if name in branch.model_fields_set - _OF_ITS_PLACE}
    first = Branch.model_construct(
        **kept
        | {
            "slug": "main" if slug == ORGANISATION_SLUG else slug,
            "names": _complete(wish.branch_names, wish.default_language),
            "timezone": wish.timezone,
            "languages": wish.languages,
            "default_language": wish.default_language,
        }
    )
    return Profile.model_construct(
        slug=_slug(wish.names, "new-organisation"),
        kind=origin.kind,
        names=_complete(wish.names, wish.default_language),
        languages=wish.languages,
        default_language=wish.default_language,
        digits=origin.digits,
        catalogue=origin.catalogue,
        branches={first.slug: first.checked()},
        sha256=origin.sha256,
    )


def _complete(names: Names, default_language: str) -> Names:
    """The names with those that every text needs; where one was not typed, it is the name in the default language."""
    return dict.fromkeys(REQUIRED_LANGUAGES, names[default_language]) | names


def _origin(sample: str) -> tuple[Profile, Branch]:
    if not sample:
        empty = empty_profile()
        return empty, next(iter(empty.branches.values()))
    known = samples()[sample]
    origin = _profile(known.profile)
    return origin, origin.branches[known.branch]


@cache
def _profile(name: str) -> Profile:
    """Read once: the list of samples and every founding need it, and reading takes a third of a second."""
    return read_profile(name)


def _slug(names: Names, otherwise: str) -> str:
    """A name for programs after the name in Latin letters, or `otherwise` where there is none."""
    for name in names.values():
        plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().casefold()
        if found := re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:LONGEST_SLUG].strip("-"):
            return found if found[0].isalpha() else f"{otherwise}-{found}"
    return otherwise
