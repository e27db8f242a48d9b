"""The budget of a year: what comes in, what it costs, and what is taken from or added to the reserve."""

from __future__ import annotations

from coop.governance.decisions.recording import record
from coop.governance.kind_fields import Cents, Year
from coop.governance.kinds import NOTHING_ACTS, Kind, Parameters
from coop.values import Problem, say
from coop.web.language import N_

COSTS = ("operation_cents", "maintenance_cents", "administration_cents", "finance_cents", "to_reserve_cents")
"""Amounts that the income and the reserve pay for."""

FIELDS = (
    Year("year", N_("Year")),
    Cents("income_cents", N_("Income")),
    Cents("from_reserve_cents", N_("Taken from the reserve")),
    Cents("operation_cents", N_("Energy and operation")),
    Cents("maintenance_cents", N_("Maintenance")),
    Cents("administration_cents", N_("Administration and organisation")),
    Cents("finance_cents", N_("Interest and repayment")),
    Cents("to_reserve_cents", N_("Added to the reserve")),
)


def judge(parameters: Parameters) -> list[Problem]:
    """A budget is even: income and what the reserve gives are all costs and what the reserve gets."""
    covered = parameters["income_cents"] + parameters["from_reserve_cents"]
    costs = sum(parameters[name] for name in COSTS)
    if covered == costs:
        return []
    reason = say(
        "income and reserve give %(covered)s cents, costs and reserve take %(costs)s", covered=covered, costs=costs
    )
    return [Problem(reason, "income_cents")]


KIND = Kind(
    "budget",
    N_("Budget"),
    NOTHING_ACTS,
    FIELDS,
    rank=35,
    judge=judge,
    act=record,
    claim=lambda parameters: str(parameters.get("year")),
)
