"""What the hall's screens get: the paired screen that asks, its branch, and the read-only part of the installation.

Of `web`, screens import this module and `kit`, and nothing else (a test compares), because the others lead to writes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from starlette.requests import HTTPConnection

from ..store.queries.access import DeviceView
from ..store.queries.settings import BranchSettings, branch_settings
from . import access
from .installation import ReadOnlyInstallation, installation_of

KIND: Final = "display"


@dataclass(frozen=True, slots=True)
class PairedScreen:
    """The context of a request or socket of a screen. Like `Here`, but nothing in it writes."""

    installation: ReadOnlyInstallation
    device: DeviceView

    async def branch(self) -> BranchSettings:
        """The settings of its branch; raises Missing("branch")."""
        return await self.installation.reader.read(branch_settings, self.device.branch_id)


async def paired_screen(connection: HTTPConnection) -> PairedScreen | None:
    """The paired screen that asks; None if there is none. Its presence is noted."""
    device = await access.device_or_none(connection, KIND)
    return PairedScreen(installation_of(connection).read_only, device) if device else None
