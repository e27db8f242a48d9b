"""A real HTTP server that takes webhooks as a subscriber would: the reference library checks their signatures."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from standardwebhooks import Webhook, WebhookVerificationError

from tests.servers.process import free_port


@dataclass(frozen=True)
class Taken:
    """A webhook whose signature was right."""

    id: str
    path: str
    media_type: str
    event: Any


@dataclass
class Receiver:
    """``answers`` are given one after another, then 202 to all; a wrong signature gets 401."""

    secret: str
    port: int = field(default_factory=free_port)
    tls: ssl.SSLContext | None = None
    taken: list[Taken] = field(default_factory=list)
    answers: list[tuple[int, dict[str, str], bytes]] = field(default_factory=list)
    drip_s: float = 0.0
    """Where it is set, the answer comes byte by byte with this long between them."""

    def url(self, path: str = "/hooks?from=coop", host: str = "localhost") -> str:
        """The address that it listens on."""
        return f"{'https' if self.tls else 'http'}://{host}:{self.port}{path}"

    @contextmanager
    def up(self) -> Iterator[Receiver]:
        """Listen while the block runs; it may be entered again."""
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                status, headers, answer = receiver.take(self.path, dict(self.headers), body)
                if receiver.drip_s:
                    drip(self.connection, receiver.drip_s)
                    self.close_connection = True
                    return
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("content-length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, format: str, *args: Any) -> None:
                """Say nothing."""

        server = ThreadingHTTPServer(("127.0.0.1", self.port), Handler)
        if self.tls:
            server.socket = self.tls.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield self
        finally:
            server.shutdown()
            thread.join()
            server.server_close()

    def take(self, path: str, headers: dict[str, str], body: bytes) -> tuple[int, dict[str, str], bytes]:
        """Look at a webhook and answer it."""
        try:
            event = Webhook(self.secret).verify(body, headers)
        except WebhookVerificationError as error:
            return 401, {}, str(error).encode()
        if self.answers:
            return self.answers.pop(0)
        named = {name.lower(): value for name, value in headers.items()}
        self.taken.append(Taken(named["webhook-id"], path, named["content-type"], event))
        return 202, {}, b"taken"


def drip(connection: socket.socket, pause_s: float) -> None:
    """Send an answer byte by byte until the other side has had enough."""
    try:
        for byte in b"HTTP/1.1 202 Accepted\r\nx-slow: " + b"y" * 1000:
            connection.sendall(bytes([byte]))
            time.sleep(pause_s)
    except OSError:
        return
