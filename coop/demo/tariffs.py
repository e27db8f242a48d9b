"""The tariffs that the demonstration's meetings adopt: decimals as text, EUR incl. VAT unless the name says otherwise.

All of them stay below ACM's maximum of 2025: 43.79 per GJ and 760.77 a year for everything fixed
(docs/domain/heat-tariffs-and-guarantee.md#maximum-tariffs).
"""

from __future__ import annotations

from coop.demo.plan import DemoPlan, sharing_group_id

Parameters = dict[str, object]

ACM_MAXIMUM_2025 = {"heat": "43.79", "fixed": "760.77"}


def winter_tariff(plan: DemoPlan) -> Parameters:
    """Tariff that the meeting in November adopts for the plan's year."""
    return {"valid_from": f"{plan.year}-01-01", "components": components("34.50")}


def summer_tariff(plan: DemoPlan) -> Parameters:
    """Tariff that the meeting in June adopts from July on: heat gets cheaper, the rest stays."""
    return {"valid_from": f"{plan.year}-07-01", "components": components("32.75")}


def components(
    heat: str,
    standing: str = "380.00",
    metering: str = "30.00",
    delivery_set: str = "120.00",
    electricity: str = "0.2150",
) -> list[dict[str, object]]:
    """The priced components of a tariff; heat's price differs from one to the next."""
    fixed: dict[str, object] = {"per": "year", "guarantee": True, "account": "heat-fixed", "vat": "energy"}
    return [
        {
            "name": "Heat",
            "product": "heat",
            "per": "GJ",
            "price": heat,
            "guarantee": True,
            "account": "heat-variable",
            "vat": "energy",
        },
        {"name": "Standing charge", "product": "standing", "price": standing, **fixed},
        {"name": "Metering charge", "product": "metering", "price": metering, **fixed},
        {"name": "Delivery set", "product": "delivery-set", "price": delivery_set, **fixed},
        {
            "name": "Shared electricity",
            "product": "electricity",
            "per": "kWh",
            "price": electricity,
            "guarantee": False,
            "account": "shared-electricity",
            "vat": "energy",
        },
    ]


def allocation_key(plan: DemoPlan) -> Parameters:
    """Shared solar goes by use, quarter-hour by quarter-hour."""
    return {"valid_from": f"{plan.year}-01-01", "kind": "dynamic", "group_id": sharing_group_id(plan)}


def household_price_index(plan: DemoPlan) -> dict[int, str]:
    """Factor of each year on the "Niet Meer Dan Nu" reference; made up.

    After docs/domain/heat-tariffs-and-guarantee.md#e9.
    """
    return {plan.year - 1: "1.033", plan.year: "1.030"}
