"""Words of a page that are in a reader's eye line, and ids and fingerprints among them."""

from __future__ import annotations

import re
from html.parser import HTMLParser

UNREAD = ("script", "style", "template")
SPOKEN = ("alt", "aria-label", "placeholder", "title")
ID = re.compile(r"\b[0-9a-f]{8}-[0-9a-f]{4}-|\b(?=[a-f]*\d)(?=\d*[a-f])[0-9a-f]{7,}\b")
"""The beginning of a uuid, or hex digits of both kinds that are no number and no word."""


class _Reader(HTMLParser):
    """Reads what is shown or spoken without opening a part named Technical."""

    def __init__(self) -> None:
        super().__init__()
        self.words: list[str] = []
        self._folded: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag in UNREAD or (tag == "details" and (self._folded or "technical" in given.get("class", "").split())):
            self._folded.append(tag)
        elif not self._folded:
            self.words += [given[name] for name in SPOKEN if name in given]
            if tag == "input" and given.get("type", "text") in ("text", "search"):
                self.words.append(given.get("value", ""))

    def handle_endtag(self, tag: str) -> None:
        if self._folded and self._folded[-1] == tag:
            self._folded.pop()

    def handle_data(self, data: str) -> None:
        if not self._folded:
            self.words.append(data)


def ids_in_sight(page: str) -> list[str]:
    """Words of a page that hold an id or a fingerprint."""
    reader = _Reader()
    reader.feed(page)
    reader.close()
    return [" ".join(words.split()) for words in reader.words if ID.search(words)]
