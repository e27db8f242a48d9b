"""One service on a free port whose clock a test sets, and the people who sit down at it with a browser."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from datetime import time as clock_time
from pathlib import Path
from typing import Any

import uvicorn
from playwright.sync_api import Browser, Page

from coop.kit.database import Database
from coop.kit.service import Service
from coop.kit.session import COOKIE, Session, sign
from coop.values import AMSTERDAM
from tests.browser.house import DESKTOP, HEIGHTS_PX
from tests.desk import COMMUNITY, SECRET, open_desk
from tests.kit.clocks import SetClock
from tests.servers.process import free_port


@dataclass
class Desk:
    """A service on a free port, on the day that its clock is set to."""

    url: str
    database: Database
    clock: SetClock

    def turn_to(self, day: date, hour: int = 13) -> None:
        """Set the clock to an hour in Amsterdam."""
        self.clock.set(datetime.combine(day, clock_time(hour), AMSTERDAM))

    @contextmanager
    def visit(
        self, browser: Browser, role: str, account_id: str, member_id: str | None = None, width_px: int = DESKTOP
    ) -> Iterator[Page]:
        """A page of somebody who signed in today."""
        session = Session(
            account_id, "Noor de Wit", frozenset({role}), member_id, COMMUNITY, "session-1", self.clock.now()
        )
        size: Any = {"width": width_px, "height": HEIGHTS_PX[width_px]}
        context = browser.new_context(base_url=self.url, locale="en-GB", viewport=size)
        context.add_cookies([{"name": COOKIE, "value": sign(session, SECRET), "url": self.url}])
        try:
            yield context.new_page()
        finally:
            context.close()


@contextmanager
def serve_desk(service: Service, database: Database, clock: SetClock, folder: Path) -> Iterator[Desk]:
    """The pages of a service over a database, which is closed when the block ends."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    app = open_desk(service, database, folder, url).app
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=port, log_config=None, lifespan="off"))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.02)
    try:
        yield Desk(url, database, clock)
    finally:
        server.should_exit = True
        thread.join()
        database.close()
