"""`/metrics` for Prometheus: numbers of this node and of the branches. Labels hold no personal data.

The numbers are counted as plain integers where the work is done (`store.writer`, `measures.Traffic`). The Prometheus
library only formats them; it is loaded at the first request and keeps no state between requests.
"""

from __future__ import annotations

import asyncio
import hmac
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import TYPE_CHECKING, Final
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from ..core.errors import Unavailable
from ..measures import BATCH_SIZES, COMMIT_SECONDS, Distribution, Traffic
from ..store.database import Database
from ..store.queries.measures import Measures, measures
from ..store.schema import newest
from ..store.writer import Writer
from .version import program_version

if TYPE_CHECKING:
    from prometheus_client import Metric

READ_SECONDS: Final = 3.0


@dataclass(frozen=True, slots=True)
class Watched:
    """The sources of the numbers: the node's traffic, its database, and its last known positions by branch."""

    traffic: Traffic
    database: Database
    heard: Callable[[], Mapping[UUID, int]]


def routes_for(watched: Watched, token: str) -> list[BaseRoute]:
    """GET `/metrics` for the bearer of the token; no route if the token is empty."""

    reader = _Reader(watched)

    async def show(request: Request) -> Response:
        given = request.headers.get("authorization", "")
        if not hmac.compare_digest(given.encode(), f"Bearer {token}".encode()):
            return Response("401\n", 401, headers={"WWW-Authenticate": "Bearer", "Cache-Control": "no-store"})
        stand = await reader.measures()
        accepted = request.headers.get("accept", "")
        found = Findings(watched.traffic, watched.traffic.now(), watched.database.writers, stand, accepted)
        # In a thread, because the first request loads the library.
        body, kind = await asyncio.to_thread(exposition, found)
        return Response(body, headers={"Content-Type": kind, "Cache-Control": "no-store"})

    return [Route("/metrics", show, methods=["GET"])] if token else []


@dataclass(frozen=True, slots=True)
class Findings:
    """The numbers to write; `measures` is None while the database is unavailable; `now` is on the clock of `traffic`."""

    traffic: Traffic
    now: float
    writers: Sequence[Writer]
    measures: Measures | None
    accepted: str


def exposition(found: Findings) -> tuple[bytes, str]:
    """The text and its media type, in a format that the client accepts."""
    from prometheus_client import CollectorRegistry, ProcessCollector
    from prometheus_client.exposition import choose_encoder
    from prometheus_client.registry import Collector

    class Found(Collector):
        def collect(self) -> Iterable[Metric]:
            yield _build()
            for part in (_traffic, _writers, _branches):
                yield from part(found)

    registry = CollectorRegistry()
    registry.register(Found())
    ProcessCollector(registry=registry)
    try:
        encoder, kind = choose_encoder(found.accepted)
    except (TypeError, ValueError):
        # The library expects whole numbers in the version that a client names.
        encoder, kind = choose_encoder("")
    return encoder(registry), kind


class _Reader:
    """Reads the numbers of the branches, one read at a time.

    A read that waits for a locked table outlasts its request, and keeps one of the few threads that read. Requests that
    come meanwhile wait for the same read, so that it keeps no second one.
    """

    def __init__(self, watched: Watched) -> None:
        self._watched = watched
        self._read: asyncio.Task[Measures] | None = None

    async def measures(self) -> Measures | None:
        """The numbers; None if the database is unavailable or does not answer in time."""
        if self._read is None or self._read.done():
            self._read = asyncio.create_task(self._watched.database.read(measures, self._watched.heard()))
            # Retrieved, because after READ_SECONDS nobody waits for it any more.
            self._read.add_done_callback(lambda read: read.cancelled() or read.exception())
        try:
            return await asyncio.wait_for(asyncio.shield(self._read), READ_SECONDS)
        except (Unavailable, TimeoutError):
            return None


def _build() -> Metric:
    from prometheus_client.core import InfoMetricFamily

    return InfoMetricFamily("queue_build", "This program.", value={"version": program_version(), "schema": newest()})


def _traffic(found: Findings) -> Iterator[Metric]:
    from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily

    traffic = found.traffic
    requests = CounterMetricFamily(
        "queue_http_requests", "Requests by route and answer.", labels=["method", "route", "status"]
    )
    for (method, route, status), count in list(traffic.requests.items()):
        requests.add_metric([method, route, str(status)], count)
    yield requests
    seconds = HistogramMetricFamily("queue_http_request_seconds", "How long they took.", labels=["method", "route"])
    for labels, spread in list(traffic.seconds.items()):
        seconds.add_metric(labels, *_buckets(spread))
    yield seconds
    sockets = GaugeMetricFamily("queue_sockets", "Open sockets.", labels=["route"])
    age = GaugeMetricFamily(
        "queue_frame_age_seconds", "Since a message was handed to one of them; at most 15 in health.", labels=["route"]
    )
    for route, count in list(traffic.sockets.items()):
        sockets.add_metric([route], count)
        if count and route in traffic.spoke_at:
            age.add_metric([route], found.now - traffic.spoke_at[route])
    yield from (sockets, age)


def _writers(found: Findings) -> Iterator[Metric]:
    from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily

    writers = found.writers
    waiting = sum(writer.waiting for writer in writers)
    yield GaugeMetricFamily("queue_writer_waiting", "Writes that wait for their turn.", value=waiting)
    failures = sum(writer.failures for writer in writers)
    yield CounterMetricFamily("queue_writer_failures", "Batches that the database failed.", value=failures)
    spreads: list[tuple[str, str, Sequence[float], Callable[[Writer], Distribution]]] = [
        ("queue_writer_batch_size", "Writes that shared a transaction.", BATCH_SIZES, lambda writer: writer.batches),
        ("queue_writer_commit_seconds", "How long commits took.", COMMIT_SECONDS, lambda writer: writer.commits),
    ]
    for name, about, bounds, spread_of in spreads:
        family = HistogramMetricFamily(name, about)
        family.add_metric([], *_buckets(_together(bounds, [spread_of(writer) for writer in writers])))
        yield family


def _branches(found: Findings) -> Iterator[Metric]:
    from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

    stand = found.measures
    yield GaugeMetricFamily("queue_database_up", "Whether the database answers.", value=float(stand is not None))
    if stand is None:
        return
    facts = CounterMetricFamily(
        "queue_facts", "What this node has written into the logs of the branches.", labels=["branch", "kind"]
    )
    written: Counter[tuple[str, str]] = Counter()
    for writer in found.writers:
        for (branch_id, kind), count in list(writer.facts.items()):
            written[stand.slugs[branch_id], kind] += count
    for labels, count in written.items():
        facts.add_metric(labels, count)
    yield facts
    lag = (stand.at - stand.unheard_since).total_seconds() if stand.unheard_since else 0.0
    yield GaugeMetricFamily("queue_relay_lag_seconds", "Age of the oldest news unheard of here.", value=max(0.0, lag))
    people = GaugeMetricFamily("queue_people_waiting", "People who wait to be called.", labels=["branch"])
    slips = GaugeMetricFamily("queue_slips_waiting", "Slips that are not printed yet.", labels=["branch"])
    age = GaugeMetricFamily("queue_spool_age_seconds", "Age of the oldest of them; 0 without any.", labels=["branch"])
    devices = GaugeMetricFamily(
        "queue_devices", "Kiosks, screens and printers, by state.", labels=["branch", "kind", "state"]
    )
    for slug, branch in stand.branches.items():
        if branch.people_waiting is not None:
            people.add_metric([slug], branch.people_waiting)
        slips.add_metric([slug], branch.slips_waiting)
        waited = (stand.at - branch.oldest_slip).total_seconds() if branch.oldest_slip else 0.0
        age.add_metric([slug], max(0.0, waited))
        for (kind, state), count in branch.devices.items():
            devices.add_metric([slug, kind, state], count)
    yield from (people, slips, age, devices)
    yield from _upkeep(stand)


def _upkeep(stand: Measures) -> Iterator[Metric]:
    from prometheus_client.core import GaugeMetricFamily

    ages = {task: max(0.0, (stand.at - ended).total_seconds()) for task, ended in stand.upkeep.items()}
    backup = GaugeMetricFamily("queue_backup_age_seconds", "Age of the newest backup.", labels=[])
    if "backup" in ages:
        backup.add_metric([], ages["backup"])
    yield backup
    nightly = GaugeMetricFamily("queue_nightly_age_seconds", "Since a task was last done.", labels=["task"])
    for task, seconds in ages.items():
        nightly.add_metric([task], seconds)
    yield nightly


def _together(bounds: Sequence[float], spreads: Iterable[Distribution]) -> Distribution:
    whole = Distribution(bounds)
    for spread in spreads:
        whole.counts = [one + other for one, other in zip(whole.counts, spread.counts, strict=True)]
        whole.total += spread.total
    return whole


def _buckets(spread: Distribution) -> tuple[list[tuple[str, float]], float]:
    """Cumulative buckets, as Prometheus wants them: each one includes the smaller ones."""
    bounds = [*(str(float(bound)) for bound in spread.bounds), "+Inf"]
    return list(zip(bounds, map(float, accumulate(spread.counts)), strict=True)), spread.total
