"""The pages of people who must not meet: what staff with the right do there, and what nobody else can tell from any page."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest
import sqlalchemy as sa
from starlette.testclient import TestClient

from queue_system.actions.approvals import approve
from queue_system.actions.tickets import check_in
from queue_system.clock import FrozenClock
from queue_system.core.bookings import BookingState
from queue_system.store.log import SYSTEM, Actor
from queue_system.store.queries import audit, line
from queue_system.store.queries.approvals import requests
from queue_system.store.tables import Booking, table
from tests.kit.apart_hall import CONTACT, HE, SHE, at, book, hold, met, pair, protect, read
from tests.kit.browser_form import form_of
from tests.kit.hall import Hall, edit
from tests.kit.people import add_role
from tests.kit.web_hall import Page, another, clerk, opened, sign_in

BOOK = "/appointments/wifaq"
PAIRS = f"{BOOK}/apart"
BOOKS = ("book_for_visitor", "create_protected_case")
UNDECIDED = "/office/undecided/wifaq"
# On the button of a time.
MARK = "– kept apart"


@pytest.fixture
def house(tmp_path: Path, sqlite_url: str, clock: FrozenClock) -> Iterator[tuple[TestClient, Hall]]:
    """The family centre; `keeper` may keep people apart, `desk` books only."""

    def people(hall: Hall) -> None:
        for role, rights in (
            ("keeper", (*BOOKS, "check_in", "call_next", "move_bookings", "cancel_bookings", "keep_apart")),
            ("desk", (*BOOKS, "check_in")),
        ):
            add_role(hall, role, *rights)
            hall.person(role, ((hall.branch.id, role),))

    with opened(sqlite_url, tmp_path, clock, "social-work", "wifaq", people) as found:
        yield found


def test_a_pair_is_made_found_and_ended_on_its_page(house: tuple[TestClient, Hall]) -> None:
    client, _hall = house
    sign_in(client, "keeper", "en")
    assert 'href="/appointments/wifaq/apart"' in client.get(BOOK).text
    form = {"one": SHE, "other": HE, "scope": "building-day", "reason": "court", "minutes": "", "until": ""}
    wrong = client.post(PAIRS, data=form | {"other": "Basel"})
    assert wrong.status_code == 422
    assert "a name alone is not enough" in wrong.text
    assert SHE in wrong.text, "what was typed stays"
    assert client.post(PAIRS, data=form).headers["location"] == f"{PAIRS}?done=made"
    page = client.get(PAIRS)
    assert SHE not in page.text
    assert "This person is on the list." in client.post(f"{PAIRS}/search", data={"who": "wq 2026 115"}).text
    assert "This person is not on the list." in client.post(f"{PAIRS}/search", data={"who": "WQ-1"}).text
    (found,) = re.findall(r"\?ask=([0-9a-f-]{36})", page.text)
    assert "Keep these two apart no more?" in client.get(f"{PAIRS}?ask={found}").text
    assert client.post(f"{PAIRS}/{found}/end").headers["location"] == f"{PAIRS}?done=ended"
    assert "Nobody is on the list." in client.get(PAIRS).text


def test_two_that_meet_are_listed_and_accepted(house: tuple[TestClient, Hall]) -> None:
    client, hall = house
    hers, his = book(hall, SHE, at(24, 8, 15)), book(hall, HE, at(24, 11, 30), CONTACT)
    pair(hall)
    sign_in(client, "keeper", "en")
    page = client.get(PAIRS).text
    assert "Meetings to be decided" in page
    assert all(f"{BOOK}/{one}" in page for one in (hers, his))
    (form,) = [one for one in Page(page).forms if one.action.endswith("/accept")]
    assert client.post(form.action, data={"booking": [str(hers), str(his)], "why": "escorted"}).status_code == 303
    assert not met(hall)
    assert "To be decided" not in client.get(PAIRS).text


def test_in_a_protected_service_a_second_person_is_asked_on_the_page(house: tuple[TestClient, Hall]) -> None:
    client, hall = house
    protect(hall)
    add_role(hall, "second", "keep_apart", "approve")
    second = hall.person("second", ((hall.branch.id, "second"),))
    hers, his = book(hall, SHE, at(24, 8, 15)), book(hall, HE, at(24, 11, 30), CONTACT)
    made = pair(hall)
    sign_in(client, "keeper", "en")
    assert "In a protected service two people accept it together." in client.get(PAIRS).text
    sent = {"booking": [str(hers), str(his)], "why": "escorted"}
    assert client.post(f"{PAIRS}/{made}/accept", data=sent).headers["location"] == f"{PAIRS}?done=asked"
    page = client.get(PAIRS).text
    assert "A second person is asked." in page
    assert "Ask a second person" not in page
    take_back(client, hall)
    (form,) = [form for form in re.findall(r"<form.*?</form>", client.get(PAIRS).text, re.DOTALL) if "/accept" in form]
    assert dict(form_of(form).items)["why"] == "escorted", "the reason stays"
    assert client.post(f"{PAIRS}/{made}/accept", data=sent).headers["location"] == f"{PAIRS}?done=asked"
    asked, _ = hall.db.read_now(requests)
    # The second person sees codes and the reason, and no name.
    other = another(client)
    sign_in(other, "second", "en")
    shown = other.get("/office/approvals").text
    assert read(hall, his).code in shown
    assert HE not in shown
    assert "Ask a second person" in other.get(PAIRS).text, "a request of somebody else is in nobody's way"
    hall.db.write_now(approve, asked.id, Actor("staff", str(second)))
    page = client.get(PAIRS).text
    assert "It can be accepted now." in page
    assert "one of them is escorted" in page
    assert "a court has ordered it" not in page, "only the reason that was approved"
    assert client.post(f"{PAIRS}/{made}/accept", data=sent).headers["location"] == f"{PAIRS}?done=accepted"
    assert not met(hall)


def test_a_hold_waits_on_its_page_for_a_second_person(house: tuple[TestClient, Hall]) -> None:
    client, hall = house
    protect(hall)
    second = hall.person("second", ((hall.branch.id, add_role(hall, "second", "keep_apart", "approve")),))
    book(hall, SHE, at(24, 8, 15))
    pair(hall)
    his = hold(hall, at(24, 11, 30), CONTACT)
    one, sent = f"{BOOK}/{his}", {"name": HE, "later": "1"}
    desk = another(client)
    sign_in(desk, "desk", "en")
    assert "kept apart" not in desk.post(f"{one}/confirmation", data=sent).text
    sign_in(client, "keeper", "en")
    refused = client.post(f"{one}/confirmation", data=sent)
    assert refused.status_code == 409
    assert "a second person must approve it" in refused.text
    assert "Why it is accepted" in refused.text
    asked = client.post(f"{one}/confirmation", data=sent | {"apart": "escorted"})
    assert asked.headers["location"] == one
    page = client.get(one).text
    assert "A second person is asked." in page
    assert f'value="{HE}"' in page, "what was typed stays"
    (request,) = hall.db.read_now(requests)
    # Pressed again meanwhile, it still waits, and nobody else reads why.
    assert client.post(f"{one}/confirmation", data=sent | {"apart": "escorted"}).headers["location"] == one
    assert len(hall.db.read_now(requests)) == 1
    assert "second person" not in desk.get(one).text
    hall.db.write_now(approve, request.id, Actor("staff", str(second)))
    (form,) = [form for form in Page(client.get(one).text).forms if form.action.endswith("/confirmation")]
    assert client.post(form.action, data={**sent, "apart": form.values["apart"]}).headers["location"] == one
    assert read(hall, his).state is BookingState.CONFIRMED
    assert not met(hall)


def test_a_request_that_was_taken_back_is_asked_again_for_the_same_reason(house: tuple[TestClient, Hall]) -> None:
    client, hall = house
    protect(hall)
    hall.person("second", ((hall.branch.id, add_role(hall, "second", "keep_apart", "approve")),))
    book(hall, SHE, at(24, 8, 15))
    pair(hall)
    one = f"{BOOK}/{hold(hall, at(24, 11, 30), CONTACT)}"
    sign_in(client, "keeper", "en")
    client.post(f"{one}/confirmation", data={"name": HE, "later": "1", "apart": "escorted"})
    take_back(client, hall)
    page = client.get(one).text
    assert '<option value="escorted" selected>' in page
    # A mistake in something else forgets the reason no more than the rest.
    wrong = client.post(f"{one}/confirmation", data={"name": HE, "contact": "x@", "later": "1", "apart": "court-order"})
    assert (wrong.status_code, '<option value="court-order" selected>' in wrong.text) == (422, True)
    desk = another(client)
    sign_in(desk, "desk", "en")
    assert "escorted" not in desk.get(one).text
    wrong = desk.post(f"{one}/confirmation", data={"name": HE, "contact": "x@", "later": "1", "apart": "court-order"})
    assert (wrong.status_code, "court" in wrong.text) == (422, False)
    form = dict(
        form_of(next(form for form in re.findall(r"<form.*?</form>", page, re.DOTALL) if "/confirmation" in form)).items
    )
    sent = {"name": form["name"], "apart": form["apart"], "later": "1"}
    assert client.post(f"{one}/confirmation", data=sent).headers["location"] == one
    assert [request.params["why"] for request in hall.db.read_now(requests)] == ["escorted"] * 2


def take_back(client: TestClient, hall: Hall) -> None:
    """Withdraw the newest request."""
    newest = hall.db.read_now(requests)[0]
    assert client.post(f"/office/approvals/{newest.id}/withdrawal").status_code == 303


def test_what_waits_for_a_second_person_can_be_given_back(house: tuple[TestClient, Hall]) -> None:
    client, hall = house
    protect(hall)
    book(hall, SHE, at(24, 8, 15))
    pair(hall)
    one = f"{BOOK}/{hold(hall, at(24, 11, 30), CONTACT)}"
    sign_in(client, "keeper", "en")
    client.post(f"{one}/confirmation", data={"name": HE, "later": "1", "apart": "escorted"})
    (form,) = [form for form in Page(client.get(one).text).forms if form.action.endswith("/cancellation")]
    assert client.post(form.action, data=form.values).status_code == 303
    assert "Held for a short time" not in client.get(one).text


def test_staff_who_may_not_know_get_the_page_of_an_unknown_appointment(house: tuple[TestClient, Hall]) -> None:
    client, hall = house
    pair(hall)
    sign_in(client, "desk", "en")
    assert "apart" not in client.get(BOOK).text
    unknown, known = client.get(f"{BOOK}/other"), client.get(PAIRS)
    # A page has its own address in the links to its other languages.
    assert known.text.replace(f"{BOOK}/apart", f"{BOOK}/other") == unknown.text
    assert known.status_code == unknown.status_code
    assert known.status_code == 404


def test_times_are_marked_for_those_who_may_know_and_left_out_for_others(house: tuple[TestClient, Hall]) -> None:
    client, hall = house
    pair(hall)
    book(hall, SHE, at(24, 8, 15))
    his = book(hall, HE, at(25, 8, 30), CONTACT)
    sign_in(client, "desk", "en")
    address = f"{BOOK}/{his}/time"
    assert "kept apart" not in client.get(f"{address}?from=2026-11-24").text
    assert "20261124T" not in client.get(f"{address}?from=2026-11-24").text
    sent = confirmed(client, address, "20261124T0830Z")
    refused = client.post(address, data=sent)
    assert (refused.status_code, "no longer free" in refused.text) == (409, True)
    keeper = another(client)
    sign_in(keeper, "keeper", "en")
    marked = keeper.get(f"{address}?from=2026-11-24").text
    assert marked.count("kept apart") >= 3
    asked = keeper.post(address, data=sent)
    assert "Why it is accepted" in asked.text
    assert read(hall, his).starts_at == at(25, 8, 30)
    assert keeper.post(address, data=sent | {"apart": "escorted"}).status_code == 303
    assert read(hall, his).starts_at == at(24, 11, 30)


def test_common_times_are_marked_for_those_who_may_know(house: tuple[TestClient, Hall]) -> None:
    client, hall = house
    asked = {"s1": "mediation", "n1": "1", "from": "2026-11-24", "who": HE}
    book(hall, SHE, at(24, 8, 15))
    sign_in(client, "desk", "en")

    def of_desk() -> list[str]:
        """What somebody without the right gets, asking and pressing, but for the random id of the request."""
        answers = client.get(f"{BOOK}/common", params=asked), client.post(f"{BOOK}/common", data=asked)
        return [re.sub(r'name="request_id" value="[^"]+"', "", one.text) for one in answers]

    before = of_desk()
    pair(hall)
    assert of_desk() == before
    assert 'id="who"' not in before[0]
    assert 'method="get" action="/appointments/wifaq/common"' in before[0]
    keeper = another(client)
    sign_in(keeper, "keeper", "en")
    marked = keeper.post(f"{BOOK}/common", data=asked)
    assert (marked.status_code, MARK in marked.text, f'value="{HE}"' in marked.text) == (200, True, True)
    # Somebody else may come then, and a day later he may, too.
    assert MARK not in keeper.post(f"{BOOK}/common", data=asked | {"who": "WQ-2026-7"}).text
    assert MARK not in keeper.post(f"{BOOK}/common", data=asked | {"from": "2026-11-25"}).text
    # A person is in no address: what is written there is not obeyed.
    assert MARK not in keeper.get(f"{BOOK}/common", params=asked).text


def test_a_person_who_is_named_last_is_kept_apart_and_what_was_typed_stays(house: tuple[TestClient, Hall]) -> None:
    client, hall = house
    pair(hall)
    book(hall, SHE, at(24, 8, 15))
    held = hold(hall, at(24, 11, 30), CONTACT)
    sign_in(client, "desk", "en")
    said = {"name": HE, "contact": "", "language": "ar", "later": "1"}
    refused = client.post(f"{BOOK}/{held}/confirmation", data=said)
    assert (refused.status_code, "no longer free" in refused.text, HE in refused.text) == (409, True, True)
    assert "20261124T" not in refused.text
    keeper = another(client)
    sign_in(keeper, "keeper", "en")
    asked = keeper.post(f"{BOOK}/{held}/confirmation", data=said)
    assert "Why it is accepted" in asked.text
    assert read(hall, held).state is BookingState.HELD
    assert keeper.post(f"{BOOK}/{held}/confirmation", data=said | {"apart": "escorted"}).status_code == 303
    assert read(hall, held).state is BookingState.CONFIRMED


def test_reception_and_both_desks_are_told_silently_while_both_are_in_the_hall(
    house: tuple[TestClient, Hall], clock: FrozenClock
) -> None:
    client, hall = house
    hers, his = book(hall, SHE, at(24, 8, 15)), book(hall, HE, at(24, 8, 30), CONTACT)
    pair(hall)
    clock.set(at(24, 8, 20))
    first = come(hall, hers)
    desk, keeper = another(client), another(client)
    sign_in(desk, "desk", "en")
    worker = clerk(keeper, hall, "keeper", "w3", "en")
    worker.sit()
    assert "please receive" not in desk.get("/reception/wifaq").text
    assert "ask reception" not in worker.look().text
    second = come(hall, his)
    told = Page(desk.get("/reception/wifaq/state").text).text
    # Child contact is at entrance B, and whoever may not know is told of one number only.
    assert f"Number {second} : please receive this visitor at Entrance B" in told.replace("\u2068", "").replace(
        "\u2069", ""
    )
    assert "must not meet" not in told
    assert "must not meet number" in keeper.get("/reception/wifaq").text
    seen = worker.look().text
    assert first in seen
    assert "Please ask reception before you call this number" in seen
    # Neither of them sees anything.
    token = read_ticket(hall, his)
    assert "reception" not in Page(client.get(f"/t/{token}").text).text.casefold()
    worker.press("calls")
    assert "ask reception" in worker.look().text
    worker.press("starts")
    worker.press("finishes", outcome="done")
    assert "please receive" not in desk.get("/reception/wifaq").text


def test_meetings_are_decided_on_the_list_of_the_office_by_those_who_may_know(house: tuple[TestClient, Hall]) -> None:
    client, hall = house
    hers, his = book(hall, SHE, at(24, 8, 15)), book(hall, HE, at(24, 11, 30), CONTACT)
    pair(hall)
    desk = another(client)
    sign_in(desk, "desk", "en")
    assert "cannot stay at its time" not in desk.get("/office/undecided").text
    sign_in(client, "keeper", "en")
    page = client.get("/office/undecided").text
    assert "People would meet who are kept apart" in page
    assert all(read(hall, one).code in page for one in (hers, his))
    form = undecided(page)
    # One is kept for later; of the other another day is offered.
    sent = form | {f"booking-{his}": "move", "why-not_then": "later"} | because(form)
    assert client.post(UNDECIDED, data=sent).status_code == 303
    moved = read(hall, his)
    assert moved.offered_starts_at is not None
    assert moved.offered_starts_at.date() != at(24, 11).date()
    assert read(hall, hers).decision is None
    sent = form | {f"booking-{hers}": "keep", "why-not_then": "later"}
    (why,) = (name for name in form if name.startswith("because-meeting-"))
    asked = client.post(UNDECIDED, data=sent)
    assert asked.status_code == 422
    assert "Please say why they may." in asked.text
    assert met(hall)
    again = undecided(asked.text)
    assert again[f"booking-{hers}"] == "keep", "what was chosen stays"
    assert client.post(UNDECIDED, data=again | {why: "court-order"}).status_code == 303
    assert not met(hall)
    assert read(hall, hers).decision is None
    (fact,) = hall.db.read_now(audit.entries, hall.branch.id, audit.Wanted(kind="apart.accepted"), 10)
    assert fact.data == {"reason": "court-order"}


def test_who_may_not_know_keeps_what_was_offered_in_vain_and_is_asked_nothing_else(
    house: tuple[TestClient, Hall],
) -> None:
    client, hall = house
    hers, his = book(hall, SHE, at(24, 8, 15)), book(hall, HE, at(24, 11, 30), CONTACT)
    pair(hall)
    bookings = table(Booking)
    unanswered = {"decision": "unanswered", "lost_why": "not_then"}
    edit(hall, lambda tx: tx.execute(sa.update(bookings).where(bookings.c.id == his).values(**unanswered)))
    mover = hall.person("mover", ((hall.branch.id, add_role(hall, "mover", "move_bookings")),))
    sign_in(client, "mover", "en")
    page = client.get("/office/undecided").text
    assert "meet" not in Page(page).text
    form = undecided(page)
    assert not [name for name in form if name.startswith("because-meeting-")]
    reason = {name: "cannot-wait" for name in form if name.startswith("because-keep-")}
    kept = client.post(UNDECIDED, data=form | reason | {f"booking-{his}": "keep", "why-not_then": "later"})
    assert kept.headers["location"] == "/office/undecided?done=1&missed=0&asked=0"
    assert read(hall, his).decision is None
    (fact,) = hall.db.read_now(audit.entries, hall.branch.id, audit.Wanted(kind="booking.kept"), 10)
    assert (fact.data["because"], fact.actor_id) == ("cannot-wait", str(mover))
    assert [one.ids for one in met(hall)] == [{hers, his}], "whether they may meet is for those to decide who know"


def test_keeping_a_protected_meeting_asks_a_second_person_and_the_other_decisions_are_done(
    house: tuple[TestClient, Hall],
) -> None:
    client, hall = house
    protect(hall)
    second = hall.person("second", ((hall.branch.id, add_role(hall, "second", "keep_apart", "approve")),))
    hers, his = book(hall, SHE, at(24, 8, 15)), book(hall, HE, at(24, 11, 30), CONTACT)
    one, other = book(hall, SHE, at(25, 8, 15)), book(hall, HE, at(25, 12))
    pair(hall)
    sign_in(client, "keeper", "en")
    page = client.get("/office/undecided").text
    assert page.count("In a protected service two people accept it together.") == 2
    form = undecided(page)
    (why,) = (name for name in form if name.startswith("because-meeting-"))
    sent = form | {f"booking-{hers}": "keep", f"booking-{one}": "keep", f"booking-{other}": "cancel"} | because(form)
    done = client.post(UNDECIDED, data=sent | {why: "escorted", "why-not_then": "later"})
    assert done.headers["location"] == "/office/undecided?done=1&missed=0&asked=1"
    told = client.get(done.headers["location"]).text
    assert "A second person is asked about one appointment" in told
    assert told.count("A second person is asked.") == 2
    assert "An open request of" in told
    assert read(hall, other).state is BookingState.CANCELLED
    (asked,) = hall.db.read_now(requests)
    assert asked.params["why"] == "escorted"
    hall.db.write_now(approve, asked.id, Actor("staff", str(second)))
    assert client.post(f"/office/approvals/{asked.id}/use").status_code == 303
    assert not met(hall)
    assert [read(hall, each).state for each in (hers, his, one)] == [BookingState.CONFIRMED] * 3


def test_after_a_withdrawal_the_list_of_the_office_remembers_why_people_were_to_meet(
    house: tuple[TestClient, Hall],
) -> None:
    client, hall = house
    protect(hall)
    hall.person("second", ((hall.branch.id, add_role(hall, "second", "keep_apart", "approve")),))
    hers = book(hall, SHE, at(24, 8, 15))
    book(hall, HE, at(24, 11, 30), CONTACT)
    pair(hall)
    sign_in(client, "keeper", "en")
    form = undecided(client.get("/office/undecided").text)
    (why,) = (name for name in form if name.startswith("because-meeting-"))
    assert form[why] == ""
    sent = form | {f"booking-{hers}": "keep", "why-not_then": "later", why: "escorted"}
    assert client.post(UNDECIDED, data=sent).status_code == 303
    assert undecided(client.get("/office/undecided").text)[why] == "", "it is asked already"
    take_back(client, hall)
    assert undecided(client.get("/office/undecided").text)[why] == "escorted"


def because(form: dict[str, str]) -> dict[str, str]:
    """A reason for each decision of the list."""
    found = {"because-move-": "can-wait", "because-cancel-": "settled"}
    return {name: one for name in form for start, one in found.items() if name.startswith(start)}


def undecided(page: str) -> dict[str, str]:
    """What a browser would send of the list of the office."""
    (found,) = [one for one in re.findall(r"<form.*?</form>", page, re.DOTALL) if 'name="list"' in one]
    return dict(form_of(found).items)


def confirmed(client: TestClient, address: str, start: str) -> dict[str, str]:
    """What the page sends that asks whether an appointment is to be moved to a time."""
    asked = client.get(f"{address}?from=2026-11-24&start={start}")
    (form,) = [form for form in Page(asked.text).forms if form.action.endswith("/time")]
    return form.values


def come(hall: Hall, booking: UUID) -> str:
    """Check in; returns the number."""
    return hall.db.write_in_now(hall.branch.id, check_in, hall.branch.id, booking, SYSTEM).ticket.code


def read_ticket(hall: Hall, booking: UUID) -> str:
    """The secret link of the number of an appointment."""
    ticket = read(hall, booking).ticket_id
    assert ticket is not None
    return hall.db.read_now(line.ticket, hall.branch.id, ticket).token
