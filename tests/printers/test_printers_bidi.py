"""The order of characters on paper."""

from __future__ import annotations

import hashlib
import lzma
from pathlib import Path

import pytest

from printers import bidi

UNICODE = Path(__file__).resolve().parents[1] / "vendor" / "unicode"
LRI, RLI, FSI, PDI = "\u2066", "\u2067", "\u2068", "\u2069"


def visual(text: str, base: int | None = 1) -> str:
    """The line from left to right, without invisible controls; brackets are not mirrored."""
    paragraph = bidi.resolve(text, base)
    shown = ""
    for run in paragraph.line(0, len(text)):
        part = text[run.start : run.end]
        shown += part[::-1] if run.right_to_left else part
    return "".join(c for c in shown if c not in "\u2066\u2067\u2068\u2069\u200e\u200f\u202a\u202b\u202c\u202d\u202e")


@pytest.mark.slow
def test_all_cases_of_unicode_pass() -> None:
    packed = (UNICODE / "BidiCharacterTest-15.0.0.txt.xz").read_bytes()
    assert hashlib.sha256(packed).hexdigest() in (UNICODE / "README.md").read_text("utf-8")
    cases = 0
    wrong: list[str] = []
    for line in lzma.decompress(packed).decode("utf-8").splitlines():
        if not line or line.startswith("#"):
            continue
        points, direction, base, levels, order = line.split(";")
        text = "".join(chr(int(point, 16)) for point in points.split())
        paragraph = bidi.resolve(text, {"0": 0, "1": 1, "2": None}[direction])
        removed = [kind in bidi.REMOVED for kind in paragraph.classes]
        found_levels = " ".join(
            "x" if gone else str(level)
            for gone, level in zip(removed, paragraph.line_levels(0, len(text)), strict=True)
        )
        found_order: list[int] = []
        for run in paragraph.line(0, len(text)):
            kept = [index for index in range(run.start, run.end) if not removed[index]]
            found_order += reversed(kept) if run.right_to_left else kept
        cases += 1
        if (str(paragraph.base), found_levels, " ".join(map(str, found_order))) != (base, levels, order):
            wrong.append(line)
    assert cases == 91_707
    assert wrong == []


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        # Plain Arabic, and the reason to isolate a code: digits after Arabic letters change sides.
        ("مرحبا", "ابحرم"),
        ("رقم 012-A", "A-012 مقر"),
        (f"رقم {LRI}012-A{PDI}", "012-A مقر"),
        (f"رقم {LRI}A-012{PDI}", "A-012 مقر"),
        (f"صاحب الرقم {LRI}A-012{PDI} إلى الشباك {LRI}3{PDI}", "3 كابشلا ىلإ A-012 مقرلا بحاص"),
        ("أ-012", "012-أ"),
        (f"{LRI}أ-012{PDI}", "012-أ"),
        (f"{LRI}B-7{PDI} ← الشباك {LRI}12{PDI}", "12 كابشلا ← B-7"),
        # Phone numbers.
        ("هاتف +974 4412 3456", "3456 4412 974+ فتاه"),
        (f"هاتف {LRI}+974 4412 3456{PDI}", "+974 4412 3456 فتاه"),
        # Times, dates and ranges.
        (f"الساعة {LRI}14:30{PDI}", "14:30 ةعاسلا"),
        ("الساعة 14:30", "14:30 ةعاسلا"),
        (f"{LRI}15–30{PDI} دقيقة", "ةقيقد 15–30"),
        ("15–30 دقيقة", "ةقيقد 30–15"),
        ("من ١٥ إلى ٣٠ دقيقة", "ةقيقد ٣٠ ىلإ ١٥ نم"),
        (f"{LRI}22{PDI} نوفمبر {LRI}2026{PDI}", "2026 ربمفون 22"),
        # Brackets take the direction of their contents or of their surroundings; the shaper mirrors them.
        ("خدمة (جواز)", ")زاوج( ةمدخ"),
        ("خدمة (Form B) جديدة", "ةديدج )Form B( ةمدخ"),
        ("مركز (وفاق) – الدوحة", "ةحودلا – )قافو( زكرم"),
        ("(5) تقريبًا", "اًبيرقت )5("),
        # Latin names within Arabic, and Arabic within Latin.
        ("شركة Qatar Airways في الدوحة", "ةحودلا يف Qatar Airways ةكرش"),
        ("نموذج I-94.", ".I-94 جذومن"),
        (f"نموذج {FSI}I-94.{PDI} الجديد", "ديدجلا I-94. جذومن"),
        (f"اسم {FSI}أحمد (Ahmad){PDI} هنا", "انه )Ahmad( دمحأ مسا"),
        (f"{RLI}abc{PDI} نعم", "معن abc"),
        ("السعر 100 €", "€ 100 رعسلا"),
        ("نسبة 50%", "%50 ةبسن"),
    ],
)
def test_arabic_lines_read_as_meant(text: str, shown: str) -> None:
    assert visual(text) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Ticket A012", "Ticket A012"),
        ("Service: تجديد جواز, A012", "Service: زاوج ديدجت, A012"),
        (f"Call {LRI}أ-012{PDI} now", "Call 012-أ now"),
        ("تجديد A012", "ديدجت A012"),
    ],
)
def test_left_to_right_lines_read_as_meant(text: str, shown: str) -> None:
    assert visual(text, base=0) == shown


def test_the_first_strong_letter_outside_isolates_gives_the_direction() -> None:
    assert bidi.resolve(f"{LRI}abc{PDI} نعم", None).base == 1
    assert bidi.resolve(f"{RLI}نعم{PDI} abc", None).base == 0
    assert bidi.resolve("123", None).base == 0


def test_a_second_line_is_ordered_by_itself_with_the_paragraph_levels() -> None:
    text = "صاحب الرقم (Form B 12) هنا"
    paragraph = bidi.resolve(text, 1)
    start = text.index("B 12")
    shown = "".join(
        text[run.start : run.end][::-1] if run.right_to_left else text[run.start : run.end]
        for run in paragraph.line(start, len(text))
    )
    assert shown == "انه )B 12"


def test_deep_nesting_is_bounded() -> None:
    paragraph = bidi.resolve("\u202b\u202a" * 100 + "a", 0)
    assert paragraph.levels[-1] == bidi.MAX_DEPTH + 1  # Latin inside the deepest right-to-left embedding
