"""What a slip says: a ticket in its visitor's language, as final texts for `printers.slip`."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from printers.slip import Slip

from .i18n import dates
from .i18n.filters import localised
from .i18n.words import Words, available_languages
from .store.queries.organisation import OrganisationView
from .store.queries.outings import place_on
from .store.queries.place import PlaceView
from .store.queries.settings import BranchSettings, ServiceView
from .web.kit import words_of

TRIAL_CODE: Final = "A000"


def slip_of(
    stands: PlaceView,
    settings: BranchSettings,
    organisation: OrganisationView,
    address: str,
    *,
    copy_number: int = 0,
) -> Slip:
    """The slip of a ticket; a copy (`copy_number` > 0) is marked, so that nobody takes it for a second number.

    `address` is where the visitor's telephone finds us, without a trailing slash. Of a service that must not be named in public the paper tells nothing: neither it nor
    where its visitor has been, for a slip is found in bags; and staff come to the visitor, whom no screen calls.
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
        appointment=None if hidden else _appointment(stands, settings, words),
        wait=_where_to_wait(stands, words),
        issued=_moment(ticket.issued_at, settings, words),
        instruction=words.text(_instruction(stands, hidden=hidden)),
        keep=words.text("slip.keep"),
        qr=f"{address}/t/{ticket.token}",
        qr_caption=words.text("slip.follow"),
        mark=words.text("slip.copy") if copy_number else None,
    )


def trial_slip(
    settings: BranchSettings, organisation: OrganisationView, address: str, language: str, at: datetime
) -> Slip:
    """A slip that is nobody's number and says so: to see whether a printer prints, and how."""
    words = words_for_ticket(language, settings)
    return Slip(
        language=words.language,
        heading=localised(organisation.names, words.language),
        office=localised(settings.names, words.language),
        service=None,
        code=TRIAL_CODE,
        ahead=None,
        wait=None,
        issued=_moment(at, settings, words),
        instruction=words.text("slip.trial-text"),
        qr=address,
        mark=words.text("slip.trial"),
    )


def words_for_ticket(language: str, settings: BranchSettings) -> Words:
    """The texts of a ticket's language, else of the branch's, in the branch's digits."""
    ready = available_languages()
    wishes = (language, settings.default_language, *ready)
    return words_of(next(wish for wish in wishes if wish in ready), settings)


def _office(settings: BranchSettings, service: ServiceView, at: datetime, words: Words) -> str:
    """The branch, and where it is on that day when it works elsewhere."""
    name = localised(settings.names, words.language)
    away = place_on(settings, service, at)
    return name if away is None else f"{name} · {localised(away, words.language)}"


def _appointment(stands: PlaceView, settings: BranchSettings, words: Words) -> str | None:
    if stands.appointment is None:
        return None
    at = dates.time(stands.appointment.at, settings.zone, words)
    return words.text("common.appointment-late" if stands.appointment.late else "common.appointment-at", time=at)


def _where_to_wait(stands: PlaceView, words: Words) -> str | None:
    names = [localised(zone.names, words.language) for zone in stands.wait_in]
    return words.text("common.wait-in", place=f" {words.text('common.or')} ".join(names)) if names else None


def _instruction(stands: PlaceView, *, hidden: bool) -> str:
    if hidden:
        return "slip.instruction-staff"
    return "slip.instruction" if stands.on_screen else "slip.instruction-voice"


def _moment(at: datetime, settings: BranchSettings, words: Words) -> str:
    return dates.day_time(at, settings.zone, words)
