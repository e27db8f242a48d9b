"""First monthly amounts that are held: what is unlikely of each, and that two people set one all the same."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated

from fastapi import Request
from pydantic import Field

from coop.billing.amounts import releasing
from coop.billing.amounts.releasing import Held, Release
from coop.billing.bodies import Name
from coop.billing.fields import ContractId, make_router, may
from coop.kit.answers import Answer, Body
from coop.kit.http import reading, refuses, writing
from coop.kit.paging import Paged

routes = make_router()

Cents = Annotated[int, Field(description="The amount a month [euro cents].", examples=[12650])]


class ReleaseOut(Answer):
    """A proposal to set a held first amount all the same. Nobody is asked it before another person confirmed it."""

    contract_id: ContractId
    amount_cents: Cents
    entered_at: datetime
    """Instant at which it was proposed."""
    entered_by: str
    """Account that proposed it, and cannot confirm it."""


class HeldAmountOut(Answer):
    """A first amount in which something is unlikely. Until two people set it, each bill asks what it comes to."""

    contract_id: ContractId
    member_id: Annotated[str, Field(examples=["M-0012"])]
    """Member of the contract."""
    amount_cents: Cents
    from_day: date
    """First day of the periods whose bills would ask it."""
    unlikely: Annotated[list[str], Field(examples=[["it rests on 27 days of heat"]])]
    """Reasons for which it is unlikely."""
    proposed: ReleaseOut | None
    """Proposal to set it that waits for a second person; null where there is none."""


class ReleaseIn(Body):
    """A held first amount as somebody looked at it."""

    amount_cents: Annotated[int, Field(ge=0, le=10_000_000, examples=[12650])]
    """The amount that is expected [euro cents]."""


@routes.get("/amounts/held")
@may("see-all-bills")
def list_held_amounts(request: Request, page: Paged) -> list[HeldAmountOut]:
    """First amounts that wait for people who look, by contract."""
    with reading(request) as tx:
        held = sorted(releasing.list_held(tx), key=lambda each: each.first.contract.contract_id)
    return [_answer(each) for each in page.cut(held, lambda each: (each.first.contract.contract_id,))]


@routes.post("/contracts/{contract_id}/amount/release")
@may("release-runs")
@refuses("amount-moved")
def propose_amount(request: Request, contract_id: Name, body: ReleaseIn) -> ReleaseOut:
    """Propose to set a held first amount all the same; another person confirms it."""
    with writing(request) as tx:
        return _tell(releasing.propose_release(tx, contract_id, body.amount_cents))


@routes.post("/contracts/{contract_id}/amount/release/confirm")
@may("release-runs")
@refuses("amount-moved", "second-person")
def confirm_amount(request: Request, contract_id: Name, body: ReleaseIn) -> ReleaseOut:
    """Confirm as a second person that a held first amount is set: the next bill asks it."""
    with writing(request) as tx:
        return _tell(releasing.confirm_release(tx, contract_id, body.amount_cents))


@routes.post("/contracts/{contract_id}/amount/release/withdraw")
@may("release-runs")
def withdraw_amount(request: Request, contract_id: Name) -> ReleaseOut:
    """Leave out a proposal that waits: nobody is asked the amount."""
    with writing(request) as tx:
        return _tell(releasing.withdraw_release(tx, contract_id))


def _tell(entry: Release) -> ReleaseOut:
    return ReleaseOut.model_validate(entry)


def _answer(held: Held) -> HeldAmountOut:
    first = held.first
    return HeldAmountOut(
        contract_id=first.contract.contract_id,
        member_id=first.contract.member_id,
        amount_cents=first.amount_cents,
        from_day=first.from_day,
        unlikely=[str(doubt) for doubt in held.expected.doubts],
        proposed=_tell(held.proposed) if held.proposed else None,
    )
