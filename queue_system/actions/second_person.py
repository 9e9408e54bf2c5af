"""Which changes of settings a second person must approve."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Final
from uuid import UUID

from ..core.approvals import MANY_BOOKINGS
from ..core.errors import Count, Refused
from ..core.promises import Choice
from ..settings.branch import Branch
from ..settings.catalogue import Catalogue, Confidentiality
from ..store.database import Tx
from ..store.log import Actor
from ..store.queries.taken import taken_lately
from ..store.queries.values import Value

#: How much each word of a level hides, from the least to the most.
HIDES: Final[Mapping[str, tuple[str, ...]]] = {
    "display": ("code", "code_random", "none"),
    "sms": ("full", "minimal", "neutral", "opt_in_only"),
    "staff_note": ("allowed", "restricted", "restricted_encrypted"),
}
MANY: Final = "many-bookings"
REASONS: Final = (MANY, "lower-level", "longer-retention")
RETAINED: Final = ("ticket", "booking_personal_data", "audit")


class SecondPersonNeeded(Refused):
    """Nothing was saved, because a second person must approve; `reasons` are words of `approvals.reason-<reason>`."""

    def __init__(self, reasons: tuple[str, ...]) -> None:
        super().__init__("second-person-needed")
        self.reasons = reasons


def reasons(before: Value, after: Value, catalogue: Catalogue, *, many: bool) -> tuple[str, ...]:
    """Why a change needs a second person, none if it needs none.

    `catalogue` has the levels as they are now; `many` says whether it takes too many appointments for one person.
    """
    found = {
        MANY: many,
        "lower-level": any(shows_more(old, new) for old, new in _levels(before, after, catalogue)),
        "longer-retention": _keeps_longer(before, after),
    }
    return tuple(reason for reason in REASONS if found[reason])


def takes_many(tx: Tx, branches: Iterable[UUID], chosen: Iterable[tuple[UUID, Choice]], actor: Actor) -> bool:
    """Whether these choices move or call off more appointments of these branches than one person may within a day.

    What the person took before counts too, because otherwise many would be taken in small parts. For use under the
    locks of the branches.
    """
    taken = {booking_id for booking_id, choice in chosen if choice in (Choice.MOVE, Choice.CANCEL)}
    return bool(taken) and len(taken | taken_lately(tx, branches, actor)) > MANY_BOOKINGS


def refuse_many(tx: Tx, branch_id: UUID, chosen: Iterable[tuple[UUID, Choice]], actor: Actor) -> None:
    """Raise Refused("block-many") where one person would move or call off too many, "block-many-one" for a single one."""
    taken = [(booking_id, choice) for booking_id, choice in chosen if choice in (Choice.MOVE, Choice.CANCEL)]
    if takes_many(tx, (branch_id,), taken, actor):
        raise Refused("block-many-one" if len(taken) == 1 else "block-many", n=Count(MANY_BOOKINGS))


def shows_more(old: Confidentiality | None, new: Confidentiality | None) -> bool:
    """Whether the new level hides less than the old one in any respect; without a level nothing is hidden."""
    if old is None:
        return False
    if new is None:
        return True
    ranks = ((HIDES[name].index(getattr(old, name)), HIDES[name].index(getattr(new, name))) for name in HIDES)
    return any(after < before for before, after in ranks) or not set(old.rules) <= set(new.rules)


# ---------------------------------------------------------------- inside


def _levels(
    before: Value, after: Value, catalogue: Catalogue
) -> Iterator[tuple[Confidentiality | None, Confidentiality | None]]:
    """The levels before and after, of each service of a branch, or each level of the organisation itself."""
    if isinstance(before, Branch) and isinstance(after, Branch):
        levels = catalogue.confidentialities
        for slug in before.services.keys() & after.services.keys():
            old, new = before.services[slug].confidentiality, after.services[slug].confidentiality
            if old != new:
                yield levels.get(old), levels.get(new)
    elif not isinstance(before, Branch) and not isinstance(after, Branch):
        old_levels, new_levels = before.catalogue.confidentialities, after.catalogue.confidentialities
        for slug in old_levels.keys() & new_levels.keys():
            yield old_levels[slug], new_levels[slug]


def _keeps_longer(before: Value, after: Value) -> bool:
    if not (isinstance(before, Branch) and isinstance(after, Branch)):
        return False
    old, new = before.retention_days, after.retention_days
    return any(getattr(new, name) > getattr(old, name) for name in RETAINED)
