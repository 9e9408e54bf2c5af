"""One's own account: name and language, password, sessions, roles. Every page of the staff links here."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any, Final
from zoneinfo import ZoneInfo

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from ...actions.staff import edit_staff, end_sessions, set_own_password
from ...core.errors import DomainError, Invalid, SignedOut, TooMany
from ...core.passphrases import check_password
from ...core.tokens import sha256
from ...i18n import dates
from ...i18n.words import OWN_NAMES, available_languages
from ...store.database import Tx
from ...store.queries.access import StaffView
from ...store.queries.grants import Grant
from ...store.queries.people import SessionView, roles, sessions_of, zone_of
from ...store.queries.settings import branch_ids, readable
from ...web import access, kit
from ...web.errors import message
from ...web.here import StaffHere, staff_here
from ...web.installation import in_thread
from ...web.passwords import hash_password
from ...web.sign_in_check import checked

PAGE: Final = "/account"
CHANNEL: Final = "web"
LONGEST: Final = 200
SAID: Final = {
    "saved": "account.said-saved",
    "password": "account.said-password",
    "ended": "account.said-ended",
}


@dataclass(frozen=True, slots=True)
class Held:
    """A role of the person, with the names of role and place as the page shows them; `place` None is everywhere."""

    role: dict[str, str]
    place: dict[str, str] | None
    department: dict[str, str] | None


async def show(request: Request) -> Response:
    """The account."""
    return await _page(await staff_here(request))


async def save(request: Request) -> Response:
    """Change one's own name and language."""
    here = await staff_here(request)
    form = await kit.form(request)
    typed = {"name": form.get("name", "").strip(), "language": form.get("language", "")}
    if typed["language"] not in available_languages():
        typed["language"] = here.person.language
    try:
        await here.write_anywhere(edit_staff, here.person.login, typed["name"], typed["language"], here.actor)
    except Invalid as refusal:
        errors = {refusal.field or "name": message(refusal, here.words)}
        return await _page(here, typed=typed, errors=errors, status=refusal.status)
    return kit.see_other(f"{PAGE}?said=saved")


async def change_password(request: Request) -> Response:
    """Set a new password for oneself; the other sessions end."""
    here = await staff_here(request)
    form = await kit.form(request)
    old, new = form.get("old", ""), form.get("password", "")
    try:
        check_password(new, here.person.login)
        account = await checked(here, here.person.login, old[:LONGEST], CHANNEL, _browser(request))
        if account is None or account.id != here.person.id:
            raise Invalid("password-old-wrong", "old")
        hashed = await in_thread(partial(hash_password, new))
        own = request.cookies.get(access.session_cookie(request), "")
        await here.write_anywhere(set_own_password, account.id, hashed, account.password, own)
    except (Invalid, TooMany, SignedOut) as refusal:
        field = refusal.field if isinstance(refusal, Invalid) and refusal.field else "old"
        return await _page(here, errors={field: message(refusal, here.words)}, status=_status(refusal))
    return kit.see_other(f"{PAGE}?said=password")


async def end(request: Request) -> Response:
    """End one session of one's own, or all others."""
    here = await staff_here(request)
    wanted = (await kit.form(request)).get("session", "")
    found = await here.read(sessions_of, here.person.id, _own(request))
    meant = [one.handle for one in found if not one.current and wanted in (one.handle, "others")]
    await here.write_anywhere(end_sessions, here.person.login, meant, here.actor)
    return kit.see_other(f"{PAGE}?said=ended")


def _status(refusal: DomainError) -> int:
    # The page itself was asked for with a valid session.
    return 422 if isinstance(refusal, SignedOut) else refusal.status


def _own(request: Request) -> str:
    return sha256(request.cookies.get(access.session_cookie(request), ""))


def _browser(request: Request) -> str:
    return request.cookies.get(access.browser_cookie(request), "")


async def _page(
    here: StaffHere, *, typed: dict[str, str] | None = None, errors: dict[str, str] | None = None, status: int = 200
) -> Response:
    words = here.words
    held, sessions, zone = await here.read(_seen, here.person, _own(here.request))
    context: dict[str, Any] = {
        "typed": typed or {"name": here.person.name, "language": here.person.language},
        "languages": [(one, OWN_NAMES[one]) for one in available_languages()],
        "clock": lambda at: dates.day_time(at, zone, words),
        "held": held,
        "sessions": sessions,
        "others": sum(not one.current for one in sessions),
        "errors": errors or {},
        "said": SAID.get(here.request.query_params.get("said", ""), ""),
    }
    return await here.page("account/account.html", context, status=status)


def _seen(tx: Tx, person: StaffView, current: str) -> tuple[list[Held], list[SessionView], ZoneInfo]:
    """Roles, sessions, and the zone in which their times are told."""
    names = {one.slug: one.names for one in roles(tx)}
    places = {branch.id: branch for branch in readable(tx, branch_ids(tx).values())}

    def held(one: Grant) -> Held:
        branch = places.get(one.place)
        departments = branch.departments.values() if branch else ()
        department = next((found.names for found in departments if found.slug == one.department), None)
        return Held(names[one.role], branch.names if branch else None, department)

    return [held(one) for one in person.grants], sessions_of(tx, person.id, current), zone_of(tx, person)


routes: list[BaseRoute] = [
    Route(PAGE, show),
    Route(PAGE, save, methods=["POST"]),
    Route(f"{PAGE}/password", change_password, methods=["POST"]),
    Route(f"{PAGE}/sessions/end", end, methods=["POST"]),
]
