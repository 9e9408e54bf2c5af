"""`queue-system tidy` and `queue-system erase`."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Final

import typer

from .command_line import fail, open_database, require_ready
from .configuration import read_configuration, secret_key

#: What goes, in the words of the command line.
TOLD: Final = {
    "names": "bookings lose name and contact",
    "holds": "holds that were never confirmed go",
    "tickets": "numbers go, with their calls and slips",
    "bookings": "bookings without a name go",
    "entries": "entries of the log go",
    "sessions": "sessions, pairings and known browsers that are over go",
}


def tidy(
    preview: Annotated[bool, typer.Option("--preview", help="Only say what would go, and change nothing.")] = False,
) -> None:
    """Delete what has been kept as long as the branches say. The server does this every night."""
    from .actions.retention import tidy_everywhere
    from .actions.upkeep import done_by_hand
    from .store.queries.retention import due_now
    from .store.queries.settings import branch_ids

    with open_database(read_configuration()) as database:
        require_ready(database)
        if preview:
            for slug, branch_id in database.read_now(branch_ids).items():
                _tell(slug, asdict(database.read_now(due_now, branch_id)))
            return
        gone = dict(tidy_everywhere(database))
        database.write_now(done_by_hand, "tidy", gone)
    _tell("all branches", gone)


def erase(
    code: Annotated[str, typer.Argument(help="The code of one of the person's appointments.")],
    contact: Annotated[
        str, typer.Option(prompt="Telephone or address of the appointment", help="Asked for, if left out.")
    ],
    everyone: Annotated[bool, typer.Option("--everyone", help="Also other names with the same contact.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask whether to go on.")] = False,
) -> None:
    """Erase a person: name and contact go from all their appointments, and those to come are cancelled."""
    from .actions.erasure import erase_person
    from .store.log import SYSTEM
    from .store.queries.persons import holdings_of
    from .web.access import booking_by_code

    configuration = read_configuration()
    with open_database(configuration) as database:
        require_ready(database)
        database.secret = secret_key(configuration)
        booking = database.read_now(booking_by_code, code, contact)
        found = database.read_now(holdings_of, booking, everyone=everyone)
        for one in found.bookings:
            typer.echo(f"{one.code}  {one.starts_at:%Y-%m-%d}  {one.state}")
        if found.of_others:
            typer.echo(f"{found.of_others} more with this contact have another name, and stay (--everyone).")
        if not yes and not typer.confirm("Erase name and contact of these? It cannot be undone"):
            fail("nothing was erased.")
        receipt = database.write_now(erase_person, booking.branch_id, booking.id, SYSTEM, everyone=everyone)
        database.scrub(thorough=False)
    typer.echo(f"{receipt.bookings} appointments have no name and contact any more. Receipt: {receipt.number}")


def _tell(where: str, numbers: dict[str, int]) -> None:
    said = [f"{numbers[name]} {words}" for name, words in TOLD.items() if numbers.get(name)]
    typer.echo(f"{where}: {'; '.join(said) if said else 'nothing goes'}")
