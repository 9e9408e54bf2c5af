"""The published rule: its sentences follow from the settings, and it is available wherever people ask for it."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import pytest
from markupsafe import Markup
from starlette.testclient import TestClient

from queue_system.clock import FrozenClock
from queue_system.core import rulebook
from queue_system.core.absence import AbsenceRule
from queue_system.core.bookings import CheckInRules
from queue_system.core.dispatch import CallingRules, longest_bypass
from queue_system.core.rulebook import Article, PriorityClass
from queue_system.i18n import isolates
from queue_system.profiles.reader import profile_names
from queue_system.store.database import Database
from queue_system.store.queries import line
from queue_system.store.queries.settings import branch_ids
from queue_system.web import kit
from queue_system.web.rules import SENTENCES, rules_of, wall_promise
from tests.kit.hall import Hall, enter, furnish
from tests.kit.kiosk_hall import paired_kiosk
from tests.kit.public_visitor import Visitor
from tests.kit.web_hall import application, furnished

WALKIN = PriorityClass("walkin", 1, "none")
APPOINTMENT = PriorityClass("appointment", 3, "booking")
DISABILITY = PriorityClass("disability", 4, "self_declared")
BEREAVEMENT = PriorityClass("bereavement", 6, "staff_confirms")
CHECK_IN = CheckInRules(30, 10)
PATIENT = AbsenceRule(calls=3, after=timedelta(minutes=5), others_first=3, rejoins=1, keeps_place=True)


def calling(*classes: PriorityClass, early: int = 5, guard: int | None = 60) -> CallingRules:
    return CallingRules.of([one.weight for one in classes], early, guard)


def said(*classes: PriorityClass, absence: AbsenceRule = PATIENT, **rules: int | None) -> dict[str, Article]:
    found = rulebook.articles(calling(*classes, **rules), CHECK_IN, absence, classes)  # type: ignore[arg-type]
    return {article.code: article for article in found}


def test_what_a_branch_has_not_is_not_said() -> None:
    plain = said(WALKIN, absence=AbsenceRule(calls=1, after=timedelta()), early=0)
    assert {
        "classes",
        "guard",
        "emergency",
        "declared",
        "confirmed",
        "appointment-early",
        "passed-over",
        "emergency-passed-over",
    }.isdisjoint(plain)
    assert {"waiting", "appointment", "no-show", "return-anew", "out-of-turn"} <= plain.keys()


def test_the_figures_are_those_of_the_branch() -> None:
    found = said(WALKIN, APPOINTMENT, DISABILITY, BEREAVEMENT)
    assert found["guard"].values == {"guard": timedelta(minutes=60)}
    assert found["emergency"].values == {"classes": ("bereavement",)}
    assert {"emergency-passed-over", "not-before-agreed"} <= found.keys()
    assert found["declared"].values == {"classes": ("disability",)}
    assert found["check-in"].values == {"early": timedelta(minutes=30)}
    assert found["late"].values == {"grace": timedelta(minutes=10)}
    assert found["no-show"].values == {"calls": 3, "after": timedelta(minutes=5)}
    assert found["return-behind"].values == {"others": 3}
    assert found["returns"].values == {"times": 1}


def test_without_a_guard_no_promise_is_given() -> None:
    classes = (WALKIN, DISABILITY)
    assert "guard" not in said(*classes, guard=None)
    assert [row.promise for row in rulebook.paces(calling(*classes, guard=None), classes)] == [None, None]


def test_the_promise_is_that_of_the_calling_rule() -> None:
    classes = (WALKIN, APPOINTMENT, DISABILITY, BEREAVEMENT)
    rules = calling(*classes)
    rows = rulebook.paces(rules, classes)
    assert [(row.slug, row.factor, row.promise) for row in rows] == [
        ("disability", 4, timedelta()),
        ("appointment", 3, timedelta(minutes=15)),
        ("walkin", 1, timedelta(minutes=45)),
    ]
    assert rows[-1].promise == longest_bypass(1, rules)


def test_the_promise_on_the_wall_is_true_for_everybody() -> None:
    """It is the one to the slowest class; without a guard, nothing is promised."""
    classes = (WALKIN, APPOINTMENT, DISABILITY, BEREAVEMENT)
    assert rulebook.wall_promise(calling(*classes), classes) == timedelta(minutes=45)
    assert rulebook.wall_promise(calling(*classes, guard=None), classes) is None
    assert rulebook.wall_promise(calling(WALKIN), (WALKIN,)) == timedelta()


def test_the_promise_is_a_sentence_in_the_language_of_the_visitor(hall: Hall) -> None:
    said_in = {language: wall_promise(hall.branch, kit.words_of(language, hall.branch)) for language in ("ar", "en")}
    assert {language: isolates.strip(text.striptags()) for language, text in said_in.items() if text} == {
        "ar": "لا يُنادى قبلك من جاء بعدك بأكثر من 45 دقيقة، إلا في الحالات الطارئة.",
        "en": "Nobody who came more than 45 minutes after you is called before you, except in emergencies.",
    }


@pytest.mark.parametrize("name", profile_names())
def test_every_branch_of_the_samples_has_its_rule_in_its_languages(
    name: str, sqlite_url: str, clock: FrozenClock
) -> None:
    database = Database(sqlite_url, clock)
    furnish(database, name)
    for slug in database.read_now(branch_ids):
        branch = enter(database, slug).branch
        for language in kit.languages_of(branch):
            rules = rules_of(branch, kit.words_of(language, branch))
            text = isolates.strip(" ".join(rules.articles))
            assert len(rules.articles) >= 10
            assert rules.promise, (slug, language)
            assert not re.search(r"[{}…]|rules\.", text), (slug, language)
            guard = branch.queue_rules.max_wait_guard_min
            assert len({row.factor for row in rules.paces}) < 2 or guard < 60 or "ساعة" in text or "hour" in text
    database.close()


def test_what_is_counted_agrees_and_classes_stay_apart(sqlite_url: str, clock: FrozenClock) -> None:
    database = Database(sqlite_url, clock)
    branch = furnish(database).branch
    database.close()
    text = isolates.strip(Markup(" ").join(rules_of(branch, kit.words_of("ar", branch)).articles).striptags())
    for sentence in (
        "ويُنادى من جديد بعد 3 آخرين.",
        "يعود إلى مكانه في الدور، بعد 3 آخرين.",
        "يُسجَّل عدم الحضور بعد 3 نداءات متتالية ومدة منذ أولها. المدة: 5 دقائق.",
        "يمكن ذلك مرة واحدة للرقم الواحد.",
        "كبار السن (العمر 65 سنة أو أكثر)؛ الأشخاص ذوو الإعاقة؛ الحوامل ومن معهم رُضَّع.",
    ):
        assert sentence in text


def test_every_sentence_can_be_reached() -> None:
    """A sentence that no settings can produce would be a promise that nobody checks."""
    every: set[str] = set()
    for absence in (PATIENT, AbsenceRule(1, timedelta()), AbsenceRule(2, timedelta(), rejoins=0)):
        for early in (0, 5):
            every |= said(WALKIN, APPOINTMENT, DISABILITY, BEREAVEMENT, absence=absence, early=early).keys()
    for guard in (None, 60):
        found = rulebook.articles(calling(WALKIN, guard=guard), CHECK_IN, PATIENT, [WALKIN], has_profiles=True)
        every |= {article.code for article in found}
    assert every == set(SENTENCES)


# ---------------------------------------------------------------- where it hangs


def test_the_site_and_the_telephone_lead_to_the_rule(here: tuple[TestClient, Hall]) -> None:
    client, hall = here
    visitor = Visitor(client)
    visitor.open("/book/doha-main")
    page = visitor.follow("^/rules/doha-main$")
    assert "يُنادى أولًا من طال انتظاره" in page.text
    assert "45 دقيقة" in page.text
    ticket = visitor.open(f"/t/{hall.issue().ticket.token}")
    assert ticket.hrefs("^/rules/doha-main$")
    assert "Whoever has waited longest" in Visitor(client, "en").open("/rules/doha-main?lang=en").text
    assert visitor.open("/rules/nowhere").status == 404
    assert visitor.open("/rules/mission-template").status == 404


def test_a_protected_visit_names_no_branch_by_its_rule(sqlite_url: str, tmp_path: Path, clock: FrozenClock) -> None:
    database = Database(sqlite_url, clock)
    halls = [
        (hall, service)
        for hall in [furnish(database, "social-work")]
        for slug in database.read_now(branch_ids)
        for hall in [enter(database, slug)]
        for service in hall.branch.services.values()
        if service.confidentiality.hides_service
        and service.walk_in
        and hall.branch.timetable.takes_tickets(clock.now(), service.id)
    ]
    hall, service = halls[0]
    token = hall.issue(service.slug).ticket.token
    database.close()
    with application(sqlite_url, tmp_path, clock) as (client, _):
        assert "/rules/" not in Visitor(client).open(f"/t/{token}").html


def test_the_sheet_for_the_wall_has_both_languages_and_the_way_to_the_page(here: tuple[TestClient, Hall]) -> None:
    visitor = Visitor(here[0])
    for paper in ("a4", "a3"):
        page = visitor.open(f"/rules/doha-main/sheet?paper={paper}")
        assert "قواعد النداء" in page.text
        assert "How visitors are called" in page.text
        assert "/rules/doha-main" in page.text
        assert f"rules-{paper}" in page.html
        assert "<svg" in page.html


def test_the_kiosk_shows_the_rule_and_no_way_out(sqlite_template: Path, tmp_path: Path, clock: FrozenClock) -> None:
    with paired_kiosk(furnished(sqlite_template, tmp_path, clock.now()), tmp_path, clock) as kiosk:
        kiosk.visitor.open("/kiosk/ar")
        page = kiosk.visitor.follow("/kiosk/ar/rules$")
        assert "يُنادى أولًا من طال انتظاره" in page.text
        assert [link for link in page.hrefs("") if not link.startswith("/kiosk/")] == []


def test_the_rule_is_that_of_the_calls(here: tuple[TestClient, Hall]) -> None:
    """The published rule and the calls use the same settings."""
    branch = here[1].branch
    rules = line.calling_rules(branch)
    walkin = next(row for row in rules_of(branch, kit.words_of("en", branch)).paces if row.name == "Walk-in")
    promise = longest_bypass(1, rules)
    assert promise is not None
    assert isolates.strip(walkin.promise or "") == f"{promise // timedelta(minutes=1)} minutes"
