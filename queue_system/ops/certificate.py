"""Looks at the certificate that browsers are shown at the public address."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from urllib.parse import urlsplit

from ..configuration import Configuration
from .findings import Finding

PATIENCE: Final = 3.0
SOON: Final = timedelta(days=14)


def look_at_certificate(
    configuration: Configuration, now: datetime, context: ssl.SSLContext | None = None
) -> Iterator[Finding]:
    """Whether a browser accepts it, and for how long; nothing without an https address."""
    if not configuration.behind_tls:
        return
    parts = urlsplit(configuration.public_url)
    name, port = parts.hostname or "", parts.port or 443
    try:
        ends = _valid_until(name, port, context or ssl.create_default_context())
    except ssl.SSLCertVerificationError as error:
        yield Finding("bad", "doctor.certificate-refused", {"name": name, "reason": error.verify_message})
    except OSError as error:
        # The server itself may stand where the public address leads nowhere.
        yield Finding("note", "doctor.certificate-unseen", {"name": name, "reason": error.strerror or str(error)})
    else:
        if ends - now < SOON:
            yield Finding("bad", "doctor.certificate-ends", {"name": name, "day": ends.date().isoformat()})


def _valid_until(name: str, port: int, context: ssl.SSLContext) -> datetime:
    with (
        socket.create_connection((name, port), PATIENCE) as plain,
        context.wrap_socket(plain, server_hostname=name) as secure,
    ):
        shown: Any = secure.getpeercert()
    return datetime.fromtimestamp(ssl.cert_time_to_seconds(shown["notAfter"]), UTC)
