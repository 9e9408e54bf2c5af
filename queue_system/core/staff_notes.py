"""Notes of staff about an appointment: who may read and write them, and how they are stored where nobody else may."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from typing import Final, Literal
from uuid import UUID

from .errors import Count, Invalid

#: What a level of confidentiality says about notes (`settings.catalogue.Confidentiality.staff_note`), from the least.
NoteRule = Literal["allowed", "restricted", "restricted_encrypted"]
NOTE_RULES: Final[tuple[NoteRule, ...]] = ("allowed", "restricted", "restricted_encrypted")
LONGEST_NOTE: Final = 2000
#: A note for the next clerk is read while the visitor stands there.
LONGEST_FOR_NEXT: Final = 300
#: Bytes of the number that is used once for each text (NIST SP 800-38D, 8.2.2: random, 96 bits).
NONCE_BYTES: Final = 12


@dataclass(frozen=True, slots=True)
class Reader:
    """Somebody of the staff, and what they have to do with an appointment.

    `gives`: they give the service, as the member that is booked or at the counter where the visitor is now. `names`: they
    may see whom the appointment is for. `privileged`: they have the right to restricted notes of the service.
    """

    staff_id: UUID
    gives: bool
    names: bool
    privileged: bool

    @property
    def may_write(self) -> bool:
        return self.gives or self.names

    @property
    def may_open(self) -> bool:
        """Whether this person learns that there may be notes."""
        return self.may_write or self.privileged

    def may_read(self, rule: NoteRule, written_by: UUID | None) -> bool:
        """Whether this person reads a note that somebody wrote under a rule."""
        if self.gives or self.privileged or written_by == self.staff_id:
            return True
        return rule == "allowed" and self.names


def stricter(one: NoteRule, other: NoteRule) -> NoteRule:
    """The rule of these two that lets fewer people read."""
    return max(one, other, key=NOTE_RULES.index)


def reads_for_next(rule: NoteRule, *, own: bool, serves: bool, same_service: bool, privileged: bool) -> bool:
    """Whether the clerk at whose counter the visitor is now reads a note for the next one.

    `serves`: their rights cover the service for which the visitor is there; `same_service`: the note was written about it,
    too. A restricted note does not follow to another service, except to whoever has the right to restricted notes there.
    """
    if own:
        return True
    return serves and (rule == "allowed" or same_service or privileged)


def read_note(typed: str, longest: int = LONGEST_NOTE) -> str:
    """The text of a note as it is stored; raises Invalid("note-empty") or Invalid("note-long") on the field `text`."""
    text = "\n".join(line.rstrip() for line in typed.replace("\r\n", "\n").strip().split("\n"))
    if not text:
        raise Invalid("note-empty", "text")
    if len(text) > longest:
        raise Invalid("note-long", "text", limit=Count(longest))
    return text


def sealed(secret: bytes, branch_id: UUID, note_id: UUID, text: str, nonce: bytes) -> str:
    """The text encrypted with a key that comes from the installation's (AES-256-GCM), as base64.

    It opens only as the note `note_id` of this branch. `nonce` is NONCE_BYTES random bytes, never used before.
    """
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    made = AESGCM(_key(secret)).encrypt(nonce, text.encode(), _about(branch_id, note_id))
    return base64.b64encode(nonce + made).decode()


def opened(secret: bytes, branch_id: UUID, note_id: UUID, stored: str) -> str | None:
    """The text that was sealed; None with the key of another installation, or if the stored text was changed."""
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    try:
        data = base64.b64decode(stored)
        text = AESGCM(_key(secret)).decrypt(data[:NONCE_BYTES], data[NONCE_BYTES:], _about(branch_id, note_id))
    except (InvalidTag, ValueError):
        # What is no base64, or shorter than its nonce, is a ValueError.
        return None
    return text.decode()


def _about(branch_id: UUID, note_id: UUID) -> bytes:
    return branch_id.bytes + note_id.bytes


def _key(secret: bytes) -> bytes:
    """The key of 32 bytes for notes (HKDF with SHA-256, RFC 5869), different from all other uses of the secret."""
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF

    if not secret:
        raise RuntimeError("notes are encrypted with the key of the installation, and this process has none")
    return HKDF(algorithm=SHA256(), length=hashlib.sha256().digest_size, salt=None, info=b"staff note").derive(secret)
