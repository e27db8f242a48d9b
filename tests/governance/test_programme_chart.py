"""A programme as a picture: a milestone that was reached has its mark and its day."""

from __future__ import annotations

import re
from datetime import date

from coop.governance.charts import Milestone, draw_milestones


def test_a_milestone_that_was_reached_has_its_mark() -> None:
    plan = [Milestone("Source", date(2025, 1, 1), date(2025, 3, 1), None, "open")]
    before = draw_milestones(title="P", sentence="S.", plan=plan, today=date(2025, 2, 1), lang="en")
    reached = [Milestone("Source", date(2025, 1, 1), date(2025, 3, 1), date(2025, 2, 20), "reached")]
    after = draw_milestones(title="P", sentence="S.", plan=reached, today=date(2025, 2, 1), lang="en")
    assert before.rows[0][3] == "–"
    assert after.rows[0][3] == "20 Feb 2025"
    assert len(after.wide) > len(before.wide)
    assert not re.findall(r'(?:fill|stroke)="(?:#|rgb)', after.wide)


def test_on_a_phone_the_names_of_milestones_leave_the_width_to_the_time() -> None:
    plan = [Milestone("All buildings of the first phase connected", date(2025, 1, 1), date(2025, 3, 1), None, "open")]
    chart = draw_milestones(title="P", sentence="S.", plan=plan, today=date(2025, 2, 1), lang="en")
    [bar] = re.findall(r'd="M[\d.]+,[\d.]+h([\d.]+)v14', chart.narrow)
    assert float(bar) > 250
