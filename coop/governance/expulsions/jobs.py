"""The night's work on expulsions: where nobody appealed within the term, the membership ends."""

from __future__ import annotations

from typing import Final

from coop.governance.expulsions.commands import end_unopposed
from coop.kit.jobs import Job, Work
from coop.values import say_count
from coop.web.language import N_


def end_memberships(work: Work) -> str:
    """Settle expulsions of which the term to appeal is over."""
    with work.write() as tx:
        ended = end_unopposed(tx)
    return say_count("%(num)s membership ended", "%(num)s memberships ended", ended)


JOBS: Final = (Job("expulsions", N_("Expulsions against which nobody appealed"), "20 23 * * *", end_memberships),)
"""Just after midnight in Amsterdam, in summer and in winter: 23:20 UTC."""
