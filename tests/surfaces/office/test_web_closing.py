"""To close a day, to change the lines of the week, and to give one day other hours: preview, then save."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from html import unescape

import pytest
from starlette.testclient import TestClient

from queue_system.actions.settings import preview, save
from queue_system.clock import FrozenClock
from queue_system.core.hours import windows
from queue_system.core.promises import Decided
from queue_system.settings.edits import Edit
from queue_system.store.database import Tx
from queue_system.store.log import SYSTEM
from queue_system.store.queries.hours import DeclaredHours, declared_hours
from queue_system.store.queries.settings import BranchSettings, branch_settings
from tests.kit.deciding import as_stored, booked
from tests.kit.editing_flow import inputs, send, through, with_values
from tests.kit.hall import Hall
from tests.kit.people import add_role
from tests.kit.web_hall import sign_in

CLOSING = "/office/closing/doha-main"
CLOSURES = "/office/closures/doha-main"
WEEK = "/office/hours/doha-main/week"
REASON = {"names.ar": "صيانة", "names.en": "Maintenance"}


@pytest.fixture
def client(here: tuple[TestClient, Hall]) -> TestClient:
    sign_in(here[0], "admin")
    return here[0]


@pytest.fixture
def start(clock: FrozenClock) -> datetime:
    """08:30 in Doha, in two days."""
    return clock.now().replace(hour=5, minute=30) + timedelta(days=2)


def settings(hall: Hall) -> BranchSettings:
    return hall.db.read_now(branch_settings, hall.branch.id)


def declared(hall: Hall) -> DeclaredHours:
    return hall.db.read_now(declared_hours, hall.branch.id)


def test_a_closed_day_is_previewed_with_its_appointments_then_saved(
    client: TestClient, hall: Hall, start: datetime
) -> None:
    one = booked(hall, start)
    day = start.date()
    sent = [("first", f"{day}"), ("last", ""), ("for", "branch"), ("closes", ""), ("opens", ""), *REASON.items()]
    page = send(client, CLOSING, sent).text
    assert one.code in page
    assert windows(day, settings(hall).calendar)
    saved = through(client, CLOSING, sent, **{"why-closed": "keep"})
    assert saved.status_code == 303
    assert saved.headers["location"].startswith(f"{CLOSURES}?saved=")
    assert windows(day, settings(hall).calendar) == ()
    assert as_stored(hall, one).decision is Decided.KEEP
    assert "صيانة" in client.get(saved.headers["location"]).text


def test_appointments_that_are_decided_later_are_counted_after_the_save_with_the_way_to_them(
    client: TestClient, hall: Hall, start: datetime
) -> None:
    kept, *_ = [booked(hall, start + timedelta(hours=hour), contact=f"{hour}@example.org") for hour in range(3)]
    sent = [
        ("first", f"{start.date()}"),
        ("last", ""),
        ("for", "branch"),
        ("closes", ""),
        ("opens", ""),
        *REASON.items(),
    ]
    saved = through(client, CLOSING, sent, **{"why-closed": "later", f"booking-{kept.id}": "keep"})
    page = client.get(saved.headers["location"]).text
    notice = page[page.index('class="saved"') :].partition("</p></div>")[0]
    assert "موعدان" in notice
    assert 'href="/office/undecided"' in notice


def test_one_service_or_a_part_of_the_day_can_be_closed(client: TestClient, hall: Hall, start: datetime) -> None:
    day, service = start.date(), hall.service("civil-extract")
    sent = [
        ("first", f"{day}"),
        ("last", f"{day}"),
        ("for", "service:civil-extract"),
        ("closes", "12:00"),
        *REASON.items(),
    ]
    assert through(client, CLOSING, sent).status_code == 303
    calendar = settings(hall).calendar
    assert [window.closes.hour for window in windows(day, calendar, service)] == [12]
    assert [window.closes.hour for window in windows(day, calendar)] == [14]


def test_a_tag_closes_its_services_in_all_branches(client: TestClient, hall: Hall, start: datetime) -> None:
    day = start.date()
    sent = [("first", f"{day}"), ("last", f"{day}"), ("for", "tag:fee_bearing"), *REASON.items()]
    assert through(client, CLOSING, sent).status_code == 303
    (closure,) = declared(hall).organisation.catalogue.closures
    assert (closure.service_tag, closure.first) == ("fee_bearing", day)


def test_a_closure_is_changed_and_removed(client: TestClient, hall: Hall, start: datetime) -> None:
    day = start.date()
    through(client, CLOSING, [("first", f"{day}"), ("for", "branch"), *REASON.items()])
    page = client.get(f"{CLOSING}?of=branch&change=0").text
    later = f"{day + timedelta(days=1)}"
    through(client, CLOSING, with_values(inputs(page), first=later, last=later))
    (closure,) = declared(hall).branch.closures
    assert f"{closure.first}" == f"{closure.last}" == later
    (sent,) = re.findall(r'name="closure" value="([^"]*)"', client.get(CLOSURES).text)
    assert through(client, CLOSURES, [("of", "branch"), ("closure", unescape(sent))]).status_code == 303
    assert declared(hall).branch.closures == ()


def test_own_value_in_a_conflict_leaves_all_other_closures(client: TestClient, hall: Hall, start: datetime) -> None:
    days = [start.date() + timedelta(days=7 * number) for number in (1, 2, 3)]
    for day in days:
        through(client, CLOSING, [("first", f"{day}"), ("for", "branch"), *REASON.items()])
    page = inputs(client.get(f"{CLOSING}?of=branch&change=1").text)
    theirs, mine = (days[1] + timedelta(days=number) for number in (1, 2))
    through(client, CLOSING, with_values(page, last=f"{theirs}"))
    asked = send(client, CLOSING, with_values(page, last=f"{mine}"))
    assert asked.status_code == 409
    (seen,) = re.findall(r'name="theirs-branch/doha-main/closures" value="([^"]*)"', asked.text)
    field = "branch/doha-main/closures"
    chosen = {"last": f"{mine}", f"theirs-{field}": unescape(seen), f"keep-{field}": "yours"}
    assert through(client, CLOSING, with_values(page, **chosen)).status_code == 303
    kept = [(one.first, one.last) for one in declared(hall).branch.closures]
    assert {(days[0], days[0]), (days[1], mine), (days[2], days[2])} <= set(kept)


@pytest.mark.parametrize("seen", ["[1]", '{"a": 1}', "5"])
def test_a_value_of_others_that_the_field_cannot_have_decides_nothing(
    client: TestClient, start: datetime, seen: str
) -> None:
    field = "branch/doha-main/closures"
    forged = {f"theirs-{field}": seen, f"keep-{field}": "yours"}
    sent = [("first", f"{start.date()}"), ("for", "branch"), *REASON.items(), *forged.items()]
    assert send(client, CLOSING, sent).status_code == 200


def test_what_is_wrong_is_told_and_what_was_typed_stays(client: TestClient, start: datetime) -> None:
    sent = [("first", f"{start.date()}"), ("last", "2026-11-01"), ("for", "branch"), *REASON.items()]
    answer = send(client, CLOSING, sent)
    assert answer.status_code == 422
    assert 'id="last-error"' in answer.text
    assert 'value="2026-11-01"' in answer.text
    assert "صيانة" in answer.text


def test_whoever_may_only_close_days_cannot_change_the_week(client: TestClient, hall: Hall, start: datetime) -> None:
    hall.person("dana", ((hall.branch.id, add_role(hall, "closer", "close_day")),))
    sign_in(client, "dana")
    assert client.get(WEEK).status_code == 403
    assert "tag:fee_bearing" not in client.get(CLOSING).text
    sent = [("first", f"{start.date()}"), ("for", "branch"), *REASON.items()]
    assert through(client, CLOSING, sent).status_code == 303
    assert (
        send(client, CLOSING, [("first", f"{start.date()}"), ("for", "tag:fee_bearing"), *REASON.items()]).status_code
        == 422
    )


def test_two_people_who_change_different_lines_both_succeed_and_of_the_same_line_one_is_asked(
    client: TestClient, hall: Hall
) -> None:
    page = inputs(client.get(WEEK).text)
    first = with_values(list(page), **{"hours.0.opens": "08:00"})
    other = with_values(list(page), **{"hours.2.closes": "14:00"})
    same = with_values(list(page), **{"hours.0.opens": "07:30"})
    assert through(client, WEEK, first).status_code == 303
    assert through(client, WEEK, other).status_code == 303
    opens, closes = declared(hall).branch.hours[0].opens, declared(hall).branch.hours[2].closes
    assert (f"{opens:%H:%M}", f"{closes:%H:%M}") == ("08:00", "14:00")
    assert send(client, WEEK, same).status_code == 409


def test_the_empty_line_adds_a_line_and_a_ticked_box_removes_one(client: TestClient, hall: Hall) -> None:
    page = inputs(client.get(WEEK).text)
    new = {"hours.4.layer": "regular", "hours.4.opens": "17:00", "hours.4.closes": "19:00", "hours.4.in_month": "1"}
    sent = [*with_values(list(page), **new), ("hours.4.days", "tue"), ("hours.3.gone", "yes")]
    assert through(client, WEEK, sent).status_code == 303
    rules = declared(hall).branch.hours
    assert len(rules) == 4
    assert [rule.days for rule in rules if rule.in_month == 1] == [(1,)]
    assert "الأول من كل شهر" in client.get("/office/hours/doha-main").text


def test_one_day_gets_other_hours_even_if_it_is_a_holiday(client: TestClient, hall: Hall) -> None:
    address = "/office/hours/doha-main/day/2026-12-08"
    assert through(client, address, [("opens", "10:00"), ("closes", "12:00")]).status_code == 303
    assert any(rule.opens_anyway for rule in declared(hall).branch.hours)
    day = date(2026, 12, 8)
    found = windows(day, settings(hall).calendar)
    assert [f"{one.opens:%H:%M}" for one in found] == ["10:00"]
    (sent,) = re.findall(r'name="without" value="([^"]*)"', client.get(address).text)
    assert through(client, address, [("without", unescape(sent))]).status_code == 303
    assert windows(day, settings(hall).calendar) == ()


def test_a_preview_of_a_long_list_shows_what_differs_alone(client: TestClient) -> None:
    page = send(client, WEEK, with_values(inputs(client.get(WEEK).text), **{"hours.0.opens": "08:00"})).text
    said = page[page.index('id="changes"') : page.index('id="effect-days"')]
    assert "08:00" in said
    assert "12:30" not in said, "the hours of a service stay"


def test_what_is_wrong_with_a_line_is_told_beside_it(client: TestClient) -> None:
    sent = with_values(inputs(client.get(WEEK).text), **{"hours.0.closes": "13:00"})
    answer = send(client, WEEK, sent)
    assert answer.status_code == 422
    assert 'id="hours.0.last_ticket-error"' in answer.text
    assert 'value="13:00"' in answer.text


def saved_closures(hall: Hall, closures: list[dict[str, object]]) -> None:
    """The branch has these closures besides."""

    def written(tx: Tx) -> None:
        edit = Edit("branch", "doha-main", {"closures": []}, {"closures": closures})
        sha256 = preview(tx, hall.branch.id, [edit]).sha256
        save(tx, hall.branch.id, [edit], sha256, actor=SYSTEM, person=None)

    hall.db.write_now(written)


def test_a_changed_closure_keeps_what_the_form_does_not_ask_for(
    client: TestClient, hall: Hall, start: datetime
) -> None:
    day = f"{start.date() + timedelta(days=60)}"
    both = sorted(declared(hall).branch.services)[:2]
    names = {"ar": "صيانة", "en": "Maintenance"}
    saved_closures(hall, [{"first": day, "last": day, "names": names, "services": both, "provisional": True}])
    sent = inputs(client.get(f"{CLOSING}?of=branch&change=0").text)
    assert through(client, CLOSING, with_values(sent, **{"names.en": "Repairs"})).status_code == 303
    (closure,) = declared(hall).branch.closures
    assert (closure.names["en"], list(closure.services or ()), closure.provisional) == ("Repairs", both, True)
    sent = inputs(client.get(f"{CLOSING}?of=branch&change=0").text)
    assert through(client, CLOSING, with_values(sent, **{"for": f"service:{both[0]}"})).status_code == 303
    (closure,) = declared(hall).branch.closures
    assert (list(closure.services or ()), closure.provisional) == (both[:1], True)


def test_a_reason_in_one_language_is_enough(client: TestClient, hall: Hall, start: datetime) -> None:
    day = start.date() + timedelta(days=60)
    sent = [("first", f"{day}"), ("last", ""), ("for", "branch"), ("names.ar", "صيانة"), ("names.en", "")]
    assert through(client, CLOSING, sent).status_code == 303
    (closure,) = declared(hall).branch.closures
    assert closure.names == {"ar": "صيانة", "en": "صيانة"}
    # The copy is not shown, so whoever corrects the one language corrects both.
    again = inputs(client.get(f"{CLOSING}?of=branch&change=0").text)
    assert dict(again)["names.en"] == ""
    assert through(client, CLOSING, with_values(again, **{"names.ar": "عطل"})).status_code == 303
    (closure,) = declared(hall).branch.closures
    assert closure.names == {"ar": "عطل", "en": "عطل"}
    again = inputs(client.get(f"{CLOSING}?of=branch&change=0").text)
    without = client.post(CLOSING, data=dict(with_values(again, **{"names.ar": ""})))
    assert without.status_code == 422


def test_a_changed_closure_stays_in_its_branch_or_for_all_branches(
    client: TestClient, hall: Hall, start: datetime
) -> None:
    day = f"{start.date()}"
    for whom in ("branch", "tag:fee_bearing"):
        through(client, CLOSING, [("first", day), ("for", whom), *REASON.items()])
    for of, other in (("branch", "everywhere"), ("everywhere", "branch")):
        page = client.get(f"{CLOSING}?of={of}&change=0").text
        assert f'<option value="{other}"' not in page
        assert send(client, CLOSING, with_values(inputs(page), **{"for": other})).status_code == 422


@pytest.mark.parametrize("broken", ["[1]", "5", "{}", '{"first": 5}', "{"])
def test_an_element_that_cannot_be_read_is_not_found_and_adds_nothing(client: TestClient, broken: str) -> None:
    sent = [("first", "2027-05-05"), ("for", "branch"), *REASON.items(), ("replaces", broken)]
    assert send(client, CLOSING, sent).status_code == 404
    assert send(client, CLOSURES, [("of", "branch"), ("closure", broken)]).status_code == 404
    exception = [("opens", "10:00"), ("closes", "12:00"), ("without", broken)]
    assert send(client, "/office/hours/doha-main/day/2027-01-05", exception).status_code == 404


def test_a_day_before_today_is_not_closed_and_one_that_has_begun_can_be_changed(
    client: TestClient, hall: Hall, clock: FrozenClock
) -> None:
    today = clock.now().date()
    yesterday = f"{today - timedelta(days=1)}"
    refused = send(client, CLOSING, [("first", yesterday), ("for", "branch"), *REASON.items()])
    assert refused.status_code == 422
    assert 'id="first-error"' in refused.text
    names = {"ar": "صيانة", "en": "Maintenance"}
    saved_closures(hall, [{"first": yesterday, "last": f"{today}", "names": names}])
    page = inputs(client.get(f"{CLOSING}?of=branch&change=0").text)
    assert send(client, CLOSING, with_values(page, last=f"{today + timedelta(days=1)}")).status_code == 200


def test_another_line_leads_to_the_empty_line_at_the_end(client: TestClient) -> None:
    page = client.get(WEEK).text
    new = {"hours.4.layer": "regular", "hours.4.opens": "17:00", "hours.4.closes": "19:00", "another": "yes"}
    page = send(client, WEEK, [*with_values(inputs(page), **new), ("hours.4.days", "tue")]).text
    assert f'formaction="{WEEK}#last-line"' in page
    assert page.index('id="hours.4"') < page.index('id="last-line"')
    assert page.index('id="hours.5"') < page.index('id="last-line"')
