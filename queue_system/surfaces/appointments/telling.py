"""How the people of an appointment will be told that it is moved, as pages say it before it happens."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from ...core.messages import MAIL, SMS, channel_of
from ...core.safe_contact import ContactWay
from ...store.queries.moves import Moving

BY: Final = {MAIL: "moving.by-mail", SMS: "moving.by-sms"}


@dataclass(frozen=True, slots=True)
class Telling:
    """How whom an appointment is for is told: `by` is a channel of `core.messages`, None where no message reaches them.

    `way` is how they may be contacted. `others` is how many of those who come along get a message.
    """

    by: str | None
    way: ContactWay
    others: int

    @property
    def words(self) -> str:
        """The key of the sentence that says who is told once staff have agreed on it with the visitor."""
        if self.by is not None:
            return BY[self.by]
        return "moving.by-nobody" if self.way is ContactWay.NONE else "moving.by-you"

    @property
    def of_offer(self) -> str:
        """The key of the sentence that says how the visitor is asked; whom no message reaches is on the call list."""
        if self.by is not None:
            return BY[self.by]
        return "moving.by-call-nobody" if self.way is ContactWay.NONE else "moving.by-call"

    @property
    def is_special(self) -> bool:
        """Whether whoever contacts them has something to observe."""
        return self.way not in (ContactWay.FULL, ContactWay.NONE)


def telling_of(found: Moving) -> Telling:
    """How the people of an appointment are told."""
    mine = next((one for one in found.told if one.n == 0), None)
    return Telling(channel_of(mine.contact) if mine else None, found.way, sum(one.n != 0 for one in found.told))
