"""Acts of the people of the demonstration in time: register, meet, decide, close months, run bills.

Plain commands through the HTTP doors, each with its own date from the plan, each harmless to repeat. Nothing here
looks at the machine's clock, so the same plan makes the same bills, votes and tranches wherever it is played.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial

from coop.demo import acts, realising
from coop.demo.agenda import meetings
from coop.demo.doors import Doors
from coop.demo.founding import adopt_statutes
from coop.demo.plan import DemoPlan
from coop.demo.programme import programme
from coop.demo.stream import complete_by
from coop.values import Period, midnight


@dataclass(frozen=True)
class Step:
    """One thing that somebody does at one time."""

    at: datetime
    name: str
    do: Callable[[Doors], None]


def opening(plan: DemoPlan) -> list[Step]:
    """Everything before the first telegram, in order."""
    at = midnight(date(plan.year, 1, 1)) - timedelta(hours=1)
    winter = meetings(plan)[0]
    return [
        Step(at, "jobs", acts.leave_to_the_players),
        Step(at, "register", partial(acts.fill_register, plan)),
        Step(at, "accounts", partial(acts.make_accounts, plan)),
        Step(at, "statutes", partial(adopt_statutes, plan)),
        Step(at, "programme", partial(realising.plan_programme, plan)),
        Step(at, "meeting", partial(acts.hold, plan, winter)),
        Step(at, "price index", partial(acts.set_index, plan)),
        Step(at, "meters", partial(acts.register_meters, plan)),
    ]


def calendar(plan: DemoPlan, until: date) -> list[Step]:
    """Events while the telegrams come in, by time, up to ``until``."""
    steps = [Step(m.at, m.name, partial(acts.hold, plan, m)) for m in meetings(plan)[1:]]
    for milestone in programme(plan).milestones:
        if milestone.done_on:
            steps.append(Step(midnight(milestone.done_on), milestone.title_en, partial(realising.reach, milestone)))
    decided_on = date(plan.year, 11, 7)
    steps.append(Step(midnight(decided_on), "steering group", partial(realising.decide_referred, plan, decided_on)))
    months = Period(date(plan.year, 1, 1), until).months()
    for place, month in enumerate(months):
        if month.end.day == 1 and (closing := month.end + timedelta(days=5)) < until:
            earlier = months[max(0, place - 3) : place]
            at = midnight(closing) + timedelta(hours=12)
            steps.append(Step(at, f"bills of {month}", partial(acts.bill, month, earlier)))
    end = complete_by(plan)
    if until > end:
        last = Period.year(plan.year).months()[-4:]
        steps.append(Step(midnight(end), "corrections", partial(acts.correct, last, end)))
    return sorted(steps, key=lambda step: step.at)
