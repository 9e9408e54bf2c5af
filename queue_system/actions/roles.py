"""Roles: what each allows. A role is a setting of the organisation, so a change counts wherever the role is held.

Changes go through `settings.save`, so that they have a history and can be taken back there. `core.edit_rights` lets nobody
save a role in another way, because here one adds only rights that one has.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, get_args
from uuid import UUID

import sqlalchemy as sa

from ..core.approvals import is_guarded
from ..core.errors import Invalid, Missing, Refused
from ..core.rights import ATOMIC, EVERYTHING, GRANT_RIGHTS, Promise, granted
from ..settings.edits import Edit
from ..store.database import Tx
from ..store.log import Actor, locked
from ..store.queries.grants import Grant
from ..store.queries.previews import preview
from ..store.tables import ORGANISATION, Role, StaffRole, table
from .approvals import ask
from .authority import require_at, require_to_give, somebody_may_do_everything
from .second_factor import end_weak_sessions, free_of_second_factor
from .settings import save

ROLE = table(Role)
STAFF_ROLE = table(StaffRole)

SLUG: Final = re.compile(r"[a-z][a-z0-9_-]{0,39}")
LONGEST_NAME: Final = 60


def save_role(tx: Tx, slug: str, names: Mapping[str, str], rights: Sequence[str], actor: Actor) -> UUID | None:
    """Change a role, or add one; `rights` are atomic rights, or EVERYTHING.

    If it then guards all else and did not before, it is only asked for: the result is the id of the request. Words of a
    profile that promise what no right covers stay. Raises Invalid("role-slug-wrong", "role-name-missing"), Denied,
    Refused("last-administrator").
    """
    params = _checked(slug, names, rights)
    with locked(tx, ORGANISATION):
        before = granted(_words(tx, slug) or ())
        _require(tx, actor, params)
    if actor.kind == "staff" and is_guarded(granted(rights)) and not granted(rights) <= before:
        return ask(tx, ORGANISATION, "change-role", params, actor)
    _save(tx, params, actor)
    return None


def change_approved(tx: Tx, params: dict[str, Any], actor: Actor) -> None:
    """The change that a second person has approved. Raises as `save_role`."""
    with locked(tx, ORGANISATION):
        _require(tx, actor, params)
    _save(tx, params, actor)


def remove_role(tx: Tx, slug: str, actor: Actor) -> None:
    """Remove a role that nobody holds. Raises Missing("role"), Refused("role-in-use"), Denied."""
    with locked(tx, ORGANISATION):
        require_at(tx, actor, ORGANISATION, GRANT_RIGHTS)
        stored = _values(tx, slug)
        if stored is None:
            raise Missing("role", role=slug)
        if tx.row(sa.select(STAFF_ROLE.c.role).where(STAFF_ROLE.c.role == slug)) is not None:
            raise Refused("role-in-use")
    _make(tx, Edit("role", slug, was=stored, now=None), actor)


def _checked(slug: str, names: Mapping[str, str], rights: Iterable[str]) -> dict[str, Any]:
    if not SLUG.fullmatch(slug):
        raise Invalid("role-slug-wrong", "slug")
    told = {language: name.strip()[:LONGEST_NAME] for language, name in names.items() if name.strip()}
    if not told.get("ar"):
        raise Invalid("role-name-missing", "name-ar")
    known = [EVERYTHING] if EVERYTHING in rights else [right for right in ATOMIC if right in rights]
    return {"slug": slug, "names": told, "rights": known}


def _require(tx: Tx, actor: Actor, params: Mapping[str, Any]) -> None:
    """One adds to a role only what one has in the whole organisation."""
    require_at(tx, actor, ORGANISATION, GRANT_RIGHTS)
    added = granted(params["rights"]) - granted(_words(tx, params["slug"]) or ())
    require_to_give(tx, actor, Grant(ORGANISATION, "", params["slug"], added))


def _save(tx: Tx, params: Mapping[str, Any], actor: Actor) -> None:
    slug, stored = params["slug"], _values(tx, params["slug"])
    kept = [word for word in (stored or {}).get("can", ()) if word in get_args(Promise)]
    names = {**(stored or {}).get("names", {}), **params["names"]}
    wanted = {"names": names, "can": [*params["rights"], *kept]}
    holders = tx.rows(sa.select(STAFF_ROLE.c.staff_id).where(STAFF_ROLE.c.role == slug).distinct())
    free = free_of_second_factor(tx, [row.staff_id for row in holders])
    _make(tx, Edit("role", slug, was=stored, now=wanted), actor)
    with locked(tx, ORGANISATION) as organisation:
        end_weak_sessions(organisation, free, actor)


def _make(tx: Tx, edit: Edit, actor: Actor) -> None:
    with somebody_may_do_everything(tx):
        save(tx, ORGANISATION, [edit], preview(tx, ORGANISATION, [edit]).sha256, actor=actor, person=None)


def _words(tx: Tx, slug: str) -> list[str] | None:
    found: list[str] | None = tx.scalar(sa.select(ROLE.c.can).where(ROLE.c.slug == slug))
    return found


def _values(tx: Tx, slug: str) -> dict[str, Any] | None:
    """The names and words of a role as an edit has them; None if there is no such role."""
    row = tx.row(sa.select(ROLE.c.names, ROLE.c.can).where(ROLE.c.slug == slug))
    return {"names": dict(row.names), "can": list(row.can)} if row else None
