"""A loan that the co-operative takes: from whom, how much, at which rate and for how long."""

from __future__ import annotations

from decimal import Decimal

from coop.governance.decisions.recording import record
from coop.governance.kind_fields import Cents, Day, Number, Whole, Words
from coop.governance.kinds import NOTHING_ACTS, Kind, Parameters
from coop.values import Problem, say
from coop.web.language import N_

FIELDS = (
    Words("lender", N_("Lender"), longest=100),
    Words("purpose", N_("What it is for"), longest=300),
    Cents("amount_cents", N_("Amount"), least=100),
    Number("rate_percent", N_("Interest a year"), N_("In per cent, such as 4,25."), most=Decimal(20), unit="%"),
    Whole("term_months", N_("Term"), N_("In months."), least=1, most=600, unit=N_("months")),
    Day("takes_from", N_("May be taken from")),
    Words("security", N_("Security"), required=False, longest=300),
)


def judge_beyond(announced: Parameters, changed: Parameters) -> list[Problem]:
    """An amended loan is of the same lender, and no larger, dearer or longer than the notice announced."""
    problems = []
    if changed["lender"] != announced["lender"]:
        problems.append(Problem(say("the notice announced %(day)s", day=announced["lender"]), "lender"))
    for name in ("amount_cents", "term_months", "rate_percent"):
        if Decimal(changed[name]) > Decimal(announced[name]):
            was, given = announced[name], changed[name]
            reason = say("is more than announced: %(given)s instead of %(was)s", given=given, was=was)
            problems.append(Problem(reason, name))
    return problems


KIND = Kind("loan", N_("Loan"), NOTHING_ACTS, FIELDS, rank=36, act=record, judge_beyond=judge_beyond)
