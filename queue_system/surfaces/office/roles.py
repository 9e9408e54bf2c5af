"""Roles: what each allows, who holds it, and the table of people and rights for whoever checks them."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from ...actions.roles import remove_role, save_role
from ...actions.settings import UnfitSettings
from ...core.errors import DomainError, Invalid, Missing
from ...core.presets import PRESETS
from ...core.rights import ATOMIC, EVERYTHING, GRANT_RIGHTS, GROUPS, OBEYED, ROLES_RIGHTS, written_out
from ...i18n.sentences import error_sentence
from ...i18n.words import available_languages
from ...store.queries.people import Colleague, RoleView, colleagues
from ...store.tables import ORGANISATION
from ...web import kit
from ...web.confirmed import require_confirmed
from ...web.errors import message
from .asking import about_action, alone_until, asked_about
from .frame import InOffice, enter, office_page
from .people import House, house_of, is_seen

PAGE: Final = "/office/roles"
NEW: Final = "/office/new-role"
MATRIX: Final = "/office/rights"
ROLE: Final = f"{PAGE}/{{role}}"
#: What is said beside a right that does not do all that its sentence says.
NOTES: Final = {right: "people.right-idle" for right in ATOMIC if right not in OBEYED}


async def show(request: Request) -> Response:
    """All roles, with how many people hold each."""
    here = await enter(request, ROLES_RIGHTS)
    house = await here.read(house_of)
    people = await here.read(colleagues)
    context = {
        "roles": [(one, len(_holders(people, one.slug)), len(written_out(one.rights))) for one in house.roles.values()],
        "edits": _edits(here),
        "presets": PRESETS,
        "said": request.query_params.get("said", ""),
    }
    return await office_page(here, "office/roles.html", context)


async def matrix(request: Request) -> Response:
    """Who may do what: people and rights, to check and to print."""
    here = await enter(request, ROLES_RIGHTS)
    house = await here.read(house_of)
    everybody = [one for one in await here.read(colleagues) if one.active and one.grants and _is_checked(here, one)]
    places = [ORGANISATION, *house.branches]
    context = {
        "people": everybody,
        "groups": GROUPS,
        "notes": NOTES,
        "holds": {
            (one.id, right): sum(_gives(one, right, place) for place in places[1:])
            for one in everybody
            for right in ATOMIC
        },
        "branches": len(house.branches),
    }
    return await office_page(here, "office/rights.html", context)


async def show_role(request: Request) -> Response:
    """One role: its sentences with boxes, and who holds it."""
    here = await enter(request, ROLES_RIGHTS)
    house = await here.read(house_of)
    role = _role(house, request.path_params["role"])
    return await _page(
        here, house, role, role.slug, dict(role.names), written_out(role.rights), EVERYTHING in role.rights
    )


async def new_role(request: Request) -> Response:
    """The form of a new role, from a preset if `?preset=` names one."""
    here = await enter(request, GRANT_RIGHTS)
    preset = request.query_params.get("preset", "")
    rights = PRESETS.get(preset, ())
    names = {
        code: here.words.text(f"rights.preset-{preset}") if preset in PRESETS and code == here.language else ""
        for code in available_languages()
    }
    house = await here.read(house_of)
    return await _page(here, house, None, "", names, written_out(rights), EVERYTHING in rights)


async def save(request: Request) -> Response:
    """Show what changes for whom; once that was seen, save it, or ask a second person for it."""
    here = await enter(request, GRANT_RIGHTS)
    await require_confirmed(here)
    house = await here.read(house_of)
    known = request.path_params.get("role")
    role = _role(house, known) if known else None
    form = await kit.form(request)
    slug = role.slug if role else form.get("slug", "").strip()
    names = {code: form.get(f"name-{code}", "").strip() for code in available_languages()}
    everything = "right-everything" in form
    rights = [EVERYTHING] if everything else [right for right in ATOMIC if f"right-{right}" in form]
    if (
        role is not None
        and form.get("seen") != " ".join(rights)
        and set(written_out(rights)) != written_out(role.rights)
    ):
        return await _page(here, house, role, slug, names, written_out(rights), everything, to_confirm=" ".join(rights))
    try:
        if role is None and slug in house.roles:
            raise Invalid("role-slug-taken", "slug")
        asked = await here.write_anywhere(save_role, slug, names, rights, here.actor)
    except DomainError as refusal:
        errors = _errors(here, refusal)
        return await _page(
            here, house, role, slug, names, written_out(rights), everything, errors=errors, status=refusal.status
        )
    return kit.see_other(f"{PAGE}?said={'asked' if asked else 'saved'}")


async def remove(request: Request) -> Response:
    """Remove a role that nobody holds."""
    here = await enter(request, GRANT_RIGHTS)
    house = await here.read(house_of)
    role = _role(house, request.path_params["role"])
    try:
        await here.write_anywhere(remove_role, role.slug, here.actor)
    except DomainError as refusal:
        errors = {"rights": message(refusal, here.words)}
        held = written_out(role.rights), EVERYTHING in role.rights
        return await _page(here, house, role, role.slug, dict(role.names), *held, errors=errors, status=refusal.status)
    return kit.see_other(f"{PAGE}?said=removed")


async def _page(
    here: InOffice,
    house: House,
    role: RoleView | None,
    slug: str,
    names: dict[str, str],
    rights: Collection[str],
    everything: bool,
    *,
    to_confirm: str | None = None,
    errors: dict[str, str] | None = None,
    status: int = 200,
) -> Response:
    people = await here.read(colleagues)
    holders = [(one, house.held(one.grants)) for one in _holders(people, role.slug)] if role else []
    before = written_out(role.rights) if role else frozenset()
    context: dict[str, Any] = {
        "role": role,
        "slug": slug,
        "names": {code: names.get(code, "") for code in available_languages()},
        "groups": GROUPS,
        "notes": NOTES,
        "rights": rights,
        "everything": everything,
        "holders": holders,
        "edits": _edits(here),
        "to_confirm": to_confirm,
        "added": [right for right in ATOMIC if right in rights and right not in before],
        "removed": [right for right in ATOMIC if right in before and right not in rights],
        "errors": errors or {},
        "alone": await alone_until(here, ORGANISATION, "reset-sign-in"),
        "asked": await asked_about(here, about_action("change-role", slug=slug)) if role else (),
    }
    return await office_page(here, "office/role.html", context, status=status, belongs=PAGE)


def _errors(here: InOffice, refusal: DomainError) -> dict[str, str]:
    """What is wrong, by the fields of the form."""
    if isinstance(refusal, UnfitSettings):
        faults = [located.fault for located in refusal.faults]
        return {
            one.field.replace("names.", "name-"): error_sentence(one.code, one.values, here.words) for one in faults
        }
    field = refusal.field if isinstance(refusal, Invalid) and refusal.field else "rights"
    return {field: message(refusal, here.words)}


def _role(house: House, slug: str) -> RoleView:
    if slug not in house.roles:
        raise Missing("role", role=slug)
    return house.roles[slug]


def _edits(here: InOffice) -> bool:
    return here.person.may_any(GRANT_RIGHTS, ORGANISATION)


def _is_checked(here: InOffice, one: Colleague) -> bool:
    """Whoever reads the log of the organisation checks everybody; others see whom they manage."""
    return here.person.may_any(ROLES_RIGHTS, ORGANISATION) or is_seen(here.person, one)


def _holders(people: Collection[Colleague], slug: str) -> list[Colleague]:
    return [one for one in people if any(held.role == slug for held in one.grants)]


def _gives(one: Colleague, right: Any, place: Any) -> bool:
    return any(held.gives(right, place) for held in one.grants)


routes: list[BaseRoute] = [
    Route(PAGE, show),
    Route(MATRIX, matrix),
    Route(NEW, new_role),
    Route(NEW, save, methods=["POST"]),
    Route(ROLE, show_role),
    Route(ROLE, save, methods=["POST"]),
    Route(f"{ROLE}/removal", remove, methods=["POST"]),
]
