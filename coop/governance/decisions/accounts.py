"""The annual accounts: the result of a year, and where it goes.

Source: BW 2:58 for the accounts, 2:53a for what a co-operative gives its members of the surplus.
"""

from __future__ import annotations

from coop.governance.decisions.recording import record
from coop.governance.kind_fields import AMOUNT_MAX_CENTS, Cents, Year
from coop.governance.kinds import NOTHING_ACTS, Kind, Parameters
from coop.values import Problem, say
from coop.web.language import N_

PARTS = ("to_reserve_cents", "to_members_cents", "carried_cents")
"""Places where a result goes."""

FIELDS = (
    Year("year", N_("Year")),
    Cents("result_cents", N_("Result"), N_("A loss with a minus."), least=-AMOUNT_MAX_CENTS),
    Cents("to_reserve_cents", N_("To the reserve"), N_("From it with a minus."), least=-AMOUNT_MAX_CENTS),
    Cents("to_members_cents", N_("To the members")),
    Cents("carried_cents", N_("Carried over to the next year"), least=-AMOUNT_MAX_CENTS),
)


def judge(parameters: Parameters) -> list[Problem]:
    """The parts are the whole result, and members get nothing of a loss.

    >>> year = {"year": 2025, "result_cents": 500, "to_reserve_cents": 300, "to_members_cents": 200, "carried_cents": 0}
    >>> judge(year), [str(each) for each in judge({**year, "carried_cents": 1})]
    ([], ['result_cents: the parts are 501 cents together, the result 500'])
    """
    result, parts = parameters["result_cents"], sum(parameters[name] for name in PARTS)
    problems = []
    if parts != result:
        reason = say("the parts are %(parts)s cents together, the result %(result)s", parts=parts, result=result)
        problems.append(Problem(reason, "result_cents"))
    if parameters["to_members_cents"] > max(result, 0):
        problems.append(Problem(say("is more than the result"), "to_members_cents"))
    return problems


KIND = Kind(
    "accounts",
    N_("Annual accounts and surplus"),
    NOTHING_ACTS,
    FIELDS,
    rank=37,
    judge=judge,
    act=record,
    claim=lambda parameters: str(parameters.get("year")),
)
