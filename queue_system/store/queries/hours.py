"""The declared hours of a branch: what the pages of hours and closures show and edit."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Final
from uuid import UUID

from ...settings.branch import Branch
from ...settings.organisation import Profile
from ..tx import Tx
from .rows import StoredRows
from .settings import TEMPLATE
from .stored import places, stored_branch, stored_organisation
from .values import branch_at, common_at

_NEXT_YEAR_FROM: Final = 9


@dataclass(frozen=True, slots=True)
class DeclaredHours:
    """A branch as it is declared, defaults left out, and its organisation without branches."""

    branch: Branch
    organisation: Profile


def declared_hours(tx: Tx, branch_id: UUID) -> DeclaredHours:
    """The settings of a branch and of its organisation, by slugs. Raises Missing("branch"), Unreadable."""
    source = StoredRows(tx)
    return DeclaredHours(branch_at(source, branch_id), common_at(source))


def declared_organisation(tx: Tx) -> Profile:
    """The settings that branches share. Raises Unreadable."""
    return common_at(StoredRows(tx))


def unchecked_calendars(tx: Tx, year: int) -> list[str]:
    """The calendars that somebody has to check every year, that a branch follows, and that are unchecked for `year`."""
    source = StoredRows(tx)
    calendars = stored_organisation(source).catalogue.calendars
    followed = {
        slug for row in places(source) if row.kind != TEMPLATE for slug in stored_branch(source, row.id).calendars
    }
    return [
        slug
        for slug, one in calendars.items()
        if slug in followed and one.verify_yearly and year not in one.checked_years
    ]


def year_to_check(today: date) -> int:
    """The year whose closed days are to be checked: from September on the next one, because people book into it."""
    return today.year + (today.month >= _NEXT_YEAR_FROM)
