"""Who works where in the demonstrations of the samples, by organisation and branch."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import time
from typing import Final

from .people import Cast, Group, Member, Texts, Visit

# Members are shown in the order of their slugs, so people come before rooms and vehicles. Of days, 0 is Monday.
SUNDAY_TO_WEDNESDAY: Final = (6, 0, 1, 2)
MONDAY_TO_WEDNESDAY: Final = (0, 1, 2)

EMBASSY: Final = Cast(
    members={
        "adviser-hala": Member("person", Texts("هالة مثال", "Hala Example")),
        "adviser-yazan": Member("person", Texts("يزن مثال", "Yazan Example")),
        "adviser-maysa": Member(
            "person", Texts("ميساء مثال", "Maysa Example"), SUNDAY_TO_WEDNESDAY, time(8, 30), time(12)
        ),
        "interpreter-dalal": Member("interpreter", Texts("دلال مثال (مترجمة)", "Dalal Example (interpreter)")),
        "room-meeting": Member("room", Texts("غرفة اللقاءات", "Meeting room")),
        "vehicle-car": Member("vehicle", Texts("سيارة السفارة", "Embassy car")),
    },
    groups={
        "legal": Group(
            Texts("الشؤون القانونية: أي موظف", "Legal affairs: anybody"),
            ("adviser-hala", "adviser-yazan", "adviser-maysa"),
        )
    },
    needs={
        "poa": ("legal",),
        "declaration": ("legal",),
        "legal-advice": ("legal", "interpreter-dalal"),
        "edu-guidance": ("room-meeting",),
    },
    lanes={"q-legal": 4, "q-edu": 2},
    day=(
        "poa",
        "declaration",
        "legal-advice",
        "birth",
        "edu-guidance",
        "poa",
        "home-poa",
        "declaration",
        "marriage",
        "poa",
        "legal-advice",
        "edu-guidance",
        "declaration",
        "travel-doc",
        "poa",
    ),
    series="legal-advice",
    away="adviser-yazan",
    visit=Visit(
        "home-poa",
        "poa",
        Texts("وكالة في المنزل لمن لا يستطيع الحضور", "Power of attorney at home for those who cannot come"),
        ("legal", "vehicle-car"),
    ),
    helpers={"community": (Texts("جمعية مثال للجالية", "Example Community Association"), ("poa", "declaration"))},
)
HEADQUARTERS: Final = Cast(
    members={
        "officer-maryam": Member("person", Texts("مريم مثال", "Maryam Example")),
        "officer-nasser": Member("person", Texts("ناصر مثال", "Nasser Example")),
        "room-small": Member("room", Texts("القاعة الصغرى", "Small room")),
    },
    groups={
        "partners": Group(Texts("الشراكات: أي موظف", "Partnerships: anybody"), ("officer-maryam", "officer-nasser"))
    },
    needs={"embassy-liaison": ("partners",), "mou": ("partners", "room-small")},
    lanes={"q-partners": 3},
    day=("embassy-liaison", "mou", "embassy-liaison", "embassy-liaison", "mou", "embassy-liaison"),
    series="embassy-liaison",
    away="officer-nasser",
)
FAMILIES: Final = Cast(
    members={
        "counsellor-amna": Member("person", Texts("آمنة مثال", "Amna Example")),
        "counsellor-khalid": Member("person", Texts("خالد مثال", "Khalid Example")),
        "counsellor-wadha": Member(
            "person", Texts("وضحة مثال", "Wadha Example"), SUNDAY_TO_WEDNESDAY, time(7), time(12)
        ),
        "interpreter-dana": Member("interpreter", Texts("دانة مثال (مترجمة)", "Dana Example (interpreter)")),
    },
    groups={
        "counsellors": Group(
            Texts("المرشدون: أيٌّ منهم", "Counsellors: anybody"),
            ("counsellor-amna", "counsellor-khalid", "counsellor-wadha"),
        )
    },
    needs={"family-counsel": ("counsellors",), "premarital": ("counsellors", "interpreter-dana")},
    lanes={"q-counsel": 4},
    day=(
        "family-counsel",
        "premarital",
        "family-counsel",
        "family-counsel",
        "premarital",
        "family-counsel",
        "family-counsel",
        "premarital",
    ),
    series="family-counsel",
    away="counsellor-khalid",
    helpers={"families": (Texts("جمعية مثال للأسرة", "Example Family Association"), ("family-counsel",))},
)
ELDERLY: Final = Cast(
    members={
        "carer-jassim": Member("person", Texts("جاسم مثال", "Jassim Example")),
        "carer-nura": Member("person", Texts("نورة مثال", "Nura Example")),
    },
    groups={"carers": Group(Texts("الرعاية: أي موظف", "Care: anybody"), ("carer-jassim", "carer-nura"))},
    needs={"elder-advice": ("carers",), "home-visit": ("carers",)},
    lanes={"q-care": 2},
    day=("elder-advice", "home-visit", "elder-advice", "elder-advice", "home-visit", "elder-advice"),
    series="elder-advice",
    away="carer-jassim",
)
ISTANBUL: Final = Cast(
    members={
        "adviser-rana": Member("person", Texts("رنا مثال", "Rana Example")),
        "adviser-kamal": Member("person", Texts("كمال مثال", "Kamal Example")),
        "adviser-leyla": Member("person", Texts("ليلى مثال", "Leyla Example"), MONDAY_TO_WEDNESDAY, time(9), time(13)),
        "interpreter-cemil": Member("interpreter", Texts("جميل مثال (مترجم)", "Cemil Example (interpreter)")),
    },
    groups={
        "advisers": Group(
            Texts("المستشارون: أيٌّ منهم", "Advisers: anybody"), ("adviser-rana", "adviser-kamal", "adviser-leyla")
        )
    },
    needs={
        "assoc-compliance": ("advisers",),
        "bureaucracy": ("advisers", "interpreter-cemil"),
        "join-forum": ("advisers",),
    },
    lanes={"q-members": 4},
    day=(
        "assoc-compliance",
        "bureaucracy",
        "join-forum",
        "assoc-compliance",
        "join-forum",
        "bureaucracy",
        "assoc-compliance",
        "bureaucracy",
        "join-forum",
        "assoc-compliance",
    ),
    series="bureaucracy",
    away="adviser-kamal",
    helpers={"lawyers": (Texts("نقابة مثال للمحامين", "Example Bar Association"), ("assoc-compliance",))},
)
BERLIN: Final = Cast(
    members={
        "adviser-amal": Member("person", Texts("أمل مثال", "Amal Example")),
        "adviser-basel": Member("person", Texts("باسل مثال", "Basel Example")),
    },
    groups={"advisers": Group(Texts("المستشارون: أيٌّ منهم", "Advisers: anybody"), ("adviser-amal", "adviser-basel"))},
    needs={"fundraising": ("advisers",), "governance": ("advisers",)},
    lanes={"q-advice": 2},
    day=("fundraising", "governance", "org-update", "fundraising", "governance", "hub-desk", "fundraising"),
    series="governance",
    away="adviser-basel",
)
POP_UP: Final = Cast(
    members={
        "expert-muna": Member("person", Texts("منى مثال", "Muna Example")),
        "expert-tariq": Member("person", Texts("طارق مثال", "Tariq Example")),
        "interpreter-lina": Member("interpreter", Texts("لينا مثال (مترجمة)", "Lina Example (interpreter)")),
    },
    groups={"experts": Group(Texts("الباحثون: أيٌّ منهم", "Researchers: anybody"), ("expert-muna", "expert-tariq"))},
    needs={"draft-review": ("experts",), "tech-support": ("experts", "interpreter-lina"), "join-unit": ("experts",)},
    lanes={"q-clinic": 3},
    day=("draft-review", "tech-support", "join-unit", "draft-review", "tech-support", "draft-review", "join-unit"),
    series="tech-support",
    away="expert-tariq",
)
CASTS: Final[Mapping[str, Mapping[str, Cast]]] = {
    "embassy-sy-doha": {"doha-main": EMBASSY},
    "qfsw": {"hq": HEADQUARTERS, "wifaq": FAMILIES, "ehsan": ELDERLY},
    "minbar-ulfed": {"istanbul": ISTANBUL},
    "citizens-for-syria": {"berlin": BERLIN},
    "syria-policy-unit": {"pop-up-desk": POP_UP},
}
