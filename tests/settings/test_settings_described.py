"""docs/settings.md agrees with the declarations of all settings."""

from __future__ import annotations

from typing import get_args

from queue_system.core import printers
from queue_system.settings.declared import bare, declarations, described
from queue_system.settings.described import description
from queue_system.settings.devices import PrinterKit, PrinterPlace
from queue_system.settings.organisation import Profile
from tests.kit.tree import ROOT

UNSAID = {"slug", "kind"}


def test_the_document_of_settings_is_made_from_the_declarations() -> None:
    kept = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
    assert kept == description(), "python -m queue_system.settings.described > docs/settings.md"


def test_every_setting_says_what_it_is_for() -> None:
    unsaid = [
        f"{declaration.__name__}.{name}"
        for declaration in declarations(Profile)
        for name, field in declaration.model_fields.items()
        if name not in UNSAID and not described(field)
    ]
    assert unsaid == []


def test_the_words_of_a_printer_are_those_that_the_core_knows() -> None:
    words = {name: get_args(bare(PrinterKit.model_fields[name].annotation)[0]) for name in KNOWN}
    assert words == KNOWN
    usual = PrinterKit(transport="tcp9100", language="escpos", dots=576).model_dump() | PrinterPlace().model_dump()
    assert {name: usual[name] for name in printers.USUAL} == dict(printers.USUAL)


KNOWN = {
    "transport": printers.TRANSPORTS,
    "dots": printers.DOTS,
    "feed_per_line": printers.FEEDS,
    "baud": printers.BAUDS,
    "flow": printers.FLOWS,
}
