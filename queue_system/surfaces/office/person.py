"""One account: name and language, roles, sessions, lock-out, a new sign-in."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from ...actions import invitations, staff, staff_roles
from ...core.errors import Denied, DomainError, Invalid, Missing
from ...core.rights import ACCOUNT_RIGHTS, GRANT_RIGHTS, INVITE_RIGHTS, PEOPLE_RIGHTS, RESET_RIGHTS
from ...i18n.words import OWN_NAMES, available_languages
from ...store.database import Tx
from ...store.queries.people import Colleague, colleagues, invitation_by_token, second_methods, sessions_of
from ...store.queries.settings import Names, branch_ids, readable
from ...store.tables import ORGANISATION
from ...web import kit
from ...web.confirmed import require_confirmed
from ...web.errors import message
from .asking import about_action, alone_until, asked_about
from .frame import InOffice, enter, office_page
from .people import PAGE, House, clock_of, house_of, is_seen, may_over, places_with

PERSON: Final = f"{PAGE}/{{person}}"
# The new link goes to the next page in this cookie, because it is shown once and stored nowhere.
LINK_COOKIE: Final = "new-link"
LINK_SHOWN_FOR: Final = 300
SAID: Final = {
    "saved": "people.said-saved",
    "given": "people.said-given",
    "taken": "people.said-taken",
    "locked": "people.said-locked",
    "unlocked": "people.said-unlocked",
    "ended": "people.said-ended",
    "asked": "people.said-asked",
    "invited": "people.said-invited",
    "reset": "people.said-reset",
}


@dataclass(frozen=True, kw_only=True)
class AtPerson(InOffice):
    """Somebody of the office with the account that the address names."""

    colleague: Colleague
    house: House

    @property
    def address(self) -> str:
        return f"{PAGE}/{self.colleague.id}"

    def said(self, what: str) -> Response:
        return kit.see_other(f"{self.address}?said={what}")


async def at_person(request: Request) -> AtPerson:
    """The account that the address names; raises SignedOut, Denied, Missing("staff")."""
    here = await enter(request, PEOPLE_RIGHTS)
    colleague = await here.read(_named, request.path_params["person"])
    if colleague is None or not is_seen(here.person, colleague):
        raise Missing("staff")
    return AtPerson(**vars(here), colleague=colleague, house=await here.read(house_of))


async def show(request: Request) -> Response:
    """The account."""
    return await _page(await at_person(request))


async def save(request: Request) -> Response:
    """Change name and language."""
    here = await at_person(request)
    form = await kit.form(request)
    typed = {"name": form.get("name", "").strip(), "language": form.get("language", "")}
    if typed["language"] not in available_languages():
        typed["language"] = here.colleague.language
    try:
        await here.write_anywhere(staff.edit_staff, here.colleague.login, typed["name"], typed["language"], here.actor)
        if form.get("calling"):
            known = await here.read(_calling, here.colleague)
            await here.write_anywhere(
                staff.change_calling,
                here.colleague.login,
                [slug for slug, _ in known.skills if form.get(f"skill-{slug}")],
                [code for code, _ in known.languages if form.get(f"speaks-{code}")],
                next((slug for slug, _ in known.profiles if slug == form.get("calling_profile")), None),
                here.actor,
            )
    except Invalid as refusal:
        return await _page(here, typed=typed, errors={"name": message(refusal, here.words)}, status=refusal.status)
    return here.said("saved")


async def give(request: Request) -> Response:
    """Give a role at a place, there for one department or for all."""
    here = await at_person(request)
    await require_confirmed(here)
    form = await kit.form(request)
    try:
        place, department = read_place(form.get("place", ""))
        given = form.get("role", "")
        if not given:
            raise Invalid("role-not-chosen", "role")
        asked = await here.write_anywhere(
            staff_roles.give_role, here.colleague.login, place, given, department, here.actor
        )
    except DomainError as refusal:
        field = refusal.field if isinstance(refusal, Invalid) and refusal.field else "role"
        return await _page(here, errors={field: message(refusal, here.words)}, typed_role=form, status=refusal.status)
    return here.said("asked" if asked else "given")


async def take(here: AtPerson, form: dict[str, str]) -> Response:
    """Take a role away."""
    place, _, rest = form.get("held", "").partition("/")
    role, _, department = rest.partition("/")
    if not place:
        raise Missing("role", role="")
    login = here.colleague.login
    await here.write_anywhere(staff_roles.take_role, login, read_place(place)[0], role, department, here.actor)
    return here.said("taken")


async def lock(here: AtPerson, _form: dict[str, str]) -> Response:
    """Lock the account; its sessions end at once."""
    await here.write_anywhere(staff.lock_staff, here.colleague.login, here.actor)
    return here.said("locked")


async def unlock(here: AtPerson, _form: dict[str, str]) -> Response:
    """Let the person in again."""
    await here.write_anywhere(staff.unlock_staff, here.colleague.login, here.actor)
    return here.said("unlocked")


async def end(here: AtPerson, form: dict[str, str]) -> Response:
    """End one session, or all."""
    wanted = form.get("session", "")
    handles = None if wanted == "all" else [wanted]
    await here.write_anywhere(staff.end_sessions, here.colleague.login, handles, here.actor)
    return here.said("ended")


async def reset(here: AtPerson, _form: dict[str, str]) -> Response:
    """End all ways to sign in and make a link for a new password; of an administrator, ask a second person."""
    await require_confirmed(here)
    token, asked = await here.write_anywhere(invitations.reset_sign_in, here.colleague.login, here.actor)
    return here.said("asked") if asked else with_link(here, here.colleague.id, token, "reset")


async def invite_again(here: AtPerson, _form: dict[str, str]) -> Response:
    """Make a new link for somebody who has not joined yet."""
    await require_confirmed(here)
    token = await here.write_anywhere(invitations.invite_again, here.colleague.login, here.actor)
    return with_link(here, here.colleague.id, token, "invited")


async def remove(here: AtPerson, _form: dict[str, str]) -> Response:
    """Remove somebody who never joined."""
    await here.write_anywhere(staff.remove_staff, here.colleague.login, here.actor)
    return kit.see_other(f"{PAGE}?said=removed")


def with_link(here: InOffice, staff_id: UUID, token: str, said: str) -> Response:
    """On to the account's page, which shows the new link."""
    response = kit.see_other(f"{PAGE}/{staff_id}?said={said}")
    secure = here.installation.configuration.behind_tls
    response.set_cookie(
        LINK_COOKIE, token, max_age=LINK_SHOWN_FOR, path=PAGE, secure=secure, httponly=True, samesite="strict"
    )
    return response


def read_place(typed: str) -> tuple[UUID, str]:
    """A place and its department from a form: `<id>` or `<id>:<department>`. Raises Invalid("place-not-chosen")."""
    place, _, department = typed.partition(":")
    try:
        return UUID(place), department
    except ValueError:
        raise Invalid("place-not-chosen", "place") from None


@dataclass(frozen=True, slots=True)
class Calling:
    """What can be chosen of what decides whom a person calls: slugs and names of the branches where they work."""

    skills: list[tuple[str, Names]]
    languages: list[tuple[str, str]]
    profiles: list[tuple[str, Names]]


def _calling(tx: Tx, one: Colleague) -> Calling:
    branches = [settings for settings in readable(tx, branch_ids(tx).values()) if one.works_at(settings.id)]
    skills = {slug: names for branch in branches for slug, names in branch.skills.items()}
    profiles = {slug: found.names for branch in branches for slug, found in branch.calling_profiles.items()}
    return Calling([*skills.items()], [*OWN_NAMES.items()], [*profiles.items()])


def _named(tx: Tx, person: str) -> Colleague | None:
    return next((one for one in colleagues(tx) if str(one.id) == person), None)


def _act(do: Callable[[AtPerson, dict[str, str]], Awaitable[Response]]) -> Callable[[Request], Awaitable[Response]]:
    """The handler of an action that needs no more than a button; a refusal is said on the account's page."""

    async def handler(request: Request) -> Response:
        here = await at_person(request)
        try:
            return await do(here, await kit.form(request))
        except Denied as refusal:
            if refusal.code == "not-confirmed":
                raise
            return await _page(here, refusal=message(refusal, here.words), status=refusal.status)
        except DomainError as refusal:
            return await _page(here, refusal=message(refusal, here.words), status=refusal.status)

    return handler


async def _page(
    here: AtPerson,
    *,
    typed: dict[str, str] | None = None,
    typed_role: dict[str, str] | None = None,
    errors: dict[str, str] | None = None,
    refusal: str = "",
    status: int = 200,
) -> Response:
    one, person = here.colleague, here.person
    methods = await here.read(second_methods)
    context: dict[str, Any] = {
        "one": one,
        "own": one.id == person.id,
        "held": here.house.held(one.grants),
        "typed": typed or {"name": one.name, "language": one.language},
        "typed_role": typed_role or {},
        "languages": [(code, OWN_NAMES[code]) for code in available_languages()],
        "roles": [(role.slug, role.names) for role in here.house.roles.values()],
        "places": places_with(here, here.house, GRANT_RIGHTS),
        "house": here.house,
        "calling": await here.read(_calling, one),
        "methods": methods.get(one.id, ()),
        "sessions": await here.read(sessions_of, one.id),
        "link": await _link(here),
        "clock": clock_of(here),
        "may": {
            "edit": may_over(person, one, ACCOUNT_RIGHTS),
            "grant": person.may_somewhere(GRANT_RIGHTS),
            "take": may_over(person, one, GRANT_RIGHTS),
            "invite": may_over(person, one, INVITE_RIGHTS),
            "reset": may_over(person, one, RESET_RIGHTS),
        },
        "errors": errors or {},
        "alone": await alone_until(here, ORGANISATION, "reset-sign-in"),
        "asked": await asked_about(here, about_action("grant-role", "reset-sign-in", staff=str(one.id))),
        "refusal": refusal,
        "said": SAID.get(here.request.query_params.get("said", ""), ""),
    }
    return await office_page(here, "office/person.html", context, status=status)


async def _link(here: AtPerson) -> str:
    """The address of a link that was just made for this account; "" if there is none."""
    token = here.request.cookies.get(LINK_COOKIE, "")
    found = await here.read(invitation_by_token, token) if token.isprintable() and token else None
    if found is None or found.staff_id != here.colleague.id:
        return ""
    configuration = here.installation.configuration
    base = configuration.public_url or str(here.request.base_url).rstrip("/")
    return f"{base}/welcome/{token}"


routes: list[BaseRoute] = [
    Route(PERSON, show),
    Route(PERSON, save, methods=["POST"]),
    Route(f"{PERSON}/roles", give, methods=["POST"]),
    Route(f"{PERSON}/roles/removal", _act(take), methods=["POST"]),
    Route(f"{PERSON}/lock", _act(lock), methods=["POST"]),
    Route(f"{PERSON}/unlock", _act(unlock), methods=["POST"]),
    Route(f"{PERSON}/sessions/end", _act(end), methods=["POST"]),
    Route(f"{PERSON}/reset", _act(reset), methods=["POST"]),
    Route(f"{PERSON}/invitation", _act(invite_again), methods=["POST"]),
    Route(f"{PERSON}/removal", _act(remove), methods=["POST"]),
]
