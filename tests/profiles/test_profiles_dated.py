"""Everything with a date in a file: recurrence, closures, seasons of a branch, terms and last days."""

from __future__ import annotations

from datetime import date, time
from pathlib import Path

import pytest

from queue_system.actions.installation import install
from queue_system.core.decisions import DecidedBy, decided_by
from queue_system.core.hours import windows
from queue_system.profiles import Profile, ProfileError, read_profile
from queue_system.profiles.write import write_profile
from queue_system.store.database import Database
from queue_system.store.queries.settings import BranchSettings, branch_ids, branch_settings
from queue_system.store.queries.stored import stored_profile

SMALL = """\
id: small
kind: consular
names: {ar: مكتب صغير, en: Small office}
languages: [ar, en]
default_language: ar
digits: {ar: latn}
closures:
  - {day: 2026-12-17, open: 10:00, only_tag: fee_bearing, names: {ar: الجرد السنوي, en: Annual count}}
branches:
  main:
    names: {ar: المقر, en: Main office}
    timezone: Asia/Qatar
    week_starts: sun
    hours:
      regular:
        - {days: [sun, mon], open: 08:30, close: 14:30, last_ticket: 13:30, last: 2026-12-31}
        - {days: [sun, mon], open: 09:00, close: 14:30, first: 2027-01-01}
      seasons:
        ramadan:
          - {days: [sun, mon], open: 09:00, close: 14:00}
      services:
        outing:
          - {days: [mon], open: 09:00, close: 11:00, every_weeks: 2, anchor: 2026-11-30}
      exceptions:
        - {day: 2026-12-18, open: 10:00, close: 12:00, opens_anyway: yes, names: {ar: استثناء, en: Exception}}
        - {days: [sat], open: 09:00, close: 12:00, in_month: 5}
      breaks:
        - {day: 2026-12-20, days: [sun], from: 12:00, to: 14:30, service: birth, names: {ar: اجتماع, en: Meeting}}
    closures:
      - {day: 2026-12-18, names: {ar: اليوم الوطني, en: National day}}
      - {first: 2026-12-20, last: 2026-12-21, close: 13:00, provisional: yes, queues: [q-civil], names: {ar: صيانة, en: Repair}}
      - {day: 2026-12-27, services: [outing], resources: [bus], names: {ar: عطل, en: Breakdown}}
    seasons:
      ramadan:
        - {first: 2027-02-09, last: 2027-03-09, provisional: yes}
    departments:
      consular: {ar: القنصلية, en: Consular}
    queues:
      q-old: {prefix: A, names: {ar: القديم, en: Old}, until: 2026-11-01}
      q-civil:
        prefix: A
        names: {ar: الأحوال المدنية, en: Civil status}
        lanes: 2
        terms: [{first: 2027-01-01, lanes: 4, public_lanes: 3}]
    resources:
      bus: {names: {ar: حافلة, en: Bus}, pool: 2, terms: [{first: 2027-01-01, pool: 1}]}
    services:
      birth:
        names: {ar: تسجيل ولادة, en: Birth}
        queue: q-civil
        department: consular
        duration_min: 20
        terms: [{first: 2027-01-01, duration_min: 30, buffer_min: 5}]
        until: 2027-06-30
        policy: open_fcfs
        confidentiality: normal
        documents: [none_required]
      outing:
        names: {ar: زيارة, en: Visit}
        queue: q-civil
        department: consular
        duration_min: 20
        policy: open_fcfs
        confidentiality: normal
        documents: [none_required]
        needs: [bus]
        tags: [fee_bearing]
    counters:
      c0: {number: 1, kind: counter, names: {ar: شباك, en: Counter}, zone: hall, queues: [q-old], until: 2026-11-01}
      c1: {number: 1, kind: counter, names: {ar: شباك, en: Counter}, zone: hall, queues: [q-civil]}
    devices: {}
    priorities: [walkin, appointment]
    queue_rules:
      early_check_in_min: 60
      call_early_min: 10
      late_grace_min: 15
      max_wait_guard_min: 60
      no_show_after_calls: 3
      no_show_after_min: 3
    retention_days: {ticket: 30, booking_personal_data: 30, audit: 365}
"""


def read(text: str, folder: Path) -> Profile:
    path = folder / "small.yaml"
    path.write_text(text, encoding="utf-8")
    return read_profile(path)


@pytest.fixture
def small(tmp_path: Path) -> Profile:
    return read(SMALL, tmp_path)


def test_all_of_it_comes_back_out_of_a_file_and_out_of_the_tables(db: Database, tmp_path: Path, small: Profile) -> None:
    again = read(write_profile(small), tmp_path)
    assert again == small.changed(sha256=again.sha256)
    db.write_now(install, small)
    assert db.read_now(stored_profile) == small


def settings(db: Database, small: Profile) -> BranchSettings:
    db.write_now(install, small)
    return db.read_now(branch_settings, db.read_now(branch_ids)["main"])


def test_the_calendar_of_a_branch_has_all_of_it(db: Database, small: Profile) -> None:
    main = settings(db, small)
    birth, outing = main.service("birth").id, main.service("outing").id

    def opened(day: date, service_id: object = None) -> list[str]:
        return [f"{w.opens:%H:%M}–{w.closes:%H:%M}" for w in windows(day, main.calendar, service_id)]  # type: ignore[arg-type]

    assert opened(date(2026, 12, 18)) == ["10:00–12:00"]
    assert opened(date(2026, 12, 26)) == ["09:00–12:00"]
    assert opened(date(2026, 12, 20)) == ["08:30–14:30"]
    assert opened(date(2026, 12, 20), birth) == ["08:30–12:00"]
    assert opened(date(2026, 12, 21), birth) == ["08:30–13:00"]
    assert opened(date(2026, 12, 14), outing) == ["09:00–11:00"]
    assert opened(date(2026, 12, 7), outing) == []
    assert opened(date(2026, 12, 27), outing) == []
    assert opened(date(2027, 1, 3)) == ["09:00–14:30"]
    assert opened(date(2027, 2, 8)) == ["09:00–14:30"]
    assert opened(date(2027, 3, 8)) == ["09:00–14:00"]
    assert opened(date(2027, 7, 4), birth) == []
    assert decided_by(date(2026, 12, 21), main.calendar, birth).names["en"] == "Repair"
    assert decided_by(date(2027, 2, 9), main.calendar).by is DecidedBy.SEASON


def test_a_closure_of_the_organisation_closes_the_services_of_its_tag_in_every_branch(
    db: Database, tmp_path: Path
) -> None:
    text = SMALL.replace("day: 2026-12-17, open: 10:00", "day: 2026-12-14, open: 10:00")
    main = settings(db, read(text, tmp_path))
    (window,) = windows(date(2026, 12, 14), main.calendar, main.service("outing").id)
    assert window.opens == time(10)
    (window,) = windows(date(2026, 12, 14), main.calendar, main.service("birth").id)
    assert window.opens == time(8, 30)


def test_values_are_those_of_the_last_term_that_has_begun(db: Database, small: Profile) -> None:
    main = settings(db, small)
    before, after = date(2026, 12, 31), date(2027, 1, 1)
    birth, civil, bus = main.service("birth").id, main.service("birth").queue_id, next(iter(main.resources.values()))
    assert [
        (one.duration_min, one.buffer_min) for one in (main.services[birth].on(day) for day in (before, after))
    ] == [
        (20, 0),
        (30, 5),
    ]
    assert [main.lanes_on(civil, day) for day in (before, after)] == [(2, 2), (4, 3)]
    assert [bus.pool_on(day) for day in (before, after)] == [2, 1]


def test_what_is_retired_is_offered_no_more_after_its_last_day(db: Database, small: Profile) -> None:
    main = settings(db, small)
    last, after = date(2026, 11, 1), date(2026, 11, 2)
    assert [queue.slug for queue in main.queues_on(last).values()] == ["q-old", "q-civil"]
    assert [queue.slug for queue in main.queues_on(after).values()] == ["q-civil"]
    assert [counter.slug for counter in main.counters_on(after).values()] == ["c1"]
    assert [service.slug for service in main.services_on(date(2027, 7, 1)).values()] == ["outing"]
    old = main.queues[next(key for key, queue in main.queues.items() if queue.slug == "q-old")]
    assert (main.lanes_on(old.id, last)[0] > 0, main.lanes_on(old.id, after)) == (True, (0, 0))


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("every_weeks: 2, anchor: 2026-11-30", "every_weeks: 2", "a day of a week"),
        ("every_weeks: 2, anchor: 2026-11-30", "every_weeks: 5, anchor: 2026-11-30", "1 to 4"),
        ("every_weeks: 2, anchor: 2026-11-30", "every_weeks: 2, anchor: 2026-11-30, in_month: 1", "one way to recur"),
        ("last: 2026-12-31}", "last: 2027-01-31}", "overlaps the hours"),
        ("days: [sat], open: 09:00, close: 12:00, in_month: 5", "days: [sat], open: 09:00, close: 12:00", '"day"'),
        ("close: 13:00, provisional", "close: 13:00, open: 12:00, provisional", "not after the beginning"),
        ("queues: [q-civil], names: {ar: صيانة", "queues: [q-cvil], names: {ar: صيانة", 'did you mean "q-civil"'),
        ("only_tag: fee_bearing", "only_tag: fee_baring", 'did you mean "fee_bearing"'),
        (
            "{first: 2027-01-01, lanes: 4, public_lanes: 3}",
            "{first: 2027-01-01, lanes: 4, public_lanes: 5}",
            "more than",
        ),
        ("pool: 1}]", "pool: 1}, {first: 2027-01-01, pool: 3}]", "begin on the same day"),
        ("names: {ar: القديم, en: Old}, until: 2026-11-01", "names: {ar: القديم, en: Old}", "taken already"),
        (
            "- {first: 2027-02-09, last: 2027-03-09, provisional: yes}",
            "- {first: 2027-03-09, last: 2027-02-09}",
            "before the first",
        ),
        ("from: 12:00, to: 14:30", "from: 12:00, to: 14:30, opens_anyway: yes", "unknown key"),
    ],
)
def test_contradictions_are_refused(tmp_path: Path, old: str, new: str, said: str) -> None:
    assert SMALL.count(old) == 1
    with pytest.raises(ProfileError) as caught:
        read(SMALL.replace(old, new), tmp_path)
    assert said in caught.value.reason
