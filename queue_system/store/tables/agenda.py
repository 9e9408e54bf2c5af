"""Everything with a time: opening hours, seasons, closures, days elsewhere."""

from __future__ import annotations

from datetime import date, time
from typing import Any
from uuid import UUID

from sqlmodel import SQLModel

from .columns import json, key, of_branch, within_branch


class OpeningHours(SQLModel, table=True):
    """One rule of one layer (regular < season < service < exception), with breaks already taken out."""

    __tablename__ = "opening_hours"
    __table_args__ = (within_branch("service_id", "service"), within_branch("resource_id", "resource"))

    branch_id: UUID = of_branch()
    id: UUID = key()
    position: int
    layer: str
    season: str | None = None
    service_id: UUID | None = None
    resource_id: UUID | None = None
    days: list[Any] = json(list)
    opens: time
    closes: time
    last_ticket: time | None = None
    first: date | None = None
    last: date | None = None
    every_weeks: int = 1
    anchor: date | None = None
    in_month: int | None = None
    opens_anyway: bool = False
    names: dict[str, Any] | None = json()


class SeasonRow(SQLModel, table=True):
    """A stretch of days with hours of its own, such as Ramadan; provisional until the moon is seen."""

    __tablename__ = "season"

    slug: str = key()
    first: date = key()
    position: int
    last: date
    provisional: bool = False


class BranchSeason(SQLModel, table=True):
    """Days of a season in one branch, in place of those of the organisation."""

    __tablename__ = "branch_season"

    branch_id: UUID = of_branch()
    slug: str = key()
    first: date = key()
    position: int
    last: date
    provisional: bool = False


class ClosureRow(SQLModel, table=True):
    """Days, or a part of each, on which a branch or some of its services stay closed; branch 0 has those of all branches.

    `calendar` is the calendar that it is from, None for a closure of the branch itself. `services`, `queues` and
    `resources` are slugs.
    """

    __tablename__ = "closure"

    branch_id: UUID = of_branch()
    id: UUID = key()
    calendar: str | None = None
    position: int = 0
    first: date
    last: date
    provisional: bool = False
    service_tag: str | None = None
    services: list[Any] | None = json()
    queues: list[Any] | None = json()
    resources: list[Any] | None = json()
    closes: time | None = None
    opens: time | None = None
    names: dict[str, Any] = json(dict)


class OutreachDay(SQLModel, table=True):
    __tablename__ = "outreach_day"

    branch_id: UUID = of_branch()
    id: UUID = key()
    day: date
    place: dict[str, Any] = json(dict)
    opens: time
    closes: time
    capacity: int
    services: list[Any] | None = json()
