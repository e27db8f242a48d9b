"""Lists of what a proposed tariff does to bills, as they leave the house."""

from __future__ import annotations

from collections.abc import Iterable

from coop.billing.effects.rules import Effect
from coop.web.language import N_
from coop.web.listings import Column, Kind, Listing

EFFECTS = (
    Column("contract_id", N_("Contract")),
    Column("member_id", N_("Member")),
    Column("months", N_("Months that were measured"), Kind.WHOLE, of=lambda effect: len(effect.months)),
    Column("now_eur", N_("As it is now"), Kind.EUROS, of=lambda effect: effect.without and effect.without.total_cents),
    Column(
        "proposed_eur",
        N_("With the proposal"),
        Kind.EUROS,
        of=lambda effect: effect.proposed and effect.proposed.total_cents,
    ),
    Column("difference_eur", N_("Difference"), Kind.EUROS, of="change_cents"),
    Column(
        "given_back_now_eur",
        N_("Given back as it is now"),
        Kind.EUROS,
        of=lambda effect: effect.without and effect.without.credit_cents,
    ),
    Column(
        "given_back_proposed_eur",
        N_("Given back with the proposal"),
        Kind.EUROS,
        of=lambda effect: effect.proposed and effect.proposed.credit_cents,
    ),
    Column(
        "at_ceiling",
        N_("Reaches the ceiling with the proposal"),
        Kind.FLAG,
        of=lambda effect: bool(effect.proposed and effect.proposed.is_at_ceiling),
    ),
    Column("binds", N_("Bound by the proposal"), Kind.FLAG),
    Column("why_not", N_("Why it cannot be reckoned"), of=lambda effect: effect.refusal or ""),
)

MONTHS = (
    Column("contract_id", N_("Contract"), of=lambda row: row[0].contract_id),
    Column("month", N_("Month"), of=lambda row: str(row[2].days)),
    Column("use_of", N_("With the use of"), of=lambda row: str(row[2].source)),
    Column("heat_gj", N_("Heat"), Kind.DECIMAL, "GJ", lambda row: row[2].heat_j.scaleb(-9)),
    Column("cost_now_eur", N_("Cost as it is now"), Kind.EUROS, of=lambda row: row[1] and row[1].cost_cents),
    Column(
        "given_back_now_eur", N_("Given back as it is now"), Kind.EUROS, of=lambda row: row[1] and row[1].credit_cents
    ),
    Column("to_pay_now_eur", N_("To pay as it is now"), Kind.EUROS, of=lambda row: row[1] and row[1].total_cents),
    Column("cost_proposed_eur", N_("Cost with the proposal"), Kind.EUROS, of=lambda row: row[2].cost_cents),
    Column(
        "given_back_proposed_eur", N_("Given back with the proposal"), Kind.EUROS, of=lambda row: row[2].credit_cents
    ),
    Column("to_pay_proposed_eur", N_("To pay with the proposal"), Kind.EUROS, of=lambda row: row[2].total_cents),
)


def effects_listing(effects: Iterable[Effect]) -> Listing:
    """The effect on each contract."""
    return Listing("effects", EFFECTS, effects)


def effect_months_listing(effects: Iterable[Effect]) -> Listing:
    """The effect on each month of contracts."""
    return Listing("effect-months", MONTHS, ((effect, *pair) for effect in effects for pair in effect.pairs))
