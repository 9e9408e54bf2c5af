"""Reads a profile, which people write, into a complete organisation. It uses no database and no clock."""

from __future__ import annotations

import hashlib
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Final

from ..settings.branch import Branch
from ..settings.catalogue import Catalogue
from ..settings.organisation import OrganisationOwn, Profile
from .branches import BranchDraft, CommonSettings, read_branch
from .catalogue import read_catalogue
from .nodes import ProfileError, Section, Value, did_you_mean, load
from .reading import read_fields
from .values import keyed

LIBRARY: Final = "library"
#: What an installation begins with that takes over no sample; it is no sample itself.
EMPTY: Final = "empty"
SUFFIX: Final = ".yaml"


def profile_names() -> tuple[str, ...]:
    """The names of the profiles that come with the system, in alphabetical order."""
    files = (entry.name for entry in resources.files(__package__).iterdir())
    stems = (name.removesuffix(SUFFIX) for name in files if name.endswith(SUFFIX))
    return tuple(sorted(stem for stem in stems if stem not in (LIBRARY, EMPTY)))


def read_profile(name_or_path: str | Path) -> Profile:
    """The profile with that name, or in the file at that path; raises ProfileError.

    A `str` is a path if it has a directory part or ends with `.yaml`. The library is always the one that comes with the
    system.
    """
    file, content = _content(name_or_path)
    digest = hashlib.sha256(_library_bytes() + content).hexdigest()
    return _profile(load(_decoded(content, file), file), digest)


def empty_profile() -> Profile:
    """An organisation with one branch that has one service, one queue and one counter."""
    file = EMPTY + SUFFIX
    content = resources.files(__package__).joinpath(file).read_bytes()
    digest = hashlib.sha256(_library_bytes() + content).hexdigest()
    return _profile(load(_decoded(content, file), file), digest)


def _profile(root: Value, digest: str) -> Profile:
    with root.section() as section:
        organisation = OrganisationOwn(**read_fields(OrganisationOwn, section, {}))
        catalogue = read_catalogue(section, library())
        branches = _branches(section, CommonSettings(catalogue, organisation))
    own = {name: getattr(organisation, name) for name in organisation.model_fields_set}
    return Profile(**own, catalogue=catalogue, branches=branches, sha256=digest)


def _branches(section: Section, common: CommonSettings) -> dict[str, Branch]:
    above: dict[str, BranchDraft] = {}

    def branch(slug: str, value: Value) -> Branch:
        above[slug] = read_branch(slug, value, common, above)
        return above[slug].branch

    found = section.required("branches", keyed("branch", branch, apart=False))
    if not found:
        raise section.value.error("branches: must not be empty")
    return found


@cache
def library() -> Catalogue:
    """The choices for every organisation."""
    file = LIBRARY + SUFFIX
    with load(_decoded(_library_bytes(), file), file).section() as section:
        return read_catalogue(section)


@cache
def _library_bytes() -> bytes:
    return resources.files(__package__).joinpath(LIBRARY + SUFFIX).read_bytes()


def _content(name_or_path: str | Path) -> tuple[str, bytes]:
    """The file's name for messages, and its bytes."""
    if isinstance(name_or_path, str):
        if name_or_path in profile_names():
            file = name_or_path + SUFFIX
            return file, resources.files(__package__).joinpath(file).read_bytes()
        if "/" not in name_or_path and not name_or_path.endswith(SUFFIX):
            known = profile_names()
            hint = did_you_mean(name_or_path, known) or f" (there are: {', '.join(known)})"
            raise ProfileError(name_or_path, 0, 0, f"there is no profile of this name{hint}")
    path = Path(name_or_path)
    try:
        return path.name, path.read_bytes()
    except OSError as error:
        raise ProfileError(str(path), 0, 0, error.strerror or "cannot be read") from None


def _decoded(content: bytes, file: str) -> str:
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise ProfileError(file, line, 1, "is not UTF-8 text") from None
