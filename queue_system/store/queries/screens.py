"""Which screens of a branch live, and so where a call is seen and where its visitor waits.

A screen lives while it is paired and was heard of within what the office calls silent. It shows the calls to the
counters of its zone, those of visitors who may wait in its zone, wherever they lead, and those to counters whose zone
has no live screen. So wherever a visitor was told to wait, the call is seen.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final
from uuid import UUID

from ..database import Tx
from .access import devices
from .settings import BranchSettings, ConfidentialityView, ZoneView

DISPLAY: Final = "display"
LIVES: Final = "paired"

# The zones of the live screens of a branch; None stands for a screen that was given no zone.
Live = frozenset[UUID | None]


def live_zones(tx: Tx, branch_id: UUID) -> Live:
    """Where a screen lives now. Written down once a minute, so a screen that was just turned on follows soon."""
    return frozenset(device.zone_id for device in devices(tx, branch_id, DISPLAY) if device.standing(tx.now) == LIVES)


def zones_with_counters(settings: BranchSettings) -> frozenset[UUID]:
    """The zones of a branch to which anybody is called."""
    return frozenset(counter.zone_id for counter in settings.counters.values())


def where_to_wait(settings: BranchSettings, queue_id: UUID, live: Live) -> tuple[ZoneView, ...]:
    """The zones in which a call from a queue is seen; none where every zone will do.

    Those of the counters that serve the queue and have a live screen, else those of the live screens; where no
    screen lives, the zones of the counters.
    """
    everywhere = zones_with_counters(settings)
    own = frozenset(counter.zone_id for counter in settings.counters.values() if queue_id in counter.queues)
    seen = (own & live or live) if live else own
    if len(everywhere) < 2 or seen >= everywhere:
        return ()
    return tuple(zone for zone in settings.zones.values() if zone.id in seen)


def is_kept_off(settings: BranchSettings, service_id: UUID, series_id: UUID) -> bool:
    """Whether a ticket for a service, with a number of a queue's series, is on no screen, live or not."""
    return is_hidden(settings.services[service_id].confidentiality) or holds_for_all(settings, series_id, is_hidden)


def is_hidden(level: ConfidentialityView) -> bool:
    """Nothing of such a service is shown on a screen."""
    return level.display == "none"


def holds_for_all(settings: BranchSettings, queue_id: UUID, is_so: Callable[[ConfidentialityView], bool]) -> bool:
    """Whether a queue has services and something holds for all of them."""
    of_queue = [service for service in settings.services.values() if service.queue_id == queue_id]
    return bool(of_queue) and all(is_so(service.confidentiality) for service in of_queue)
