"""The public pages of every sample promise nothing that is not built, and contain no name that exposes a visitor."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa

from kiosk.offer import card_of
from queue_system.clock import FrozenClock
from queue_system.core.bookings import Mode
from queue_system.core.offering import Way, ways
from queue_system.i18n.words import words_for
from queue_system.profiles import profile_names
from queue_system.store import tables
from queue_system.store.database import Database
from queue_system.store.queries.place import ProspectView
from queue_system.store.queries.settings import BranchSettings, branch_ids, branch_settings
from queue_system.web.addresses import address_key
from queue_system.web.waits import Waits
from tests.kit.api_program import Program, allow_remote_tickets
from tests.kit.hall import change_settings, enter, furnish
from tests.kit.kiosk_hall import installed, paired_kiosk
from tests.kit.public_visitor import NAME, Answer, Visitor
from tests.kit.web_hall import application

LANGUAGES = ("ar", "en")
# Every sample is open on this morning.
MONDAY = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
# Things that are not built: draws, video, messages and reminders, waiting lists, appointments that staff set. Freed
# places that return by lot are built.
FORBIDDEN = re.compile(
    "قرعة أسبوعية|طلبات القرعة|مواعيدها بالقرعة|توزيع بالقرعة|فيديو|رسالة|رسائل|تذكير|قائمة الانتظار|يحدّد الموظف|البصمة والوثائق هنا"
    "|ballot|video|sms|reminder|waiting list|waitlist|staff (?:set|will set)|book here for",
    re.IGNORECASE,
)


@contextmanager
def site(url: str, folder: Path, clock: FrozenClock, profile: str) -> Iterator[tuple[Visitor, list[BranchSettings]]]:
    database = Database(url, clock)
    furnish(database, profile)
    branches = [enter(database, slug).branch for slug in database.read_now(branch_ids)]
    database.close()
    with application(url, folder, clock) as (client, _):
        yield Visitor(client), branches


def all_pages(visitor: Visitor, branches: list[BranchSettings]) -> Iterator[Answer]:
    for path in ("/", "/my-booking", "/contact", "/privacy", "/accessibility"):
        yield visitor.open(path)
    for branch in branches:
        yield visitor.open(f"/book/{branch.slug}")
        for service in branch.services.values():
            yield visitor.open(f"/book/{branch.slug}/{address_key(service)}")


@pytest.mark.parametrize("profile", profile_names())
def test_no_page_promises_what_nothing_carries_out(
    sqlite_url: str, tmp_path: Path, clock: FrozenClock, profile: str
) -> None:
    with site(sqlite_url, tmp_path, clock, profile) as (visitor, branches):
        for visitor.language in LANGUAGES:
            for page in all_pages(visitor, branches):
                assert page.status == 200
                assert FORBIDDEN.findall(page.text) == [], page.url


@pytest.mark.parametrize("profile", profile_names())
def test_every_service_can_be_booked_or_its_page_says_once_that_it_cannot_and_what_to_do(
    sqlite_url: str, tmp_path: Path, clock: FrozenClock, profile: str
) -> None:
    with site(sqlite_url, tmp_path, clock, profile) as (visitor, branches):
        for branch in branches:
            for service in branch.services.values():
                page = visitor.open(f"/book/{branch.slug}/{address_key(service)}")
                said = page.text.count("لا يمكن حجز هذه الخدمة عبر الموقع")
                later = page.text.count("لم يُفتح الحجز بعد")
                call = page.text.count("تبدأ هذه الخدمة بمكالمة هاتفية")
                assert sorted((len(page.hrefs("/days")), said, later, call)) == [0, 0, 0, 1], page.url
                instead: tuple[str, ...] = (
                    "الحضور في أوقات الاستقبال",
                    "التوجّه إلى الاستقبال",
                    "لمن تدعوه الجهة",
                    "لا تتوفر هذه الخدمة",
                )
                instead += ("يُقدَّم الطلب أولًا",) if said else ()
                assert any(words in page.text for words in instead) == bool(said)


@pytest.mark.parametrize("profile", profile_names())
def test_no_kiosk_promises_what_nothing_carries_out(
    sqlite_url: str, tmp_path: Path, clock: FrozenClock, profile: str
) -> None:
    installed(sqlite_url, clock, profile)
    clock.set(MONDAY)
    with paired_kiosk(sqlite_url, tmp_path, clock) as kiosk:
        for kiosk.visitor.language in LANGUAGES:
            pages = [kiosk.visitor.open(f"/kiosk/{kiosk.visitor.language}")]
            pages += [kiosk.visitor.open(link) for link in pages[0].hrefs("/groups/")]
            pages += [kiosk.visitor.open(link) for page in list(pages) for link in page.hrefs("/services/")]
            assert len(pages) > 2
            for page in pages:
                assert FORBIDDEN.findall(page.text) == [], page.url


def test_a_kiosk_sends_nobody_to_book_what_cannot_be_booked(sqlite_url: str, clock: FrozenClock) -> None:
    branch = installed(sqlite_url, clock, "social-work", "shafallah").branch
    drawn, booked = branch.service("first-assess"), branch.service("parents")
    assert (drawn.mode, drawn.walk_in) == ("ballot", False)
    awaits = {one.id: ProspectView(0, counter_open=True) for one in (drawn, booked)}
    assert card_of(branch, drawn, awaits, clock.now(), Waits()).refusal == "not-here"
    assert card_of(branch, booked.changed(walkin_share_pct=0), awaits, clock.now(), Waits()).refusal == "by-appointment"
    received = booked.changed(mode="staff_only")
    assert card_of(branch, received, awaits, clock.now(), Waits()).refusal == "by-reception"
    assert card_of(branch, received.changed(channel="phone"), awaits, clock.now(), Waits()).refusal == "not-here"
    assert card_of(branch, booked.changed(mode="invite"), awaits, clock.now(), Waits()).refusal == "by-invitation"


@pytest.mark.parametrize(
    ("mode", "numbers", "reception", "platform", "expected"),
    [
        (Mode.FCFS, True, False, False, (Way.BOOKING, Way.NUMBER)),
        (Mode.WALKIN_AND_FCFS, True, False, False, (Way.NUMBER, Way.BOOKING)),
        (Mode.FCFS, False, False, False, (Way.BOOKING,)),
        (Mode.WALKIN_ONLY, True, False, False, (Way.NUMBER,)),
        (Mode.BALLOT, True, False, True, (Way.NUMBER, Way.PLATFORM)),
        (Mode.BALLOT, False, False, False, ()),
        (Mode.STAFF_ONLY, False, True, False, (Way.RECEPTION,)),
        (Mode.STAFF_ONLY, False, False, False, ()),
        (Mode.INVITE, False, False, False, (Way.INVITATION,)),
    ],
)
def test_the_ways_to_a_service_are_those_that_are_built(
    mode: Mode, numbers: bool, reception: bool, platform: bool, expected: tuple[Way, ...]
) -> None:
    assert ways(mode, gives_numbers=numbers, reception=reception, platform=platform) == expected


def test_programs_hear_how_a_service_can_be_had(sqlite_url: str, tmp_path: Path, clock: FrozenClock) -> None:
    with site(sqlite_url, tmp_path, clock, "embassy") as (visitor, _):
        services = {
            one["service"]: one for one in Program(visitor.client).get("branches/doha-main/services").body["services"]
        }
    assert services["passport-apply"]["how"] == ["number", "platform"]
    assert services["passport-apply"]["apply_at"]["url"] == "https://www.ecsc-expat.sy"
    assert services["travel-doc"]["how"] == ["reception"]
    assert services["birth"]["how"] == ["booking", "number"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_refusal_promises_what_nothing_carries_out(language: str) -> None:
    words = words_for(language)
    codes = ("booking-by-ballot", "booking-staff-only", "booking-invite-only", "booking-walkin-only")
    said = [words.text(f"errors.{code}") for code in codes]
    assert [sentence for sentence in said if FORBIDDEN.search(sentence) or "قرعة" in sentence] == []


# ---------------------------------------------------------------- names


@pytest.mark.parametrize("profile", profile_names())
def test_no_two_services_of_a_branch_look_the_same(sqlite_url: str, clock: FrozenClock, profile: str) -> None:
    database = Database(sqlite_url, clock)
    furnish(database, profile)
    for branch_id in database.read_now(branch_ids).values():
        services = database.read_now(branch_settings, branch_id).services.values()
        for language in LANGUAGES:
            for names in ([one.names[language] for one in services], [one.shown_names[language] for one in services]):
                assert len(set(names)) == len(names)
    database.close()


def test_the_list_says_what_a_protected_service_is_and_how_it_is_shown(
    sqlite_url: str, tmp_path: Path, clock: FrozenClock
) -> None:
    with site(sqlite_url, tmp_path, clock, "forum") as (visitor, branches):
        service = branches[0].service("lawyer-advice")
        text = visitor.open("/").text
        assert "استشارة قانونية مع محامٍ" in text
        assert "تظهر باسم «لقاء»" in text
        page = visitor.open(f"/book/istanbul/{service.id}")
        assert "استشارة قانونية مع محامٍ" in page.text
        assert "أوراق القضية ورقم الملف" in page.text


def test_pages_of_a_branch_with_protected_services_can_be_left_at_once_and_stand_in_no_history(
    sqlite_url: str, tmp_path: Path, clock: FrozenClock
) -> None:
    with site(sqlite_url, tmp_path, clock, "forum") as (visitor, branches):
        for page in all_pages(visitor, branches):
            assert "data-exit" in page.html
            assert page.hrefs("^https://www.wikipedia.org/$")
            (title,) = re.findall(r"<title>(.*?)</title>", page.html)
            names = [name for service in branches[0].services.values() for name in service.names.values()]
            assert not [name for name in [*names, "منبر"] if name in title], page.url


def test_an_embassy_needs_no_way_out(sqlite_url: str, tmp_path: Path, clock: FrozenClock) -> None:
    with site(sqlite_url, tmp_path, clock, "embassy") as (visitor, _):
        assert "data-exit" not in visitor.open("/book/doha-main").html


def test_an_appointment_under_a_neutral_name_shows_no_papers_that_tell(
    sqlite_url: str, tmp_path: Path, clock: FrozenClock
) -> None:
    with site(sqlite_url, tmp_path, clock, "forum") as (visitor, branches):
        service = branches[0].service("case-intake")
        assert service.to_bring
        visitor.open(f"/book/istanbul/{service.id}")
        visitor.follow("/days$")
        pages = [visitor.page, visitor.follow(r"/2026-\d\d-\d\d$"), visitor.follow("Z$")]
        pages += [visitor.send(name=NAME, contact="a@example.org"), visitor.send("/confirmation")]
        for page in pages:
            assert service.names["ar"] not in page.text
            assert not [document for document in service.to_bring if document.names["ar"] in page.text]
        assert "استقبال" in pages[-1].text


def test_the_links_of_a_protected_visit_tell_programs_neither_branch_nor_service(
    sqlite_url: str, tmp_path: Path, clock: FrozenClock
) -> None:
    clock.set(MONDAY)
    with site(sqlite_url, tmp_path, clock, "forum") as (visitor, branches):
        branch = branches[0]
        service = branch.service("case-intake")
        database = Database(sqlite_url, clock)
        allow_remote_tickets(enter(database, branch.slug))
        database.close()
        program = Program(visitor.client)
        taken = program.post(f"branches/{branch.slug}/tickets", {"service": str(service.id), "request_id": "a" * 20})
        assert taken.status == 201
        shown = program.get(f"tickets/{taken.body['token']}")
        slots = program.get(f"branches/{branch.slug}/services/{service.id}/slots").body["days"]
        start = next(slot["starts_at"] for day in slots for slot in day["slots"])
        held = program.post(
            f"branches/{branch.slug}/bookings",
            {
                "service": str(service.id),
                "starts_at": start,
                "name": NAME,
                "contact": "a@example.org",
                "request_id": "b" * 20,
            },
        )
        booked = program.get(f"bookings/{held.body['token']}")
        for answer in (taken, shown, held, booked):
            assert (answer.body["branch"], answer.body["service"]) == (None, None)
            assert not [
                tell for tell in (branch.slug, str(service.id), service.names["ar"]) if tell in str(answer.body)
            ]
        assert booked.body["service_names"] == service.shown_names


# ---------------------------------------------------------------- how a branch is reached


def test_a_branch_says_how_it_is_reached_and_what_a_service_costs(
    sqlite_url: str, tmp_path: Path, clock: FrozenClock
) -> None:
    database = Database(sqlite_url, clock)
    furnish(database)
    branch, service = tables.table(tables.Branch), tables.table(tables.Service)
    known = {
        "phone": "+974 4400 0000",
        "email": "hall@example.org",
        "address": {"ar": "شارع الكورنيش", "en": "Corniche Street"},
        "coordinates": {"latitude": 25.29, "longitude": 51.53},
    }

    price = {"amount": "50", "currency": "QAR", "where": {"ar": "في الصندوق", "en": "the cash desk"}}
    change_settings(
        database,
        sa.update(branch).values(data=known),
        sa.update(service).where(service.c.slug == "birth").values(data={"fee": price}),
    )
    database.close()
    with application(sqlite_url, tmp_path, clock) as (client, _):
        visitor = Visitor(client)
        page = visitor.open("/book/doha-main")
        assert page.hrefs("^tel:") == ["tel:+97444000000"]
        assert page.hrefs("^mailto:") == ["mailto:hall@example.org"]
        assert page.hrefs("^geo:") == ["geo:25.29,51.53"]
        assert "شارع الكورنيش" in page.text
        assert "الرسوم: 50 ريال قطري. تُدفع: في الصندوق." in visitor.open("/book/doha-main/birth").text
        assert "+974 4400 0000" in visitor.open("/book/doha-main/travel-doc").text
        assert "يُسأل عن مقدارها وطريقة دفعها في الفرع أو على الرقم" in visitor.open("/book/doha-main/marriage").text


def test_a_hotline_stands_where_people_choose(sqlite_url: str, tmp_path: Path, clock: FrozenClock) -> None:
    with site(sqlite_url, tmp_path, clock, "social-work") as (visitor, _):
        assert visitor.open("/book/aman").hrefs("^tel:") == ["tel:919"]
