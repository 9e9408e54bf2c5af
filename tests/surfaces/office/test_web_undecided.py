"""The list of what is to be decided, and the part of a page that shows what a change takes away."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from html import unescape
from typing import Any, cast
from uuid import UUID

import pytest
from starlette.testclient import TestClient

from queue_system.actions.safe_contact import set_contact_ways
from queue_system.clock import FrozenClock
from queue_system.core.effect import Effect
from queue_system.core.promises import Choice, Choices, Decided
from queue_system.core.support import Why
from queue_system.i18n.words import Words
from queue_system.store.log import SYSTEM
from queue_system.store.queries import audit
from queue_system.store.queries.approvals import requests
from queue_system.store.queries.bookings import BookingView
from queue_system.surfaces.office.effects import ShownEffect, read_choices, shown
from queue_system.web import kit
from tests.kit.browser_form import form_of
from tests.kit.deciding import as_stored, booked, closing, save
from tests.kit.hall import Hall
from tests.kit.people import add_role, give_in_department
from tests.kit.web_hall import sign_in

PAGE = "/office/undecided"
# The list of a person who may do everything.
EVERYTHING = "cancel-keep-later-move-contacts"
NAME, CONTACT = "سلمى الحسن", "a@example.org"


@pytest.fixture
def client(here: tuple[TestClient, Hall]) -> TestClient:
    return here[0]


@pytest.fixture
def start(clock: FrozenClock) -> datetime:
    """08:30 in Doha, in two days."""
    return clock.now().replace(hour=5, minute=30) + timedelta(days=2)


@pytest.fixture
def lost(hall: Hall, start: datetime) -> list[BookingView]:
    """Two appointments whose day was closed, and nobody has decided."""
    times = (start, CONTACT), (start + timedelta(hours=1), "b@example.org")
    found = [booked(hall, at, contact=contact) for at, contact in times]
    save(hall, closing(hall, start.date()))
    return found


def address(hall: Hall) -> str:
    return f"{PAGE}/{hall.branch.slug}"


def why(hall: Hall, key: str = EVERYTHING, **about: str) -> dict[str, str]:
    """The fields of the reasons of a list; the usual ones but for those that are given."""
    usual = {"move": "can-wait", "keep": "covered", "cancel": "not-needed", "text": ""}
    return {f"because-{name}-{hall.branch.slug}-{key}": one for name, one in (usual | about).items()}


def test_nothing_is_to_be_decided_until_something_is_lost(client: TestClient) -> None:
    sign_in(client, "admin")
    assert "لا مواعيد بانتظار قرار" in client.get(PAGE).text


def test_one_choice_decides_for_all_and_another_one_for_a_single_appointment(
    client: TestClient, hall: Hall, lost: list[BookingView]
) -> None:
    sign_in(client, "admin")
    page = client.get(PAGE).text
    assert all(one.code in page for one in lost)
    sent = {"list": EVERYTHING, "why-closed": "keep", f"booking-{lost[0].id}": "cancel", f"booking-{lost[1].id}": ""}
    answer = client.post(address(hall), data=sent | why(hall))
    assert (answer.status_code, answer.headers["location"]) == (303, f"{PAGE}?done=2&missed=0&asked=0")
    assert [as_stored(hall, one).decision for one in lost] == [Decided.CANCEL, Decided.KEEP]
    assert "نُفّذ القرار في موعدين" in client.get(answer.headers["location"]).text


def test_many_are_asked_for_after_the_page_has_said_why_and_kept_what_was_chosen(
    client: TestClient, hall: Hall, lost: list[BookingView], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("queue_system.actions.second_person.MANY_BOOKINGS", 1)
    sign_in(client, "admin")
    sent = {"list": EVERYTHING, "why-closed": "cancel", f"booking-{lost[0].id}": "cancel", f"booking-{lost[1].id}": ""}
    sent |= why(hall, cancel="other", text="العيادة مغلقة")
    page = client.post(address(hall), data=sent).text
    assert "شخص واحد ينقل أو يلغي أكثر من 20 موعدًا خلال يوم" in page
    assert "لا يوجد شخص آخر له أن يوافق" in page
    assert hall.db.read_now(requests) == []
    again = form_of(next(one for one in re.findall(r"<form.*?</form>", page, re.DOTALL) if 'name="list"' in one)).items
    assert {("why-closed", "cancel"), (f"booking-{lost[0].id}", "cancel")} <= set(again)
    assert why(hall, cancel="other", text="العيادة مغلقة").items() <= dict(again).items()
    asked = client.post(address(hall), data=sent | {"step": "ask"})
    assert asked.headers["location"] == "/office/approvals?said=asked"
    assert "طلب مفتوح من" in client.get(PAGE).text
    request = client.get("/office/approvals").text
    assert "سبب آخر تذكره ملاحظة" in request
    assert "العيادة مغلقة" in request
    assert [as_stored(hall, one).decision for one in lost] == [Decided.LATER, Decided.LATER]
    # The words go with the request, and without them it cannot be asked again.
    (waiting,) = hall.db.read_now(requests)
    assert client.post(f"/office/approvals/{waiting.id}/withdrawal").status_code == 303
    over = client.get("/office/approvals").text
    assert f"/office/approvals/{waiting.id}/again" not in over
    assert "لم يعد نص سبب هذا الطلب محفوظًا" in over


def test_every_decision_asks_for_its_reason_and_the_log_says_it(
    client: TestClient, hall: Hall, lost: list[BookingView]
) -> None:
    sign_in(client, "admin")
    sent = {"list": EVERYTHING, "why-closed": "keep", f"booking-{lost[0].id}": "cancel", f"booking-{lost[1].id}": ""}
    refused = client.post(address(hall), data=sent | why(hall, keep="", cancel="covered"))
    assert refused.status_code == 422
    # A reason for what nobody does is not asked for.
    assert refused.text.count("يُرجى اختيار سبب القرار") == 4, "two, each in the summary and at its field"
    assert [as_stored(hall, one).decision for one in lost] == [Decided.LATER, Decided.LATER]
    again = form_of(
        next(one for one in re.findall(r"<form.*?</form>", refused.text, re.DOTALL) if 'name="list"' in one)
    )
    assert {("why-closed", "keep"), (f"booking-{lost[0].id}", "cancel")} <= set(again.items)
    assert client.post(address(hall), data=sent | why(hall)).status_code == 303
    for kind, because in (("booking.kept", "covered"), ("booking.called_off", "not-needed")):
        (entry,) = hall.db.read_now(audit.entries, hall.branch.id, audit.Wanted(kind=kind), 10)
        assert entry.data["because"] == because
    log = client.get(f"/office/audit?place={hall.branch.slug}").text
    assert "سيُستقبل المراجع رغم ذلك" in log
    assert "لم تعد بالمراجع حاجة إليه" in log


def test_another_reason_is_written_and_kept_as_a_note(client: TestClient, hall: Hall, lost: list[BookingView]) -> None:
    sign_in(client, "admin")
    sent = {"list": EVERYTHING, "why-closed": "later", f"booking-{lost[0].id}": "cancel"}
    for text, told in (("", "السبب الآخر"), ("م" * 501, "500")):
        refused = client.post(address(hall), data=sent | why(hall, cancel="other", text=text))
        assert (refused.status_code, told in refused.text, text in refused.text) == (422, True, True)
    done = client.post(address(hall), data=sent | why(hall, cancel="other", text="وفاة في العائلة"))
    assert done.status_code == 303
    assert "وفاة في العائلة" in client.get(f"/appointments/{hall.branch.slug}/{lost[0].id}/notes").text
    (entry,) = hall.db.read_now(audit.entries, hall.branch.id, audit.Wanted(kind="booking.called_off"), 10)
    assert entry.data["because"] == "other"
    assert "وفاة" not in str([one.data for one in hall.db.read_now(audit.entries, hall.branch.id, audit.Wanted(), 99)])
    assert "وفاة" not in client.get(f"/appointments/{hall.branch.slug}/{lost[1].id}/notes").text


def test_a_contact_is_shown_with_everything_that_was_chosen(
    client: TestClient, hall: Hall, lost: list[BookingView]
) -> None:
    sign_in(client, "admin")
    sent = {"list": EVERYTHING, "why-closed": "cancel", f"booking-{lost[0].id}": "keep"} | why(hall, text="x")
    shown = client.post(f"{address(hall)}/{lost[0].id}/contact", data=sent).text
    assert CONTACT in shown
    kept = form_of(next(one for one in re.findall(r"<form.*?</form>", shown, re.DOTALL) if 'name="list"' in one))
    assert sent.items() <= dict(kept.items).items()


def test_what_is_left_for_later_stays_on_the_list(client: TestClient, hall: Hall, lost: list[BookingView]) -> None:
    sign_in(client, "admin")
    assert (
        client.post(address(hall), data={"list": EVERYTHING, "why-closed": "later"})
        .headers["location"]
        .endswith("done=0&missed=0&asked=0")
    )
    assert all(one.code in client.get(PAGE).text for one in lost)


def test_names_and_contacts_are_for_people_who_may_see_them(
    client: TestClient, hall: Hall, lost: list[BookingView]
) -> None:
    hall.person("karima", ((hall.branch.id, "supervisor"),))
    sign_in(client, "karima")
    page = client.get(PAGE).text
    assert lost[0].code in page
    assert NAME not in page
    refused = client.post(f"{address(hall)}/{lost[0].id}/contact")
    assert refused.status_code == 404
    sign_in(client, "admin")
    page = client.get(PAGE).text
    assert NAME in page
    assert CONTACT not in page
    told = client.post(f"{address(hall)}/{lost[0].id}/contact").text
    assert CONTACT in told
    assert "b@example.org" not in told
    (entry,) = hall.db.read_now(audit.entries, hall.branch.id, audit.Wanted(kind="booking.looked_up"), 10)
    assert (entry.subject, entry.data["by"]) == (str(lost[0].id), "call")


def test_whoever_wants_no_contact_is_not_called(client: TestClient, hall: Hall, lost: list[BookingView]) -> None:
    ways = {0: ("none", "")}
    hall.db.write_in_now(hall.branch.id, set_contact_ways, hall.branch.id, lost[0].id, SYSTEM, ways)
    sign_in(client, "admin")
    assert "دون أي تواصل" in client.get(PAGE).text
    assert f"{lost[0].id}/contact" not in client.get(PAGE).text
    assert CONTACT not in client.post(f"{address(hall)}/{lost[0].id}/contact").text


def test_each_right_counts_in_its_department_alone(client: TestClient, hall: Hall, lost: list[BookingView]) -> None:
    """To move appointments of one department is no permission to see those of another, or to call these off."""
    hall.person("dana", ())
    for right, department in (("move_bookings", "consular"), ("cancel_bookings", "legal"), ("see_contacts", "legal")):
        give_in_department(hall, "dana", add_role(hall, f"only-{right}", right), department)
    sign_in(client, "dana")
    page = client.get(PAGE).text
    assert lost[0].code in page
    assert NAME not in page
    assert 'value="cancel"' not in page
    assert client.post(f"{address(hall)}/{lost[0].id}/contact").status_code == 404
    (key,) = re.findall(r'name="list" value="([^"]*)"', page)
    client.post(address(hall), data={"list": key, "why-closed": "cancel"} | why(hall, key))
    client.post(address(hall), data={"list": EVERYTHING, "why-closed": "keep"} | why(hall))
    assert [as_stored(hall, one).decision for one in lost] == [Decided.LATER, Decided.LATER]
    client.post(address(hall), data={"list": key, "why-closed": "keep"} | why(hall, key))
    assert [as_stored(hall, one).decision for one in lost] == [Decided.KEEP, Decided.KEEP]


def test_a_form_decides_on_its_own_list_alone(client: TestClient, hall: Hall, start: datetime) -> None:
    """Two departments in which a person may do different things have lists of their own, with the same reasons."""
    legal = next(
        service
        for service in hall.branch.services.values()
        if hall.branch.departments[service.department_id].slug == "legal"
    )
    one, other = booked(hall, start), booked(hall, start, legal.slug, contact="c@example.org")
    save(hall, closing(hall, start.date()))
    hall.person("dana", ())
    give_in_department(hall, "dana", add_role(hall, "only-move", "move_bookings"), "consular")
    give_in_department(hall, "dana", add_role(hall, "all-legal", "move_bookings", "cancel_bookings"), "legal")
    sign_in(client, "dana")
    page = client.get(PAGE).text
    found = re.findall(r'name="list" value="([^"]*)"', page)
    assert sorted(found) == ["cancel-keep-later-move", "keep-later-move"]
    own = "cancel-keep-later-move"
    client.post(address(hall), data={"list": own, "why-closed": "keep"} | why(hall, own))
    assert as_stored(hall, other).decision is Decided.KEEP
    assert as_stored(hall, one).decision is Decided.LATER


def test_choices_that_one_may_not_make_are_not_read(lost: list[BookingView]) -> None:
    sent = [("why-closed", "cancel"), ("why-nonsense", "keep"), ("booking-1", "keep"), ("why-hours", "keep")]
    may = frozenset({Choice.KEEP, Choice.LATER})
    assert read_choices(sent, may) == Choices({Why.HOURS: Choice.KEEP})
    assert read_choices(sent, may).of(lost[0].id, Why.CLOSED) is Choice.LATER


def test_a_preview_shows_the_days_the_appointments_and_the_choices(
    client: TestClient, hall: Hall, start: datetime
) -> None:
    one = booked(hall, start)
    taken, _ = save(hall, closing(hall, start.date()))
    html = rendered(client, taken, hall, {one.id: NAME})
    text = " ".join(unescape(re.sub(r"<[^>]+>|[\u2066-\u2069]", " ", html)).split())
    assert "أيام يتغيّر دوامها" in text
    assert "مغلق" in text
    assert "موعد واحد يتأثر" in text
    assert NAME in text
    assert f'name="booking-{one.id}"' in html
    assert html.count('name="why-closed"') == len(Choice)


def test_days_that_change_alike_are_told_together(hall: Hall, start: datetime) -> None:
    days = [date(2026, 11, 24), date(2026, 11, 25)]
    taken = [save(hall, closing(hall, day))[0].days for day in days]
    words = kit.words_of("ar", hall.branch)
    every = Effect(days=tuple(day for found in taken for day in found if day.service is None))
    (stretch,) = as_shown(every, hall, words).stretches
    assert (len(stretch.days), stretch.after) == (2, ())
    assert as_shown(Effect(), hall, words).nothing


def as_shown(effect: Effect, hall: Hall, words: Words, names: dict[UUID, str] | None = None) -> ShownEffect:
    return shown(effect, hall.branch, words, Choices(), frozenset(Choice), {}, names)


def rendered(client: TestClient, effect: Effect, hall: Hall, names: dict[UUID, str]) -> str:
    """The part as the form of a page includes it."""
    part = '{% from "office/_effect.html" import effect_of with context %}{{ effect_of(effect) }}'
    words = kit.words_of("ar", hall.branch)
    templates = cast(Any, client.app).state.installation.templates
    values = {"t": words.html, "tn": words.html_plural, "words": words, "lang": "ar"}
    return str(templates.from_string(part).render(values | {"effect": as_shown(effect, hall, words, names)}))
