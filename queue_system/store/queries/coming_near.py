"""Visitors whose turn is near, who are asked to come near: by the published rule, and without the promise of a counter."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from .place import LineView, PlaceView
from .screens import is_kept_off
from .settings import BranchSettings

# A screen has no room for more beside its calls.
MOST_ON_SCREEN: Final = 8


def is_near(stands: PlaceView, settings: BranchSettings) -> bool:
    """Whether the visitor of a ticket is asked to come near: it waits, may be called, and few are ahead."""
    places = settings.queue_rules.come_near_places
    return stands.ahead is not None and stands.ahead < places and stands.counter_open and stands.not_before is None


def near_on_screen(everybody: LineView, zone_id: UUID | None) -> tuple[str, ...]:
    """The codes of such visitors that a screen in `zone_id` shows, the nearest first; without those that screens hide."""
    found = [one for one in _near(everybody) if _is_shown(one, everybody.settings, zone_id)]
    found.sort(key=lambda one: (one.ahead or 0, one.ticket.anchor_at, one.ticket.code))
    return tuple(one.ticket.code for one in found[:MOST_ON_SCREEN])


def _near(view: LineView) -> list[PlaceView]:
    places = view.settings.queue_rules.come_near_places
    first = [one for one in view.open.values() if view.ahead.get(one.id, places) < places]
    return [stands for stands in map(view.place, first) if is_near(stands, view.settings)]


def _is_shown(stands: PlaceView, settings: BranchSettings, zone_id: UUID | None) -> bool:
    """As the call will be: not for services that screens hide, and in the zones where it is to be awaited."""
    if is_kept_off(settings, stands.ticket.service_id, stands.ticket.series_id):
        return False
    return zone_id is None or not stands.wait_in or zone_id in {zone.id for zone in stands.wait_in}
