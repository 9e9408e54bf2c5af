"""Things of every kind in the office: devices as their models, texts by their places, letters, seasons, calendars."""

from __future__ import annotations

import pytest
from starlette.testclient import TestClient

from queue_system.actions.devices import enrol_device, revoke_device
from queue_system.settings.branch import Branch
from queue_system.settings.objects import objects_of
from queue_system.store.log import SYSTEM
from queue_system.store.queries.access import devices as devices_of
from queue_system.store.queries.rows import StoredRows
from queue_system.store.queries.stored import stored_branch, stored_organisation
from tests.kit.hall import Hall
from tests.kit.people import add_role
from tests.kit.web_hall import sign_in
from tests.surfaces.office.test_web_editing import previewed, saved, sent, words

HERE = "/office/settings/doha-main"
NEW = "/office/new-setting/doha-main"
HOUSE = "/office/settings/organisation"
NEW_HERE = "/office/new-setting/organisation"


@pytest.fixture
def client(here: tuple[TestClient, Hall]) -> TestClient:
    sign_in(here[0], "admin")
    return here[0]


def stored(hall: Hall) -> Branch:
    return hall.db.read_now(lambda tx: stored_branch(StoredRows(tx), hall.branch.id))


def add(client: TestClient, address: str, **typed: str) -> str:
    return saved(client, address, previewed(client, address, **typed))


def test_a_new_device_is_as_its_model_and_keeps_what_is_its_own(client: TestClient, hall: Hall) -> None:
    add(client, f"{NEW}/device", names__ar="شاشة الممر", names__en="Hall way", model="display_43", zone="offices")
    assert objects_of(stored(hall))["device", "hall-way"]["kit"]["screen_in"] == 43
    address = f"{HERE}/device/hall-way"
    add(client, address, kit__viewing_distance_m="7")
    add(client, address, model="display_55")
    kit = objects_of(stored(hall))["device", "hall-way"]["kit"]
    assert (kit["screen_in"], kit["viewing_distance_m"]) == (55, 7)
    wrong = client.post(address, data=sent(client, address, model="kiosk_std"))
    assert wrong.status_code == 422
    assert 'id="model-error"' in wrong.text
    assert "شاشة الممر" in client.get("/office/devices").text


def test_a_paired_device_is_revoked_before_it_is_removed(client: TestClient, hall: Hall) -> None:
    add(client, f"{NEW}/device", names__ar="شاشة", names__en="Screen", model="display_43", zone="offices")
    address = f"{HERE}/device/screen"
    gone = sent(client, address, remove="yes")
    device = next(one.id for one in hall.db.read_now(devices_of, hall.branch.id) if one.slug == "screen")
    hall.db.write_now(enrol_device, hall.branch.id, device)
    refused = client.post(address, data=gone)
    assert refused.status_code == 422
    assert "الجهاز مقترن" in words(refused.text)
    hall.db.write_now(revoke_device, hall.branch.id, device, SYSTEM)
    saved(client, address, client.post(address, data=gone).text)
    assert "screen" not in stored(hall).devices


def test_the_model_of_a_printer_keeps_its_address(client: TestClient, hall: Hall) -> None:
    add(client, f"{NEW}/device", names__ar="طابعة", names__en="Paper", model="printer_80_tcp", zone="offices")
    address = f"{HERE}/device/paper"
    page = client.get(address).text
    assert "/office/printers/doha-main/paper" in page
    assert 'name="kit.dots"' not in page
    client.post("/office/printers/doha-main/paper", data={"transport": "tcp9100", "host": "10.0.0.9", "dots": "576"})
    place = stored(hall).devices["paper"].place
    add(client, address, model="printer_80_usb")
    after = stored(hall).devices["paper"]
    assert after.place == place
    assert after.kit.kind == "printer"


def test_a_text_is_added_where_it_is_shown_in_all_languages_of_the_place(client: TestClient, hall: Hall) -> None:
    address = f"{NEW}/text"
    unsaid = client.post(address, data=sent(client, address, names__ar="تنبيه", names__en="Notice"))
    assert unsaid.status_code == 422
    assert 'id="slug-error"' in unsaid.text
    assert "تنبيه" in unsaid.text
    languages = {f"names__{one}": f"Today {one}" for one in hall.branch.languages}
    add(client, address, slug="banner", **{"names__ar": "a", "names__en": "b", **languages})
    assert stored(hall).texts["banner"] == {one: f"Today {one}" for one in hall.branch.languages}
    assert "Today ar" in client.get("/book/doha-main").text
    assert 'value="banner"' not in client.get(address).text
    assert "تنبيه أعلى صفحة الخدمات" in words(client.get(f"{HERE}/text").text)


def test_lists_have_no_names_for_programs_and_no_texts_that_no_page_shows(client: TestClient) -> None:
    models = words(client.get(f"{HOUSE}/device_model").text)
    assert "طابعة 80 مم" in models
    devices = words(client.get(f"{HERE}/device").text)
    texts = words(client.get(f"{HOUSE}/text").text)
    for program_s in ("printer_80", "kiosk_std", "display_43", "sms_minimal"):
        assert program_s not in models + devices + texts
    assert "تنبيه أعلى صفحة الخدمات" in texts or "الترحيب" in texts


def test_two_people_who_add_the_same_text_see_both(client: TestClient, hall: Hall) -> None:
    second = sent(client, f"{NEW}/text", slug="banner", names__ar="نفتح العاشرة", names__en="We open at ten")
    add(client, f"{NEW}/text", slug="banner", names__ar="نغلق ظهرًا", names__en="We close at noon")
    answer = client.post(f"{NEW}/text", data=second)
    assert answer.status_code == 409
    said = words(answer.text)
    assert "غير موجود" in said
    assert said.index("نغلق ظهرًا") < said.index("نفتح العاشرة")


def test_letters_seasons_calendars_and_models_are_added(client: TestClient, hall: Hall) -> None:
    free = next(one for one in "ZYXWVQ" if f"{HOUSE}/letter/{one}" not in client.get(f"{HOUSE}/letter").text)
    add(client, f"{NEW_HERE}/letter", slug=free, names__ar="حرف", names__en="letter")
    period = {"stretches__0__first": "2027-06-01", "stretches__0__last": "2027-08-31"}
    add(client, f"{NEW_HERE}/season", slug="summer", **period)
    day = {"closures__0__first": "2027-05-01", "closures__0__last": "2027-05-01"}
    named = {"closures__0__names__ar": "يوم", "closures__0__names__en": "day"}
    add(client, f"{NEW_HERE}/calendar", names__ar="عطل المدينة", names__en="City days", **day, **named)
    asked = client.post(f"{NEW_HERE}/device_model", data={"names.en": "Paper", "kit.kind": "printer"})
    assert asked.status_code == 422
    assert 'name="kit.transport"' in asked.text
    add(client, f"{NEW_HERE}/device_model", names__ar="شاشة", names__en="Wall", kit__kind="display")
    catalogue = hall.db.read_now(lambda tx: stored_organisation(StoredRows(tx))).catalogue
    assert free in catalogue.spoken_prefixes
    assert len(catalogue.seasons["summer"]) == 1
    assert catalogue.calendars["city-days"].names == {"ar": "عطل المدينة", "en": "City days"}
    assert catalogue.device_models["wall"].kind == "display"
    assert "عطل المدينة" in words(client.get("/office/calendars").text)
    assert "الصيف" in words(client.get(f"{HOUSE}/season").text)


def test_technicians_reach_devices_and_nothing_else(client: TestClient, hall: Hall) -> None:
    hall.person("tamim", ((hall.branch.id, add_role(hall, "only-devices", "pair_device")),))
    sign_in(client, "tamim")
    index = client.get("/office/settings").text
    assert (f"{HERE}/device" in index, f"{HERE}/queue" in index, HOUSE in index) == (True, False, False)
    assert client.get(f"{HERE}/device").status_code == 200
    assert client.get(f"{HERE}/queue").status_code == 403


def test_the_place_itself_is_named_among_what_uses_a_thing(client: TestClient) -> None:
    used = client.get(f"{HOUSE}/calendar/qatar_public").text
    assert f"{HERE}/branch/doha-main" in used[used.index('id="around"') :]
