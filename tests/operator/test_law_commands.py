"""``coop law``: law from the command line, looked at first, added once, and refused with every reason."""

from __future__ import annotations

from pathlib import Path

import pytest

from coop.communities.law import shipped_law
from coop.kit.settings import Settings
from tests.flows.command import coop
from tests.founding import found_installation

ADD = ("law", "add", "maximum", "--from", "2026-06-01", "--published", "2026-05-20", "--source", "ACM")
FIGURES = ("--figure", "full: heat per GJ = 36.50", "--figure", "full: fixed per year = 827.91")


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    made = Settings(data_dir=tmp_path / "data", secret="secret of the tests")
    found_installation(made)
    return made


def count_rows(settings: Settings) -> int:
    return len(coop(settings, "law", "show").stdout.splitlines()) - 1


def test_a_row_is_added_once_after_a_look_that_changes_nothing(settings: Settings) -> None:
    begun = count_rows(settings)
    looked = coop(settings, *ADD, *FIGURES, "--dry-run")
    assert (looked.returncode, looked.stdout.splitlines()[-1]) == (0, "nothing was changed")
    assert count_rows(settings) == begun
    assert coop(settings, *ADD, *FIGURES).returncode == 0
    assert "stands there already" in coop(settings, *ADD, *FIGURES).stdout
    assert count_rows(settings) == begun + 2
    assert "36.50  ACM" in coop(settings, "law", "show").stdout


def test_what_is_wrong_is_named_at_once_and_a_far_figure_asks_for_a_second_look(settings: Settings) -> None:
    wrong = coop(settings, "law", "add", "maximum", "--from", "june", "--source", "ACM", "--figure", "heat 36.50")
    assert wrong.returncode == 1
    assert "from: 'june' is no day" in wrong.stderr
    assert "figure: 'heat 36.50' is no figure" in wrong.stderr
    far = (*ADD, "--figure", "full: heat per GJ = 365.0")
    refused = coop(settings, *far)
    assert refused.returncode == 1
    assert "365.0 is far from 40.97" in refused.stderr
    assert coop(settings, *far, "--checked").returncode == 0


def test_a_file_adds_what_the_rows_lack(settings: Settings, tmp_path: Path) -> None:
    assert "stands there already" in coop(settings, "law", "import").stdout
    file = tmp_path / "law.toml"
    file.write_text('[[vat]]\ncategory = "energy"\nvalid_from = 2026-06-01\nrate = "0.09"\nsource = "Stb."\n')
    begun = count_rows(settings)
    assert coop(settings, "law", "import", str(file)).returncode == 0
    assert count_rows(settings) == begun + 1 > len(shipped_law().publications)
    file.write_text('[[vat]]\ncategory = "energy"\nvalid_from = 2026-06-01\nrate = "nine"\n')
    broken = coop(settings, "law", "import", str(file))
    assert broken.returncode == 1
    assert "source is missing" in broken.stderr or "'nine' is not a number" in broken.stderr
