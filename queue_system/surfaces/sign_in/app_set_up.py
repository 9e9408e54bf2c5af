"""What a page shows of a new authenticator app: the symbol, and the secret to type."""

from __future__ import annotations

from typing import Final

from ...core.one_time_codes import app_address, app_secret, written_secret
from ...i18n.filters import localised
from ...store.queries.credentials import StepView
from ...web.here import Here
from ...web.qr import qr_svg

LONGEST_CODE: Final = 40


async def app_words(here: Here, step: StepView) -> dict[str, object]:
    """`symbol` is the QR symbol, `address` what it says, `groups` the secret in groups of four letters."""
    organisation = await here.installation.organisation()
    secret = app_secret(here.installation.secret, step.data["salt"])
    address = app_address(secret, localised(organisation.names, here.language, ("ar", "en")), step.login)
    written = written_secret(secret)
    return {
        "symbol": qr_svg(address, here.words.text("login.app-symbol")),
        "address": address,
        "groups": [written[start : start + 4] for start in range(0, len(written), 4)],
    }
