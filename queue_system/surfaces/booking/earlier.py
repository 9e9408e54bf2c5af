"""An earlier time than one's appointment: to wait for one, and to answer when one is kept. The secret link opens all."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from ...actions.earlier import accept_earlier, decline_earlier, may_wait, wait_for_earlier, wait_no_more
from ...core.earlier import NOTICES, Part, Waiting, Wish, read_wish
from ...core.errors import DomainError, Invalid, Refused
from ...core.freed import Freed
from ...core.messages import is_told
from ...store.database import Tx
from ...store.log import VISITOR
from ...store.queries.bookings import BookingView, policy_of
from ...store.queries.earlier import Offer, longer_waiting, running_offer, wish_of
from ...store.queries.messages import level_for
from ...store.queries.settings import BranchSettings
from ...web.errors import message
from ...web.here import at_booking
from ...web.kit import see_other
from ...web.safe_contact import way_to_show
from .frame import frame, is_language_switch, typed
from .services import draw_hour

PARTS: Final = {
    Part.ANY: "booking.earlier-part-any",
    Part.MORNING: "booking.earlier-part-morning",
    Part.AFTERNOON: "booking.earlier-part-afternoon",
}
LENGTHS: Final = dict(
    zip(
        NOTICES,
        (
            "booking.earlier-notice-3",
            "booking.earlier-notice-24",
            "booking.earlier-notice-72",
            "booking.earlier-notice-168",
        ),
        strict=True,
    )
)
# Where the page of the appointment says that an answer came too late.
OVER: Final = "over"


@dataclass(frozen=True, slots=True)
class Shown:
    """What the page of an appointment says about an earlier time; `draw` is the hour of the draws, "" without them."""

    may_wait: bool
    offer: Offer | None
    waiting: Waiting | None
    before: int
    draw: str
    by_mail: bool

    @property
    def anything(self) -> bool:
        return self.may_wait or self.offer is not None


def shown(tx: Tx, branch: BranchSettings, booking: BookingView) -> Shown:
    """What is to be said about an earlier time than this appointment's."""
    possible, seen = may_wait(branch, booking, tx.now), replace(booking, contact_way=way_to_show(booking))
    waiting = wish_of(tx, branch.id, booking.id) if possible else None
    policy = policy_of(branch, branch.services[booking.service_id])
    return Shown(
        possible,
        running_offer(tx, branch.id, booking.id),
        waiting,
        longer_waiting(tx, branch.id, booking.service_id, waiting.since) if waiting else 0,
        draw_hour(branch, policy) if policy.freed is Freed.DRAWN else "",
        is_told(level_for(branch, seen), booking.contact, tx.sends),
    )


async def ask(request: Request) -> Response:
    """`/b/{token}/earlier`: what suits who waits for an earlier time."""
    here, booking = await at_booking(request)
    page, errors = f"/b/{booking.token}", dict[str, str]()
    if not may_wait(here.branch, booking, here.now):
        return see_other(page)
    known = await here.read(wish_of, here.branch.id, booking.id)
    answers = _written(known.wish if known else Wish())
    if request.method == "POST":
        answers = await typed(here, *answers, "switch")
        if not is_language_switch(answers):
            try:
                wish = read_wish(answers["first_day"], answers["part"], answers["notice"])
                await here.do(wait_for_earlier, booking.id, wish, VISITOR)
                return see_other(f"{page}#earlier")
            except Invalid as error:
                errors[error.field or "part"] = message(error, here.words)
            except Refused:
                return see_other(page)
    values: dict[str, Any] = {
        "booking": booking,
        "answers": answers,
        "errors": errors,
        "parts": [(part.value, here.words.text(key)) for part, key in PARTS.items()],
        "notices": [(hours, here.words.text(key)) for hours, key in LENGTHS.items()],
        "last_day": _day_of(here.branch, booking.starts_at),
        "back": page,
    }
    return await frame(
        here,
        "booking/earlier.html",
        here.branch.services[booking.service_id],
        values,
        status=422 if errors else 200,
    )


async def end(request: Request) -> Response:
    """`/b/{token}/earlier/end`: wait no more."""
    here, booking = await at_booking(request)
    await here.do(wait_no_more, booking.id, VISITOR)
    return see_other(f"/b/{booking.token}#earlier")


async def answer(request: Request) -> Response:
    """`/b/{token}/earlier/answer`: accept or decline the time that is kept. Idempotent."""
    here, booking = await at_booking(request)
    page, said = f"/b/{booking.token}", await typed(here, "offer", "answer")
    try:
        offer = UUID(said["offer"])
        if said["answer"] == "accept":
            await here.do(accept_earlier, booking.id, offer, VISITOR)
            return see_other(f"{page}?moved")
        if said["answer"] == "decline":
            await here.do(decline_earlier, booking.id, offer, VISITOR)
    except (ValueError, DomainError):
        return see_other(f"{page}?{OVER}")
    return see_other(f"{page}#earlier")


def _written(wish: Wish) -> dict[str, str]:
    first = wish.first_day.isoformat() if wish.first_day else ""
    return {"first_day": first, "part": wish.part.value, "notice": str(wish.notice_hours)}


def _day_of(branch: BranchSettings, at: datetime) -> str:
    return at.astimezone(branch.zone).date().isoformat()


routes: list[BaseRoute] = [
    Route("/b/{token}/earlier", ask, methods=["GET", "POST"]),
    Route("/b/{token}/earlier/end", end, methods=["POST"]),
    Route("/b/{token}/earlier/answer", answer, methods=["POST"]),
]
