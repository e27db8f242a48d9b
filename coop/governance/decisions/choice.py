"""A choice of the co-operative that touches money, such as how it is paid."""

from __future__ import annotations

from coop.governance.decisions import dated_choice
from coop.governance.kinds import Kind
from coop.web.language import N_

KIND = Kind(
    "choice",
    N_("Choice of the co-operative"),
    dated_choice.EFFECT,
    (dated_choice.NAME, dated_choice.SOURCE, dated_choice.FROM),
    others=("value",),
    rank=20,
    page="governance/kinds/choice.html",
    read=dated_choice.read,
    show=dated_choice.show,
    judge=dated_choice.judge_value,
    judge_known=dated_choice.judge_known,
    act=dated_choice.act,
    claim=dated_choice.find_claim,
    refused=dated_choice.REFUSED,
    begins=dated_choice.find_beginning,
    undoes=dated_choice.UNDOES,
)
