"""Which things of the settings refer to a thing, as the marks of their declarations say."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ...settings.branch import Branch
from ...settings.declared import Declared
from ...settings.objects import OF_BRANCH, OF_ORGANISATION, Shape
from ...settings.organisation import ORGANISATION_SLUG
from ...settings.references import references
from ...store.queries.values import Value

#: Kinds that each branch has of its own, so that those of the organisation are not meant by the things of a branch.
_OWN: frozenset[str] = frozenset(OF_BRANCH.things) - {"device"}


@dataclass(frozen=True, slots=True)
class Use:
    """A thing that refers to another one: its place, kind and slug; `branch` is the place if it is a branch."""

    place: str
    kind: str
    slug: str
    branch: Branch | None


def used_by(value: Value, kind: str, slug: str) -> list[Use]:
    """Everything at a place that refers to a thing of it; for a thing of the organisation, at every branch too."""
    if isinstance(value, Branch):
        return list(_in(value, OF_BRANCH, value.slug, kind, slug))
    found = [*_in(value.catalogue, OF_ORGANISATION, ORGANISATION_SLUG, kind, slug)]
    if kind not in _OWN:
        for branch in value.branches.values():
            found += _in(branch, OF_BRANCH, branch.slug, kind, slug)
    return found


def _in(of: Declared, shape: Shape, place: str, kind: str, slug: str) -> Iterator[Use]:
    branch = of if isinstance(of, Branch) else None
    if branch is not None and (kind, slug) in references(branch, without=shape.lists):
        yield Use(place, shape.kind, place, branch)
    for one, field in shape.things.items():
        for name, thing in getattr(of, field, {}).items():
            if isinstance(thing, Declared) and (kind, slug) in references(thing):
                yield Use(place, one, name, branch)
