"""The rows of a whole organisation: each field in its column, or in the column `data` under its name in the profile.

The whole catalogue is stored, including what no branch uses yet, because people choose from it in the office later.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping
from typing import Any, Final

from uuid_utils.compat import uuid7

from ..settings.branch import DAY_STARTS, TICK_MINUTES
from ..settings.catalogue import Catalogue
from ..settings.organisation import ORGANISATION_SLUG, Profile
from . import tables
from .branch_rows import NEW_LOG, Ids, TableRows, branch_rows, named_rows, season_rows, text_rows
from .setting_rows import Row, row_of

# Consonants only, so that no key is a word by chance.
KEY_LETTERS: Final = "bcdfghjklmnpqrstvwxz"
KEY_LENGTH: Final = 4
#: The tables of the catalogue, by its field; other fields are stored with the organisation.
CATALOGUE: Final[Mapping[str, type[Any]]] = {
    "confidentialities": tables.Confidentiality,
    "priorities": tables.Priority,
    "policies": tables.PolicyRow,
    "roles": tables.Role,
}
IN_THE_ORGANISATION: Final = ("spoken_prefixes", "service_tags", "zones", "device_models", "calendars")


def profile_rows(profile: Profile) -> Iterator[TableRows]:
    """TableRows by table, so that each row comes after those that it refers to."""
    keys = new_keys(len(profile.branches) + 1)
    yield from common_rows(profile, _new_organisation(profile), _new_zero(profile, keys.pop()))
    for position, branch in enumerate(profile.branches.values()):
        yield from branch_rows(position + 1, keys.pop(), branch, profile.catalogue.calendars)


def common_rows(profile: Profile, organisation: Row, zero: Row, ids: Ids | None = None) -> Iterator[TableRows]:
    """The rows that belong to no branch.

    `organisation` are the columns of the organisation's row that are no settings, `zero` those of the row of its log.
    `ids` are those of nameless rows that are in the tables already.
    """
    yield tables.Organisation, [_organisation(profile, organisation)]
    yield from _catalogue(profile.catalogue)
    yield tables.Branch, [_branch_zero(profile, zero)]
    yield tables.Text, text_rows(tables.ORGANISATION, profile.catalogue.texts)
    yield tables.ClosureRow, common_closures(profile.catalogue, ids or Ids(tables.ORGANISATION))


def new_keys(count: int) -> list[str]:
    """Different keys for new branches. They begin the secret links, so they must not reveal the branch."""
    found: set[str] = set()
    while len(found) < count:
        found.add("".join(secrets.choice(KEY_LETTERS) for _ in range(KEY_LENGTH)))
    return list(found)


def _new_organisation(profile: Profile) -> Row:
    return {"id": uuid7(), "epoch": uuid7(), "profile_sha256": profile.sha256}


def _new_zero(profile: Profile, key: str) -> Row:
    first = next(iter(profile.branches.values()))
    return {"key": key, "timezone": first.timezone, **NEW_LOG}


def _organisation(profile: Profile, more: Row) -> Row:
    row = row_of(profile, tables.Organisation, elsewhere={"catalogue", "branches", "sha256"}, **more)
    row["data"] |= profile.catalogue.model_dump(mode="json", exclude_unset=True, include=set(IN_THE_ORGANISATION))
    return row


def _catalogue(catalogue: Catalogue) -> Iterator[TableRows]:
    yield tables.Document, named_rows(catalogue.documents)
    for name, table in CATALOGUE.items():
        things = getattr(catalogue, name).values()
        yield table, [row_of(thing, table, position=position) for position, thing in enumerate(things)]
    yield tables.SeasonRow, season_rows(catalogue.seasons, tables.SeasonRow)


def common_closures(catalogue: Catalogue, ids: Ids) -> list[Row]:
    """The closures of the organisation; they belong to the row of its log."""
    rows = (
        row_of(closure, tables.ClosureRow, position=position) for position, closure in enumerate(catalogue.closures)
    )
    return [row | {"branch_id": ids.branch, "id": ids.next_of(tables.ClosureRow, row)} for row in rows]


def _branch_zero(profile: Profile, more: Row) -> Row:
    """The row whose log is the organisation's own; it is not a place and is never shown."""
    return {
        "id": tables.ORGANISATION,
        "slug": ORGANISATION_SLUG,
        "position": 0,
        "names": profile.names,
        "kind": ORGANISATION_SLUG,
        "languages": list(profile.languages),
        "default_language": profile.default_language,
        "digits": profile.digits.model_dump(mode="json", exclude_unset=True),
        "inherits_from": None,
        "offline_first": False,
        "day_starts": DAY_STARTS,
        "tick_minutes": TICK_MINUTES,
        "queue_rules": {},
        "retention_days": {},
        "data": {},
        **more,
    }
