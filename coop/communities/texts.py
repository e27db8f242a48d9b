"""Words for the choices of a co-operative: the name of each, and of each of its figures."""

from __future__ import annotations

from typing import Final

from coop.web.language import N_

CHOICE_NAMES: Final = {
    "guarantee": N_("How Niet Meer Dan Nu is reckoned"),
    "gas": N_("What gas is set beside heat with"),
    "brakes": N_("When a bill is held because it is far from the one before"),
    "limits": N_("The most that a meter can measure"),
    "steps": N_("How coarse a meter may count"),
    "tap-water": N_("Hot water's share of heat"),
    "completeness": N_("When a month may close with gaps"),
    "oddities": N_("When what a meter counted is odd"),
    "retention": N_("How long detailed use opens to who keeps the books"),
    "payment": N_("When bills are asked for"),
    "second-factor": N_("Who needs a second factor to sign in"),
}

FIELD_NAMES: Final = {
    "index_series": N_("Price index"),
    "degree_day_series": N_("Degree days of a reference year"),
    "normal_degree_day_series": N_("Degree days of a normal year"),
    "reference_years": N_("Years of gas bills that count"),
    "tap_share": N_("Share of gas for hot water"),
    "index_month": N_("Month that the price index compares, 1 to 12"),
    "index_lag_months": N_("Months until it is published"),
    "part_of_year": N_("A part of a year counts by degree-days or by days"),
    "degree_days_by_month": N_("Normal degree days of the twelve months"),
    "mode": N_("What is promised to new contracts: plain, weather or off"),
    "term_years": N_("Years for which it is promised"),
    "exit_after_years": N_("Years after which a member may stop"),
    "conversion": N_("Heat of gas: rounded (35 m³ per GJ), regulator, shares-of-gas or shares-of-heat"),
    "cooking_m3": N_("Gas that cooks, m³ a year"),
    "boiler_eur": N_("Price of a boiler, € incl. VAT"),
    "boiler_years": N_("Years that a boiler lasts"),
    "maintenance_eur": N_("Maintenance of a boiler, € a year incl. VAT"),
    "ratio": N_("So many times more or less per day"),
    "difference_cents": N_("And at least so many cents apart"),
    "heat": N_("Heat"),
    "cold": N_("Cold"),
    "electricity": N_("Electricity"),
    "electricity_import": N_("Electricity used"),
    "electricity_export": N_("Electricity delivered back"),
    "volume": N_("Water"),
    "solar": N_("Solar panels"),
    "heat_pump": N_("Heat pump"),
    "source": N_("Heat source"),
    "power_w": N_("power in W"),
    "flow_l_per_h": N_("flow in l/h"),
    "permille": N_("In thousandths"),
    "stand_gap_hours": N_("Most hours between two meter readings"),
    "missing_quarters_permille": N_("Most missing quarter-hours, in thousandths"),
    "heat_off_percent": N_("Heat so many percent from volume times temperature difference"),
    "idle_kelvin": N_("Water that is cooled less than so many degrees"),
    "still_days": N_("Days that a meter stands still while others count"),
    "night_permille": N_("Of a solar meter at night, in thousandths"),
    "use_months": N_("Months"),
    "plan": N_("Each bill as it is (each-bill), or an even amount a month (even)"),
    "least_cents": N_("Less than so many cents is asked for with the next bill"),
    "margin_percent": N_("A member may set an amount so many percent from what is expected"),
    "drift_percent": N_("Another amount follows when it is so many percent off"),
    "board": N_("Board"),
    "treasurer": N_("Treasurer"),
    "operator": N_("Operator"),
    "auditor": N_("Auditor"),
    "partner": N_("Partner"),
}

PARTICULARS: Final = {
    "name": N_("Statutory name"),
    "site_name": N_("Name on these pages"),
    "street": N_("Street and number"),
    "postal_code": N_("Postal code"),
    "city": N_("City"),
    "kvk": N_("KvK number"),
    "vat_id": N_("VAT id"),
    "iban": N_("IBAN on which members pay"),
    "email": N_("E-mail address on bills"),
    "phone": N_("Telephone number"),
    "language": N_("Language of pages and bills"),
    "mail_sender": N_("Sender of mail"),
}
"""Names of the particulars of a co-operative."""
