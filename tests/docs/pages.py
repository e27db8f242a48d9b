"""Markdown pages as data: their anchors, their links, and the pages that any text of the repository names."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
DOMAIN = ROOT / "docs" / "domain"
DECISIONS = ROOT / "docs" / "decisions"

TEXTS = frozenset({".py", ".md", ".toml", ".yaml", ".yml", ".html", ".po"})
NOT_OURS = frozenset({"build", "data", "node_modules", "__pycache__"})
"""Folders of what is fetched or made; those that begin with a dot are left out as well."""

_ADDRESS = re.compile(r"\w+://[^\s)>\"']+")
_CITATION = re.compile(r"(?P<page>[\w./-]*\w\.md)\b(?:#(?P<anchor>[\w-]+))?")
_LINK = re.compile(r"\]\((?P<target>[^)\s#]*)(?:#(?P<anchor>[^)\s]+))?\)")
_HEADING = re.compile(r"^#{1,6} (.+)$", re.MULTILINE)
_NAMED = re.compile(r'<a id="([\w-]+)">')


@dataclass(frozen=True)
class Citation:
    """A place that names a page or a file: ``target`` as it is written, ``anchor`` empty where none is named."""

    source: Path
    line: int
    target: str
    anchor: str


def walk_texts(root: Path) -> Iterator[Path]:
    """Every text file of the repository that people write."""
    for path in sorted(root.iterdir()):
        if path.name.startswith(".") or path.name in NOT_OURS:
            continue
        if path.is_dir():
            yield from walk_texts(path)
        elif path.suffix in TEXTS:
            yield path


def find_citations(path: Path) -> Iterator[Citation]:
    """Pages that a text names, by path or by bare name; addresses on the web are none."""
    for number, line in enumerate(_ADDRESS.sub("", path.read_text()).splitlines(), start=1):
        for match in _CITATION.finditer(line):
            yield Citation(path, number, match["page"], match["anchor"] or "")


def find_links(path: Path) -> Iterator[Citation]:
    """Files that a Markdown page links to; a link within the page has itself as target."""
    for number, line in enumerate(_ADDRESS.sub("", path.read_text()).splitlines(), start=1):
        for match in _LINK.finditer(line):
            if match["target"] or match["anchor"]:
                yield Citation(path, number, match["target"] or path.name, match["anchor"] or "")


def read_anchors(page: Path) -> set[str]:
    """Names that an address may end in: headings as GitHub writes them, and anchors that are set by hand.

    Code blocks are left out, because a comment there looks like a heading.
    """
    text = re.sub(r"^```.*?^```", "", page.read_text(), flags=re.MULTILINE | re.DOTALL)
    headings = (re.sub(r"<[^>]*>", "", heading) for heading in _HEADING.findall(text))
    return {write_slug(heading) for heading in headings} | set(_NAMED.findall(text))


def write_slug(heading: str) -> str:
    """A heading as the end of an address: small letters, hyphens for spaces, no other signs."""
    return re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")
