"""The names that settings may refer to, by what they are called in `Ref`."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, get_args, get_origin

from .branch import CLASS_OF_THE_BRANCH, Branch
from .catalogue import Catalogue
from .declared import Declared, Kind, Ref, bare, entry_of, find


def scope_of_catalogue(catalogue: Catalogue) -> dict[str, Mapping[str, Any]]:
    """The entries of the catalogue by their names, for every kind of them."""
    return {kind: getattr(catalogue, name) for name, kind in kinds_in(Catalogue).items()}


def scope_of_branch(branch: Branch, catalogue: Catalogue) -> dict[str, Collection[str]]:
    """The names that the settings of a branch may refer to. A zone is one of the branch, because it has its row."""
    return {
        **scope_of_catalogue(catalogue),
        **{kind: getattr(branch, name) for name, kind in kinds_in(Branch).items()},
        CLASS_OF_THE_BRANCH: branch.priorities,
        "kiosk": [slug for slug, device in branch.devices.items() if device.kind == "kiosk"],
    }


def kinds_in(declaration: type[Declared]) -> dict[str, str]:
    """What the things of each mapping in a declaration are called, by the name of the field: queues → queue.

    A mapping by the names of other things, such as the seasons of a branch, has no things of its own.
    """
    found = {}
    for name, field in declaration.model_fields.items():
        group, marks = bare(field.annotation, field.metadata)
        if get_origin(group) is dict and not _refers(group) and (kind := _kind(entry_of(declaration, name), marks)):
            found[name] = kind
    return found


def _refers(group: Any) -> bool:
    _, marks = bare(get_args(group)[0])
    return find(marks, Ref) is not None


def _kind(entry: Any, marks: Collection[Any]) -> str:
    if get_origin(entry) is tuple:
        entry = bare(get_args(entry)[0])[0]
    if isinstance(entry, type) and issubclass(entry, Declared):
        return entry.kind_of_thing
    kind = find(marks, Kind)
    return kind.name if kind else ""
