"""The settings of a printer in words: in the form, in the log, on the trial slip."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from ..i18n.words import Words
from ..settings.printers import CHOICES

NAMES: Final[Mapping[str, str]] = {
    "dots": "printer.dots",
    "cutter": "printer.cutter",
    "left_margin": "printer.left-margin",
    "feed_per_line": "printer.feed",
    "mute": "printer.mute",
    "completion": "printer.completion",
}
#: The words of the choices of each setting; speeds are shown as numbers.
VALUES: Final[Mapping[str, Mapping[str, str]]] = {
    "transport": {
        "tcp9100": "state.transport.tcp9100",
        "usb_lp": "state.transport.usb_lp",
        "serial": "state.transport.serial",
    },
    "flow": {
        "none": "printer.flow-none",
        "xon_xoff": "printer.flow-xon-xoff",
        "rts_cts": "printer.flow-rts-cts",
    },
    "dots": {"576": "printer.dots-576", "512": "printer.dots-512", "384": "printer.dots-384"},
    "feed_per_line": {"1": "printer.feed-1", "2": "printer.feed-2"},
    "completion": {
        "find_out": "printer.completion-find-out",
        "yes": "printer.completion-yes",
        "no": "printer.completion-no",
    },
}


def printer_settings(words: Words, settings: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Name and value of each setting of `settings.printers.HABITS` that is given."""
    for name, value in settings.items():
        if isinstance(value, bool) and name not in VALUES:
            yield words.text(NAMES[name]), words.text("printer.yes" if value else "printer.no")
            continue
        typed = next((text for text, meant in CHOICES[name].items() if meant == value), "")
        key = VALUES[name].get(typed)
        yield words.text(NAMES[name]), words.text(key) if key else str(value)
