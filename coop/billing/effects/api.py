"""Effect of a tariff that is put to the vote on bills: one's own, and for the board everybody's."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any

from fastapi import Request
from pydantic import Field

from coop.billing.bodies import Name
from coop.billing.effects.commands import Effects, ask_effects, ask_own_effects, find_proposal
from coop.billing.effects.rules import Ceiling, Effect, EffectSums, MonthSum, YearSum, sum_effects
from coop.billing.fields import (
    Cents,
    ContractId,
    CreditCents,
    DayAfter,
    FirstDay,
    MemberId,
    ResolutionId,
    make_router,
    may,
)
from coop.billing.terms.heard_store import ProposedTariff
from coop.communities.terms import TariffTerms
from coop.events.terms import Described
from coop.kit.answers import Answer, Body, ExactDecimal, PeriodName
from coop.kit.http import reading, refuses, session_of
from coop.kit.paging import Paged
from coop.kit.session import NotAllowed
from coop.web.language import SOURCE
from coop.web.writing import speak

routes = make_router()

AtCeiling = Annotated[int, Field(description="Contracts that reach the ceiling of a guarantee year.", examples=[41])]


class ProposalIn(Body):
    """A tariff before its notice goes out."""

    held_on: Annotated[date, Field(examples=["2026-12-14"])]
    """Day of the meeting that would adopt it."""
    parameters: Annotated[dict[str, Any], Described(TariffTerms)]
    """Its first day and its priced components, as a resolution says them."""


class MonthSumOut(Answer):
    """A month of the year to come."""

    days: PeriodName
    """Month that is priced."""
    source: PeriodName
    """Month whose use it has."""
    heat_j: Annotated[ExactDecimal, Field(examples=["4650000000"])]
    """Heat [J]."""
    cost_cents: Annotated[int, Field(examples=[20130])]
    """Cost before the guarantee [euro cents], VAT included."""
    credit_cents: CreditCents
    total_cents: Cents


class CeilingOut(Answer):
    """A guarantee year that these months touch."""

    year_start: FirstDay
    year_end: DayAfter
    ceiling_cents: Annotated[int | None, Field(examples=[150164])]
    """Ceiling [euro cents]; null where nothing is promised."""
    heat_cents: Annotated[int, Field(examples=[163350])]
    """Heat that counts towards it, after the last of these months [euro cents]."""
    credit_cents: CreditCents


class YearSumOut(Answer):
    """The year to come of a contract under one tariff."""

    total_cents: Cents
    credit_cents: CreditCents
    months: list[MonthSumOut]
    """Its months that were measured for this contract, at most twelve."""
    ceilings: list[CeilingOut]
    """Guarantee years that these months touch."""


class EffectOut(Answer):
    """Effect of a proposed tariff on a contract."""

    contract_id: ContractId
    member_id: MemberId
    without: YearSumOut | None
    """The year as it is without the proposal; null where there is no tariff yet."""
    proposed: YearSumOut | None
    """The year with it; null where it cannot be reckoned."""
    change_cents: Annotated[int | None, Field(examples=[-2140])]
    """How much dearer it becomes [euro cents]; null where nothing compares."""
    binds: bool
    """Whether the contract lets a meeting change its tariff."""
    refusal: str | None
    """Why it cannot be reckoned."""


class OwnEffectsOut(Answer):
    """Effect of a proposed tariff on one's own contracts."""

    resolution_id: ResolutionId
    binds_on: Annotated[date, Field(description="Day from which it would bind.", examples=["2027-01-01"])]
    assumed_index: list[int]
    """Years whose price index is not published: these ceilings do not rise by it."""
    effects: list[EffectOut]
    """Contracts of the member, and those that they share or pay."""


class SumsOut(Answer):
    """All contracts together."""

    contracts: Annotated[int, Field(examples=[250])]
    """Contracts that run in the year to come."""
    dearer: Annotated[int, Field(examples=[120])]
    """Contracts that become dearer."""
    cheaper: Annotated[int, Field(examples=[90])]
    """Contracts that become cheaper."""
    same: Annotated[int, Field(examples=[40])]
    """Contracts that stay the same, or have nothing to compare."""
    without_cents: Cents
    """Bills of the year without the proposal."""
    proposed_cents: Cents
    """Bills of the year with it."""
    credit_without_cents: CreditCents
    """Given back without the proposal, at the cost of the co-operative."""
    credit_proposed_cents: CreditCents
    """Given back with it."""
    at_ceiling_without: AtCeiling
    """Contracts at their ceiling without the proposal."""
    at_ceiling_proposed: AtCeiling
    """Contracts at their ceiling with it."""


class EffectSumsOut(Answer):
    """Effect of a proposed tariff on all bills together."""

    binds_on: Annotated[date, Field(description="Day from which it would bind.", examples=["2027-01-01"])]
    days_start: FirstDay | None
    """First day of the year to come; null where nothing was measured."""
    days_end: DayAfter | None
    """First day after it."""
    usual: SumsOut
    """In the weather that was measured."""
    coldest: SumsOut | None
    """In the coldest year on file; null where there are no degree days."""
    coldest_year: Annotated[int | None, Field(examples=[2010])]
    """Coldest year on file."""


@routes.get("/proposals/{resolution_id}/own")
@may("see-own-effect")
@refuses("bad-tariff", "tariff-not-voted")
def read_own_effects(request: Request, resolution_id: Name) -> OwnEffectsOut:
    """Answer what a tariff that is put to the vote does to one's own bills, month by month."""
    member_id = session_of(request).member_id
    if member_id is None:
        raise NotAllowed
    with reading(request) as tx:
        told = ask_own_effects(tx, find_proposal(tx, resolution_id), member_id)
    return OwnEffectsOut(
        resolution_id=resolution_id,
        binds_on=told.binds_on,
        assumed_index=list(told.assumed_index),
        effects=[_effect_out(effect) for effect in told.effects],
    )


@routes.get("/proposals/{resolution_id}/effects")
@may("see-all-effects")
@refuses("bad-tariff", "tariff-not-voted")
def list_effects(request: Request, resolution_id: Name, page: Paged) -> list[EffectOut]:
    """Answer what a tariff that is put to the vote does to each contract."""
    with reading(request) as tx:
        told = ask_effects(tx, find_proposal(tx, resolution_id))
    return [_effect_out(effect) for effect in page.cut(told.effects, lambda effect: (effect.contract_id,))]


@routes.get("/proposals/{resolution_id}/sums")
@may("see-all-effects")
@refuses("bad-tariff", "tariff-not-voted")
def read_effect_sums(request: Request, resolution_id: Name) -> EffectSumsOut:
    """Answer what a tariff that is put to the vote does to all bills together, also in the coldest year on file."""
    with reading(request) as tx:
        proposal = find_proposal(tx, resolution_id)
        return _sums_out(ask_effects(tx, proposal), ask_effects(tx, proposal, cold=True))


@routes.post("/proposals/look")
@may("see-all-effects")
@refuses("bad-tariff", "tariff-not-voted")
def preview_effect_sums(request: Request, body: ProposalIn) -> EffectSumsOut:
    """Answer what a tariff would do to all bills together, before its notice goes out. Nothing is kept."""
    proposal = ProposedTariff(body.held_on, body.parameters)
    with reading(request) as tx:
        return _sums_out(ask_effects(tx, proposal), ask_effects(tx, proposal, cold=True))


def _effect_out(effect: Effect) -> EffectOut:
    return EffectOut(
        contract_id=effect.contract_id,
        member_id=effect.member_id,
        without=_year_out(effect.without),
        proposed=_year_out(effect.proposed),
        change_cents=effect.change_cents,
        binds=effect.binds,
        refusal=None if effect.refusal is None else str(speak(SOURCE, effect.refusal)),
    )


def _year_out(year: YearSum | None) -> YearSumOut | None:
    if year is None:
        return None
    return YearSumOut(
        total_cents=year.total_cents,
        credit_cents=year.credit_cents,
        months=[_month_out(month) for month in year.months],
        ceilings=[_ceiling_out(ceiling) for ceiling in year.ceilings],
    )


def _month_out(month: MonthSum) -> MonthSumOut:
    return MonthSumOut.model_validate({**vars(month), "cost_cents": month.cost_cents})


def _ceiling_out(ceiling: Ceiling) -> CeilingOut:
    return CeilingOut.model_validate({**vars(ceiling), "year_start": ceiling.year.start, "year_end": ceiling.year.end})


def _sums_out(usual: Effects, cold: Effects) -> EffectSumsOut:
    return EffectSumsOut(
        binds_on=usual.binds_on,
        days_start=usual.days.start if usual.days else None,
        days_end=usual.days.end if usual.days else None,
        usual=_out(sum_effects(usual.effects)),
        coldest=_out(sum_effects(cold.effects)) if cold.is_cold else None,
        coldest_year=cold.winter.year if cold.winter else None,
    )


def _out(sums: EffectSums) -> SumsOut:
    return SumsOut.model_validate({**vars(sums), "same": sums.same})
