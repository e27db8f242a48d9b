"""Whatever the repository cites can be opened from it: pages by path or name, their anchors, and linked files."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

import pytest

from tests.docs.pages import ROOT, Citation, find_citations, find_links, read_anchors, walk_texts, write_slug


def find_broken_citations(root: Path) -> list[str]:
    """Names of pages, or of anchors in them, that lead nowhere."""
    by_name: dict[str, list[Path]] = defaultdict(list)
    for path in walk_texts(root):
        by_name[path.name].append(path)

    def pages_of(citation: Citation) -> list[Path]:
        near, from_root = citation.source.parent / citation.target, root / citation.target
        existing = [path for path in (near, from_root) if path.is_file()]
        return existing or ([] if "/" in citation.target else by_name[citation.target])

    named = [citation for path in walk_texts(root) for citation in find_citations(path)]
    return describe_broken(root, [(citation, pages_of(citation)) for citation in named])


def find_broken_links(root: Path) -> list[str]:
    """Links of Markdown pages, to files and within pages, that lead nowhere."""
    linked = [link for path in walk_texts(root) if path.suffix == ".md" for link in find_links(path)]
    return describe_broken(root, [(link, [link.source.parent / link.target]) for link in linked])


def describe_broken(root: Path, named: list[tuple[Citation, list[Path]]]) -> list[str]:
    """One sentence for each citation of which no candidate exists, or none has the anchor."""
    problems = []
    for citation, candidates in named:
        place = f"{citation.source.relative_to(root)}:{citation.line}"
        existing = [path for path in candidates if path.exists()]
        if not existing:
            problems.append(f"{place} names {citation.target}, which is not there")
        elif citation.anchor and not any(
            path.suffix == ".md" and citation.anchor in read_anchors(path) for path in existing
        ):
            problems.append(f"{place} names #{citation.anchor}, which {citation.target} does not have")
    return problems


def test_every_page_that_is_cited_is_in_the_repository() -> None:
    assert find_broken_citations(ROOT) == []


def test_every_link_of_a_page_leads_somewhere() -> None:
    assert find_broken_links(ROOT) == []


@pytest.fixture
def library(tmp_path: Path) -> Path:
    """A small repository with one page.

    Names below end in ``.page``: as Markdown they would be citations of this file itself, which lead nowhere.
    """
    write(tmp_path, "docs/heat.page", '# Heat\n\n## What it costs\n\n### <a id="e1"></a>E1 A year\n')
    return tmp_path


def write(root: Path, name: str, text: str) -> None:
    path = root / name.replace(".page", ".md")
    path.parent.mkdir(exist_ok=True)
    path.write_text(text.replace(".page", ".md"))


def as_pages(problem: str) -> list[str]:
    return [problem.replace(".page", ".md")] if problem else []


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("Source: docs/heat.page#e1, and heat.page#what-it-costs.", ""),
        ("https://example.org/other.page#e1 is elsewhere.", ""),
        ("Source: docs/cold.page.", "names docs/cold.page, which is not there"),
        ("Source: cold.page section 3.", "names cold.page, which is not there"),
        ("Source: docs/heat.page#e2.", "names #e2, which docs/heat.page does not have"),
        ("Source: heat.page#cost.", "names #cost, which heat.page does not have"),
    ],
)
def test_a_citation_that_leads_nowhere_is_named_with_its_line(library: Path, text: str, problem: str) -> None:
    write(library, "rule.py", f'"""A rule.\n\n{text}\n"""\n')
    assert find_broken_citations(library) == as_pages(problem and f"rule.py:3 {problem}")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("[a](docs/heat.page#e1), [b](#above), [c](rule.py), [d](https://example.org/x)\n\n# Above", ""),
        ("[a](docs/heat.page#e2)", "names #e2, which docs/heat.page does not have"),
        ("[a](docs/cold.page)", "names docs/cold.page, which is not there"),
        ("[a](#below)", "names #below, which guide.page does not have"),
        ("[a](other.py)", "names other.py, which is not there"),
    ],
)
def test_a_link_that_leads_nowhere_is_named_with_its_line(library: Path, text: str, problem: str) -> None:
    write(library, "rule.py", "")
    write(library, "guide.page", text)
    assert find_broken_links(library) == as_pages(problem and f"guide.page:1 {problem}")


def test_what_is_fetched_or_made_is_not_read(library: Path) -> None:
    for folder in (".venv", "build", "data"):
        write(library, f"{folder}/notes.page", "See nowhere.page.")
    assert find_broken_citations(library) == []


@pytest.mark.parametrize(
    ("heading", "end"),
    [
        ("What it costs", "what-it-costs"),
        ("CO₂, and heat (TEO)", "co₂-and-heat-teo"),
        ("`coop` at home", "coop-at-home"),
    ],
)
def test_a_heading_becomes_the_end_of_an_address(heading: str, end: str) -> None:
    assert write_slug(heading) == end
