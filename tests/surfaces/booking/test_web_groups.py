"""Booking for several people, and services that begin with a call, as the public and staff see them."""

from __future__ import annotations

import re

import pytest

from queue_system.surfaces.booking.times import read_start
from tests.kit.hall import Hall
from tests.kit.public_visitor import NAME, PHONE, Visitor, fill_up, stored
from tests.kit.services import set_place, set_service
from tests.kit.web_hall import Page, another, sign_in

SERVICE = "passport-lost"
MOST = 4
NUMBER = "+97444001122"


@pytest.fixture
def grouped(hall: Hall) -> Hall:
    return set_service(hall, SERVICE, group_max=MOST)


def test_a_visitor_says_how_many_come_and_everybody_sees_it(visitor: Visitor, grouped: Hall) -> None:
    assert "يمكن أن يحضر حتى 4 أشخاص معًا في موعد واحد" in visitor.open(f"/book/doha-main/{SERVICE}").text
    form = visitor.choose_time(SERVICE)
    assert re.findall(r'<option value="(\d+)"', form.html.split('name="persons"')[1].split("</select>")[0]) == list(
        "1234"
    )
    wrong = visitor.send(name=NAME, contact=PHONE, persons="5")
    assert wrong.status == 422
    assert "شخص واحد على الأقل، و4 على الأكثر" in wrong.text
    check = visitor.send(name=NAME, contact=PHONE, persons="3")
    assert "عدد الحاضرين 3 أشخاص" in check.text
    # The form to which "change" leads has the number chosen.
    assert '<option value="3" selected>' in visitor.follow(r"Z\?instead=").html
    visitor.open(check.url)
    done = visitor.send("/confirmation")
    assert "3 أشخاص" in done.text
    booked = stored(grouped, done)
    assert booked.persons == 3
    staff = another(visitor.client)
    sign_in(staff, "rana", "en")
    day = f"/appointments/doha-main?day={booked.starts_at.date()}"
    for address in (f"{day}&view=list", f"/appointments/doha-main/{booked.id}"):
        assert "3 people" in Page(staff.get(address).text).text
    assert "3 people" in Page(staff.post("/reception/doha-main/search", data={"text": booked.code}).text).text


def test_the_number_is_kept_when_the_time_has_gone(visitor: Visitor, grouped: Hall) -> None:
    form = visitor.choose_time(SERVICE)
    found = re.search(r"/(\d{8}T\d{4}Z)", form.url)
    assert found
    fill_up(grouped, SERVICE, read_start(found[1]))
    again = visitor.send(name=NAME, contact=PHONE, persons="2")
    assert again.status == 409
    (_, hidden, buttons), *_ = [one for one in again.forms if one[2] and one[1].get("persons")]
    assert hidden["persons"] == "2"
    visitor.post(buttons[0]["formaction"], hidden)
    assert "شخصان" in visitor.page.text


def test_a_service_for_one_does_not_ask_how_many(visitor: Visitor, hall: Hall) -> None:
    assert 'name="persons"' not in visitor.choose_time(SERVICE).html
    assert "عدد الحاضرين" not in visitor.send(name=NAME, contact=PHONE).text


def test_staff_say_how_many_come(visitor: Visitor, grouped: Hall) -> None:
    client = another(visitor.client)
    sign_in(client, "rana", "en")
    times = Page(client.get(f"/appointments/doha-main/new?service={SERVICE}").text)
    starts = re.findall(r'name="start" value="([^"]+)"', times.html)
    form = next(one for one in times.forms if one.action.endswith("/new") and "request_id" in one.values)
    held = client.post(form.action, data=form.values | {"start": starts[0]}).headers["location"]
    assert "How many will come?" in Page(client.get(held).text).text
    client.post(f"{held}/confirmation", data={"name": NAME, "persons": "4"})
    assert "4 people" in Page(client.get(held).text).text


def test_a_service_that_begins_with_a_call_says_so_and_is_not_booked_on_the_internet(
    visitor: Visitor, hall: Hall
) -> None:
    hall = set_service(hall, SERVICE, phone_intake=True)
    without = visitor.open(f"/book/doha-main/{SERVICE}")
    assert "تبدأ هذه الخدمة بمكالمة هاتفية" in without.text
    set_place(hall, phone=NUMBER)
    page = visitor.open(f"/book/doha-main/{SERVICE}")
    assert page.hrefs(f"tel:{re.escape(NUMBER)}")
    assert "أوقات الاستقبال" in page.text
    assert not page.hrefs("/days")
    assert visitor.open(f"/book/doha-main/{SERVICE}/days").url.endswith(f"/{SERVICE}")
    staff = another(visitor.client)
    sign_in(staff, "rana", "en")
    assert "First times" in Page(staff.get(f"/appointments/doha-main/new?service={SERVICE}").text).text
