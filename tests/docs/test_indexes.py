"""A stranger finds every page from an index: the pages of the domain, and each decision with its line."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

from tests.docs.pages import DECISIONS, DOMAIN, ROOT, find_links


@pytest.mark.parametrize("folder", [DOMAIN, DECISIONS], ids=lambda folder: folder.name)
def test_the_index_of_a_folder_names_each_of_its_pages(folder: Path) -> None:
    index = folder / "README.md"
    assert {page.name for page in folder.glob("*.md")} - {index.name} <= {link.target for link in find_links(index)}


def test_a_number_of_a_decision_that_is_missing_is_explained() -> None:
    numbers = {int(page.name[:4]) for page in DECISIONS.glob("[0-9]*.md")}
    missing = {number for number in range(1, max(numbers)) if number not in numbers}
    index = (DECISIONS / "README.md").read_text()
    assert missing == {int(number) for number in re.findall(r"^\| (\d{4}) \|", index, re.M)}


def test_each_scenario_of_a_worked_example_is_linked_from_the_examples() -> None:
    scenarios = {path.name for path in (ROOT / "tests" / "scenarios").rglob("e[0-9]*.yaml")}
    assert scenarios
    assert scenarios <= {Path(link.target).name for link in find_links(DOMAIN / "README.md")}


def test_no_target_of_the_makefile_stands_there_twice() -> None:
    """``make`` warns of it before anything else that whoever begins reads."""
    targets = re.findall(r"^([a-z][\w-]*):(?! export)", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert [name for name, count in Counter(targets).items() if count > 1] == []
