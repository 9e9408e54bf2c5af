"""What the link of a booking shows to whom; families; two appointments at one time; guessing a contact."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from starlette.testclient import TestClient

from queue_system.actions.bookings import HoldOrder, hold_slot
from queue_system.clock import FrozenClock
from queue_system.core.bookings import HOLD, BookingState
from queue_system.store.log import VISITOR
from queue_system.surfaces.booking.own_bookings import LASTS
from tests.kit.api_program import Program
from tests.kit.hall import Hall, enter, set_branch
from tests.kit.public_visitor import NAME, PHONE, Answer, Visitor, stored, token_of
from tests.kit.web_hall import another

NUMBER, ITS_END = "5512 3456", "456"


@pytest.fixture
def stranger(here: tuple[TestClient, Hall]) -> Visitor:
    """Another browser, of somebody who has the link."""
    return Visitor(another(here[0]))


def tells_nothing(page_html: str) -> bool:
    return NAME not in page_html and NUMBER not in page_html and "55123456" not in page_html


def test_the_link_of_a_hold_shows_name_and_number_only_where_they_were_typed(
    visitor: Visitor, stranger: Visitor
) -> None:
    check = visitor.hold()
    assert NAME in check.text
    assert NUMBER in check.text
    seen = stranger.open(check.url)
    assert tells_nothing(seen.html)
    assert ITS_END in seen.text
    form = stranger.follow(r"Z\?instead=")
    assert tells_nothing(form.html)
    assert (form.fields["name"].get("value", ""), form.fields["contact"].get("value", "")) == ("", "")


def test_what_a_program_holds_can_be_checked_by_whom_it_sends_until_it_is_confirmed(
    stranger: Visitor, hall: Hall, clock: FrozenClock
) -> None:
    starts_at = clock.now() + timedelta(days=1)
    service = hall.service("edu-attest")
    order = HoldOrder(hall.branch.id, service, starts_at, NAME, NUMBER, "ar", VISITOR, source="api")
    held = hall.db.write_in_now(hall.branch.id, hold_slot, order)
    check = stranger.open(f"/b/{held.token}/check")
    assert NAME in check.text
    assert NUMBER in check.text
    assert tells_nothing(stranger.send("/confirmation").html)


def test_an_expired_hold_tells_nothing_either(visitor: Visitor, stranger: Visitor, clock: FrozenClock) -> None:
    check = visitor.hold()
    again = rf"/days\?instead={token_of(check)}$"
    clock.move(HOLD + timedelta(minutes=1))
    for browser, kept in ((stranger, False), (visitor, True)):
        assert ("لا حاجة إلى كتابة البيانات مرة أخرى" in browser.open(check.url).text) is kept
        browser.follow(again)
        browser.follow(r"/\d{4}-\d\d-\d\d\?instead", 1)
        form = browser.follow(r"Z\?instead=")
        assert (form.fields["name"].get("value", "") == NAME) is kept
        assert tells_nothing(form.html) is not kept


def test_the_confirmation_says_whose_appointment_it_is(visitor: Visitor, stranger: Visitor) -> None:
    done = visitor.book()
    assert f"باسم: {NAME}" in done.text
    seen = stranger.open(done.url)
    assert tells_nothing(seen.html)
    assert f"باسم: {NAME.split()[0]}" in seen.text
    assert not stranger.page.hrefs("beside=")


@pytest.mark.parametrize("service", ["passport-lost", "civil-extract"])
def test_who_has_the_link_cannot_write_the_cookie(visitor: Visitor, stranger: Visitor, service: str) -> None:
    done = visitor.book(service)
    token, kept = token_of(done), visitor.client.cookies["own"]
    other = visitor.book(service, time=2, contact="b@example.org")
    seal = visitor.client.cookies["own"].partition("~")[2]
    forged = (token, f"{token}~", f"{token}~{seal}", f"{token}.{kept}", kept[:-1], f"~{seal}", "~")
    for cookie in forged:
        stranger.client.cookies.set("own", cookie)
        for page in (done.url, f"{done.url}/check", other.url):
            assert tells_nothing(stranger.open(page).html), cookie
    stranger.client.cookies.set("own", kept)
    assert NAME in stranger.open(done.url).text


def test_the_browser_forgets(visitor: Visitor) -> None:
    visitor.book()
    cookie = next(one for one in visitor.client.cookies.jar if one.name == "own")
    assert cookie.expires is not None
    assert "HttpOnly" in cookie._rest  # type: ignore[attr-defined]
    assert timedelta(minutes=30) >= LASTS


def test_a_family_books_with_one_telephone_and_sees_near_times_first(visitor: Visitor, hall: Hall) -> None:
    first = stored(hall, visitor.book())
    times = visitor.follow("beside=")
    assert "أقرب الأوقات إلى موعد الساعة" in times.text
    form = visitor.follow(r"Z\?beside=")
    assert form.fields["name"].get("value", "") == ""
    assert form.fields["contact"].get("value", "") == first.contact
    visitor.send(name="سلمى العلي")
    child = stored(hall, visitor.send("/confirmation"))
    assert child.state is BookingState.CONFIRMED
    assert abs(child.starts_at - first.starts_at) <= timedelta(hours=1)
    assert "باسم: سلمى العلي" in visitor.page.text
    assert (visitor.client.cookies.get("own") or "").count(".") == 1


def test_somebody_elses_booking_is_no_way_to_his_number(visitor: Visitor, stranger: Visitor) -> None:
    done = visitor.book()
    form = stranger.open(visitor.page.hrefs("beside=")[0])
    assert "أقرب الأوقات" not in form.text
    form = stranger.follow(r"Z\?beside=")
    assert form.fields["contact"].get("value", "") == ""
    assert done.status == 200


def test_ones_own_hold_does_not_hide_the_times_it_takes(visitor: Visitor, hall: Hall) -> None:
    held = stored(hall, visitor.hold("verify-doc"))
    day = held.starts_at.astimezone(hall.branch.zone).date().isoformat()
    start = f"{held.starts_at:%Y%m%dT%H%MZ}"
    assert visitor.open(f"/book/doha-main/verify-doc/{day}?instead={held.token}").hrefs(start)


def test_two_appointments_at_one_time_are_told_and_not_refused(visitor: Visitor, hall: Hall) -> None:
    program = Program(visitor.client)
    both = sorted(set(program.slots("edu-attest")) & set(program.slots("civil-extract")))
    person = {"name": NAME, "contact": "a@example.org"}
    one = program.hold(both[8], "edu-attest", **person)
    assert one.body["warnings"] == []
    assert program.post(f"bookings/{one.body['token']}/confirmation").body["warnings"] == []
    two = program.hold(both[8], "civil-extract", **person)
    assert two.body["warnings"] == ["same-time"]
    assert "موعدان في الوقت نفسه" in visitor.open(f"/b/{two.body['token']}/check").text
    assert program.post(f"bookings/{two.body['token']}/confirmation").body["warnings"] == ["same-time"]
    assert "موعدان في الوقت نفسه" in visitor.open(f"/b/{two.body['token']}").text
    # Another child of the same family is another person.
    other = program.hold(both[8], "verify-doc", **person | {"name": "سلمى"})
    assert other.status == 409 or other.body["warnings"] == []
    # A warning reveals something, so it is counted as a refusal is.
    cancelled = program.delete(f"bookings/{two.body['token']}")
    assert cancelled.body["warnings"] == []


def test_whose_number_has_an_appointment_at_a_time_is_not_found_out_by_trying(visitor: Visitor) -> None:
    program = Program(visitor.client)
    both = sorted(set(program.slots("edu-attest")) & set(program.slots("civil-extract")))
    person = {"name": NAME, "contact": "a@example.org"}
    one = program.hold(both[8], "edu-attest", **person)
    program.post(f"bookings/{one.body['token']}/confirmation")
    tries = []
    for _ in range(11):
        tried = program.hold(both[8], "civil-extract", **person)
        tries.append(tried.status)
        if tried.status == 201:
            program.delete(f"bookings/{tried.body['token']}")
    assert tries == [201] * 10 + [429]


def test_one_address_has_few_tries_at_one_code(visitor: Visitor, hall: Hall) -> None:
    code = stored(hall, visitor.book()).code
    tries = [look_up(visitor, code, f"5500 {number:04}").status for number in range(6)]
    assert tries == [404] * 5 + [429]
    # Another code is independent, and a right contact is not a guess.
    assert (
        look_up(visitor, stored(hall, visitor.book(contact="b@example.org", time=2)).code, "b@example.org").status
        == 200
    )


def test_a_number_that_only_another_branch_can_read_is_a_guess_like_any_other(visitor: Visitor, hall: Hall) -> None:
    """A German mobile number without country code: a branch in Germany can read it, those in Doha cannot."""
    code = stored(hall, visitor.book()).code
    assert look_up(visitor, code, "0151 23456700").status == 422
    in_germany(hall, "mobile-consulate")
    tries = [look_up(visitor, code, f"0151 {23456700 + number}") for number in range(6)]
    assert [tried.status for tried in tries] == [404] * 5 + [429]
    assert "لا يوجد موعد بهذا الرمز" in tries[0].text


def test_guesses_at_the_same_moment_are_no_way_around(
    visitor: Visitor, hall: Hall, here: tuple[TestClient, Hall]
) -> None:
    code = stored(hall, visitor.book()).code

    def guess(number: int) -> int:
        return look_up(Visitor(another(here[0])), code, f"5500 {number:04}").status

    with ThreadPoolExecutor(20) as crowd:
        answers = list(crowd.map(guess, range(20)))
    assert sorted(answers) == [404] * 5 + [429] * 15


def in_germany(hall: Hall, slug: str) -> None:
    set_branch(enter(hall.db, slug), country_code="49")


def test_many_addresses_cannot_guess_and_cannot_lock_the_owner_out(
    visitor: Visitor, hall: Hall, here: tuple[TestClient, Hall]
) -> None:
    done = stored(hall, visitor.book())
    for number in range(20):
        other = Visitor(TestClient(here[0].app, client=(f"10.0.{number}.1", 5000), headers=dict(here[0].headers)))
        other.client.portal = here[0].portal
        assert look_up(other, done.code, f"5500 {number:04}").status == 404
    right = Visitor(TestClient(here[0].app, client=("10.1.0.1", 5000), headers=dict(here[0].headers)))
    right.client.portal = here[0].portal
    asked = look_up(right, done.code, PHONE)
    assert asked.status == 422
    assert "يلزم أيضًا الاسم" in asked.text
    assert right.send(code=done.code, contact=PHONE, name="شخص آخر").status == 404
    assert right.send(code=done.code, contact=PHONE, name=NAME.replace("أ", "ا")).url.endswith(f"/b/{done.token}")


def look_up(visitor: Visitor, code: str, contact: str) -> Answer:
    visitor.open("/my-booking")
    return visitor.send(code=code, contact=contact)
