"""Sends the messages that are due, one after the other, beside the requests.

    postman = Postman(installation)
    await postman.start()

It looks every few seconds. Several nodes share the work, because each message is claimed before it is sent.
"""

from __future__ import annotations

import asyncio
import threading
from typing import Final
from uuid import UUID

import structlog

from ..actions.invitation_letters import ClaimedInvitation, claim_invitation
from ..actions.outbox import ClaimedMessage, claim_message, report_message
from ..core.messages import SMS, Level, Outcome, channel_of
from ..ops.background import forever
from ..store.queries.messages import is_any_message_due
from ..store.queries.settings import BranchSettings, branch_ids, branch_settings
from ..store.setting_rows import Unreadable
from ..web.installation import Installation
from .letter import house_of, letter_of
from .short_text import short_text
from .smtp import Connection, Unreachable
from .texting import Gateway

LOOK_EVERY_SECONDS: Final = 5.0
# Mail servers end connections that stay open long.
LETTERS_A_CONNECTION: Final = 50
UNREACHABLE: Final = "unreachable"

log = structlog.get_logger(__name__)


class Postman:
    """Sends what the outbox holds; without a mail server or a gateway it has nothing to do."""

    def __init__(self, installation: Installation) -> None:
        configuration = installation.configuration
        self._installation = installation
        self._server = configuration.mail_server
        self._house = house_of(configuration, installation.secret)
        self._gateway, self._neutral_gateway = (
            Gateway(url.get_secret_value()) if url.get_secret_value() else None
            for url in (configuration.sms_url, configuration.sms_url_neutral)
        )
        self._task: asyncio.Task[None] | None = None
        self._working: asyncio.Future[int] | None = None
        self._stopping = threading.Event()

    async def start(self) -> None:
        """Begin to look for messages."""
        if self._installation.database.sends:
            self._task = asyncio.create_task(forever("messages", self._look, LOOK_EVERY_SECONDS))

    async def stop(self) -> None:
        """Wait for the letter that is being handed over; the others stay in the outbox."""
        self._stopping.set()
        if self._task is not None:
            self._task.cancel()
            # The thread is awaited and not left alone, because it writes to the database, which is closed next.
            await asyncio.gather(self._task, *([self._working] if self._working else []), return_exceptions=True)

    async def _look(self) -> None:
        self._working = asyncio.ensure_future(asyncio.to_thread(self.send_due))
        await asyncio.shield(self._working)

    def send_due(self) -> int:
        """Send what is due in every branch; returns how many letters the mail server has taken."""
        sent = 0
        database = self._installation.database
        for branch_id in database.read_now(branch_ids).values():
            while database.read_now(is_any_message_due, branch_id) and not self._stopping.is_set():
                try:
                    taken, tried = self._send_some(branch_id)
                except Unreadable:
                    # The reader of the settings has logged it; the other branches must not wait for this one.
                    break
                sent += taken
                if not tried:
                    break
        return sent

    def _send_some(self, branch_id: UUID) -> tuple[int, int]:
        """Letters of one branch over one connection: how many were taken, and how many were tried; 0 to end the round."""
        connection: Connection | None = None
        taken = tried = 0
        try:
            while tried < LETTERS_A_CONNECTION and not self._stopping.is_set():
                claimed = self._claim(branch_id)
                if claimed is None:
                    break
                tried += 1
                outcome, error, connection = self._send(branch_id, claimed, connection)
                self._installation.database.write_in_now(
                    branch_id, report_message, branch_id, claimed.id, claimed.attempt, outcome, error
                )
                taken += outcome is Outcome.SENT
                if outcome is not Outcome.SENT:
                    log.warning("message.not_sent", message=str(claimed.id), attempt=claimed.attempt, error=error)
                if error in (UNREACHABLE, "gateway"):
                    # The others would meet the same, and each would lose an attempt.
                    return taken, 0
        finally:
            if connection is not None:
                connection.close()
        return taken, tried

    def _claim(self, branch_id: UUID) -> ClaimedMessage | ClaimedInvitation | None:
        write = self._installation.database.write_in_now
        return write(branch_id, claim_message, branch_id) or write(branch_id, claim_invitation, branch_id)

    def _send(
        self, branch_id: UUID, claimed: ClaimedMessage | ClaimedInvitation, connection: Connection | None
    ) -> tuple[Outcome, str | None, Connection | None]:
        """The outcome of one letter, and the connection if the next one can use it."""
        installation = self._installation
        try:
            branch = installation.database.read_now(branch_settings, branch_id)
            if channel_of(claimed.recipient.contact) == SMS:
                return *self._text(claimed, branch), connection
            letter = letter_of(claimed, branch, self._house, installation.clock.now())
        except Exception:
            log.exception("message.not_written", message=str(claimed.id))
            return Outcome.LATER, "internal", connection
        try:
            connection = connection or self._connect()
            outcome, error = connection.send(letter)
        except Unreachable as why:
            log.warning("message.server_unreachable", reason=str(why))
            if connection is not None:
                connection.close()
            return Outcome.LATER, UNREACHABLE, None
        if outcome in (Outcome.MAYBE, Outcome.LATER):
            # A server that is busy may have ended the connection.
            connection.close()
            return outcome, error, None
        return outcome, error, connection

    def _text(self, claimed: ClaimedMessage | ClaimedInvitation, branch: BranchSettings) -> tuple[Outcome, str | None]:
        gateway = self._neutral_gateway if claimed.level is Level.NEUTRAL else self._gateway
        if gateway is None:
            return Outcome.LATER, "gateway"
        return gateway.send(claimed.recipient.contact, short_text(claimed, branch, self._house))

    def _connect(self) -> Connection:
        if self._server is None:
            raise Unreachable("no mail server is set")
        # The neutral domain where there is one, because the name goes into the headers of every letter.
        return Connection(self._server, (self._house.neutral_sender or self._house.sender).rpartition("@")[2])
