"""The slug of a new thing: made of its English name, or chosen where its kind has certain slugs, as a letter of the alphabet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from ...i18n.words import Words
from ...settings.faults import Fault
from ...settings.objects import normal
from ...web.setting_forms import Drawn, new_slug
from ...web.setting_posted import Posted
from ...web.setting_shapes import Choice
from ...web.setting_words import fault_sentence, usual_name
from .places import SettingsPlace, named
from .setting_kinds import Kind

#: The field that chooses it.
SLUG: Final = "slug"


@dataclass(frozen=True, slots=True)
class SlugField:
    """The field of a form that chooses the slug of a new thing; before all others."""

    label: str
    shape: Choice

    def read(self, posted: Posted) -> tuple[str, tuple[Fault, ...]]:
        """The slug; "" with what is wrong."""
        slug = posted.text(SLUG)
        if not slug:
            return "", (Fault("setting-missing", SLUG),)
        if slug not in self.shape.meant:
            return "", (Fault("setting-unknown", SLUG, {"word": slug}),)
        return slug, ()

    def before(self, drawn: Drawn, posted: Posted, faults: Sequence[Fault], words: Words) -> Drawn:
        """A form with this field before its own."""
        error = next((fault_sentence(one, {}, words) for one in faults if one.field == SLUG), "")
        field = replace(self.shape.draw(posted, SLUG), label=self.label, needed=True, error=error)
        errors = {SLUG: error, **drawn.errors} if error else drawn.errors
        return replace(drawn, fields=(field, *drawn.fields), errors=errors)


def slug_field(kind: Kind, place: SettingsPlace, words: Words) -> SlugField | None:
    """The field that chooses the slug of a new thing; None for a kind whose things are called after their names."""
    if not kind.chosen:
        return None
    labels = {slug: usual_name(kind.name, slug, words) for slug in free_slugs(kind, place)}
    meant = {slug: slug for slug in kind.chosen}
    empty = words.text("setting.choose")
    return SlugField(words.text(f"office.which-{kind.name}"), Choice(labels, meant, empty, optional=False))


def free_slugs(kind: Kind, place: SettingsPlace) -> list[str]:
    """Those slugs of a kind that has certain ones which nothing has yet."""
    return [slug for slug in kind.chosen if (kind.name, slug) not in place.objects]


def slug_of(kind: Kind, values: Mapping[str, Any], place: SettingsPlace) -> str:
    """A free slug; that of the thing itself, if a form that is sent twice has added it already."""
    given = {name: value for name, value in values.items() if value is not None}
    wanted = normal(kind.name, given, place.shape)
    taken = {slug for (of, slug), known in place.objects.items() if of == kind.name and dict(known) != wanted}
    return new_slug(named(values).get("en", ""), taken, kind.name.replace("_", "-"))
