"""A branch whose settings this program cannot read is closed, and no other branch is."""

from __future__ import annotations

import io
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from queue_system.actions.bookings import HoldOrder, hold_slot
from queue_system.app import tidy_everywhere
from queue_system.clock import FrozenClock
from queue_system.configuration import read_configuration
from queue_system.ops.doctor import examine
from queue_system.store import tables
from queue_system.store.database import Database, Tx
from queue_system.store.editing import editing_catalogue
from queue_system.store.log import VISITOR
from queue_system.store.queries.access import devices
from queue_system.store.queries.settings import branch_ids, branch_settings, readable
from queue_system.store.setting_rows import Unreadable
from queue_system.store.tables import table
from queue_system.web.installation import Installation
from tests.kit.hall import Hall, furnish
from tests.kit.web_hall import application, sign_in

OTHER = "mobile-consulate"
UNKNOWN = "lottery-of-next-year"


def spoil(tx: Tx, /, model: Any = tables.Service, slug: str = OTHER, **values: Any) -> None:
    """Write into the rows of a branch what no declaration allows, as a newer program does when a word is new."""
    rows = table(model)
    of_branch = (rows.c.id if model is tables.Branch else rows.c.branch_id) == branch_ids(tx)[slug]
    with editing_catalogue(tx):
        tx.execute(sa.update(rows).where(of_branch).values(values or {"mode": UNKNOWN}))


@pytest.mark.parametrize(
    ("model", "values", "told"),
    [
        (tables.Service, {"mode": UNKNOWN}, f"mode is '{UNKNOWN}'"),
        (tables.Service, {"duration_min": -5}, "duration_min is -5"),
        (tables.Branch, {"timezone": "Asia/Nowhere"}, "timezone is 'Asia/Nowhere'"),
        (tables.Branch, {"queue_rules": {"call_early_min": "soon"}}, "queue_rules.call_early_min is 'soon'"),
        (tables.OpeningHours, {"layer": "whenever"}, "'whenever' is not a valid Layer"),
    ],
)
def test_it_is_left_out_of_lists_and_refused_by_itself(
    hall: Hall, model: Any, values: dict[str, Any], told: str
) -> None:
    hall.db.write_now(spoil, model, **values)
    ids = hall.db.read_now(branch_ids)
    assert [branch.slug for branch in hall.db.read_now(readable, ids.values())] == [hall.branch.slug]
    with pytest.raises(Unreadable) as refused:
        hall.db.read_now(branch_settings, ids[OTHER])
    assert refused.value.code == "settings-unreadable"
    assert told in refused.value.what
    assert OTHER in refused.value.what


def test_a_list_of_nothing_else_is_refused(hall: Hall) -> None:
    hall.db.write_now(spoil)
    with pytest.raises(Unreadable):
        hall.db.read_now(readable, [hall.db.read_now(branch_ids)[OTHER]])


def test_it_is_read_and_logged_once_for_each_version(hall: Hall, said: io.StringIO) -> None:
    def times() -> int:
        for _ in range(3):
            with pytest.raises(Unreadable):
                hall.db.read_now(branch_settings, hall.db.read_now(branch_ids)[OTHER])
        return said.getvalue().count("settings.unreadable")

    hall.db.write_now(spoil)
    assert times() == 1
    hall.db.write_now(spoil)
    assert times() == 2


def test_it_is_read_again_once_it_is_corrected(hall: Hall) -> None:
    hall.db.write_now(spoil)
    with pytest.raises(Unreadable):
        hall.db.read_now(branch_settings, hall.db.read_now(branch_ids)[OTHER])
    hall.db.write_now(spoil, mode="walkin_only")
    services = hall.db.read_now(branch_settings, hall.db.read_now(branch_ids)[OTHER]).services
    assert {service.mode for service in services.values()} == {"walkin_only"}


def test_an_entry_of_the_catalogue_closes_only_the_branches_that_use_it(hall: Hall) -> None:
    def strange_policy(tx: Tx) -> None:
        with editing_catalogue(tx):
            known = tx.rows(sa.select(table(tables.PolicyRow)))[0]._mapping
            new = {**known, "slug": "of-next-year", "mode": UNKNOWN}
            tx.execute(sa.insert(table(tables.PolicyRow)).values(new))
            services = table(tables.Service)
            of_branch = services.c.branch_id == branch_ids(tx)[OTHER]
            tx.execute(sa.update(services).where(of_branch).values(policy="of-next-year"))

    hall.db.write_now(strange_policy)
    ids = hall.db.read_now(branch_ids)
    assert [branch.slug for branch in hall.db.read_now(readable, ids.values())] == [hall.branch.slug]


# ---------------------------------------------------------------- pages and work beside them


@pytest.fixture
def strange(sqlite_url: str, tmp_path: Path, clock: FrozenClock) -> Any:
    """A client at the hall, and the hall; the settings of the other branch cannot be read."""
    database = Database(sqlite_url, clock)
    furnish(database).administrator()
    database.close()
    with application(sqlite_url, tmp_path, clock) as (client, hall):
        sign_in(client, "admin")
        hall.db.write_now(spoil)
        yield client, hall


PAGES = [
    "/",
    "/my-booking",
    "/desk",
    "/reception",
    "/office",
    "/office/audit",
    "/office/devices",
    "/contact",
    "/privacy",
]


def test_pages_about_everything_show_the_others(strange: Any) -> None:
    client, hall = strange
    own = [f"/book/{hall.branch.slug}", f"/reception/{hall.branch.slug}", f"/rules/{hall.branch.slug}"]
    assert f"{OTHER}: service" in client.get("/office").text
    answers = {page: client.get(page, follow_redirects=True).status_code for page in (*PAGES, *own)}
    assert answers == dict.fromkeys(answers, 200)
    listed = client.get("/api/v1/branches").json()["branches"]
    assert [branch["branch"] for branch in listed] == [hall.branch.slug]


def test_its_own_pages_say_that_it_is_closed(strange: Any) -> None:
    client, _ = strange
    for page in (f"/book/{OTHER}", f"/reception/{OTHER}", f"/rules/{OTHER}"):
        answer = client.get(page, params={"lang": "en"})
        assert answer.status_code == 503
        assert "settings of this branch cannot be read" in answer.text
    problem = client.get(f"/api/v1/branches/{OTHER}/queues")
    assert (problem.status_code, problem.json()["code"]) == (503, "settings-unreadable")


def test_staff_of_that_branch_alone_learn_why_they_cannot_work(strange: Any) -> None:
    client, hall = strange
    hall.person("nora", ((hall.db.read_now(branch_ids)[OTHER], "officer"),))
    client.cookies.clear()
    sign_in(client, "nora")
    assert {client.get(page).status_code for page in ("/desk", "/reception")} == {503}


@pytest.mark.anyio
async def test_the_other_branches_are_tidied(strange: Any, clock: FrozenClock) -> None:
    client, hall = strange
    # The spoilt branch is the first of the list, so that an error at it would keep the work from the others.
    with_first = {OTHER: 0, hall.branch.slug: 1}

    def turn_round(tx: Tx) -> None:
        branch = table(tables.Branch)
        with editing_catalogue(tx):
            for slug, position in with_first.items():
                tx.execute(sa.update(branch).where(branch.c.slug == slug).values(position=position))

    hall.db.write_now(turn_round)
    assert list(hall.db.read_now(branch_ids)) == list(with_first)
    opens_at = clock.now().replace(minute=0)
    order = HoldOrder(
        hall.branch.id,
        hall.service("attest-single"),
        opens_at.replace(hour=opens_at.hour + 1),
        "سامر",
        "+97455512345",
        "ar",
        VISITOR,
    )
    held = hall.db.write_in_now(hall.branch.id, hold_slot, order)
    clock.move(timedelta(hours=1))
    installation: Installation = client.app.state.installation
    await tidy_everywhere(installation)

    def state(tx: Tx) -> str:
        booking = table(tables.Booking)
        return str(tx.scalar(sa.select(booking.c.state).where(booking.c.id == held.id)))

    assert hall.db.read_now(state) == "expired"


# ---------------------------------------------------------------- devices and the doctor


def test_what_is_strange_about_a_screen_counts_as_not_set(hall: Hall) -> None:
    hall.db.write_now(spoil, tables.Device, hall.branch.slug, data={"screen_in": "big", "viewing_distance_m": 4})
    screen = next(device for device in hall.db.read_now(devices, hall.branch.id, "display"))
    kit = screen.kit
    assert kit.kind == "display"
    assert (kit.screen_in, kit.viewing_distance_m) == (None, 4)


def test_nothing_is_sent_to_a_printer_that_we_do_not_understand(hall: Hall) -> None:
    data = {"transport": "tcp9100", "language": UNKNOWN, "dots": 576, "host": "10.0.0.9"}
    hall.db.write_now(spoil, tables.Device, hall.branch.slug, data=data)
    printer = hall.db.read_now(devices, hall.branch.id, "printer")[0]
    assert printer.address == ""
    with pytest.raises(Unreadable):
        _ = printer.printer


def test_the_doctor_names_branch_thing_field_and_value(hall: Hall, db_url: str, tmp_path: Path) -> None:
    hall.db.write_now(spoil)
    hall.db.write_now(spoil, tables.Device, hall.branch.slug, data={"screen_in": "big"})
    found = [
        finding.text
        for finding in examine(read_configuration({}, database_url=db_url, data_dir=tmp_path))
        if finding.level == "bad"
    ]
    service = hall.db.read_now(lambda tx: tx.scalar(sa.select(table(tables.Service).c.slug).limit(1)))
    assert service
    assert any(
        text.startswith(f"settings cannot be read: {OTHER}: service ") and f"mode is '{UNKNOWN}'" in text
        for text in found
    )
    assert any(f"{hall.branch.slug}: device " in text and "screen_in is 'big'" in text for text in found)
