"""A branch beside another one, such as the template from which it started."""

from __future__ import annotations

from .branch import Branch
from .declared import NotInherited, mark
from .edits import Edit, difference
from .portable import placed_as

#: What belongs to the place, so that nobody takes it over.
OF_THE_PLACE = tuple(name for name, field in Branch.model_fields.items() if mark(field, NotInherited) is not None)


def departures(branch: Branch, origin: Branch) -> tuple[Edit, ...]:
    """Where a branch differs from `origin`, as the edits that would take that over; without what belongs to the place.

    An edit that adds is about a thing that only `origin` has, one that removes about a thing that only the branch has.
    """
    own = {name: getattr(branch, name) for name in OF_THE_PLACE}
    return difference(branch, placed_as(origin, branch).changed(slug=branch.slug, **own))
