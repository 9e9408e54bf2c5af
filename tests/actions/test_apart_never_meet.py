"""Whatever staff book, move and give back, two people of a pair never have appointments on one day. On both databases."""

from __future__ import annotations

import contextlib
import random
from uuid import UUID

import pytest

from queue_system.core.bookings import LIVE
from queue_system.core.errors import Refused
from queue_system.core.promises import Choice
from queue_system.store.database import Database
from queue_system.store.queries.bookings import bookings_between
from tests.kit.apart_hall import CONTACT, HE, MEDIATION, SHE, THIRD, at, book, cancel, confirm, hold, move, pair, read
from tests.kit.deciding import closing, for_all, save
from tests.kit.hall import Hall, furnish

TIMES = {
    MEDIATION: [at(day, *time) for day in (24, 25) for time in ((7,), (8, 15), (9, 30), (10, 45))],
    CONTACT: [at(day, *time) for day in (24, 25) for time in ((7,), (8, 30), (10,), (11, 30))],
}
STEPS = 40


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("kept_apart", [True, False], ids=["pair", "no pair"])
def test_random_appointments_never_bring_two_of_a_pair_together(db: Database, seed: int, kept_apart: bool) -> None:
    hall = furnish(db, "social-work", "wifaq")
    if kept_apart:
        pair(hall)
    chosen = random.Random(seed)
    booked: dict[UUID, str] = {}
    met = False
    for _ in range(STEPS):
        with contextlib.suppress(Refused):
            _step(hall, chosen, booked)
        met = met or _both_on_one_day(hall)
    # Without a pair they do meet, so that this could fail.
    assert met is not kept_apart
    assert booked


@pytest.mark.parametrize("kept_apart", [True, False], ids=["pair", "no pair"])
def test_a_closed_day_offers_nobody_a_day_of_the_other(db: Database, kept_apart: bool) -> None:
    hall = furnish(db, "social-work", "wifaq")
    if kept_apart:
        pair(hall)
    hers, his = book(hall, SHE, at(24, 8, 15)), book(hall, HE, at(25, 8, 15))
    other = book(hall, THIRD, at(24, 9, 30))
    save(hall, closing(hall, at(24, 8, 15).date()), for_all(Choice.MOVE))
    offers = [read(hall, one).offered_starts_at for one in (hers, other)]
    assert None not in offers
    days = [offered.astimezone(hall.branch.zone).date() for offered in offers if offered]
    his_day = read(hall, his).starts_at.astimezone(hall.branch.zone).date()
    # Whoever is in no pair gets the nearest day, with a pair and without.
    assert days[1] == his_day
    assert (days[0] == his_day) is not kept_apart


def _step(hall: Hall, chosen: random.Random, booked: dict[UUID, str]) -> None:
    service = chosen.choice([MEDIATION, CONTACT])
    starts_at, name = chosen.choice(TIMES[service]), chosen.choice([SHE, HE, THIRD])
    act = chosen.random()
    if act < 0.5 or not booked:
        # Some are named while they are held, others only when they are confirmed.
        held = hold(hall, starts_at, service, name if chosen.random() < 0.5 else "")
        if chosen.random() < 0.8:
            booked[confirm(hall, held, name).id] = service
    elif act < 0.8:
        one = chosen.choice(list(booked))
        move(hall, one, chosen.choice(TIMES[booked[one]]))
    else:
        one = chosen.choice(list(booked))
        del booked[one]
        cancel(hall, one)


def _both_on_one_day(hall: Hall) -> bool:
    found = hall.db.read_now(bookings_between, hall.branch.id, at(24, 3), at(26, 3), list(LIVE))
    hers = {one.starts_at.date() for one in found if one.name == SHE}
    return bool(hers & {one.starts_at.date() for one in found if one.name == HE})
