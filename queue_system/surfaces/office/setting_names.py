"""What people call the objects of settings and their fields, for the log. What has no name is called by its slug."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from markupsafe import Markup

from ...i18n.filters import localised
from ...i18n.words import Words
from ...settings.objects import OF_BRANCH, OF_ORGANISATION, fields_of
from ...settings.references import object_kind
from ...store.queries.audit import NamesOfLog
from ...web.setting_words import label_of, things_of_catalogue, usual_name


def name_of(kind: str, slug: str, then: Mapping[str, Any], names: NamesOfLog, words: Words) -> Markup:
    """The name of an object: that of its naming fields `then`, else the present one."""
    past = words.number(then["number"]) if kind == "counter" and "number" in then else ""
    # The names of a text are what it says, and those of a letter how it is spoken.
    past = past or ("" if kind in ("text", "letter", "message") else localised(then.get("names"), words.language))
    return Markup("<bdi>{}</bdi>").format(past or _name(kind, slug, names, words) or usual_name(kind, slug, words))


def labels_of(kind: str, fields: Iterable[str], names: NamesOfLog, words: Words) -> Markup:
    """The labels of fields, one after the other; a field that is no longer declared by its own name."""
    shape = OF_BRANCH if names.settings else OF_ORGANISATION
    known = fields_of(kind, shape) if kind == shape.kind or kind in shape.things else {}
    labels = dict.fromkeys(label_of(known[one], one, words) if one in known else one for one in fields)
    return Markup(" · ").join(Markup("<bdi>{}</bdi>").format(label) for label in labels)


def _name(kind: str, slug: str, names: NamesOfLog, words: Words) -> str:
    if kind == "role":
        return localised(names.roles.get(slug), words.language)
    if kind == "device":
        found = next((one for one in names.devices.values() if one.slug == slug), None)
        return localised(found.names, words.language) if found else ""
    if names.organisation is not None:
        if kind == OF_ORGANISATION.kind:
            return localised(names.organisation.names, words.language)
        called = things_of_catalogue(names.organisation.catalogue, words)
        return next((found[slug] for of, found in called.items() if object_kind(of) == kind and slug in found), "")
    settings = names.settings
    if settings is None:
        return ""
    if kind == "branch":
        return localised(settings.names, words.language)
    if kind == "counter":
        return next((words.number(one.number) for one in settings.counters.values() if one.slug == slug), "")
    things: Mapping[str, Iterable[Any]] = {
        "department": settings.departments.values(),
        "queue": settings.queues.values(),
        "resource": settings.resources.values(),
        "service": settings.services.values(),
        "zone": settings.zones.values(),
        "priority": settings.priorities.values(),
    }
    thing = next((one for one in things.get(kind, ()) if one.slug == slug), None)
    return localised(getattr(thing, "names", None), words.language) if thing else ""
