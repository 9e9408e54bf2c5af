"""The certificate at the public address: accepted, refused, soon over, or out of sight."""

from __future__ import annotations

import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from queue_system.configuration import read_configuration
from queue_system.ops.certificate import look_at_certificate
from tests.kit.ports import kept_port

NOW = datetime.now(UTC)


@contextmanager
def served(folder: Path, name: str, days: int) -> Iterator[tuple[int, ssl.SSLContext]]:
    """A TLS server on loopback with a certificate of its own; its port, and a context that trusts this certificate."""
    key, certificate = folder / "key.pem", folder / "certificate.pem"
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"),
            *("-keyout", str(key), "-out", str(certificate), "-days", str(days)),
            *("-subj", f"/CN={name}", "-addext", f"subjectAltName=DNS:{name}"),
        ],
        check=True,
        capture_output=True,
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def answer() -> None:
            with suppress(OSError):
                while True:
                    plain, _ = listener.accept()
                    with suppress(OSError), context.wrap_socket(plain, server_side=True):
                        pass

        thread = threading.Thread(target=answer, daemon=True)
        thread.start()
        yield listener.getsockname()[1], ssl.create_default_context(cafile=str(certificate))
        listener.shutdown(socket.SHUT_RDWR)
        thread.join()


@pytest.mark.parametrize(
    ("name", "days", "code"),
    [("localhost", 90, None), ("localhost", 5, "certificate-ends"), ("elsewhere.example", 90, "certificate-refused")],
)
def test_a_certificate_is_judged_as_a_browser_does(tmp_path: Path, name: str, days: int, code: str | None) -> None:
    with served(tmp_path, name, days) as (port, trusting):
        configuration = read_configuration({"QUEUE_PUBLIC_URL": f"https://localhost:{port}"})
        found = list(look_at_certificate(configuration, NOW, trusting))
    assert [finding.code for finding in found] == ([code] if code else [])


def test_one_that_nobody_trusts_is_refused(tmp_path: Path) -> None:
    with served(tmp_path, "localhost", 90) as (port, _):
        configuration = read_configuration({"QUEUE_PUBLIC_URL": f"https://localhost:{port}"})
        (found,) = look_at_certificate(configuration, NOW)
    assert (found.level, found.code) == ("bad", "certificate-refused")
    assert "self-signed" in found.text


def test_an_address_that_leads_nowhere_from_here_is_only_noted() -> None:
    with kept_port() as port:
        configuration = read_configuration({"QUEUE_PUBLIC_URL": f"https://localhost:{port}"})
        (found,) = look_at_certificate(configuration, NOW)
    assert (found.level, found.code) == ("note", "certificate-unseen")


def test_without_tls_there_is_none() -> None:
    assert list(look_at_certificate(read_configuration({}), NOW + timedelta(days=1))) == []
