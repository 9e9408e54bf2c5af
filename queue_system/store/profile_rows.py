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
from .branch_rows import NEW_LOG, Rows, branch_rows, named_rows, season_rows, text_rows
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


def profile_rows(profile: Profile) -> Iterator[Rows]:
    """Rows by table, so that each row comes after those that it refers to."""
    yield tables.Organisation, [_organisation(profile)]
    yield from _catalogue(profile.catalogue)
    keys = _keys(len(profile.branches) + 1)
    yield tables.Branch, [_branch_zero(profile, keys.pop())]
    yield tables.Text, text_rows(tables.ORGANISATION, profile.catalogue.texts)
    yield tables.ClosureRow, common_closures(profile.catalogue)
    for position, branch in enumerate(profile.branches.values()):
        yield from branch_rows(position + 1, keys.pop(), branch, profile.catalogue.calendars)


def _organisation(profile: Profile) -> Row:
    row = row_of(
        profile,
        tables.Organisation,
        elsewhere={"catalogue", "branches", "sha256"},
        id=uuid7(),
        epoch=uuid7(),
        profile_sha256=profile.sha256,
    )
    row["data"] |= profile.catalogue.model_dump(mode="json", exclude_unset=True, include=set(IN_THE_ORGANISATION))
    return row


def _catalogue(catalogue: Catalogue) -> Iterator[Rows]:
    yield tables.Document, named_rows(catalogue.documents)
    for name, table in CATALOGUE.items():
        things = getattr(catalogue, name).values()
        yield table, [row_of(thing, table, position=position) for position, thing in enumerate(things)]
    yield tables.SeasonRow, season_rows(catalogue.seasons, tables.SeasonRow)


def common_closures(catalogue: Catalogue) -> list[Row]:
    """The closures of the organisation; they belong to the row of its log."""
    return [
        row_of(closure, tables.ClosureRow, branch_id=tables.ORGANISATION, id=uuid7(), position=position)
        for position, closure in enumerate(catalogue.closures)
    ]


def _branch_zero(profile: Profile, key: str) -> Row:
    """The row whose log is the organisation's own; it is not a place and is never shown."""
    first = next(iter(profile.branches.values()))
    return {
        "id": tables.ORGANISATION,
        "slug": ORGANISATION_SLUG,
        "key": key,
        "position": 0,
        "names": profile.names,
        "kind": ORGANISATION_SLUG,
        "timezone": first.timezone,
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
        **NEW_LOG,
    }


def _keys(count: int) -> list[str]:
    """Different keys for the branches. They begin the secret links, so they must not reveal the branch."""
    found: set[str] = set()
    while len(found) < count:
        found.add("".join(secrets.choice(KEY_LETTERS) for _ in range(KEY_LENGTH)))
    return list(found)
