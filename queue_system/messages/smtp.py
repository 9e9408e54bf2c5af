"""Hands letters to a mail server (RFC 5321) and says what became of each, by the server's codes."""

from __future__ import annotations

import contextlib
import re
import smtplib
import ssl
from email.policy import SMTP, SMTPUTF8
from typing import Final

from ..core.messages import Outcome
from ..gateways import MailServer
from .letter import Letter

# For each answer of the server. A letter needs four, and the lease of a message is longer than these together.
ANSWER_SECONDS: Final = 30.0
_DOT: Final = re.compile(rb"^\.", re.MULTILINE)


class Unreachable(Exception):
    """No connection, or none that lets us send; the letters stay, because none of them is to blame. The text says why."""


class Connection:
    """A connection to a mail server, for some letters one after the other. Use it in one thread."""

    def __init__(self, server: MailServer, greeting: str) -> None:
        """Connect and sign in; `greeting` is the name that we say. Raises Unreachable."""
        try:
            self._smtp = _connected(server, greeting)
            if server.user:
                self._smtp.login(server.user, server.password)
            self._smtp.ehlo_or_helo_if_needed()
        except (OSError, smtplib.SMTPException) as error:
            raise Unreachable(_reason(error)) from None

    def send(self, letter: Letter) -> tuple[Outcome, str | None]:
        """Hand over one letter. Raises Unreachable if the server is lost before the letter, or refuses its sender."""
        smtp = self._smtp
        options = []
        wide = not letter.recipient.isascii()
        if wide:
            # RFC 6531: an address with letters of other scripts needs a server that knows them.
            if not smtp.has_extn("smtputf8"):
                return Outcome.REFUSED, "address"
            options = ["SMTPUTF8"]
        content = letter.content.as_bytes(policy=SMTPUTF8 if wide else SMTP)
        try:
            code, said = smtp.mail(letter.sender, options)
            if code != 250:
                raise Unreachable(f"{code} for the sender: {_text(said)}")
            code, _ = smtp.rcpt(letter.recipient)
            if code not in (250, 251):
                return self._refused(code, "address")
            code, _ = smtp.docmd("DATA")
            if code != 354:
                return self._refused(code, "refused")
        except (OSError, smtplib.SMTPException) as error:
            raise Unreachable(_reason(error)) from None
        return self._hand_over(content)

    def close(self) -> None:
        """Take leave of the server; it does not matter whether it still answers."""
        with contextlib.suppress(OSError, smtplib.SMTPException):
            self._smtp.quit()
        self._smtp.close()

    def _hand_over(self, content: bytes) -> tuple[Outcome, str | None]:
        """From here on the server may have the letter, although its answer gets lost."""
        try:
            self._smtp.send(_DOT.sub(b"..", content) + (b"" if content.endswith(b"\r\n") else b"\r\n") + b".\r\n")
            code, _ = self._smtp.getreply()
        except (OSError, smtplib.SMTPException):
            self._smtp.close()
            return Outcome.MAYBE, "cut"
        return (Outcome.SENT, None) if 200 <= code < 300 else self._refused(code, "refused")

    def _refused(self, code: int, why: str) -> tuple[Outcome, str | None]:
        with contextlib.suppress(OSError, smtplib.SMTPException):
            self._smtp.rset()
        return (Outcome.REFUSED, why) if 500 <= code < 600 else (Outcome.LATER, "busy")


def _connected(server: MailServer, greeting: str) -> smtplib.SMTP:
    context = ssl.create_default_context()
    if server.scheme == "smtps":
        return smtplib.SMTP_SSL(server.host, server.port, greeting, timeout=ANSWER_SECONDS, context=context)
    smtp = smtplib.SMTP(server.host, server.port, greeting, timeout=ANSWER_SECONDS)
    if server.scheme == "smtp+starttls":
        try:
            # It raises where the server does not offer it, so that neither password nor letter goes in the clear.
            smtp.starttls(context=context)
            smtp.ehlo()
        except BaseException:
            smtp.close()
            raise
    return smtp


def _reason(error: Exception) -> str:
    """For the log of this machine; the answer of a server to a sign-in holds no password."""
    if isinstance(error, smtplib.SMTPResponseException):
        return f"{error.smtp_code}: {_text(error.smtp_error)}"
    return f"{type(error).__name__}: {error}"


def _text(said: bytes | str) -> str:
    return said.decode(errors="replace") if isinstance(said, bytes) else said
