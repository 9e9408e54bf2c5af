"""What the pages for bookers have in common: the branch and service they are about, the quick exit, typed answers."""

from __future__ import annotations

from contextlib import suppress
from typing import Any, Final
from urllib.parse import urlencode

from starlette.responses import Response

from ...core.bookings import BookingState
from ...core.decisions import may_change
from ...core.errors import DomainError, Missing, TooMany
from ...store.queries.bookings import BookingView
from ...store.queries.channels import channels_to_choose
from ...store.queries.offering import contact_details, has_hidden_services, needs_a_way_out
from ...store.queries.outings import place_on
from ...store.queries.settings import BranchSettings, ServiceView, ShownText
from ...web import access, kit
from ...web.addresses import address_key
from ...web.here import AtBranch, Here
from ...web.how import CHANNELS
from ...web.way_out import SAFE_PLACE
from .own_bookings import is_own
from .through import VIA, through
from .times import place_of_zone, row_label, soon, start_key

EXIT_SENTENCE: Final[ShownText] = "web_quick_exit"
INSTEAD: Final = "instead"
BESIDE: Final = "beside"

# A hold in one of these states can be replaced, and the new one takes over its name and contact.
REPLACEABLE: Final = frozenset({BookingState.HELD, BookingState.EXPIRED})


async def frame(
    here: AtBranch,
    template: str,
    service: ServiceView | None,
    values: dict[str, Any],
    *,
    status: int = 200,
    headers: dict[str, str] | None = None,
) -> Response:
    """A page about a branch, and about one of its services where there is one."""
    branch, words = here.branch, here.words
    protected = service is not None and service.confidentiality.hides_service
    way_out = needs_a_way_out(branch) or branch.text(EXIT_SENTENCE) is not None
    hides = way_out or has_hidden_services(branch)
    today = here.now.astimezone(branch.calendar.zone).date()
    booking = values.get("booking")
    how = service.takes_place(booking.channel if booking else None) if service else None
    channel = CHANNELS.get(how) if how else None
    if service and not booking and channels_to_choose(branch, service):
        channel = "booking.channel-choice"
    via = await through(here)
    opened = via if service and via and via.opens(service) else None
    shared = {
        "service": service,
        "home": "/",
        "discreet": service is not None and service.confidentiality.discreet,
        "neutral_title": hides or (service is not None and service.confidentiality.discreet),
        "unseen": protected,
        "channel": channel,
        "takes_place": how,
        "comes": how is None or how.is_received,
        "way_out": SAFE_PLACE if way_out else None,
        "way_out_words": branch.text(EXIT_SENTENCE),
        "contact_details": contact_details(branch),
        "via": via,
        "may_book": service is not None and (service.bookable or opened is not None),
        "most_persons": opened.most(service) if opened and service else service.most_persons if service else 1,
        "carry": carry(here),
        "carried_token": here.request.query_params.get(INSTEAD, ""),
        "address_key": address_key,
        "place_on": lambda at: None if how and not how.is_received else place_on(branch, service, at),
        "may_change": lambda day: may_change(day, branch.calendar, service.id if service else None),
        "start_key": start_key,
        "row_label": lambda row: row_label(row, today, words),
        "soon": lambda day: soon(day, today, words),
        "place_of_zone": place_of_zone(branch, words),
    }
    return await here.page(template, shared | values, status=status, headers=headers)


async def organisation_page(
    here: Here,
    template: str,
    branches: list[BranchSettings],
    values: dict[str, Any],
    *,
    status: int = 200,
    headers: dict[str, str] | None = None,
) -> Response:
    """A page about the whole organisation. It has the quick exit if one of the branches needs it."""
    way_out = any(needs_a_way_out(branch) for branch in branches)
    hides = way_out or any(has_hidden_services(branch) for branch in branches)
    shared = {"home": "/", "way_out": SAFE_PLACE if way_out else None, "neutral_title": hides}
    return await here.page(template, shared | values, status=status, headers=headers)


def base_of(branch: BranchSettings, service: ServiceView) -> str:
    """The address of a service's pages."""
    return f"/book/{branch.slug}/{address_key(service)}"


def carry(here: Here) -> str:
    """The query that carries on which hold is to be replaced, beside which booking another one is made, and what opens it."""
    kept = {name: token for name in (INSTEAD, BESIDE, VIA) if (token := here.request.query_params.get(name))}
    return f"?{urlencode(kept)}" if kept else ""


async def carried(here: AtBranch) -> BookingView | None:
    """The hold to replace; in the browser that made it, its name and contact fill the form."""
    found = await named(here, INSTEAD)
    return found if found and found.state in REPLACEABLE else None


async def beside(here: AtBranch) -> BookingView | None:
    """The booking of this browser beside which somebody else of the family wants a time."""
    found = await named(here, BESIDE)
    return found if found and is_own(here, found) else None


async def named(here: AtBranch, name: str) -> BookingView | None:
    """The booking of this branch whose secret the query has under a name."""
    token = here.request.query_params.get(name)
    if token:
        with suppress(Missing):
            where, booking = await here.read(access.booking_of_link, token)
            if where.id == here.branch.id:
                return booking
    return None


def retry_after(refusal: DomainError | None) -> dict[str, str] | None:
    """The header Retry-After of a refusal for too many requests."""
    return {"Retry-After": str(refusal.seconds)} if isinstance(refusal, TooMany) else None


def is_language_switch(answers: dict[str, str]) -> bool:
    """Whether a form was sent only to change the language (base.js); nothing is then checked or done."""
    return bool(answers.get("switch"))


async def typed(here: Here, *names: str) -> dict[str, str]:
    """The text of each named field; "" for a field that is missing or holds a file."""
    fields = await kit.form(here.request)
    return {name: fields.get(name, "") for name in names}
