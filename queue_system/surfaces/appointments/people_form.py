"""The people who come along, as the forms of an appointment ask for them: without a script one more at each press."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from starlette.requests import Request

from ...core import contacts, safe_contact
from ...core.errors import DomainError, Invalid
from ...core.participants import MOST_OTHERS, Person, Role, missing_parties
from ...core.rights import SAFE_CONTACT_RIGHTS
from ...i18n.filters import localised
from ...i18n.words import Words
from ...store.queries.bookings import BookingView
from ...store.queries.participants import ParticipantView
from ...store.queries.settings import ServiceView
from ...web import kit
from ...web.here import StaffAtBranch

# With some fields of the appointment itself.
MOST_FIELDS: Final = 30 + 8 * MOST_OTHERS
ONE_MORE: Final = "one-more"
OTHERS: Final = "others"
SEEN: Final = "seen"


@dataclass(frozen=True, slots=True)
class PeopleAsked:
    """What the fields for people need: those who are there or were typed, and how many parties are still unnamed.

    `ways` are those of which one may be chosen, with their words, and none where the person may not ask. `seen` is the
    fingerprint of those who are stored, as they were shown first.
    """

    others: tuple[Person, ...]
    missing: int
    may_add: bool
    seen: str
    ways: tuple[tuple[str, str], ...] = ()


async def read(request: Request) -> dict[str, str]:
    """The fields of a form with people."""
    return dict(await kit.form_items(request, most=MOST_FIELDS))


def read_others(here: StaffAtBranch, service: ServiceView, form: Mapping[str, str]) -> tuple[Person, ...]:
    """The people of a form, with those that are empty, because errors name the place of a person in it."""
    count = form.get(OTHERS, "")
    places = range(1, min(int(count), MOST_OTHERS) + 1) if count.isdecimal() else range(0)
    found = (_person(form, f"other-{place}-") for place in places)
    return tuple(found) if may_ask(here, service) else tuple(replace(one, way=None) for one in found)


def one_more(service: ServiceView, others: Sequence[Person]) -> tuple[Person, ...]:
    """The same people and one who has no name yet."""
    role = Role.OTHER_SIDE if len(others) + 1 < (service.parties or 0) else Role.COMPANION
    return (*others, Person(role, ""))[:MOST_OTHERS]


def asked(here: StaffAtBranch, service: ServiceView, name: str, others: Sequence[Person], seen: str) -> PeopleAsked:
    """The people, with empty places for the parties that the service asks for."""
    missing = missing_parties(service.parties, name, [(one.role, one.name) for one in others])
    while len(others) < (service.parties or 0) - 1:
        others = one_more(service, others)
    return PeopleAsked(tuple(others), missing, len(others) < MOST_OTHERS, seen, contact_ways(here, service))


def may_ask(here: StaffAtBranch, service: ServiceView) -> bool:
    """Whether this person may ask people of a service how they may be contacted."""
    return service.id in here.services(SAFE_CONTACT_RIGHTS)


def question(here: StaffAtBranch) -> str:
    """What to ask people about contacts, in the branch's own words where it has some."""
    own = here.branch.text("safe_contact_q")
    return localised(own, here.language) if own else here.words.text("messages.way-question")


def contact_ways(here: StaffAtBranch, service: ServiceView) -> tuple[tuple[str, str], ...]:
    """The ways to contact somebody of a service, for whoever may ask; first that nobody has asked, and what holds then."""
    if not may_ask(here, service):
        return ()
    found = safe_contact.ways(here.branch.safe_contact, protected=service.confidentiality.protected)
    words = {way: here.words.text(f"messages.way-{way.value}") for way in found}
    return (
        ("", here.words.text("messages.way-not-asked", way=words[found[0]])),
        *((way.value, words[way]) for way in found),
    )


def stored(people: Sequence[ParticipantView]) -> tuple[Person, ...]:
    """Those of a booking besides whom it was booked for."""
    return tuple(
        Person(
            Role(one.role),
            one.name,
            contacts.shown(one.contact),
            one.reference,
            one.contact_way or "",
            one.contact_note,
            one.n,
        )
        for one in people
        if one.n
    )


def with_stored(people: Sequence[ParticipantView], others: Sequence[Person]) -> tuple[Person, ...]:
    """Those of a booking as they are now, and whoever was typed besides, for a form that was out of date."""
    known = stored(people)
    has = {(one.role, one.name.strip()) for one in known}
    new = (one for one in others if not one.n and not one.empty and (one.role, one.name.strip()) not in has)
    return (*known, *new)[:MOST_OTHERS]


def names_of(booking: BookingView, people: Sequence[ParticipantView]) -> list[tuple[Role, str]]:
    """Role and name of everybody besides whom a booking is for; "" for no name."""
    return [] if booking.erased_at else [(Role(one.role), one.name) for one in people if one.n]


def typed(others: Sequence[Person]) -> dict[str, str]:
    """The fields of these people, for a form that passes them on."""
    fields: dict[str, Any] = {OTHERS: len(others)} if others else {}
    for place, one in enumerate(others, 1):
        said = {"role": one.role, "name": one.name, "contact": one.contact, "reference": one.reference}
        said |= {"way": one.way or "", "note": one.note}
        fields |= {f"other-{place}-{name}": text for name, text in said.items() if text}
    return {name: str(value) for name, value in fields.items()}


def typed_answers(reference: str, way: str, note: str, issued_number: str) -> dict[str, str]:
    """The fields of what else was said about whom it is booked for, for a form that passes them on."""
    said = {"reference": reference, "way": way, "note": note, "issued_number": issued_number}
    return {name: text for name, text in said.items() if text}


def without(others: Sequence[Person], wrong: str) -> tuple[Person, ...]:
    """The same people without what was typed in the field `wrong`."""
    return tuple(
        replace(
            one,
            name="" if wrong == f"other-{place}-name" else one.name,
            contact="" if wrong == f"other-{place}-contact" else one.contact,
            reference="" if wrong == f"other-{place}-reference" else one.reference,
            way=None if wrong in (f"other-{place}-way", f"other-{place}-note") else one.way,
        )
        for place, one in enumerate(others, 1)
    )


def roles(words: Words) -> list[tuple[str, str]]:
    """The roles that a person can have, with their words."""
    return [(role.value, words.text(f"appointments.role-{role.value}")) for role in Role]


def errors_of(failure: DomainError | None, words: str) -> dict[str, str]:
    """The error by the id of the field that it belongs to; empty where it belongs to none of these fields."""
    field = failure.field if isinstance(failure, Invalid) else None
    if field == OTHERS:
        return {"other-1-name" if failure and failure.code == "parties-missing" else ONE_MORE: words}
    return {field: words} if field and field.startswith("other-") else {}


def _person(form: Mapping[str, str], start: str) -> Person:
    role, n = form.get(f"{start}role", ""), form.get(f"{start}n", "")
    return Person(
        Role(role) if role in set(Role) else Role.COMPANION,
        form.get(f"{start}name", ""),
        form.get(f"{start}contact", ""),
        form.get(f"{start}reference", ""),
        form.get(f"{start}way"),
        form.get(f"{start}note", ""),
        n=int(n) if n.isdecimal() and len(n) < 6 else 0,
    )
