"""Lists of a page as a browser has them: rows of cells, and the address of the files of each."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser


@dataclass
class Shown:
    """A list on a page: its rows, each with what its cells say, and the address of its files as JSON."""

    rows: list[list[str]] = field(default_factory=list)
    address: str = ""


class _Reader(HTMLParser):
    """Reads the tables up to each line of downloads as one list; numbers of a chart are none."""

    def __init__(self) -> None:
        super().__init__()
        self.lists: list[Shown] = []
        self._shown = Shown()
        self._in_chart = self._in_body = self._in_cell = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        href = str(given.get("href"))
        if tag == "details" and given.get("class") == "chart-table":
            self._in_chart = True
        elif tag == "tbody":
            self._in_body = not self._in_chart
        elif tag == "tr" and self._in_body:
            self._shown.rows.append([])
        elif tag in ("td", "th") and self._in_body:
            self._in_cell = True
            self._shown.rows[-1].append("")
        elif tag == "a" and "/exports/" in href and ".json" in href:
            self._shown.address = href
            self.lists.append(self._shown)
            self._shown = Shown()

    def handle_endtag(self, tag: str) -> None:
        if tag == "details":
            self._in_chart = False
        elif tag == "tbody":
            self._in_body = False
        elif tag in ("td", "th"):
            self._in_cell = False

    def handle_data(self, data: str) -> None:
        if self._in_cell:
            self._shown.rows[-1][-1] += data


def read_lists(page: str) -> list[Shown]:
    """Lists of a page that have files."""
    reader = _Reader()
    reader.feed(page)
    return reader.lists
