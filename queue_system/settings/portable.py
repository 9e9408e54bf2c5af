"""A branch on its way from one installation to another: its settings, and the entries of the catalogue that it uses.

    portable(branch, catalogue)           what an export takes along
    arriving(file, organisation, …)       what an import changes at its destination

Decision 0028.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from .branch import Branch
from .catalogue import Catalogue
from .devices import Device, PrinterPlace
from .edits import Edit, difference
from .objects import OF_BRANCH, OF_ORGANISATION, Key, fields_of
from .organisation import Profile
from .references import references, used_entries


@dataclass(frozen=True, slots=True)
class Portable:
    """A branch with the entries that it uses. `has_addresses`: printers say where they are connected."""

    branch: Branch
    catalogue: Catalogue
    has_addresses: bool = False


@dataclass(frozen=True, slots=True)
class Arrival:
    """What an import would change.

    `branch` is the value wanted; `edits` lead to it from the present branch, () if it is new. `common` are edits of the
    organisation, which add the entries that it does not have; `differing` entries it has with other values, which stay.
    """

    branch: Branch
    edits: tuple[Edit, ...]
    common: tuple[Edit, ...]
    differing: tuple[Key, ...]


def portable(branch: Branch, catalogue: Catalogue, *, addresses: bool = False) -> Portable:
    """A branch as it leaves, with the addresses of its printers only if `addresses`."""
    parts: dict[str, Any] = {}
    for (kind, slug), entry in used_entries(branch, catalogue).items():
        parts.setdefault(OF_ORGANISATION.things[kind], {})[slug] = entry
    leaving = branch if addresses else _with_places(branch, lambda _, place: PrinterPlace(role=place.role))
    return Portable(leaving, Catalogue(**parts), addresses)


def arriving(
    file: Portable,
    organisation: Profile,
    current: Branch | None,
    slug: str,
    *,
    used: Collection[Key] = (),
    today: date,
) -> Arrival:
    """What becomes of a branch `slug` by this file; `current` is the present one, None for a new one.

    What the file does not have is removed, or ends yesterday if it is among the `used`, because it has a history. Printers
    keep their addresses if the file has none. What the organisation has already is never changed by a branch.
    """
    known = organisation.catalogue
    entries = used_entries(file.branch, file.catalogue)
    here = {key: getattr(known, OF_ORGANISATION.things[key[0]]).get(key[1]) for key in entries}
    missing = [key for key, entry in here.items() if entry is None]
    richer = organisation.changed(catalogue=_added(known, {key: entries[key] for key in missing}))
    branch = _at(file.branch, slug, current)
    if current is not None:
        if sorted(map(repr, branch.hours)) == sorted(map(repr, current.hours)):
            # A file has the lines of each layer together; their order among the layers says nothing.
            branch = branch.changed(hours=current.hours)
        branch = _with_history(branch, current, used, today - timedelta(days=1))
        if not file.has_addresses:
            branch = placed_as(branch, current)
    return Arrival(
        branch,
        difference(current, branch) if current is not None else (),
        difference(organisation, richer),
        tuple(key for key, entry in here.items() if entry is not None and entry != entries[key]),
    )


def placed_as(branch: Branch, current: Branch) -> Branch:
    """The branch with its printers where `current` has them; a printer that is not there has no address."""
    return _with_places(branch, lambda device, place: _known_place(device, place, current))


def _at(branch: Branch, slug: str, current: Branch | None) -> Branch:
    """The branch at its place; a file of another branch changes neither the name nor the kind of the place."""
    if branch.slug == slug:
        return branch
    own = {"kind": "office"} if current is None else {"kind": current.kind, "names": current.names}
    return branch.changed(slug=slug, **own)


def _added(catalogue: Catalogue, entries: Mapping[Key, Any]) -> Catalogue:
    parts = {name: getattr(catalogue, name) for name in Catalogue.model_fields}
    for (kind, slug), entry in entries.items():
        field = OF_ORGANISATION.things[kind]
        parts[field] = {**parts[field], slug: entry}
    return Catalogue(**parts)


def _with_history(branch: Branch, current: Branch, used: Collection[Key], last: date) -> Branch:
    """The branch with what it may not lose, retired where it can be, and with what that refers to."""
    keep = dict.fromkeys(sorted(_needed(branch, current, used)))
    parts: dict[str, Any] = {}
    for kind, slug in keep:
        field = OF_BRANCH.things[kind]
        thing = getattr(current, field)[slug]
        if "until" in fields_of(kind, OF_BRANCH) and not (thing.until and thing.until <= last):
            thing = thing.changed(until=last)
        parts[field] = {**parts.get(field, getattr(branch, field)), slug: thing}
    return branch.changed(**parts) if parts else branch


def _needed(branch: Branch, current: Branch, used: Collection[Key]) -> set[Key]:
    """What of the current branch stays although the file does not have it: the used, and all that those refer to."""
    found: set[Key] = set()
    waiting = list(used)
    while waiting:
        kind, slug = waiting.pop()
        field = OF_BRANCH.things.get(kind)
        if field is None or (kind, slug) in found or slug in getattr(branch, field):
            continue
        thing = getattr(current, field).get(slug)
        if thing is None:
            continue
        found.add((kind, slug))
        if not isinstance(thing, dict):
            waiting += references(thing)
    return found


def _with_places(branch: Branch, place_of: Callable[[Device, PrinterPlace], PrinterPlace]) -> Branch:
    devices = {
        slug: device if device.place is None else device.changed(place=place_of(device, device.place))
        for slug, device in branch.devices.items()
    }
    return branch.changed(devices=devices)


def _known_place(device: Device, place: PrinterPlace, current: Branch) -> PrinterPlace:
    known = current.devices.get(device.slug)
    here = PrinterPlace() if known is None or known.place is None else known.place
    return here.changed(role=place.role)


def starting(origin: Branch, slug: str, **own: Any) -> Branch:
    """A new branch `slug` that starts like `origin`; what belongs to the place is `own`, or as usual.

    Its printers have no address yet. Raises Faulty for what cannot be set.
    """
    usual = {name: Branch.model_fields[name].get_default() for name in ("address", "phone", "email", "coordinates")}
    started = {"slug": slug, "kind": "office", "closures": (), "occasions": {}, "outreach_days": ()}
    branch = _with_places(origin, lambda _, place: PrinterPlace(role=place.role))
    return branch.changed(**{**usual, **started, "inherits_from": origin.slug, **own})
