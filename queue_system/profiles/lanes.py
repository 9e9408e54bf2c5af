"""How many bookings a queue can take at one time, if its profile does not say."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fractions import Fraction

from ..settings.hall import Counter
from ..settings.services import Service


def derived_lanes(queues: Iterable[str], counters: Iterable[Counter], services: Iterable[Service]) -> Mapping[str, int]:
    """Lanes by queue: each counter is divided equally among its queues that have bookable services.

    A queue gets the sum of its shares rounded down, and at least one lane.
    """
    bookable = {service.queue for service in services if service.mode != "walkin_only"}
    shares = dict.fromkeys(queues, Fraction(0))
    for counter in counters:
        mine = [queue for queue in counter.queues if queue in bookable]
        for queue in mine:
            shares[queue] += Fraction(1, len(mine))
    return {queue: max(1, int(share)) for queue, share in shares.items()}
