"""Rules as the values that the core decides with."""

from __future__ import annotations

from typing import Any, Final

from ...core.bookings import Mode, Policy
from ...core.calendars import Layer, OpeningRule
from ...core.freed import Freed
from ...settings import catalogue

#: What the settings say of places that are given back. The list after a draw is that of those who wait.
_FREED: Final[dict[catalogue.FreedSlot, Freed]] = {
    "by_lot": Freed.BY_LOT,
    "waitlist_in_order": Freed.IN_ORDER,
    "next_on_list": Freed.IN_ORDER,
    "standby_ballot": Freed.DRAWN,
    "next_draw": Freed.DRAWN,
    "walk_ins": Freed.WALK_INS,
    "staff_decides": Freed.STAFF,
}


def policy(declared: catalogue.Policy) -> Policy:
    return Policy(
        mode=Mode(declared.mode),
        horizon_days=declared.horizon_days,
        max_active=declared.max_active,
        max_persons_per_contact=declared.max_persons_per_contact,
        max_changes=declared.max_changes,
        cancel_until_min=declared.cancel_until_min,
        notice_min=declared.notice_min,
        freed=_FREED[declared.freed_slot],
        draws_at=declared.standby_draw_daily_at,
        contact_proof_h=declared.contact_proof_h,
    )


def opening_rule(row: Any) -> OpeningRule:
    return OpeningRule(
        layer=Layer(row.layer),
        days=frozenset(row.days),
        opens=row.opens,
        closes=row.closes,
        last_ticket=row.last_ticket,
        season=row.season,
        # A member has hours in the same layers as a service; no two of them have the same id.
        service_id=row.service_id or row.resource_id,
        first=row.first,
        last=row.last,
        every_weeks=row.every_weeks,
        anchor=row.anchor,
        in_month=row.in_month,
        opens_anyway=row.opens_anyway,
        names=row.names or {},
    )
