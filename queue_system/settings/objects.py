"""A place of settings (a branch, or the organisation) as objects that are edited one by one.

Each object has a kind and a slug, and its values by field, ready for JSON. A field that has its default is left out, so
equal settings have equal values. What the place has once is an object of its own, with the order of the others: the
field `services` of a branch is the list of their slugs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Annotated, Any, Final, TypeAlias, TypeVar

from pydantic import TypeAdapter, ValidationError

from .branch import Branch
from .catalogue import Catalogue, Season
from .declared import Declared, Names, Thing, entry_of
from .devices import KITS
from .organisation import OrganisationOwn, Profile

Values: TypeAlias = Mapping[str, Any]
#: Kind and slug.
Key: TypeAlias = tuple[str, str]
Objects: TypeAlias = dict[Key, dict[str, Any]]
P = TypeVar("P", bound=Branch | Profile)


class Named(Declared):
    """What has a name only."""

    names: Names


class Sentence(Named):
    """A text of a page."""


class Spoken(Named):
    """How a letter is spoken."""


class Stretches(Declared):
    """The periods of one season."""

    stretches: tuple[Season, ...]


@dataclass(frozen=True, eq=False, slots=True)
class Shape:
    """A sort of place: the kind of its own object, the declarations of that object's fields, the fields of things by kind."""

    kind: str
    own: tuple[type[Declared], ...]
    things: Mapping[str, str]

    @property
    def lists(self) -> frozenset[str]:
        """The fields of the own object that say the order of things."""
        return frozenset(self.things.values())


OF_BRANCH: Final = Shape(
    "branch",
    (Branch,),
    {
        "department": "departments",
        "queue": "queues",
        "resource": "resources",
        "service": "services",
        "zone": "zones",
        "counter": "counters",
        "calling_profile": "calling_profiles",
        "skill": "skills",
        "device": "devices",
        "occasion": "occasions",
        "text": "texts",
        "message": "messages",
    },
)
OF_ORGANISATION: Final = Shape(
    "organisation",
    (OrganisationOwn, Catalogue),
    {
        "confidentiality": "confidentialities",
        "letter": "spoken_prefixes",
        "priority": "priorities",
        "policy": "policies",
        "service_tag": "service_tags",
        "zone": "zones",
        "document": "documents",
        "season": "seasons",
        "device_model": "device_models",
        "text": "texts",
        "role": "roles",
        "calendar": "calendars",
        "message": "messages",
    },
)


def shape_of(place: Branch | Profile) -> Shape:
    """The sort of a place."""
    return OF_BRANCH if isinstance(place, Branch) else OF_ORGANISATION


def objects_of(place: Branch | Profile) -> Objects:
    """The objects of a place, each after those before it in its list; an organisation without its branches."""
    shape = shape_of(place)
    found: Objects = {(shape.kind, place.slug): own_values(place)}
    kinds = {field: kind for kind, field in shape.things.items()}
    for name in fields_of(shape.kind, shape):
        if name in kinds:
            things = _field(place, name)
            found |= {(kinds[name], slug): values_of(kinds[name], thing) for slug, thing in things.items()}
    return found


def object_at(place: Branch | Profile, key: Key) -> dict[str, Any] | None:
    """One of `objects_of`, None if it is not there; all of them cost some milliseconds."""
    (kind, slug), shape = key, shape_of(place)
    if key == (shape.kind, place.slug):
        return own_values(place)
    thing = _field(place, shape.things[kind]).get(slug) if kind in shape.things else None
    return None if thing is None else values_of(kind, thing)


def own_values(place: Branch | Profile) -> dict[str, Any]:
    """The values of the own object of a place, with the order of its things."""
    shape = shape_of(place)
    own: dict[str, Any] = {}
    for name, declaration in fields_of(shape.kind, shape).items():
        value = _field(place, name)
        if name in shape.lists:
            own[name] = list(value)
        elif not _is_default(declaration, name, value):
            own[name] = _dumped(declaration, name, value)
    return own


def values_of(kind: str, thing: Any) -> dict[str, Any]:
    """The values of one thing, without its slug."""
    declared = thing if isinstance(thing, Thing) else _nameless(kind, thing)
    names = (name for name in type(declared).model_fields if name != "slug")
    return {
        name: _dumped(type(declared), name, getattr(declared, name))
        for name in names
        if not _is_default(type(declared), name, getattr(declared, name))
    }


def place_of(objects: Mapping[Key, Values], like: P) -> P:
    """The place that has these objects; what is no object is taken from `like`. Raises pydantic's ValidationError."""
    shape = shape_of(like)
    own = _whole(objects, shape, like.slug)
    if isinstance(like, Branch):
        return like.model_validate({**own, "slug": like.slug})
    catalogue = {name: own.pop(name) for name in Catalogue.model_fields if name in own}
    return like.model_validate(
        {**own, "slug": like.slug, "catalogue": catalogue, "branches": like.branches, "sha256": like.sha256}
    )


def _field(place: Branch | Profile, name: str) -> Any:
    shape = shape_of(place)
    if isinstance(place, Profile) and fields_of(shape.kind, shape)[name] is Catalogue:
        return getattr(place.catalogue, name)
    return getattr(place, name)


def _whole(objects: Mapping[Key, Values], shape: Shape, slug: str) -> dict[str, Any]:
    """The own object of a place with its things in place of their slugs; a thing that no list names comes last."""
    own = dict(objects[shape.kind, slug])
    for kind, field in shape.things.items():
        things = {name: values for (of, name), values in objects.items() if of == kind}
        order = dict.fromkeys((*(name for name in own.get(field, ()) if name in things), *things))
        own[field] = {name: _entry(kind, name, things[name], shape) for name in order}
    return own


def normal(kind: str, values: Values, shape: Shape) -> dict[str, Any]:
    """Values of some fields as `objects_of` gives them; what cannot be set stays as it is, for validation to find it."""
    fields = fields_of(kind, shape)
    found: dict[str, Any] = {}
    for name, value in values.items():
        if name in fields and not (kind == shape.kind and name in shape.lists):
            try:
                declared = _adapter(fields[name], name).validate_python(value)
            except ValidationError:
                found[name] = value
            else:
                if not _is_default(fields[name], name, declared):
                    found[name] = _dumped(fields[name], name, declared)
        else:
            found[name] = value
    return found


@cache
def fields_of(kind: str, shape: Shape) -> Mapping[str, type[Declared]]:
    """The fields of objects of a kind, each with the declaration that has it. A slug never changes, so it is not one."""
    declarations = shape.own if kind == shape.kind else (declaration_of(kind, shape),)
    return {name: declaration for declaration in declarations for name in declaration.model_fields if name != "slug"}


def declaration_of(kind: str, shape: Shape) -> type[Declared]:
    """The declaration of the things of a kind; KeyError for a kind that the place does not have."""
    field = shape.things[kind]
    entry = entry_of(next(part for part in shape.own if field in part.model_fields), field)
    if isinstance(entry, type) and issubclass(entry, Thing):
        return entry
    return _NAMELESS.get(kind, Named)


_NAMELESS: Final[Mapping[str, type[Declared]]] = {"season": Stretches, "text": Sentence, "letter": Spoken}


def _nameless(kind: str, thing: Any) -> Declared:
    return Stretches(stretches=thing) if kind == "season" else Named(names=thing)


def _entry(kind: str, slug: str, values: Values, shape: Shape) -> Any:
    """A thing in the form that its place is validated from."""
    declaration = declaration_of(kind, shape)
    if issubclass(declaration, Thing):
        return {**values, "slug": slug}
    return values.get(next(iter(declaration.model_fields)))


def _is_default(declaration: type[Declared], name: str, value: Any) -> bool:
    required, default = _default(declaration, name)
    return not required and bool(value == default)


@cache
def _default(declaration: type[Declared], name: str) -> tuple[bool, Any]:
    """Whether a field is required, and its default, which is only compared."""
    field = declaration.model_fields[name]
    return field.is_required(), field.get_default(call_default_factory=True)


def _dumped(declaration: type[Declared], name: str, value: Any) -> Any:
    found = _adapter(declaration, name).dump_python(value, mode="json", exclude_defaults=True)
    if (kit := next((kind for kind, of in KITS.items() if isinstance(value, of)), None)) is not None:
        # It has a default, but says which kit it is.
        return {"kind": kit, **found}
    return found


@cache
def _adapter(declaration: type[Declared], name: str) -> TypeAdapter[Any]:
    field = declaration.model_fields[name]
    annotation: Any = Annotated[(field.annotation, *field.metadata)] if field.metadata else field.annotation
    return TypeAdapter(annotation)
