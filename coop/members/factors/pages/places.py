"""The place at which a browser uses a passkey, and the secrets that seal what it carries."""

from __future__ import annotations

from ipaddress import ip_address
from urllib.parse import urlsplit

from fastapi import Request

from coop.kit.settings import Settings
from coop.kit.sites import host_name
from coop.members.factors.model import Place


def find_place(request: Request) -> Place | None:
    """Find the place of a request, by the host name that it came to; None at a bare address, where browsers keep no
    passkeys."""
    settings: Settings = request.app.state.settings
    header = request.headers.get("host", "").lower()
    host = host_name(header)
    try:
        ip_address(host)
    except ValueError:
        scheme = urlsplit(settings.public_url()).scheme
        return Place(host, f"{scheme}://{header}") if host else None
    return None


def secrets_of(request: Request) -> tuple[str, ...]:
    """The secrets of the installation, the newest first."""
    settings: Settings = request.app.state.settings
    return settings.signing_secrets()
