"""Home visits: who sees where they go, in which order, and who is missed when nobody comes back."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest
import sqlalchemy as sa
from starlette.testclient import TestClient
from uuid_utils.compat import uuid7

from queue_system.actions import bookings
from queue_system.actions.bookings import HoldOrder
from queue_system.actions.channels import How
from queue_system.actions.safe_contact import set_contact_ways
from queue_system.actions.said import Said
from queue_system.actions.staff_roles import give_role, take_role
from queue_system.clock import FrozenClock
from queue_system.core.bookings import Booker
from queue_system.store import log
from queue_system.store.database import Tx
from queue_system.store.log import SYSTEM
from queue_system.store.queries.bookings import BookingView, free_days
from queue_system.store.queries.home_visits import home_visits_on
from queue_system.store.queries.people import colleague
from queue_system.store.tables import Counter, CounterQueue, Resource, Service, ServiceResource, table
from tests.kit.hall import Hall, edit, enter
from tests.kit.people import add_role
from tests.kit.web_hall import another, application, furnished, sign_in

HERE = "/appointments/doha-main"
VISITS = f"{HERE}/visits"
SERVICE = "travel-doc"
DAY = date(2026, 11, 24)
WAY = 30
HOMES = ("شارع الياقوت 7", "حي العقيق 12")
NAME, CONTACT = "سلمى الأتاسي", "+97455512345"


@dataclass
class Team:
    """An embassy that visits people at home, two at a time: nour and rami, who have accounts, and a third."""

    client: TestClient
    hall: Hall
    visits: list[BookingView]

    def browser(self, login: str) -> TestClient:
        browser = another(self.client)
        sign_in(browser, login, "en")
        return browser


@pytest.fixture
def team(sqlite_template: Path, tmp_path: Path, clock: FrozenClock) -> Iterator[Team]:
    with application(furnished(sqlite_template, tmp_path, clock.now()), tmp_path, clock) as (client, hall):
        add_role(hall, "goes_out", "call_next")
        add_role(hall, "contacts", "see_contacts")
        add_role(hall, "counts", "see_today")
        accounts = {login: hall.person(login, ((hall.branch.id, "goes_out"),)) for login in ("nour", "rami", "dima")}
        hall.person("samar", ((hall.branch.id, "contacts"),))
        hall.person("ziad", ((hall.branch.id, "counts"),))
        edit(hall, lambda tx: goes_out(tx, hall, accounts))
        hall = enter(hall.db)
        (day,) = hall.db.read_now(free_days, hall.branch, hall.branch.service(SERVICE), DAY, DAY, public=False)
        # The later visit is booked first.
        last, first = (visit(hall, day.slots[at].start, home) for at, home in ((-1, HOMES[1]), (0, HOMES[0])))
        yield Team(client, hall, [first, last])


def goes_out(tx: Tx, hall: Hall, accounts: dict[str, UUID]) -> None:
    """Each visit takes one of nour and dima, and rami."""
    branch = hall.branch.id
    change_service(tx, hall, channel="field", travel_min=WAY)
    for position, (slug, kind, any_of) in enumerate(
        (("nour", "person", []), ("dima", "person", []), ("one", "group", ["nour", "dima"]), ("rami", "person", []))
    ):
        row = {
            "branch_id": branch,
            "id": uuid7(),
            "slug": slug,
            "position": position,
            "names": {"ar": slug, "en": slug},
        }
        row |= {"kind": kind, "pool": 1, "any_of": any_of, "staff_id": accounts.get(slug)}
        tx.execute(sa.insert(table(Resource)), row)
        if slug in ("one", "rami"):
            needs = {"branch_id": branch, "service_id": hall.service(SERVICE), "resource_id": row["id"]}
            tx.execute(sa.insert(table(ServiceResource)), needs | {"position": position})


def visit(hall: Hall, start: datetime, home: str) -> BookingView:
    branch, service = hall.branch.id, hall.service(SERVICE)
    order = HoldOrder(branch, service, start, "", "", "ar", SYSTEM, booker=Booker.STAFF)
    held = hall.db.write_in_now(branch, bookings.hold_slot, order)
    said = Said(NAME, CONTACT, "ar", how=How(address=home))
    return hall.db.write_in_now(branch, bookings.confirm_booking, branch, held.id, SYSTEM, said)


def test_a_visit_takes_two_who_go_and_their_way(team: Team) -> None:
    found = team.hall.db.read_now(home_visits_on, team.hall.branch, DAY)
    assert [one.address for one in found] == list(HOMES)
    for one in found:
        assert len(one.members) == len(one.staff) == 2
        assert one.back_by == one.booking.ends_at + timedelta(minutes=WAY)


def test_whoever_goes_sees_where_to_in_driving_order_and_nobody_else_without_the_right(team: Team) -> None:
    rami = team.browser("rami").get(f"{VISITS}?day={DAY}").text
    assert rami.index(HOMES[0]) < rami.index(HOMES[1])
    assert NAME in rami
    assert f'<span class="no-print"><a href="tel:{CONTACT}">' in rami, "no telephone number on paper"
    # One of nour and dima goes; the other one has the same right and learns nothing.
    goes = {"nour", "dima"} & {one for one in ("nour", "dima") if HOMES[0] in page(team, one)}
    assert len(goes) == 1
    for login, sees_home in (("rana", False), ("ziad", False), ("samar", False)):
        text = page(team, login)
        assert f"{VISITS}" in text or "Home visits" in text
        assert (HOMES[0] in text, CONTACT in text, NAME in text) == (sees_home, False, False), login


def test_who_may_see_contacts_asks_for_an_address_and_the_log_says_so(team: Team) -> None:
    first, last = team.visits
    samar = team.browser("samar")
    shown = samar.post(f"{VISITS}/{first.id}/address").text
    assert (HOMES[0] in shown, HOMES[1] in shown, NAME in shown) == (True, False, False)
    entries = [
        one for one in team.hall.db.read_now(log.after, team.hall.branch.id, 0) if one.kind == "booking.looked_up"
    ]
    assert [one.data for one in entries] == [{"code": first.code, "by": "address"}]
    for login in ("ziad", "dima"):
        assert team.browser(login).post(f"{VISITS}/{last.id}/address").status_code in (403, 404)
    assert HOMES[0] not in page(team, "samar")


def test_an_address_is_on_no_other_page_and_in_no_entry_of_the_log(team: Team) -> None:
    one = team.visits[0]
    rana = team.browser("rana")
    pages = [f"{HERE}/{one.id}", f"{HERE}?day={DAY}", f"{HERE}/week?day={DAY}", f"/b/{one.token}"]
    pages += [f"{HERE}/paper?day={DAY}", f"/b/{one.token}.ics", "/reception/doha-main"]
    for address in pages:
        assert HOMES[0].split()[1] not in rana.get(address).text, address
    rana.post(f"{HERE}/{one.id}/address", data={"address": "برج الزمرد"})
    assert "برج الزمرد" in page(team, "rami")
    assert "برج الزمرد" not in rana.get(f"{HERE}/{one.id}").text
    entries = team.hall.db.read_now(log.after, team.hall.branch.id, 0)
    assert "booking.addressed" in {entry.kind for entry in entries}
    assert not [entry for entry in entries if "الزمرد" in str(entry.data) or "الياقوت" in str(entry.data)]
    assert rana.post(f"{HERE}/{one.id}/address", data={"address": "ش" * 301}).status_code == 422


def test_who_is_not_back_in_time_is_missed_at_reception_and_in_the_office(team: Team, clock: FrozenClock) -> None:
    one = team.visits[0]
    rana = team.browser("rana")
    back = f"{VISITS}/{one.id}/back"
    assert rana.post(back).status_code == 409, "nobody is back from a visit that is still to come"
    clock.move(one.ends_at + timedelta(minutes=WAY) - clock.now())
    rana, admin = team.browser("rana"), team.browser("admin")
    assert "not back from a home visit" not in rana.get("/reception/doha-main").text
    clock.move(timedelta(minutes=1))
    # The page of another day says it, too.
    other = f"{VISITS}?day={DAY + timedelta(days=1)}"
    for browser, address in ((rana, "/reception/doha-main"), (rana, VISITS), (rana, other), (admin, "/office")):
        assert "back from a" in browser.get(address).text, address
    assert rana.post(back).status_code == 303
    assert rana.post(back).status_code == 303, "pressed twice"
    assert "Not back from a visit" not in rana.get(VISITS).text
    assert "not back from a home visit" not in admin.get("/office").text
    facts = [
        entry for entry in team.hall.db.read_now(log.after, team.hall.branch.id, 0) if entry.kind == "booking.visited"
    ]
    assert [entry.subject for entry in facts] == [str(one.id)]


def test_whoever_can_only_be_booked_has_the_page_with_their_own_visits_alone(team: Team) -> None:
    add_role(team.hall, "only_booked", "be_booked_as_resource")
    selim = team.hall.person("selim", ((team.hall.branch.id, "only_booked"),))
    browser, admin = team.browser("selim"), team.browser("admin")
    shown = browser.get(f"{VISITS}?day={DAY}")
    assert shown.status_code == 200
    assert "#visit-" not in shown.text
    assert 'id="visit-' not in shown.text
    assert browser.post(f"{VISITS}/{team.visits[0].id}/back").status_code == 404
    assert admin.post(f"{HERE}/accounts", data={"member": "rami", "account": str(selim)}).status_code == 303
    assert all(home in browser.get(f"{VISITS}?day={DAY}").text for home in HOMES)


def test_whoever_is_given_a_member_sees_its_visits_from_then_on(team: Team) -> None:
    admin, accounts = team.browser("admin"), f"{HERE}/accounts"
    assert HOMES[0] not in page(team, "layla")
    layla = team.hall.db.read_now(colleague, "layla")
    assert layla is not None
    shown = admin.get(accounts).text
    assert all(f">{one}</label>" in shown for one in ("nour", "dima", "rami"))
    for member, account in (("one", str(layla.id)), ("rami", str(UUID(int=7))), ("rami", "7")):
        assert admin.post(accounts, data={"member": member, "account": account}).status_code == 404
    refused = admin.post(accounts, data={"member": "rami", "account": str(layla.id)})
    assert refused.status_code == 409
    assert "do not let it be booked" in refused.text
    assert f'value="{layla.id}"' not in shown, "only whoever may be booked is offered"
    add_role(team.hall, "is_booked", "be_booked_as_resource")
    team.hall.db.write_now(give_role, "layla", team.hall.branch.id, "is_booked", "", SYSTEM)
    assert f'value="{layla.id}"' in admin.get(accounts).text
    assert admin.post(accounts, data={"member": "rami", "account": str(layla.id)}).status_code == 303
    assert HOMES[0] in page(team, "layla")
    take = team.hall.db.write_now(take_role, "layla", team.hall.branch.id, "is_booked", "", SYSTEM)
    assert take is None
    assert f'value="{layla.id}" selected' in admin.get(accounts).text, "who is tied already stays"
    assert admin.post(accounts, data={"member": "rami", "account": str(layla.id)}).status_code == 303
    assert HOMES[0] not in page(team, "rami")
    assert admin.post(accounts, data={"member": "rami", "account": ""}).status_code == 303
    assert HOMES[0] not in page(team, "layla")
    facts = [one.kind for one in team.hall.db.read_now(log.after, team.hall.branch.id, 0)]
    assert facts[-3:] == ["member.unlinked", "member.linked", "member.unlinked"]


def test_whoever_has_opened_the_vehicle_sees_where_it_goes_that_day(team: Team, clock: FrozenClock) -> None:
    noura = team.hall.person("noura")
    assert HOMES[0] not in page(team, "noura")
    edit(team.hall, lambda tx: needs_a_vehicle(tx, team.hall))
    going = visit(enter(team.hall.db), team.visits[0].starts_at + timedelta(days=7), "حي المرجان 3")
    there = f"{VISITS}?day={DAY + timedelta(days=7)}"
    team.hall.sit(noura, "c1")
    assert "حي المرجان 3" not in team.browser("noura").get(there).text, "others may drive on other days"
    clock.move(going.starts_at - timedelta(minutes=30) - clock.now())
    team.hall.sit(noura, "c1")
    assert "حي المرجان 3" in team.browser("noura").get(there).text


def test_whoever_goes_sees_no_number_that_is_not_to_be_called(team: Team) -> None:
    one = team.visits[0]
    said = {0: ("none", "")}
    team.hall.db.write_in_now(team.hall.branch.id, set_contact_ways, team.hall.branch.id, one.id, SYSTEM, said)
    visit_of = page(team, "rami").split(one.code)[0]
    assert HOMES[0] in visit_of
    assert CONTACT not in visit_of
    assert "No contact at all" in visit_of


def test_where_fewer_go_than_should_go_together_the_page_and_the_booking_say_so(team: Team) -> None:
    assert "should go together" not in page(team, "rami")
    edit(team.hall, lambda tx: change_service(tx, team.hall, staff_min=3))
    assert "people should go together" in page(team, "rami")
    add_role(team.hall, "books", "book_for_visitor")
    team.hall.person("huda", ((team.hall.branch.id, "books"),))
    answer = team.browser("huda").get(f"{HERE}/new?service={SERVICE}")
    assert answer.status_code == 200
    assert "people go together" in answer.text


def test_shortly_before_a_visit_nobody_else_could_get_there(team: Team, clock: FrozenClock) -> None:
    add_role(team.hall, "plans", "rosters", "reschedule_bulk")
    team.hall.person("plans", ((team.hall.branch.id, "plans"),))
    first = team.visits[0]
    giving = next(slug for slug in ("nour", "dima") if HOMES[0] in page(team, slug))
    taking = "dima" if giving == "nour" else "nour"
    there = f"{HERE}/hand-over?member={giving}&to={taking}&day={DAY}&booking={first.id}"
    too_late = "too late for somebody else to get there"
    clock.set(first.starts_at - timedelta(minutes=WAY))
    assert too_late not in team.browser("plans").get(there).text
    clock.set(first.starts_at - timedelta(minutes=WAY - 1))
    assert too_late in team.browser("plans").get(there).text


def change_service(tx: Tx, hall: Hall, **values: object) -> None:
    """Other values of the service of the visits."""
    services = table(Service)
    here = (services.c.branch_id == hall.branch.id) & (services.c.slug == SERVICE)
    data = dict(tx.scalar(sa.select(services.c.data).where(here))) | values
    tx.execute(sa.update(services).where(here).values(data=data))


def needs_a_vehicle(tx: Tx, hall: Hall) -> None:
    """The first counter is a vehicle, and serves the queue of the visits."""
    branch, counters, both = hall.branch.id, table(Counter), table(CounterQueue)
    here = (counters.c.branch_id == branch) & (counters.c.id == hall.counter("c1"))
    tx.execute(sa.update(counters).where(here).values(kind="vehicle"))
    served = {"branch_id": branch, "counter_id": hall.counter("c1"), "queue_id": hall.branch.service(SERVICE).queue_id}
    known = sa.select(both.c.counter_id).where(*(both.c[name] == value for name, value in served.items()))
    if tx.row(known) is None:
        tx.execute(sa.insert(both), served | {"position": 9})


def page(team: Team, login: str) -> str:
    return team.browser(login).get(f"{VISITS}?day={DAY}").text
