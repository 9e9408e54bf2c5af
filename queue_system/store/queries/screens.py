"""The live screens of a branch: they decide where a call is shown and where its visitor waits.

A screen is live while it is paired and not silent (`access.SILENT_AFTER`). It shows calls to the counters of its zone,
all calls of visitors who may wait in its zone, and calls to counters whose zone has no live screen. So a call is shown
in every zone where its visitor was told to wait.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final
from uuid import UUID

from ..database import Tx
from .access import devices
from .settings import BranchSettings, ConfidentialityView, ZoneView, derived

DISPLAY: Final = "display"
LIVES: Final = "paired"

# The zones of the live screens of a branch; None stands for a screen that was given no zone.
Live = frozenset[UUID | None]


def live_zones(tx: Tx, branch_id: UUID) -> Live:
    """The zones with a live screen now. A screen just turned on is included within a minute, when it is stored."""
    return frozenset(device.zone_id for device in devices(tx, branch_id, DISPLAY) if device.presence(tx.now) == LIVES)


@derived
def zones_with_counters(settings: BranchSettings) -> frozenset[UUID]:
    """The zones of a branch that have counters."""
    return frozenset(counter.zone_id for counter in settings.counters.values())


@derived
def where_to_wait(settings: BranchSettings, queue_id: UUID, live: Live) -> tuple[ZoneView, ...]:
    """The zones in which a call from a queue is shown; empty where that is every zone.

    They are the zones of the queue's counters that have a live screen, else all zones with a live screen; without any
    live screen, the zones of the counters.
    """
    everywhere = zones_with_counters(settings)
    own = frozenset(counter.zone_id for counter in settings.counters.values() if queue_id in counter.queues)
    seen = (own & live or live) if live else own
    if len(everywhere) < 2 or seen >= everywhere:
        return ()
    return tuple(zone for zone in settings.zones.values() if zone.id in seen)


@derived
def is_kept_off(settings: BranchSettings, service_id: UUID, series_id: UUID) -> bool:
    """Whether a ticket for a service, with a number of a queue's series, is hidden from all screens."""
    return is_hidden(settings.services[service_id].confidentiality) or holds_for_all(settings, series_id, is_hidden)


def is_hidden(level: ConfidentialityView) -> bool:
    """Whether screens show nothing of a service of this level."""
    return not level.on_screens


def holds_for_all(settings: BranchSettings, queue_id: UUID, is_so: Callable[[ConfidentialityView], bool]) -> bool:
    """Whether a queue has services and all of them are so."""
    of_queue = [service for service in settings.services.values() if service.queue_id == queue_id]
    return bool(of_queue) and all(is_so(service.confidentiality) for service in of_queue)
