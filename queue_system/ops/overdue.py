"""Carries out by itself what waited for a second person where nobody else could approve (`actions.four_eyes`)."""

from __future__ import annotations

import asyncio
from typing import Final
from uuid import UUID

import structlog

from ..actions import four_eyes
from ..core.errors import DomainError
from ..store.database import Database
from ..store.queries.approvals import overdue

OVERDUE_EVERY_SECONDS: Final = 30.0

log = structlog.get_logger(__name__)


class Overdue:
    """Each node looks; the lock of the organisation lets one of them carry a request out.

    What is refused or fails stays open, and is tried at each look until it ends, because the reason may pass: the person
    who asked sees it on the page of approvals. Each reason is logged once, and keeps no other request waiting.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._refused: dict[UUID, str] = {}

    async def look(self) -> None:
        """Carry out what is due."""
        waiting = await self._database.read(overdue, four_eyes.by_themselves())
        self._refused = {one: code for one, code in self._refused.items() if one in waiting}
        for one in waiting:
            try:
                # What is refused for a day must not take the lock at each look, because the hall waits for it.
                await self._database.read(four_eyes.require_as_seen, one)
                given = await self._database.write(four_eyes.carry_out_overdue, one)
            except DomainError as refusal:
                if self._is_new(one, refusal.code):
                    log.warning("approval.refused_when_due", approval=str(one), code=refusal.code)
                continue
            except Exception as failure:
                if self._is_new(one, type(failure).__name__):
                    log.exception("approval.failed_when_due", approval=str(one))
                continue
            log.info("approval.carried_out", approval=str(one))
            if given is not None:
                # The receipt of an erasure: what is deleted must not stay behind in the file.
                await asyncio.to_thread(self._database.scrub, thorough=False)

    def _is_new(self, approval_id: UUID, reason: str) -> bool:
        """Note why a request was not carried out; whether that was another reason at the last look."""
        before = self._refused.get(approval_id)
        self._refused[approval_id] = reason
        return before != reason
