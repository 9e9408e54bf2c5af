"""What an examination of this installation finds, as codes with values; the sentences are in the catalogues."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from ..core.errors import DomainError
from ..i18n import isolates
from ..i18n.words import Words, words_for
from ..store.database import Database
from ..store.setting_rows import Unreadable

OWN: Final = "doctor."
Level = Literal["good", "note", "bad"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One result of a check; only bad makes `doctor` fail.

    `key` is that of its sentence: `doctor.<code>`, or `errors.<code>` for what a DomainError says.
    """

    level: Level
    key: str
    values: Mapping[str, str | int] = field(default_factory=dict)

    @property
    def code(self) -> str:
        """A stable name: `backup-old`, `errors.schema-newer`."""
        return self.key.removeprefix(OWN)

    def sentence(self, words: Words) -> str:
        """What was found and what to do, in the language of a page."""
        return words.text(self.key, **self.values)

    def as_json(self) -> dict[str, Any]:
        """For programs, which must not read the sentence."""
        return {"level": self.level, "code": self.code, "values": dict(self.values), "text": self.text}

    @property
    def text(self) -> str:
        """The same in English, without direction marks, because a terminal shows them as boxes."""
        return isolates.strip(self.sentence(words_for("en"))).replace(" \n", "\n")


def found_error(error: DomainError, database: Database | None = None) -> Finding:
    """An error as a finding: what is wrong and what to do."""
    if isinstance(error, Unreadable):
        return Finding("bad", "doctor.unreadable", {"what": error.what})
    if database is not None and error.code == "database-unavailable":
        cause = str(getattr(error.__cause__, "orig", error.__cause__) or "").strip().split("\n")[0]
        where = {"address": database.url.render_as_string(), "cause": cause}
        return Finding("bad", "doctor.database-file" if database.file is not None else "doctor.database-server", where)
    return Finding("bad", f"errors.{error.code}", {name: str(value) for name, value in error.values.items()})


def told(error: DomainError, database: Database | None = None) -> str:
    """The sentence of an error for the administrator, in English."""
    return found_error(error, database).text
