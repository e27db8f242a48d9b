"""The worked examples of the domain: computed on their pages, each with an anchor, each with who plays it."""

from __future__ import annotations

import doctest
import re
from pathlib import Path

import pytest

from tests.docs.pages import DOMAIN, read_anchors

NUMBERS = range(1, 27)
PAGES = sorted(DOMAIN.glob("*.md"))
INDEX = DOMAIN / "README.md"

_ROW = re.compile(r"^\| \[E(?P<number>\d+)\]\((?P<page>[\w-]+\.md)#e(?P=number)\) \|[^|]*\|(?P<players>[^|]*)\|$", re.M)


def run_page(name: str, text: str) -> tuple[doctest.TestResults, str]:
    """Run the examples of a page as one session; the lines that open and close its blocks are left empty."""
    lines = ["" if line.startswith("```") else line for line in text.splitlines(keepends=True)]
    reported: list[str] = []
    session = doctest.DocTestParser().get_doctest("\n".join(map(str.rstrip, lines)), {}, name, name, 0)
    return doctest.DocTestRunner(verbose=False).run(session, out=reported.append), "".join(reported)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_the_results_on_a_page_are_those_of_its_arithmetic(page: Path) -> None:
    text = page.read_text()
    results, report = run_page(page.name, text)
    assert results.failed == 0, report
    assert results.attempted >= text.count("\n### <a id=")


def test_a_wrong_result_is_reported() -> None:
    results, report = run_page("page", "```python\n>>> 28 * 2\n57\n```\n")
    assert (results.failed, results.attempted) == (1, 1)
    assert "56" in report


@pytest.mark.parametrize("number", NUMBERS)
def test_every_example_has_one_anchor_and_an_entry_that_leads_to_it(number: int) -> None:
    [page] = [page.name for page in PAGES if f"e{number}" in read_anchors(page)]
    assert [row["page"] for row in _ROW.finditer(INDEX.read_text()) if int(row["number"]) == number] == [page]


@pytest.mark.parametrize("number", NUMBERS)
def test_whoever_plays_an_example_says_its_number(number: int) -> None:
    [players] = [row["players"] for row in _ROW.finditer(INDEX.read_text()) if int(row["number"]) == number]
    for target in re.findall(r"\]\(([^)]+)\)", players):
        text = (DOMAIN / target).read_text()
        assert re.search(rf"(?<![a-zA-Z0-9])[eE]{number}(?![0-9])", text), f"{target} never speaks of E{number}"
