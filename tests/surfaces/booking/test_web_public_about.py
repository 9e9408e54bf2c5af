"""Privacy, accessibility and contact pages, and the search in long lists, without scripts."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from queue_system.clock import FrozenClock
from queue_system.i18n.folding import fold, holds
from queue_system.store.database import Database
from tests.kit.hall import furnish
from tests.kit.public_visitor import Visitor
from tests.kit.web_hall import application

FOOTER = ["/contact", "/privacy", "/accessibility"]


@pytest.fixture
def visitor(sqlite_url: str, tmp_path: Path, clock: FrozenClock) -> Iterator[Visitor]:
    yield from at("embassy", sqlite_url, tmp_path, clock)


@pytest.fixture
def centres(sqlite_url: str, tmp_path: Path, clock: FrozenClock) -> Iterator[Visitor]:
    yield from at("social-work", sqlite_url, tmp_path, clock)


def at(profile: str, url: str, folder: Path, clock: FrozenClock) -> Iterator[Visitor]:
    database = Database(url, clock)
    furnish(database, profile)
    database.close()
    with application(url, folder, clock) as (client, _):
        yield Visitor(client)


# ---------------------------------------------------------------- what the footer leads to


def test_every_public_page_leads_to_contact_privacy_and_accessibility(visitor: Visitor) -> None:
    pages = [visitor.open(path) for path in ("/", "/book/doha-main", "/my-booking", "/book/nowhere", *FOOTER)]
    pages += [visitor.choose_time(), visitor.book()]
    for page in pages:
        assert [link for link in page.hrefs("^/(contact|privacy|accessibility)$") if link in FOOTER][-3:] == FOOTER
    for path in FOOTER:
        assert visitor.open(path).status == 200


def test_where_a_name_is_typed_it_stands_what_becomes_of_it(visitor: Visitor) -> None:
    form = visitor.choose_time()
    assert "يُحفظ ما يُكتب هنا لهذا الموعد فقط" in form.text
    assert "مدة الحفظ: 30 يومًا بعد الموعد، ثم يجري الحذف آليًا." in form.text
    assert "/privacy" in form.hrefs("privacy")


@pytest.mark.parametrize(
    ("language", "said"),
    [
        (
            "ar",
            [
                "يُحذف ما انقضت مدته آليًا في الليلة التالية",
                "بيانات الموعد: 30 يومًا. الأرقام: 90 يومًا. السجلّ: 3650 يومًا.",
                "لا إعلانات ولا أدوات تتبّع",
            ],
        ),
        (
            "en",
            [
                "deleted automatically in the night after",
                "Appointments: 30 days. Numbers: 90 days. Log: 3650 days.",
                "no tracking",
            ],
        ),
    ],
)
def test_the_privacy_page_says_what_is_true(visitor: Visitor, language: str, said: list[str]) -> None:
    visitor.language = language
    text = visitor.open("/privacy").text
    assert [words for words in said if words not in text] == []


def test_the_accessibility_page_names_gaps_and_accessible_counters(visitor: Visitor) -> None:
    text = visitor.open("/accessibility").text
    assert "لا يُنطق النداء في الصالة" in text
    assert re.search(r"مقر السفارة – الدوحة\s*الشباك 5", text)


def test_the_contact_page_has_every_branch_with_its_hours(centres: Visitor) -> None:
    page = centres.open("/contact")
    assert len(page.hrefs("^/book/")) == 8
    assert page.hrefs("^tel:") == ["tel:919"]
    assert page.text.count("07:00") >= 8


def test_pages_about_the_organisation_can_be_left_at_once_where_a_branch_needs_that(centres: Visitor) -> None:
    for path in ("/", "/my-booking", *FOOTER):
        page = centres.open(path)
        assert page.hrefs("^https://www.wikipedia.org/$")
        (title,) = re.findall("<title>(.*?)</title>", page.html)
        assert "المؤسسة" not in title


def test_search_engines_hear_what_a_page_is_and_nothing_of_an_appointment(visitor: Visitor) -> None:
    for path in ("/", "/book/doha-main", "/book/doha-main/birth"):
        assert '<meta name="description" content="' in visitor.open(path).html
    assert "تسجيل واقعة ولادة" in re.findall('name="description" content="(.*?)"', visitor.page.html)[0]
    for page in (visitor.open("/book/doha-main/divorce"), visitor.book()):
        assert 'name="robots" content="noindex"' in page.html
        assert "description" not in page.html


# ---------------------------------------------------------------- long lists


def found(visitor: Visitor, words: str) -> list[str]:
    page = visitor.open(f"/book/doha-main?q={words}")
    assert page.status == 200
    return [link.rsplit("/", 1)[1] for link in page.hrefs("^/book/doha-main/")]


def by_document(visitor: Visitor) -> list[str]:
    """The services below the line which says that only their documents match."""
    _, line, rest = visitor.page.html.partition('id="by-document"')
    return re.findall('href="/book/doha-main/([a-z-]+)"', rest) if line else []


def test_a_long_list_is_folded_by_department_and_says_how_many(visitor: Visitor) -> None:
    page = visitor.open("/book/doha-main")
    assert page.html.count("<details") == 5
    # Thirteen services are too many to be unfolded above the other departments.
    assert page.html.count('<details class="details department" open>') == 0
    assert visitor.open("/book/doha-main?q=جواز").html.count('<details class="details department" open>') == 1
    visitor.open("/book/doha-main")
    assert "القسم القنصلي (13 خدمة)" in page.text
    assert "القسم القانوني (4 خدمات)" in page.text
    assert len(page.hrefs("^/book/doha-main/")) == 27


def test_a_short_list_stands_open(centres: Visitor) -> None:
    page = centres.open("/book/nama")
    assert "<details" not in page.html
    assert 'type="search"' not in page.html


@pytest.mark.parametrize(
    ("words", "services"),
    [
        ("ولاده", ["birth"]),
        ("اخراج", ["civil-extract"]),
        ("وَكَالَة", ["poa"]),
        ("Power attorney", ["poa"]),
        ("POWER", ["poa"]),
        ("تعليمي", ["edu-attest", "edu-sequence", "edu-guidance"]),
        ("تزوير", ["verify-doc"]),
        ("لقاحات", ["hajj-payment"]),
        ("لا شيء كهذا", []),
    ],
)
def test_services_are_found_however_one_writes(visitor: Visitor, words: str, services: list[str]) -> None:
    by_name = [service for service in found(visitor, words) if service not in by_document(visitor)]
    assert (by_name or by_document(visitor)) == services


def test_what_a_search_found_is_counted_and_all_is_one_press_away(visitor: Visitor) -> None:
    found(visitor, "تعليمي")
    assert "وُجدت 3 خدمات." in visitor.page.text
    assert visitor.page.fields["q"]["value"] == "تعليمي"
    found(visitor, "<b>")
    assert "لا خدمة بهذا الوصف: &lt;b&gt;" in visitor.page.text
    assert len(visitor.follow("^/book/doha-main$").hrefs("^/book/doha-main/")) == 27


def test_a_document_leads_to_the_services_that_ask_for_it_behind_those_of_its_name(visitor: Visitor) -> None:
    services = found(visitor, "جواز")
    assert services[:3] == ["passport-apply", "passport-lost", "passport-collect"]
    assert "birth" in services
    assert "خدمات تُطلب لها هذه الوثيقة" in visitor.page.text


@pytest.mark.parametrize(
    ("written", "typed"),
    [
        ("إخراج قيد", "اخراج"),
        ("شهادة", "شهاده"),
        ("مُتابَعة", "متابعه"),
        ("على", "علي"),
        ("وثيقة ٣", "وثيقه 3"),
        ("İstanbul görüşme", "istanbul gorusme"),
        ("Straße", "strasse"),
        ("رؤية", "روية"),
        ("مســجد", "مسجد"),
    ],
)
def test_what_is_written_in_several_ways_is_one_word(written: str, typed: str) -> None:
    assert fold(typed) in fold(written)
    assert holds([written], typed)
    assert not holds([written], "شيء آخر")
