"""Pages for bookers: choose a branch, a service, a day, a time.

The pages follow the order of the questions. Each has an address of its own and works without a script.
"""

from __future__ import annotations

from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from ...core.bookings import read_code
from ...core.contacts import possible_contacts
from ...core.errors import DomainError, Invalid, Missing, TooMany
from ...store.queries.settings import BranchSettings, ServiceView
from ...web.addresses import service_at
from ...web.errors import message
from ...web.here import AtBranch, Here, anywhere, at, at_branch
from ...web.kit import see_other
from ...web.limits import allow
from . import (
    about,
    any_branch,
    appointment,
    code_guesses,
    helping,
    holding,
    proving,
    services,
    through,
    times,
    together,
)
from .frame import base_of, carried, carry, frame, is_language_switch, organisation_page, typed

LOOK_UP: Final = "booking/my_booking.html"
LONGEST_SEARCH: Final = 100


async def front(request: Request) -> Response:
    """`/`: the organisation and its branches; if there is only one branch, its services at once."""
    here = anywhere(request)
    branches = await here.branches_in_service()
    if len(branches) == 1:
        return await _services(at(request, branches[0]), front=True)
    return await organisation_page(here, "booking/front.html", branches, {"branches": branches})


async def show_services(request: Request) -> Response:
    """`/book/{branch}`: the services by department, how to get each, and today's opening hours."""
    return await _services(await at_branch(request))


async def service(request: Request) -> Response:
    """`/book/{branch}/{service}`: what to bring and which rules apply, before anything is asked."""
    here, chosen = await _chosen(request)
    branch, words, now = here.branch, here.words, here.now
    via = await through.through(here)
    late = services.at_the_door(chosen) and here.installation.waits.too_late(
        branch, chosen, now, language=here.language
    )
    values = {
        "how": services.how(chosen),
        "instead_of_booking": None if via and via.opens(chosen) else services.instead(chosen),
        "invitation_over": message(via.refusal, words) if via and via.refusal else None,
        "via_text": request.query_params.get(through.VIA, ""),
        "invited_until": via.last_day(branch) if via else None,
        "platform": chosen.apply_at,
        "fee": chosen.fee,
        "documents": [document.names for document in chosen.to_bring],
        "particulars": services.particulars(branch, chosen, words),
        "by_telephone": _by_telephone(branch, chosen),
        "rules": services.rules(branch, chosen, words),
        "hours": services.open_today(branch, now, chosen),
        "stopped": await here.read(services.gives_no_more, branch, chosen)
        or (late and branch.queue_of(chosen).last_ticket == "stop"),
        "late": late,
        "out": services.days_out(branch, chosen, now) if chosen.bookable else None,
        "anywhere": bool(await any_branch.places_of(here, chosen)),
    }
    return await frame(here, "booking/service.html", chosen, values)


async def days(request: Request) -> Response:
    """`/book/{branch}/{service}/days`: the days with their free places, four weeks at a time (`?from=`)."""
    here, chosen = await _chosen(request)
    if not await through.may_book(here, chosen):
        return see_other(base_of(here.branch, chosen) + carry(here))
    wanted = request.query_params.get("from")
    asked = times.read_day(wanted) if wanted else None
    earlier = await carried(here)
    found = await here.read(times.days, here.branch, chosen, asked, earlier)
    values = {"found": found, "base": base_of(here.branch, chosen), "back": base_of(here.branch, chosen) + carry(here)}
    return await frame(here, "booking/days.html", chosen, values)


async def show_times(request: Request) -> Response:
    """`/book/{branch}/{service}/{date}`: the times of a day."""
    here, chosen = await _chosen(request)
    return await holding.times_page(here, chosen, times.read_day(request.path_params["date"]))


async def my_booking(request: Request) -> Response:
    """`/my-booking`: opens a booking by its code and contact together, because the code alone is not secret."""
    here = anywhere(request)
    if request.method != "POST":
        return await _look_up_page(here, {}, {}, None, 200)
    answers = await typed(here, "code", "contact", "name", "switch")
    if is_language_switch(answers):
        return await _look_up_page(here, answers, {}, None, 200)
    words = here.words
    errors = {error.field or "code": message(error, words) for error in await _mistakes(here, answers)}
    if errors:
        return await _look_up_page(here, answers, errors, None, 422)
    try:
        allow(request, "look-ups")
        found = await code_guesses.look_up(here, answers["code"], answers["contact"], answers["name"])
    except Invalid as error:
        return await _look_up_page(here, answers, {error.field or "code": message(error, words)}, None, 422)
    except Missing:
        return await _look_up_page(here, answers, {"code": words.text("booking.not-found")}, None, 404)
    except TooMany as error:
        return await _look_up_page(here, answers, {}, error, 429)
    return see_other(f"/b/{found.token}")


async def _look_up_page(
    here: Here, answers: dict[str, str], errors: dict[str, str], failure: DomainError | None, status: int
) -> Response:
    words = here.words
    headers = {"Retry-After": str(failure.seconds)} if isinstance(failure, TooMany) else None
    values: dict[str, Any] = {
        "answers": answers,
        "errors": errors,
        "failure": message(failure, words) if failure else None,
        "asks_name": "name" in errors or bool(answers.get("name")),
    }
    branches = await here.all_branches()
    return await organisation_page(here, LOOK_UP, branches, values, status=status, headers=headers)


async def _mistakes(here: Here, answers: dict[str, str]) -> list[Invalid]:
    """All mistakes in code and contact, before anything is looked up."""
    # The branch is unknown until the booking is found, so a number may be written as in any branch's country.
    countries = [branch.country_code for branch in await here.all_branches()]
    found = []
    for read in (lambda: read_code(answers["code"]), lambda: possible_contacts(answers["contact"], countries)):
        try:
            read()
        except Invalid as error:
            found.append(error)
    return found


async def _services(here: AtBranch, *, front: bool = False) -> Response:
    branch = here.branch
    wanted = here.request.query_params.get("q", "")[:LONGEST_SEARCH]
    offered = await here.read(services.offers, branch)
    tags = branch.organisation.service_tags
    values = {
        "front": front,
        "wanted": wanted,
        "open_up_to": services.TOGETHER,
        "listed": services.listed(branch, offered, tags, wanted),
        "first_sentences": services.sentences(branch, services.FIRST_SENTENCES),
        "later_sentences": services.sentences(branch, services.LATER_SENTENCES),
        "hours": services.open_today(branch, here.now),
        "branches": len(await here.branches_in_service()),
    }
    return await frame(here, "booking/services.html", None, values)


def _by_telephone(branch: BranchSettings, service: ServiceView) -> str | None:
    """The number under which a service is booked; None where that is not said, or not so."""
    asked = branch.access is not None and branch.access.phone_booking and service.booked_as != "walkin_only"
    number = branch.phone or (branch.hotline.number if branch.hotline else None)
    return number if asked and not service.phone_intake else None


async def _chosen(request: Request) -> tuple[AtBranch, ServiceView]:
    here = await at_branch(request)
    return here, service_at(here.branch, request.path_params["service"])


routes: list[BaseRoute] = [
    Route("/", front),
    Route("/my-booking", my_booking, methods=["GET", "POST"]),
    Route("/book/{branch}", show_services),
    Route("/book/{branch}/{service}", service),
    Route("/book/{branch}/{service}/days", days),
    *any_branch.routes,
    Route("/book/{branch}/{service}/{date}", show_times),
    *through.routes,
    *helping.routes,
    *proving.routes,
    *about.routes,
    *holding.routes,
    *together.routes,
    *appointment.routes,
]
