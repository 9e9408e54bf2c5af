"""What of a day or week somebody wants to see: members and queues, and the appointments of one kind."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from typing import Final
from urllib.parse import urlencode
from uuid import UUID

from starlette.datastructures import ImmutableMultiDict

from ...core.bookings import BookingState
from ...core.channels import Channel
from ...core.names import is_named
from ...store.queries.appointments import SHOWN
from ...store.queries.channels import channel_of, channels_to_choose
from ...store.queries.members import members_of
from ...store.queries.settings import BranchSettings, Names, ServiceView
from .line import Line

#: How long a text to look for may be.
LONGEST_TEXT: Final = 80


@dataclass(frozen=True, slots=True)
class Selection:
    """`only` are the slugs of the members and queues to be shown, all where it is empty.

    The others narrow the appointments, and "" is for all: the slug of a `service`, a `state`, a `channel`, and `text`, a
    part of a name, a case number or a code. The text is personal, so it is in no address.
    """

    only: frozenset[str] = frozenset()
    service: str = ""
    state: str = ""
    channel: str = ""
    text: str = ""

    def __bool__(self) -> bool:
        return self != ALL

    @property
    def query(self) -> str:
        """What addresses say of it, beginning with "&"; "" where everything is shown."""
        pairs = [("only", one) for one in sorted(self.only)]
        pairs += [(name, value) for name in ("service", "state", "channel") if (value := getattr(self, name))]
        return f"&{urlencode(pairs)}" if pairs else ""

    def shows(self, slug: str) -> bool:
        """Whether the column of a member or queue is shown."""
        return not self.only or slug in self.only

    def takes(self, branch: BranchSettings, line: Line) -> bool:
        """Whether an appointment is shown."""
        return (
            (not self.only or not self.only.isdisjoint(line.columns))
            and (not self.service or line.names == branch.service(self.service).listed_names)
            and (not self.state or line.booking.state == self.state)
            and (not self.channel or channel_of(branch, line.booking) == self.channel)
            and (not self.text or _has_text(line, self.text))
        )


ALL: Final = Selection()


@dataclass(frozen=True, slots=True)
class Choices:
    """What can be chosen on a page: members and queues by slug, services by slug, states and channels."""

    columns: tuple[tuple[str, Names], ...]
    services: tuple[tuple[str, Names], ...]
    states: tuple[BookingState, ...]
    channels: tuple[Channel, ...]


def choices_of(branch: BranchSettings, columns: Iterable[tuple[str, Names]], seen: Collection[UUID]) -> Choices:
    """The choices for somebody who sees the services `seen`.

    Services that lists call by the same name are one choice, because a choice must not tell which of them it is.
    """
    services: list[ServiceView] = [one for one in branch.services.values() if one.id in seen]
    named = {tuple(sorted(one.listed_names.items())): one for one in reversed(services)}
    first = [one for one in services if one in named.values()]
    channels = {channel for one in services for channel in (one.takes_place(), *channels_to_choose(branch, one))}
    if any(one.is_received for one in channels):
        channels.add(Channel.ELSEWHERE)
    return Choices(
        tuple(columns),
        tuple((one.slug, one.listed_names) for one in first),
        SHOWN,
        tuple(one for one in Channel if one in channels),
    )


def read_selection(branch: BranchSettings, sent: ImmutableMultiDict[str, str], seen: Collection[UUID]) -> Selection:
    """The selection that an address asks for; what is unknown there, or retired meanwhile, is left out."""
    services = {one.slug for one in branch.services.values() if one.id in seen}
    return Selection(
        frozenset(sent.getlist("only")) & known_columns(branch),
        _one_of(sent.get("service", ""), services),
        _one_of(sent.get("state", ""), {one.value for one in SHOWN}),
        _one_of(sent.get("channel", ""), {one.value for one in Channel}),
    )


def known_columns(branch: BranchSettings) -> frozenset[str]:
    """The slugs of all members and queues."""
    return frozenset({one.slug for one in members_of(branch).values()} | {one.slug for one in branch.queues.values()})


def with_text(selection: Selection, text: str) -> Selection:
    """The selection with a text to look for."""
    return replace(selection, text=" ".join(text.split())[:LONGEST_TEXT])


def _has_text(line: Line, text: str) -> bool:
    """Only what this person may read is looked through."""
    if is_named(line.booking.code, text):
        return True
    return line.name is not None and any(is_named(one, text) for one in (line.name, line.booking.reference))


def _one_of(value: str, known: Collection[str]) -> str:
    return value if value in known else ""
