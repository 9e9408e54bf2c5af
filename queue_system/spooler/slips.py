"""The texts of a slip in its visitor's language, final for `printers.slip`."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from printers.slip import Slip
from printers.trial import Trial

from ..core.confidentiality import Summons
from ..i18n import dates, isolates
from ..i18n.filters import localised
from ..i18n.words import Words, available_languages
from ..settings.printers import HABITS, Printer
from ..store.queries.line import TicketView, told_with
from ..store.queries.organisation import OrganisationView
from ..store.queries.outings import place_on
from ..store.queries.place import PlaceView
from ..store.queries.settings import BranchSettings, ServiceView
from ..web.kit import words_of
from ..web.printer_words import printer_settings

TRIAL_CODE: Final = "A000"
INSTRUCTIONS: Final = {
    Summons.SCREEN: "slip.instruction",
    Summons.VOICE: "slip.instruction-voice",
    Summons.STAFF: "slip.instruction-staff",
}


def slip_of(
    stands: PlaceView,
    settings: BranchSettings,
    organisation: OrganisationView,
    address: str,
    *,
    copy_number: int = 0,
) -> Slip:
    """The slip of a ticket; a copy (`copy_number` > 0) is marked, so that it is not taken for a second number.

    `address` is our public address, for the visitor's telephone, without a trailing slash. A service that must not be
    named in public is not on the paper, nor is the place, because others may find the slip in a bag. Its slip says that
    staff will come to the visitor, because no screen calls such a number.
    """
    ticket = stands.ticket
    words = words_for_ticket(ticket.language, settings)
    service = settings.services[ticket.service_id]
    hidden = service.confidentiality.hides_service
    return Slip(
        language=words.language,
        heading=None if hidden else localised(organisation.names, words.language),
        office=None if hidden else _office(settings, service, ticket.issued_at, words),
        service=None if hidden else localised(service.shown_names, words.language) or None,
        code=ticket.code,
        ahead=None if stands.ahead is None else words.plural("common.people-ahead", stands.ahead),
        expected=None if stands.ahead is None else _expected(ticket, words),
        unattended=None if stands.ahead is None or stands.counter_open else words.text("ticket.no-counter-open"),
        appointment=None if hidden else _appointment(stands, settings, words),
        wait=_where_to_wait(stands, words),
        issued=_moment(ticket.issued_at, settings, words),
        instruction=words.text(INSTRUCTIONS[service.confidentiality.summons(seen=stands.on_screen)]),
        keep=words.text("slip.keep"),
        qr=f"{address}/t/{ticket.token}",
        qr_caption=words.text("slip.follow"),
        mark=words.text("slip.copy") if copy_number else None,
    )


def trial_of(
    settings: BranchSettings,
    organisation: OrganisationView,
    address: str,
    language: str,
    at: datetime,
    printer: Printer,
) -> Trial:
    """A slip without a number that shows whether a printer is set up right; `printer` are its settings."""
    words = words_for_ticket(language, settings)
    others = [words_for_ticket(other, settings) for other in available_languages() if other != words.language]
    habits = {name: getattr(printer, name) for name in HABITS}
    return Trial(
        language=words.language,
        mark=words.text("slip.trial"),
        heading=f"{localised(organisation.names, words.language)} – {localised(settings.names, words.language)}",
        code=TRIAL_CODE,
        edges=words.text("slip.trial-edges"),
        steps=words.text("slip.trial-steps"),
        gap=words.text("slip.trial-gap"),
        lines=tuple((one.language, one.text("slip.trial-line")) for one in (words, *others)),
        settings=(
            isolates.ltr(printer.address),
            *(f"{name}: {value}" for name, value in printer_settings(words, habits)),
        ),
        issued=_moment(at, settings, words),
        qr=address,
        cut=words.text("slip.trial-cut"),
    )


def words_for_ticket(language: str, settings: BranchSettings) -> Words:
    """The words in a ticket's language, else in the branch's, with the branch's digits."""
    ready = available_languages()
    wishes = (language, settings.default_language, *ready)
    return words_of(next(wish for wish in wishes if wish in ready), settings)


def _office(settings: BranchSettings, service: ServiceView, at: datetime, words: Words) -> str:
    """The name of the branch, and the place where it works on that day, if it works elsewhere."""
    name = localised(settings.names, words.language)
    away = place_on(settings, service, at)
    return name if away is None else f"{name} · {localised(away, words.language)}"


def _appointment(stands: PlaceView, settings: BranchSettings, words: Words) -> str | None:
    if stands.appointment is None:
        return None
    at = dates.time(stands.appointment.at, settings.zone, words)
    said = words.text("common.appointment-late" if stands.appointment.late else "common.appointment-at", time=at)
    persons = stands.appointment.persons
    return f"{said} · {words.plural('common.persons', persons)}" if persons > 1 else said


def _where_to_wait(stands: PlaceView, words: Words) -> str | None:
    names = [localised(zone.names, words.language) for zone in stands.wait_in]
    return words.text("common.wait-in", place=f" {words.text('common.or')} ".join(names)) if names else None


def _moment(at: datetime, settings: BranchSettings, words: Words) -> str:
    return dates.day_time(at, settings.zone, words)


def _expected(ticket: TicketView, words: Words) -> str | None:
    """How long the visitor was told to wait; None where no range was told, and where that wait is over.

    It counts from the time of the number, which the slip has, too.
    """
    told = told_with(ticket)
    if told is None or ticket.wait_ended_at is not None or ticket.queue_id != ticket.series_id:
        return None
    if told.least:
        minutes = dates.minutes_range(told.least, told.most, words)
    else:
        minutes = words.plural("common.minutes-up-to", told.most)
    return words.text("common.expected-wait", minutes=minutes)
