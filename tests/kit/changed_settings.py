"""Random changes of a branch or of an organisation, as people in an office make them. References may break."""

from __future__ import annotations

import copy
from collections.abc import Callable
from random import Random
from typing import Any, TypeAlias, TypeVar

from pydantic import ValidationError

from queue_system.profiles import profile_names
from queue_system.settings.branch import Branch
from queue_system.settings.objects import Objects, objects_of, place_of, shape_of
from queue_system.settings.organisation import Profile
from tests.kit.furnished import profile_of

P = TypeVar("P", bound=Branch | Profile)
Change: TypeAlias = Callable[[Random, Objects, str], None]


def a_branch(random: Random) -> Branch:
    """A branch of one of the profiles."""
    return random.choice(list(profile_of(random.choice(profile_names())).branches.values()))


def changed(random: Random, place: P, most: int = 4) -> P:
    """The place after some changes; what could not be set is left out."""
    for _ in range(random.randint(1, most)):
        objects = copy.deepcopy(objects_of(place))
        random.choice(CHANGES)(random, objects, place.slug)
        try:
            place = place_of(objects, place)
        except ValidationError:
            continue
    return place


def rename(random: Random, objects: Objects, _: str) -> None:
    """Give something another name, or an additional one."""
    values = random.choice([values for values in objects.values() if "names" in values])
    values["names"] = {**values["names"], random.choice(("ar", "en", "tr")): random.choice(("اسم", "name", "x y"))}


def adjust(random: Random, objects: Objects, _: str) -> None:
    """Change one value, at any depth, to another of its type."""
    values = random.choice(list(objects.values()))
    name = random.choice(sorted(values)) if values else ""
    if name and not isinstance(values[name], list):
        values[name] = _other(random, values[name])


def forget(random: Random, objects: Objects, _: str) -> None:
    """Unset a field."""
    values = random.choice(list(objects.values()))
    if values:
        del values[random.choice(sorted(values))]


def lists(random: Random, objects: Objects, place: str) -> None:
    """Remove, repeat in another form, or move an item of a list."""
    found = [
        (values, name)
        for values in objects.values()
        for name, value in values.items()
        if value and isinstance(value, list)
    ]
    values, name = random.choice(found)
    items = list(values[name])
    index = random.randrange(len(items))
    match random.randrange(3):
        case 0 if not isinstance(items[index], str) or len(items) > 1:
            del items[index]
        case 1 if isinstance(items[index], dict):
            items.insert(random.randrange(len(items) + 1), _other(random, items[index]))
        case _:
            random.shuffle(items)
    values[name] = items


def remove(random: Random, objects: Objects, place: str) -> None:
    """Remove a thing."""
    kind, slug = random.choice([key for key in objects if key[1] != place])
    own, shape = _own(objects, place)
    own[shape[kind]].remove(slug)
    del objects[kind, slug]


def add(random: Random, objects: Objects, place: str) -> None:
    """Add a copy of a thing, anywhere."""
    kind, slug = random.choice([key for key in objects if key[1] != place])
    own, shape = _own(objects, place)
    new = f"new-{random.randrange(1000)}"
    order = own[shape[kind]]
    if new not in order:
        order.insert(random.randrange(len(order) + 1), new)
        objects[kind, new] = copy.deepcopy(objects[kind, slug])


CHANGES: tuple[Change, ...] = (rename, adjust, adjust, forget, lists, lists, remove, add)


def _own(objects: Objects, place: str) -> tuple[dict[str, Any], Any]:
    kind = "branch" if ("branch", place) in objects else "organisation"
    shape = shape_of(next(iter(profile_of("embassy").branches.values())) if kind == "branch" else profile_of("embassy"))
    return objects[kind, place], shape.things


def _other(random: Random, value: Any) -> Any:
    match value:
        case bool():
            return not value
        case int() | float():
            return value + random.choice((-1, 1, 5))
        case dict() if value:
            name = random.choice(sorted(value))
            return {**value, name: _other(random, value[name])}
        case str() if value[2:3] == ":":
            return f"{random.randrange(24):02}:{random.choice((0, 15, 30)):02}"
        case str() if value[4:5] == "-" and len(value) == 10:
            return f"{value[:8]}{random.randint(1, 28):02}"
        case str():
            return random.choice((f"{value} x", value.swapcase(), "fcfs", "random"))
    return value
