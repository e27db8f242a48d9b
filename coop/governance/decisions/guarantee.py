"""The promise of Niet Meer Dan Nu: how a new contract's ceiling is reckoned, and for how long it is promised."""

from __future__ import annotations

from typing import Any

from coop.communities.choices import GuaranteeChoice
from coop.governance.decisions import dated_choice
from coop.governance.kinds import Form, Kind, Known, Parameters
from coop.values import Problem, say
from coop.web.language import N_


def read(form: Form, known: Known) -> tuple[dict[str, Any], list[Problem]]:
    """The figures of the promise."""
    return dated_choice.read_choice_form(form, GuaranteeChoice.NAME), []


def judge(parameters: Parameters) -> list[Problem]:
    """Problems of the promise: it is the choice of that name, with every figure of it."""
    if parameters.get("name") != GuaranteeChoice.NAME:
        return [Problem(say('must be "%(name)s"', name=GuaranteeChoice.NAME), "name")]
    return dated_choice.judge_value(parameters)


KIND = Kind(
    "guarantee",
    N_("Policy of Niet Meer Dan Nu"),
    N_(
        "Contracts that begin from its first day on are promised this; what was promised before stays as it was, for"
        " its whole term."
    ),
    (dated_choice.NAME, dated_choice.SOURCE, dated_choice.FROM),
    others=("value",),
    rank=20,
    page="governance/kinds/guarantee.html",
    read=read,
    show=dated_choice.show,
    judge=judge,
    judge_known=dated_choice.judge_known,
    act=dated_choice.act,
    claim=dated_choice.find_claim,
    refused=dated_choice.REFUSED,
    begins=dated_choice.find_beginning,
    undoes=dated_choice.UNDOES,
)
