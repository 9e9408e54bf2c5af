"""Facts about settings: which object and fields were changed, and a fingerprint of the result. Never their texts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from .base import Fact
from .fields import EditOp, FieldNames, Fingerprint, Number, ObjectKind, ObjectSlug


@dataclass(frozen=True, slots=True)
class SettingsChanged(Fact):
    """An object of the settings was changed; the subject is its slug.

    `sha256` is the fingerprint of all settings of the branch, or of the organisation, after everything that was saved
    with it (`settings.canonical`); `config_version` is their version.
    """

    kind: ClassVar[str] = "settings.changed"
    subject: ObjectSlug
    object_kind: ObjectKind
    op: EditOp
    fields: FieldNames
    config_version: Number
    sha256: Fingerprint

    def variant(self) -> Literal["", "fields"]:
        return "fields" if self.fields else ""
