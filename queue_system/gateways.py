"""Where messages leave the house, as the configuration names it: the mail server, and the gateway of text messages."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final
from urllib.parse import parse_qs, unquote, urlsplit

_SMTP_PORTS: Final = {"smtps": 465, "smtp+starttls": 587, "smtp": 25}

#: The place of the number in the address.
TO: Final = "{to}"
#: Those of Apprise's services that send text messages to a number. Others could be sent to any address inside the house.
#: Left out: kavenegar has no TLS, voipms drops the country code, nexmo and vonage do not say that a text is not Latin.
SERVICES: Final = frozenset(
    "atalk bulksms bulkvs burstsms clickatell clicksend d7sms elks httpsms msg91 msgbird plivo seven sinch smseagle "
    "smseagles smsmgr smsmanager sns twilio".split()
)
#: They would switch off the check of certificates, try again by itself, or telephone in place of writing.
_REFUSED_QUERY: Final = frozenset({"verify", "retry", "method"})
_ON_THIS_MACHINE: Final = ("127.0.0.1", "::1", "localhost")


@dataclass(frozen=True, slots=True)
class MailServer:
    """A mail server; `scheme` is smtps (TLS from the first byte), smtp+starttls, or smtp on this machine."""

    scheme: str
    host: str
    port: int
    user: str
    password: str = field(repr=False)


def mail_server_at(url: str) -> MailServer:
    """The mail server at an address; raises ValueError, with what is wrong."""
    parts = urlsplit(url.strip())
    try:
        port = parts.port
    except ValueError:
        port = None
    if parts.scheme not in _SMTP_PORTS or not parts.hostname or parts.path.strip("/"):
        raise ValueError(
            "an address such as smtps://user:password@mail.example.org or smtp+starttls://mail.example.org:587"
        )
    if parts.scheme == "smtp" and parts.hostname not in _ON_THIS_MACHINE:
        raise ValueError("smtp:// without TLS is for a mail server on this machine; use smtps:// or smtp+starttls://")
    return MailServer(
        parts.scheme,
        parts.hostname,
        port or _SMTP_PORTS[parts.scheme],
        unquote(parts.username or ""),
        unquote(parts.password or ""),
    )


def check_gateway(url: str) -> None:
    """Raises ValueError, with what is wrong, for an address that is no gateway of ours."""
    parts = urlsplit(url.strip())
    if parts.scheme not in SERVICES:
        raise ValueError(f"an address of Apprise that begins with one of {', '.join(sorted(SERVICES))}")
    if url.count(TO) != 1:
        raise ValueError(f"needs {TO} once, where the number of the recipient stands")
    if refused := _REFUSED_QUERY & set(parse_qs(parts.query, keep_blank_values=True)):
        raise ValueError(f"must not have {', '.join(sorted(refused))}")
    if parts.scheme == "smseagle" and parts.hostname not in _ON_THIS_MACHINE:
        raise ValueError("smseagle:// without TLS is for a gateway on this machine; use smseagles://")


def service_of(url: str) -> str:
    """The name of the service, which is no secret."""
    return urlsplit(url.strip()).scheme
