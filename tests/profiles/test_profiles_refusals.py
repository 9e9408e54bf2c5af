"""A wrong profile is refused with file, line, column and reason; nothing in it is ignored."""

from __future__ import annotations

from pathlib import Path

import pytest

from queue_system.profiles import Profile, ProfileError, read_profile

SMALL = """\
id: small
kind: consular
names: {ar: مكتب صغير, en: Small office}
languages: [ar, en]
default_language: ar
digits: {ar: latn}
documents:
  licence: {ar: رخصة, en: Licence}
branches:
  main:
    names: {ar: المقر, en: Main office}
    timezone: Asia/Qatar
    calendars: [qatar_public]
    hours:
      regular:
        - {days: [sun, mon], open: 08:30, close: 14:30, last_ticket: 13:30}
      seasons:
        ramadan:
          - {days: [sun, mon], open: 09:00, close: 14:00}
    departments:
      consular: {ar: القنصلية, en: Consular}
    queues:
      q-civil: {prefix: A, names: {ar: الأحوال المدنية, en: Civil status}}
      q-legal: {prefix: B, names: {ar: القانونية, en: Legal}}
    resources:
      interpreter: {pool: 2, names: {ar: مترجم, en: Interpreter}}
    services:
      birth:
        names: {ar: تسجيل ولادة, en: Birth registration}
        queue: q-civil
        department: consular
        duration_min: 20
        policy: open_fcfs
        confidentiality: normal
        tags: [fee_bearing]
        documents: [passport, licence]
        refer_to: [q-legal]
        needs: [interpreter]
    counters:
      c1: {number: 1, kind: counter, names: {ar: شباك, en: Counter}, zone: hall, queues: [q-civil, q-legal]}
    priorities: [walkin, appointment]
    queue_rules:
      early_check_in_min: 30
      call_early_min: 5
      late_grace_min: 10
      max_wait_guard_min: 60
      no_show_after_calls: 3
      no_show_after_min: 5
    devices:
      k1: {model: kiosk_std, zone: entrance}
      p1: {model: printer_80_tcp, attached_to: k1}
    texts:
      welcome: {ar: "أهلًا {name}", en: "Welcome {name}"}
    retention_days: {ticket: 90, booking_personal_data: 30, audit: 3650}
  second:
    names: {ar: الفرع, en: Second office}
    inherits_from: main
"""

A_DAY_ELSEWHERE = "{day: 2027-01-16, open: 09:00, close: 15:00, capacity: 70, place: {ar: الخور, en: Al Khor}}"

TWIN = """\
      twin:
        names: {ar: تسجيل ولادة, en: Another}
        queue: q-civil
        department: consular
        duration_min: 20
        policy: open_fcfs
        confidentiality: normal
        documents: [passport]
"""

# The original text, its replacement, where the error must be (the first place of this text), and the reason.
WRONG = [
    # Printers
    (
        "printer_80_tcp, attached_to: k1",
        "printer_80_tcp, path: /dev/usb/lp0, attached_to: k1",
        "p1: {model: printer_80_tcp",
        'device "p1": "path" says nothing about a printer whose transport is tcp9100',
    ),
    (
        "printer_80_tcp, attached_to: k1",
        "printer_80_usb, path: usb/lp0, attached_to: k1",
        "usb/lp0, att",
        'device "p1": path: “usb/lp0” is not a device file such as /dev/usb/lp0.',
    ),
    (
        "printer_80_tcp, attached_to: k1",
        "printer_80_tcp, dots: 600, attached_to: k1",
        "600",
        'device "p1": unknown paper width in dots "600" (known: 384, 512, 576)',
    ),
    # A word of an earlier version
    (
        "documents:\n",
        "roles:\n  officer: {names: {ar: موظف, en: Officer}, can: [hold]}\ndocuments:\n",
        "hold",
        'role "officer": unknown ability "hold" — did you mean "park"?',
    ),
    # References
    ("queue: q-civil", "queue: q-civl", "q-civl", 'service "birth": unknown queue "q-civl" — did you mean "q-civil"?'),
    ("[q-legal]\n", "[q-lego]\n", "q-lego", 'service "birth": unknown queue "q-lego" — did you mean "q-legal"?'),
    ("[q-civil, q-legal]", "[q-civil, x]", "x]}", 'counter "c1": unknown queue "x" (known: q-civil, q-legal)'),
    ("t: consular", "t: legal", "legal\n", 'service "birth": unknown department "legal" (known: consular)'),
    (
        "[passport, licence]",
        "[pasport]",
        "pasport",
        'service "birth": unknown document "pasport" — did you mean "passport"?',
    ),
    (
        "needs: [interpreter]",
        "needs: [lawyer]",
        "lawyer",
        'service "birth": unknown resource "lawyer" (known: interpreter)',
    ),
    (
        "policy: open_fcfs",
        "policy: open_fcsf",
        "open_fcsf",
        'service "birth": unknown policy "open_fcsf" — did you mean "open_fcfs"?',
    ),
    (
        "confidentiality: normal",
        "confidentiality: normall",
        "normall",
        'service "birth": unknown confidentiality level "normall" — did you mean "normal"?',
    ),
    (
        "[fee_bearing]",
        "[fee_baring]",
        "fee_baring",
        'service "birth": unknown service tag "fee_baring" — did you mean "fee_bearing"?',
    ),
    (
        "[qatar_public]",
        "[qatar_publik]",
        "qatar_publik",
        'branch "main": unknown calendar "qatar_publik" — did you mean "qatar_public"?',
    ),
    ("ramadan:", "ramadhan:", "ramadhan", 'branch "main": unknown season "ramadhan" — did you mean "ramadan"?'),
    (
        "[walkin, appointment]",
        "[walk_in, appointment]",
        "walk_in",
        'branch "main": unknown priority class "walk_in" — did you mean "walkin"?',
    ),
    ("zone: hall", "zone: hal", "hal,", 'counter "c1": unknown zone "hal" — did you mean "hall"?'),
    (
        "model: kiosk_std",
        "model: kiosk_standard",
        "kiosk_standard",
        'device "k1": unknown device model "kiosk_standard" — did you mean "kiosk_std"?',
    ),
    ("attached_to: k1", "attached_to: k2", "k2}", 'device "p1": unknown kiosk "k2" (known: k1)'),
    ("attached_to: k1", "attached_to: p1", "p1}", 'device "p1": unknown kiosk "p1" (known: k1)'),
    (
        "inherits_from: main",
        "inherits_from: mian",
        "mian",
        'branch "second": unknown branch above this one "mian" — did you mean "main"?',
    ),
    (
        "inherits_from: main",
        "inherits_from: second",
        "second\n",
        'branch "second": unknown branch above this one "second" (known: main)',
    ),
    # Unknown, missing and repeated keys
    (
        "duration_min: 20",
        "duration: 20",
        "birth:",
        'service "birth": "duration_min" is missing (or is "duration" meant for it?)',
    ),
    (
        "tags: [fee_bearing]",
        "tag: [fee_bearing]",
        "tag:",
        'service "birth": unknown key "tag" — did you mean "tags"?',
    ),
    ("kind: consular\n", "kind: consular\nthickness: red\n", "thickness", 'unknown key "thickness"'),
    ("    devices:", "    devises:", "devises", 'branch "main": unknown key "devises" — did you mean "devices"?'),
    (
        "      q-legal: {prefix",
        "      q-civil: {prefix",
        "q-civil: {prefix: B",
        'branch "main": queues: "q-civil" is here twice (first in line 23)',
    ),
    ("kind: consular\n", "kind: consular\nkind: legal\n", "kind: legal", '"kind" is here twice (first in line 2)'),
    ("    timezone: Asia/Qatar\n", "", "main:", 'branch "main": "timezone" is missing'),
    ("      no_show_after_min: 5\n", "", "queue_rules", 'branch "main": queue_rules: "no_show_after_min" is missing'),
    ("licence: {", "passport: {", "passport: {ar", "documents.passport: is already in the library"),
    (
        "kind: consular\n",
        "kind: consular\nlibrary_changes:\n  documents:\n    pasport: {ar: جواز, en: Passport}\n",
        "pasport: {ar",
        'unknown entry of the library "pasport" — did you mean "passport"?',
    ),
    (
        "kind: consular\n",
        "kind: consular\nlibrary_changes: {branches: {}}\n",
        "branches: {}",
        'library_changes: unknown key "branches"',
    ),
    # Names from which people choose
    (
        "confidentiality: normal",
        "confidentiality: protected",
        "birth:",
        'service "birth": public_names: What is protected is shown under a neutral name: please write one.',
    ),
    (
        "        needs: [interpreter]\n",
        "        needs: [interpreter]\n" + TWIN,
        "main:",
        'branch "main": service "twin".names.ar: The name “تسجيل ولادة” is that of another service: birth.',
    ),
    # Values
    (
        "        tags: [fee",
        "        apply_at: {names: {ar: أ, en: A}, url: http://x}\n        tags: [fee",
        "http://x",
        'service "birth": apply_at.url: “http://x” is not an address that begins with https://.',
    ),
    (
        "        tags: [fee",
        "        fee: {amount: 1/2, currency: QAR}\n        tags: [fee",
        "1/2",
        'service "birth": fee.amount: “1/2” is not an amount such as 200 or 12.50.',
    ),
    (
        "        tags: [fee",
        "        fee: {amount: 5, currency: Riyal}\n        tags: [fee",
        "Riyal",
        'service "birth": fee.currency: “Riyal” is not the three letters of a currency, such as QAR.',
    ),
    (
        "    timezone: Asia/Qatar\n",
        "    timezone: Asia/Qatar\n    email: nobody\n",
        "nobody",
        'branch "main": email: “nobody” is not an email address.',
    ),
    (
        "    timezone: Asia/Qatar\n",
        "    timezone: Asia/Qatar\n    coordinates: {latitude: 95, longitude: 1}\n",
        "95",
        'branch "main": coordinates.latitude: It must be a number from -90 to 90, not 95.',
    ),
    ("prefix: B", "prefix: A", "q-legal: {", 'queue "q-legal": prefix: A is taken already, by q-civil.'),
    ("prefix: B", "prefix: P", "P,", 'queue "q-legal": unknown letter "P" (known: A, B, F, H, K, L, M, R, W, Y)'),
    (
        "open: 08:30",
        "open: 24:30",
        "24:30",
        'branch "main": hours.regular.open: “24:30” is not a time of day: please write 00:00 to 23:59.',
    ),
    (
        "open: 08:30, close: 14:30",
        "open: 14:30, close: 08:30",
        "{days: [sun, mon], open: 14:30",
        'branch "main": hours.regular: It closes at 08:30, which is not after it opens at 14:30. If it closes the next morning, say so (over_midnight).',
    ),
    (
        "last_ticket: 13:30",
        "last_ticket: 15:00",
        "{days: [sun, mon], open: 08:30",
        'branch "main": hours.regular: The last ticket, at 15:00, is outside the opening hours.',
    ),
    (
        "last_ticket: 13:30}\n",
        "last_ticket: 13:30}\n        - {days: [mon], open: 14:00, close: 16:00}\n",
        "{days: [mon]",
        'branch "main": hours.regular: It overlaps the hours from 08:30 on the same days.',
    ),
    (
        "open: 08:30, close: 14:30, last_ticket: 13:30",
        "open: 01:00, close: 04:00",
        "{days: [sun, mon], open: 01:00",
        'branch "main": hours.regular: It is open at 03:00, when the business day begins.',
    ),
    (
        "days: [sun, mon], open: 08",
        "days: [sun, sund], open: 08",
        "sund",
        'branch "main": unknown weekday "sund" — did you mean "sun"?',
    ),
    (
        "days: [sun, mon], open: 08",
        "days: [sun, sun], open: 08",
        "sun], open: 08",
        'branch "main": hours.regular.days: “sun” is here twice.',
    ),
    (
        "Asia/Qatar",
        "Europe/Qatar",
        "Europe/Qatar",
        'branch "main": unknown time zone "Europe/Qatar" — did you mean "Asia/Qatar"?',
    ),
    ("duration_min: 20", "duration_min: soon", "soon", 'service "birth": duration_min: “soon” is not a whole number.'),
    (
        "duration_min: 20",
        "duration_min: 0",
        "0\n        policy",
        'service "birth": duration_min: It must be a number from 1 to 1440, not 0.',
    ),
    ("pool: 2", "pool: -2", "-2", 'resource "interpreter": pool: “-2” is not a whole number.'),
    ("en: Civil status", "fr: État civil", "fr:", 'queue "q-civil": unknown language "fr" (known: ar, de, en, tr)'),
    (
        ", en: Civil status",
        "",
        "names: {ar: الأحوال",
        'queue "q-civil": names.en: The text is needed in this language too: English.',
    ),
    (
        'en: "Welcome {name}"',
        "en: Welcome",
        "welcome",
        'text "welcome": en: {name} must be in both texts, in Arabic and in this language: English.',
    ),
    ("ar: رخصة", 'ar: ""', '""', 'document "licence": ar: Please fill this in: it must not be empty.'),
    (
        "ar: رخصة",
        "ar: \u202eرخصة",
        "\u202e",
        'document "licence": ar: The text holds the invisible character U+202E. Please write it again.',
    ),
    (
        "zone: hall,",
        "zone: hall, accessible: true,",
        "true",
        'counter "c1": accessible: It must be yes or no, not “true”.',
    ),
    (
        "documents: [passport, licence]",
        "documents: passport",
        "passport",
        'service "birth": documents: must be a list, not one value',
    ),
    (
        "attached_to: k1",
        "host: 192.0.2.7",
        "p1: {",
        'device "p1": zone: Please say where it stands: in a zone, or attached to a kiosk.',
    ),
    # The whole branch
    (
        "queues: [q-civil, q-legal]",
        "queues: [q-legal]",
        "main:",
        'branch "main": service "birth".queue: No counter serves the queue of this service: q-civil.',
    ),
    (
        "[walkin, appointment]",
        "[walkin]",
        "main:",
        'branch "main": priorities: Every branch needs this class: appointment.',
    ),
    (
        "inherits_from: main\n",
        "inherits_from: main\n    departments: {other: {ar: آخر, en: Other}}\n",
        "second:",
        'branch "second": service "birth".department: There is no “consular” here. Please choose from the list.',
    ),
    (
        "    timezone: Asia/Qatar\n",
        "    timezone: Asia/Qatar\n    only_services: [birth]\n",
        "only_services",
        'branch "main": only_services: is for branches that inherit (inherits_from)',
    ),
    (
        "    inherits_from: main\n",
        "    inherits_from: main\n    kind: outreach\n",
        "second:",
        'branch "second": outreach_days: This branch is open on days of work elsewhere only, and has none.',
    ),
    (
        "    inherits_from: main\n",
        f"    inherits_from: main\n    outreach_days: [{A_DAY_ELSEWHERE}, {A_DAY_ELSEWHERE.replace('09:00', '10:00')}]\n",
        "{day: 2027-01-16, open: 10:00",
        'branch "second": outreach_days: 2027-01-16 is here twice (first in line 58): one place a day',
    ),
    ("  second:", "  organisation:", "organisation", 'branch "organisation": is a reserved name'),
    # YAML
    ("kind: consular", "kind: !!str consular", "!!str", 'the tag "tag:yaml.org,2002:str" is not used here'),
    ("names: {ar: مكتب", "names: &n {ar: مكتب", "&n", "anchors and aliases are not used here"),
    (
        "languages: [ar, en]",
        "languages: [ar, en",
        ": ar\ndigits",
        "while parsing a flow sequence expected ',' or ']', but got ':'",
    ),
    ("kind: consular", "kind: con\x07sular", "\x07", "the character U+0007 is not text"),
]


def test_the_small_profile_itself_is_right(tmp_path: Path) -> None:
    assert list(read(SMALL, tmp_path).branches) == ["main", "second"]


@pytest.mark.parametrize(("old", "new", "at", "reason"), WRONG, ids=[f"{new[:30]!r}" for _, new, _, _ in WRONG])
def test_a_wrong_profile_is_refused(tmp_path: Path, old: str, new: str, at: str, reason: str) -> None:
    assert SMALL.count(old) >= 1
    text = SMALL.replace(old, new, 1)
    start = text.index(at)
    with pytest.raises(ProfileError) as caught:
        read(text, tmp_path)
    error = caught.value
    assert error.file == "small.yaml"
    assert (error.line, error.column) == (text.count("\n", 0, start) + 1, start - text.rfind("\n", 0, start))
    assert error.reason == reason
    assert str(error) == f"small.yaml:{error.line}:{error.column}: {reason}"


def read(text: str, folder: Path) -> Profile:
    path = folder / "small.yaml"
    path.write_text(text, "utf-8")
    return read_profile(path)
