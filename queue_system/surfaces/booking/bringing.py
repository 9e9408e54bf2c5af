"""Whoever books for somebody else, or brings them: one person beside the visitor, whom the visitor's form names."""

from __future__ import annotations

from typing import Final

from ...actions.participants import name_participants
from ...core import contacts
from ...core.errors import Invalid
from ...core.participants import Person, Role
from ...store.log import VISITOR
from ...store.queries.bookings import BookingView
from ...store.queries.participants import ParticipantView, others_of
from ...store.queries.settings import BranchSettings, ServiceView
from ...web.here import AtBranch

FIELD: Final = "brought_by"


def is_asked(branch: BranchSettings, service: ServiceView) -> bool:
    """Whether the form asks who books or brings: somebody else may come, or the branch lets others book."""
    return service.proxy_allowed or (branch.access is not None and branch.access.proxy_booking)


def read(typed: str) -> str:
    """The name as it is stored; "" for nobody. Raises Invalid on the field of the form."""
    try:
        return contacts.read_called(typed)
    except Invalid as mistake:
        raise Invalid(mistake.code, FIELD, **mistake.values) from None


async def brought_by(here: AtBranch, booking: BookingView) -> str:
    """The name of whoever books or brings; "" for nobody."""
    found = await _known(here, booking)
    return found[0].name if found else ""


async def keep(here: AtBranch, booking: BookingView, typed: str) -> None:
    """Let the booking have this person beside the visitor, or nobody."""
    name, known = read(typed), await _known(here, booking)
    if name == (known[0].name if known else ""):
        return
    n = known[0].n if known else 0
    people = (Person(Role.COMPANION, name, n=n),) if name else ()
    await here.do(name_participants, booking.id, VISITOR, people)


async def _known(here: AtBranch, booking: BookingView) -> tuple[ParticipantView, ...]:
    return await here.read(others_of, here.branch.id, booking.id)
