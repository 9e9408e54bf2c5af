"""docs/settings.md agrees with the declarations of all settings."""

from __future__ import annotations

from queue_system.settings.declared import declarations, described
from queue_system.settings.described import description
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
