"""Check a bill at home: one file that needs nothing but Python, and nobody's computer but yours.

Take the bill from its page ("Check it at home") and run

    python3 check_bill.py bill-2025-000001.json [bill-2025-000001.pdf]

It reckons the bill again with nothing of the program that made it: prices times energy and days, VAT, the ceiling and
what is given back; and it checks the fingerprints of what the bill was computed from, of its paper, and of the sealed
fact by which the co-operative told of it. The fingerprint that it shows last can be held beside that of others.
"""

from __future__ import annotations

import hashlib
import json
import sys
from calendar import monthrange
from collections import defaultdict
from collections.abc import Iterator
from datetime import date, timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any

WORDS = {
    "nl": {
        "hash": "de vingerafdruk van %s klopt niet",
        "fact": "de verzegelde mededeling noemt een ander(e) %s",
        "part": "%s: op de rekening %s, nagerekend %s",
        "heat": "%s: de regels tellen op tot %s, gemeten is %s",
        "ceiling": "plafond van het garantiejaar vanaf %s: op de rekening %s, nagerekend %s",
        "credit": "terug te geven in het garantiejaar vanaf %s: op de rekening %s, nagerekend %s",
        "vat": "btw van %s: op de rekening %s, nagerekend %s",
        "total": "totaal: op de rekening %s, nagerekend %s",
        "whole": "Rekening %s klopt: %s, tot op de cent.",
        "wrong": "Rekening %s klopt NIET: %s.",
        "sealed": "Vingerafdruk van de mededeling, nummer %s in de keten: %s",
        "open": "De mededeling is nog niet verzegeld: haal de rekening later nog eens op.",
        "left": "niet nagerekend, alleen opgeteld: %s (staffel, jaarmaximum of een dag waarop niemand de meter las)",
    },
    "en": {
        "hash": "the fingerprint of %s is another",
        "fact": "the sealed fact names another %s",
        "part": "%s: on the bill %s, reckoned %s",
        "heat": "%s: the lines come to %s, measured was %s",
        "ceiling": "ceiling of the guarantee year from %s: on the bill %s, reckoned %s",
        "credit": "to give back in the guarantee year from %s: on the bill %s, reckoned %s",
        "vat": "VAT of %s: on the bill %s, reckoned %s",
        "total": "total: on the bill %s, reckoned %s",
        "whole": "Bill %s is right: %s, to the cent.",
        "wrong": "Bill %s is NOT right: %s.",
        "sealed": "Fingerprint of the fact, number %s in the chain: %s",
        "open": "The fact is not sealed yet: take the bill again later.",
        "left": "not reckoned, only added up: %s (price bands, a yearly cap, or a day on which nobody read the meter)",
    },
}
UNITS = {"GJ": Fraction(1, 10**9), "kWh": Fraction(1, 1000)}
Parts = dict[str, "Fraction | None"]


def check(taken: dict[str, Any], paper: bytes | None = None) -> tuple[list[str], list[str]]:
    """Everything that is wrong with a bill as it was taken home, and the parts that were only added up."""
    say = WORDS.get(taken["language"], WORDS["en"])
    inputs, bill = json.loads(taken["inputs"]), taken["bill"]
    expected = reckon(inputs)
    wrong = [
        *check_fingerprints(taken, paper, say),
        *check_parts(inputs, bill, expected, say),
        *check_guarantee(inputs, bill, say),
        *check_sums(taken, say),
    ]
    return wrong, [name for name, cents in expected.items() if cents is None]


def check_fingerprints(taken: dict[str, Any], paper: bytes | None, say: dict[str, str]) -> Iterator[str]:
    """Whether inputs, paper, file and fact have the fingerprints that the bill and the chain name."""
    for name in ("inputs", "paper"):
        if hashlib.sha256(taken[name].encode()).hexdigest() != taken[f"{name}_hash"]:
            yield say["hash"] % name
    if paper is not None and hashlib.sha256(paper).hexdigest() != taken["file_hash"]:
        yield say["hash"] % "PDF"
    fact = taken["fact"]
    told = json.loads(fact["data"])
    for name in ("number", "total_cents", "credit_cents", "inputs_hash", "paper_hash", "issued_on"):
        if told.get(name, 0) != taken[name]:
            yield say["fact"] % name
    if fact["hash"] and seal(fact) != fact["hash"]:
        yield say["hash"] % fact["event_id"]


def seal(fact: dict[str, Any]) -> str:
    """The fingerprint of a fact in the chain: over that of the fact before it, its number, and all that it says."""
    names = ("event_id", "type", "subject", "community", "occurred_at", "actor", "channel", "data")
    parts = [fact["previous_hash"], str(fact["position"]), *(fact[name] for name in names)]
    return hashlib.sha256("".join(f"{len(part)}:{part}" for part in parts).encode()).hexdigest()


def reckon(inputs: dict[str, Any]) -> Parts:
    """What each part of the bill comes to [cents], less what the bill before had; None where it is not reckoned."""
    now, before = reckon_use(inputs["consumption"]), reckon_use(inputs["previous"]) if inputs["previous"] else {}
    parts: Parts = {}
    for name in {**now, **before}:
        became, was = now.get(name, Fraction(0)), before.get(name, Fraction(0))
        parts[name] = None if became is None or was is None else became - was
    return parts


def reckon_use(use: dict[str, Any]) -> Parts:
    """Price times energy, and yearly price by days, of each part of the tariff [cents]."""
    parts: Parts = {}
    for span in use["spans"]:
        start, end = day(span["period"]["start"]), day(span["period"]["end"])
        lowered = {price["component"]: price["price_eur"] for price in span["lowered"]}
        for part in span["tariff"]["components"]:
            if use["customer_class"] not in part["classes"]:
                continue
            name, price = part["name"], Fraction(lowered.get(part["name"], part["price_eur"]))
            so_far = parts.get(name, Fraction(0))
            if part["per"] in UNITS:
                amount = reckon_energy(use, part, price, start, end)
            elif part["per"] == "year":
                amount = reckon_days(price, start, end) if part["years"] is None else None
            else:
                begins = day(use["begins_on"]) if use["begins_on"] else None
                amount = half_up(price * 100) if begins and start <= begins < end else Fraction(0)
            parts[name] = None if so_far is None or amount is None else so_far + amount
    return parts


def reckon_energy(
    use: dict[str, Any], part: dict[str, Any], price: Fraction, start: date, end: date
) -> Fraction | None:
    """Energy of all readings in some days times its price [cents]; None where a band, a cap or a cut comes into it."""
    cents = Fraction(0)
    for period, amount in list_energy(use, part["product"]):
        first, last = day(period["start"]), day(period["end"])
        if last <= start or end <= first:
            continue
        is_cut = first < start or last > end or any(first < day(cut) < last for cut in use["cuts"])
        if is_cut or Fraction(part["above"]) or part["up_to"] is not None or part["cap_eur_per_year"] is not None:
            return None
        cents += half_up(amount * UNITS[part["per"]] * price * 100)
    return cents


def list_energy(use: dict[str, Any], product: str) -> list[tuple[dict[str, str], Fraction]]:
    """Energy of a product as it was measured [J] or shared [Wh], with its days."""
    if product == "electricity":
        return [(share["period"], Fraction(share["allocated_wh"])) for share in use["shares"]]
    readings = (reading for reading in use["readings"] if reading["quantity"] == product)
    return [(reading["period"], Fraction(reading["energy_j"])) for reading in readings]


def reckon_days(price: Fraction, start: date, end: date) -> Fraction:
    """A yearly price over some days [cents]: what is due until the last day less what was due until the first."""
    cents = Fraction(0)
    while start < end:
        new_year, next_year = date(start.year, 1, 1), date(start.year + 1, 1, 1)
        until, of_year = min(end, next_year), (next_year - new_year).days
        due = [half_up(price * 100 * (edge - new_year).days / of_year) for edge in (until, start)]
        cents, start = cents + due[0] - due[1], until
    return cents


def check_parts(inputs: dict[str, Any], bill: dict[str, Any], expected: Parts, say: dict[str, str]) -> Iterator[str]:
    """Whether each part of the bill comes to what was reckoned, and first bills have all that was measured."""
    billed: dict[str, int] = defaultdict(int)
    for line in bill["lines"]:
        if line["kind"] != "guarantee":
            billed[line["component"]] += line["amount_cents"]
    for name in {**expected, **billed}:
        cents = expected.get(name, Fraction(0))
        if cents is not None and billed[name] != cents:
            yield say["part"] % (name, euros(billed[name]), euros(cents))
    use = inputs["consumption"]
    if inputs["previous"] is None:
        for product, unit in (("heat", "GJ"), ("cold", "GJ"), ("electricity", "kWh")):
            within = [
                amount for period, amount in list_energy(use, product)
                if period["start"] >= use["days"]["start"] and period["end"] <= use["days"]["end"]
            ]  # fmt: skip
            measured = sum(within, Fraction(0)) * UNITS[unit]
            lines = sum((Fraction(line["quantity"]) for line in bill["lines"] if line["kind"] == product), Fraction(0))
            if len(within) == len(list_energy(use, product)) and lines != measured:
                yield say["heat"] % (product, float(lines), float(measured))


def check_guarantee(inputs: dict[str, Any], bill: dict[str, Any], say: dict[str, str]) -> Iterator[str]:
    """Whether ceilings follow from the gas bills and the index, and what is given back from the ceiling."""
    for state, entry in zip(inputs["guarantee"], bill["guarantee"], strict=True):
        terms, start = state["terms"], state["terms"]["year"]["start"]
        ceiling = reckon_ceiling(terms)
        if entry["ceiling_cents"] != ceiling:
            yield say["ceiling"] % (start, euros(entry["ceiling_cents"]), euros(ceiling))
        heat = state["heat_before_cents"] + sum(
            line["amount_cents"] for line in bill["lines"]
            if line["in_guarantee"] and start <= line["period"]["start"] < terms["year"]["end"]
        )  # fmt: skip
        due = max(0, heat - ceiling) if ceiling is not None else 0
        if entry["credit_cents"] != due - state["credit_before_cents"]:
            yield say["credit"] % (start, euros(entry["credit_cents"]), euros(due - state["credit_before_cents"]))
    given = -sum(line["amount_cents"] for line in bill["lines"] if line["kind"] == "guarantee")
    if given != sum(entry["credit_cents"] for entry in bill["guarantee"]):
        yield say["total"] % (euros(given), euros(sum(entry["credit_cents"] for entry in bill["guarantee"])))


def reckon_ceiling(terms: dict[str, Any]) -> int | None:
    """The mean of the gas bills, each at normal weather where that counts, times the index of every year since, times
    the part of the year that the contract covers [cents]; None where nothing is promised."""
    if terms["mode"] not in ("plain", "weather") or not terms["reference"]:
        return None
    tap, amounts = Fraction(terms["tap_share"]), []
    cold = {figure["year"]: Fraction(figure["value"]) for figure in terms["degree_days"]}
    for paid in terms["reference"]:
        amount = Fraction(paid["amount_cents"])
        if terms["mode"] == "weather" and paid["gas_m3"] and terms["normal_degree_days"] is not None:
            amount *= tap + (1 - tap) * Fraction(terms["normal_degree_days"]) / cold[paid["year"]]
        amounts.append(amount)
    ceiling = sum(amounts, Fraction(0)) / len(amounts)
    for factor in terms["factors"]:
        ceiling *= Fraction(factor["value"])
    return int(half_up(ceiling * reckon_share(terms, tap)))


def reckon_share(terms: dict[str, Any], tap: Fraction) -> Fraction:
    """The part of the guarantee year that the contract covers, by days or by how cold they usually are."""
    start, end, chosen = day(terms["year"]["start"]), day(terms["year"]["end"]), terms["chosen"]
    days = (end - start).days
    by_days = Fraction(terms["days_covered"], days)
    if by_days in (0, 1) or chosen["part_of_year"] != "degree-days":
        return by_days
    normal = [int(number) for number in chosen["degree_days_by_month"].split()]

    def weigh(count: int) -> Fraction:
        days_of = (start + timedelta(days=number) for number in range(count))
        cold = (Fraction(normal[at.month - 1], monthrange(at.year, at.month)[1]) for at in days_of)
        return sum(cold, Fraction(0))

    return tap * by_days + (1 - tap) * weigh(terms["days_covered"]) / weigh(days)


def check_sums(taken: dict[str, Any], say: dict[str, str]) -> Iterator[str]:
    """Whether VAT follows from the lines, rate by rate, and the total from all."""
    by_rate: dict[Fraction, int] = defaultdict(int)
    for line in taken["bill"]["lines"]:
        by_rate[Fraction(line["vat_rate"])] += line["amount_cents"]
    printed = {Fraction(vat["rate"]): vat["vat_cents"] for vat in taken["bill"]["vat"]}
    for rate in {**by_rate, **printed}:
        incl = by_rate[rate]
        excl = half_up(abs(incl) / (1 + rate)) * (-1 if incl < 0 else 1)
        if printed.get(rate, 0) != incl - excl:
            yield say["vat"] % (f"{float(rate):.0%}", euros(printed.get(rate, 0)), euros(incl - excl))
    if sum(by_rate.values()) != taken["total_cents"]:
        yield say["total"] % (euros(taken["total_cents"]), euros(sum(by_rate.values())))


def day(text: str) -> date:
    """A day as it is written in the file."""
    return date.fromisoformat(text)


def half_up(amount: Fraction) -> Fraction:
    """An amount in whole cents, half a cent away from nothing."""
    whole = Fraction(int(abs(amount) + Fraction(1, 2)))
    return -whole if amount < 0 else whole


def euros(cents: Fraction | int | None) -> str:
    """Cents as people write euros."""
    return "-" if cents is None else f"{float(cents) / 100:.2f}"


def main(arguments: list[str]) -> int:
    """Check the bill of a file, and its paper where that is given; returns 0 when all is right."""
    taken = json.loads(Path(arguments[0]).read_text(encoding="utf-8"))
    say = WORDS.get(taken["language"], WORDS["en"])
    wrong, left = check(taken, Path(arguments[1]).read_bytes() if len(arguments) > 1 else None)
    if left:
        print(say["left"] % ", ".join(left))
    print(
        "\n".join(f"! {finding}" for finding in wrong) or say["whole"] % (taken["number"], euros(taken["total_cents"]))
    )
    if wrong:
        print(say["wrong"] % (taken["number"], len(wrong)))
    fact = taken["fact"]
    print(say["sealed"] % (fact["position"], fact["hash"]) if fact["hash"] else say["open"])
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
