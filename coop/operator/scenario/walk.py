"""A walk over the pages: somebody opens each page to which links lead them, at whatever end a story came to.

The demonstration shows a co-operative that is well; what the pages are where nobody holds a home, a decision fell or
nothing was billed yet, only stories reach.
"""

from __future__ import annotations

import re
from collections import Counter, deque
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit

import httpx2

Open = Callable[[str], httpx2.Response]
"""Opens a page by its path, as somebody."""

ALIKE_MAX = 3
"""Pages that differ in numbers and ids alone, of which so many are opened."""

_ADDRESS = re.compile(r' (href|data-card)="([^"#]+)')
_OFTEN = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}|\d+")
_FALLS_OUT = re.compile(r"%\(\w+\)|\bNone\b|\bNaN\b|&lt;Said")
"""What Dutch text shows where a value was not put into words."""


class _Page(HTMLParser):
    """Addresses that a page leads to or loads, and its text."""

    def __init__(self, body: str) -> None:
        super().__init__()
        self.addresses: list[str] = []
        self.text: list[str] = []
        self._is_hidden = False
        self.feed(body)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._is_hidden = tag in ("script", "style")
        # As a browser reads it: the parser here would take "&register=" for a sign that begins with "&reg".
        for name, value in _ADDRESS.findall(self.get_starttag_text() or ""):
            if tag == "a" or name == "data-card":
                self.addresses.append(value.replace("&amp;", "&"))

    def handle_endtag(self, tag: str) -> None:
        self._is_hidden = False

    def handle_data(self, data: str) -> None:
        if not self._is_hidden:
            self.text.append(data)


def walk_pages(open_page: Open) -> Iterator[str]:
    """Open the home page and whatever it leads to; yield a line for each page that fails or shows what is no word."""
    waiting, opened, shapes = deque(["/"]), {"/"}, Counter[str]()
    while waiting:
        path = waiting.popleft()
        answer = open_page(path)
        if answer.status_code >= 400:
            yield f"{path} answers {answer.status_code}"
            continue
        if "html" not in answer.headers.get("content-type", ""):
            continue
        page = _Page(answer.text)
        if fallen := _FALLS_OUT.search(" ".join(page.text)):
            yield f"{path} shows {fallen[0]!r}"
        for address in page.addresses:
            target = urlsplit(urljoin(str(answer.url), address))
            there = target.path + (f"?{target.query}" if target.query else "")
            shape = _OFTEN.sub("0", there)
            if target.netloc != answer.url.netloc.decode() or there in opened or shapes[shape] >= ALIKE_MAX:
                continue
            if "lang=" in target.query:
                continue  # the same page for somebody else
            shapes[shape] += 1
            opened.add(there)
            waiting.append(there)
