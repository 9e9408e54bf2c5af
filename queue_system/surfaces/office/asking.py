"""What a page says of requests for a second person: before one is asked, and while one is open about its thing.

A page puts `asked_about(…)` into its context as `asked`; the frame of the office shows it (`office/_asked.html`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, TypeAlias
from uuid import UUID

from markupsafe import Markup

from ...actions import four_eyes, guarded_settings
from ...actions.approvals import approvers
from ...core.approvals import DELAY, TOLD_TO
from ...core.rights import DECIDING_RIGHTS
from ...i18n import dates, filters
from ...settings.objects import Key
from ...store.queries.access import StaffView, staff_names
from ...store.queries.approvals import ApprovalView, requests
from ...store.queries.people import zone_of
from ...store.tables import ORGANISATION
from ...web.here import StaffHere

#: The fields that the pages of hours and closures show.
HOURS_FIELDS: Final = frozenset(
    {"hours", "closures", "seasons", "occasions", "outreach_days", "calendars", "stretches", "checked_years"}
)

Concerns: TypeAlias = Callable[[ApprovalView], bool]


@dataclass(frozen=True, slots=True)
class Asked:
    """An open request in words. `due_at`: when it is carried out because nobody else can approve it, or None.

    `own`: the person asked, and can take it back. `opens`: the person finds it on the page of approvals.
    """

    request: ApprovalView
    asked_by: str
    asked_at: Markup
    due_at: Markup | None
    own: bool
    opens: bool

    @property
    def by_itself(self) -> bool:
        """Whether it is carried out without a press when it has waited long enough."""
        return four_eyes.acts_by_itself(self.request.action)


async def alone_until(here: StaffHere, place: UUID, action: str) -> Markup | None:
    """When a request that the person asks now would be carried out because nobody else can approve it; None if somebody can.

    For actions from which nobody would gain a right.
    """
    if await here.read(approvers, place, here.person.id, action, {}):
        return None
    zone = await here.read(zone_of, here.person)
    return filters.bdi(dates.day_time(here.now + DELAY, zone, here.words), "auto")


async def asked_about(here: StaffHere, concerns: Concerns) -> list[Asked]:
    """The open requests about the thing of a page, the oldest first."""
    found = [one for one in await here.read(requests) if one.is_open(here.now) and concerns(one)]
    if not found:
        return []
    names, zone = await here.read(staff_names), await here.read(zone_of, here.person)
    return [
        Asked(
            request=one,
            asked_by=names.get(one.asked_by, ""),
            asked_at=filters.bdi(dates.day_time(one.asked_at, zone, here.words), "auto"),
            due_at=filters.bdi(dates.day_time(one.due_at, zone, here.words), "auto") if one.due_at else None,
            own=one.asked_by == here.person.id,
            opens=is_shown(here.person, one),
        )
        for one in reversed(found)
    ]


def is_shown(person: StaffView, one: ApprovalView) -> bool:
    """Whether the page of approvals shows a request to a person."""
    if one.asked_by == person.id:
        return True
    right = TOLD_TO.get(one.action)
    return person.may_any(DECIDING_RIGHTS, one.place) and (right is None or person.may(right, one.place))


def about_thing(place: UUID, key: Key) -> Concerns:
    """Requests that change one thing of the settings of a place."""
    return lambda one: any(
        (edit.kind, edit.slug) == key and at == place for at, edit in guarded_settings.edits_by_place(one)
    )


def about_hours(branch_id: UUID) -> Concerns:
    """Requests that change hours or closed days of a branch, or those of all branches."""
    return lambda one: any(
        at in (branch_id, ORGANISATION) and not HOURS_FIELDS.isdisjoint(edit.fields)
        for at, edit in guarded_settings.edits_by_place(one)
    )


def about_action(*actions: str, **params: str) -> Concerns:
    """Requests for one of these actions, with these parameters."""
    return lambda one: one.action in actions and all(one.params.get(name) == value for name, value in params.items())
