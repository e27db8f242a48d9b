"""A provider that does what a test asks of it, over a socket: each answer can be made wrong by one thing."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl

from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey

CLIENT = "coop-client"


@dataclass
class Crooked:
    """What the provider says; ``claims`` replace those of a right ID token, and ``token`` all of it."""

    port: int = 0
    key: RSAKey = field(default_factory=lambda: RSAKey.generate_key(2048, {"kid": "1", "use": "sig", "alg": "RS256"}))
    claims: dict[str, Any] = field(default_factory=dict)
    discovery: dict[str, Any] = field(default_factory=dict)
    token: str = ""
    token_status: int = 200
    nonce: str = ""
    asked: list[dict[str, str]] = field(default_factory=list)

    @property
    def issuer(self) -> str:
        return f"http://localhost:{self.port}"

    def sign(self, key: RSAKey | None = None) -> str:
        """An ID token, right but for ``claims``."""
        now = int(time.time())
        said = {
            "iss": self.issuer,
            "sub": "subject-1",
            "aud": CLIENT,
            "iat": now,
            "exp": now + 300,
            "nonce": self.nonce,
            "email": "bram@example.org",
            "email_verified": True,
        }
        said = {name: value for name, value in {**said, **self.claims}.items() if value is not None}
        return jwt.encode({"alg": "RS256", "kid": "1"}, said, key or self.key)

    def answer(self, path: str, form: dict[str, str]) -> tuple[int, dict[str, Any]]:
        """Status and body of what a path answers."""
        if path == "/.well-known/openid-configuration":
            addresses = {"authorization_endpoint": "/go", "token_endpoint": "/token", "jwks_uri": "/keys"}
            said = {name: self.issuer + place for name, place in addresses.items()}
            return 200, {"issuer": self.issuer, **said, **self.discovery}
        if path == "/keys":
            return 200, dict(KeySet([self.key]).as_dict(private=False))
        if path == "/token":
            self.asked.append(form)
            return self.token_status, {"id_token": self.token or self.sign(), "token_type": "Bearer"}
        return 404, {}


@contextmanager
def crooked_provider() -> Iterator[Crooked]:
    """Run it on a free port."""
    said = Crooked()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer({})

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"])).decode()
            self._answer({**dict(parse_qsl(body)), "authorization": self.headers.get("authorization", "")})

        def _answer(self, form: dict[str, str]) -> None:
            status, body = said.answer(self.path, form)
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.end_headers()
            self.wfile.write(json.dumps(body).encode())

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("localhost", 0), Handler)
    said.port = server.server_port
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield said
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
