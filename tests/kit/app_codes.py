"""An authenticator app for tests: it reads the address that a page shows, and makes codes."""

from __future__ import annotations

import base64
import html
import re
from datetime import datetime, timedelta
from urllib.parse import parse_qs, urlsplit

from queue_system.core.one_time_codes import code_at, step_of


class App:
    """The app of one person; `page` is the page that asks to add it."""

    def __init__(self, page: str) -> None:
        found = re.search(r'href="(otpauth:[^"]+)"', page)
        assert found, page
        self.address = html.unescape(found.group(1))
        (secret,) = parse_qs(urlsplit(self.address).query)["secret"]
        self._secret = base64.b32decode(secret + "=" * (-len(secret) % 8))

    def code(self, at: datetime, later: int = 0) -> str:
        """The code that it shows at a moment, or `later` steps after it."""
        return code_at(self._secret, step_of(at + later * timedelta(seconds=30)))
