"""A new branch that starts like another one, or like a template."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from functools import partial
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from ...actions.settings import UnfitSettings, add_branch
from ...core.errors import Denied, Refused
from ...core.rights import IMPORT_RIGHTS
from ...i18n.filters import localised
from ...i18n.words import OWN_NAMES, available_languages, words_for
from ...i18n.zones import zone_names
from ...settings import typed
from ...settings.agenda import BranchClosure
from ...settings.branch import Branch
from ...settings.declared import REQUIRED_LANGUAGES
from ...settings.faults import Fault, Faulty
from ...settings.portable import starting
from ...store.tables import ORGANISATION
from ...web import kit
from ...web.errors import message
from ...web.installation import in_thread
from ...web.setting_words import fault_sentence, things_of
from .branches import Branches, all_of_them
from .frame import InOffice, enter, office_page

PAGE: Final = "/office/new-branch"
FIELDS: Final = ("from", "slug", "timezone", "country_code", "opens")


async def show(request: Request) -> Response:
    """The form."""
    here = await _may_add(request)
    return await _page(here, await here.read(all_of_them), {"from": request.query_params.get("from", "")})


async def create(request: Request) -> Response:
    """Add the branch, and go back to the list."""
    here = await _may_add(request)
    found = await here.read(all_of_them)
    form = await kit.form(request)
    languages = _languages(found.seen(here, IMPORT_RIGHTS).values())
    said = {name: form.get(name, "").strip() for name in (*FIELDS, *map(_name_in, languages))}
    branch, errors = _read(here, found, said)
    if branch is None:
        return await _page(here, found, said, errors, 422)
    try:
        await here.write_anywhere(add_branch, branch, actor=here.actor, person=here.person)
    except Refused as refusal:
        return await _page(here, found, said, {"slug": message(refusal, here.words)}, 409)
    except UnfitSettings as unfit:
        things = things_of(branch, found.profile.catalogue, here.words)
        wrong = {"from": fault_sentence(unfit.faults[0].fault, things, here.words)}
        return await _page(here, found, said, wrong, 422)
    return kit.see_other(f"/office/branches?added={branch.slug}")


async def _may_add(request: Request) -> InOffice:
    """A branch belongs to the organisation, so the right is needed there; raises Denied."""
    here = await enter(request, IMPORT_RIGHTS)
    if not here.person.may_any(IMPORT_RIGHTS, ORGANISATION):
        raise Denied("not-allowed")
    return here


def _read(here: InOffice, found: Branches, said: dict[str, str]) -> tuple[Branch | None, dict[str, str]]:
    """The branch that the form describes, or what is wrong, by field."""
    errors: dict[str, str] = {}

    def checked(name: str, reader: Any) -> Any:
        try:
            return reader(said[name])
        except Faulty as wrong:
            errors[name] = fault_sentence(wrong.faults[0], {}, here.words)
            return None

    origin = found.profile.branches.get(said["from"])
    if origin is None:
        errors["from"] = fault_sentence(Fault("choice-wrong"), {}, here.words)
    slug = checked("slug", typed.slug)
    needed = _needed(origin) if origin else []
    names: dict[str, str] = {
        one: checked(_name_in(one), typed.text)
        for one in _languages([origin] if origin else [])
        if said[_name_in(one)] or one in needed
    }
    zone = checked("timezone", typed.time_zone) if said["timezone"] else None
    opens = checked("opens", typed.day) if said["opens"] else None
    if errors or origin is None:
        return None, errors
    try:
        names = dict.fromkeys(REQUIRED_LANGUAGES, names[needed[0]]) | names
        return _branch(origin, slug, names, zone, said["country_code"], _closed_until(here, opens, origin)), {}
    except Faulty as wrong:
        return None, {"country_code": fault_sentence(wrong.faults[0], {}, here.words)}


def _branch(
    origin: Branch, slug: str, names: dict[str, str], zone: str | None, country_code: str, closures: Any
) -> Branch:
    own: dict[str, Any] = {"names": names, "closures": closures}
    if zone:
        own["timezone"] = zone
    if country_code:
        own["country_code"] = country_code
    return starting(origin, slug, **own)


def _closed_until(here: InOffice, opens: date | None, origin: Branch) -> tuple[BranchClosure, ...]:
    """Closed from today to the day before it opens."""
    today = here.now.date()
    if opens is None or opens <= today:
        return ()
    known = available_languages()
    names: dict[str, str] = {
        language: words_for(language if language in known else known[0]).text("branches.not-open-yet")
        for language in (*REQUIRED_LANGUAGES, *origin.languages)
    }
    return (BranchClosure(first=today, last=opens - timedelta(days=1), names=names),)


async def _page(
    here: InOffice, found: Branches, said: dict[str, str], errors: dict[str, str] | None = None, status: int = 200
) -> Response:
    branches = found.seen(here, IMPORT_RIGHTS)
    context = {
        "origins": [(slug, localised(one.names, here.language)) for slug, one in branches.items()],
        "names": [
            (_name_in(one), one, all(one in _needed(branch) for branch in branches.values()))
            for one in _languages(branches.values())
        ],
        "zones": list(await in_thread(partial(zone_names, here.language))),
        "typed": said,
        "errors": errors or {},
    }
    return await office_page(here, "office/new-branch.html", context, status=status, belongs="/office/branches")


def _languages(branches: Iterable[Branch]) -> tuple[str, ...]:
    """The languages in which a branch that starts like one of these is named: theirs."""
    spoken = {one for branch in branches for one in branch.languages}
    return tuple(one for one in OWN_NAMES if one in spoken)


def _needed(origin: Branch) -> list[str]:
    """The languages in which a branch that starts like this one must be named; the first stands for those it does not speak."""
    return [one for one in REQUIRED_LANGUAGES if one in origin.languages] or [origin.default_language]


def _name_in(language: str) -> str:
    return f"name_{language}"


routes: list[BaseRoute] = [Route(PAGE, show), Route(PAGE, create, methods=["POST"])]
