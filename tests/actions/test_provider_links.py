"""The link with a provider: its roles end with it, and whose link was ended gets no second account."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

import pytest
import sqlalchemy as sa

from queue_system.actions import credentials, invitations, provider, staff, staff_roles
from queue_system.actions.provider import Proved
from queue_system.core.errors import Refused, SignedOut
from queue_system.store.database import Tx
from queue_system.store.log import Actor
from queue_system.store.queries.credentials import methods_of
from queue_system.store.queries.people import colleague, colleagues, second_methods
from queue_system.store.tables import Organisation, table
from tests.kit.hall import Hall, change_settings

LEILA = Proved("u1", "Leila", "leila", ("clerks",))
ROLES = [{"group": "clerks", "role": "officer", "branch": "doha-main"}]
ISSUER = "https://identity.example.org"


def by(staff_id: UUID) -> Actor:
    return Actor("staff", str(staff_id))


@pytest.fixture
def linked(hall: Hall) -> Hall:
    """The hall has a provider, whose clerks are officers."""
    use(hall, {"issuer": ISSUER, "client_id": "queue", "roles": ROLES})
    return hall


def use(hall: Hall, settings: dict[str, object] | None) -> None:
    def change(tx: Tx) -> None:
        data = dict(tx.scalar(sa.select(table(Organisation).c.data)))
        tx.execute(sa.update(table(Organisation)).values(data=data | {"single_sign_on": settings}))

    change_settings(hall.db, change)


def enter(hall: Hall, person: Proved = LEILA) -> UUID:
    return hall.db.write_now(provider.enter_with_provider, person, "ar", "web")[0]


def unlink(hall: Hall, staff_id: UUID) -> None:
    (link,) = [one for one in hall.db.read_now(methods_of, staff_id) if one.kind == "provider"]
    hall.db.write_now(credentials.remove_method, staff_id, link.id, by(staff_id))


def roles(hall: Hall, login: str) -> list[str]:
    found = hall.db.read_now(colleague, login)
    assert found is not None
    return [one.role for one in found.grants]


def reset(hall: Hall, _staff_id: UUID) -> None:
    hall.db.write_now(invitations.reset_sign_in, "leila")


@pytest.mark.parametrize("end", [reset, unlink])
@pytest.mark.parametrize("locked", [True, False])
def test_whose_link_was_ended_gets_no_second_account(
    linked: Hall, end: Callable[[Hall, UUID], None], locked: bool
) -> None:
    linked.administrator("samira")
    leila = enter(linked)
    if locked:
        linked.db.write_now(staff.lock_staff, "leila")
    end(linked, leila)
    before = len(linked.db.read_now(colleagues))
    with pytest.raises(SignedOut, match="provider-unlinked"):
        enter(linked)
    assert len(linked.db.read_now(colleagues)) == before
    assert roles(linked, "leila") == []
    assert linked.db.read_now(methods_of, leila) == []
    assert leila not in linked.db.read_now(second_methods)


def test_an_ended_link_is_made_anew_by_whoever_has_signed_in(linked: Hall) -> None:
    leila = enter(linked)
    unlink(linked, leila)
    linked.db.write_now(provider.link_provider, LEILA, leila, by(leila))
    assert enter(linked) == leila
    assert roles(linked, "leila") == ["officer"]


def test_roles_that_people_gave_outlive_the_link(linked: Hall) -> None:
    layla = linked.person("layla")
    linked.db.write_now(provider.link_provider, LEILA, layla, by(layla))
    unlink(linked, layla)
    assert roles(linked, "layla") == ["officer"]


@pytest.mark.parametrize("settings", [None, {"issuer": "https://another.example.org", "client_id": "queue"}])
def test_roles_of_a_provider_that_is_not_used_any_more_are_taken_here(
    linked: Hall, settings: dict[str, object] | None
) -> None:
    admin, place = linked.administrator("samira"), linked.branch.id
    enter(linked)
    with pytest.raises(Refused, match="role-from-provider"):
        linked.db.write_now(staff_roles.take_role, "leila", place, "officer", "", by(admin))
    use(linked, settings)
    linked.db.write_now(staff_roles.take_role, "leila", place, "officer", "", by(admin))
    assert roles(linked, "leila") == []


def test_an_account_is_linked_with_one_person_of_the_provider(linked: Hall) -> None:
    omar = linked.person("omar", ())
    linked.db.write_now(provider.link_provider, LEILA, omar, by(omar))
    with pytest.raises(Refused, match="provider-linked"):
        linked.db.write_now(provider.link_provider, Proved("u2", "L", "l", ()), omar, by(omar))
    assert roles(linked, "omar") == ["officer"]
    # The same person again is no second link.
    linked.db.write_now(provider.link_provider, LEILA, omar, by(omar))
    use(linked, {"issuer": "https://another.example.org", "client_id": "queue", "roles": ROLES})
    linked.db.write_now(provider.link_provider, LEILA, omar, by(omar))
