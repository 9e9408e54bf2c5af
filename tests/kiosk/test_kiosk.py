"""The kiosk without scripts: three touches to exactly one number, in any language, and no trace of the visitor."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urljoin

import pytest
import zxingcpp
from PIL import Image, ImageDraw

from kiosk.offer import offer
from queue_system.actions import devices
from queue_system.app import write_who_was_seen
from queue_system.clock import FrozenClock
from queue_system.store import log
from queue_system.store.database import Database
from queue_system.store.log import SYSTEM
from queue_system.store.queries import access
from queue_system.store.queries.access import staff_by_login
from queue_system.store.queries.place import prospects
from queue_system.store.queries.settings import branch_ids, branch_settings
from queue_system.web.waits import Waits
from tests.kit.hall import enter, furnish, set_branch
from tests.kit.kiosk_hall import Kiosk, code_on, installed, pair, paired_kiosk
from tests.kit.public_visitor import Answer
from tests.kit.web_hall import another, furnished

EVENING = datetime(2026, 11, 22, 15, 0, tzinfo=UTC)
MONDAY = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
FRIDAY = datetime(2026, 11, 27, 7, 0, tzinfo=UTC)


@pytest.fixture
def kiosk(sqlite_template: Path, tmp_path: Path, clock: FrozenClock) -> Iterator[Kiosk]:
    with paired_kiosk(furnished(sqlite_template, tmp_path, clock.now()), tmp_path, clock) as found:
        yield found


# ---------------------------------------------------------------- the way to a number


def test_a_number_takes_three_touches(kiosk: Kiosk) -> None:
    kiosk.open()
    kiosk.visitor.follow("/groups/consular.q-civil")
    kiosk.visitor.follow(f"/services/{kiosk.hall.service('birth')}")
    page = kiosk.visitor.send("/tickets")
    assert page.status == 200
    assert code_on(page) == "B001"
    assert "تسجيل واقعة ولادة" in page.text
    assert "لا أحد أمامك" in page.text
    ticket = kiosk.tickets()[0]
    assert (ticket.code, ticket.source, ticket.language, ticket.priority) == ("B001", "kiosk", "ar", "walkin")


def test_where_nothing_can_be_booked_nobody_is_asked_for_an_appointment(sqlite_url: str, clock: FrozenClock) -> None:
    database = Database(sqlite_url, clock)
    furnish(database, "social-work")
    asked = {}
    for slug in ("wifaq", "hq"):
        branch = enter(database, slug).branch
        asked[slug] = offer(branch, database.read_now(prospects, branch), clock.now(), Waits()).books
    database.close()
    assert asked == {"wifaq": True, "hq": False}


def test_a_service_that_reception_gives_leads_there_and_to_no_number(kiosk: Kiosk) -> None:
    service = kiosk.hall.service("travel-doc")
    page = kiosk.visitor.open(f"/kiosk/ar/services/{service}")
    assert "يُرجى التوجّه إلى الاستقبال." in page.text
    assert "الآن" not in page.text
    answer = kiosk.visitor.client.post("/kiosk/ar/tickets", data={"service": str(service), "request_id": "x" * 20})
    assert "رقم هذه الخدمة من الاستقبال وحده" in answer.text
    assert kiosk.tickets() == []


def test_every_service_that_gives_numbers_is_at_most_three_touches_away(kiosk: Kiosk) -> None:
    hall = kiosk.hall
    found = set()
    start = kiosk.open()
    pages = [start, *(kiosk.visitor.open(urljoin(start.url, link)) for link in start.hrefs("/groups/"))]
    for page in pages:
        found |= {link.split("/services/")[1] for link in page.hrefs("/services/")}
    assert found == {str(service.id) for service in hall.branch.services.values()}


def sit(kiosk: Kiosk, login: str, counter: str) -> None:
    found = kiosk.hall.db.read_now(staff_by_login, login)
    assert found is not None
    kiosk.hall.sit(found[0], counter)


def test_where_no_counter_is_open_it_is_said_before_the_number_is_taken_and_after(kiosk: Kiosk) -> None:
    assert "الأحوال المدنية لا شباك مفتوح لها الآن" in kiosk.open().text
    sentence = "لا شباك مفتوح لهذه الخدمة الآن"
    assert sentence in kiosk.service("birth").text
    assert sentence in kiosk.take("birth").text
    sit(kiosk, "layla", "c3")
    assert "الأحوال المدنية أمامك شخص واحد" in kiosk.open().text
    assert sentence not in kiosk.service("birth").text
    assert sentence not in kiosk.take("birth").text


def test_the_first_page_shows_who_waits_and_urgent_matters_first(kiosk: Kiosk) -> None:
    for _ in range(3):
        kiosk.hall.issue("birth")
    kiosk.hall.issue("passport-apply")
    for login, counter in (("layla", "c1"), ("omar", "c3")):
        sit(kiosk, login, counter)
    page = kiosk.open()
    assert "الأحوال المدنية أمامك 3 أشخاص" in page.text
    assert "الجوازات أمامك شخص واحد" in page.text
    cards = [link for link in page.hrefs("") if "/services/" in link or "/groups/" in link]
    assert cards[0].endswith(f"/services/{kiosk.hall.service('death')}")
    assert page.hrefs("/check-in") == ["/kiosk/ar/check-in"]


def test_what_gives_no_numbers_now_says_why(kiosk: Kiosk) -> None:
    collection = kiosk.open("/groups/consular.q-collect")
    assert "استلام جواز سفر من الساعة 12:30" in collection.text
    service = kiosk.service("passport-collect")
    assert "الأحد 22 تشرين الثاني/نوفمبر 2026، الساعة 12:30" in service.text
    assert service.forms == []
    assert "يُرجى التوجّه إلى الاستقبال" in kiosk.service("travel-doc").text


def test_the_documents_are_shown_before_the_number_is_taken(kiosk: Kiosk) -> None:
    page = kiosk.service("birth")
    service = kiosk.hall.branch.service("birth")
    for document in service.documents:
        assert document.names["ar"] in page.text
    assert service.note
    assert service.note["ar"] in page.text
    assert kiosk.service("complaint").text.count("لا يلزم إحضار أي وثيقة") == 1


def test_priority_is_a_button_of_its_own_for_who_needs_it(kiosk: Kiosk) -> None:
    page = kiosk.service("attest-single")
    assert "لا حاجة إلى إثبات" in page.text
    buttons = [button.get("value") for _, _, found in page.forms for button in found if button.get("name")]
    assert buttons == ["elderly", "disability", "pregnant_infant"]
    kiosk.visitor.send("/tickets", priority="disability")
    kiosk.take()
    assert [ticket.priority for ticket in kiosk.tickets()] == ["disability", "walkin"]


def test_age_is_asked_in_one_question_and_only_the_word_of_the_visitor_is_kept(kiosk: Kiosk) -> None:
    page = kiosk.service("attest-single")
    assert page.text.count("هل عمرك 65 سنة أو أكثر؟") == 1
    assert [name for _, _, found in page.forms for name in (one.get("type") for one in found) if name == "date"] == []
    kiosk.visitor.send("/tickets", priority="elderly")
    (ticket,) = kiosk.tickets()
    assert ticket.priority == "elderly"
    (fact,) = [one for one in kiosk.hall.db.read_now(log.after, kiosk.hall.branch.id, 0) if one.kind == "ticket.issued"]
    assert fact.data["basis"] == "told"
    assert "65" not in str(fact.data)


@pytest.mark.parametrize("priority", ["bereavement", "appointment", "emperor"])
def test_no_other_class_can_be_taken(kiosk: Kiosk, priority: str) -> None:
    page = kiosk.take(priority=priority)
    assert page.status == 409
    assert kiosk.tickets() == []


def test_where_all_fits_on_one_screen_there_are_no_groups(sqlite_url: str, tmp_path: Path, clock: FrozenClock) -> None:
    installed(sqlite_url, clock, "policy-unit")
    clock.set(MONDAY)
    with paired_kiosk(sqlite_url, tmp_path, clock) as kiosk:
        page = kiosk.visitor.open("/kiosk")
        assert page.hrefs("/groups/") == []
        services = kiosk.hall.branch.services
        assert len(services) <= 8
        assert len(page.hrefs("/services/")) == len(services)


def test_protected_services_have_neutral_names_and_tell_no_count(
    sqlite_url: str, tmp_path: Path, clock: FrozenClock
) -> None:
    installed(sqlite_url, clock, "forum")
    clock.set(MONDAY)
    with paired_kiosk(sqlite_url, tmp_path, clock) as kiosk:
        branch = kiosk.hall.branch
        protected = [one for one in branch.services.values() if one.confidentiality.hides_service and one.walk_in]
        assert protected
        start = kiosk.visitor.open("/kiosk/ar")
        # They are on the first page, because touching the name of their department would reveal more.
        assert [one.slug for one in protected if one.shown_names["ar"] not in start.text] == []
        groups = [kiosk.visitor.open(link) for link in start.hrefs("/groups/")]
        inside = [link for page in groups for link in page.hrefs("/services/")]
        assert inside
        assert [link for link in inside if any(str(one.id) in link for one in protected)] == []
        words = " ".join(page.text for page in [start, *groups])
        for service in protected:
            assert service.names["ar"] not in words
            asked = kiosk.service(service.slug).text
            told = [document.names["ar"] for document in service.documents]
            assert told
            assert [name for name in told if name in asked] == []
            assert "لا يلزم إحضار أي وثيقة" not in asked
            page = kiosk.take(service.slug)
            if page.status == 200:
                assert "سنأتي إليك" in page.text
                assert "النداء على الشاشة" not in page.text
                assert service.shown_names["ar"] not in page.text
                assert service.names["ar"] not in page.text


@pytest.mark.parametrize("profile", ["embassy", "social-work", "civil-society", "policy-unit", "forum"])
def test_no_two_cards_bear_the_same_name(sqlite_url: str, clock: FrozenClock, profile: str) -> None:
    installed(sqlite_url, clock, profile)
    database = Database(sqlite_url, clock)
    try:
        for branch_id in database.read_now(branch_ids).values():
            branch = database.read_now(branch_settings, branch_id)
            names = [
                card.names["ar"] for card in offer(branch, database.read_now(prospects, branch), MONDAY, Waits()).cards
            ]
            assert len(names) == len(set(names)), branch.slug
    finally:
        database.close()


# ---------------------------------------------------------------- once


def test_the_same_request_twice_is_one_ticket_and_the_same_number(kiosk: Kiosk) -> None:
    page = kiosk.service("attest-single")
    action, values, _ = page.forms[0]
    first = kiosk.visitor.post(action, values)
    second = kiosk.visitor.post(action, values)
    assert code_on(first) == code_on(second)
    assert len(kiosk.tickets()) == 1


def test_every_page_asks_with_a_request_of_its_own(kiosk: Kiosk) -> None:
    numbers = {kiosk.service("attest-single").fields["request_id"]["value"] for _ in range(3)}
    assert len(numbers) == 3


@pytest.mark.parametrize(
    "values",
    [
        {"service": "no id"},
        {"service": "01a20222-beb5-71fd-8e8d-792224f337f3"},
        {"service": ""},
        {"request_id": ""},
        {"request_id": "a b"},
        {"request_id": "x" * 65},
    ],
)
def test_what_no_form_of_ours_sends_is_refused(kiosk: Kiosk, values: dict[str, str]) -> None:
    page = kiosk.service("attest-single")
    action, hidden, _ = page.forms[0]
    answer = kiosk.visitor.post(action, hidden | values)
    assert answer.status in (404, 422)
    assert answer.hrefs("^/kiosk/ar$")
    assert kiosk.tickets() == []


# ---------------------------------------------------------------- language and ease, in the address alone


def test_the_language_is_in_the_address_and_on_the_ticket(kiosk: Kiosk) -> None:
    start = kiosk.open()
    assert '<html lang="ar" dir="rtl">' in start.html
    assert start.hrefs("^/kiosk/en$")
    english = kiosk.visitor.follow("^/kiosk/en$")
    assert '<html lang="en" dir="ltr">' in english.html
    assert all(link.startswith(("/kiosk/en", "/kiosk/ar")) for link in english.hrefs("/kiosk"))
    kiosk.visitor.follow("/kiosk/en/groups/legal")
    kiosk.visitor.follow(f"/services/{kiosk.hall.service('poa')}")
    page = kiosk.visitor.send("/tickets")
    assert "This is your number" in page.text
    assert kiosk.tickets()[0].language == "en"


@pytest.mark.parametrize("path", ["/kiosk/xx", "/kiosk/de", "/kiosk/xx/check-in"])
def test_a_language_that_is_not_spoken_leads_to_the_first_page(kiosk: Kiosk, path: str) -> None:
    answer = kiosk.client.get(path)
    assert (answer.status_code, answer.headers["location"]) == (303, "/kiosk/ar")


def test_ease_of_use_goes_with_the_visitor_and_ends_with_the_visit(kiosk: Kiosk) -> None:
    kiosk.open()
    larger = kiosk.visitor.follow(r"^/kiosk/ar\?a=l$")
    assert re.search(r'<body class="kiosk\s+larger', larger.html)
    both = kiosk.visitor.follow(r"a=cl$")
    assert re.search(r'<body class="kiosk\s+contrast larger', both.html)
    kiosk.visitor.follow(r"/groups/consular.q-attest\?a=cl")
    kiosk.visitor.follow(r"/services/.*\?a=cl")
    page = kiosk.visitor.send("/tickets?a=cl")
    assert re.search(r'<body class="kiosk\s+contrast larger', page.html)
    assert 'data-seconds="40"' in page.html
    assert 'content="40; url=/kiosk/ar"' in page.html
    assert page.hrefs(r"^/kiosk/ar$")


# ---------------------------------------------------------------- the number


def test_the_number_is_held_before_a_telephone(kiosk: Kiosk) -> None:
    page = kiosk.take()
    token = kiosk.tickets()[0].token
    found = zxingcpp.read_barcodes(drawn(page))
    assert [one.text for one in found] == [f"http://127.0.0.1:8000/t/{token}"]


def test_those_who_are_called_before_are_counted(kiosk: Kiosk) -> None:
    for _ in range(3):
        kiosk.hall.issue("attest-single")
    assert "أمامك 3 أشخاص" in kiosk.take().text


def test_the_screen_goes_back_to_the_start_by_itself(kiosk: Kiosk) -> None:
    page = kiosk.take()
    assert '<noscript><meta http-equiv="refresh" content="20; url=/kiosk/ar"></noscript>' in page.html
    assert kiosk.visitor.follow("^/kiosk/ar$").status == 200


def test_going_back_later_shows_no_number(kiosk: Kiosk, clock: FrozenClock) -> None:
    page = kiosk.take()
    code = code_on(page)
    clock.move(timedelta(minutes=4))
    again = kiosk.visitor.open(page.url)
    assert code not in again.html
    assert again.url.endswith("/kiosk/ar")


@pytest.mark.parametrize("given", ["", "?u=", "?u=99999999999.0000", "?u=x", "?u=²", "?u=9999999999999999999.a"])
def test_a_number_is_not_shown_without_the_pass_of_the_kiosk(kiosk: Kiosk, given: str) -> None:
    kiosk.take()
    token = kiosk.tickets()[0].token
    assert kiosk.client.get(f"/kiosk/ar/tickets/{token}{given}").headers["location"] == "/kiosk/ar"


# ---------------------------------------------------------------- nothing remains


def test_nothing_of_a_visitor_remains(kiosk: Kiosk) -> None:
    answers = [kiosk.open(), kiosk.open("/groups/legal"), kiosk.service("poa"), kiosk.open("/check-in")]
    answers += [kiosk.take("poa"), kiosk.check_in("K7D4"), kiosk.visitor.open("/kiosk/en?a=cld")]
    for answer in answers:
        assert answer.headers["cache-control"] == "no-store"
        assert "set-cookie" not in answer.headers
    assert set(kiosk.client.cookies.keys()) == {"device-kiosk"}
    start = kiosk.open()
    ticket = kiosk.tickets()[0]
    assert ticket.code not in start.html
    assert ticket.token not in start.html


# ---------------------------------------------------------------- closed


def test_in_the_evening_it_says_when_the_branch_opens(kiosk: Kiosk, clock: FrozenClock) -> None:
    clock.set(EVENING)
    page = kiosk.open()
    assert "لا تُعطى أرقام الآن" in page.text
    assert "من 08:30 إلى 14:30" in page.text
    assert "الاثنين 23 تشرين الثاني/نوفمبر 2026، الساعة 08:30" in page.text
    assert page.hrefs("/groups/") == []
    assert page.hrefs("/check-in")


def test_on_a_closed_day_it_says_so(kiosk: Kiosk, clock: FrozenClock) -> None:
    clock.set(FRIDAY)
    page = kiosk.open()
    assert "لا نستقبل المراجعين اليوم" in page.text
    assert "الأحد 29" in page.text


def test_a_queue_that_staff_stopped_gives_no_number_also_from_a_page_left_open(
    kiosk: Kiosk, clock: FrozenClock
) -> None:
    kiosk.service("attest-single")
    slug = kiosk.hall.branch.queue_of(kiosk.hall.branch.service("attest-single")).slug
    today = kiosk.hall.branch.timetable.business_date(clock.now())
    set_branch(kiosk.hall, numbers_stopped={slug: today.isoformat()})
    page = kiosk.visitor.send("/tickets")
    assert page.status == 409
    assert "أُوقف إعطاء الأرقام في هذه القائمة اليوم" in page.text
    assert kiosk.tickets() == []
    assert "لا أرقام الآن" in kiosk.open().text


def test_a_page_left_open_over_the_last_ticket_gives_no_number(kiosk: Kiosk, clock: FrozenClock) -> None:
    kiosk.service("attest-single")
    clock.set(EVENING)
    page = kiosk.visitor.send("/tickets")
    assert page.status == 409
    assert "لا تُعطى أرقام" in page.text
    assert kiosk.tickets() == []


# ---------------------------------------------------------------- who may


def test_a_kiosk_that_is_not_paired_is_sent_to_be_paired(kiosk: Kiosk) -> None:
    stranger = another(kiosk.client)
    for path in ("/kiosk", "/kiosk/ar", "/kiosk/ar/check-in", "/kiosk/ar/groups/legal"):
        answer = stranger.get(path)
        assert (answer.status_code, answer.headers["location"]) == (303, "/pair?kind=kiosk")
    answer = stranger.post(
        "/kiosk/ar/tickets", data={"service": str(kiosk.hall.service("birth")), "request_id": "x" * 20}
    )
    assert answer.headers["location"] == "/pair?kind=kiosk"
    assert kiosk.tickets() == []


def test_a_display_is_no_kiosk(kiosk: Kiosk) -> None:
    _, token = pair(kiosk.hall, "display")
    stranger = another(kiosk.client)
    stranger.cookies.set("device-kiosk", token)
    assert stranger.get("/kiosk/ar").headers["location"] == "/pair?kind=kiosk"


def test_a_kiosk_that_shows_its_pages_is_seen(kiosk: Kiosk, clock: FrozenClock) -> None:
    clock.move(timedelta(minutes=5))
    kiosk.open()
    assert kiosk.client.portal is not None
    kiosk.client.portal.call(write_who_was_seen, kiosk.client.app.state.installation)  # type: ignore[attr-defined]
    found = kiosk.hall.db.read_now(access.devices, kiosk.hall.branch.id, "kiosk")
    assert [item.seen_at for item in found if item.id == kiosk.id] == [clock.now()]


def test_a_kiosk_that_is_locked_out_is_out_at_once(kiosk: Kiosk) -> None:
    page = kiosk.service("attest-single")
    branch_id = kiosk.hall.branch.id
    kiosk.hall.db.write_in_now(branch_id, devices.revoke_device, branch_id, kiosk.id, SYSTEM)
    action, values, _ = page.forms[0]
    assert kiosk.client.post(action, data=values).headers["location"] == "/pair?kind=kiosk"
    assert kiosk.tickets() == []


def test_a_page_of_another_site_takes_no_number(kiosk: Kiosk) -> None:
    values = {"service": str(kiosk.hall.service("birth")), "request_id": "x" * 20}
    answer = kiosk.client.post("/kiosk/ar/tickets", data=values, headers={"sec-fetch-site": "cross-site"})
    assert answer.status_code == 403
    assert kiosk.tickets() == []


def test_the_log_says_which_kiosk_gave_the_number(kiosk: Kiosk) -> None:
    kiosk.take()
    last = kiosk.hall.db.read_now(log.after, kiosk.hall.branch.id, 0)[-1]
    assert (last.kind, last.actor_kind, last.actor_id) == ("ticket.issued", "device", str(kiosk.id))


def drawn(page: Answer) -> Image.Image:
    """The QR code of a page as an image, drawn from its path of horizontal strokes."""
    found = re.search(r'<div class="qr"><svg[^>]*viewBox="0 0 (\d+) \d+"[^>]*><path[^>]*\bd="([^"]+)"', page.html)
    assert found, page.html
    module, width = 6, int(found[1])
    picture = Image.new("L", (width * module, width * module), 255)
    pen = ImageDraw.Draw(picture)
    x, y = 0.0, 0.0
    for command, arguments in re.findall(r"([Mmh])([^Mmh]*)", found[2]):
        values = [float(value) for value in re.findall(r"-?[\d.]+", arguments)]
        if command == "h":
            pen.rectangle(
                [x * module, (y - 0.5) * module, (x + values[0]) * module - 1, (y + 0.5) * module - 1], fill=0
            )
            x += values[0]
        else:
            x, y = (values[0], values[1]) if command == "M" else (x + values[0], y + values[1])
    return picture
