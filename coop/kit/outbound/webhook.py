"""Webhooks: an HTTP POST signed as Standard Webhooks 1.0 says; the status and the answer's first bytes as proof.

The recipient is the address of whoever subscribed. ``webhook-id`` is the message's id, the same at every try, by which
the receiver knows a repeat. Each of a subscriber's secrets makes a signature, so that one can be replaced while both
count. Redirects are not followed. Only http and https addresses are called, and only those outside our own networks: a
subscriber's address must not reach what the firewall keeps from the subscriber. The address that was looked up and
checked is the one that is called. A slow receiver is left after ``timeout_s``, however it spreads its bytes.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import ipaddress
import socket
import ssl
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from http.client import HTTPConnection, HTTPException, HTTPResponse
from time import monotonic
from urllib.parse import SplitResult, urlsplit

import orjson

from coop.events import Envelope
from coop.kit.clock import SYSTEM_CLOCK, Clock
from coop.kit.outbound.message import Message, Outgoing, Refused, Send, TryLater
from coop.values import BadInput, Problem, say

Secrets = Callable[[str, str], Sequence[str]]
"""The secrets of a subscriber, by co-operative and address, newest first; none when it has unsubscribed."""

CLOUD_EVENT = "application/cloudevents+json"
SECRET_BYTES_MIN, SECRET_BYTES_MAX = 24, 64
TIMEOUT_S = 20.0
ANSWER_SHOWN = 200
"""Bytes of an answer that are kept."""

_SECRET_PREFIX = "whsec_"
_TRY_LATER = (408, 429)
_PORTS = {"http": 80, "https": 443}
_NAT64 = ipaddress.ip_network("64:ff9b::/96")


def announce(url: str, envelope: Envelope) -> Message:
    """The message that hands a fact to a subscriber: a CloudEvent, without who acted in the house and how."""
    event = orjson.loads(envelope.to_json())
    for inner in ("actor", "channel"):
        del event[inner]
    return Message(url, envelope.type, CLOUD_EVENT, orjson.dumps(event))


def sign(secret: str, message_id: str, timestamp: int, body: bytes) -> str:
    """The ``webhook-signature`` of a body.

    Source: Standard Webhooks 1.0.0, "Signature scheme"; the example is that of its reference libraries.

    >>> sign("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330,
    ...     b'{"test": 2432232314}')
    'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE='
    """
    signed = f"{message_id}.{timestamp}.".encode() + body
    digest = hmac.new(read_secret(secret), signed, hashlib.sha256).digest()
    return f"v1,{base64.b64encode(digest).decode()}"


def read_secret(secret: str) -> bytes:
    """The key in a secret such as ``whsec_`` and base64 of 24 to 64 bytes.

    Raises:
        BadInput: it is none; the reason does not repeat it.
    """
    try:
        key = base64.b64decode(secret.removeprefix(_SECRET_PREFIX), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if not secret.startswith(_SECRET_PREFIX) or not SECRET_BYTES_MIN <= len(key) <= SECRET_BYTES_MAX:
        reason = say(
            "is not %(prefix)s and base64 of %(least)s to %(most)s bytes",
            prefix=_SECRET_PREFIX,
            least=SECRET_BYTES_MIN,
            most=SECRET_BYTES_MAX,
        )
        raise BadInput([Problem(reason, "secret")], "bad-secret")
    return key


def check_url(url: str) -> SplitResult:
    """The parts of a subscriber's address.

    Raises:
        BadInput: it is no http or https address, or names a user.
    """
    try:
        parts = urlsplit(url)
        right = parts.scheme in _PORTS and bool(parts.hostname) and "@" not in parts.netloc and parts.port != 0
    except ValueError:
        right = False
    if not right or not url.isascii() or not url.isprintable() or " " in url:
        raise BadInput([Problem(say("is no http or https address"), "url")], "bad-url")
    return parts


def is_public(address: str) -> bool:
    """True for an internet address outside every private, local and reserved network, also behind IPv6.

    >>> [is_public(address) for address in ("8.8.8.8", "10.0.0.1", "::ffff:127.0.0.1", "fd00::1", "169.254.169.254")]
    [True, False, False, False, False]
    """
    ip = ipaddress.ip_address(address)
    if isinstance(ip, ipaddress.IPv6Address):
        inner = ip.ipv4_mapped or ip.sixtofour or (ip.teredo[1] if ip.teredo else None)
        if ip in _NAT64:
            inner = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
        if inner:
            return is_public(str(inner))
    return ip.is_global and not ip.is_multicast


class Webhooks:
    """The way out to subscribers."""

    def __init__(
        self,
        secrets: Secrets,
        *,
        clock: Clock = SYSTEM_CLOCK,
        allow_private: bool = False,
        tls: ssl.SSLContext | None = None,
        timeout_s: float = TIMEOUT_S,
    ) -> None:
        self._secrets, self._clock, self._allow_private = secrets, clock, allow_private
        self._tls = tls or ssl.create_default_context()
        self._timeout_s = timeout_s

    @contextmanager
    def open(self) -> Iterator[Send]:
        """Nothing to open: every subscriber is another server."""
        yield self._send

    def _send(self, outgoing: Outgoing) -> str:
        try:
            parts = check_url(outgoing.recipient)
            headers = self._headers(outgoing)
        except BadInput as problem:
            raise Refused(problem.message) from problem
        began = monotonic()
        try:
            return self._post(parts, headers, outgoing.body)
        except (OSError, HTTPException) as error:
            if monotonic() - began >= self._timeout_s:
                raise TryLater(
                    say("there was no answer within %(seconds)s s", seconds=f"{self._timeout_s:g}")
                ) from error
            words = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
            raise TryLater(say("the receiver cannot be reached: %(error)s", error=words)) from error

    def _headers(self, outgoing: Outgoing) -> dict[str, str]:
        secrets = self._secrets(outgoing.community, outgoing.recipient)
        if not secrets:
            raise Refused(say("nobody subscribes with this address any more"))
        timestamp = int(self._clock.now().timestamp())
        signatures = [sign(secret, outgoing.id, timestamp, outgoing.body) for secret in secrets]
        return {
            "content-type": outgoing.media_type,
            "user-agent": "coop",
            "connection": "close",
            "webhook-id": outgoing.id,
            "webhook-timestamp": str(timestamp),
            "webhook-signature": " ".join(signatures),
        }

    def _post(self, parts: SplitResult, headers: dict[str, str], body: bytes) -> str:
        with self._connect(parts) as connection:
            target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
            connection.request("POST", target, body, {"host": parts.netloc, **headers})
            response = connection.getresponse()
            answer = f"{response.status} {response.reason}"
            with suppress(OSError, HTTPException):  # the status counts, whatever comes behind it
                answer += f": {response.read(ANSWER_SHOWN).decode(errors='replace')}"
        return _judge(response, answer.rstrip(": "))

    @contextmanager
    def _connect(self, parts: SplitResult) -> Iterator[HTTPConnection]:
        """A connection to an address that was checked, cut off after ``timeout_s``."""
        host = parts.hostname or ""
        port = parts.port or _PORTS[parts.scheme]
        stream = _dial(self._look_up(host, port), port, self._timeout_s)
        if parts.scheme == "https":
            stream = self._tls.wrap_socket(stream, server_hostname=host, do_handshake_on_connect=False)
        with closing(stream):
            cut_off = threading.Timer(self._timeout_s, _shut_down, (stream,))
            cut_off.daemon = True
            cut_off.start()
            try:
                if isinstance(stream, ssl.SSLSocket):
                    stream.do_handshake()
                connection = HTTPConnection(host, port)
                connection.sock = stream
                yield connection
            finally:
                cut_off.cancel()

    def _look_up(self, host: str, port: int) -> list[str]:
        """The addresses of a host.

        Raises:
            Refused: one lies in a network of our own.
        """
        addresses = [str(entry[4][0]) for entry in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
        if not self._allow_private and not all(map(is_public, addresses)):
            raise Refused(say("its address lies in a private network"))
        return addresses


def _dial(addresses: Sequence[str], port: int, timeout_s: float) -> socket.socket:
    """Connect to the first address that answers.

    Raises:
        OSError: none does.
    """
    for address in addresses[:-1]:
        with suppress(OSError):
            return socket.create_connection((address, port), timeout_s)
    return socket.create_connection((addresses[-1], port), timeout_s)


def _judge(response: HTTPResponse, answer: str) -> str:
    if 200 <= response.status < 300:
        return answer
    if 400 <= response.status < 500 and response.status not in _TRY_LATER:
        raise Refused(say("the receiver answered: %(answer)s", answer=answer))
    asked = response.headers.get("retry-after", "")
    raise TryLater(
        say("the receiver answered: %(answer)s", answer=answer),
        float(asked) if asked.isascii() and asked.isdigit() else 0.0,
    )


def _shut_down(stream: socket.socket) -> None:
    with suppress(OSError):
        socket.socket.shutdown(stream, socket.SHUT_RDWR)  # not that of SSLSocket, which another thread is reading
