"""Contacts at which somebody has answered."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index
from sqlmodel import SQLModel

from .columns import key, of_branch


class ContactProof(SQLModel, table=True):
    """A contact that was proven, as a keyed hash (core.contact_proof.proof_key), and when that was done last."""

    __tablename__ = "contact_proof"
    __table_args__ = (Index("contact_proofs_by_age", "branch_id", "proven_at"),)

    branch_id: UUID = of_branch()
    contact_key: str = key()
    proven_at: datetime
