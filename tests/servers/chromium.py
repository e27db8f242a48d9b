"""A real browser for the tests: the system's Chromium, driven by Playwright, which brings none of its own."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, sync_playwright

from tests.servers.absent import ServerAbsent

PATH_VARIABLE = "COOP_TEST_CHROMIUM"
# Root may run Chromium only without its sandbox; the rest keeps it from calling anybody but the page under test.
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)


def chromium_path() -> str:
    """Path of the browser.

    Raises:
        ServerAbsent: there is none.
    """
    given = os.environ.get(PATH_VARIABLE)
    found = given or shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if found is None:
        raise ServerAbsent(f"no Chromium on this machine (Debian: apt-get install chromium; else set {PATH_VARIABLE})")
    return found


@contextmanager
def open_browser(executable: str) -> Iterator[Browser]:
    """The browser for the length of the block, up in about a second.

    While it is open Playwright keeps an event loop in this thread, so that `asyncio.run` is refused in it: keep the
    block to the tests that need the browser.
    """
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=list(ARGUMENTS))
        try:
            yield browser
        finally:
            browser.close()
