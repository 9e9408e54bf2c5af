"""The kinds of things that the office edits, as data: their fields in groups, the columns of their lists, who may see them."""

from __future__ import annotations

import string
from dataclasses import dataclass
from typing import Final

from ...core.edit_rights import edit_rights
from ...core.rights import DEVICE_RIGHTS, HOURS_RIGHTS, Rights
from ...settings.declared import NotYet, mark
from ...settings.objects import OF_BRANCH, OF_ORGANISATION, Shape, fields_of
from ...settings.organisation import OrganisationOwn
from ...settings.texts import SHOWN_TEXTS
from ...web.places import Place

#: The seasons that a house may add, because a season is called by its slug and these have words in each language.
SEASONS: Final = ("ramadan", "summer", "winter", "school_holidays", "festival")


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of thing of one sort of place.

    `columns`: fields that its list shows. `groups`: the fields below each heading `office.group-<name>`, and those that no
    group names come last; none: one form without headings but that of its end. `adds`: people may add one. `only`: the
    fields that its form has, () for all that are declared. `later`: fields that a new one gets from others. `chosen`: the
    slugs of which a new one takes one, () if its name makes it. `beside`: the page that shows the same things in another
    way. `ordered`: people may move one up or down; counters stand in the order of their numbers, and others in no order
    that a visitor sees. `alone`: the place has it once.
    """

    name: str
    shape: Shape
    columns: tuple[str, ...] = ()
    groups: tuple[tuple[str, tuple[str, ...]], ...] = ()
    adds: bool = True
    only: tuple[str, ...] = ()
    later: tuple[str, ...] = ()
    chosen: tuple[str, ...] = ()
    beside: Place | None = None
    ordered: bool = False

    @property
    def alone(self) -> bool:
        return self.name == self.shape.kind

    @property
    def fields(self) -> tuple[str, ...]:
        """The fields that its form has: all on which the program acts."""
        declared = fields_of(self.name, self.shape)
        wanted = self.only or tuple(declared)
        return tuple(name for name in wanted if mark(declared[name].model_fields[name], NotYet) is None)

    @property
    def rights(self) -> Rights:
        """The rights of which one opens its pages."""
        fields = () if self.alone else ("",)
        return frozenset().union(*(edit_rights(self.name, field) for field in (*fields, *self.fields)))


# Which event they are about is chosen on a page of their own, where they are shown as they are sent.
_LETTERS: Final = Place("/office/letters", "messages.texts", edit_rights("message"))
_MESSAGES_OF_BRANCH: Final = Kind(
    "message",
    OF_BRANCH,
    columns=("event", "service", "channel"),
    adds=False,
    only=("subject", "body"),
    beside=_LETTERS,
)
_MESSAGES_OF_ORGANISATION: Final = Kind(
    "message", OF_ORGANISATION, columns=("event", "channel"), adds=False, only=("subject", "body"), beside=_LETTERS
)
_OF_BRANCH: Final = (
    Kind(
        "service",
        OF_BRANCH,
        ordered=True,
        columns=("department", "queue", "duration_min", "policy"),
        groups=(
            (
                "what",
                (
                    *("names", "public_names", "note", "department", "documents", "fee", "apply_at"),
                    *("issued_number", "tags"),
                ),
            ),
            ("booking", ("policy", "mode", "channel", "duration_min", "buffer_min", "terms")),
            ("waiting", ("queue", "priority", "skills", "refer_to", "confidentiality")),
        ),
    ),
    Kind("queue", OF_BRANCH, ordered=True, columns=("prefix", "lanes", "public_lanes")),
    Kind("counter", OF_BRANCH, columns=("number", "kind", "zone", "queues")),
    Kind("skill", OF_BRANCH),
    Kind("calling_profile", OF_BRANCH, columns=("steps",)),
    Kind("department", OF_BRANCH, ordered=True),
    Kind("zone", OF_BRANCH, ordered=True),
    Kind("resource", OF_BRANCH, ordered=True, columns=("pool",)),
    Kind(
        "device",
        OF_BRANCH,
        ordered=True,
        columns=("model", "zone"),
        # How a printer is connected and behaves has a page of its own, where it can be tried.
        only=("names", "model", "zone", "attached_to", "operated_by", "kit"),
        later=("kit",),
        beside=Place("/office/devices", "office.pairing-and-state", DEVICE_RIGHTS),
    ),
    Kind("occasion", OF_BRANCH, columns=("capacity", "policy")),
    Kind("text", OF_BRANCH, columns=("names",), chosen=tuple(sorted(SHOWN_TEXTS))),
    _MESSAGES_OF_BRANCH,
    Kind(
        "branch",
        OF_BRANCH,
        adds=False,
        only=(
            *("names", "address", "phone", "email", "mail_from", "reply_to", "video_link"),
            *("coordinates", "hotline", "access"),
            *("queue_rules", "priorities", "targets", "freed_places_at", "remote_tickets", "tick_minutes"),
            *("calendars", "seasons", "outreach_days", "week_starts", "day_starts"),
            *("languages", "default_language", "digits", "country_code", "timezone"),
            "retention_days",
        ),
        groups=(
            ("contact", ("names", "address", "phone", "email", "video_link", "coordinates", "hotline", "access")),
            ("letters", ("mail_from", "reply_to")),
            ("waiting", ("queue_rules", "priorities", "targets", "freed_places_at", "remote_tickets", "tick_minutes")),
            ("days", ("calendars", "seasons", "outreach_days", "week_starts", "day_starts")),
            ("language", ("languages", "default_language", "digits", "country_code", "timezone")),
            ("keeping", ("retention_days",)),
        ),
    ),
)
_OF_ORGANISATION: Final = (
    Kind("document", OF_ORGANISATION, ordered=True),
    Kind("policy", OF_ORGANISATION, ordered=True, columns=("mode",)),
    Kind("priority", OF_ORGANISATION, ordered=True),
    Kind("confidentiality", OF_ORGANISATION, ordered=True),
    Kind("service_tag", OF_ORGANISATION),
    Kind("zone", OF_ORGANISATION),
    Kind("letter", OF_ORGANISATION, columns=("names",), chosen=tuple(string.ascii_uppercase)),
    Kind(
        "season",
        OF_ORGANISATION,
        chosen=SEASONS,
        beside=Place("/office/seasons", "hours.seasons-by-branch", HOURS_RIGHTS),
    ),
    Kind("calendar", OF_ORGANISATION, beside=Place("/office/calendars", "hours.check-year", HOURS_RIGHTS)),
    Kind("device_model", OF_ORGANISATION),
    Kind("text", OF_ORGANISATION, columns=("names",), chosen=tuple(sorted(SHOWN_TEXTS))),
    _MESSAGES_OF_ORGANISATION,
    Kind(
        "organisation",
        OF_ORGANISATION,
        adds=False,
        only=tuple(
            name for name in OrganisationOwn.model_fields if name not in ("slug", "kind", "single_sign_on", "roles")
        ),
    ),
)


def kinds_of(shape: Shape) -> tuple[Kind, ...]:
    """The kinds of a sort of place, in the order in which pages list them."""
    return _OF_BRANCH if shape is OF_BRANCH else _OF_ORGANISATION


def kind_named(name: str, shape: Shape) -> Kind | None:
    """The kind of that name; None if the office does not edit it there."""
    return next((kind for kind in kinds_of(shape) if kind.name == name), None)
