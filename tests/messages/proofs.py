"""What tests of proven contacts do again and again: book, read the letter, answer, and look."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from starlette.testclient import TestClient

from queue_system.actions import bookings as actions
from queue_system.actions.bookings import HoldOrder
from queue_system.actions.contact_proofs import forget_before
from queue_system.actions.proving import prove_contact, release_due
from queue_system.actions.together import confirm_together, hold_together
from queue_system.actions.typos import correct_typo
from queue_system.core.bookings import Booker, spaced_code
from queue_system.store.database import Tx
from queue_system.store.log import SYSTEM, VISITOR, locked
from queue_system.store.queries.bookings import BookingView, booking_by_id
from queue_system.store.tables import PolicyRow, table
from tests.kit.hall import change_settings, enter
from tests.kit.mail_server import Taken
from tests.messages.test_sending import ADDRESS, MAIL, NAME, SERVICE, START, Sending, body

HOURS = 24
OTHER = "huda@example.org"
NEAR = "samir@example.org"
HALF = timedelta(minutes=30)


def book(
    sending: Sending,
    starts_at: datetime = START,
    contact: str = MAIL,
    booker: Booker = Booker.PUBLIC,
    source: str = "web",
    name: str = NAME,
) -> BookingView:
    hall = sending.hall
    order = HoldOrder(
        hall.branch.id,
        hall.service(SERVICE),
        starts_at,
        name,
        contact,
        "ar",
        VISITOR,
        source=source,
        booker=booker,
    )
    held = hall.db.write_in_now(hall.branch.id, actions.hold_slot, order)
    return hall.db.write_in_now(hall.branch.id, actions.confirm_booking, hall.branch.id, held.id, VISITOR)


def visit(
    sending: Sending,
    name: str = NAME,
    later: timedelta = timedelta(0),
    names: tuple[str, ...] = (),
    services: tuple[str, ...] = (),
    contacts: tuple[str, ...] = (),
) -> list[BookingView]:
    """A visit of two parts, half an hour apart, of one service and contact each unless they are said."""
    hall = sending.hall
    orders = [
        HoldOrder(hall.branch.id, hall.service(service), START + later + number * HALF, who, contact, "ar", VISITOR)
        for number, (who, service, contact) in enumerate(
            zip(
                names or (name, f"{name} الصغير"), services or (SERVICE, SERVICE), contacts or (MAIL, MAIL), strict=True
            )
        )
    ]
    held = hall.db.write_in_now(hall.branch.id, hold_together, hall.branch.id, orders)
    return hall.db.write_in_now(hall.branch.id, confirm_together, hall.branch.id, held, VISITOR, {})


def spell(sending: Sending, one: BookingView, name: str = "", contact: str = "") -> None:
    here = sending.hall.branch.id
    said = name or one.name, one.reference, contact or one.contact
    sending.hall.db.write_in_now(here, correct_typo, here, one.id, *said, set(), SYSTEM)


def contact_forgotten(sending: Sending) -> None:
    here = sending.hall.branch.id

    def forget(tx: Tx) -> None:
        with locked(tx, here) as lock:
            forget_before(lock, tx.now + timedelta(days=1))

    sending.hall.db.write_in_now(here, forget)


def prove(sending: Sending, one: BookingView) -> None:
    here = sending.hall.branch.id
    sending.hall.db.write_in_now(here, prove_contact, here, one.id, one.contact, VISITOR)


def release(sending: Sending) -> str:
    """Let the background work pass, and say how the only booking is then."""
    here = sending.hall.branch.id
    sending.hall.db.write_in_now(here, release_due, here)
    ((state,),) = sending.hall.db.read_now(lambda tx: tx.rows(sa.text("SELECT state FROM booking")))
    return str(state)


def look(sending: Sending, one: BookingView) -> BookingView:
    return sending.hall.db.read_now(booking_by_id, sending.hall.branch.id, one.id)


def letter(sending: Sending) -> Taken:
    """The last letter, once all are sent."""
    sending.postman.send_due()
    return sending.server.taken[-1]


def link_of(taken: Taken) -> str:
    found = re.search(rf"{re.escape(ADDRESS)}/my-contact\?c=\S+", body(taken.message, "plain"))
    assert found is not None
    return found.group()


def pages(sending: Sending, one: BookingView) -> list[str]:
    """What the link of an appointment shows, without what is drawn for each: token, code, its picture, the request's id."""
    client = TestClient(sending.app, base_url=ADDRESS)
    found = []
    for path in ("", "/contact", "/cancellation", "/change"):
        answer = client.get(f"/b/{one.token}{path}")
        text = answer.text.replace(one.token, "TOKEN").replace(one.code, "CODE").replace(spaced_code(one.code), "CODE")
        text = re.sub(r"<svg.*?</svg>", "", text, flags=re.DOTALL)
        found.append(f"{answer.status_code} {len(answer.headers)} {text}")
    return found


def rows(sending: Sending, model: Any) -> list[Any]:
    return sending.hall.db.read_now(lambda tx: tx.rows(sa.select(table(model))))


def set_policies(sending: Sending, **values: Any) -> None:
    policies = table(PolicyRow)

    def change(tx: Tx) -> None:
        for row in tx.rows(sa.select(policies)):
            columns = {name: value for name, value in values.items() if name in policies.c}
            data = row.data | {name: value for name, value in values.items() if name not in policies.c}
            tx.execute(sa.update(policies).where(policies.c.slug == row.slug).values(data=data, **columns))

    change_settings(sending.hall.db, change)
    sending.hall = enter(sending.hall.db)
