"""The flow that all editors of settings share: what changes and what it takes away, then save, then undo.

A handler parses its form into edits and returns `await answer(…)`. The state of the flow is the posted form alone: the
page that shows what changes posts everything again to the same address, so the handler makes the same edits each time.

    step absent    show what the edits change and take away
    step=save      make them, if their effect is still the one that was shown; then 303 to `back`, with ?saved=<change>,
                   and &later=<number of appointments> if some were left undecided; where one person alone may not, the
                   page again, which says why
    step=ask       the same, and a second person is asked where one is needed
    step=form      the handler draws its own form again (`asks_for_form`)

A page to which one comes back shows `saved_notice(saved)` of `office/_saved.html`, where `saved` is `saved_at(request, …)`.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any, Final, TypeAlias
from urllib.parse import urlencode
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response

from ...actions.guarded_settings import ACTION, ask_for_change
from ...actions.second_person import SecondPersonNeeded
from ...actions.settings import Overtaken, UnfitSettings, preview_for, prospect_for, save
from ...core.errors import Stale
from ...core.promises import Choice, Choices
from ...core.rights import DECISION_RIGHTS
from ...i18n import dates
from ...settings.consistency import Located
from ...settings.edits import Conflict, Conflicted, Edit
from ...settings.objects import OF_BRANCH, OF_ORGANISATION
from ...store.database import Tx
from ...store.queries.access import staff_names
from ...store.queries.bookings import BookingView, called_off_by
from ...store.queries.changes import ChangeView, change, history, saved_together
from ...store.queries.previews import Preview, Prospect
from ...store.queries.settings import BranchSettings
from ...store.tables import ORGANISATION
from ...web import kit
from ...web.here import StaffHere, staff_here
from ...web.setting_words import fault_sentence
from .asked_settings import changes_of
from .asking import alone_until
from .changed import Sayer, fields_of_others, without_common
from .effects import BY_BOOKING, BY_WHY, ShownEffect, grouped, read_choices, rows_of, shown
from .frame import office_page
from .line_effects import BY_LINE, BY_TICKET
from .places import SettingsPlace, stored_place
from .resolving import KEEP, THEIRS, Disputed, key_of, resolved, seen_value
from .undecided import may_decide, may_in_line

STEP: Final = "step"
SAVE: Final = "save"
ASK: Final = "ask"
FORM: Final = "form"
SHA256: Final = "sha256"
NOTE: Final = "note"
#: After saving without a difference, in place of the id of a change.
NOTHING: Final = "nothing"
APPROVALS: Final = "/office/approvals"
# A hidden field may hold a whole file of settings.
_LONGEST: Final = 1_000_000
# So many fields, because a week may have hundreds of lines.
_MOST: Final = 20_000
# How often a foreseen save is tried, because the hall goes on while it is foreseen.
_ATTEMPTS: Final = 4
_LONGEST_NOTE: Final = 500

Item: TypeAlias = tuple[str, str]
#: Draws the form of a handler again with what is wrong; None if it cannot say it, and the flow says it.
Refused: TypeAlias = Callable[[tuple[Located, ...]], Awaitable[Response | None]]


@dataclass(frozen=True, slots=True)
class Saved:
    """What a page says after a save: `undo` is the address that takes it back, "" if nothing was to be changed.

    `later` is how many appointments were left to be decided later, 0 also for a person who may decide on none.
    """

    undo: str
    later: int = 0


@dataclass(frozen=True, slots=True)
class AtBranch:
    """What a change takes away at one branch; `names` where there are several branches."""

    slug: str
    names: Mapping[str, str] | None
    effect: ShownEffect


@dataclass(frozen=True, slots=True)
class Sent:
    """What the form of the flow sent."""

    items: tuple[Item, ...]

    def field(self, name: str) -> str:
        """The last text of that name."""
        return next((text for key, text in reversed(self.items) if key == name), "")

    @property
    def note(self) -> str:
        return self.field(NOTE).strip()[:_LONGEST_NOTE]

    def choices(self, may: Iterable[Choice]) -> Choices:
        """The decisions on what is lost."""
        return read_choices(self.items, frozenset(may))

    def repeated(self, disputed: Sequence[Disputed] = ()) -> list[Item]:
        """What the next page sends again: everything but what it asks anew."""
        asked = {f"{prefix}{one.key}" for one in disputed for prefix in (KEEP, f"{THEIRS}-")}
        own = {STEP, SHA256, NOTE}
        return [
            (name, text)
            for name, text in self.items
            if name not in own and name not in asked and not name.startswith((BY_WHY, BY_BOOKING, BY_LINE, BY_TICKET))
        ]


async def answer(
    request: Request,
    place: UUID,
    edits: Iterable[Edit],
    *,
    title: str,
    back: str,
    heading_href: str | None = None,
    undoes: UUID | None = None,
    refused: Refused | None = None,
    common: Iterable[Edit] = (),
    at_once: bool = False,
) -> Response:
    """Answer a form with edits of a place; `title` and `back` are the words and address of the page behind it.

    `heading_href` is where the link above the page leads, else `back`. `undoes` is the change that the edits take back.
    `refused` shows what is wrong beside the fields of the form; without it, the flow lists it. `common` are edits of the
    organisation that are made together with those of a branch. `at_once` saves what takes nothing away without showing it
    first. Raises Denied, Missing.
    """
    here = await staff_here(request)
    sent = Sent(tuple(await kit.form_items(request, _LONGEST, _MOST)))
    shape = OF_ORGANISATION if place == ORGANISATION else OF_BRANCH
    wanted = resolved(edits, sent.items, shape)
    flow = _Flow(here, place, wanted, tuple(common), sent, title, back, heading_href or back, undoes)
    # Only a save needs all of it, and what is not needed need not come from the other process.
    found = await flow.prospect() if at_once or sent.field(STEP) in (SAVE, ASK) else None
    told, changed = found.preview if found else await flow.preview(), False
    if at_once and all(one.takes_nothing for one in told.effects.values()):
        sent = Sent((*sent.items, (STEP, SAVE), (SHA256, told.sha256)))
        flow = replace(flow, sent=sent)
    if found and sent.field(STEP) in (SAVE, ASK) and told.may_be_saved and told.edits:
        try:
            return await flow.save(found)
        except (Conflicted, UnfitSettings):
            pass
        except Stale as error:
            if error.code != "effect-changed":
                raise
            changed = True
        told = await flow.preview()
    if told.faults and refused is not None and (drawn := await refused(told.faults)) is not None:
        return drawn
    if told.may_be_saved and not told.edits:
        return kit.see_other(_with_saved(back, NOTHING))
    return await flow.page(told, changed=changed)


def asks_for_form(items: Iterable[Item]) -> bool:
    """Whether the person wants to go on with the form."""
    return (STEP, FORM) in items


def saved_at(request: Request, slug: str) -> Saved | None:
    """What was just saved at a place, as its address says; None for nothing."""
    change = request.query_params.get("saved", "")
    if change == NOTHING:
        return Saved("")
    try:
        later = request.query_params.get("later", "")
        count = int(later) if re.fullmatch("[0-9]{1,6}", later) else 0
        return Saved(f"/office/undo/{slug}/{UUID(change)}", count) if change else None
    except ValueError:
        return None


@dataclass(frozen=True, slots=True)
class _Flow:
    """One request of the flow."""

    here: StaffHere
    place: UUID
    edits: tuple[Edit, ...]
    common: tuple[Edit, ...]
    sent: Sent
    title: str
    back: str
    heading_href: str
    undoes: UUID | None

    async def prospect(self) -> Prospect:
        return await self.here.read_apart(prospect_for, self.place, self.edits, self.here.person, self.common)

    async def preview(self) -> Preview:
        return await self.here.read_apart(preview_for, self.place, self.edits, self.here.person, self.common)

    async def save(self, found: Prospect) -> Response:
        """Save what was shown; if a second person is needed, say so, or ask for it if that was said."""
        here, sha256, told = self.here, self.sent.field(SHA256), found.preview
        choices = self.sent.choices(may_decide(here.person, told, await self._branches()))
        told_of: dict[str, Any] = {"actor": here.actor, "choices": choices, "note": self.sent.note}
        told_of |= {"undoes": self.undoes, "common": self.common}
        try:
            made = await self._saved(found, sha256, told_of)
        except SecondPersonNeeded as needed:
            if self.sent.field(STEP) != ASK:
                return await self.page(told, changed=False, reasons=needed.reasons)
            await here.write_anywhere(ask_for_change, self.place, self.edits, sha256, reasons=needed.reasons, **told_of)
            return kit.see_other(f"{APPROVALS}?said=asked")
        later = _left_for_later(told, choices) if made and here.person.may_somewhere(DECISION_RIGHTS) else 0
        return kit.see_other(_with_saved(self.back, str(made[0]) if made else NOTHING, later))

    async def _saved(self, found: Prospect, sha256: str, told_of: Mapping[str, Any]) -> tuple[UUID, ...]:
        """Save what is foreseen, so that the hall does not wait; where appointments change too fast for that, it waits.

        With edits of the organisation beside it, nothing is foreseen, because these are made first.
        """
        here, given = self.here, {"person": self.here.person, **told_of}
        for _ in range(0 if self.common else _ATTEMPTS):
            with suppress(Overtaken):
                return await here.write_anywhere(save, self.place, self.edits, sha256, foreseen=found, **given)
            found = await self.prospect()
        return await here.write_anywhere(save, self.place, self.edits, sha256, **given)

    async def page(self, told: Preview, *, changed: bool, reasons: tuple[str, ...] = ()) -> Response:
        """What the edits change; or the choices in a conflict; or what is wrong. `reasons` are those for a second person."""
        place = await self.here.read(stored_place, self.place, "", self.here.person, self.common)
        say = Sayer(place, self.here.words)
        disputed = await self._disputed(told.conflicts, place, say)
        branches = await self._branches()
        choices = self.sent.choices(may_decide(self.here.person, told, branches))
        effects = self._effects(told, branches, choices)
        off = [] if self.undoes is None else await self.here.read(_called_off, self.place, self.undoes)
        context: dict[str, Any] = {
            "title": self.title,
            "heading_href": self.heading_href,
            "place_names": place.names,
            "hidden": self.sent.repeated(disputed),
            "changes": await self.here.read(
                changes_of, self.place, told.edits, self.common, self.here.person, self.here.words
            ),
            "merged": fields_of_others(self.edits, place, say),
            "disputed": disputed,
            "faults": _sentences(told.faults, place, say, self.here),
            "effects": effects,
            "everywhere": _all_groups(effects),
            "regained": told.regained,
            "called_off": rows_of(off, branches, self.here.words),
            "sha256": told.sha256,
            "note": self.sent.note,
            "changed": changed,
            "reasons": reasons,
            "alone": await alone_until(self.here, self.place, ACTION) if reasons else None,
        }
        status = 409 if disputed or changed else 422 if told.faults else 200
        belongs = self.back.partition("?")[0]
        return await office_page(self.here, "office/edit.html", context, status=status, belongs=belongs)

    async def _branches(self) -> dict[UUID, BranchSettings]:
        return {branch.id: branch for branch in await self.here.all_branches()}

    def _effects(self, told: Preview, branches: Mapping[UUID, BranchSettings], choices: Choices) -> list[AtBranch]:
        may = may_decide(self.here.person, told, branches)
        found = [
            AtBranch(
                branches[key].slug,
                branches[key].names if self.place == ORGANISATION else None,
                shown(
                    effect,
                    branches[key],
                    self.here.words,
                    choices,
                    may,
                    may_in_line(self.here.person, branches[key]),
                    alone=told.alone.get(key, ()),
                ),
            )
            for key, effect in told.effects.items()
            if key in branches
        ]
        return [one for one in found if not one.effect.nothing]

    async def _disputed(self, conflicts: Sequence[Conflict], place: SettingsPlace, say: Sayer) -> list[Disputed]:
        if not conflicts:
            return []
        names = await self.here.read(staff_names)
        changes = await self.here.read(history, self.place)
        return [self._dispute(one, place, say, names, changes) for one in conflicts]

    def _dispute(
        self,
        one: Conflict,
        place: SettingsPlace,
        say: Sayer,
        names: Mapping[UUID, str],
        changes: Sequence[ChangeView],
    ) -> Disputed:
        last = next((change for change in changes if _changed_it(change, one)), None)
        if one.field:
            label = say.label(one.kind, one.field)
            was, theirs, yours = (
                say.value(one.kind, one.field, value) for value in without_common((one.was, one.theirs, one.yours))
            )
        else:
            label = say.name(one.kind, one.slug, one.yours or one.was)
            was = self.here.words.text("office.edit-absent" if one.was is None else "office.edit-there")
            theirs, yours = (
                say.whole(one.kind, one.slug, *both) for both in ((one.theirs, one.yours), (one.yours, one.theirs))
            )
        return Disputed(
            key=key_of(one.kind, one.slug, one.field),
            name=say.name(one.kind, one.slug) if one.field else "",
            label=label,
            was=was,
            theirs=theirs,
            yours=yours,
            seen=seen_value(one),
            by=_who(last, names),
            at=dates.day_time(last.at, place.zone, self.here.words) if last else "",
        )


def _left_for_later(told: Preview, choices: Choices) -> int:
    lost = (one for effect in told.effects.values() for one in effect.bookings)
    return sum(choices.of(one.id, one.why) is Choice.LATER for one in lost)


def _all_groups(effects: Sequence[AtBranch]) -> ShownEffect | None:
    """What is lost at several branches as one list, because the choices are made for all of them; None at one branch."""
    if len(effects) < 2:
        return None
    rows = [(group.why, row) for one in effects for group in one.effect.groups for row in group.rows]
    chosen = {group.why: group.chosen for one in effects for group in one.effect.groups}
    return ShownEffect(grouped(rows, Choices(chosen)), (), (), (), effects[0].effect.choices)


def _sentences(faults: Iterable[Located], place: SettingsPlace, say: Sayer, here: StaffHere) -> list[tuple[str, str]]:
    """What is wrong, each with the thing that it is about."""
    things = place.things(here.words)
    return [
        (say.name(one.kind, one.slug or place.slug), fault_sentence(one.fault, things, here.words)) for one in faults
    ]


def _changed_it(change: ChangeView, conflict: Conflict) -> bool:
    if (change.kind, change.slug) != (conflict.kind, conflict.slug):
        return False
    top = conflict.field.partition(".")[0]
    whole = change.before is None or change.after is None
    return not top or whole or top in Edit(change.kind, change.slug, change.before, change.after).fields


def _who(change: ChangeView | None, names: Mapping[UUID, str]) -> str:
    try:
        return names.get(UUID(change.actor_id), "") if change else ""
    except ValueError:
        return ""


def _called_off(tx: Tx, place: UUID, change_id: UUID) -> list[BookingView]:
    """The appointments to come that a change, or what was saved together with it, has called off."""
    together = saved_together(tx, place, change(tx, place, change_id).save_id)
    return called_off_by(tx, [one.id for one in together])


def _with_saved(back: str, saved: str, later: int = 0) -> str:
    told = {"saved": saved} | ({"later": str(later)} if later else {})
    return f"{back}{'&' if '?' in back else '?'}{urlencode(told)}"
