"""Sends the messages that are due, beside the requests: of each channel one after the other.

    postman = Postman(installation)
    await postman.start()

It looks every few seconds. Several nodes share the work, because each message is claimed before it is sent. No channel
waits for another, because a mail server that hangs must not hold up text messages.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Mapping
from datetime import datetime
from functools import partial
from typing import Final
from uuid import UUID

import structlog

from ..actions.invitation_letters import ClaimedInvitation, claim_invitation
from ..actions.outbox import ClaimedMessage, claim_message, report_message
from ..core.delivery import OF_CHANNEL, rest_after
from ..core.messages import CHANNELS, MAIL, SMS, Level, Outcome, sent_as
from ..ops.background import forever
from ..store.queries.messages import is_any_message_due
from ..store.queries.settings import BranchSettings, branch_ids, branch_settings
from ..store.setting_rows import Unreadable
from ..web.installation import Installation
from .letter import house_of, letter_of
from .short_text import short_text
from .smtp import ChannelFault, Connection
from .texting import Gateway

LOOK_EVERY_SECONDS: Final = 5.0
# Mail servers end connections that stay open long.
LETTERS_A_CONNECTION: Final = 50
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
        self._tasks: list[asyncio.Task[None]] = []
        # The round of each channel that is under way.
        self._working: dict[str, asyncio.Future[int]] = {}
        self._stopping = threading.Event()
        # Until when what is left alone, by `core.messages.sent_as`, and the fault of its channel.
        self._rests: dict[str, tuple[datetime, str]] = {}

    async def start(self) -> None:
        """Begin to look for messages."""
        if self._installation.database.sends:
            self._tasks = [
                asyncio.create_task(forever(f"messages.{channel}", partial(self._look, channel), LOOK_EVERY_SECONDS))
                for channel in CHANNELS
            ]

    async def stop(self) -> None:
        """Wait for the messages that are being handed over; the others stay in the outbox."""
        self._stopping.set()
        for task in self._tasks:
            task.cancel()
        # The threads are awaited and not left alone, because they write to the database, which is closed next.
        await asyncio.gather(*self._tasks, *self._working.values(), return_exceptions=True)

    async def _look(self, channel: str) -> None:
        self._working[channel] = asyncio.ensure_future(asyncio.to_thread(self.send_due, channel))
        await asyncio.shield(self._working[channel])

    def send_due(self, *channels: str) -> int:
        """Send what is due in every branch, of some channels or of all; returns how many messages have been taken."""
        sent = 0
        database = self._installation.database
        for channel in channels or CHANNELS:
            for branch_id in database.read_now(branch_ids).values():
                while database.read_now(is_any_message_due, branch_id, channel) and not self._stopping.is_set():
                    try:
                        taken, tried = self._send_some(branch_id, channel)
                    except Unreadable:
                        # The reader of the settings has logged it; the other branches must not wait for this one.
                        break
                    sent += taken
                    if not tried:
                        break
        return sent

    def _send_some(self, branch_id: UUID, channel: str) -> tuple[int, int]:
        """Messages of one branch and channel, letters over one connection: how many were taken, and how many were tried.

        None were tried (0) where the round is to end, because the others would meet the same.
        """
        connection: Connection | None = None
        taken = tried = 0
        out = self._resting()
        try:
            while tried < LETTERS_A_CONNECTION and not self._stopping.is_set():
                claimed = self._claim(branch_id, channel, out)
                if claimed is None:
                    break
                tried += 1
                outcome, error, connection = self._send(branch_id, channel, claimed, connection)
                self._installation.database.write_in_now(
                    branch_id, report_message, branch_id, claimed.id, claimed.attempt, outcome, error
                )
                taken += outcome is Outcome.SENT
                if outcome is not Outcome.SENT:
                    log.warning("message.not_sent", message=str(claimed.id), attempt=claimed.attempt, error=error)
                if error is not None and (error in OF_CHANNEL or error == "gateway"):
                    # The other sender or gateway may work; nothing goes through a mail server that does not let us in.
                    shared = channel == MAIL and error != "sender"
                    alike = {
                        one for one in Level if shared or (one is Level.NEUTRAL) == (claimed.level is Level.NEUTRAL)
                    }
                    out |= {sent_as(channel, one): error for one in alike}
                    # A sender may be one that this branch alone has.
                    if error in OF_CHANNEL and error != "sender":
                        self._rest(channel, alike, error)
        finally:
            if connection is not None:
                connection.close()
        return taken, 0 if out else tried

    def _rest(self, channel: str, levels: set[Level], fault: str) -> None:
        until = self._installation.clock.now() + rest_after(fault)
        self._rests |= {sent_as(channel, one): (until, fault) for one in levels}

    def _resting(self) -> dict[str, str]:
        """What is left alone now, and the faults."""
        now = self._installation.clock.now()
        return {one: fault for one, (until, fault) in self._rests.items() if now < until}

    def _claim(
        self, branch_id: UUID, channel: str, out: Mapping[str, str]
    ) -> ClaimedMessage | ClaimedInvitation | None:
        write = self._installation.database.write_in_now
        return write(branch_id, claim_message, branch_id, channel, out) or write(
            branch_id, claim_invitation, branch_id, channel, out
        )

    def _send(
        self, branch_id: UUID, channel: str, claimed: ClaimedMessage | ClaimedInvitation, connection: Connection | None
    ) -> tuple[Outcome, str | None, Connection | None]:
        """The outcome of one message, and the connection if the next letter can use it."""
        installation = self._installation
        try:
            branch = installation.database.read_now(branch_settings, branch_id)
            if channel == SMS:
                return *self._text(claimed, branch), connection
            letter = letter_of(claimed, branch, self._house, installation.clock.now())
        except Exception:
            log.exception("message.not_written", message=str(claimed.id))
            return Outcome.LATER, "internal", connection
        try:
            connection = connection or self._connect()
            outcome, error = connection.send(letter)
        except ChannelFault as why:
            log.warning("message.channel_fault", fault=why.fault, reason=str(why))
            if connection is not None:
                connection.close()
            return Outcome.LATER, why.fault, None
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
            raise ChannelFault("unreachable", "no mail server is set")
        # The neutral domain where there is one, because the name goes into the headers of every letter.
        return Connection(self._server, (self._house.neutral_sender or self._house.sender).rpartition("@")[2])
