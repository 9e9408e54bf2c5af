"""Hands text messages to a gateway through Apprise, which knows the protocols of many providers.

Apprise says only whether a message was taken. One that took as long as we wait for an answer may have arrived.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, Final
from urllib.parse import quote

from ..core.messages import Outcome
from ..gateways import TO

#: For the answer; a third of it for the connection.
ANSWER_SECONDS: Final = 15.0


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
        taken = service.notify(body=text, title="", body_format=NotifyFormat.TEXT)
        if taken:
            return Outcome.SENT, None
        if self._clock() - began >= self._seconds:
            return Outcome.MAYBE, "gateway"
        return Outcome.LATER, "gateway"
