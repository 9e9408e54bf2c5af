"""The log for people: a sentence for every fact, in every language, with present names; and its chain."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa
from starlette.testclient import TestClient

from queue_system.actions import tickets
from queue_system.clock import FrozenClock
from queue_system.core.dispatch import Reason
from queue_system.core.facts import KINDS, SUBJECTS, from_data, meanings, variants
from queue_system.core.facts.fields import Is, Word
from queue_system.core.reasons import BY_SERVICE, OUT_OF_TURN, RAISE_REASONS
from queue_system.i18n import isolates
from queue_system.i18n.catalogues import REFERENCE, catalogues
from queue_system.i18n.words import available_languages, words_for
from queue_system.store.database import Database
from queue_system.store.log import VISITOR
from queue_system.store.queries import access, audit
from queue_system.store.queries.audit import EntryView, Wanted
from queue_system.store.queries.members import members_of
from queue_system.store.tables import Entry, table
from queue_system.surfaces.office.sentences import Sentences, key_of, reason
from tests.kit.hall import Hall, furnish
from tests.kit.log_samples import OTHERS, PLAINEST, VALUES
from tests.kit.web_hall import Page, application, furnished, sign_in


def sample(hall: Hall, kind: str, **changed: Any) -> EntryView:
    """An entry of that kind with a value in every field; its ordinary sentence unless `changed` says otherwise."""
    devices = {one.slug: str(one.id) for one in hall.db.read_now(access.devices, hall.branch.id)}
    values = VALUES | {
        Is.COUNTER: str(hall.counter("c4")),
        Is.DEVICE: devices["k1" if kind.startswith("device.") else "p2"],
        Is.QUEUE: next(iter(hall.branch.queues.values())).slug,
        Is.MEMBER: next(iter(members_of(hall.branch).values())).slug,
    }
    data = {
        name: meaning.values[0] if isinstance(meaning, Word) else values[meaning]
        for name, meaning in meanings(KINDS[kind]).items()
    }
    data |= PLAINEST.get(kind, {}) | changed
    return EntryView(
        hall.branch.id, 7, datetime(2026, 11, 22, 7, tzinfo=UTC), kind, "system", "", data.pop("subject"), data
    )


def samples(hall: Hall) -> dict[tuple[str, str], EntryView]:
    """An entry for every sentence."""
    ordinary = {(kind, ""): sample(hall, kind) for kind in KINDS}
    return ordinary | {(kind, variant): sample(hall, kind, **data) for (kind, variant), data in OTHERS.items()}


def sentences(hall: Hall, language: str, branch_id: UUID | None = None) -> Sentences:
    names = hall.db.read_now(audit.names_of_log, branch_id or hall.branch.id)
    return Sentences(words_for(language, strict=True), names, hall.branch.zone)


@pytest.fixture
def hall(sqlite_url: str, clock: FrozenClock) -> Iterator[Hall]:
    database = Database(sqlite_url, clock)
    yield furnish(database)
    database.close()


# ---------------------------------------------------------------- sentences


def test_every_fact_has_all_its_sentences_in_every_language(hall: Hall) -> None:
    told = samples(hall)
    assert told.keys() == {(kind, variant) for kind, fact in KINDS.items() for variant in variants(fact)}
    for language in available_languages():
        write = sentences(hall, language)
        texts = {which: isolates.strip(write.sentence(entry).striptags()) for which, entry in told.items()}
        unfinished = {which: text for which, text in texts.items() if "{" in text or "…" in text or "audit." in text}
        assert unfinished == {}, language
        assert len(set(texts.values())) == len(texts), f"{language}: two facts read alike"


def test_each_variant_of_a_sentence_is_chosen_by_what_the_fact_says(hall: Hall) -> None:
    for (kind, variant), entry in samples(hall).items():
        assert from_data(kind, entry.subject, entry.data).variant() == variant, kind


def test_every_placeholder_of_a_sentence_is_a_field_that_may_be_said() -> None:
    for catalogue in catalogues().values():
        for kind, fact in KINDS.items():
            sayable = {name for name, meaning in meanings(fact).items() if meaning is not Is.UNSAID}
            for variant in variants(fact):
                message = catalogue.messages[key_of(kind, variant)]
                named = {name for parts in message.parts for _, name in parts if name is not None}
                assert named <= sayable, f"{catalogue.language} {message.key}: {named - sayable}"


def test_every_sentence_of_the_log_tells_a_fact() -> None:
    """A sentence whose fact or variant no longer exists would never be read."""
    told = {key_of(kind, variant) for kind, fact in KINDS.items() for variant in variants(fact)}
    of_facts = {
        key for key in catalogues()[REFERENCE].messages if key.startswith(tuple(f"audit.{one}." for one in SUBJECTS))
    }
    assert of_facts == told


def test_every_word_that_a_fact_may_hold_is_in_every_language() -> None:
    words = {meaning for fact in KINDS.values() for meaning in meanings(fact).values() if isinstance(meaning, Word)}
    keys = {f"{word.family}.{value}" for word in words for value in word.values}
    for language in available_languages():
        assert [key for key in sorted(keys) if not words_for(language).has(key)] == [], language


def test_an_entry_of_a_newer_version_is_shown_as_one_that_cannot_be_read(hall: Hall) -> None:
    entry = replace(sample(hall, "ticket.left"), kind="ticket.praised", data={"code": "A012"})
    write = sentences(hall, "en")
    assert isolates.strip(write.sentence(entry).striptags()) == (
        "This version of the program cannot read this entry: ticket.praised."
    )
    assert write.why(entry) is None


def test_a_field_that_a_newer_version_added_does_not_disturb_the_sentence(hall: Hall) -> None:
    entry = sample(hall, "ticket.left")
    write = sentences(hall, "en")
    assert write.sentence(replace(entry, data=entry.data | {"mood": "glad"})) == write.sentence(entry)


def test_no_sentence_shows_an_id_or_a_slug(hall: Hall) -> None:
    """Sentences contain words, codes and numbers, but no ids or slugs of the database."""
    # Only slugs that are not English words.
    slugs = {"attest-single", "waited-longest", "on_time", "no_paper", "walkin", "k1"}
    slugs |= {one.slug for one in hall.branch.queues.values() if "-" in one.slug}
    for language in available_languages():
        write = sentences(hall, language)
        for (kind, _), entry in samples(hall).items():
            text = write.sentence(entry).striptags()
            shown = set(isolates.strip(text).replace(".", " ").replace(":", " ").split())
            assert not shown & slugs, f"{language} {kind}: {text}"
            assert "-4" not in text.replace("A012", ""), f"{language} {kind}: an id in {text}"


def test_everything_else_that_the_page_says_has_a_word() -> None:
    families = {
        "audit.basis.": {*RAISE_REASONS, *OUT_OF_TURN, BY_SERVICE},
        "audit.broken.": {"gap", "altered", "head"},
        "audit.group.": set(SUBJECTS),
        "audit.actor.": {"visitor", "system", "device", "staff"},
    }
    for language in available_languages():
        words = words_for(language)
        missing = [
            family + name for family, names in families.items() for name in names if not words.has(family + name)
        ]
        assert missing == [], language


def test_sentences_name_things_as_they_are_called_today(hall: Hall) -> None:
    write = sentences(hall, "ar")
    called = write.sentence(sample(hall, "ticket.called")).striptags()
    assert isolates.strip(called) == "نودي الرقم A012 إلى الشباك 4."
    issued = isolates.strip(write.sentence(sample(hall, "ticket.issued")).striptags())
    assert "تصديق وثيقة (حتى 3 وثائق)" in issued
    assert "الفئة: مراجع دون موعد" in issued


def test_a_change_of_settings_names_the_thing_and_the_fields(hall: Hall) -> None:
    def told(language: str, **changed: Any) -> str:
        return isolates.strip(
            sentences(hall, language).sentence(sample(hall, "settings.changed", **changed)).striptags()
        )

    named = "تصديق وثيقة (حتى 3 وثائق)"
    assert told("ar", op="edit", fields=["duration_min"]).startswith(f"الإعدادات – تعديل الخدمة: {named}. ما تغيّر: ")
    english = told("en", op="edit", fields=["names", "duration_min"])
    assert "change of the service Attestation (up to 3 documents). What changed: " in english
    assert "duration_min" not in english
    assert "Settings – retirement of the counter 4." in told("en", object_kind="counter", subject="c4")
    assert "no-longer · gone_field" in told("en", subject="no-longer", fields=["gone_field"]).replace(
        ". What changed:", " ·"
    )


def test_a_slip_that_may_be_on_paper_is_told_from_one_that_is_tried_again(hall: Hall) -> None:
    write = sentences(hall, "en")
    failed = sample(hall, "slip.failed")
    said = [
        write.sentence(replace(failed, data=failed.data | {"final": final, "maybe": maybe})).striptags()
        for final, maybe in ((False, False), (True, False), (True, True))
    ]
    assert "It will be tried again." in said[0]
    assert "It will not be tried again." in said[1]
    assert "only a copy can follow" in said[2]


def test_what_somebody_typed_as_a_name_is_no_markup(hall: Hall) -> None:
    staff_id = hall.person("<b>x</b>")
    entry = replace(sample(hall, "counter.opened"), actor_kind="staff", actor_id=str(staff_id))
    assert sentences(hall, "en").who(entry) == "<b>x</b> name"
    created = replace(sample(hall, "staff.signed_in"), subject=str(staff_id))
    assert "&lt;b&gt;" in sentences(hall, "en").sentence(created)


def test_an_unknown_name_tried_at_the_door_is_not_invented(hall: Hall) -> None:
    text = sentences(hall, "en").sentence(sample(hall, "staff.sign_in_failed", subject="")).striptags()
    assert "an unknown name" in text


@pytest.mark.parametrize("language", ["ar", "en"])
def test_why_a_ticket_was_called_is_said(hall: Hall, language: str) -> None:
    words = words_for(language, strict=True)
    names = hall.db.read_now(audit.names_of_log, hall.branch.id)
    reasons = [
        *(Reason(code, {"n": 3}) for code in ("waited-longest", "guard", "appointment-time", "only-callable")),
        Reason("appointment-soon", {"n": 3}),
        Reason("priority-class", {"priority": "appointment"}),
        Reason("emergency", {"priority": "appointment"}),
        Reason("parked-back"),
        Reason("skipped"),
        Reason("skipped-back"),
        *(Reason("chosen-by-staff", {"basis": basis}) for basis in OUT_OF_TURN),
    ]
    texts = [reason(words, names, one.code, one.values) for one in reasons]
    assert len({str(text) for text in texts}) == len(reasons)
    assert None not in texts
    assert names.settings is not None
    named = names.settings.priorities["appointment"].names[language]
    assert named in str(texts[5])


def test_an_entry_from_a_version_that_knew_another_reason_still_reads(hall: Hall) -> None:
    names = hall.db.read_now(audit.names_of_log, hall.branch.id)
    assert reason(words_for("ar"), names, "by-the-moon", {}) is None


# ---------------------------------------------------------------- reading on both databases


def test_the_log_is_read_backwards_and_by_what_is_wanted(db: Database, clock: FrozenClock) -> None:
    hall = furnish(db)
    first = hall.issue().ticket
    clock.move(timedelta(hours=1))
    second = hall.issue().ticket
    db.write_in_now(hall.branch.id, tickets.leave, hall.branch.id, first.id, VISITOR)

    def read(limit: int = 50, **wanted: Any) -> list[tuple[str, str]]:
        found = db.read_now(audit.entries, hall.branch.id, Wanted(**wanted), limit)
        return [(one.kind, one.data["code"]) for one in found]

    everything = [("ticket.left", first.code), ("ticket.issued", second.code), ("ticket.issued", first.code)]
    assert read() == everything
    assert read(limit=1) == everything[:1]
    assert read(kind="ticket") == everything
    assert read(kind="ticket.left") == everything[:1]
    assert read(kind="tick") == read(kind="booking") == []
    assert read(code=first.code) == [everything[0], everything[2]]
    assert read(subject=str(second.id)) == [everything[1]]
    assert read(since=clock.now()) == everything[:2]
    assert read(until=clock.now()) == everything[2:]
    assert read(before=2) == everything[2:]


# ---------------------------------------------------------------- the page


@pytest.fixture
def place(sqlite_template: Path, tmp_path: Path, clock: FrozenClock) -> Iterator[tuple[TestClient, Hall]]:
    with application(furnished(sqlite_template, tmp_path, clock.now()), tmp_path, clock) as found:
        yield found


def see(client: TestClient, query: str = "") -> Page:
    answer = client.get(f"/office/audit{query}")
    assert answer.status_code == 200, answer.text
    return Page(answer.text)


@pytest.mark.parametrize(
    ("language", "sentence", "why"),
    [
        ("ar", "نودي الرقم F001 إلى الشباك 4", "الأطول انتظارًا"),
        ("en", "F001 was called to counter 4", "Waited longest"),
    ],
)
def test_who_called_whom_and_why(
    place: tuple[TestClient, Hall], clock: FrozenClock, language: str, sentence: str, why: str
) -> None:
    client, hall = place
    hall.issue()
    clock.move(timedelta(minutes=5))
    hall.call_next(hall.sit(hall.person("nour")))
    sign_in(client, "admin", language)
    text = see(client).text
    assert sentence in text
    assert why in text
    assert "nour name" in text


def test_what_one_person_did_is_one_press_away_and_is_kept_with_the_other_filters(
    place: tuple[TestClient, Hall],
) -> None:
    client, hall = place
    nour, hadi = hall.person("nour"), hall.person("hadi")
    for person, counter in ((nour, "c4"), (hadi, "c1")):
        hall.sit(person, counter)
    hall.issue()
    sign_in(client, "admin", "en")
    link = f"/office/audit?branch={hall.branch.slug}&amp;kind=counter&amp;who={nour}"
    page = see(client, "?kind=counter")
    assert link in page.html
    found = see(client, link.replace("/office/audit", "").replace("&amp;", "&"))
    assert "Counter 4 was opened" in found.text
    assert "Counter 1 was opened" not in found.text
    assert f'<option value="{nour}" selected>nour name</option>' in found.html


def test_the_organisation_s_own_log_names_who_came_in(place: tuple[TestClient, Hall]) -> None:
    client, _ = place
    sign_in(client, "admin", "en")
    assert "admin name signed in through the website" in see(client, "?branch=-").text


def test_a_code_leads_to_everything_about_it_on_its_day(place: tuple[TestClient, Hall], clock: FrozenClock) -> None:
    client, hall = place
    hall.issue()
    hall.issue()
    clock.move(timedelta(days=1))
    hall.issue()
    sign_in(client, "admin", "en")
    page = see(client)
    link = f"/office/audit?branch={hall.branch.slug}&amp;code=F002&amp;since=2026-11-22&amp;until=2026-11-22"
    assert link in page.html
    found = see(client, link.replace("/office/audit", "").replace("&amp;", "&"))
    assert found.text.count("was given for") == 1


def test_a_long_log_is_read_page_by_page(place: tuple[TestClient, Hall]) -> None:
    client, hall = place
    for _ in range(55):
        hall.issue()
    sign_in(client, "admin", "en")
    first = see(client)
    assert first.html.count('id="entry-') == 50
    assert "before=6" in first.html
    second = see(client, f"?branch={hall.branch.slug}&before=6")
    assert second.html.count('id="entry-') == 5
    assert "Older" not in second.text


@pytest.mark.parametrize(
    "query", ["?since=yesterday", "?until=0001-01-01", "?before=" + "9" * 40, "?after=²", "?kind=%01", "?code=%25"]
)
def test_nonsense_in_the_address_is_no_fault(place: tuple[TestClient, Hall], query: str) -> None:
    client, _ = place
    sign_in(client, "admin")
    see(client, query)


def test_an_unknown_branch_is_not_found(place: tuple[TestClient, Hall]) -> None:
    client, _ = place
    sign_in(client, "admin")
    assert client.get("/office/audit?branch=atlantis").status_code == 404


def test_a_whole_chain_is_said_to_be_whole(place: tuple[TestClient, Hall]) -> None:
    client, hall = place
    hall.issue()
    sign_in(client, "admin", "en")
    page = Page(client.post("/office/audit/verification").text)
    assert "The log of Embassy premises – Doha is intact" in page.text
    assert "does not hold" not in page.text


def test_an_altered_entry_is_found_and_named(place: tuple[TestClient, Hall]) -> None:
    client, hall = place
    for _ in range(3):
        hall.issue()
    entry = table(Entry)

    def tamper(tx: Any) -> None:
        tx.execute(sa.text("DROP TRIGGER entry_no_update"))
        tx.execute(
            sa.update(entry)
            .where(entry.c.branch_id == hall.branch.id, entry.c.seq == 2)
            .values(actor_kind="staff", actor_id=str(uuid4()))
        )

    hall.db.write_now(tamper)
    sign_in(client, "admin", "en")
    page = Page(client.post("/office/audit/verification").text)
    assert "fails at entry 2 : an entry was altered" in page.text


def test_the_verdict_covers_only_what_one_may_read(place: tuple[TestClient, Hall]) -> None:
    client, hall = place
    hall.person("auditor", ((hall.branch.id, "auditor"),))
    sign_in(client, "auditor", "en")
    page = Page(client.post(f"/office/audit/verification?branch={hall.branch.slug}").text)
    assert page.text.count("is intact") == 1


def test_the_staff_of_a_log_are_looked_up_when_it_is_read(hall: Hall) -> None:
    staff_id = hall.person("layla")
    hall.sit(staff_id)
    entry = hall.db.read_now(audit.entries, hall.branch.id, Wanted(kind="counter.opened"), 1)[0]
    assert entry.actor_id == str(staff_id)
    assert "layla" not in str(entry.data)
    assert sentences(hall, "ar").who(entry) == "layla name"
    gone = replace(entry, actor_id=str(uuid4()))
    assert sentences(hall, "ar").who(gone) == "موظف لم يعد مسجَّلًا"
