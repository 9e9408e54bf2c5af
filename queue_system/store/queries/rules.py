"""Rows of rules as the values that the core decides with."""

from __future__ import annotations

from typing import Any, Final

from ...core.bookings import PERSONS_PER_CONTACT, Mode, Policy
from ...core.hours import Layer, OpeningRule

# The use of freed places that needs nobody.
BY_LOT: Final = "by_lot"


def policy(row: Any) -> Policy:
    return Policy(
        mode=Mode(row.mode),
        horizon_days=row.horizon_days,
        max_active=row.max_active,
        max_persons_per_contact=int(row.data.get("max_persons_per_contact", PERSONS_PER_CONTACT)),
        max_changes=row.max_changes,
        cancel_until_min=row.cancel_until_min,
        notice_min=int(row.data.get("notice_min", 0)),
        returns_by_lot=row.freed_slot == BY_LOT,
    )


def opening_rule(row: Any) -> OpeningRule:
    return OpeningRule(
        layer=Layer(row.layer),
        days=frozenset(row.days),
        opens=row.opens,
        closes=row.closes,
        last_ticket=row.last_ticket,
        season=row.season,
        service_id=row.service_id,
        first=row.first,
        last=row.last,
    )
