"""A loan that the co-operative takes: from whom, how much, at which rate and for how long."""

from __future__ import annotations

from decimal import Decimal

from coop.governance.decisions.recording import record
from coop.governance.kind_fields import Cents, Day, Number, Whole, Words
from coop.governance.kinds import NOTHING_ACTS, Kind
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


KIND = Kind("loan", N_("Loan"), NOTHING_ACTS, FIELDS, rank=36, act=record)
