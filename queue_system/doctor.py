"""Looks whether this installation can do its work, and says what to do where it cannot."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from .clock import SystemClock
from .core.errors import DomainError, Unavailable
from .i18n.words import available_languages, words_for
from .profiles.force import not_in_force
from .settings import Settings
from .store import log, schema
from .store.database import Database
from .store.queries.access import devices
from .store.queries.organisation import organisation


@dataclass(frozen=True, slots=True)
class Finding:
    """`level` is good, note or bad; only bad makes `doctor` fail."""

    level: str
    text: str


def examine(settings: Settings) -> Iterator[Finding]:
    """All findings, in the order in which one would look."""
    database = Database(settings.database, SystemClock())
    try:
        yield from _database(settings, database)
    except Unavailable as error:
        yield Finding("bad", told(error, database))
    finally:
        database.close()


def told(error: DomainError, database: Database) -> str:
    """What is wrong and what to do, for whoever runs the installation."""
    if error.code == "database-unavailable":
        cause = str(getattr(error.__cause__, "orig", error.__cause__) or "").strip().split("\n")[0]
        return (
            f"cannot use the database {database.url.render_as_string()} ({cause}). "
            "Check QUEUE_DATABASE_URL or QUEUE_DATA_DIR, and that a database server runs"
        )
    return words_for("en").text(f"errors.{error.code}", **error.values)


def _database(settings: Settings, database: Database) -> Iterator[Finding]:
    yield Finding("good", f"{database.server_version()} answers")
    try:
        database.claim_process()
    except DomainError:
        yield Finding("note", "a server is running on this embedded database; there may be only one")
    revision = schema.current(database)
    if revision is None:
        yield Finding("bad", "there is nothing in the database yet: queue-system init PROFILE")
        return
    if revision != schema.newest():
        yield Finding(
            "bad",
            f"the schema is at {revision}, {schema.newest()} is needed. Take a backup, then: queue-system migrate",
        )
        return
    yield Finding("good", f"the schema is the newest, {revision}")
    house = database.read_now(organisation)
    yield Finding("good", f"organisation {house.slug}")
    for verdict in database.read_now(log.verify):
        if verdict.broken_at is not None:
            yield Finding("bad", f"the log of {verdict.slug} is broken at entry {verdict.broken_at} ({verdict.reason})")
    if not settings.public_url:
        yield Finding("note", f"QUEUE_PUBLIC_URL is not set: QR codes lead to {settings.address}")
    for printer in database.read_now(devices, None, "printer"):
        if printer.data.get("host") and printer.status not in ("ready", "unknown"):
            yield Finding("note", f"printer {printer.slug}: {printer.status}")
    words = words_for("en")
    for thing in database.read_now(not_in_force, available_languages()):
        yield Finding("note", words.text(f"doctor.not-in-force.{thing.code}", subject=thing.subject))
