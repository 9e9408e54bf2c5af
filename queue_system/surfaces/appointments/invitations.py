"""Inviting somebody to a service that is booked by invitation alone, and what became of the invitations."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final
from urllib.parse import quote
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from ...actions.booking_invitations import InvitationOrder, invite_guest, withdraw_invitation
from ...core import contacts, hours
from ...core.booking_invitations import MOST_GUESTS, USABLE, personal_link
from ...core.bookings import persons_said
from ...core.errors import DomainError, Invalid, Missing
from ...core.messages import MAIL, Level, channel_of
from ...core.rights import BOOK_RIGHTS
from ...i18n import dates
from ...store.queries.booking_invitations import InvitationView, invitation_by_id, invitations_to
from ...store.queries.invitation_letters import Delivery, letters_of, level_of_invitation
from ...store.queries.settings import BranchSettings, Names, ServiceView
from ...web import kit
from ...web.errors import message
from ...web.here import StaffAtBranch, staff_at_branch
from ...web.qr import qr_svg
from .day import address, invited_to
from .moments import read_day

USUAL: Final = timedelta(days=14)
FIELDS: Final = ("service", "name", "contact", "answer_by", "persons")


@dataclass(frozen=True, slots=True)
class Line:
    """An invitation in the list. `name` is None where the level of its service keeps names off screens."""

    invitation: InvitationView
    names: Names
    name: str | None
    usable: bool
    last_day: str
    unsent: bool = False


async def show(request: Request) -> Response:
    """`/appointments/{branch}/invitations`: those that are open or ended lately, and a form for another one."""
    here = await staff_at_branch(request, BOOK_RIGHTS)
    if request.method != "POST":
        return await _list_page(here, {})
    form = await kit.form(request)
    try:
        order = InvitationOrder(
            service_id=_service(here, form.get("service", "")).id,
            name=form.get("name", ""),
            contact=form.get("contact", ""),
            language=_language(here.branch, form.get("language", "")),
            answer_by=read_day(form.get("answer_by", "")),
            persons=persons_said(form.get("persons", ""), MOST_GUESTS),
            request_id=form.get("request_id", "")[:36],
        )
        made = await here.do(invite_guest, order, here.actor)
    except DomainError as failure:
        return await _list_page(here, form, failure)
    return kit.see_other(f"{address(here.branch)}/invitations/{made}")


async def one(request: Request) -> Response:
    """`…/invitations/{invitation}`: its link to pass on, and what became of it."""
    here, found = await _enter(request)
    return await _page(here, found)


async def withdraw(request: Request) -> Response:
    """Take it back."""
    here, found = await _enter(request)
    try:
        await here.do(withdraw_invitation, found.id, here.actor)
    except DomainError as refusal:
        return await _page(here, found, refusal)
    return kit.see_other(f"{address(here.branch)}/invitations/{found.id}")


async def _enter(request: Request) -> tuple[StaffAtBranch, InvitationView]:
    here = await staff_at_branch(request, BOOK_RIGHTS)
    try:
        found = await here.read(invitation_by_id, here.branch.id, UUID(request.path_params["invitation"]))
    except ValueError:
        raise Missing("booking-invitation") from None
    if found.service_id not in here.services(BOOK_RIGHTS):
        raise Missing("booking-invitation")
    return here, found


async def _list_page(here: StaffAtBranch, typed: dict[str, str], failure: DomainError | None = None) -> Response:
    branch = here.branch
    found = await here.read(invitations_to, branch.id, here.services(BOOK_RIGHTS))
    letters = await here.read(letters_of, branch.id, [one.id for one in found])
    unsent = {key for key, one in letters.items() if one.delivery in (Delivery.FAILED, Delivery.MAYBE)}
    today = hours.business_date(here.now, branch.zone, branch.day_starts)
    words = message(failure, here.words) if failure else ""
    field = failure.field if isinstance(failure, Invalid) and failure.field in FIELDS else ""
    values = {
        "base": address(branch),
        "services": invited_to(here),
        "lines": [_line(here, one, unsent=one.id in unsent) for one in found],
        "typed": {"answer_by": (today + USUAL).isoformat(), "language": branch.default_language} | typed,
        "today": today,
        "most": MOST_GUESTS,
        "languages_of_visitors": kit.languages_of(branch),
        "errors": {field: words} if field else {},
        "refusal": "" if field else words,
        "request_id": secrets.token_urlsafe(16),
    }
    return await here.page("appointments/invitations.html", values, status=failure.status if failure else 200)


async def _page(here: StaffAtBranch, found: InvitationView, refusal: DomainError | None = None) -> Response:
    branch = here.branch
    service, line = branch.services[found.service_id], _line(here, found)
    link = personal_link(here.installation.configuration.address, branch.key, here.installation.secret, found.id)
    level = await here.read(level_of_invitation, branch, found)
    letter = (await here.read(letters_of, branch.id, [found.id])).get(found.id)
    values = {
        "base": address(branch),
        "line": line,
        "invitation": found,
        "service": service,
        "contact": contacts.shown(found.contact),
        "link": link,
        "qr": qr_svg(link, here.words.text("appointments.invitation-qr")) if line.usable else None,
        "mail": _mail(here, found, link, level) if line.usable else None,
        "letter": letter,
        "neutral": level is Level.NEUTRAL,
        "when": dates.day_time(found.starts_at, branch.zone, here.words) if found.starts_at else None,
        "refusal": message(refusal, here.words) if refusal else "",
    }
    return await here.page("appointments/invitation.html", values, status=refusal.status if refusal else 200)


def _line(here: StaffAtBranch, found: InvitationView, *, unsent: bool = False) -> Line:
    branch = here.branch
    service = branch.services[found.service_id]
    return Line(
        found,
        service.listed_names,
        None if service.confidentiality.discreet else found.name,
        found.state in USABLE,
        dates.day(_last_day(branch, found), here.words),
        unsent and found.state in USABLE,
    )


def _mail(here: StaffAtBranch, found: InvitationView, link: str, level: Level) -> str | None:
    """The address that opens a letter, which names no service, in a mail program; None where the level forbids letters."""
    if channel_of(found.contact) != MAIL or level not in (Level.FULL, Level.MINIMAL):
        return None
    words = kit.words_of(found.language, here.branch)
    until = dates.day(_last_day(here.branch, found), words)
    subject = words.text("appointments.invitation-subject")
    body = words.text("appointments.invitation-mail", name=found.name, day=until)
    return f"mailto:{quote(found.contact)}?subject={quote(_plain(subject))}&body={quote(_plain(body) + chr(10) * 2 + link)}"


def _last_day(branch: BranchSettings, found: InvitationView) -> date:
    return hours.business_date(found.answer_until - timedelta.resolution, branch.zone, branch.day_starts)


def _plain(text: str) -> str:
    return "".join(sign for sign in text if sign not in "\u2066\u2067\u2068\u2069")


def _service(here: StaffAtBranch, slug: str) -> ServiceView:
    found = next((one for one in invited_to(here) if one.slug == slug), None)
    if found is None:
        raise Invalid("service", "service")
    return found


def _language(branch: BranchSettings, wanted: str) -> str:
    return wanted if wanted in kit.languages_of(branch) else branch.default_language


ALL: Final = "/appointments/{branch}/invitations"
routes: list[BaseRoute] = [
    Route(ALL, show, methods=["GET", "POST"]),
    Route(f"{ALL}/{{invitation}}", one),
    Route(f"{ALL}/{{invitation}}/withdrawal", withdraw, methods=["POST"]),
]
