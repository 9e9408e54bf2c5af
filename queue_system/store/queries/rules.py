"""Rules as the values that the core decides with."""

from __future__ import annotations

from typing import Any, Final

from ...core.bookings import Mode, Policy
from ...core.calendars import Layer, OpeningRule
from ...settings import catalogue

# The use of freed places that needs no action of staff.
BY_LOT: Final = "by_lot"


def policy(declared: catalogue.Policy) -> Policy:
    return Policy(
        mode=Mode(declared.mode),
        horizon_days=declared.horizon_days,
        max_active=declared.max_active,
        max_persons_per_contact=declared.max_persons_per_contact,
        max_changes=declared.max_changes,
        cancel_until_min=declared.cancel_until_min,
        notice_min=declared.notice_min,
        returns_by_lot=declared.freed_slot == BY_LOT,
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
