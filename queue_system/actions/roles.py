"""Roles: what each allows. A role is a setting of the organisation, so a change counts wherever the role is held."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, get_args
from uuid import UUID

import sqlalchemy as sa

from ..core.approvals import is_guarded
from ..core.errors import Invalid, Missing, Refused
from ..core.facts.people import RoleChanged
from ..core.rights import ATOMIC, EVERYTHING, GRANT_RIGHTS, Promise, granted
from ..store.database import Tx
from ..store.editing import editing_catalogue
from ..store.log import Actor, Locked
from ..store.queries.grants import Grant
from ..store.tables import ORGANISATION, Role, StaffRole, table
from .approvals import ask
from .authority import require_at, require_to_give, somebody_may_do_everything

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
    before = granted(_can(tx, slug) or ())
    _require(tx, actor, slug, params)
    if actor.kind == "staff" and is_guarded(granted(rights)) and not granted(rights) <= before:
        return ask(tx, ORGANISATION, "change-role", params, actor)
    with editing_catalogue(tx) as found:
        _store(found[ORGANISATION], params, actor)
    return None


def change_approved(organisation: Locked, params: dict[str, Any], actor: Actor) -> None:
    """The change that a second person has approved, inside an edit of the catalogue. Raises as `save_role`."""
    _require(organisation.tx, actor, params["slug"], params)
    _store(organisation, params, actor)


def remove_role(tx: Tx, slug: str, actor: Actor) -> None:
    """Remove a role that nobody holds. Raises Missing("role"), Refused("role-in-use"), Denied."""
    require_at(tx, actor, ORGANISATION, GRANT_RIGHTS)
    with editing_catalogue(tx) as found:
        if _can(tx, slug) is None:
            raise Missing("role", role=slug)
        if tx.row(sa.select(STAFF_ROLE.c.role).where(STAFF_ROLE.c.role == slug)) is not None:
            raise Refused("role-in-use")
        tx.execute(sa.delete(ROLE).where(ROLE.c.slug == slug))
        found[ORGANISATION].append(RoleChanged(subject=slug, roles=[slug], rights=0), actor)


def _checked(slug: str, names: Mapping[str, str], rights: Iterable[str]) -> dict[str, Any]:
    if not SLUG.fullmatch(slug):
        raise Invalid("role-slug-wrong", "slug")
    told = {language: name.strip()[:LONGEST_NAME] for language, name in names.items() if name.strip()}
    if not told.get("ar"):
        raise Invalid("role-name-missing", "name-ar")
    known = [EVERYTHING] if EVERYTHING in rights else [right for right in ATOMIC if right in rights]
    return {"slug": slug, "names": told, "rights": known}


def _require(tx: Tx, actor: Actor, slug: str, params: Mapping[str, Any]) -> None:
    """One adds to a role only what one has in the whole organisation."""
    require_at(tx, actor, ORGANISATION, GRANT_RIGHTS)
    added = granted(params["rights"]) - granted(_can(tx, slug) or ())
    require_to_give(tx, actor, Grant(ORGANISATION, "", slug, added))


def _store(organisation: Locked, params: Mapping[str, Any], actor: Actor) -> None:
    tx, slug = organisation.tx, params["slug"]
    stored = _can(tx, slug)
    kept = [word for word in stored or () if word in get_args(Promise)]
    can = [*params["rights"], *kept]
    with somebody_may_do_everything(tx):
        if stored is None:
            last = tx.scalar(sa.select(sa.func.max(ROLE.c.position)))
            row = {"slug": slug, "position": (last or 0) + 1, "names": params["names"], "can": can}
            tx.execute(sa.insert(ROLE), row)
        else:
            names = tx.scalar(sa.select(ROLE.c.names).where(ROLE.c.slug == slug)) | params["names"]
            tx.execute(sa.update(ROLE).where(ROLE.c.slug == slug).values(names=names, can=can))
    organisation.append(RoleChanged(subject=slug, roles=[slug], rights=len(params["rights"])), actor)


def _can(tx: Tx, slug: str) -> list[str] | None:
    found: list[str] | None = tx.scalar(sa.select(ROLE.c.can).where(ROLE.c.slug == slug))
    return found
