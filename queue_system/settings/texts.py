"""The branch's own sentences that pages show, each with the name that a page uses."""

from __future__ import annotations

from typing import Final, Literal, get_args

ShownText = Literal[
    "alias",
    "banner",
    "confidentiality",
    "entrance",
    "forgery_notice",
    "hint",
    "kiosk_checkin",
    "kiosk_no_paper",
    "kiosk_priority",
    "kiosk_welcome",
    "neutral",
    "neutral_call",
    "neutrality",
    "no_brokers",
    "passports_only_platform",
    "privacy",
    "privacy_short",
    "safe_contact_q",
    "web_quick_exit",
    "welcome",
]
SHOWN_TEXTS: Final[frozenset[str]] = frozenset(get_args(ShownText))
