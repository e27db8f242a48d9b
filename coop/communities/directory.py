"""Directory of the co-operatives that a process serves, read from the database of one of its services.

A co-operative that is founded, or gets another host name, is met at once where its name was nobody's before, and
within ``LIFETIME_S`` elsewhere: no process is started anew.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from coop.communities import store
from coop.communities.model import ANY_HOST, LOGO_PATH
from coop.kit.database import Database
from coop.kit.settings import Settings
from coop.kit.sites import Site, url_under
from coop.values import civil_date

LIFETIME_S: Final = 2.0
LIFETIME_OF_A_MISS_S: Final = 0.25


@dataclass(frozen=True)
class _View:
    read_at: float
    by_host: Mapping[str, Site]


class Directory:
    """Finds the co-operative of a host name."""

    def __init__(self, database: Database, settings: Settings) -> None:
        self._database, self._public_url = database, settings.public_url()
        self._lock = threading.Lock()
        self._view = _View(-math.inf, {})

    def __call__(self, host: str) -> Site | None:
        """The site of a host name, or None when nobody has that name."""
        by_host = self._read(LIFETIME_S).by_host
        if host not in by_host:  # perhaps somebody has got it just now
            by_host = self._read(LIFETIME_OF_A_MISS_S).by_host
        return by_host.get(host) or by_host.get(ANY_HOST)

    def site_of(self, community: str) -> Site | None:
        """The site of a co-operative under its first host name."""
        return next((site for site in self._read(LIFETIME_S).by_host.values() if site.community == community), None)

    def _read(self, lifetime_s: float) -> _View:
        if time.monotonic() - self._view.read_at > lifetime_s:
            with self._lock:
                if time.monotonic() - self._view.read_at > lifetime_s:
                    self._view = _View(time.monotonic(), self._load())
        return self._view

    def _load(self) -> dict[str, Site]:
        today = civil_date(self._database.clock.now())
        with self._database.system_read() as sql:
            hosts = store.list_hosts(sql)
            faces = store.list_faces(sql, today)
        by_host: dict[str, Site] = {}
        for community, own in hosts.items():
            if face := faces.get(community):
                url = self._public_url if own[0] == ANY_HOST else url_under(self._public_url, own[0])
                logo = f"{LOGO_PATH}?v={face.logo}" if face.logo else ""
                played_on = today if face.is_demonstration else None
                by_host |= dict.fromkeys(own, Site(community, face.name, face.language, url, logo, played_on))
        return by_host
