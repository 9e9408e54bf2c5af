"""The invented appointments that a house's own words are shown with are as appointments of the service would be."""

from __future__ import annotations

from datetime import timedelta

import pytest

from queue_system.clock import FrozenClock
from queue_system.core.messages import VISIT_ENDED, Event
from queue_system.messages.sample import sample
from queue_system.settings.terms import ServiceTerm
from tests.kit.hall import Hall

SERVICE = "travel-doc"


def test_a_sample_takes_as_long_as_a_visit_does_on_its_day(hall: Hall, clock: FrozenClock) -> None:
    usual = hall.branch.service(SERVICE)
    in_five_days = ServiceTerm(first=clock.now().date() + timedelta(days=5), duration_min=2 * usual.duration_min)
    service = usual.changed(terms=(in_five_days,))
    first, later = sample(hall.branch, service, Event.SERIES, "ar", clock.now()).series
    assert first.ends_at - first.starts_at == timedelta(minutes=usual.duration_min)
    assert later.ends_at - later.starts_at == timedelta(minutes=2 * usual.duration_min)


@pytest.mark.parametrize("event", sorted(VISIT_ENDED))
def test_what_is_told_as_over_is_over_in_the_sample(hall: Hall, clock: FrozenClock, event: Event) -> None:
    shown = sample(hall.branch, hall.branch.service(SERVICE), event, "ar", clock.now())
    assert [one.stands for one in shown.parts] == [False, False]
