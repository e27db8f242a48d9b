"""Even amounts a month: what a contract is asked for, what would be enough, and the member's own wish."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from fastapi import Request
from pydantic import Field

from coop.billing.amounts.commands import set_amount as keep_amount
from coop.billing.amounts.commands import view_amount
from coop.billing.bills.sight import own_contract, visible_contract
from coop.billing.bodies import Name
from coop.billing.fields import ContractId, make_router, may
from coop.kit.answers import Answer, Body, PeriodName
from coop.kit.http import reading, refuses, session_of, writing
from coop.values import NotFound, say

routes = make_router()


class MonthlyAmountOut(Answer):
    """An even amount of a contract in a guarantee year."""

    from_day: date
    """First day of the periods whose bills ask it."""
    amount_cents: Annotated[int, Field(examples=[12700])]
    """The amount [euro cents]."""
    expected_cents: Annotated[int, Field(examples=[12650])]
    """The amount that was expected to be enough when it was set [euro cents]."""
    basis: Literal["expected", "asked", "drift"]
    """Ground of it: what was expected, the member's wish, or a drift."""
    set_on: date
    """Day on which it was set."""


class AmountOut(Answer):
    """The even amount of a contract beside what is expected now."""

    contract_id: ContractId
    year: PeriodName
    """Days of the guarantee year."""
    carried_cents: Annotated[int, Field(examples=[7900])]
    """Billed and not yet asked for [euro cents]; below zero, paid ahead."""
    expected_cents: Annotated[int, Field(examples=[12650])]
    """Amount a month with which about nothing is left to settle [euro cents]."""
    least_cents: Annotated[int, Field(examples=[9488])]
    """The least that the member may set [euro cents]."""
    most_cents: Annotated[int, Field(examples=[15812])]
    """The most that the member may set [euro cents]."""
    present: MonthlyAmountOut | None
    """Amount that holds; null until one is set."""
    coming: MonthlyAmountOut | None
    """Amount that was told and holds later; null where there is none."""
    left_cents: Annotated[int | None, Field(examples=[-600])]
    """What the last bill of the year would ask beyond the present amount [euro cents]; null until one is set."""


class AmountIn(Body):
    """An even amount as the member wishes it."""

    amount_cents: Annotated[int, Field(ge=0, le=1_000_000, examples=[13000])]
    """The amount [euro cents]."""


@routes.get("/contracts/{contract_id}/amount")
@may("see-bills")
def get_amount(request: Request, contract_id: Name) -> AmountOut:
    """The even amount of a contract, where the co-operative asks for even amounts."""
    with reading(request) as tx:
        view = view_amount(tx, visible_contract(tx, session_of(request), contract_id))
    if view is None:
        raise NotFound(say("there is no monthly amount to set for this contract"))
    return AmountOut.model_validate(view)


@routes.post("/contracts/{contract_id}/amount")
@may("set-own-amount")
@refuses("bad-input", "bad-amount", "no-even-amounts")
def set_amount(request: Request, contract_id: Name, body: AmountIn) -> MonthlyAmountOut:
    """Set the even amount of one's own contract, from the bill of this month on."""
    with writing(request) as tx:
        kept = keep_amount(tx, own_contract(tx, session_of(request), contract_id), body.amount_cents)
    return MonthlyAmountOut.model_validate(kept)
