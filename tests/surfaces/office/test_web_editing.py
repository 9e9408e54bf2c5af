"""Editing settings in the office: the form, what changes, saving, two people at once, the way back."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from starlette.testclient import TestClient

from queue_system.actions import approvals
from queue_system.actions.guarded_settings import ACTION, ask_for_change
from queue_system.clock import FrozenClock
from queue_system.core.promises import Choices, Decided
from queue_system.settings.edits import Edit
from queue_system.store.log import Actor
from queue_system.store.queries.approvals import requests
from queue_system.store.queries.people import colleague
from queue_system.store.queries.previews import preview
from queue_system.store.queries.settings import branch_settings
from tests.kit.browser_form import form_of
from tests.kit.deciding import as_stored, booked
from tests.kit.hall import Hall
from tests.kit.people import add_role, give_in_department
from tests.kit.web_hall import another, sign_in

ALL = "/office/settings/doha-main"
QUEUE = f"{ALL}/queue/q-attest"


@pytest.fixture
def client(here: tuple[TestClient, Hall]) -> TestClient:
    sign_in(here[0], "admin")
    return here[0]


def sent(client: TestClient, address: str, **changed: str) -> dict[str, Any]:
    """What a browser sends of the form at an address, with some fields typed anew."""
    return items_of(client.get(address).text, **{name.replace("__", "."): value for name, value in changed.items()})


def items_of(html: str, **changed: str) -> dict[str, Any]:
    main = html[html.index("<main") :]
    forms = re.findall(r'<form class="flow-wide.*?</form>', main, re.DOTALL)
    found: dict[str, Any] = {}
    for name, value in form_of(forms[0]).items:
        found.setdefault(name, []).append(value)
    return found | changed


def previewed(client: TestClient, address: str, **changed: str) -> str:
    answer = client.post(address, data=sent(client, address, **changed))
    assert answer.status_code == 200, answer.text
    return str(answer.text)


def saved(client: TestClient, address: str, html: str, **more: str) -> str:
    answer = client.post(address, data=items_of(html, **({"step": "save"} | more)))
    assert answer.status_code == 303, words(answer.text)
    return str(answer.headers["location"])


def words(html: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>|[\u2066-\u2069]", " ", html)).split())


def lanes(hall: Hall, slug: str = "q-attest") -> tuple[int, int]:
    queue = next(one for one in hall.db.read_now(branch_settings, hall.branch.id).queues.values() if one.slug == slug)
    return queue.lanes, queue.public_lanes


def test_a_change_is_shown_then_saved_then_undone(client: TestClient, hall: Hall) -> None:
    old = lanes(hall)
    page = previewed(client, QUEUE, lanes="9")
    assert lanes(hall) == old
    assert "ما يتغيّر" in words(page)
    assert re.search(rf"<del>.*{old[0]}.*</del>", page)
    assert re.search(r"<ins>.*9.*</ins>", page)
    back = saved(client, QUEUE, page, note="شباك جديد")
    assert lanes(hall) == (9, old[1])
    home = client.get(back).text
    assert "حُفظ التعديل" in home
    (address,) = re.findall(r'action="(/office/undo/[^"]+)"', home)
    shown = client.post(address, data={"back": QUEUE}).text
    assert client.post(address, data=items_of(shown, step="form")).headers["location"] == QUEUE
    assert lanes(hall) == (9, old[1])
    assert saved(client, address, shown).startswith(QUEUE)
    assert lanes(hall) == old
    assert client.post(address).status_code == 409
    told = words(client.get("/office/history/doha-main/queue/q-attest").text)
    assert "شباك جديد" in told
    assert "تم التراجع عنه" in told
    assert "admin name" in told


def test_the_form_comes_back_with_what_was_typed(client: TestClient, hall: Hall) -> None:
    page = previewed(client, QUEUE, lanes="9")
    again = client.post(QUEUE, data=items_of(page, step="form")).text
    assert items_of(again)["lanes"] == ["9"]
    refused = client.post(QUEUE, data=sent(client, QUEUE, lanes="x"))
    assert refused.status_code == 422
    assert 'id="lanes-error"' in refused.text
    wrong = client.post(QUEUE, data=sent(client, QUEUE, lanes="1", public_lanes="3"))
    assert wrong.status_code == 422
    assert 'id="public_lanes-error"' in wrong.text
    assert items_of(wrong.text)["public_lanes"] == ["3"]


def test_another_language_and_another_document_keep_what_was_typed(client: TestClient) -> None:
    address = f"{ALL}/service/civil-extract"
    page = client.get(address).text
    (switch,) = re.findall(r'formaction="([^"]+lang=en)"', page)
    (added,) = re.findall(r'<select name="documents".*?<option value="(\w+)"', page, re.DOTALL)
    mine = sent(client, address, duration_min="11")
    mine["documents"] = [*mine["documents"][:-1], added]
    shown = client.post(switch, data=mine | {"step": "form"})
    assert shown.status_code == 200
    assert '<html lang="en"' in shown.text
    assert items_of(shown.text)["duration_min"] == ["11"]
    assert items_of(shown.text)["documents"] == [*mine["documents"], ""]


def test_what_is_saved_already_is_not_saved_again(client: TestClient, hall: Hall) -> None:
    answer = client.post(QUEUE, data=sent(client, QUEUE))
    assert answer.headers["location"] == f"{QUEUE}?saved=nothing"
    assert "لم يتغيّر شيء" in words(client.get(answer.headers["location"]).text)


@pytest.mark.parametrize("was", ["", '{"lanes": 2'])
def test_a_form_without_the_values_that_were_seen_keeps_what_was_typed(
    client: TestClient, hall: Hall, was: str
) -> None:
    old = lanes(hall)
    answer = client.post(QUEUE, data=sent(client, QUEUE, lanes="9", was=was))
    assert answer.status_code == 409
    assert "لم يعد محدّثًا" in words(answer.text)
    assert items_of(answer.text)["lanes"] == ["9"]
    assert lanes(hall) == old
    shown = client.post(QUEUE, data=items_of(answer.text))
    assert re.search(rf"<del>.*{old[0]}.*</del>", shown.text)
    saved(client, QUEUE, shown.text)
    assert lanes(hall) == (9, old[1])


def test_values_that_were_seen_may_be_long(client: TestClient, hall: Hall) -> None:
    mine = sent(client, QUEUE, lanes="9")
    mine["was"] = " " * 40_000 + mine["was"][0]
    assert client.post(QUEUE, data=mine).status_code == 200


def test_other_fields_of_another_person_stay(client: TestClient, hall: Hall) -> None:
    mine = sent(client, QUEUE, lanes="9")
    saved(client, QUEUE, previewed(client, QUEUE, public_lanes="0"))
    page = client.post(QUEUE, data=mine).text
    assert "تغيّرت حقول أخرى" in words(page)
    saved(client, QUEUE, page)
    assert lanes(hall) == (9, 0)


@pytest.mark.parametrize(("choice", "expected"), [("theirs", 8), ("yours", 9)])
def test_the_same_field_is_decided_by_the_second_person(
    client: TestClient, hall: Hall, choice: str, expected: int
) -> None:
    mine = sent(client, QUEUE, lanes="9")
    saved(client, QUEUE, previewed(client, QUEUE, lanes="8"))
    answer = client.post(QUEUE, data=mine)
    assert answer.status_code == 409
    assert "admin name" in words(answer.text)
    assert client.post(QUEUE, data=items_of(answer.text, step="save")).status_code in (303, 409)
    assert lanes(hall)[0] == 8
    decided = client.post(QUEUE, data=items_of(answer.text, **{"keep-queue/q-attest/lanes": choice}))
    if choice == "yours":
        assert saved(client, QUEUE, decided.text).startswith(QUEUE)
    else:
        assert decided.headers["location"] == f"{QUEUE}?saved=nothing"
    assert lanes(hall)[0] == expected


def test_a_third_value_is_not_lost_either(client: TestClient, hall: Hall) -> None:
    mine = sent(client, QUEUE, lanes="9")
    saved(client, QUEUE, previewed(client, QUEUE, lanes="8"))
    disputed = client.post(QUEUE, data=mine).text
    saved(client, QUEUE, previewed(client, QUEUE, lanes="7"))
    answer = client.post(QUEUE, data=items_of(disputed, **{"keep-queue/q-attest/lanes": "yours"}))
    assert answer.status_code == 409
    assert lanes(hall)[0] == 7
    decided = client.post(QUEUE, data=items_of(answer.text, **{"keep-queue/q-attest/lanes": "yours"})).text
    saved(client, QUEUE, decided)
    assert lanes(hall)[0] == 9


def test_what_a_change_takes_away_is_decided_with_it(client: TestClient, hall: Hall, clock: FrozenClock) -> None:
    """A service that ends before an appointment; a new appointment meanwhile brings the page again."""
    start = clock.now().replace(hour=5, minute=30) + timedelta(days=2)
    one = booked(hall, start)
    address = f"{ALL}/service/civil-extract"
    page = previewed(client, address, until=clock.now().date().isoformat())
    assert one.code in page
    other = booked(hall, start + timedelta(hours=1), contact="b@example.org")
    answer = client.post(address, data=items_of(page, step="save"))
    assert answer.status_code == 409
    assert "تغيّر أثر" in words(answer.text)
    assert as_stored(hall, one).decision is None
    (why,) = set(re.findall(r'name="(why-[^"]+)"', answer.text))
    saved(client, address, answer.text, **{why: "keep", f"booking-{other.id}": "later"})
    assert [as_stored(hall, found).decision for found in (one, other)] == [Decided.KEEP, Decided.LATER]
    again = previewed(client, address, until="")
    assert "يعود إلى موعد واحد وقته" in words(again)
    saved(client, address, again)
    assert [as_stored(hall, found).decision for found in (one, other)] == [Decided.KEEP, None]


def test_an_undo_says_which_appointments_stay_called_off(client: TestClient, hall: Hall, clock: FrozenClock) -> None:
    start = clock.now().replace(hour=5, minute=30) + timedelta(days=2)
    gone, kept = booked(hall, start), booked(hall, start + timedelta(hours=1), contact="b@example.org")
    address = f"{ALL}/service/civil-extract"
    page = previewed(client, address, until=clock.now().date().isoformat())
    (why,) = set(re.findall(r'name="(why-[^"]+)"', page))
    back = saved(client, address, page, **{why: "cancel", f"booking-{kept.id}": "keep"})
    (undo,) = re.findall(r'action="(/office/undo/[^"]+)"', client.get(back).text)
    shown = client.post(undo).text
    assert "موعد واحد أُلغي بهذا التعديل" in words(shown)
    assert gone.code in shown
    assert kept.code not in shown
    saved(client, undo, shown)
    assert as_stored(hall, gone).decision is Decided.CANCEL


def test_a_thing_is_added_and_removed(client: TestClient, hall: Hall) -> None:
    new = "/office/new-setting/doha-main/resource"
    page = previewed(client, new, names__ar="مترجم", names__en="Interpreter desk", pool="2")
    saved(client, new, page)
    listed = client.get(f"{ALL}/resource").text
    assert f"{ALL}/resource/interpreter-desk" in listed
    gone = client.post(
        f"{ALL}/resource/interpreter-desk", data=sent(client, f"{ALL}/resource/interpreter-desk", remove="yes")
    )
    assert saved(client, f"{ALL}/resource/interpreter-desk", gone.text).startswith(f"{ALL}/resource?")
    assert client.get(f"{ALL}/resource/interpreter-desk").status_code == 404


@pytest.mark.parametrize("kind", ["zone", "department"])
def test_a_form_that_is_sent_twice_adds_one_thing(client: TestClient, hall: Hall, kind: str) -> None:
    address = f"/office/new-setting/doha-main/{kind}"
    page = previewed(client, address, names__ar="قاعة جديدة", names__en="Zed")
    saved(client, address, page)
    assert "saved=nothing" in saved(client, address, page)
    listed = client.get(f"{ALL}/{kind}").text
    assert listed.count(f'href="{ALL}/{kind}/zed"') == 1
    assert "zed-2" not in listed


def test_people_edit_what_their_right_allows(client: TestClient, hall: Hall) -> None:
    hall.person("qays", ((hall.branch.id, add_role(hall, "only-queues", "edit_queues")),))
    mine = sent(client, QUEUE, lanes="9")
    sign_in(client, "qays")
    assert client.get(f"{ALL}/service").status_code == 403
    assert client.get("/office/settings/organisation/policy").status_code == 403
    index = client.get("/office/settings").text
    assert f"{ALL}/queue" in index
    assert f"{ALL}/counter" not in index
    saved(client, QUEUE, client.post(QUEUE, data=mine).text)
    assert lanes(hall)[0] == 9


def test_what_needs_a_second_person_is_asked_for(client: TestClient, hall: Hall) -> None:
    branch = f"{ALL}/branch/doha-main"
    before = hall.db.read_now(branch_settings, hall.branch.id).retention_days
    page = previewed(client, branch, retention_days__ticket=str(before.ticket + 30))
    needed = client.post(branch, data=items_of(page, step="save")).text
    assert "تُحفظ به البيانات مدة أطول" in words(needed)
    assert "لا يوجد شخص آخر له أن يوافق" in words(needed)
    assert hall.db.read_now(requests) == []
    assert asked(client, branch, needed) == "/office/approvals?said=asked"
    assert "لا يوجد شخص آخر له أن يوافق" in words(client.get("/office/approvals").text)
    assert "لا يوجد شخص آخر له أن يوافق على" in words(client.get("/office").text)
    assert hall.db.read_now(branch_settings, hall.branch.id).retention_days == before


@pytest.mark.slow
def test_every_thing_has_its_page(client: TestClient, hall: Hall) -> None:
    """All kinds at a branch and of the organisation: each list, and each thing sent back as it is changes nothing."""
    kinds = re.findall(r'href="(/office/settings/[\w-]+/\w+(?:/[\w-]+)?)"', client.get("/office/settings").text)
    assert len(kinds) > 12
    for kind in kinds:
        pages = [kind] if kind.count("/") == 5 else re.findall(rf'href="({kind}/[^"?]+)"', client.get(kind).text)
        for page in pages[:2]:
            answer = client.post(page, data=sent(client, page))
            assert answer.headers.get("location") == f"{page}?saved=nothing", (page, words(answer.text))


def test_what_shows_more_of_a_visit_waits_for_a_second_person_who_sees_the_same(client: TestClient, hall: Hall) -> None:
    hall.administrator("second")
    service = f"{ALL}/service/legal-advice"
    page = previewed(client, service, confidentiality="normal")
    needed = client.post(service, data=items_of(page, step="save")).text
    assert "لا يوجد شخص آخر" not in words(needed)
    assert asked(client, service, needed) == "/office/approvals?said=asked"
    assert level(hall) == "sensitive"

    own = client.get(service).text
    assert "طلب مفتوح من" in words(own)
    assert "/withdrawal" in own
    assert "طلب مفتوح من" not in words(client.get(f"{ALL}/service/passport-lost").text)
    told = words(client.get("/office/approvals?said=asked").text)
    assert "سُجّل الطلب، ولم يتغيّر شيء بعد" in told
    second = another(client)
    sign_in(second, "second")
    assert "/withdrawal" not in second.get(service).text, "who did not ask takes nothing back"
    seen = second.get("/office/approvals").text
    assert re.search(r"<del>.*حسّاس.*</del>", seen)
    assert re.search(r"<ins>.*عادي.*</ins>", seen)
    assert "يُظهر من الزيارة أكثر" in words(seen)
    second.post(next(re.finditer(r'action="([^"]+/approval)"', seen))[1])
    own = client.get("/office/approvals").text
    client.post(next(re.finditer(r'action="([^"]+/use)"', own))[1])
    assert level(hall) == "normal"
    assert "طلب مفتوح من" not in words(client.get(service).text)


def test_a_request_about_closed_days_is_on_the_pages_of_hours_until_it_is_taken_back(
    client: TestClient, hall: Hall
) -> None:
    hall.administrator("second")
    admin = hall.db.read_now(colleague, "admin")
    assert admin is not None
    closed = {"first": "2026-11-24", "last": "2026-11-24", "names": {"ar": "إغلاق", "en": "Closed"}}
    edit = Edit("branch", "doha-main", {"closures": []}, {"closures": [closed]})
    how: dict[str, Any] = {"actor": Actor("staff", str(admin.id)), "choices": Choices(), "reasons": ["many-bookings"]}
    told = hall.db.read_now(preview, hall.branch.id, [edit])
    hall.db.write_now(ask_for_change, hall.branch.id, [edit], told.sha256, **how)
    pages = ["/office/closures/doha-main", "/office/hours/doha-main", "/office/seasons/doha-main"]
    for page in pages:
        assert "طلب مفتوح من" in words(client.get(page).text), page
    assert "طلب مفتوح من" not in words(client.get("/office/closures/mobile-consulate").text)
    back = next(re.finditer(r'action="([^"]+/withdrawal)"', client.get(pages[0]).text))[1]
    assert client.post(back).status_code == 303
    assert "طلب مفتوح من" not in words(client.get(pages[0]).text)


def test_a_request_of_another_version_is_shown_as_one(client: TestClient, hall: Hall) -> None:
    hall.administrator("second")
    admin = hall.db.read_now(colleague, "admin")
    assert admin is not None
    kept: dict[str, Any] = {"by_why": {}, "by_booking": {}, "reasons": ["many-bookings"], "note": "", "undoes": None}
    params = {"at": str(hall.branch.id), "edits": [["season-of-old", "x", {}, {}]], "listed": [], **kept}
    hall.db.write_now(approvals.ask, hall.branch.id, ACTION, params, Actor("staff", str(admin.id)), "0" * 64)
    answer = client.get("/office/approvals")
    assert (answer.status_code, "قُدِّم هذا الطلب في إصدار آخر" in answer.text) == (200, True)


def asked(client: TestClient, address: str, page: str) -> str:
    """Where the page leads after a second person was asked."""
    return saved(client, address, page, step="ask")


def level(hall: Hall) -> str:
    branch = hall.db.read_now(branch_settings, hall.branch.id)
    return branch.services[hall.service("legal-advice")].confidentiality.slug


def test_a_role_for_one_department_shows_its_things_alone(client: TestClient, hall: Hall) -> None:
    hall.person("jurist", ())
    give_in_department(hall, "jurist", add_role(hall, "jurists", "edit_services", "edit_queues"), "legal")
    sign_in(client, "jurist")
    own, other = "legal-advice", "passport-lost"
    assert client.get(f"{ALL}/service/{own}").status_code == 200
    assert client.get(f"{ALL}/service/{other}").status_code == 403
    listed = client.get(f"{ALL}/service").text
    assert (f"/service/{own}" in listed, f"/service/{other}" in listed) == (True, False)
    assert [client.get(f"/office/new-setting/doha-main/{kind}").status_code for kind in ("service", "queue")] == [
        200,
        403,
    ]
    kinds = client.get("/office/settings").text
    assert (f"{ALL}/queue" in kinds, f"{ALL}/resource" in kinds) == (True, False)


def test_what_uses_a_thing_is_linked_where_it_has_a_page(client: TestClient) -> None:
    """The services of a template have none, because nobody visits it."""
    page = client.get("/office/settings/organisation/confidentiality/sensitive").text
    used = page[page.index('id="around"') :]
    links = re.findall(r'href="(/office/settings/[^"]+)"', used)
    assert 0 < len(links) < used.count("<li>")
    assert {client.get(link).status_code for link in links} == {200}
