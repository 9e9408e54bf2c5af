"""The place of settings that an address names: a branch, or the organisation; its settings, and what is in them in words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from ...core.errors import Denied
from ...core.rights import Rights
from ...i18n.words import Words
from ...settings.branch import Branch
from ...settings.catalogue import Catalogue
from ...settings.declared import Names
from ...settings.edits import Edit, merged
from ...settings.objects import Key, Objects, Shape, Values, object_at, objects_of, place_of, shape_of
from ...settings.organisation import ORGANISATION_SLUG, Profile
from ...store.database import Tx
from ...store.queries.access import StaffView
from ...store.queries.people import zone_of
from ...store.queries.rows import StoredRows
from ...store.queries.stored import stored_organisation
from ...store.queries.values import Value, value_at
from ...store.tables import ORGANISATION
from ...web.setting_words import Things, things_of, things_of_catalogue
from .frame import InOffice


@dataclass(frozen=True, slots=True)
class SettingsPlace:
    """A place with its present settings; `zone` is that of the times on its pages."""

    id: UUID
    slug: str
    value: Value
    catalogue: Catalogue
    zone: ZoneInfo

    @property
    def shape(self) -> Shape:
        return shape_of(self.value)

    @property
    def objects(self) -> Objects:
        return objects_of(self.value)

    def object(self, key: Key) -> Values | None:
        """One of the objects, None if it is not there."""
        return object_at(self.value, key)

    @property
    def names(self) -> Names:
        return self.value.names

    @property
    def languages(self) -> tuple[str, ...]:
        """The languages of its texts."""
        return tuple(self.value.languages)

    def things(self, words: Words) -> Things:
        """Everything that its settings may refer to, in words."""
        if isinstance(self.value, Branch):
            return things_of(self.value, self.catalogue, words)
        return things_of_catalogue(self.catalogue, words)


async def settings_at(here: InOffice, slug: str, rights: Rights) -> SettingsPlace:
    """The place of that name where the person has one of `rights`; raises Missing("branch"), Denied("not-allowed")."""
    return await here.read(stored_place, place_named(here, slug, rights), slug, here.person)


def place_named(here: InOffice, slug: str, rights: Rights) -> UUID:
    """The id of the place of that name; raises as `settings_at`. `here` was entered with `rights`."""
    if slug != ORGANISATION_SLUG:
        return here.named(slug).id
    if not here.person.may_any(rights, ORGANISATION):
        raise Denied("not-allowed")
    return ORGANISATION


def stored_place(tx: Tx, place: UUID, slug: str, person: StaffView, common: Iterable[Edit] = ()) -> SettingsPlace:
    """A place as it is stored, with the catalogue as it would be after the edits `common` of the organisation.

    Raises Missing("branch"), Unreadable.
    """
    source = StoredRows(tx)
    value = value_at(source, place)
    if isinstance(value, Profile):
        return SettingsPlace(place, slug, value, value.catalogue, zone_of(tx, person))
    organisation = stored_organisation(source)
    objects, _ = merged(organisation, common)
    return SettingsPlace(place, slug, value, place_of(objects, organisation).catalogue, ZoneInfo(value.timezone))


def named(values: Mapping[str, Any] | None) -> Names:
    """The names among the values of an object; none of what has none."""
    found = (values or {}).get("names")
    return found if isinstance(found, dict) else {}
