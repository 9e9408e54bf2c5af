"""The pages of the first run: the choice of the language, then one form. The link opens them until it was used."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from itertools import groupby
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from ...actions.installation import found
from ...actions.staff import NewStaff
from ...core.errors import Missing, Unavailable
from ...core.first_link import opens
from ...i18n import filters
from ...i18n.words import OWN_NAMES, Words, available_languages
from ...i18n.zones import zone_names
from ...profiles.founding import founded, samples
from ...store.tables import ORGANISATION
from ...web import kit
from ...web.here import Here, anywhere
from ...web.installation import in_thread
from ...web.passwords import hash_password
from .typed import EMPTY, Typed, mistakes, typed

START: Final = "/first-run"
PAGE: Final = f"{START}/{{token}}"
FORM: Final = f"{PAGE}/organisation"
#: The first person signs in with the password that was just chosen, and reads what remains to be done.
NEXT: Final = "/sign-in?welcome=1&next=/office/first-steps"
#: What the buttons of the languages send with the form.
LANGUAGE_CHOSEN: Final = ("step", "form")
FIRST_ROLE: Final = "administrator"


async def choose_language(request: Request) -> Response:
    """The languages, each by its own name."""
    here = await _enter(request)
    languages = [(code, OWN_NAMES[code]) for code in available_languages()]
    form = f"{START}/{request.path_params['token']}/organisation"
    return await here.page("first_run/language.html", {"choices": languages, "form": form})


async def show(request: Request) -> Response:
    """The form, with the language of the page ticked."""
    here = await _enter(request)
    return await _page(here, Typed({"sample": EMPTY}, (here.language,)))


async def create(request: Request) -> Response:
    """Found the organisation and go on to the first sign-in, or show the form in another language.

    The link opens nothing once the organisation is founded.
    """
    here = await _enter(request)
    items = await kit.form_items(request)
    form = typed(items)
    if LANGUAGE_CHOSEN in items:
        return await _page(here, form)
    wrong = await in_thread(partial(mistakes, form, here.words))
    if wrong:
        return await _page(here, form, wrong, 422)
    profile = await in_thread(partial(founded, form.wish(here.language)))
    hashed = await in_thread(partial(hash_password, form.fields["password"]))
    person = NewStaff(form.text("login"), form.text("person"), hashed, here.language, ((ORGANISATION, FIRST_ROLE),))
    await here.write_anywhere(found, profile, person)
    return kit.see_other(NEXT)


async def _enter(request: Request) -> Here:
    """Raises Missing("first-run") for a link that was not made here, is too old, or was used."""
    here = anywhere(request)
    if not opens(here.installation.secret, request.path_params["token"], here.now):
        raise Missing("first-run")
    try:
        await here.installation.organisation()
    except Unavailable as error:
        if error.code == "not-initialised":
            return here
        raise
    raise Missing("first-run")


async def _page(here: Here, form: Typed, wrong: Mapping[str, str] | None = None, status: int = 200) -> Response:
    context: dict[str, Any] = {
        "form": form,
        "choices": [(code, OWN_NAMES[code]) for code in available_languages()],
        "samples": await in_thread(partial(_samples, here.words)),
        "zones": await in_thread(partial(zone_names, here.language)),
        "empty": EMPTY,
        "errors": wrong or {},
        "labels": _labels(here.words),
    }
    return await here.page("first_run/organisation.html", context, status=status)


def _labels(words: Words) -> dict[str, str]:
    """What the fields are called above the form, where several have the same sentence."""
    names = {
        f"{what}-{code}": words.text(key, language=OWN_NAMES[code])
        for what, key in (("name", "founding.name-in"), ("branch", "founding.branch-in"))
        for code in available_languages()
    }
    return names | {
        "sample": words.text("founding.sample"),
        "timezone": words.text("founding.zone"),
        "person": words.text("founding.person-name"),
        "login": words.text("desk.login"),
        "password": words.text("account.password-new"),
        "again": words.text("account.password-again"),
    }


def _samples(words: Words) -> list[tuple[str, list[tuple[str, str]]]]:
    """The samples by organisation, as (its name, [(key, name of the branch)])."""
    by_profile = groupby(samples().values(), lambda sample: sample.profile)
    groups = [list(group) for _, group in by_profile]
    return [
        (
            filters.localised(group[0].organisation, words.language),
            [(sample.key, filters.localised(sample.names, words.language)) for sample in group],
        )
        for group in groups
    ]


routes: list[BaseRoute] = [
    Route(PAGE, choose_language),
    Route(FORM, show),
    Route(FORM, create, methods=["POST"]),
]
