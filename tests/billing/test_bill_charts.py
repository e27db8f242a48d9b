"""The year under its ceiling: written to the cent, with its own colours on paper, open where the year still runs."""

from __future__ import annotations

import re

from tests.billing.printed import cost_chart


def test_the_ceiling_is_written_to_the_cent_in_the_picture() -> None:
    assert "1.598,17" in cost_chart("nl").wide
    assert "1,598.17" in cost_chart("en").wide


def test_a_year_that_runs_leaves_its_later_months_open() -> None:
    rows = cost_chart().rows
    assert len(rows) == 12
    assert rows[8][1].endswith("962,20")
    assert rows[9][1] == "–"


def test_the_picture_takes_its_colours_from_the_page_and_has_its_own_on_paper() -> None:
    chart = cost_chart()
    assert not re.findall(r'(?:fill|stroke)="(?:#|rgb)', chart.wide)
    assert "var(" not in chart.printed()
