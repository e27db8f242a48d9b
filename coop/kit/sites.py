"""Sites: which co-operative a host name leads to, as far as every request needs to know."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from urllib.parse import urlsplit


@dataclass(frozen=True)
class Site:
    """A co-operative under its host name: its key, what its pages are called, and in which language they speak to
    whoever asks for nothing. ``url`` is where people find them, without a slash at the end, and ``logo`` the
    address of its picture there, empty when it has none. ``played_on`` is the day that it is in a demonstration, None
    in a real co-operative."""

    community: str
    name: str
    language: str
    url: str
    logo: str = ""
    played_on: date | None = None


Sites = Callable[[str], Site | None]
"""The site of a host name (small letters, no port), or None when nobody has that name."""


def host_name(header: str) -> str:
    """The host name in a Host header.

    >>> [host_name(header) for header in ("Warm.Example:8020", "[::1]:80", "warm.example.", "")]
    ['warm.example', '::1', 'warm.example', '']
    """
    try:
        return (urlsplit(f"//{header}").hostname or "").rstrip(".")
    except ValueError:
        return ""


def url_under(public_url: str, host: str) -> str:
    """The address of the installation under another host name.

    >>> url_under("https://coop.example:8443", "warm.example")
    'https://warm.example:8443'
    """
    parts = urlsplit(public_url)
    return f"{parts.scheme}://{host}{f':{parts.port}' if parts.port else ''}"
