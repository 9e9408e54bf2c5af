"""Checks whether this installation can do its work, and says what to do if it cannot."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from itertools import groupby
from typing import Final

from ..clock import SystemClock
from ..configuration import KEY_FILE, Configuration, ConfigurationError, secret_key, unknown_names
from ..core.errors import DomainError, Unavailable
from ..i18n import isolates
from ..i18n.sentences import error_sentence
from ..i18n.words import available_languages, words_for
from ..store import log, schema
from ..store.database import Database
from ..store.queries.access import devices
from ..store.queries.organisation import organisation
from ..store.queries.pending import report
from ..store.setting_rows import Unreadable

MEND: Final = "A newer version wrote them, or somebody at the database: upgrade, or correct them (docs/operations.md)"
CLOCK_SLACK: Final = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Finding:
    """One result of a check; `level` is good, note or bad, and only bad makes `doctor` fail."""

    level: str
    text: str


def examine(configuration: Configuration) -> Iterator[Finding]:
    """All findings, the most basic first."""
    try:
        # Tested first, because the doctor must not create the key.
        if not configuration.secret_key.get_secret_value() and (configuration.data_dir / KEY_FILE).exists():
            secret_key(configuration)
    except ConfigurationError as error:
        yield Finding("bad", str(error))
    for name in unknown_names():
        yield Finding("note", f"{name} is set, and there is no such setting (docs/operations.md)")
    database = Database(configuration.database, SystemClock())
    try:
        # Tested first, because the doctor must not create the database.
        if database.file is not None and not database.file.exists():
            yield Finding("bad", f"there is no database at {database.file} yet: queue-system init PROFILE")
            return
    except OSError as error:
        yield Finding("bad", f"cannot look at {database.file}: {error.strerror}. Check QUEUE_DATA_DIR and who you are")
        return
    try:
        yield from _database(configuration, database)
    except Unavailable as error:
        yield Finding("bad", told(error, database))
    finally:
        database.close()


def told(error: DomainError, database: Database | None = None) -> str:
    """The sentence of an error for the administrator: what is wrong and what to do."""
    if isinstance(error, Unreadable):
        return f"settings cannot be read: {error.what}. {MEND}"
    if database is not None and error.code == "database-unavailable":
        cause = str(getattr(error.__cause__, "orig", error.__cause__) or "").strip().split("\n")[0]
        advice = (
            "Check that QUEUE_DATA_DIR is the right one and can be written, and that the disk is not full; "
            "if the file is damaged, restore the last backup (docs/operations.md)"
            if database.file is not None
            else "Check QUEUE_DATABASE_URL, that the database server runs, and that the tables are there and ours"
        )
        return f"cannot use the database {database.url.render_as_string()} ({cause}). {advice}"
    # Direction marks are removed, because a terminal shows them as boxes.
    return isolates.strip(error_sentence(error.code, error.values, words_for("en")))


def _database(configuration: Configuration, database: Database) -> Iterator[Finding]:
    yield Finding("good", f"{database.server_version()} answers")
    try:
        database.claim_process()
    except Unavailable as error:
        if error.code != "second-process":
            raise
        yield Finding("note", "a server is running on this embedded database; there may be only one")
    revision = schema.current(database)
    if revision is None:
        yield Finding("bad", "there is nothing in the database yet: queue-system init PROFILE")
        return
    if not schema.is_known(revision):
        if not schema.serves(revision):
            raise Unavailable("schema-newer", revision=revision)
        yield Finding("note", f"the schema, {revision}, is that of a newer version, on which this one still works")
    elif revision != schema.newest():
        yield Finding(
            "bad",
            f"the schema is at {revision}, {schema.newest()} is needed. Take a backup, then: queue-system migrate",
        )
        return
    else:
        yield Finding("good", f"the schema is the newest, {revision}")
    found = database.read_now(organisation)
    yield Finding("good", f"organisation {found.slug}")
    for verdict in database.read_now(log.verify):
        if verdict.broken_at is not None:
            yield Finding("bad", f"the log of {verdict.slug} is broken at entry {verdict.broken_at} ({verdict.reason})")
    yield from _clock(database)
    yield from _way_in(configuration)
    for printer in database.read_now(devices, None, "printer"):
        if printer.address and printer.status not in ("ready", "unknown"):
            yield Finding("note", f"printer {printer.slug}: {printer.status}")
    yield from _settings(database)


def _settings(database: Database) -> Iterator[Finding]:
    """Settings that cannot be read, and those that nothing acts on."""
    unreadable, idle = database.read_now(report, available_languages())
    for what in unreadable:
        yield Finding("bad", told(Unreadable(what)))
    words = words_for("en")
    for code, things in groupby(idle, key=lambda thing: thing.code):
        # One sentence for all subjects that it is true of.
        subjects = [thing.subject for thing in things]
        listed = subjects[0] if len(subjects) == 1 else "".join(f"\n        {subject}" for subject in subjects)
        sentence = words.text(f"doctor.not-in-force.{code}", subject=listed)
        yield Finding("note", isolates.strip(sentence).replace(" \n", "\n"))


def _clock(database: Database) -> Iterator[Finding]:
    """Warn if the log is ahead of the clock; new entries then follow its newest one, so that their order stays right."""
    ahead = database.read_now(log.newest) - SystemClock().now()
    if ahead > CLOCK_SLACK:
        yield Finding(
            "note",
            f"the newest entry of the log is {ahead.total_seconds() / 60:.0f} minutes ahead of this machine's clock: it "
            "was wrong then, or is wrong now. New entries get the same time, a moment later each, until it is reached",
        )


def _way_in(configuration: Configuration) -> Iterator[Finding]:
    """Findings about how visitors and staff reach this installation."""
    if not configuration.public_url:
        yield Finding("note", f"QUEUE_PUBLIC_URL is not set: QR codes lead to {configuration.address}")
    if not configuration.behind_tls and (configuration.public_url or not configuration.is_local):
        yield Finding(
            "note",
            "without TLS passwords and links can be read on the way: put a proxy with TLS in front, and set "
            "QUEUE_PUBLIC_URL to its https address (docs/operations.md)",
        )
    if configuration.behind_tls and not configuration.trusted_proxies:
        yield Finding(
            "note",
            "QUEUE_TRUSTED_PROXIES is not set: all visitors seem to come from the proxy's address, and share one limit",
        )
    if configuration.trusted_proxies == "*" and not configuration.is_local:
        yield Finding("note", "QUEUE_TRUSTED_PROXIES is *: whoever reaches the port directly can claim any address")
