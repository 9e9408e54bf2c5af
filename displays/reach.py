"""How large a code must be to be read from the back of the hall.

EN 301 549, 5.1.4: a capital letter must be seen under at least 0.7°, so its height is
H = D · π · 0.7 / 180 = 0.01222 · D for a reader at the distance D. Sizes on the screen are given in a unit, a
hundredth of the shorter side of the largest picture of 16:9 that the panel holds, so that one style sheet serves every
panel (`--u` in screen.css).
"""

from __future__ import annotations

import math
from typing import Final

from queue_system.settings.devices import DisplayKit, Kit

LEAST_ANGLE_DEGREES: Final = 0.7
# Height of a capital in "Noto Sans" as a share of the font size.
CAP_HEIGHT: Final = 0.714
SHORT_SIDE_OF_16_BY_9: Final = 9 / math.hypot(16, 9)
MM_PER_INCH: Final = 25.4

# The font sizes, in units, for which screen.css has a layout; the largest one shows the newest call only.
STEPS: Final = (10, 13, 16, 20, 24, 30, 44)
# The defaults for a panel without a description: 43 inches, read from 5 m.
USUAL_DIAGONAL_IN: Final = 43.0
USUAL_DISTANCE_M: Final = 5.0


def reach_of(kit: Kit) -> str:
    """The class of the page for a screen."""
    return reach_class(kit.screen_in, kit.viewing_distance_m) if isinstance(kit, DisplayKit) else reach_class()


def reach_class(screen_in: float | None = None, viewing_distance_m: float | None = None) -> str:
    """The class of the page for a display of that diagonal (inches), read from that distance (metres)."""
    needed = font_size_needed(screen_in or USUAL_DIAGONAL_IN, viewing_distance_m or USUAL_DISTANCE_M)
    return f"reach-{next((step for step in STEPS if step >= needed), STEPS[-1])}"


def font_size_needed(diagonal_in: float, distance_m: float) -> float:
    """The font size in units at which a capital is seen under LEAST_ANGLE_DEGREES."""
    height_mm = distance_m * 1000 * math.pi * LEAST_ANGLE_DEGREES / 180
    one_unit_mm = diagonal_in * MM_PER_INCH * SHORT_SIDE_OF_16_BY_9 / 100
    return height_mm / CAP_HEIGHT / one_unit_mm
