"""Slips for the printers' tests, and the golden pictures of some of them.

After an intended change, check the difference and write the pictures again:

    python -m tests.kit.printers_slips
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Final

from printers.slip import Slip, render

GOLDEN: Final = Path(__file__).resolve().parents[1] / "golden"
URL: Final = "https://queue.example/t/7Q4M2XKD9P"


def isolated(text: str) -> str:
    return f"\u2066{text}\u2069"


ARABIC: Final = Slip(
    language="ar",
    heading="سفارة الجمهورية العربية السورية",
    office="القسم القنصلي – الدوحة",
    service="تجديد جواز السفر",
    code="A012",
    ahead=f"أمامك {isolated('12')} شخصًا",
    wait=f"الانتظار المتوقّع من {isolated('25')} إلى {isolated('40')} دقيقة",
    issued=f"الأحد {isolated('22')} نوفمبر {isolated('2026')}، الساعة {isolated('14:30')}",
    instruction="تفضّل بالجلوس. سيظهر رقمك على الشاشة ويُنادى عليه بالصوت.",
    keep="يُرجى الاحتفاظ بهذه البطاقة حتى انتهاء المعاملة",
    qr=URL,
    qr_caption="تابع دورك على هاتفك",
)
ARABIC_LONG: Final = replace(
    ARABIC,
    heading="المؤسسة القطرية للعمل الاجتماعي والمراكز المنضوية تحت مظلتها لخدمة الأسرة والمجتمع",
    office="مركز الاستشارات العائلية (وفاق) – مكتب محكمة الأسرة، الطابق الثاني، السد",
    service="تصديق الوثائق الصادرة عن الجهات الرسمية (شهادات الميلاد والزواج والوفاة) وترجمتها المحلّفة",
    code="KW-1204",
    instruction=f"توجّه إلى القاعة {isolated('B-7')} عند المناداة. للاستفسار: {isolated('+974 4412 3456')}",
    mark="نسخة – ليست رقمًا جديدًا",
)
ARABIC_CONFIDENTIAL: Final = replace(
    ARABIC, service=None, ahead="لا أحد أمامك", wait=None, keep=None, qr=None, qr_caption=None
)
ENGLISH: Final = Slip(
    language="en",
    heading="Embassy of the Syrian Arab Republic",
    office="Consular section – Doha",
    service="Passport renewal",
    code="A012",
    ahead="12 people ahead of you",
    wait="Expected wait 25–40 minutes",
    issued="Sunday 22 November 2026, 14:30",
    instruction="Please take a seat. Your number will appear on the screen and be called out.",
    keep="Please keep this slip until you have been served.",
    qr=URL,
    qr_caption="Follow your place in line on your phone",
)
TURKISH: Final = Slip(
    language="tr",
    heading="Suriye İçin Vatandaşlar – Gaziantep Şubesi",
    office="Şehitkâmil Danışma Ofisi",
    service="Hukuki danışmanlık: çalışma izni başvurusu ve ikamet iznine ilişkin itirazlar, göç işlemleri",
    code="H007",
    ahead="Önünüzde 3 kişi var",
    wait="Tahminî bekleme süresi 10–20 dakika",
    issued="22 Kasım 2026 Pazar, 14:30",
    instruction="Lütfen oturunuz. Numaranız ekranda görünecek ve sesli olarak çağrılacaktır.",
    keep="Lütfen bu fişi işleminiz bitene kadar saklayınız.",
    qr=URL,
    qr_caption="Sıranızı telefonunuzdan izleyin",
)
GERMAN: Final = Slip(
    language="de",
    heading="Bürger für Syrien e. V.",
    office="Beratungsstelle Berlin-Neukölln, Karl-Marx-Straße",
    service="Aufenthaltsangelegenheiten und Familienzusammenführung: Erstberatung für Angehörige",
    code="B104",
    ahead="Vor Ihnen: 15 Personen",
    wait="Voraussichtliche Wartezeit 30–45 Minuten",
    issued="Sonntag, 22. November 2026, 14:30 Uhr",
    instruction="Bitte nehmen Sie Platz. Ihre Nummer erscheint auf dem Bildschirm und wird aufgerufen.",
    keep="Bitte bewahren Sie diesen Zettel auf.",
    qr=URL,
    qr_caption="Verfolgen Sie Ihren Platz auf dem Telefon",
)

SLIPS: Final = {
    "ar": ARABIC,
    "ar-long": ARABIC_LONG,
    "ar-confidential": ARABIC_CONFIDENTIAL,
    "en": ENGLISH,
    "tr": TURKISH,
    "de": GERMAN,
}
PICTURES: Final = (
    ("ar", 576),
    ("ar", 512),
    ("ar", 384),
    ("ar-long", 576),
    ("ar-confidential", 576),
    ("en", 576),
    ("tr", 576),
    ("de", 576),
    ("de", 384),
)


def picture(name: str, dots: int) -> Path:
    return GOLDEN / f"slip-{name}-{dots}.png"


if __name__ == "__main__":
    for name, dots in PICTURES:
        render(SLIPS[name], dots, strict=True).save(picture(name, dots), optimize=True)
