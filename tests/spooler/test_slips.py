"""The texts of a slip: correct, in the visitor's language, and nothing that must not be on paper."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from PIL import ImageChops

from printers.slip import Slip, render
from printers.trial import Trial, render_trial
from queue_system.actions import tickets
from queue_system.actions.tickets import TicketOrder
from queue_system.clock import FrozenClock
from queue_system.core import hours
from queue_system.i18n import isolates
from queue_system.settings.branch import Digits
from queue_system.settings.printers import Printer
from queue_system.spooler.slips import slip_of, trial_of
from queue_system.store.database import Database
from queue_system.store.log import SYSTEM
from queue_system.store.queries.organisation import organisation
from queue_system.store.queries.place import place
from tests.kit.hall import Hall, furnish

ADDRESS = "https://queue.example"


def take(hall: Hall, language: str = "ar", service: str = "attest-single") -> tickets.Issued:
    order = TicketOrder(hall.branch.id, hall.service(service), language, "kiosk", SYSTEM)
    return hall.db.write_in_now(hall.branch.id, tickets.issue_ticket, order)


def slip(hall: Hall, issued: tickets.Issued, copy_number: int = 0) -> Slip:
    return slip_of(
        hall.db.read_now(place, hall.branch, issued.ticket.token),
        hall.branch,
        hall.db.read_now(organisation),
        ADDRESS,
        copy_number=copy_number,
    )


def plain(text: str | None) -> str:
    assert text is not None
    return isolates.strip(text)


def test_an_arabic_slip(hall: Hall) -> None:
    for _ in range(3):
        take(hall)
    issued = take(hall)
    made = slip(hall, issued)
    assert made.language == "ar"
    assert made.heading == "سفارة الجمهورية العربية السورية في دولة قطر"
    assert made.office == "مقر السفارة – الدوحة"
    assert made.service == "تصديق وثيقة (حتى 3 وثائق)"
    assert made.code == issued.ticket.code == "F004"
    assert plain(made.ahead) == "أمامك 3 أشخاص"
    assert plain(made.issued) == "الأحد 22 تشرين الثاني/نوفمبر 2026، الساعة 10:00"
    assert made.qr == f"{ADDRESS}/t/{issued.ticket.token}"
    assert made.mark is None


def test_an_english_visitor_reads_english(hall: Hall) -> None:
    made = slip(hall, take(hall, "en"))
    assert made.language == "en"
    assert made.heading == "Embassy of the Syrian Arab Republic in the State of Qatar"
    assert plain(made.ahead) == "No one is ahead of you"
    assert plain(made.issued) == "Sunday 22 November 2026 at 10:00"


def test_a_language_without_texts_gets_the_branch_s_own(hall: Hall) -> None:
    assert slip(hall, take(hall, "ku")).language == hall.branch.default_language == "ar"


def test_digits_of_the_branch_stand_in_the_sentences_never_in_the_code(hall: Hall) -> None:
    take(hall)
    issued = take(hall)
    eastern = replace(hall, branch=hall.branch.changed(digits=Digits(ar="arab")))
    made = slip(eastern, issued)
    assert made.code == "F002"
    assert "١٠:٠٠" in plain(made.issued)
    assert "٢٢" in plain(made.issued)


def test_a_slip_says_where_to_wait_and_what_was_agreed(hall: Hall, clock: FrozenClock) -> None:
    made = slip(hall, take(hall, service="hajj-payment"))
    assert plain(made.wait) == "مكان الانتظار: المكاتب"
    assert made.appointment is None
    assert made.instruction == "يُرجى الجلوس. سيُنادى رقمك بالصوت.", "there is no screen"
    ticket = hall.check_in("passport-lost", clock)
    booked = slip(hall, tickets.Issued(ticket, created=True))
    assert plain(booked.appointment) == "موعدك الساعة 11:00"
    assert render(booked, strict=True).height > render(replace(booked, appointment=None), strict=True).height


def test_a_slip_says_that_no_counter_is_open(hall: Hall) -> None:
    issued = take(hall)
    made = slip(hall, issued)
    assert plain(made.unattended) == "لا شباك مفتوح لهذه الخدمة الآن. دورك محفوظ."
    assert render(made, strict=True).height > render(replace(made, unattended=None), strict=True).height
    hall.sit(hall.person("layla"))
    assert slip(hall, issued).unattended is None


def test_a_copy_says_that_it_is_one(hall: Hall) -> None:
    issued = take(hall)
    assert slip(hall, issued, 1).mark == "نسخة – ليست رقمًا جديدًا"
    assert slip(hall, issued, 1).code == issued.ticket.code


def test_ahead_are_those_who_came_before_not_those_who_came_since(hall: Hall) -> None:
    first, second = take(hall), take(hall)
    take(hall)
    assert plain(slip(hall, second).ahead) == "أمامك شخص واحد"
    here = hall.sit(hall.person("layla"))
    called = hall.call_next(here)
    assert called is not None
    assert called.id == first.ticket.id
    assert plain(slip(hall, second).ahead) == "لا أحد أمامك"
    assert slip(hall, first).ahead is None


@pytest.mark.parametrize(
    ("profile", "branch", "slug"),
    [("forum", None, "case-intake"), ("social-work", "aman", "protection-intake")],
)
def test_a_slip_for_a_protected_service_tells_neither_what_for_nor_where(
    db: Database, clock: FrozenClock, profile: str, branch: str | None, slug: str
) -> None:
    hall = furnish(db, profile, branch)
    service = hall.branch.service(slug)
    assert service.confidentiality.hides_service
    opening = hours.next_opening(clock.now(), hall.branch.calendar)
    clock.set((opening or clock.now()) + timedelta(minutes=5))
    made = slip(hall, take(hall, service=service.slug))
    assert made.service is None
    words = [text for text in vars(made).values() if isinstance(text, str)]
    named = (service.names, service.public_names or {}, hall.branch.names, hall.db.read_now(organisation).names)
    names = [name for names in named for name in names.values()]
    assert not [name for name in names if any(name in text for text in words)]
    # No screen shows this number, so the slip does not tell the visitor to watch one.
    assert made.instruction == "يُرجى الجلوس. سنأتي إليك."
    assert render(made, strict=True).height < render(replace(made, heading="منبر", office="مكتب")).height


@pytest.mark.parametrize("dots", [576, 384])
@pytest.mark.parametrize("language", ["ar", "en"])
def test_every_letter_of_a_slip_has_a_shape(hall: Hall, language: str, dots: int) -> None:
    picture = render(slip(hall, take(hall, language), 1), dots, strict=True)
    assert picture.size[0] == dots


@pytest.mark.parametrize("dots", [576, 512, 384])
@pytest.mark.parametrize("language", ["ar", "en"])
def test_a_trial_slip_shows_both_edges_both_directions_and_what_was_set(hall: Hall, language: str, dots: int) -> None:
    printer = {"transport": "serial", "path": "/dev/ttyUSB0", "dots": dots, "mute": True}
    made = trial(hall, language, printer)
    assert made.code == "A000"
    assert {one for one, _ in made.lines} == {"ar", "en"}
    assert made.lines[0][0] == made.language == language
    assert plain(made.settings[0]) == "/dev/ttyUSB0"
    assert any(f"{dots}" in plain(line) for line in made.settings)
    assert made.mark == {"ar": "بطاقة تجريبية – ليست رقمًا", "en": "Trial slip – not a number"}[language]
    picture = render_trial(made, dots, strict=True)
    inked = ImageChops.invert(picture.convert("L"))
    for x in (0, dots - 1):
        # The bars are complete and reach the outermost dots.
        column = inked.crop((x, 0, x + 1, picture.height)).tobytes()
        assert max(map(len, column.split(b"\0"))) >= 80
    # The last thing before the cut is a rule.
    assert inked.getbbox() is not None
    assert all(inked.crop((8, picture.height - 4, dots - 8, picture.height)).tobytes())


def trial(hall: Hall, language: str, printer: dict[str, object]) -> Trial:
    made = Printer.model_validate({"language": "escpos", "dots": 576} | printer)
    return trial_of(hall.branch, hall.db.read_now(organisation), ADDRESS, language, hall.db.clock.now(), made)
