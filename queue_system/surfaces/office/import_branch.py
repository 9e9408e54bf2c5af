"""The file of a branch, uploaded: what it would change, then the flow of all edits, or a new branch."""

from __future__ import annotations

import base64
import binascii
import zlib
from collections.abc import Iterable
from typing import Any, Final

from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from ...actions.importing import import_branch
from ...core.errors import Denied
from ...core.rights import IMPORT_RIGHTS
from ...i18n.filters import localised
from ...profiles import ProfileError
from ...profiles.branch_file import read_branch_file
from ...settings import typed
from ...settings.edits import applied
from ...settings.faults import Faulty
from ...settings.objects import Key, objects_of
from ...settings.organisation import ORGANISATION_SLUG
from ...settings.portable import Portable
from ...store.queries.arrivals import Incoming, incoming
from ...store.tables import ORGANISATION
from ...web import kit
from ...web.installation import in_thread
from ...web.setting_words import fault_sentence, things_of
from .branches import PAGE, Branches, all_of_them, list_page
from .editing import FORM, STEP, answer
from .frame import InOffice, enter, office_page

IMPORT: Final = "/office/import"
# The bytes of a file. With Arabic texts it would be three times as long in a form, so it goes along packed.
_LONGEST: Final = 2_000_000


async def upload(request: Request) -> Response:
    """Say what the file that was chosen would change."""
    here = await enter(request, IMPORT_RIGHTS)
    content, name, into = await _sent(request)
    if len(content) > _LONGEST:
        return await list_page(here, errors={"file": here.words.text("errors.too-large")}, into=into)
    try:
        file = await in_thread(lambda: read_branch_file(content, name or "file"))
        slug = typed.slug(into) if into else file.branch.slug
    except ProfileError as error:
        return await list_page(
            here,
            errors={"file": here.words.text("branches.not-read", reason=" · ".join(str(error).splitlines()))},
            into=into,
        )
    except Faulty as error:
        return await list_page(here, errors={"into": fault_sentence(error.faults[0], {}, here.words)}, into=into)
    if slug == ORGANISATION_SLUG:
        # Addresses call the organisation so.
        return await list_page(here, errors={"into": here.words.text("errors.branch-exists")}, into=into)
    found = await _incoming(here, file, slug)
    branches = await here.read(all_of_them)
    return await _page(here, found, branches, base64.b64encode(zlib.compress(content)).decode())


async def carry_on(request: Request) -> Response:
    """Add the new branch, or go through the flow of edits, which adds the entries that are missing as well."""
    here = await enter(request, IMPORT_RIGHTS)
    form = dict(await kit.form_items(request, _LONGEST, _LONGEST))
    if form.get(STEP) == FORM:
        return kit.see_other(PAGE)
    try:
        content = _unpacked(form.get("packed", ""))
        file = await in_thread(lambda: read_branch_file(content, "file"))
        slug = typed.slug(form.get("into", ""))
    except (ValueError, binascii.Error, zlib.error, ProfileError):
        raise HTTPException(400) from None
    found = await _incoming(here, file, slug)
    title = localised(found.arrival.branch.names, here.language)
    if found.place is None:
        await here.write_anywhere(import_branch, found, actor=here.actor, person=here.person)
        return kit.see_other(f"{PAGE}?added={slug}")
    edits, common = found.arrival.edits, found.arrival.common
    return await answer(request, found.place, edits, common=common, title=title, back=f"{PAGE}?at={slug}")


async def _sent(request: Request) -> tuple[bytes, str, str]:
    """The bytes of the file, its name, and the branch that it is for."""
    kit.require_utf8(request)
    async with request.form(max_files=1, max_fields=10) as form:
        file, into = form.get("file"), form.get("into", "")
        content = await file.read() if isinstance(file, UploadFile) else b""
        name = file.filename if isinstance(file, UploadFile) else ""
    return content, name or "", into.strip() if isinstance(into, str) else ""


def _unpacked(packed: str) -> bytes:
    unpacker = zlib.decompressobj()
    content = unpacker.decompress(base64.b64decode(packed, validate=True), _LONGEST)
    if not unpacker.eof:
        raise ValueError("cut off, or too long")
    return content


async def _incoming(here: InOffice, file: Portable, slug: str) -> Incoming:
    """What the file would do at a place where the person may import; raises Denied."""
    found = await here.read_apart(incoming, file, slug)
    if not here.person.may_any(IMPORT_RIGHTS, found.place or ORGANISATION):
        raise Denied("not-allowed")
    return found


async def _page(here: InOffice, found: Incoming, branches: Branches, packed: str) -> Response:
    organisation = applied(branches.profile, found.arrival.common)
    branch = found.arrival.branch
    things = things_of(branch, organisation.catalogue, here.words)
    entries = objects_of(organisation)

    def called(keys: Iterable[Key], among: dict[Key, Any]) -> list[tuple[str, str]]:
        return [
            (kind, localised(among.get((kind, slug), {}).get("names"), here.language) or slug) for kind, slug in keys
        ]

    faults = found.preview.faults
    named = called([(one.kind, one.slug) for one in faults], {**entries, **objects_of(branch)})
    context = {
        "found": found,
        "names": branch.names,
        "packed": packed,
        "into": branch.slug,
        "added": called([(edit.kind, edit.slug) for edit in found.arrival.common if edit.was is None], entries),
        "differing": called(found.arrival.differing, entries),
        "faults": [
            (name, fault_sentence(one.fault, things, here.words)) for (_, name), one in zip(named, faults, strict=True)
        ],
        "changes": len(found.arrival.edits),
    }
    return await office_page(here, "office/arrival.html", context, status=422 if faults else 200, belongs=PAGE)


routes: list[BaseRoute] = [
    Route(PAGE, upload, methods=["POST"]),
    Route(IMPORT, carry_on, methods=["POST"]),
]
