"""The pages of a time that was held and that a change took away: they say why, and lead to the times with everything kept."""

from __future__ import annotations

import re
from datetime import date, timedelta

from starlette.testclient import TestClient

from queue_system.clock import FrozenClock
from queue_system.core.bookings import BookingState
from tests.kit.api_program import Program
from tests.kit.deciding import as_stored, closing, save
from tests.kit.hall import Hall
from tests.kit.public_visitor import NAME, Visitor, fill_up, stored

SERVICE = "civil-extract"
CONTACT = "a@example.org"


def test_scenario_2_whoever_checks_the_answers_reads_why_the_time_has_gone_and_chooses_another_without_typing(
    visitor: Visitor, hall: Hall
) -> None:
    visitor.hold(SERVICE, contact=CONTACT)
    check, one = visitor.page, stored(hall, visitor.page)
    save(hall, closing(hall, one.starts_at.date()))
    for page in (visitor.send("/confirmation"), visitor.open(check.url)):
        assert page.status == 200
        assert "لم يعد هذا الوقت متاحًا" in page.text
        assert "السبب: صار ذلك اليوم يوم إغلاق." in page.text
        assert "لا حاجة إلى كتابة البيانات مرة أخرى." in page.text
        assert "انتهت مهلة التأكيد" not in page.text
    visitor.follow(rf"/{SERVICE}/days\?instead=")
    closed = one.starts_at.date().isoformat()
    assert not visitor.page.hrefs(rf"/{closed}\?")
    visitor.follow(rf"/{SERVICE}/\d{{4}}-\d\d-\d\d\?instead=", 1)
    form = visitor.follow(r"/\d{8}T\d{4}Z\?instead=")
    assert (form.fields["name"]["value"], form.fields["contact"]["value"]) == (NAME, CONTACT)
    visitor.send()
    visitor.send("/confirmation")
    new = stored(hall, visitor.page)
    assert (new.state, new.name, new.contact) == (BookingState.CONFIRMED, NAME, CONTACT)
    assert as_stored(hall, one).state is BookingState.EXPIRED


def test_scenario_2_whoever_goes_back_to_the_form_is_told_by_the_times(visitor: Visitor, hall: Hall) -> None:
    visitor.hold(SERVICE, contact=CONTACT)
    one = stored(hall, visitor.page)
    visitor.follow(r"Z\?instead=")
    save(hall, closing(hall, one.starts_at.date()))
    page = visitor.send(name=NAME, contact="b@example.org")
    assert page.status == 409
    assert "لم يعد هذا الوقت متاحًا. السبب: صار ذلك اليوم يوم إغلاق." in page.text
    # The day has no times any more, so those of the next one are there, with what was typed.
    action = page.forms[-1][2][0]["formaction"]
    assert (one.starts_at + timedelta(days=1)).date().isoformat() in action
    visitor.post(action, page.forms[-1][1])
    assert stored(hall, visitor.page).contact == "b@example.org"


def test_scenario_2_in_english_the_reason_is_a_part_of_the_sentence(visitor: Visitor, hall: Hall) -> None:
    visitor.hold(SERVICE, contact=CONTACT)
    visitor.language = "en"
    save(hall, closing(hall, stored(hall, visitor.page).starts_at.date()))
    assert "but meanwhile that day is now closed." in visitor.open(visitor.page.url).text


def test_scenario_2_programs_read_why_and_are_refused_with_it(here: tuple[TestClient, Hall], hall: Hall) -> None:
    program = Program(here[0])
    token = program.hold("2026-11-24T08:30:00+03:00", SERVICE).body["token"]
    save(hall, closing(hall, date(2026, 11, 24)))
    told = program.get(f"bookings/{token}").body
    assert (told["state"], told["why"]) == ("expired", "closed")
    refused = program.post(f"bookings/{token}/confirmation", {})
    assert (refused.status, refused.code) == (409, "slot-withdrawn")
    assert re.search("that day is now closed|صار ذلك اليوم يوم إغلاق", refused.body["detail"])


def test_scenario_16_whose_time_somebody_else_has_on_the_last_step_chooses_another_without_typing(
    visitor: Visitor, hall: Hall, clock: FrozenClock
) -> None:
    visitor.hold(SERVICE, contact=CONTACT)
    one = stored(hall, visitor.page)
    clock.move(timedelta(minutes=11))
    assert fill_up(hall, SERVICE, one.starts_at) >= 1
    page = visitor.send("/confirmation")
    assert "لا حاجة إلى كتابة البيانات مرة أخرى." in page.text
    visitor.follow(rf"/{SERVICE}/days\?instead=")
    visitor.follow(rf"/{SERVICE}/{one.starts_at.date()}\?instead=")
    assert not visitor.page.hrefs(rf"/{one.starts_at:%Y%m%dT%H%MZ}\?")
    form = visitor.follow(r"/\d{8}T\d{4}Z\?instead=")
    assert (form.fields["name"]["value"], form.fields["contact"]["value"]) == (NAME, CONTACT)
    visitor.send()
    visitor.send("/confirmation")
    new = stored(hall, visitor.page)
    assert (new.state, new.name, new.contact) == (BookingState.CONFIRMED, NAME, CONTACT)
    assert as_stored(hall, one).state is BookingState.EXPIRED
