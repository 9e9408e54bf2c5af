"""Checks whether this installation can do its work, and says what to do if it cannot."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from contextlib import suppress
from itertools import groupby

from ..clock import SystemClock
from ..configuration import KEY_FILE, Configuration, ConfigurationError, secret_key, unknown_names
from ..core.errors import Unavailable
from ..core.mail_domains import domain_of
from ..core.messages import CHANNELS, Level, sent_as
from ..core.safe_contact import ContactWay, ways
from ..gateways import service_of
from ..i18n.words import available_languages
from ..store import log, schema
from ..store.database import Database, Tx
from ..store.queries.messages import held_up, level_of_service
from ..store.queries.organisation import organisation
from ..store.queries.pending import report
from ..store.queries.settings import branch_ids, branch_settings
from ..store.setting_rows import Unreadable
from .certificate import look_at_certificate
from .findings import Finding, found_error
from .machine import look_at_equipment, look_at_machine


def examine(configuration: Configuration) -> Iterator[Finding]:
    """All findings, the most basic first."""
    yield from examine_data(configuration, with_machine=True)


def examine_data(configuration: Configuration, *, with_machine: bool = False) -> Iterator[Finding]:
    """What is found in the data and settings; `with_machine` also about the machine, its backups and the way in."""
    try:
        # Tested first, because the doctor must not create the key.
        if not configuration.secret_key.get_secret_value() and (configuration.data_dir / KEY_FILE).exists():
            secret_key(configuration)
    except ConfigurationError as error:
        yield Finding("bad", "doctor.configuration", {"what": str(error)})
    for name in unknown_names():
        yield Finding("note", "doctor.unknown-setting", {"name": name})
    database = Database(configuration.database, SystemClock())
    try:
        # Tested first, because the doctor must not create the database.
        if database.file is not None and not database.file.exists():
            yield Finding("bad", "doctor.no-database", {"path": str(database.file)})
            return
    except OSError as error:
        yield Finding("bad", "doctor.folder", {"path": str(database.file), "reason": error.strerror or ""})
        return
    try:
        yield from _database(configuration, database, with_machine=with_machine)
    except Unavailable as error:
        yield found_error(error, database)
    finally:
        database.close()


def look_at_the_way_in(configuration: Configuration) -> Iterator[Finding]:
    """Findings about how visitors and staff reach this installation."""
    if not configuration.public_url:
        yield Finding("note", "doctor.no-public-url", {"address": configuration.address})
    if not configuration.behind_tls and (configuration.public_url or not configuration.is_local):
        yield Finding("note", "doctor.no-tls")
    if configuration.behind_tls and not configuration.trusted_proxies:
        yield Finding("note", "doctor.no-proxies")
    if configuration.trusted_proxies == "*" and not configuration.is_local:
        yield Finding("note", "doctor.every-proxy")


def look_at_mail(configuration: Configuration) -> Iterator[Finding]:
    """Whether messages about appointments can be sent; the server itself is not asked."""
    server = configuration.mail_server
    if server is None:
        yield Finding("note", "doctor.no-mail")
        return
    yield Finding("good", "doctor.mail", {"host": server.host, "sender": configuration.mail_from})
    if not configuration.mail_from_neutral:
        yield Finding("note", "doctor.no-neutral-sender")


def look_at_texting(configuration: Configuration) -> Iterator[Finding]:
    """Whether text messages can be sent; the gateway itself is not asked."""
    urls = configuration.sms_url.get_secret_value(), configuration.sms_url_neutral.get_secret_value()
    if not any(urls):
        return
    if importlib.util.find_spec("apprise") is None:
        yield Finding("bad", "doctor.no-apprise")
    if urls[0]:
        yield Finding("good", "doctor.texting", {"service": service_of(urls[0])})
    if not urls[1]:
        yield Finding("note", "doctor.no-neutral-texting")


def look_at_channels(tx: Tx) -> list[Finding]:
    """Faults of the mail server or the gateway because of which messages wait, with their number."""
    return [
        # A server that is away may be back in a minute.
        Finding(
            "note" if fault == "unreachable" else "bad", f"doctor.channel-{fault.replace('_', '-')}", {"count": count}
        )
        for fault, count in held_up(tx).items()
    ]


def look_at_senders(tx: Tx, domains: frozenset[str]) -> list[Finding]:
    """The senders that branches have chosen and that are not used, because of their domains."""
    found = []
    for slug, branch_id in branch_ids(tx).items():
        with suppress(Unreadable):
            sender = branch_settings(tx, branch_id).mail_from
            if sender and domain_of(sender) not in domains:
                found.append(Finding("note", "doctor.sender-not-used", {"branch": slug, "sender": sender}))
    return found


def look_at_proofs(tx: Tx) -> list[Finding]:
    """Policies that ask for an answer to a letter although this installation sends none."""
    found: dict[str, int] = {}
    for branch_id in branch_ids(tx).values():
        with suppress(Unreadable):
            branch = branch_settings(tx, branch_id)
            used = {one.policy for one in branch.services.values()}
            found |= {
                key: one.contact_proof_h for key, one in branch.policies.items() if key in used and one.contact_proof_h
            }
    return [
        Finding("note", "doctor.proof-unsent", {"policy": key, "hours": count}) for key, count in sorted(found.items())
    ]


def look_at_seasons(tx: Tx) -> list[Finding]:
    """Classes that are given in a season alone: those whose seasons have no day to come, and those that any season opens."""
    found = []
    for slug, branch_id in branch_ids(tx).items():
        with suppress(Unreadable):
            branch = branch_settings(tx, branch_id)
            today = branch.timetable.business_date(tx.now)
            ahead = {season.slug for season in branch.calendar.seasons if season.last >= today}
            for one in branch.priorities.values():
                if one.season_only and not one.is_given_in(ahead):
                    found.append(Finding("note", "doctor.class-without-days", {"branch": slug, "class": one.slug}))
                elif one.season_only and not one.seasons:
                    values = {"branch": slug, "class": one.slug, "seasons": ", ".join(sorted(ahead))}
                    found.append(Finding("note", "doctor.class-in-any-season", values))
    return found


def look_at_levels(tx: Tx, sends: frozenset[str]) -> list[Finding]:
    """Levels of confidentiality about whose services nobody can be told anything, of an installation that `sends` something.

    Each level by its short name; and branches where people may choose neutral messages that nothing can send.
    """
    unsent: dict[str, set[str]] = {"neutral": set(), "named": set(), "chosen": set()}
    for slug, branch_id in branch_ids(tx).items():
        with suppress(Unreadable):
            branch = branch_settings(tx, branch_id)
            for service in branch.services.values():
                asked = level_of_service(branch, service.id)
                if asked is not Level.NONE and not _is_sent(asked, sends):
                    kind = "neutral" if asked is Level.NEUTRAL else "named"
                    unsent[kind].add(service.confidentiality.slug)
                chosen = ways(branch.safe_contact, protected=service.confidentiality.protected)
                if asked is not Level.NEUTRAL and ContactWay.NEUTRAL in chosen and not _is_sent(Level.NEUTRAL, sends):
                    unsent["chosen"].add(slug)
    return [
        Finding("note", f"doctor.level-unsent-{kind}", {"what": ", ".join(sorted(found))})
        for kind, found in unsent.items()
        if found
    ]


def _is_sent(level: Level, sends: frozenset[str]) -> bool:
    return any(sent_as(channel, level) in sends for channel in CHANNELS)


def _database(configuration: Configuration, database: Database, *, with_machine: bool) -> Iterator[Finding]:
    yield Finding("good", "doctor.database-answers", {"version": database.server_version()})
    try:
        database.claim_process()
    except Unavailable as error:
        if error.code != "second-process":
            raise
        yield Finding("note", "doctor.server-runs")
    schema_found = look_at_schema(database)
    yield schema_found
    if schema_found.level == "bad":
        return
    found = database.read_now(organisation)
    yield Finding("good", "doctor.organisation", {"slug": found.slug})
    for verdict in database.read_now(log.verify):
        if verdict.broken_at is not None:
            where: dict[str, str | int] = {"branch": verdict.slug, "entry": verdict.broken_at}
            yield Finding("bad", "doctor.log-broken", where | {"reason": str(verdict.reason)})
    if with_machine:
        yield from look_at_machine(configuration, database)
        yield from database.read_now(look_at_equipment)
        yield from look_at_the_way_in(configuration)
        yield from look_at_mail(configuration)
        yield from look_at_texting(configuration)
        if configuration.mail_server is not None:
            yield from database.read_now(look_at_senders, configuration.sender_domains)
        elif not configuration.sends:
            yield from database.read_now(look_at_proofs)
        if configuration.sends:
            yield from database.read_now(look_at_channels)
            yield from database.read_now(look_at_levels, configuration.sends)
        yield from database.read_now(look_at_seasons)
        yield from look_at_certificate(configuration, database.clock.now())
    yield from _settings(database)


def look_at_schema(database: Database) -> Finding:
    """Whether this program works on the schema of the database; raises what `schema.current` raises."""
    revision = schema.current(database)
    if revision is None:
        return Finding("bad", "doctor.empty-database")
    if not schema.is_known(revision):
        if not schema.serves(revision):
            raise Unavailable("schema-newer", revision=revision)
        return Finding("note", "doctor.schema-later", {"revision": revision})
    if revision != schema.newest():
        return Finding("bad", "doctor.schema-old", {"revision": revision, "newest": schema.newest()})
    return Finding("good", "doctor.schema-newest", {"revision": revision})


def _settings(database: Database) -> Iterator[Finding]:
    """Settings that cannot be read, and those that nothing acts on."""
    unreadable, idle = database.read_now(report, available_languages())
    for what in unreadable:
        yield found_error(Unreadable(what))
    for code, things in groupby(idle, key=lambda thing: thing.code):
        # One sentence for all subjects that it is true of.
        subjects = [thing.subject for thing in things]
        listed = subjects[0] if len(subjects) == 1 else "".join(f"\n        {subject}" for subject in subjects)
        yield Finding("note", f"doctor.not-in-force.{code}", {"subject": listed})
