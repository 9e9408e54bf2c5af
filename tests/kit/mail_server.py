"""A mail server on loopback that speaks SMTP (RFC 5321) over real sockets, and misbehaves when it is told to."""

from __future__ import annotations

import socketserver
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP
from typing import Any


@dataclass
class Taken:
    """A letter that the server has accepted: its envelope, and its bytes as they came over the wire."""

    sender: str
    recipient: str
    raw: bytes
    greeting: str
    encrypted: bool

    @property
    def message(self) -> EmailMessage:
        return message_from_bytes(self.raw, policy=SMTP)


def _set() -> threading.Event:
    event = threading.Event()
    event.set()
    return event


@dataclass
class MailServer:
    """What it has taken, and the behaviours of the next letters: a reply to the recipient such as "452 full", one to the
    sender ("from 550 no"), to the letter ("end 552 too large") or to the sign-in ("auth 535 wrong"), or "cut": the letter
    is taken, and the connection ends without an answer."""

    port: int = 0
    taken: list[Taken] = field(default_factory=list)
    behaviours: list[str] = field(default_factory=list)
    # Name and password that are asked for, as base64 of AUTH PLAIN; "" for none.
    password: str = ""
    signed_in: int = 0
    tls: ssl.SSLContext | None = None
    implicit: bool = False
    # Whether it knows addresses of other scripts (RFC 6531).
    utf8: bool = False
    # The largest letter that it says to take, in bytes (RFC 1870); 0 for none.
    size: int = 0
    # Cleared while the server takes connections and says nothing.
    answers: threading.Event = field(default_factory=_set)
    connections: int = 0


@contextmanager
def mail_server(
    tls: ssl.SSLContext | None = None, *, implicit: bool = False, password: str = "", utf8: bool = False
) -> Iterator[MailServer]:
    """A running server; with `tls` from the first byte (`implicit`) or by STARTTLS."""
    state = MailServer(tls=tls, implicit=implicit, password=password, utf8=utf8)

    class Handler(_Session):
        server_state = state

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        state.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield state
        finally:
            state.answers.set()
            server.shutdown()
            thread.join()


class _Session(socketserver.BaseRequestHandler):
    server_state: MailServer

    def handle(self) -> None:
        self._encrypted = False
        self._wire(self.request)
        self.server_state.connections += 1
        self.server_state.answers.wait(60)
        # A client that does not trust us, or stops in the middle, is no fault of the server.
        with suppress(OSError):
            self._talk()
        self._lines.close()
        self._socket.close()

    def _talk(self) -> None:
        if self.server_state.implicit:
            self._encrypt()
        self._say("220 mail.example ESMTP")
        sender = recipient = greeting = behaviour = ""
        while line := self._lines.readline():
            command = line.decode("utf-8").strip()
            match command.split(" ")[0].upper():
                case "EHLO":
                    greeting = command[5:]
                    more = ["AUTH PLAIN"] if self.server_state.password else []
                    more += [f"SIZE {self.server_state.size}"] if self.server_state.size else []
                    more += ["SMTPUTF8"] if self.server_state.utf8 else []
                    more += ["STARTTLS"] if self.server_state.tls and not self._encrypted else []
                    self._say("\r\n".join([f"250-{one}" for one in ("mail.example", *more)] + ["250 8BITMIME"]))
                case "STARTTLS":
                    self._say("220 ready")
                    self._encrypt()
                case "AUTH":
                    said = self._behaviour("auth ")
                    right = command == f"AUTH PLAIN {self.server_state.password}" and not said
                    self.server_state.signed_in += right
                    self._say("235 welcome" if right else said or "535 wrong")
                case "MAIL":
                    sender = command[len("MAIL FROM:<") :].split(">")[0]
                    size = int((command.partition(" SIZE=")[2] or "0").split(" ")[0])
                    too_large = (
                        "552 5.3.4 too large" if self.server_state.size and size > self.server_state.size else ""
                    )
                    self._say(self._behaviour("from ") or too_large or "250 ok")
                case "RCPT":
                    recipient = command[len("RCPT TO:<") :].split(">")[0]
                    behaviour = self.server_state.behaviours.pop(0) if self.server_state.behaviours else ""
                    self._say(behaviour if behaviour[:1].isdigit() else "250 ok")
                case "DATA":
                    self._say("354 go on")
                    raw = self._letter()
                    self.server_state.taken.append(Taken(sender, recipient, raw, greeting, self._encrypted))
                    if behaviour == "cut":
                        return
                    if behaviour.startswith("end "):
                        self.server_state.taken.pop()
                    self._say(behaviour.removeprefix("end ") if behaviour.startswith("end ") else "250 taken")
                case "QUIT":
                    self._say("221 bye")
                    return
                case _:
                    self._say("250 ok")

    def _behaviour(self, of: str) -> str:
        """The reply that is next, where it is about this command; "" for none."""
        behaviours = self.server_state.behaviours
        return behaviours.pop(0).removeprefix(of) if behaviours and behaviours[0].startswith(of) else ""

    def _letter(self) -> bytes:
        lines = []
        while (line := self._lines.readline()) not in (b".\r\n", b""):
            lines.append(line.removeprefix(b".") if line.startswith(b"..") else line)
        return b"".join(lines)

    def _encrypt(self) -> None:
        assert self.server_state.tls is not None
        self._lines.close()
        self._wire(self.server_state.tls.wrap_socket(self._socket, server_side=True, do_handshake_on_connect=False))
        self._socket.do_handshake()
        self._encrypted = True

    def _wire(self, socket: Any) -> None:
        self._socket = socket
        self._lines = socket.makefile("rb")

    def _say(self, text: str) -> None:
        self._socket.sendall(text.encode() + b"\r\n")
