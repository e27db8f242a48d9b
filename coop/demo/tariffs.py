"""The tariffs that the demonstration's meetings adopt: decimals as text, EUR incl. VAT unless the name says otherwise.

All of them stay below ACM's maximum of 2025: 43.79 per GJ and 760.77 a year for everything fixed
(docs/domain/heat-tariffs-and-guarantee.md#maximum-tariffs).
"""

from __future__ import annotations

from coop.demo.plan import DemoPlan, sharing_group_id

Parameters = dict[str, object]

ACM_MAXIMUM_2025 = {"heat_price_eur_per_gj": "43.79", "fixed_total_eur_per_year": "760.77"}


def winter_tariff(plan: DemoPlan) -> Parameters:
    """What the meeting in November adopts for the plan's year."""
    return {
        "valid_from": f"{plan.year}-01-01",
        "heat_price_eur_per_gj": "34.50",
        "heat_standing_eur_per_year": "380.00",
        "heat_metering_eur_per_year": "30.00",
        "heat_delivery_set_eur_per_year": "120.00",
        "shared_electricity_price_eur_per_kwh": "0.2150",
        "vat_rate": "0.21",
        "nmdn": "plain",
    }


def summer_tariff(plan: DemoPlan) -> Parameters:
    """What the meeting in June adopts from July on: heat gets cheaper, the rest stays."""
    return winter_tariff(plan) | {"valid_from": f"{plan.year}-07-01", "heat_price_eur_per_gj": "32.75"}


def allocation_key(plan: DemoPlan) -> Parameters:
    """Shared solar goes by use, quarter-hour by quarter-hour."""
    return {"valid_from": f"{plan.year}-01-01", "kind": "dynamic", "group_id": sharing_group_id(plan)}


def household_price_index(plan: DemoPlan) -> dict[int, str]:
    """Factor of each year on the "Niet Meer Dan Nu" reference; made up.

    After docs/domain/heat-tariffs-and-guarantee.md#e9.
    """
    return {plan.year - 1: "1.033", plan.year: "1.030"}
