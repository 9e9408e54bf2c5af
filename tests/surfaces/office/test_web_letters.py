"""The pages of the words of messages: the events, own words with the letter as it is read, undo, and the usual words again."""

from __future__ import annotations

import re
from typing import Any

import pytest
from starlette.testclient import TestClient

from queue_system.actions.settings import add_branch
from queue_system.core.messages import SMS, Level, sent_as
from queue_system.core.wording import WORDED
from queue_system.settings.consistency import Located
from queue_system.settings.edits import Edit
from queue_system.settings.faults import Fault
from queue_system.settings.portable import starting
from queue_system.store.log import SYSTEM
from queue_system.store.queries.previews import preview
from queue_system.store.queries.rows import StoredRows
from queue_system.store.queries.settings import branch_settings
from queue_system.store.queries.stored import stored_branch
from queue_system.store.tables import ORGANISATION
from tests.kit.hall import Hall
from tests.kit.people import add_role
from tests.kit.web_hall import sign_in

PAGE = "/office/letters"
HERE = f"{PAGE}/doha-main"
CONFIRMED = f"{HERE}/confirmed"
OWN = {"body.0.ar": "نراكم يوم {day}.", "body.0.en": "See you on {day}."}


@pytest.fixture
def client(here: tuple[TestClient, Hall]) -> TestClient:
    sign_in(here[0], "admin")
    return here[0]


def test_every_event_is_listed_and_shows_the_letter_as_it_is_delivered(client: TestClient) -> None:
    assert client.get(PAGE).headers["location"] == HERE
    page = client.get(HERE).text
    assert page.count("النص المعتاد") == len(WORDED)
    for event in WORDED:
        assert f'href="{HERE}/{event}"' in page
        for place in (HERE, f"{PAGE}/organisation"):
            shown = client.get(f"{place}/{event}")
            assert shown.status_code == 200
            assert shown.text.count("letter-shown") == 2
    assert client.get(f"{HERE}/nothing").status_code == 404
    assert client.get(f"{HERE}/invited").status_code == 404
    assert client.get(f"{CONFIRMED}?service=nothing").status_code == 404


def test_own_words_are_seen_before_they_are_saved_and_are_undone(client: TestClient, hall: Hall) -> None:
    seen = client.post(CONFIRMED, data={**OWN, "step": "form"})
    assert seen.status_code == 200
    assert "See you on" in letter(seen.text, "en")
    assert "Appointment code" in letter(seen.text, "en")
    assert known(hall) == {}
    kept = client.post(CONFIRMED, data=OWN)
    assert kept.status_code == 303
    assert set(known(hall)) == {"confirmed"}
    page = client.get(kept.headers["location"]).text
    assert "نراكم يوم" in letter(page, "ar")
    assert "نص خاص" in client.get(HERE).text
    undo = re.search(r'action="(/office/undo/[^"]+)"', page)
    assert undo is not None
    asked = client.post(undo[1])
    sha256 = re.search(r'name="sha256" value="([0-9a-f]+)"', asked.text)
    assert sha256 is not None
    assert client.post(undo[1], data={"step": "save", "sha256": sha256[1]}).status_code == 303
    assert known(hall) == {}
    history = client.get("/office/history/doha-main/message/confirmed").text
    assert "تثبيت الموعد" in history


def test_a_text_message_is_shown_with_its_segments(client: TestClient) -> None:
    page = client.get(f"{CONFIRMED}?channel=sms").text
    assert "QM7K 4TRX" in letter(page, "ar")
    assert "/my-booking" in letter(page, "ar")
    assert "تحسب الشبكة كلًا منها رسالة" in page
    assert "ولا أحد يقرأ الردود" not in page
    long = {"body.0.ar": "نراكم. " * 60, "body.0.en": "See you. " * 60, "step": "form"}
    assert re.search("[٠-٩0-9]+</bdi> أجزاء: تحسب", client.post(f"{CONFIRMED}?channel=sms", data=long).text)


def test_text_messages_are_offered_only_where_they_can_be_sent(client: TestClient, hall: Hall) -> None:
    assert 'value="sms"' not in client.get(CONFIRMED).text
    hall.db.sends = frozenset({"full", sent_as(SMS, Level.FULL)})
    assert 'value="sms"' in client.get(CONFIRMED).text


def test_a_branch_without_services_has_words_and_no_preview(client: TestClient, hall: Hall) -> None:
    origin = hall.db.read_now(lambda tx: stored_branch(StoredRows(tx), hall.branch.id))
    bare: dict[str, Any] = {key: {} for key in ("services", "queues", "counters", "resources", "devices")}
    bare["hours"] = tuple(one for one in origin.hours if one.service is None)
    hall.db.write_now(add_branch, starting(origin, "bare", **bare), actor=SYSTEM, person=None)
    page = client.get(f"{PAGE}/bare/confirmed")
    assert page.status_code == 200
    assert "لا معاينة" in page.text
    assert client.post(f"{PAGE}/bare/confirmed", data={**OWN, "step": "form"}).status_code == 200


def test_words_of_a_service_are_kept_apart_and_taken_back(client: TestClient, hall: Hall) -> None:
    for_one = f"{CONFIRMED}?service=travel-doc&channel=mail"
    client.post(for_one, data=OWN)
    client.post(CONFIRMED, data=OWN)
    assert set(known(hall)) == {"confirmed", "confirmed-travel-doc-mail"}
    page = client.get(HERE).text
    assert f'href="{for_one.replace("&", "&amp;")}"' in page
    assert client.post(for_one, data={"remove": "yes"}).status_code == 303
    assert set(known(hall)) == {"confirmed"}
    # To empty the form is to take the words back, too.
    was = re.search(r'name="was" value="([^"]*)"', client.get(CONFIRMED).text)
    assert was is not None
    client.post(CONFIRMED, data={"was": was[1].replace("&#34;", '"')})
    assert known(hall) == {}


def test_a_mark_that_means_nothing_there_is_refused_beside_its_field(client: TestClient, hall: Hall) -> None:
    wrong = {"body.0.ar": "السبب {reason} {ay}", "body.0.en": "Why {reason} {ay}"}
    refused = client.post(CONFIRMED, data=wrong)
    assert refused.status_code == 422
    assert re.search("لا تعني .{reason}. شيئًا هنا", refused.text)
    assert 'id="body.0.ar-error"' in refused.text
    alone = client.post(CONFIRMED, data={"body.0.ar": "نراكم."})
    assert alone.status_code == 422
    assert known(hall) == {}
    called_off = {"body.0.ar": "السبب {reason}", "body.0.en": "Why: {reason}"}
    assert client.post(f"{HERE}/called_off", data=called_off).status_code == 303


def test_words_of_all_branches_hold_where_a_branch_has_none(client: TestClient, hall: Hall) -> None:
    client.post(f"{PAGE}/organisation/confirmed", data=OWN)
    common = hall.db.read_now(branch_settings, hall.branch.id).organisation.messages
    assert set(common) == {"confirmed"}
    assert "See you on" in letter(client.get(CONFIRMED).text, "en")


def test_only_who_may_change_messages_opens_the_pages(client: TestClient, hall: Hall) -> None:
    for login, right in (("of-texts", "edit_texts"), ("of-letters", "edit_messages")):
        hall.person(login, ((hall.branch.id, add_role(hall, f"role-{login}", right)),))
    sign_in(client, "of-texts")
    assert client.get(HERE).status_code == 403
    assert client.post(CONFIRMED, data=OWN).status_code == 403
    sign_in(client, "of-letters")
    assert client.get(HERE).status_code == 200
    assert client.post(CONFIRMED, data=OWN).status_code == 303


def test_two_texts_about_the_same_are_a_contradiction(client: TestClient, hall: Hall) -> None:
    body = [{"ar": "أ", "en": "a"}]
    edits = [Edit("message", slug, None, {"event": "confirmed", "body": body}) for slug in ("one", "two")]
    found = hall.db.read_now(preview, hall.branch.id, edits).faults
    assert found == (Located("message", "two", Fault("setting-message-twice", "event", {"other": "one"})),)
    assert [one.slug for one in hall.db.read_now(preview, ORGANISATION, edits).faults] == ["two"]


def test_a_neutral_sentence_that_names_somebody_is_refused(client: TestClient, hall: Hall) -> None:
    branch = hall.db.read_now(lambda tx: stored_branch(StoredRows(tx), hall.branch.id))
    organisation = hall.branch.organisation.names
    service = next(iter(branch.services.values())).names
    for names in (branch.names, organisation, service):
        text = {"ar": f"نراكم في {names['ar']}.", "en": "See you."}
        edit = Edit("text", "neutral", None, {"names": text})
        (found,) = hall.db.read_now(preview, hall.branch.id, [edit]).faults
        assert (found.slug, found.fault.code, found.fault.field) == ("neutral", "setting-neutral-names", "names.ar")
        assert hall.db.read_now(preview, ORGANISATION, [edit]).faults != ()
    plain = Edit("text", "neutral", None, {"names": {"ar": "موعدك محفوظ.", "en": "Your appointment is kept."}})
    assert hall.db.read_now(preview, hall.branch.id, [plain]).faults == ()


def known(hall: Hall) -> dict[str, object]:
    return dict(hall.db.read_now(branch_settings, hall.branch.id).messages)


def letter(page: str, language: str) -> str:
    """The letter in one language, as the page shows it."""
    found = re.search(rf'<article class="letter-shown" lang="{language}".*?</article>', page, re.DOTALL)
    assert found is not None
    return found[0]
