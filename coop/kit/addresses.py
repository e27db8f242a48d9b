"""Addresses of pages and for mail: of a site, a person, a sender with a name, a server. Pure, standard library only."""

from __future__ import annotations

from dataclasses import dataclass, field
from email.errors import MessageError
from email.headerregistry import Address
from email.utils import parseaddr
from typing import Literal, cast
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

from coop.values import BadInput, Problem, say

StartTls = Literal["offered", "always", "never"]
"""Encrypt an ``smtp`` connection where the server offers it, refuse a server that does not, or leave it."""

_PORTS = {"smtp": 587, "smtps": 465}


@dataclass(frozen=True)
class Server:
    """A mail server and who signs in to it; the password shows in no text that is made of it."""

    host: str
    port: int
    user: str
    password: str = field(repr=False)
    tls: bool
    starttls: StartTls


def read_server(url: str) -> Server:
    """Read ``smtp://user:password@host:587`` or ``smtps://user:password@host:465``.

    >>> read_server("smtps://noor%40coop.example:pass@mail.example").user
    'noor@coop.example'

    Raises:
        BadInput: it is no such address; the reasons do not repeat it, for it may hold a password.
    """
    try:
        parts = urlsplit(url)
        port = parts.port or _PORTS.get(parts.scheme, 0)
    except ValueError:
        raise BadInput([Problem(say("is no address of a mail server"))], "bad-server") from None
    options = parse_qs(parts.query)
    starttls = options.pop("starttls", ["offered"])[-1]
    if problems := _find_problems(parts, starttls, [*options]):
        raise BadInput(problems, "bad-server")
    return Server(
        host=parts.hostname or "",
        port=port,
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
        tls=parts.scheme == "smtps",
        starttls=cast(StartTls, starttls),
    )


def read_site(text: str) -> str:
    """Read where people find the pages, such as ``https://coop.example``, without a slash at the end.

    Of several hosts, with commas between as a proxy names them, it is the first; of a wildcard the domain itself.

    >>> read_site("https://noord.example, zuid.example:8443"), read_site("https://*.energie.example/")
    ('https://noord.example', 'https://energie.example')

    Raises:
        BadInput: it is no such address.
    """
    parts = urlsplit(text.split(",")[0].strip().rstrip("/").replace("://*.", "://", 1))
    try:
        is_site = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:  # its port is no number
        is_site = False
    if not is_site or any(sign.isspace() or sign == "*" for sign in parts.netloc) or parts.path or parts.query:
        raise BadInput([Problem(say("is no address of pages, such as https://coop.example"))], "bad-address")
    return f"{parts.scheme}://{parts.netloc}"


def _find_problems(parts: SplitResult, starttls: str, other_options: list[str]) -> list[Problem]:
    faults = [
        (parts.scheme not in _PORTS, say("does not begin with smtp:// or smtps://")),
        (not parts.hostname, say("names no server")),
        (parts.path not in ("", "/") or bool(parts.fragment), say("has a path")),
        (bool(parts.username) != bool(parts.password), say("names a user without a password, or the reverse")),
        (not unquote(parts.netloc).isascii(), say("has a sign beyond ASCII, which no server takes")),
        (
            bool(other_options) or starttls not in ("offered", "always", "never"),
            say("has another option than starttls=always or starttls=never"),
        ),
    ]
    return [Problem(reason) for wrong, reason in faults if wrong]


def read_address(text: str) -> Address:
    """Read an address such as ``noor@coop.example``; a domain beyond ASCII becomes the one that mail servers know.

    >>> read_address("noor@coöperatie.example").addr_spec
    'noor@xn--coperatie-17a.example'

    Raises:
        BadInput: it is none, or its part before the @ needs an extension that few servers have.
    """
    try:
        address = Address(addr_spec=text)
        address.username.encode("ascii")
        domain = address.domain.encode("idna").decode()
    except (MessageError, ValueError, IndexError, AttributeError):  # all of them say that it cannot be parsed
        domain = ""
    if not domain:
        raise BadInput([Problem(say("'%(address)s' is no mail address that can be used", address=text))], "bad-address")
    return Address(username=address.username, domain=domain)


def read_sender(text: str) -> Address:
    """Read a sender such as ``Ketelhuis WG <post@coop.example>``.

    >>> read_sender("Ketelhuis WG <post@coop.example>").display_name
    'Ketelhuis WG'

    Raises:
        BadInput: it holds no address.
    """
    name, spec = parseaddr(text)
    address = read_address(spec)
    return Address(name, address.username, address.domain)
