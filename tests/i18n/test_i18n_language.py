"""The rules of docs/glossary.md: texts address women and men alike, and use one word for one thing."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import yaml

from queue_system.i18n.catalogues import catalogues

PROFILES: Final = Path(__file__).resolve().parents[2] / "queue_system" / "profiles"

# Imperatives to one man. A «و» or «ف» before them and a pronoun after them belong to the same word.
IMPERATIVES: Final = """
    خذ ضع اختر اكتب امسح سجّل احجز اسأل اطبع احفظ صوّر أضف تابع انتظر توجّه تفضّل احتفظ اضغط انقر المس افتح أغلق ابدأ
    غيّر ألغِ أبقِ نادِ راجع تحقّق جرّب اعرض شاهد اسمع استمع اربط ارفض وافق انتقل استعمل استخدم شغّل احذف أرسل أدخل
    اقرأ اطلب اذهب اجلس أحضر انتبه عدّل حدّد
""".split()
# The present tense to one man. These forms can also be about a feminine thing; ALLOWED lists such texts.
TO_ONE_MAN: Final = "تحتاج تريد تملك تستطيع تعرف تدفع تحضر تأخذ تنتظر ترى تتذكر تؤكّد توافق".split()
ALLOWED: Final = ("لم تؤكّد الطابعة", "لا تستطيع الطابعة أن تؤكّد", "يُسجَّل من غيّره", "يُرجى وضع")

# Words that are no longer used, with the word to use instead.
RETIRED: Final = {
    r"بدون|بلا": "دون",
    r"رمز الحجز": "رمز الموعد",
    r"كلمة (ال)?سر": "كلمة المرور",
    r"(ال)?(سمسار|سماسرة)": "وسيط",
    r"رقم (ال)?دور": "رقم الانتظار",
    r"(تذكرة|تذكرت[كه]) الانتظار": "بطاقة الرقم",
    r"(?<!أشخاص )ل?ذو[ويا] الإعاقة": "الأشخاص ذوو الإعاقة",
}
RETIRED_IN_OUR_SENTENCES: Final = RETIRED | {
    r"(ال)?(ورقة|ورقته|أوراق)": "بطاقة الرقم",
    r"(ال)?قيود|القيد": "مدخل",
    r"(في )?(ال)?حال[هك]?": "الحالة",
    r"[وف]?(ال|لل|ل|ب|بال)?(زائر|زائران|زائرين|زائرًا|زائرون|زوار|زوّار)": "مراجع",
    r"[وف]?(ل|ب)?رقم (ال)?حالة": "رقم الملف",
    r"تسجيل الحضور|سُجّل حضور[كه]?": "تسجيل الوصول",
    r"الرسالة التي وصلت[كه]?|الرابط الوارد": "nothing: no message is ever sent",
}
RETIRED_ENGLISH: Final = {
    r"[Ii]t is tried again": "We keep trying automatically",
    r"[Bb]ooking code": "appointment code",
    r"[Ee]-mail": "email",
    r"[Pp]laces? (at present|of the office)": "appointments, sections",
    r"by itself": "automatically",
    r"anew": "again",
}

ARABIC: Final = r"[\u0621-\u065f\u0670-\u06d3]"


def test_no_sentence_speaks_to_a_man_alone() -> None:
    words = "|".join(IMPERATIVES + TO_ONE_MAN)
    said = re.compile(rf"(?<!{ARABIC})[وف]?({words})(ه|ها|هما|هم)?(?!{ARABIC})")
    assert [
        f"{where}: «{found.group()}» in «{text}»"
        for where, text in [*_sentences("ar"), *_of_profiles()]
        if (found := said.search(_without_allowed(text)))
    ] == []


def test_every_exception_is_still_needed() -> None:
    texts = " ".join(text for _, text in [*_sentences("ar"), *_of_profiles()])
    assert [phrase for phrase in ALLOWED if phrase not in texts] == []


def test_one_thing_has_one_word() -> None:
    for found in (
        _said(_sentences("ar"), RETIRED_IN_OUR_SENTENCES, ARABIC),
        _said(_of_profiles(), RETIRED, ARABIC),
        _said(_sentences("en"), RETIRED_ENGLISH, "[A-Za-z]"),
    ):
        assert list(found) == []


def _said(sentences: Iterator[tuple[str, str]], retired: dict[str, str], letter: str) -> Iterator[str]:
    for where, text in sentences:
        for word, better in retired.items():
            if re.search(rf"(?<!{letter})({word})(?!{letter})", text):
                yield f"{where}: «{text}» – say: {better}"


def _sentences(language: str) -> Iterator[tuple[str, str]]:
    for key, message in catalogues()[language].messages.items():
        for form in message.parts:
            yield key, "".join(literal + (f"{{{name}}}" if name else "") for literal, name in form)


def _of_profiles() -> Iterator[tuple[str, str]]:
    for path in sorted(PROFILES.glob("*.yaml")):
        for text in _arabic(yaml.safe_load(path.read_text(encoding="utf-8"))):
            yield path.name, text


def _arabic(node: object) -> Iterator[str]:
    """Every text for `ar`, at any depth."""
    if isinstance(node, dict):
        if isinstance(text := node.get("ar"), str):
            yield text
        for value in node.values():
            yield from _arabic(value)
    elif isinstance(node, list):
        for value in node:
            yield from _arabic(value)


def _without_allowed(text: str) -> str:
    for phrase in ALLOWED:
        text = text.replace(phrase, "")
    return text


def test_a_contact_that_must_be_confirmed_is_nowhere_an_email_alone() -> None:
    asked = re.compile(r"booking\.contact-(title|ask|mine|done|until|how|given-up)|setting\.policy\.contact_proof_h.*")
    for language, mail, other in (("en", "email", "number"), ("ar", "بريد", "رقم")):
        said = {key: text for key, text in _sentences(language) if asked.fullmatch(key)}
        assert len(said) == 9
        assert [key for key, text in said.items() if mail in text and other not in text] == []
