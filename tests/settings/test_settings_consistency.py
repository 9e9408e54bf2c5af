"""Every mark of a declaration is checked wherever it stands, and what comes with the program has no fault."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, time, timedelta
from typing import Any, get_args, get_origin

import pytest

from queue_system.core.errors import Count
from queue_system.core.tickets import APPOINTMENT
from queue_system.profiles import Profile
from queue_system.profiles.reader import profile_names
from queue_system.settings.branch import Branch
from queue_system.settings.catalogue import Season
from queue_system.settings.consistency import Located, catalogue_faults, faults
from queue_system.settings.declared import Among, Declared, Form, Ref, bare, find
from queue_system.settings.devices import Device
from queue_system.settings.faults import Called, Fault, Faulty
from queue_system.settings.hall import Resource
from queue_system.settings.objects import OF_BRANCH
from tests.kit.furnished import profile_of

PLACES = [(name, slug) for name in profile_names() for slug in profile_of(name).branches]
#: A text that the form does not accept, and the code of the fault.
WRONG = {
    Form.TEXT: ("\u202e", "setting-invisible"),
    Form.WEEK_MOMENT: ("sun 25:00", "setting-week-moment"),
    Form.TIME_ZONE: ("Asia/Nowhere", "setting-time-zone"),
    Form.COUNTRY_CODE: ("1000", "setting-range"),
    Form.PHONE: ("call us", "setting-phone"),
    Form.EMAIL: ("nobody", "setting-email"),
    Form.URL: ("http://example.org", "setting-url"),
    Form.AMOUNT: ("1/2", "setting-amount"),
    Form.CURRENCY: ("riyal", "setting-currency"),
    Form.HOST: ("a b", "setting-host"),
    Form.DEVICE_FILE: ("/etc/passwd", "setting-device-file"),
    Form.WEEKDAY: (7, "setting-unknown"),
    Form.WEEKDAYS: ([], "setting-too-few"),
}


@pytest.mark.parametrize(("profile", "slug"), PLACES)
def test_what_comes_with_the_program_has_no_fault(profile: str, slug: str) -> None:
    organisation = profile_of(profile)
    assert faults(organisation.branches[slug], organisation.catalogue) == ()
    assert catalogue_faults(organisation.catalogue) == ()


# ---------------------------------------------------------------- each mark, wherever it stands


@pytest.mark.parametrize(("profile", "slug"), PLACES)
def test_a_broken_value_is_found_in_its_place(profile: str, slug: str) -> None:
    organisation = profile_of(profile)
    branch = organisation.branches[slug]
    broken = 0
    for path, value, code in breakages(branch):
        found = faults(changed_at(branch, path, value), organisation.catalogue)
        here = [one for one in found if (place(one), one.fault.code) == (".".join(map(str, path)), code)]
        assert len(here) == 1, (path, value, code, found)
        # Without this value something else may have lost its counter, its class or its kiosk.
        others = {one.fault.code for one in found if one not in here}
        assert others <= {"setting-not-served", "setting-priority-needed", "setting-priority-of-service"} | (
            {"setting-unknown"} if path[0] in ("devices", "priorities") else set()
        ), (path, found)
        broken += 1
    assert broken > 20


def breakages(branch: Branch) -> Iterator[tuple[tuple[Any, ...], Any, str]]:
    """Every place of a mark in the written values, with a value that breaks it, and the code of the fault."""
    seen: set[tuple[Any, ...]] = set()
    for path, kind, marks in places(branch):
        # One of several equal places is enough.
        shape = (*(step if isinstance(step, str) else 0 for step in path[:1]), *path[-1:], str(marks))
        if shape in seen:
            continue
        seen.add(shape)
        form = find(marks, Form)
        if find(marks, Ref):
            yield path, "nowhere", "setting-unknown"
        elif among := find(marks, Among):
            for word in set(get_args(kind)).difference(at(branch, (*path[:-1], among.field))):
                yield path, word, "setting-unknown"
        elif form is Form.NAMES:
            yield (*path, "de"), at(branch, (*path, "ar")) + "\u202e", "setting-invisible"
            yield (*path, "en"), "{more}", "setting-placeholder"
        elif form in WRONG:
            yield path, *WRONG[form]


def places(declared: Declared, path: tuple[Any, ...] = ()) -> Iterator[tuple[tuple[Any, ...], Any, list[Any]]]:
    """Every written value of a declaration at any depth: where it is, its type and its marks."""
    for name in declared.model_fields_set - {"slug", "kit", "place"}:
        field = type(declared).model_fields[name]
        yield from inside(getattr(declared, name), field.annotation, list(field.metadata), (*path, name))


def inside(
    value: Any, annotation: Any, marks: list[Any], path: tuple[Any, ...]
) -> Iterator[tuple[tuple[Any, ...], Any, list[Any]]]:
    kind, marks = bare(annotation, marks)
    if isinstance(value, Declared):
        yield from places(value, path)
    elif value is not None and any(isinstance(found, Form | Ref | Among) for found in marks):
        yield path, kind, marks
    elif get_origin(kind) is tuple:
        for index, item in enumerate(value or ()):
            yield from inside(item, get_args(kind)[0], [], (*path, index))
    elif get_origin(kind) is dict:
        for slug, item in (value or {}).items():
            yield from inside(item, get_args(kind)[1], [], (*path, slug))


def at(declared: Declared, path: tuple[Any, ...]) -> Any:
    """The value in one place."""
    found: Any = declared
    for step in path:
        found = getattr(found, step) if isinstance(found, Declared) else found[step]
    return found


def changed_at(branch: Branch, path: tuple[Any, ...], value: Any) -> Branch:
    """The branch with another value in one place."""
    whole = branch.model_dump(mode="json", exclude_unset=True)
    within = whole
    for step in path[:-1]:
        within = within[step]
    within[path[-1]] = value
    return Branch.model_construct(**dict(Branch.validated(whole)))


def place(found: Located) -> str:
    """Where a fault is, as a path from the branch."""
    if found.kind == "branch":
        return found.field
    # In the branch, the names of these things are the things.
    path = found.field.removeprefix("names.") if found.kind in ("zone", "department", "text") else found.field
    return ".".join((OF_BRANCH.things[found.kind], found.slug, path))


@pytest.mark.parametrize(
    ("path", "value", "fault"),
    [
        (("services", 0, "duration_min"), 0, Fault("setting-too-low", "services.0.duration_min", {"low": Count(1)})),
        (
            ("queue_rules", "late_grace_min"),
            1441,
            Fault("setting-too-high", "queue_rules.late_grace_min", {"high": Count(1440)}),
        ),
        (("kind",), "castle", Fault("choice-wrong", "kind")),
        (("remote_tickets",), "perhaps", Fault("setting-wrong", "remote_tickets")),
        (("colour",), "red", Fault("setting-not-known", "colour")),
        (("services", 0, "names"), None, Fault("setting-wrong", "services.0.names")),
    ],
)
def test_a_value_of_another_type_or_beyond_its_limits_is_refused(
    doha: Branch, path: tuple[Any, ...], value: Any, fault: Fault
) -> None:
    first = next(iter(doha.services))
    with pytest.raises(Faulty) as caught:
        changed_at(doha, tuple(first if step == 0 else step for step in path), value)
    assert caught.value.faults == (Fault(fault.code, fault.field.replace(".0.", f".{first}."), fault.values),)


def test_a_missing_value_is_a_fault(doha: Branch) -> None:
    with pytest.raises(Faulty, match=r"^timezone: setting-missing$"):
        Branch.validated({name: value for name, value in dict(doha).items() if name != "timezone"})


# ---------------------------------------------------------------- what several things make wrong together


@pytest.fixture
def embassy() -> Profile:
    return profile_of("embassy")


@pytest.fixture
def doha(embassy: Profile) -> Branch:
    return embassy.branches["doha-main"]


def found(embassy: Profile, branch: Branch) -> list[Located]:
    return list(faults(branch, embassy.catalogue))


def test_a_letter_belongs_to_one_queue_and_a_number_to_one_counter(embassy: Profile, doha: Branch) -> None:
    one, other = list(doha.queues.values())[:2]
    queues = {**doha.queues, other.slug: other.changed(prefix=one.prefix)}
    taken = Fault("setting-taken", "prefix", {"value": one.prefix, "other": one.slug})
    assert found(embassy, doha.changed(queues=queues)) == [Located("queue", other.slug, taken)]
    first, second = list(doha.counters.values())[:2]
    counters = {**doha.counters, second.slug: second.changed(number=first.number)}
    taken = Fault("setting-taken", "number", {"value": Count(first.number), "other": first.slug})
    assert found(embassy, doha.changed(counters=counters)) == [Located("counter", second.slug, taken)]


def test_a_retired_queue_leaves_its_letter_to_others_after_its_last_day(embassy: Profile, doha: Branch) -> None:
    one, other = list(doha.queues.values())[:2]
    last = date(2026, 11, 22)
    queues = {**doha.queues, one.slug: one.changed(until=last), other.slug: other.changed(prefix=one.prefix)}
    services = {
        slug: service.changed(until=last) if service.queue == one.slug else service
        for slug, service in doha.services.items()
    }
    changed = doha.changed(queues=queues, services=services)
    taken = Fault("setting-taken", "prefix", {"value": one.prefix, "other": one.slug})
    assert list(faults(changed, embassy.catalogue, last)) == [Located("queue", other.slug, taken)]
    assert list(faults(changed, embassy.catalogue, last + timedelta(days=1))) == found(embassy, changed) == []


def test_a_service_cannot_be_offered_longer_than_its_queue_stands(embassy: Profile, doha: Branch) -> None:
    service = next(iter(doha.services.values()))
    last = date(2026, 11, 22)
    queue = doha.queues[service.queue].changed(until=last)
    fault = Fault("setting-outlives-queue", "until", {"queue": queue.slug, "day": last})
    others = [slug for slug, one in doha.services.items() if one.queue == queue.slug and slug != service.slug]

    def outliving(until: date | None, today: date | None = None) -> list[Located]:
        ending = {slug: doha.services[slug].changed(until=last) for slug in others}
        services = {**doha.services, **ending, service.slug: service.changed(until=until)}
        changed = doha.changed(queues={**doha.queues, queue.slug: queue}, services=services)
        return list(faults(changed, embassy.catalogue, today))

    assert outliving(None) == outliving(last + timedelta(days=1)) == [Located("service", service.slug, fault)]
    assert outliving(last) == []
    # What is over for both long ago is in nobody's way.
    assert outliving(last + timedelta(days=1), last + timedelta(days=2)) == []


def test_a_queue_with_a_service_needs_a_counter(embassy: Profile, doha: Branch) -> None:
    service = next(iter(doha.services.values()))
    counters = {
        slug: counter.changed(queues=tuple(queue for queue in counter.queues if queue != service.queue))
        for slug, counter in doha.counters.items()
    }
    counters = {slug: counter for slug, counter in counters.items() if counter.queues}
    without = {(one.kind, one.slug, one.fault.code) for one in found(embassy, doha.changed(counters=counters))}
    assert ("service", service.slug, "setting-not-served") in without


def test_a_protected_service_needs_a_neutral_name(embassy: Profile, doha: Branch) -> None:
    service = next(one for one in doha.services.values() if one.public_names is None)
    hidden = next(slug for slug, level in embassy.catalogue.confidentialities.items() if level.hides_service)
    services = {**doha.services, service.slug: service.changed(confidentiality=hidden)}
    assert found(embassy, doha.changed(services=services)) == [
        Located("service", service.slug, Fault("setting-public-names", "public_names"))
    ]


@pytest.mark.parametrize("mode", ["fcfs", "walkin_and_fcfs", "ballot", "invite"])
def test_where_people_are_kept_apart_nobody_books_a_service_of_several_parties_alone(mode: str) -> None:
    foundation = profile_of("social-work")
    wifaq = foundation.branches["wifaq"]
    mediation = wifaq.services["mediation"]
    public = wifaq.changed(services={**wifaq.services, "mediation": mediation.changed(mode=mode)})
    fault = Located("service", "mediation", Fault("setting-apart-public", "policy"))
    assert found(foundation, wifaq) == []
    assert found(foundation, public) == [fault]
    # Alone, or without the rule, it may be booked by everybody.
    alone = {**wifaq.services, "mediation": mediation.changed(mode=mode, parties=1)}
    assert found(foundation, wifaq.changed(services=alone)) == []
    assert found(foundation, public.changed(constraints=None)) == []


def test_people_who_go_together_are_in_the_needs_of_the_service(embassy: Profile, doha: Branch) -> None:
    service = next(iter(doha.services.values()))
    names = {"ar": "أ", "en": "A"}
    resources = {slug: Resource(slug=slug, names=names, kind="person") for slug in ("amal", "basel", "dina")}
    resources |= {
        "pair": Resource(slug="pair", names=names, kind="group", any_of=("amal", "basel")),
        "rooms": Resource(slug="rooms", names=names, kind="group", any_of=("room",)),
        "room": Resource(slug="room", names=names, kind="room"),
    }

    def faults(needs: tuple[str, ...], together: int, channel: str = "field") -> list[Located]:
        wanted = service.changed(needs=needs, staff_min=together, channel=channel)
        services = {**doha.services, service.slug: wanted}
        return found(embassy, doha.changed(resources=resources, services=services))

    too_few = [Located("service", service.slug, Fault("setting-staff-min", "staff_min"))]
    assert faults(("pair",), 2) == faults(("pair", "dina"), 3) == faults(("amal", "basel"), 2) == []
    assert faults(("amal",), 2) == faults(("pair",), 3) == faults(("rooms", "room"), 2) == faults((), 2) == too_few
    # Elsewhere than at homes nobody goes.
    assert faults((), 2, "onsite") == []


def test_two_services_cannot_be_told_apart_by_one_name(embassy: Profile, doha: Branch) -> None:
    one, other = list(doha.services.values())[:2]
    services = {**doha.services, other.slug: other.changed(names={**other.names, "en": one.names["en"]})}
    fault = Fault("setting-same-name", "names.en", {"name": one.names["en"], "other": one.slug})
    assert Located("service", other.slug, fault) in found(embassy, doha.changed(services=services))


def test_a_branch_needs_the_two_classes_and_an_outreach_branch_its_days(embassy: Profile, doha: Branch) -> None:
    priorities = tuple(slug for slug in doha.priorities if slug != APPOINTMENT)
    needed = Fault("setting-priority-needed", "priorities", {"priority": APPOINTMENT})
    codes = found(embassy, doha.changed(priorities=priorities))
    assert Located("branch", doha.slug, needed) in codes
    abroad = doha.changed(kind="outreach", outreach_days=())
    assert found(embassy, abroad) == [Located("branch", doha.slug, Fault("setting-outreach-days", "outreach_days"))]


@pytest.mark.parametrize(
    "link", ["https://meet.example.org/", "https://{room}.example.org/", "https://m.org/{room}/{room}"]
)
def test_an_address_of_video_calls_has_one_place_for_the_room(embassy: Profile, doha: Branch, link: str) -> None:
    fault = Fault("setting-video-room", "video_link", {"mark": "{room}"})
    assert found(embassy, doha.changed(video_link=link)) == [Located("branch", doha.slug, fault)]
    assert found(embassy, doha.changed(video_link="https://meet.example.org/{room}?a=1")) == []


@pytest.mark.parametrize("field", ["mail_from", "reply_to"])
def test_senders_are_addresses_that_every_mail_server_knows(embassy: Profile, doha: Branch, field: str) -> None:
    located = Located("branch", doha.slug, Fault("setting-mail-latin", field))
    assert found(embassy, doha.changed(**{field: "مكتب@example.org"})) == [located]
    assert found(embassy, doha.changed(**{field: "office@دوحة.example"})) == []
    (wrong,) = found(embassy, doha.changed(**{field: "office"}))
    assert wrong.fault.code == "setting-email"


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"last_ticket": time(23)}, Fault("setting-last-ticket", "hours.0.last_ticket", {"last": time(23)})),
        (
            {"opens": time(1), "last_ticket": None},
            Fault("setting-open-at-day-start", "hours.0.closes", {"day_starts": time(3)}),
        ),
    ],
)
def test_hours_that_cannot_be_are_found(
    embassy: Profile, doha: Branch, change: Mapping[str, Any], fault: Fault
) -> None:
    first, *rest = doha.hours
    assert Located("branch", doha.slug, fault) in found(embassy, doha.changed(hours=(first.changed(**change), *rest)))


def test_the_same_hour_is_opened_once(embassy: Profile, doha: Branch) -> None:
    first = doha.hours[0]
    fault = Fault("setting-hours-overlap", f"hours.{len(doha.hours)}.opens", {"opens": first.opens})
    assert found(embassy, doha.changed(hours=(*doha.hours, first))) == [Located("branch", doha.slug, fault)]


def test_a_printer_belongs_to_a_kiosk_of_the_branch(embassy: Profile, doha: Branch) -> None:
    kiosk = next(one for one in doha.devices.values() if one.kind == "kiosk")
    attached: Device = kiosk.changed(attached_to=kiosk.slug)
    fault = Fault("setting-attached-not-printer", "attached_to")
    assert found(embassy, doha.changed(devices={**doha.devices, kiosk.slug: attached})) == [
        Located("device", kiosk.slug, fault)
    ]


def test_periods_of_a_season_do_not_overlap(embassy: Profile) -> None:
    slug, stretches = next(iter(embassy.catalogue.seasons.items()))
    again: tuple[Season, ...] = (*stretches, stretches[-1])
    changed = embassy.catalogue.changed(seasons={**embassy.catalogue.seasons, slug: again})
    (only,) = catalogue_faults(changed)
    assert (only.kind, only.slug, only.fault.code) == ("season", slug, "setting-stretches-overlap")
    assert only.field == f"stretches.{len(stretches)}.first"


def test_objects_of_the_catalogue_are_called_as_edits_call_them(embassy: Profile) -> None:
    catalogue = embassy.catalogue
    priorities = {**catalogue.priorities, "elderly": catalogue.priorities["elderly"].changed(names={"ar": "كبار السن"})}
    documents = {**catalogue.documents, "passport": {"ar": "جواز", "en": ""}}
    found = catalogue_faults(catalogue.changed(priorities=priorities, documents=documents))
    assert {(one.kind, one.slug, one.field, one.fault.code) for one in found} == {
        ("priority", "elderly", "names.en", "setting-language-missing"),
        ("document", "passport", "names.en", "setting-missing"),
    }


def test_a_fault_knows_what_a_slug_names(embassy: Profile, doha: Branch) -> None:
    one, other = list(doha.queues.values())[:2]
    queues = {**doha.queues, other.slug: other.changed(prefix=one.prefix)}
    (only,) = found(embassy, doha.changed(queues=queues))
    called = only.fault.values["other"]
    assert isinstance(called, Called)
    assert (called, called.kind) == (one.slug, "queue")


def test_the_path_of_a_fault_in_a_kit_has_only_fields(doha: Branch) -> None:
    printer = next(one for one in doha.devices.values() if one.kind == "printer")
    with pytest.raises(Faulty) as caught:
        printer.changed(kit={**dict(printer.kit), "poll_s": 0})
    assert [fault.field for fault in caught.value.faults] == ["kit.poll_s"]
