"""Notes of staff about an appointment: whoever may read them depends on the level of confidentiality of its service."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from ...actions.staff_notes import write_note
from ...core.errors import DomainError, Missing
from ...core.rights import BOOK_RIGHTS, NAME_RIGHTS, NOTE_PAGE_RIGHTS, NOTE_RIGHTS
from ...core.staff_notes import LONGEST_NOTE, NoteRule, Reader
from ...store.queries.bookings import BookingView
from ...store.queries.staff_notes import gives, notes_of, rule_of
from ...web import kit
from ...web.errors import message
from ...web.here import StaffAtBranch, staff_at_branch
from .day import address
from .named import booking_named, page_about
from .one import ONE

#: Who reads the notes, as the page says it.
READ_BY: Final[Mapping[NoteRule, str]] = {
    "allowed": "notes.rule-allowed",
    "restricted": "notes.rule-restricted",
    "restricted_encrypted": "notes.rule-restricted_encrypted",
}


async def show(request: Request) -> Response:
    """`…/notes`: the notes that this person may read, and a field for one more; sending it writes it."""
    here, booking, reader = await _enter(request)
    if request.method == "GET":
        return await _page(here, booking, reader)
    # Browsers send a line break as two characters, and a text that is too long must be refused whole.
    form = await kit.form(request, longest=3 * LONGEST_NOTE)
    try:
        corrects = UUID(form["corrects"]) if form.get("corrects") else None
    except ValueError:
        raise Missing("note") from None
    try:
        await here.do(write_note, booking.id, form.get("text", ""), reader, here.actor, corrects)
    except DomainError as failure:
        if isinstance(failure, Missing):
            raise
        return await _page(here, booking, reader, failure, form.get("text", ""), corrects)
    return kit.see_other(f"{address(here.branch)}/{booking.id}/notes")


async def _enter(request: Request) -> tuple[StaffAtBranch, BookingView, Reader]:
    """The appointment, and what this person has to do with it; raises Missing("booking") where that is nothing."""
    here = await staff_at_branch(request, NOTE_PAGE_RIGHTS)
    booking = await booking_named(here)
    service = here.branch.services[booking.service_id]
    # At reception the names of discreet services are kept off screens.
    sees = BOOK_RIGHTS if service.confidentiality.discreet else BOOK_RIGHTS | NAME_RIGHTS
    reader = Reader(
        here.person.id,
        gives=await here.read(gives, here.branch.id, booking, here.person.id),
        names=service.id in here.services(sees),
        privileged=service.id in here.services(NOTE_RIGHTS),
    )
    if not reader.may_open:
        raise Missing("booking")
    return here, booking, reader


async def _page(
    here: StaffAtBranch,
    booking: BookingView,
    reader: Reader,
    failure: DomainError | None = None,
    typed: str = "",
    corrects: UUID | None = None,
) -> Response:
    found = await here.read(notes_of, here.branch, booking, reader)
    named = here.request.query_params.get("corrects", "")
    own = [one for one in found.notes if one.by_id == reader.staff_id]
    again = next((one for one in own if str(one.id) == (str(corrects) if corrects else named)), None)
    values = {
        "found": found,
        "own": {one.id for one in own},
        "again": again,
        "text": typed or (again.text or "" if again else ""),
        "read_by": READ_BY[rule_of(here.branch, booking)],
        "may_write": reader.may_write and booking.erased_at is None,
        "erased": booking.erased_at is not None,
        "longest": LONGEST_NOTE,
        "error": message(failure, here.words) if failure else "",
    }
    return await page_about(here, booking, "appointments/notes.html", values, failure)


NOTES: Final = f"{ONE}/notes"
routes: list[BaseRoute] = [Route(NOTES, show, methods=["GET", "POST"])]
