"""A house's own words for the messages about appointments, in place of those of the program."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, ClassVar, Literal

from ..core.messages import Event
from ..core.wording import WORDED, marks_for, marks_in
from .declared import Kind, Least, Names, Ref, Sentences, Thing
from .faults import Fault


class MessageTextOwn(Thing):
    """The words about one event."""

    kind_of_thing: ClassVar[str] = "message"

    event: Annotated[Event, Kind("event"), "what the message is about"]
    channel: Annotated[
        Literal["mail", "sms"] | None, Kind("channel of messages"), "how it is sent; any way, when left out"
    ] = None
    subject: Annotated[Names | None, "the subject of a letter; the program's own, when left out"] = None
    body: Annotated[
        Sentences,
        Least(0),
        "the paragraphs with which a message begins, in place of the program's own sentence; time, code and link follow "
        "where they do not say them",
    ] = ()

    def mistake(self) -> Fault | None:
        """An event that has no own words, or the first mark that words about this event cannot have."""
        if self.event not in WORDED:
            return Fault("choice-wrong", "event")
        return next(self._unknown_marks(), None)

    def _unknown_marks(self) -> Iterator[Fault]:
        texts = [("subject", self.subject, True)] if self.subject else []
        texts += [(f"body.{index}", paragraph, False) for index, paragraph in enumerate(self.body)]
        for path, names, subject in texts:
            known = marks_for(self.event, subject=subject)
            for language, text in names.items():
                for mark in marks_in(text):
                    if mark not in known:
                        said = {"mark": f"{{{mark}}}", "marks": " ".join(f"{{{one}}}" for one in known)}
                        yield Fault("setting-mark-unknown", f"{path}.{language}", said)


class MessageText(MessageTextOwn):
    """The words about one event at a branch, or of one of its services."""

    service: Annotated[str | None, Ref("service"), "the service whose appointments it is about; all, when left out"] = (
        None
    )


def slug_for(event: Event, service: str = "", channel: str = "") -> str:
    """What the words about an event are called: the same for the same event, service and channel."""
    return "-".join(part for part in (event.value, service, channel) if part)


def twice(texts: Mapping[str, MessageTextOwn]) -> Iterator[tuple[str, Fault]]:
    """Words about what others are about already, each with the slug of the second."""
    seen: dict[tuple[object, ...], str] = {}
    for slug, one in texts.items():
        about = one.event, getattr(one, "service", None), one.channel
        if (other := seen.setdefault(about, slug)) != slug:
            yield slug, Fault("setting-message-twice", "event", {"other": other})
