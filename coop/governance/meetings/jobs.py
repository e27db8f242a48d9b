"""Work of governance at set times."""

from __future__ import annotations

from typing import Final

from coop.governance.meetings.deadlines import tell_days
from coop.kit.jobs import Job, Work
from coop.web.language import N_


def pass_days(work: Work) -> str:
    """Tell what the days up to now brought about."""
    with work.write() as tx:
        return tell_days(tx)


JOBS: Final = (Job("deadlines", N_("Votes, deadlines and reminders of the day"), "10 23 * * *", pass_days),)
"""Just after midnight in Amsterdam, in summer and in winter: 23:10 UTC."""
