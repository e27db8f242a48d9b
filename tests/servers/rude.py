"""A mail server over a plain socket that hangs up where a test says: in the middle of a mail, or once it took it."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Literal

Rudeness = Literal["in the middle of the mail", "after taking it", "before greeting", "silent", "garbage"]


@dataclass
class RudeServer:
    """Speaks SMTP well enough, up to its rudeness; ``taken`` counts mails that came in whole."""

    rudeness: Rudeness
    port: int = 0
    taken: int = 0
    _open: bool = field(default=True)

    @contextmanager
    def up(self) -> Iterator[RudeServer]:
        """Listen while the block runs."""
        with socket.create_server(("127.0.0.1", 0)) as listener:
            self.port = listener.getsockname()[1]
            listener.settimeout(0.1)
            thread = threading.Thread(target=self._serve, args=(listener,), daemon=True)
            thread.start()
            try:
                yield self
            finally:
                self._open = False
                thread.join(5)

    def _serve(self, listener: socket.socket) -> None:
        while self._open:
            with suppress(TimeoutError):
                connection, _ = listener.accept()
                with connection, suppress(OSError):
                    connection.settimeout(2)
                    self._speak(connection)

    def _speak(self, connection: socket.socket) -> None:
        if self.rudeness == "before greeting":
            return
        if self.rudeness == "silent":
            connection.recv(1)
            return
        if self.rudeness == "garbage":
            connection.sendall(b"\x00\xff\xfe nothing that anybody reads\r\n")
            return
        lines = connection.makefile("rb")
        connection.sendall(b"220 rude.example\r\n")
        while line := lines.readline():
            verb = line[:4].upper()
            if verb == b"DATA":
                connection.sendall(b"354 go on\r\n")
                if self.rudeness == "in the middle of the mail":
                    lines.readline()
                    return
                while (part := lines.readline()) and part != b".\r\n":
                    pass
                self.taken += 1
                return
            connection.sendall(b"221 bye\r\n" if verb == b"QUIT" else b"250 ok\r\n")
