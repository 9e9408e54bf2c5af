"""Puts a profile into the tables: every field in its column, or in the column `data` under its name in the profile.

The whole catalogue is stored, also what no branch uses yet: the office chooses from it later.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from typing import Final

import sqlalchemy as sa
from uuid_utils.compat import uuid7

from ..core.errors import Refused
from ..core.facts.organisation import ProfileInstalled
from ..store import tables
from ..store.database import Tx
from ..store.log import SYSTEM, locked
from .branch_rows import NEW_LOG, Row, Rows, branch_rows, text_rows
from .branches import DAY_STARTS, ORGANISATION_SLUG, TICK_MINUTES
from .model import Calendar, Profile
from .values import as_json

# Consonants only: no key reads as a word.
KEY_LETTERS: Final = "bcdfghjklmnpqrstvwxz"
KEY_LENGTH: Final = 4


def install(tx: Tx, profile: Profile) -> None:
    """Store an organisation in an empty database and log that it was done, in this transaction.

    Raises Refused("already-installed") when an organisation is there.
    """
    if tx.row(sa.select(sa.literal(1)).select_from(tables.table(tables.Organisation))) is not None:
        raise Refused("already-installed")
    for table, rows in _rows(profile):
        if rows:
            tx.execute(sa.insert(tables.table(table)), rows)
    with locked(tx, tables.ORGANISATION) as organisation:
        organisation.append(ProfileInstalled(subject=profile.slug, profile=profile.slug, sha256=profile.sha256), SYSTEM)


def _rows(profile: Profile) -> Iterator[Rows]:
    """Rows by table, in an order that the references between them allow."""
    yield tables.Organisation, [_organisation(profile)]
    yield from _catalogue(profile)
    keys = _keys(len(profile.branches) + 1)
    yield tables.Branch, [_branch_zero(profile, keys.pop())]
    yield tables.Text, text_rows(tables.ORGANISATION, profile.catalogue.texts)
    for position, branch in enumerate(profile.branches.values()):
        yield from branch_rows(position + 1, keys.pop(), branch)


# ---------------------------------------------------------------- the organisation


def _organisation(profile: Profile) -> Row:
    catalogue = profile.catalogue
    return {
        "id": uuid7(),
        "slug": profile.slug,
        "kind": profile.kind,
        "names": profile.names,
        "motto": profile.motto,
        "languages": list(profile.languages),
        "default_language": profile.default_language,
        "digits": profile.digits,
        "epoch": uuid7(),
        "profile_sha256": profile.sha256,
        "data": {
            **profile.data,
            "spoken_prefixes": catalogue.spoken_prefixes,
            "service_tags": catalogue.service_tags,
            "zones": catalogue.zones,
            "device_models": {
                model.slug: {"kind": model.kind, **model.data} for model in catalogue.device_models.values()
            },
            "calendars": {calendar.slug: _calendar(calendar) for calendar in catalogue.calendars.values()},
        },
    }


def _calendar(calendar: Calendar) -> Row:
    closed = [
        as_json(
            {
                "first": closure.first,
                "last": closure.last,
                "provisional": closure.provisional,
                "service_tag": closure.service_tag,
                "names": closure.names,
            }
        )
        for closure in calendar.closures
    ]
    return {"weekend": list(calendar.weekend), "verify_yearly": calendar.verify_yearly, "closed": closed}


def _catalogue(profile: Profile) -> Iterator[Rows]:
    catalogue = profile.catalogue
    yield tables.Document, [{"slug": slug, "names": names} for slug, names in catalogue.documents.items()]
    yield (
        tables.Confidentiality,
        [
            {"slug": level.slug, "names": level.names, "display": level.display, "data": level.data}
            for level in catalogue.confidentialities.values()
        ],
    )
    yield (
        tables.Priority,
        [
            {
                "slug": priority.slug,
                "names": priority.names,
                "weight": priority.weight,
                "evidence": priority.evidence,
                "data": priority.data,
            }
            for priority in catalogue.priorities.values()
        ],
    )
    yield (
        tables.PolicyRow,
        [
            {
                "slug": policy.slug,
                "names": policy.names,
                "mode": policy.mode,
                "freed_slot": policy.freed_slot,
                "horizon_days": policy.horizon_days,
                "max_active": policy.max_active,
                "max_changes": policy.max_changes,
                "cancel_until_min": policy.cancel_until_min,
                "data": policy.data,
            }
            for policy in catalogue.policies.values()
        ],
    )
    yield (
        tables.SeasonRow,
        [
            {"slug": season.slug, "first": season.first, "last": season.last, "provisional": season.provisional}
            for stretches in catalogue.seasons.values()
            for season in stretches
        ],
    )
    yield (
        tables.Role,
        [
            {"slug": role.slug, "position": position, "names": role.names, "can": list(role.can)}
            for position, role in enumerate(profile.roles.values())
        ],
    )


def _branch_zero(profile: Profile, key: str) -> Row:
    """The row whose log is that of the organisation itself; it is no place and is never shown."""
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
        "digits": profile.digits,
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
    """Different keys for branches: they begin the secret links and must not tell which branch it is."""
    found: set[str] = set()
    while len(found) < count:
        found.add("".join(secrets.choice(KEY_LETTERS) for _ in range(KEY_LENGTH)))
    return list(found)
