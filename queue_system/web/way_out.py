"""Where the quick exit of public pages leads (`templates/macros/way_out.html`)."""

from __future__ import annotations

from typing import Final

# An unremarkable page, for somebody who must not be seen on one of ours.
SAFE_PLACE: Final = "https://www.wikipedia.org/"
