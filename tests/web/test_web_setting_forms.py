"""Forms of settings: what is drawn and sent back unchanged is the same value, and every mistake stands at its field."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from queue_system.i18n.isolates import strip
from queue_system.i18n.words import words_for
from queue_system.profiles.reader import profile_names
from queue_system.settings.agenda import CheckIn, Occasion
from queue_system.settings.branch import Branch, BranchOwn, Targets
from queue_system.settings.calling_profiles import CallingProfile
from queue_system.settings.declared import Declared
from queue_system.settings.faults import Called, Fault
from queue_system.settings.hall import Counter, Queue
from queue_system.settings.organisation import OrganisationOwn
from queue_system.settings.services import NO_DOCUMENT, Mode, Service
from queue_system.web.setting_forms import SettingForm, new_slug
from queue_system.web.setting_posted import Posted
from queue_system.web.setting_words import Things, things_of, things_of_catalogue
from tests.kit.browser_form import PageForm, form_of
from tests.kit.furnished import profile_of
from tests.kit.web_pages import rendered

FORM = '{% from "macros/setting_fields.html" import setting_form with context %}{{ setting_form(drawn) }}'
OWN = (*(name for name in BranchOwn.model_fields if name != "slug"), "priorities", "hours", "outreach_days")
THINGS = ("queues", "resources", "services", "counters", "devices", "occasions")
ENTRIES = ("confidentialities", "priorities", "policies", "roles", "calendars", "device_models")
LANGUAGES = ("ar", "en")


def values_of(profile: str) -> Iterator[tuple[type[Declared], dict[str, Any], Things, Collection[str]]]:
    """Every object of a profile: its declaration, its values, what it may refer to, the fields of the form."""
    organisation = profile_of(profile)
    common = things_of_catalogue(organisation.catalogue, words_for("ar"))
    yield OrganisationOwn, json_of(OrganisationOwn.model_construct(**dict(organisation))), common, ()
    for entry in (thing for name in ENTRIES for thing in getattr(organisation.catalogue, name).values()):
        yield type(entry), json_of(entry), common, ()
    for branch in organisation.branches.values():
        things = things_of(branch, organisation.catalogue, words_for("ar"))
        yield Branch, json_of(branch), things, OWN
        for thing in (thing for name in THINGS for thing in getattr(branch, name).values()):
            yield type(thing), json_of(thing), things, ()


def json_of(value: Declared) -> dict[str, Any]:
    return dict(value.model_dump(mode="json"))


def form_for(declaration: type[Declared], things: Things, fields: Collection[str] = ()) -> SettingForm:
    return SettingForm(declaration, things, words_for("ar", strict=True), LANGUAGES, fields)


def on_page(form: SettingForm, posted: Posted, faults: Collection[Fault] = ()) -> PageForm:
    return form_of(rendered(FORM, drawn=form.draw(posted, faults)))


def expected(declaration: type[Declared], values: Mapping[str, Any], fields: Collection[str]) -> dict[str, Any]:
    """The values that a form must give back; the mode that follows from the policy is left out."""
    wanted = {name: value for name, value in values.items() if (name in fields if fields else name != "slug")}
    if declaration is Service and wanted["mode"] not in ("walkin_only", "walkin_and_fcfs"):
        del wanted["mode"]
    return wanted


# ---------------------------------------------------------------- there and back


@pytest.mark.parametrize("profile", profile_names())
def test_every_value_comes_back_unchanged_from_the_page(profile: str) -> None:
    count = 0
    for declaration, values, things, fields in values_of(profile):
        form = form_for(declaration, things, fields)
        posted = form.fill(values)
        # Forms of the same declaration are drawn alike, so a few of them go through the page.
        if count % 5 == 0 or declaration in (Branch, OrganisationOwn):
            posted = Posted(on_page(form, posted).items)
        typed = form.read(posted)
        assert typed.faults == (), (declaration, values)
        assert typed.values == expected(declaration, values, fields)
        assert form.was(posted) == {
            name: values[name] for name in values if name in (fields or values) and name != "slug"
        }
        count += 1
    assert count > 30


MIXED: dict[str, list[tuple[type[Declared], dict[str, Any], Things, Collection[str]]]] = {}


@given(st.data())
def test_any_mixture_of_values_comes_back(data: st.DataObject) -> None:
    """Each field of a thing takes its value from any other thing of its kind."""
    if not MIXED:
        for found in values_of("embassy"):
            MIXED.setdefault(found[0].__name__, []).append(found)
    alike = MIXED[data.draw(st.sampled_from(["Service", "Queue", "Policy", "Priority", "Counter"]))]
    declaration, first, things, _ = alike[0]
    alike = [found for found in alike if found[2] is things]
    mixed = {name: alike[data.draw(st.integers(0, len(alike) - 1))][1][name] for name in first}
    form = form_for(declaration, things)
    typed = form.read(form.fill(mixed))
    assert typed.faults == ()
    assert typed.values == expected(declaration, mixed, ())


# ---------------------------------------------------------------- one thing at a time


@pytest.fixture(scope="module")
def doha() -> Branch:
    return profile_of("embassy").branches["doha-main"]


@pytest.fixture(scope="module")
def things(doha: Branch) -> Things:
    return things_of(doha, profile_of("embassy").catalogue, words_for("ar"))


def test_a_choice_shows_names_and_never_slugs(things: Things) -> None:
    html = rendered(FORM, drawn=form_for(Service, things, ["queue", "channel"]).draw(Posted([])))
    assert "الجوازات" in html
    assert "بالهاتف" in html
    assert ">q-passports<" not in html
    assert ">phone<" not in html


def test_the_order_of_queues_follows_their_numbers(doha: Branch, things: Things) -> None:
    form = form_for(Counter, things, ["queues"])
    one, two, three = list(doha.queues)[:3]
    posted = Posted(
        [
            ("queues", one),
            ("queues", two),
            ("queues", three),
            (f"queues.order.{one}", "٣"),
            (f"queues.order.{two}", "1"),
            (f"queues.order.{three}", ""),
        ]
    )
    assert form.read(posted).values == {"queues": [two, one, three]}


def test_a_queue_that_is_gone_is_refused_and_stays_in_sight(things: Things) -> None:
    form = form_for(Service, things, ["queue", "documents"])
    posted = Posted([("queue", "q-gone"), ("documents", "none-such")])
    typed = form.read(posted)
    assert [(fault.code, fault.field) for fault in typed.faults] == [
        ("setting-unknown", "queue"),
        ("setting-unknown", "documents"),
    ]
    assert ("queue", "q-gone") in on_page(form, posted).items


def test_documents_are_the_chosen_ones_with_a_choice_that_adds_another(things: Things) -> None:
    form = form_for(Service, things, ["documents"])
    first, second, third = [slug for slug in things["document"] if slug != NO_DOCUMENT][:3]
    field = form.draw(form.fill({"documents": [second, first]})).field("documents")
    assert [one.value for one in field.options if one.chosen] == [second, first]
    assert (field.look, field.alone.value if field.alone else "") == ("picks", NO_DOCUMENT)
    kept = on_page(form, form.fill({"documents": [second, first]})).items
    assert [text for name, text in kept if name == "documents"] == [second, first, ""]
    assert form.read(Posted(kept)).values == {"documents": [second, first]}
    added = Posted([(name, third if (name, text) == ("documents", "") else text) for name, text in kept])
    assert form.read(added).values == {"documents": [second, first, third]}
    assert [one.value for one in form.draw(added).field("documents").options if one.chosen] == [second, first, third]


def test_that_no_document_is_needed_goes_with_no_document(things: Things) -> None:
    form = form_for(Service, things, ["documents"])
    assert form.read(Posted([("documents", NO_DOCUMENT), ("documents", "")])).values == {"documents": [NO_DOCUMENT]}
    typed = form.read(Posted([("documents", NO_DOCUMENT), ("documents", next(iter(things["document"])))]))
    assert [fault.code for fault in typed.faults] == ["setting-alone"]


def test_the_empty_row_adds_one_and_a_box_removes_one(doha: Branch, things: Things) -> None:
    form = form_for(Branch, things, ["hours"])
    before = json_of(doha)["hours"]
    items = on_page(form, form.fill({"hours": before})).items
    empty = f"hours.{len(before)}."
    assert (f"{empty}opens", "") in items
    added = [*items, (f"{empty}days", "sat"), ("hours.0.gone", "yes")]
    added = [
        (name, {f"{empty}layer": "regular", f"{empty}opens": "10:00", f"{empty}closes": "12:00"}.get(name, text))
        for name, text in added
    ]
    typed = form.read(Posted(added))
    assert typed.faults == ()
    last = typed.values["hours"][-1]
    assert typed.values["hours"][:-1] == before[1:]
    assert (last["layer"], last["days"], last["opens"], last["closes"]) == ("regular", [5], "10:00", "12:00")
    # Drawn again, the rows are counted anew, so that a fault of the whole finds its row.
    assert form.read(form.again(Posted(added), typed)) == typed


def test_a_row_that_was_begun_must_be_finished(things: Things) -> None:
    form = form_for(Branch, things, ["hours"])
    typed = form.read(Posted([("hours.0.opens", "10:00")]))
    assert {fault.field for fault in typed.faults} == {"hours.0.layer", "hours.0.days", "hours.0.closes"}
    assert {fault.code for fault in typed.faults} == {"setting-missing"}


def test_a_group_that_may_be_missing_comes_and_goes(things: Things) -> None:
    form = form_for(Service, things, ["fee"])
    without = on_page(form, form.fill({"fee": None})).items
    assert form.read(Posted(without)).values == {"fee": None}
    typed = form.read(Posted([("fee.amount", "200"), ("fee.currency", "QAR")]))
    assert typed.values == {"fee": {"amount": "200", "currency": "QAR", "where": None}}
    half = form.read(Posted([("fee.amount", "200"), ("fee.currency", "")]))
    assert [(fault.code, fault.field) for fault in half.faults] == [("setting-missing", "fee.currency")]
    there = on_page(form, form.fill(typed.values)).items
    assert form.read(Posted(there)).values == typed.values
    assert form.read(Posted([*there, ("fee.gone", "yes")])).values == {"fee": None}


def test_a_group_of_boxes_is_kept_when_all_are_empty(doha: Branch, things: Things) -> None:
    form = form_for(Branch, things, ["access"])
    assert form.read(Posted([("access.there", "yes")])).values["access"]["step_free"] is False
    assert form.read(Posted([("access.step_free", "yes")])).values["access"]["step_free"] is True
    assert form.read(Posted([])).values == {"access": None}
    ticked_at_first = form_for(Branch, things, ["safe_contact"])
    blank = on_page(ticked_at_first, ticked_at_first.fill({"safe_contact": None})).items
    assert ("safe_contact.recheck_each_visit", "yes") in blank
    assert ticked_at_first.read(Posted(blank)).values == {"safe_contact": None}


def test_what_is_left_empty_has_its_default(things: Things) -> None:
    form = form_for(Service, things, ["buffer_min", "walkin_share_pct", "documents", "tags", "mode"])
    typed = form.read(Posted([]))
    assert typed.values == {"buffer_min": 0, "walkin_share_pct": None, "tags": []}
    assert [(fault.code, fault.field) for fault in typed.faults] == [("setting-missing", "documents")]


@pytest.mark.parametrize(
    ("field", "text", "code"),
    [
        ("duration_min", "soon", "setting-whole"),
        ("duration_min", "0", "setting-range"),
        ("names.ar", "\u202eاسم", "setting-invisible"),
        ("names.ar", "اسم {code}", "setting-placeholder"),
        ("fee.amount", "1/2", "setting-amount"),
        ("apply_at.url", "http://example.org", "setting-url"),
        ("channel", "letter", "setting-unknown"),
    ],
)
def test_a_mistake_stands_at_its_field_with_what_was_typed(
    doha: Branch, things: Things, field: str, text: str, code: str
) -> None:
    form = form_for(Service, things)
    service = json_of(next(iter(doha.services.values())))
    service["fee"] = {"amount": "5", "currency": "QAR", "where": None}
    service["apply_at"] = {"names": {"ar": "المنصة", "en": "Platform"}, "url": "https://example.org"}
    items = [(name, text if name == field else sent) for name, sent in form.fill(service).items]
    typed = form.read(Posted(items))
    (fault,) = typed.faults
    assert fault.code == code
    assert fault.field == ("names.en" if code == "setting-placeholder" else field)
    drawn = form.draw(Posted(items), typed.faults)
    assert list(drawn.errors) == [fault.field]
    page = form_of(html := rendered(FORM, drawn=drawn))
    assert (field, text) in [(name, " ".join(sent.split())) for name, sent in page.items]
    wrong = page.by_id[fault.field]
    assert wrong["aria-invalid"] == "true"
    assert f"{fault.field}-error" in wrong["aria-describedby"].split()
    assert f"{fault.field}-error" in page.by_id
    assert f'href="#{fault.field}"' in html


def test_a_fault_of_the_whole_stands_at_the_nearest_group_or_on_top(doha: Branch, things: Things) -> None:
    form = form_for(Service, things, ["documents"])
    item = Fault("setting-twice", "documents.1", {"word": "passport"})
    elsewhere = Fault("setting-missing", "queue")
    drawn = form.draw(form.fill(json_of(next(iter(doha.services.values())))), [item, elsewhere])
    assert list(drawn.errors) == ["documents"]
    assert drawn.rest == (words_for("ar").text("errors.setting-missing"),)
    assert "documents-error" in form_of(rendered(FORM, drawn=drawn)).by_id


def test_the_errors_on_top_say_which_field_each_is_about(things: Things) -> None:
    form = form_for(Service, things, ["names", "queue"])
    drawn = form.draw(Posted([]), [Fault("setting-missing", "names.ar"), Fault("setting-missing", "queue")])
    sentence = words_for("ar").text("errors.setting-missing")
    names, queue = drawn.field("names"), drawn.field("queue")
    language = next(part.label for part in names.parts if part.name == "names.ar")
    html = rendered(FORM, drawn=drawn)
    assert f'<a href="#names.ar">{names.label} – {language}: {sentence}</a>' in html
    assert f'<a href="#queue">{queue.label}: {sentence}</a>' in html
    assert queue.error == sentence


def test_another_thing_is_called_by_its_name(things: Things) -> None:
    form = form_for(Queue, things, ["prefix"])
    taken = Fault("setting-taken", "prefix", {"value": "A", "other": Called("q-passports", "queue")})
    drawn = form.draw(Posted([("prefix", "A")]), [taken])
    assert "الجوازات" in drawn.errors["prefix"]
    assert "q-passports" not in drawn.errors["prefix"]


def test_every_control_has_a_label_and_texts_say_their_language(doha: Branch, things: Things) -> None:
    form = SettingForm(Branch, things, words_for("en", strict=True), ("ar", "en", "de"), OWN)
    page = form_of(rendered(FORM, "en", drawn=form.draw(form.fill(json_of(doha)))))
    for name, control in page.by_name.items():
        if control.get("type") in ("hidden", "checkbox"):
            continue
        assert control.get("id") in page.labels or control.get("aria-label"), name
    assert (page.by_id["names.ar"]["dir"], page.by_id["names.ar"]["lang"]) == ("rtl", "ar")
    assert (page.by_id["names.de"]["dir"], page.by_id["names.de"]["lang"]) == ("ltr", "de")
    assert page.by_id["phone"]["dir"] == page.by_id["email"]["dir"] == page.by_id["timezone"]["dir"] == "ltr"
    grace = page.by_id["queue_rules.late_grace_min"]
    assert (grace["type"], grace["min"], grace["max"]) == ("number", "0", "1440")
    assert page.by_id["day_starts"]["type"] == "time"


def test_what_the_person_saw_goes_along_letter_by_letter(things: Things) -> None:
    form = form_for(Queue, things, ["names"])
    seen = {"names": {"ar": 'الجوازات  "أ"', "en": "Passports <b> & \u200c"}}
    page = on_page(form, form.fill(seen))
    assert form.was(Posted(page.items)) == seen
    for odd in ("", "{", "[1]", '"text"', "null", "[" * 15_000, "9" * 5_000):
        assert form.was(Posted([("was", odd)])) is None
    assert form.was(Posted([("was", json.dumps({"names": {}, "lanes": 3}))])) == {"names": {}}


def test_nobody_writes_a_language_that_the_place_does_not_speak(things: Things) -> None:
    form = SettingForm(Queue, things, words_for("ar"), ("ar",), ["names"])
    alone, both = {"names": {"ar": "التذاكر", "en": "التذاكر"}}, {"names": {"ar": "الجوازات", "en": "Passports"}}
    typed = form.read(Posted([("names.ar", "التذاكر")]))
    assert (typed.values, list(typed.faults)) == (alone, [])
    assert "names.en" not in on_page(form, form.fill(alone)).by_id
    # What a sample has brought along is seen, kept, and may be emptied.
    brought = on_page(form, form.fill(both))
    assert form.read(Posted(brought.items)).values == both
    emptied = [("names.ar", "التذاكر"), ("names.en", "")]
    assert form.read(Posted(emptied)).values == alone
    assert [fault.field for fault in form_for(Queue, things, ["names"]).read(Posted(emptied)).faults] == ["names.en"]


def test_values_are_said_in_words(doha: Branch, things: Things) -> None:
    form = form_for(Service, things)
    service = next(iter(doha.services.values()))
    assert form.say("queue", service.queue) == things["queue"][service.queue]
    assert form.say("names", service.names) == service.names["ar"]
    assert strip(form.say("duration_min", 20)) == "20 دقيقة"
    assert form.say("room", False) == "لا"
    # A mode that no form offers, because it is the policy's, is said in words too.
    for mode in get_args(Mode):
        assert re.search("[ء-ي]", form.say("mode", mode)), mode
    assert form.say("documents", []) == ""
    assert form.say("fee", {"amount": "200", "currency": "QAR", "where": None}).count("200") == 1
    hours = form_for(Branch, things, ["hours"])
    said = hours.say("hours", json_of(doha)["hours"])
    # As in the form, where the week begins on Sunday; and no comma between two rows, which have commas themselves.
    assert "الأيام: الأحد، الاثنين" in said
    assert said.count("؛ ") == len(doha.hours) - 1
    # Units inside rows and tables too, where no page could add them; and none on a group whose name ends like a unit.
    first = next(iter(doha.queues))
    step = {"queues": [first], "when": "fewer", "watched": first, "calls": 2, "last_min": 60, "whose": "counter"}
    assert "ساعة واحدة" in form_for(CallingProfile, things).say("steps", [step])
    assert strip(form_for(Targets, things).say("p90_wait_min", {"normal": 40})).endswith(": 40 دقيقة")
    assert strip(form_for(Branch, things, ["tick_minutes"]).say("tick_minutes", 5)) == "5 دقائق"
    check_in = json_of(CheckIn(desks=2))
    assert "بوصة" not in form_for(Occasion, things).say("check_in", check_in)


def test_a_name_for_programs_is_made_of_the_english_name() -> None:
    assert new_slug("Birth registration", (), "service") == "birth-registration"
    assert new_slug("Birth  Registration!", ("birth-registration",), "service") == "birth-registration-2"
    assert new_slug("خدمة", ("service",), "service") == "service-2"
    assert new_slug("2nd hall", (), "zone") == "zone"
