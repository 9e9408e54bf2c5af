"""What the import of a branch would do, line by line, in English for the command line."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from .core.effect import Effect
from .i18n import isolates
from .i18n.sentences import error_sentence
from .i18n.words import words_for
from .settings.consistency import Located
from .settings.edits import Edit
from .store.queries.arrivals import Incoming

#: Longer values are cut in the list.
WIDTH: Final = 60


def told(found: Incoming) -> Iterator[str]:
    """What an import would do, line by line."""
    arrival = found.arrival
    for edit in arrival.common:
        yield f"organisation: {_edit(edit)}"
    for kind, slug in arrival.differing:
        yield f"organisation: {kind} {slug} is another one here, and stays"
    if found.place is None:
        yield f"new branch {arrival.branch.slug}"
    for edit in arrival.edits:
        yield f"{arrival.branch.slug}: {_edit(edit)}"
        yield from _fields(edit)
    yield from (_fault(one) for one in found.preview.faults)
    for effect in found.preview.effects.values():
        yield from _effect(effect)
    if found.does_nothing:
        yield f"{arrival.branch.slug} is as the file says already."


def _edit(edit: Edit) -> str:
    if edit.was is None:
        return f"{edit.kind} {edit.slug} is added"
    if edit.now is None:
        return f"{edit.kind} {edit.slug} is removed"
    if edit.now.get("until") is not None and edit.was.get("until") is None:
        return f"{edit.kind} {edit.slug} ends with {edit.now['until']}"
    return f"{edit.kind} {edit.slug} is changed"


def _fields(edit: Edit) -> Iterator[str]:
    if edit.was is not None and edit.now is not None:
        for name in edit.fields:
            yield f"    {name}: {_value(edit.was, name)} → {_value(edit.now, name)}"


def _value(values: Mapping[str, Any], name: str) -> str:
    if name not in values:
        return "–"
    said = json.dumps(values[name], ensure_ascii=False)
    return said if len(said) <= WIDTH else said[: WIDTH - 1] + "…"


def _fault(one: Located) -> str:
    sentence = isolates.strip(error_sentence(one.fault.code, one.fault.values, words_for("en")))
    return f"WRONG {one.kind} {one.slug}: {': '.join(filter(None, (one.field, sentence)))}"


def _effect(effect: Effect) -> Iterator[str]:
    if effect.days:
        yield f"{len(effect.days)} days get other hours"
    if effect.bookings:
        yield f"{len(effect.bookings)} appointments lose their time; they will wait in the office's list to be decided"
    if effect.tickets:
        yield f"{len(effect.tickets)} people in line are no longer served; they will wait in the office's list to be decided"
    for device in effect.devices:
        yield f"{device.kind} {device.slug} has nothing left to show"
