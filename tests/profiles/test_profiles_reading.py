"""The five profiles that come with the system, and the results of reading them."""

from __future__ import annotations

import textwrap
from datetime import date, time
from pathlib import Path

import pytest

from queue_system.core.calendars import Layer
from queue_system.profiles import profile_names, read_profile
from queue_system.profiles.lanes import derived_lanes
from queue_system.settings.branch import Branch
from queue_system.settings.declared import Names
from queue_system.settings.devices import PrinterKit
from queue_system.settings.hall import Counter
from queue_system.settings.organisation import Profile
from queue_system.settings.printers import HABITS
from queue_system.settings.services import Mode, Service

EMBASSY_FILE = Path(__file__).parents[2] / "queue_system" / "profiles" / "embassy.yaml"
# By branch: services, queues, counters, documents asked for, devices, occasions, rules of opening hours.
SIZES = {
    "civil-society": {"berlin": (7, 3, 2, 7, 3, 3, 2), "gaziantep": (5, 3, 2, 5, 3, 1, 2)},
    "embassy": {
        "doha-main": (27, 10, 8, 32, 5, 3, 4),
        "mobile-consulate": (6, 6, 2, 11, 2, 0, 2),
        "mission-template": (27, 10, 8, 32, 5, 0, 1),
    },
    "forum": {"istanbul": (10, 5, 4, 10, 4, 4, 3)},
    "policy-unit": {"pop-up-desk": (5, 3, 3, 4, 3, 3, 1)},
    "social-work": {
        "hq": (3, 2, 2, 2, 3, 1, 2),
        "wifaq": (5, 4, 5, 4, 4, 2, 4),
        "aman": (4, 2, 2, 2, 1, 0, 2),
        "nama": (3, 2, 2, 4, 3, 2, 3),
        "shafallah": (5, 2, 3, 6, 3, 1, 2),
        "dreama": (3, 2, 1, 7, 1, 1, 2),
        "ehsan": (3, 2, 2, 2, 3, 1, 2),
        "bhc": (3, 1, 2, 3, 1, 1, 3),
    },
}


@pytest.fixture(scope="module")
def embassy() -> Profile:
    return read_profile("embassy")


def test_there_are_five_profiles() -> None:
    assert profile_names() == tuple(SIZES)


@pytest.mark.parametrize("name", SIZES)
def test_every_profile_is_complete(name: str) -> None:
    profile = read_profile(name)
    assert {slug: sizes(branch) for slug, branch in profile.branches.items()} == SIZES[name]


@pytest.mark.parametrize("name", SIZES)
def test_a_branch_stands_alone(name: str) -> None:
    """Every reference inside a branch is to something in the branch itself or in the catalogue."""
    profile = read_profile(name)
    catalogue = profile.catalogue
    for branch in profile.branches.values():
        for service in branch.services.values():
            assert {service.queue, *service.refer_to} <= set(branch.queues)
            assert service.department in branch.departments
            assert set(service.needs) <= set(branch.resources)
            assert set(service.documents) <= set(catalogue.documents)
            assert service.confidentiality in catalogue.confidentialities
            assert service.policy in catalogue.policies
        for counter in branch.counters.values():
            assert set(counter.queues) <= set(branch.queues)
            assert counter.zone in branch.zones
        for device in branch.devices.values():
            assert device.zone in {None, *branch.zones}
            assert device.attached_to in {None, *branch.devices}
        assert {rule.service for rule in branch.hours} <= {None, *branch.services}
        assert {rule.season for rule in branch.hours} <= {None, *catalogue.seasons}
        assert set(branch.priorities) <= set(catalogue.priorities)


@pytest.mark.parametrize("name", SIZES)
def test_protected_services_have_a_neutral_name(name: str) -> None:
    profile = read_profile(name)
    protected = [s for b in profile.branches.values() for s in b.services.values() if s.confidentiality == "protected"]
    assert all(service.public_names for service in protected)


def test_texts_come_in_the_languages_given(embassy: Profile) -> None:
    assert embassy.names["ar"] == "سفارة الجمهورية العربية السورية في دولة قطر"
    assert embassy.catalogue.texts["ticket_copy"]["de"] == "KOPIE – keine neue Nummer"
    assert set(read_profile("civil-society").branches["berlin"].names) == {"ar", "en", "de", "tr"}


def test_values_mean_what_is_written(embassy: Profile) -> None:
    """08:30 is a time and not 510, 2026-12-18 is a date, `no` is a word."""
    doha = embassy.branches["doha-main"]
    assert doha.hours[0].opens == time(8, 30)
    assert doha.hours[0].days == (0, 1, 2, 3, 6)
    assert "qatar_public" in doha.calendars
    national_day = embassy.catalogue.calendars["qatar_public"].closures[0]
    assert (national_day.first, national_day.last) == (date(2026, 12, 18), date(2026, 12, 18))
    kit = embassy.catalogue.device_models["printer_58_bt"].kit
    assert isinstance(kit, PrinterKit)
    assert kit.cutter is False
    assert embassy.catalogue.priorities["late_appointment"].weight == 1.5
    assert (doha.day_starts, doha.tick_minutes) == (time(3), 5)


def test_a_service_keeps_the_mode_of_its_policy_or_its_own(embassy: Profile) -> None:
    services = embassy.branches["doha-main"].services
    assert services["passport-apply"].mode == "ballot"
    assert services["passport-collect"].mode == "walkin_only"
    assert services["attest-single"].mode == "walkin_and_fcfs"
    assert services["travel-doc"].mode == "staff_only"


def test_hours_come_in_layers(embassy: Profile) -> None:
    rules = embassy.branches["doha-main"].hours
    assert [rule.layer for rule in rules] == [Layer.REGULAR, Layer.SEASON, Layer.SERVICE, Layer.SERVICE]
    assert [rule.season for rule in rules] == [None, "ramadan", None, "ramadan"]
    friday = read_profile("forum").branches["istanbul"].hours[-1]
    assert (friday.layer, friday.days, friday.opens, friday.closes) == (Layer.BREAK, (4,), time(12, 30), time(14))


def test_a_closure_can_be_limited_to_services_with_a_tag(embassy: Profile) -> None:
    closure = embassy.catalogue.calendars["consular_year_end"].closures[0]
    assert closure.service_tag == "fee_bearing"
    assert closure.provisional


def test_a_branch_inherits_what_it_does_not_write(embassy: Profile) -> None:
    doha, mission = embassy.branches["doha-main"], embassy.branches["mission-template"]
    assert mission.inherits_from == "doha-main"
    assert mission.departments == doha.departments
    assert mission.counters == doha.counters
    assert mission.queue_rules == doha.queue_rules
    assert mission.targets == doha.targets
    assert mission.occasions == {}


def test_a_branch_replaces_what_it_writes(embassy: Profile) -> None:
    mission = embassy.branches["mission-template"]
    assert mission.timezone == "Europe/Berlin"
    assert mission.country_code == "49"
    assert mission.calendars == ("berlin_public", "syrian_national", "consular_year_end")
    assert [(rule.opens, rule.closes) for rule in mission.hours] == [(time(9), time(15))]
    assert mission.languages == ("ar", "en", "de")


def test_a_branch_replaces_single_documents_and_adds_names(embassy: Profile) -> None:
    doha, mission = embassy.branches["doha-main"], embassy.branches["mission-template"]
    assert "qid" in doha.services["marriage"].documents
    asked = {document for service in mission.services.values() for document in service.documents}
    assert "residence_permit_local" in asked
    assert "qid" not in asked
    assert mission.queues["q-civil"].names == {**doha.queues["q-civil"].names, "de": "Personenstand"}


def test_a_branch_keeps_some_services_and_what_they_use(embassy: Profile) -> None:
    mobile = embassy.branches["mobile-consulate"]
    assert list(mobile.services) == [
        "passport-lost",
        "civil-extract",
        "consular-reg",
        "attest-single",
        "poa",
        "complaint",
    ]
    assert list(mobile.queues) == ["q-passports", "q-civil", "q-attest", "q-legal", "q-community", "q-collect"]
    assert list(mobile.departments) == ["consular", "legal", "community"]
    assert {rule.service for rule in mobile.hours} == {None}
    assert set(mobile.texts) == {"entrance", "passports_only_platform", "forgery_notice", "banner"}
    assert [day.capacity for day in mobile.outreach_days] == [70, 40, 70, 90]


def test_zones_of_the_library_and_of_the_branch(embassy: Profile) -> None:
    assert set(embassy.branches["doha-main"].zones) == {"hall", "offices", "entrance", "reception"}
    wifaq = read_profile("social-work").branches["wifaq"]
    assert {slug: names["en"] for slug, names in wifaq.zones.items()} == {
        "entrance-a": "Entrance A",
        "entrance-b": "Entrance B",
    }


def test_a_device_has_what_its_model_says(embassy: Profile) -> None:
    printer = embassy.branches["doha-main"].devices["p2"]
    assert printer.kind == "printer"
    assert isinstance(printer.kit, PrinterKit)
    assert printer.kit.transport == "tcp9100"
    assert printer.kit.dots == 576
    assert printer.place is not None
    assert printer.place.role == "fallback"
    assert embassy.branches["doha-main"].devices["p1"].attached_to == "k1"


def test_a_printer_of_its_own_departs_from_its_model(tmp_path: Path) -> None:
    source = EMBASSY_FILE.read_text("utf-8")
    own = "mute: yes, left_margin: yes, feed_per_line: 2, completion: no, dots: 512, path: /dev/usb/lp1, node: server-2"
    file = tmp_path / "own.yaml"
    file.write_text(source.replace("printer_80_usb, attached_to: k1", f"printer_80_usb, {own}, attached_to: k1"))
    printer = read_profile(str(file)).branches["doha-main"].devices["p1"]
    said = printer.kit.model_dump() | (printer.place.model_dump() if printer.place else {})
    assert {name: said[name] for name in (*HABITS, "path", "node")} == {
        "dots": 512,
        "cutter": True,
        "left_margin": True,
        "feed_per_line": 2,
        "mute": True,
        "completion": False,
        "path": "/dev/usb/lp1",
        "node": "server-2",
    }


def test_every_profile_has_an_administrator_and_its_own_roles(embassy: Profile) -> None:
    assert embassy.roles["administrator"].can == ("*",)
    assert "call_next" in embassy.roles["officer"].can


@pytest.mark.parametrize(
    ("name", "branch", "lanes"),
    [
        ("embassy", "doha-main", {"q-passports": 1, "q-attest": 1, "q-collect": 1, "q-community": 1}),
        ("forum", "istanbul", {"q-lawyer": 2, "q-urgent": 1, "q-intake": 1}),
        ("social-work", "wifaq", {"q-counsel": 2, "q-course": 1}),
        ("social-work", "shafallah", {"q-assess": 1, "q-therapy": 2}),
    ],
)
def test_lanes_follow_from_the_counters(name: str, branch: str, lanes: dict[str, int]) -> None:
    queues = read_profile(name).branches[branch].queues
    assert {slug: queues[slug].lanes for slug in lanes} == lanes
    assert all(queue.public_lanes == queue.lanes for queue in queues.values())


def test_counters_share_themselves_among_queues_with_bookable_services() -> None:
    counters = [counter("c1", "a", "b"), counter("c2", "a", "b"), counter("c3", "a", "b", "c"), counter("c4", "c")]
    services = [service("a", "fcfs"), service("b", "staff_only"), service("c", "walkin_only")]
    # a and b get three halves each; c has nothing to book.
    assert derived_lanes(["a", "b", "c"], counters, services) == {"a": 1, "b": 1, "c": 1}
    assert derived_lanes(["a", "b", "c"], [*counters, counter("c5", "a", "b")], services) == {"a": 2, "b": 2, "c": 1}


def test_a_profile_can_be_read_from_a_path(tmp_path: Path, embassy: Profile) -> None:
    source = EMBASSY_FILE.read_text("utf-8")
    path = tmp_path / "ours.yaml"
    path.write_text(source.replace("id: embassy-sy-doha", "id: ours"), "utf-8")
    ours = read_profile(str(path))
    assert ours.slug == "ours"
    assert ours.branches == embassy.branches
    assert ours.sha256 != embassy.sha256


def test_the_hours_in_the_documentation_can_be_read(tmp_path: Path) -> None:
    documentation = (EMBASSY_FILE.parent.parent.parent / "docs" / "profiles.md").read_text("utf-8")
    example, closed = (part.split("```")[0] for part in documentation.split("```yaml\n")[1:3])
    source = EMBASSY_FILE.read_text("utf-8")
    start, end = source.index("    hours:\n"), source.index("    departments:\n")
    path = tmp_path / "ours.yaml"
    path.write_text(source[:start] + textwrap.indent(example + closed, "    ") + source[end:], "utf-8")
    doha = read_profile(path).branches["doha-main"]
    rules = doha.hours
    assert [rule.layer for rule in rules] == [
        Layer.REGULAR,
        Layer.SEASON,
        Layer.SERVICE,
        *[Layer.EXCEPTION] * 4,
        Layer.BREAK,
    ]
    assert (rules[3].first, rules[3].last, len(rules[3].days)) == (date(2027, 1, 2), date(2027, 1, 2), 7)
    assert (rules[4].first, rules[4].last, rules[4].days) == (date(2027, 6, 1), date(2027, 8, 31), (5,))
    assert (rules[5].opens_anyway, rules[6].in_month) == (True, 1)
    assert [closure.queues for closure in doha.closures] == [None, ("q-civil",)]
    assert doha.seasons["ramadan"][0].first == date(2027, 2, 9)


def test_hours_may_run_over_midnight_when_it_is_said(tmp_path: Path) -> None:
    path = tmp_path / "ours.yaml"
    source = EMBASSY_FILE.read_text("utf-8")
    night = "open: 20:30, close: 01:00, last_ticket: 00:30, over_midnight: yes"
    path.write_text(source.replace("open: 08:30, close: 14:30, last_ticket: 13:30", night), "utf-8")
    rule = read_profile(path).branches["doha-main"].hours[0]
    assert (rule.opens, rule.closes, rule.last_ticket) == (time(20, 30), time(1), time(0, 30))


def test_lanes_that_are_written_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "ours.yaml"
    source = EMBASSY_FILE.read_text("utf-8")
    path.write_text(source.replace("{prefix: A, ", "{prefix: A, lanes: 4, public_lanes: 3, "), "utf-8")
    branches = read_profile(path).branches
    for branch in branches.values():
        assert (branch.queues["q-passports"].lanes, branch.queues["q-passports"].public_lanes) == (4, 3)


def test_digits_of_any_script_are_numbers(tmp_path: Path, embassy: Profile) -> None:
    source = EMBASSY_FILE.read_text("utf-8")
    path = tmp_path / "ours.yaml"
    path.write_text(
        source.replace("open: 08:30", "open: ٠٨:٣٠").replace("duration_min: 15", "duration_min: ١٥"), "utf-8"
    )
    assert read_profile(path).branches == embassy.branches


def sizes(branch: Branch) -> tuple[int, ...]:
    documents = {document for service in branch.services.values() for document in service.documents}
    return (
        len(branch.services),
        len(branch.queues),
        len(branch.counters),
        len(documents),
        len(branch.devices),
        len(branch.occasions),
        len(branch.hours),
    )


def counter(slug: str, *queues: str) -> Counter:
    return Counter(slug=slug, number=1, kind="counter", names=NAMES, zone="hall", queues=queues)


def service(queue: str, mode: Mode) -> Service:
    return Service(
        slug=f"of-{queue}",
        names=NAMES,
        queue=queue,
        department="all",
        duration_min=10,
        policy="open_fcfs",
        mode=mode,
        confidentiality="normal",
        documents=(),
    )


NAMES: Names = {"ar": "اسم", "en": "Name"}


@pytest.mark.parametrize("name", profile_names())
def test_no_sample_asks_for_the_receipt_of_a_fee_that_it_does_not_name(name: str) -> None:
    services = [one for branch in read_profile(name).branches.values() for one in branch.services.values()]
    assert [one.slug for one in services if "fee_receipt" in one.documents and one.fee is None] == []


@pytest.mark.parametrize("name", profile_names())
def test_every_sample_says_when_an_open_counter_is_idle(name: str) -> None:
    # Shorter than that is the pause between two appointments.
    minutes = [branch.queue_rules.idle_counter_min for branch in read_profile(name).branches.values()]
    assert [one for one in minutes if one is None or not 15 <= one <= 60] == []
