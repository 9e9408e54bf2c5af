"""What a form says about the contact that it asks for: what is sent to it, when it is called, and what else it is for.

Whoever types a contact must not learn anything about the person whose it is, so nothing here depends on the contact itself
or on what its owner chose before.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

from ...core.messages import MAIL, SMS, Level, sent_as
from ...core.safe_contact import SHOWN
from ...store.queries.messages import level_of_service, way_in_force
from ...store.queries.settings import BranchSettings, ServiceView


def contact_use(branch: BranchSettings, services: Collection[ServiceView], sends: Collection[str]) -> list[str]:
    """The keys of the sentences, for appointments of these services; `sends` is what the installation sends."""
    by_phone = any(one.by_phone for one in services)
    levels = {level_of_service(branch, one.id) for one in services} - {Level.NONE}
    sent = {channel: {one for one in levels if sent_as(channel, one) in sends} for channel in (MAIL, SMS)}
    if by_phone:
        # No other contact is taken there.
        sent[MAIL] = set()
    calls = any(way_in_force(branch, one.id, None) in SHOWN for one in services)
    return [*_uses(sent[MAIL], sent[SMS], by_phone=by_phone, calls=calls), "booking.contact-needed"]


def _uses(by_mail: Collection[Level], by_text: Collection[Level], *, by_phone: bool, calls: bool) -> Iterator[str]:
    if by_phone:
        yield "booking.phone-use" if calls else "booking.phone-use-only"
    if by_mail:
        yield "booking.contact-by-mail"
    if by_text:
        yield "booking.contact-by-text"
    if {*by_mail, *by_text} == {Level.NEUTRAL}:
        yield "booking.contact-neutral"
    if by_phone:
        return
    if by_mail or by_text:
        if calls:
            yield "booking.contact-called"
    else:
        yield "booking.contact-called-only" if calls else "booking.contact-unused"
