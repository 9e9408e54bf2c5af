"""Calling profiles: which queues a counter calls first, and when."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from ..core.calling_profiles import LONGEST_SHARE, LOOKED_BACK
from .declared import Between, Declared, Kind, Least, Names, Ref, SomeMinutes, Thing
from .faults import Fault, number

_MOST_MINUTES = int(LOOKED_BACK.total_seconds()) // 60


class CallingStep(Declared):
    """Queues that are called first, and when."""

    queues: Annotated[tuple[Annotated[str, Ref("queue")], ...], Least(1), "queues that are called first"]
    when: Annotated[
        Literal["always", "waiting", "fewer", "share"],
        Kind("condition"),
        "when: `always`; `waiting`, somebody in the queue `watched` waits longer than `waits_min`; `fewer`, fewer than "
        "`calls` were called from `watched` in the last `last_min`; `share`, in turns: this counter calls `calls` from these "
        "queues, then `others` from `watched`, and so on",
    ] = "always"
    watched: Annotated[str | None, Ref("queue"), "the queue that the condition looks at"] = None
    waits_min: Annotated[SomeMinutes | None, "of `waiting`: more minutes than these"] = None
    calls: Annotated[
        int | None,
        Between(1, LONGEST_SHARE - 1),
        "of `fewer`: fewer calls than these; of `share`: calls from these queues",
    ] = None
    last_min: Annotated[int | None, Between(1, _MOST_MINUTES), "of `fewer`: minutes in which calls are counted"] = None
    whose: Annotated[
        Literal["counter", "branch"], Kind("whose calls"), "of `fewer`: calls of this counter, or of the whole branch"
    ] = "counter"
    others: Annotated[int | None, Between(1, LONGEST_SHARE - 1), "of `share`: calls from the queue `watched`"] = None

    def mistake(self) -> Fault | None:
        """The condition lacks one of its values, or a share is of too many calls or of a queue and itself."""
        needed = {
            "always": (),
            "waiting": ("watched", "waits_min"),
            "fewer": ("watched", "calls", "last_min"),
            "share": ("calls", "others", "watched"),
        }
        for name in needed[self.when]:
            if getattr(self, name) is None:
                return Fault("setting-condition-needs", name)
        if self.when == "share":
            if (self.calls or 0) + (self.others or 0) > LONGEST_SHARE:
                return Fault("setting-share-long", "others", {"most": number(LONGEST_SHARE)})
            if self.watched in self.queues:
                return Fault("setting-share-of-itself", "watched")
        return None


class CallingProfile(Thing):
    """Which queues a counter calls first; the first step that applies decides, and the published rule within it."""

    kind_of_thing: ClassVar[str] = "calling profile"

    names: Annotated[Names, "its name"]
    steps: Annotated[tuple[CallingStep, ...], Least(1), "the steps, the first one first"]
