"""The branches as files: the list, what a branch has in another way than its template, and its file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from ...actions.setting_rights import may_retire
from ...core.errors import Missing
from ...core.rights import CLOSING_RIGHTS, EXPORT_RIGHTS, FILE_RIGHTS, HOURS_RIGHTS, IMPORT_RIGHTS, Rights
from ...i18n import dates
from ...i18n.filters import localised
from ...i18n.words import Words
from ...profiles.branch_file import write_branch_file
from ...settings.branch import Branch
from ...settings.compared import departures
from ...settings.edits import Edit, last_day
from ...settings.objects import OF_BRANCH, fields_of, objects_of
from ...settings.organisation import Profile
from ...store.database import Tx
from ...store.queries.rows import StoredRows
from ...store.queries.stored import places, stored_profile
from ...store.tables import ORGANISATION
from ...web import kit
from ...web.installation import in_thread
from ...web.places import Place
from ...web.setting_words import label_of
from .editing import FORM, STEP, answer, saved_at
from .frame import InOffice, enter, office_page

PAGE: Final = "/office/branches"
#: What people who have added a branch want next; each has a page for each branch.
_PAGES_OF_ONE: Final = (
    Place("/office/hours", "hours.title", CLOSING_RIGHTS),
    Place("/office/closures", "hours.closures", CLOSING_RIGHTS),
    Place("/office/seasons", "hours.seasons", HOURS_RIGHTS),
)


@dataclass(frozen=True, slots=True)
class Listed:
    """A branch in the list; `origin` is the template that it started from, from which it differs in so many `departures`."""

    branch: Branch
    exports: bool
    origin: Branch | None
    departures: int


@dataclass(frozen=True, slots=True)
class Difference:
    """A thing that differs: `sort` is differs, only-here or only-there; `fields` are labels."""

    kind: str
    slug: str
    name: str
    sort: str
    fields: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Branches:
    """The whole organisation, and the ids of its branches, templates too."""

    profile: Profile
    ids: Mapping[str, UUID]

    def seen(self, here: InOffice, rights: Rights) -> dict[str, Branch]:
        """The branches at which the person has one of `rights`."""
        return {
            slug: branch
            for slug, branch in self.profile.branches.items()
            if here.person.may_any(rights, self.ids[slug])
        }

    def named(self, here: InOffice, slug: str, rights: Rights) -> Branch:
        """The branch of that name; raises Missing("branch")."""
        found = self.seen(here, rights).get(slug)
        if found is None:
            raise Missing("branch")
        return found


async def show(request: Request) -> Response:
    """The list."""
    return await list_page(await enter(request, FILE_RIGHTS))


async def show_one(request: Request) -> Response:
    """A branch beside another one: its template, or that of `?with=`."""
    here = await enter(request, FILE_RIGHTS)
    found = await here.read(all_of_them)
    seen = found.seen(here, FILE_RIGHTS)
    branch = found.named(here, request.path_params["branch"], FILE_RIGHTS)
    others = {slug: one for slug, one in found.profile.branches.items() if slug in seen or slug == branch.inherits_from}
    others.pop(branch.slug, None)
    wanted = request.query_params.get("with", "") or branch.inherits_from or ""
    other = others.get(wanted)
    context: dict[str, Any] = {
        "branch": branch,
        "exports": branch.slug in found.seen(here, EXPORT_RIGHTS),
        "others": [(slug, localised(one.names, here.language)) for slug, one in others.items()],
        "other": other,
        "differences": _differences(branch, other, here.words) if other else [],
        "same": _same(branch, other) if other else 0,
        "takes": here.person.may_any(IMPORT_RIGHTS, found.ids[branch.slug]),
        "saved": saved_at(request, branch.slug),
        "pages": [
            page
            for page in _PAGES_OF_ONE
            if any(one.slug == branch.slug and here.person.may_any(page.rights, one.id) for one in here.branches)
        ],
        "ends": dates.day(ends, here.words) if (ends := last_day(branch)) else "",
        "may_end": branch.kind != "replica" and may_retire(here.person, found.ids[branch.slug]),
    }
    return await office_page(here, "office/branch.html", context)


async def file(request: Request) -> Response:
    """The file of a branch, without the addresses of its printers."""
    here = await enter(request, EXPORT_RIGHTS)
    found = await here.read(all_of_them)
    branch = found.named(here, request.path_params["branch"], EXPORT_RIGHTS)
    text = await in_thread(lambda: write_branch_file(branch, found.profile.catalogue, exported_at=here.now))
    headers = {"Content-Disposition": f'attachment; filename="{branch.slug}.yaml"', "Cache-Control": "no-store"}
    return Response(text, media_type="application/yaml", headers=headers)


async def take_over(request: Request) -> Response:
    """Make one thing of a branch as it is in another one, through the flow of all edits."""
    here = await enter(request, IMPORT_RIGHTS)
    found = await here.read(all_of_them)
    branch = found.named(here, request.path_params["branch"], IMPORT_RIGHTS)
    form = await kit.form(request)
    there = form.get("with", "")
    other = (
        found.profile.branches.get(there) if there == branch.inherits_from else found.seen(here, FILE_RIGHTS).get(there)
    )
    if other is None:
        raise Missing("branch")
    back = f"{PAGE}/{branch.slug}?{urlencode({'with': other.slug})}"
    wanted = (form.get("kind", ""), form.get("slug", ""))
    edits = [edit for edit in departures(branch, other) if (edit.kind, edit.slug) == wanted]
    if not edits or form.get(STEP) == FORM:
        return kit.see_other(back)
    return await answer(request, found.ids[branch.slug], edits, title=localised(branch.names, here.language), back=back)


async def list_page(here: InOffice, errors: Mapping[str, str] | None = None, into: str = "") -> Response:
    """The list, with what is wrong with a file that was uploaded."""
    found = await here.read(all_of_them)
    exported = found.seen(here, EXPORT_RIGHTS)
    rows = [_listed(branch, found.profile, slug in exported) for slug, branch in found.seen(here, FILE_RIGHTS).items()]
    asked = here.request.query_params
    context = {
        "rows": rows,
        "adds": here.person.may_any(IMPORT_RIGHTS, ORGANISATION),
        "imports": bool(found.seen(here, IMPORT_RIGHTS)),
        "added": asked.get("added", ""),
        "saved": saved_at(here.request, asked.get("at", "")),
        "errors": errors or {},
        "into": into,
    }
    return await office_page(here, "office/branches.html", context, status=422 if errors else 200)


def all_of_them(tx: Tx) -> Branches:
    """Every branch as it is stored. Raises Unreadable."""
    return Branches(stored_profile(tx), {row.slug: row.id for row in places(StoredRows(tx))})


def _listed(branch: Branch, profile: Profile, exports: bool) -> Listed:
    origin = profile.branches.get(branch.inherits_from or "")
    count = len(departures(branch, origin)) if origin else 0
    return Listed(branch, exports, origin, count)


def _same(branch: Branch, other: Branch) -> int:
    """How many things are the same in both."""
    changed = sum(edit.was is not None for edit in departures(branch, other))
    return len(objects_of(branch)) - changed


def _differences(branch: Branch, other: Branch, words: Words) -> list[Difference]:
    objects = objects_of(branch)
    return [
        Difference(
            kind=edit.kind,
            slug=edit.slug,
            name=localised((objects.get((edit.kind, edit.slug)) or edit.now or {}).get("names"), words.language)
            or edit.slug,
            sort="only-here" if edit.now is None else "only-there" if edit.was is None else "differs",
            fields=_labels(edit, words) if edit.was is not None and edit.now is not None else (),
        )
        for edit in departures(branch, other)
    ]


def _labels(edit: Edit, words: Words) -> tuple[str, ...]:
    declared = fields_of(edit.kind, OF_BRANCH)
    return tuple(label_of(declared[name], name, words) for name in edit.fields)


routes: list[BaseRoute] = [
    Route(PAGE, show),
    Route(f"{PAGE}/{{branch}}", show_one),
    Route(f"{PAGE}/{{branch}}/file", file),
    Route(f"{PAGE}/{{branch}}/takeover", take_over, methods=["POST"]),
]
