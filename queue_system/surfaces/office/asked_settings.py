"""A change of settings that waits for a second person, in words: the same changes that its author saw."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from uuid import UUID

from ...actions.guarded_settings import common_of, edits_by_place, edits_of
from ...core.promises import Choice
from ...i18n.words import Words
from ...settings.edits import Edit
from ...settings.objects import OF_BRANCH, OF_ORGANISATION
from ...store.database import Tx
from ...store.queries.access import StaffView
from ...store.queries.approvals import ApprovalView
from ...store.tables import ORGANISATION
from .changed import ChangedObject, Sayer
from .places import stored_place


@dataclass(frozen=True, slots=True)
class AskedChange:
    """What was asked for; `decided` are sentences about the appointments that would lose their time now."""

    changes: tuple[ChangedObject, ...]
    decided: tuple[str, ...]


def in_words(
    tx: Tx, requests: list[ApprovalView], decided: Mapping[UUID, Mapping[Choice, int]], person: StaffView, words: Words
) -> dict[UUID, AskedChange]:
    """Changes of settings that were asked for, by their ids; `decided` is what `decided_now` says of the `known` ones."""
    return {one.id: _in_words(tx, one, decided.get(one.id), person, words) for one in requests}


def _in_words(
    tx: Tx, one: ApprovalView, decided: Mapping[Choice, int] | None, person: StaffView, words: Words
) -> AskedChange:
    if decided is None:
        return AskedChange((), (words.text("approvals.of-another-version"),))
    edits, common = edits_of(one.params), common_of(one.params)
    return AskedChange(changes_of(tx, one.place, edits, common, person, words), decided_in_words(decided, words))


def known(requests: Iterable[ApprovalView]) -> list[ApprovalView]:
    """Those whose settings this program has; a request can be from another version."""
    return [one for one in requests if all(_is_known(place, edit) for place, edit in edits_by_place(one))]


def _is_known(place: UUID, edit: Edit) -> bool:
    """Whether this program has such a kind of setting."""
    shape = OF_ORGANISATION if place == ORGANISATION else OF_BRANCH
    return edit.kind in (shape.kind, *shape.things)


def changes_of(
    tx: Tx, place: UUID, edits: Iterable[Edit], common: Iterable[Edit], person: StaffView, words: Words
) -> tuple[ChangedObject, ...]:
    """Edits of a place in words, after those of the organisation, `common`, that are made first."""
    common = tuple(common)
    first = Sayer(stored_place(tx, ORGANISATION, "", person), words).changes(common) if common else []
    return (*first, *Sayer(stored_place(tx, place, "", person, common), words).changes(edits))


def decided_in_words(counts: Mapping[Choice, int], words: Words) -> tuple[str, ...]:
    """What becomes of how many appointments, a sentence each."""
    keys = {
        "approvals.to-move": Choice.MOVE,
        "approvals.to-call-off": Choice.CANCEL,
        "approvals.to-keep": Choice.KEEP,
        "approvals.to-decide": Choice.LATER,
    }
    return tuple(words.plural(key, counts[choice]) for key, choice in keys.items() if counts.get(choice))
