"""What a fact is: the shape of every entry of the log (`core.events`, `core.device_events`, `core.staff_events`)."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any, ClassVar


@dataclass(frozen=True, slots=True)
class Fact:
    """Something that happened; `kind` is its dotted name, `subject` the id of what it happened to."""

    kind: ClassVar[str] = ""

    subject: str

    def data(self) -> dict[str, Any]:
        """Everything but the subject, ready for JSON."""
        return {name.name: getattr(self, name.name) for name in fields(self) if name.name != "subject"}
