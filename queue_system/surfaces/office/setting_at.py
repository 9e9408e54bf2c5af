"""Where the pages of settings are, and what an address of one names."""

from __future__ import annotations

from typing import Final

from starlette.requests import Request

from ...core.errors import Missing
from ...core.rights import OBJECT_RIGHTS
from ...settings.objects import OF_BRANCH, OF_ORGANISATION
from ...settings.organisation import ORGANISATION_SLUG
from .frame import InOffice, enter
from .places import SettingsPlace, settings_at
from .setting_kinds import Kind, kind_named

PAGE: Final = "/office/settings"
LIST: Final = f"{PAGE}/{{place}}/{{kind}}"


async def at(request: Request) -> tuple[InOffice, SettingsPlace, Kind]:
    """The person, the place and the kind of an address; raises Missing, Denied."""
    here, slug = await enter(request, OBJECT_RIGHTS), request.path_params["place"]
    shape = OF_ORGANISATION if slug == ORGANISATION_SLUG else OF_BRANCH
    kind = kind_named(request.path_params["kind"], shape)
    if kind is None:
        raise Missing("not-found")
    here = await enter(request, kind.rights)
    return here, await settings_at(here, slug, kind.rights), kind
