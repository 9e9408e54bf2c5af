"""Hands text messages to a gateway through Apprise, which knows the protocols of many providers.

Apprise says only whether a message was taken, and writes the HTTP status of a refusal into its log, which is read here. One
that took as long as we wait for an answer may have arrived.
"""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Callable
from typing import Any, Final
from urllib.parse import quote

from ..core.messages import Outcome
from ..gateways import TO

#: For the answer; a third of it for the connection.
ANSWER_SECONDS: Final = 15.0
# How the services of `gateways.SERVICES` end the line about a refusal; and what is known of a status, by RFC 9110.
_STATUS: Final = re.compile(r"error=(\d{3})\b")
_KNOWN: Final = {401: "gateway_sign_in", 402: "gateway_credit", 403: "gateway_sign_in"}
# Africa's Talking takes the request and refuses the number, with codes of its own; of these 405 is an empty account.
_CODE: Final = re.compile(r"statusCode=(\d{3})\b")
_KNOWN_CODES: Final = {405: "gateway_credit"}


class Gateway:
    """A gateway behind an address of Apprise. Use it in one thread."""

    def __init__(self, url: str, seconds: float = ANSWER_SECONDS, clock: Callable[[], float] = time.monotonic) -> None:
        self._url = url
        self._seconds = seconds
        self._clock = clock

    def send(self, number: str, text: str) -> tuple[Outcome, str | None]:
        """Hand over one message to a number in E.164. A fault of the gateway is tried again, as at a mail server."""
        # Loaded with the first message, because it takes a second and 15 MB, and is not installed everywhere.
        from apprise import Apprise, AppriseAsset, NotifyFormat

        # A redirect could lead number and text to another address, also inside the house.
        asset = AppriseAsset(plugin_paths=[], app_id="queue-system", http_redirects=False)
        service: Any = Apprise.instantiate(self._url.replace(TO, quote(number, safe="")), asset=asset)
        if not service:
            return Outcome.LATER, "gateway"
        # A connection that cannot be made must end before the time after which the message may have arrived.
        service.socket_connect_timeout, service.socket_read_timeout = self._seconds / 3, self._seconds
        began = self._clock()
        refusal = _Refusal()
        logger = logging.getLogger("apprise")
        # It hears of this message alone, because one thread sends all text messages.
        logger.addHandler(refusal)
        try:
            taken = service.notify(body=text, title="", body_format=NotifyFormat.TEXT)
        finally:
            logger.removeHandler(refusal)
        if taken:
            return Outcome.SENT, None
        if self._clock() - began >= self._seconds:
            return Outcome.MAYBE, "gateway"
        return Outcome.LATER, refusal.error


class _Refusal(logging.Handler):
    """Reads what a refusal means, and keeps nothing else, because the lines hold the number."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.error = "gateway"

    def emit(self, record: logging.LogRecord) -> None:
        """Read one line."""
        said = record.getMessage()
        for form, known in ((_STATUS, _KNOWN), (_CODE, _KNOWN_CODES)):
            if found := form.search(said):
                self.error = known.get(int(found[1]), "gateway")
