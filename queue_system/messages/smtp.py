"""Hands letters to a mail server (RFC 5321) and says what became of each, by the server's codes."""

from __future__ import annotations

import contextlib
import re
import smtplib
import ssl
from email.policy import SMTP, SMTPUTF8
from typing import Final

from ..core.delivery import OF_CHANNEL
from ..core.messages import Outcome
from ..gateways import MailServer
from .answers import Step, outcome_of
from .letter import Letter

# For each answer of the server. A letter needs four, and the lease of a message is longer than these together.
ANSWER_SECONDS: Final = 30.0
_DOT: Final = re.compile(rb"^\.", re.MULTILINE)


class ChannelFault(Exception):
    """Nothing can be sent for now; the letters stay, because none of them is to blame. The text says why.

    `fault` is one of `core.delivery.OF_CHANNEL`.
    """

    def __init__(self, fault: str, reason: str) -> None:
        super().__init__(reason)
        self.fault = fault


class Connection:
    """A connection to a mail server, for some letters one after the other. Use it in one thread."""

    def __init__(self, server: MailServer, greeting: str) -> None:
        """Connect and sign in; `greeting` is the name that we say. Raises ChannelFault."""
        try:
            self._smtp = _connected(server, greeting)
            if server.user:
                _sign_in(self._smtp, server)
            self._smtp.ehlo_or_helo_if_needed()
        except ssl.SSLError as error:
            raise ChannelFault("encryption", _reason(error)) from None
        except (OSError, smtplib.SMTPException) as error:
            raise ChannelFault("unreachable", _reason(error)) from None

    def send(self, letter: Letter) -> tuple[Outcome, str | None]:
        """Hand over one letter. Raises ChannelFault if the server is lost before the letter, or lets us send none."""
        smtp = self._smtp
        options = []
        wide = not letter.recipient.isascii()
        if wide:
            # RFC 6531: an address with letters of other scripts needs a server that knows them.
            if not smtp.has_extn("smtputf8"):
                return Outcome.REFUSED, "address"
            options = ["SMTPUTF8"]
        content = letter.content.as_bytes(policy=SMTPUTF8 if wide else SMTP)
        if smtp.has_extn("size"):
            # RFC 1870: so that a server refuses a letter that is too large before it is sent.
            options.append(f"SIZE={len(content)}")
        try:
            code, said = smtp.mail(letter.sender, options)
            if code != 250:
                return self._refused(Step.SENDER, code, said)
            code, said = smtp.rcpt(letter.recipient)
            if code not in (250, 251):
                return self._refused(Step.RECIPIENT, code, said)
            code, said = smtp.docmd("DATA")
            if code != 354:
                return self._refused(Step.CONTENT, code, said)
        except (OSError, smtplib.SMTPException) as error:
            raise ChannelFault("unreachable", _reason(error)) from None
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
            code, said = self._smtp.getreply()
        except (OSError, smtplib.SMTPException):
            self._smtp.close()
            return Outcome.MAYBE, "cut"
        return (Outcome.SENT, None) if 200 <= code < 300 else self._refused(Step.CONTENT, code, said)

    def _refused(self, step: Step, code: int, said: bytes) -> tuple[Outcome, str]:
        outcome, error = outcome_of(step, code, _text(said))
        if error in OF_CHANNEL:
            raise ChannelFault(error, f"{code}: {_text(said)}")
        with contextlib.suppress(OSError, smtplib.SMTPException):
            self._smtp.rset()
        return outcome, error


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
        except (smtplib.SMTPNotSupportedError, smtplib.SMTPResponseException) as error:
            smtp.close()
            raise ChannelFault("encryption", _reason(error)) from None
        except BaseException:
            smtp.close()
            raise
    return smtp


def _sign_in(smtp: smtplib.SMTP, server: MailServer) -> None:
    try:
        smtp.login(server.user, server.password)
    except (smtplib.SMTPServerDisconnected, smtplib.SMTPHeloError):
        raise
    except smtplib.SMTPException as error:
        smtp.close()
        # RFC 4954: 4xx is a fault that passes. Without a code the server offers no way to sign in that we know.
        passes = isinstance(error, smtplib.SMTPResponseException) and error.smtp_code < 500
        raise ChannelFault("unreachable" if passes else "sign_in", _reason(error)) from None


def _reason(error: Exception) -> str:
    """For the log of this machine; the answer of a server to a sign-in holds no password."""
    if isinstance(error, smtplib.SMTPResponseException):
        return f"{error.smtp_code}: {_text(error.smtp_error)}"
    return f"{type(error).__name__}: {error}"


def _text(said: bytes | str) -> str:
    return said.decode(errors="replace") if isinstance(said, bytes) else said
