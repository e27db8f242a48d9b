"""Check a bill at home: one file that needs nothing but Python, and nobody's computer but yours.

Take from the page of the bill ("Check it at home") the bill, its readings, what was shared with you, the votes on
its prices, your contract and the bills before it, and run

    python3 check_bill.py bill-2025-000001.json reading-heat-2025-01-01-4b8969c4.json vote-40883d23.json bill.pdf

It reckons the bill again with nothing of the program that made it: prices times energy and days, VAT, the ceiling,
what is given back and what is asked. It adds up readings value by value and shared electricity quarter-hour by
quarter-hour, holds prices beside what the members decided, judges their vote by the statutes, counts the ballots in the
box and opens your own. And it checks the fingerprints of all of it, and of the sealed facts by which the co-operative
told of it. The fingerprints that it shows last can be held beside those of others. What it has to believe, it says.

One file, however long: it is taken home and read whole, and leans on nothing that would have to be taken along.
"""

from __future__ import annotations

import hashlib
import json
import sys
from calendar import monthrange
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any

WORDS = {
    "nl": {
        "hash": "de vingerafdruk van %s klopt niet",
        "stands": "standen van meter %s: het verschil is %s, op de rekening staat %s",
        "asked": "te betalen: op de rekening %s, nagerekend %s",
        "reading": "%s van %s: op de rekening %s, in de metingen %s",
        "value": "meter %s: %s staat niet in de metingen",
        "quarters": "gedeelde stroom van %s: de kwartieren tellen op tot %s Wh, verteld is %s Wh",
        "price": "%s: op de rekening %s, de leden besloten %s",
        "fell": "%s: dit besluit geldt niet meer vanaf %s (%s), en de rekening rekent er daarna nog mee",
        "stopped": "Let op: dit besluit geldt niet meer vanaf %s (%s). Wat er al mee berekend is, wordt gecorrigeerd.",
        "unbound": "%s: gerekend is met het tarief vanaf %s, en op die dag gold voor u dat vanaf %s",
        "unnoticed": "%s: gerekend is met het tarief vanaf %s, en daarvan had u toen nog geen schriftelijk bericht",
        "addressee": "een bericht over een tarief in het bestand van %s is niet aan u",
        "begun": "Het tarief vanaf %s is dat waarmee uw contract begon.",
        "letter": "brief",
        "mail": "e-mail",
        "e-mail": "eigen e-mail",
        "by-hand": "overhandigd",
        "noticed": "Het tarief vanaf %s bindt u door het bericht van %s (%s), verteld op %s.",
        "shown": "Dat dit bericht u bereikte, zeggen twee mensen. Vraag hun bewijs te zien, met vingerafdruk %s.",
        "not-noticed": "Welk tarief op welke dag gold, is geloofd. Leg uw contract en een tariefstemming erbij.",
        "count": "het besluit %s volgt niet uit de stemmen: %s voor, %s tegen, %s blanco",
        "box": "de stembus van %s is niet die van de telling",
        "own": "uw stem over %s zit niet in de stembus",
        "divided": "%s: uw stemmen zijn verdeeld zoals de statuten niet toestaan, of er zijn er minder van geteld",
        "parts": "%s voor, %s tegen, %s blanco",
        "stranger": "de stem over %s in dit bestand is niet die van u",
        "no-own": "%s: u hebt niet gestemd, of uw stem staat hier niet. Vraag het na als u wel stemde.",
        "missing": "%s: de mededeling %s ontbreekt",
        "other": "%s: besluit, oproep en gevolg gaan niet over hetzelfde (%s)",
        "changed": "%s: de stemming over een wijziging zegt dat dit niet is besloten",
        "rejected": "%s: de leden namen dit niet aan",
        "rule": "%s: de statuten kennen de regel %s van het besluit niet",
        "quorum": "%s: volgens %s waren er te weinig: %s van %s",
        "class": "%s: volgens %s moest ook de klasse %s voor zijn, en die was dat niet: %s voor, %s tegen",
        "consent": "%s: volgens %s moet een ander orgaan instemmen, en nergens staat dat het dat deed",
        "amended": "%s: van een mogelijkheid hier zeggen de stemmingen over wijzigingen niet of zij is gewijzigd",
        "beaten": "%s: van de mogelijkheden onder dit punt won deze niet (stemmen voor: %s)",
        "ballots": "%s: geteld zijn %s stemmen, in de stembus zitten %s stembiljetten",
        "asker": "%s: het verzoek %s om een referendum (%s) is dubbel, te laat of van niemand op de stemlijst",
        "asking": "%s: een referendum vragen %s leden (%s stemmen) van %s (%s): niet wat verteld is, of wat %s vraagt",
        "requested": "%s: u vroeg om een referendum en staat er niet bij, of u staat erbij en vroeg niets",
        "unsealed": "de mededeling %s van %s zit in geen keten, en dat duurt hoogstens een kwartier",
        "waits": "Nog niet verzegeld toen het bestand werd gehaald, %s UTC: de mededeling %s. Haal het later opnieuw.",
        "law": "%s: gerekend is %s, meer dan de prijs van het tarief: %s",
        "maximum": "%s: gerekend is %s, meer dan wettelijk mag: %s",
        "lawless": "rij %s van de wet ontbreekt in dit bestand: haal het opnieuw op",
        "stand": "meter %s: van stand %s tot %s is niet %s",
        "passed": "meter %s: geen meter begint opnieuw bij %s",
        "uncovered": "geen garantiejaar op de rekening hoort bij %s",
        "unpromised": "Garantiejaar vanaf %s: geen plafond. Hebt u Niet Meer Dan Nu? Vraag dan waarom.",
        "promise": "garantiejaar vanaf %s: de rekening houdt zich niet aan wat u beloofd is",
        "ended": "garantiejaar vanaf %s: de rekening telt %s dagen, en niets zegt dat uw contract dan eindigde",
        "before": "garantiejaar vanaf %s: ervoor telt de rekening %s warmte en %s terug, eerdere rekeningen %s en %s",
        "no-contract": "Het bestand van uw contract ligt hier niet: wat u beloofd is, is geloofd.",
        "none-promised": "Garantiejaar vanaf %s: geen plafond. Dat volgt uit uw contract.",
        "no-before": "Garantiejaar vanaf %s: wat eerdere rekeningen telden, is geloofd. Leg deze ernaast: %s.",
        "figures": "Geloofd zijn deze cijfers, kijk ze na bij wie ze uitgeeft: %s.",
        "previous": "de rekening die hiermee verbeterd wordt, had andere gegevens",
        "believed": "Wat op de eerdere rekening stond, is geloofd: leg het bestand van die rekening ernaast.",
        "voted": "%s: besloten met %s voor en %s tegen, en uw stem (%s) zit in de stembus.",
        "decided": "%s: besloten met %s voor en %s tegen.",
        "history": "%s: besloten met %s voor en %s tegen, volgens notulen op papier die twee mensen invoerden."
        " Stembiljetten zijn er niet: vraag de notulen te zien.",
        "walked": "Teruggelopen tot de bron: %s van %s metingen, %s van %s keer gedeelde stroom, %s van %s besluiten.",
        "fact": "de verzegelde mededeling noemt een ander(e) %s",
        "part": "%s: op de rekening %s, nagerekend %s",
        "heat": "%s: de regels tellen op tot %s, gemeten is %s",
        "ceiling": "plafond van het garantiejaar vanaf %s: op de rekening %s, nagerekend %s",
        "credit": "terug te geven in het garantiejaar vanaf %s: op de rekening %s, nagerekend %s",
        "vat": "btw van %s: op de rekening %s, nagerekend %s",
        "total": "totaal: op de rekening %s, nagerekend %s",
        "whole": "Rekening %s klopt: %s, tot op de cent.",
        "wrong": "Rekening %s klopt NIET: %s.",
        "sealed": "Vingerafdruk van nummer %s in de keten van %s: %s",
        "left": "niet nagerekend, alleen opgeteld: %s (staffel, jaarmaximum of een dag waarop niemand de meter las)",
        "foreign": "geen bestand van deze controle, buiten beschouwing gelaten: %s",
        "no-bill": "Leg er een rekening bij: geen van deze bestanden is er een.",
    },
    "en": {
        "hash": "the fingerprint of %s is another",
        "stands": "stands of meter %s: they differ by %s, the bill has %s",
        "asked": "to pay: on the bill %s, reckoned %s",
        "reading": "%s of %s: on the bill %s, in the readings %s",
        "value": "meter %s: %s is not in the readings",
        "quarters": "electricity shared from %s: the quarter-hours come to %s Wh, told were %s Wh",
        "price": "%s: on the bill %s, the members decided %s",
        "fell": "%s: this decision does not hold from %s (%s), and the bill goes on with it",
        "stopped": "Mind: this decision does not hold from %s (%s). What was billed by it gets a correction.",
        "unbound": "%s: billed by the tariff from %s, and on that day the one from %s bound you",
        "unnoticed": "%s: billed by the tariff from %s, and no notice in writing of it had reached you by then",
        "addressee": "a notice of a tariff in the file of %s is not to you",
        "begun": "The tariff from %s is the one that your contract began with.",
        "letter": "a letter",
        "mail": "a mail",
        "e-mail": "a mail of their own",
        "by-hand": "handed over",
        "noticed": "The tariff from %s binds you by the notice of %s (%s), told on %s.",
        "shown": "That this notice reached you, two people say. Ask to see what shows it, with fingerprint %s.",
        "not-noticed": "Which tariff bound on which day is believed. Lay your contract and the vote on a tariff here.",
        "count": "the decision %s does not follow from the votes: %s for, %s against, %s blank",
        "box": "the box of ballots of %s is not the one that was counted",
        "own": "your ballot on %s is not in the box",
        "divided": "%s: your votes are divided as the statutes do not allow, or fewer of them were counted",
        "parts": "%s for, %s against, %s blank",
        "stranger": "the ballot on %s in this file is not yours",
        "no-own": "%s: you did not vote, or your ballot is not here. Ask if you did vote.",
        "missing": "%s: the fact %s is missing",
        "other": "%s: verdict, notice and effect are not about the same (%s)",
        "changed": "%s: the vote on an amendment says that this was not decided",
        "rejected": "%s: the members did not adopt this",
        "rule": "%s: the statutes do not have the rule %s of the verdict",
        "quorum": "%s: by %s too few were there: %s of %s",
        "class": "%s: by %s the class %s had to be for it too, and it was not: %s for, %s against",
        "consent": "%s: by %s another body has to consent, and nothing says that it did",
        "amended": "%s: of an option here the votes on its amendments do not say whether it was changed",
        "beaten": "%s: of the options under this point this one does not win (votes for: %s)",
        "ballots": "%s: %s votes were counted, %s ballots are in the box",
        "asker": "%s: the request %s of a referendum (%s) is there twice, too late, or of nobody on the voting list",
        "asking": "%s: a referendum is asked by %s members (%s votes) of %s (%s): not what was told, or what %s asks",
        "requested": "%s: you asked a referendum and are not counted, or you are counted and asked nothing",
        "unsealed": "the fact %s of %s is in no chain, and that takes a quarter of an hour at most",
        "waits": "Not sealed yet when the file was taken, %s UTC: the fact %s. Take it again later.",
        "law": "%s: charged were %s, above the price of the tariff: %s",
        "maximum": "%s: charged were %s, above what the law allows: %s",
        "lawless": "row %s of the law is missing from this file: take it again",
        "stand": "meter %s: from stand %s to %s is not %s",
        "passed": "meter %s: no meter begins anew at %s",
        "uncovered": "no guarantee year on the bill covers %s",
        "unpromised": "Guarantee year from %s: no ceiling. Do you have Not More Than Now? Then ask why.",
        "promise": "guarantee year from %s: the bill does not keep to what you were promised",
        "ended": "guarantee year from %s: the bill counts %s days, and nothing says that your contract ended then",
        "before": "guarantee year from %s: before it the bill has %s of heat and %s back, your earlier bills %s and %s",
        "no-contract": "The file of your contract is not here: what you were promised is believed.",
        "none-promised": "Guarantee year from %s: no ceiling. That follows from your contract.",
        "no-before": "Guarantee year from %s: what earlier bills counted is believed. Lay these beside it: %s.",
        "figures": "These figures are believed, look them up where they are published: %s.",
        "previous": "the bill that this one corrects had other inputs",
        "believed": "What the earlier bill said is believed: lay the file of that bill beside this one.",
        "voted": "%s: decided with %s for and %s against, and your ballot (%s) is in the box.",
        "decided": "%s: decided with %s for and %s against.",
        "history": "%s: decided with %s for and %s against, by minutes on paper that two people entered."
        " There are no ballots: ask to see the minutes.",
        "walked": "Walked back to the source: %s of %s readings, %s of %s times shared electricity, %s of %s votes.",
        "fact": "the sealed fact names another %s",
        "part": "%s: on the bill %s, reckoned %s",
        "heat": "%s: the lines come to %s, measured was %s",
        "ceiling": "ceiling of the guarantee year from %s: on the bill %s, reckoned %s",
        "credit": "to give back in the guarantee year from %s: on the bill %s, reckoned %s",
        "vat": "VAT of %s: on the bill %s, reckoned %s",
        "total": "total: on the bill %s, reckoned %s",
        "whole": "Bill %s is right: %s, to the cent.",
        "wrong": "Bill %s is NOT right: %s.",
        "sealed": "Fingerprint of number %s in the chain of %s: %s",
        "left": "not reckoned, only added up: %s (price bands, a yearly cap, or a day on which nobody read the meter)",
        "foreign": "no file of this check, left aside: %s",
        "no-bill": "Lay a bill beside them: none of these files is one.",
    },
}
UNITS = {"GJ": Fraction(1, 10**9), "kWh": Fraction(1, 1000)}
TEN = Fraction(10)
MAXIMA_VAT = Fraction(21, 100)
"""The rate of VAT that ACM's maxima hold."""

DRAFTED_BEFORE = timedelta(days=35)
"""So long before its issue a bill may have been reckoned, by the law as it was known then."""

SEALED_WITHIN = timedelta(minutes=15)
"""A fact is sealed seconds after it was told; one that waits longer than this was never meant to be in the chain."""

LAW = {kind: Fraction(2, 3) for kind in ("statutes", "dissolution", "merger")} | {"conversion": Fraction(9, 10)}
"""The least share of the votes that the law asks (BW 2:18, 2:42, 2:43)."""

GAS = ("contract-signed", "gas-bills-corrected")
"""Facts that tell which gas bills count for a contract."""

SERIES = (("index", "factors"), ("degree_day", "degree_days"))
"""Published figures of a ceiling: the name of their series, and where they stand."""

Parts = dict[str, "Fraction | None"]
Taken = dict[str, Any]


def check(taken: Taken, paper: bytes | None = None, others: Sequence[Taken] = ()) -> tuple[list[str], list[str]]:
    """Everything that is wrong with a bill as it was taken home, beside its readings and votes, and the parts that
    were only added up."""
    say = WORDS.get(taken["language"], WORDS["en"])
    inputs = json.loads(taken["inputs"])
    wrong = [
        *check_alone(taken, paper, say),
        *(finding for each in others for finding in check_source(each, say)),
        *check_links(inputs, others, say),
        *check_fallen(taken, inputs, others, say),
        *check_bound(taken, inputs, others, say),
        *check_promise(taken, inputs, others, say),
        *check_before(taken, inputs, others, say),
    ]
    return wrong, [name for name, cents in reckon(inputs).items() if cents is None]


def check_alone(taken: Taken, paper: bytes | None, say: dict[str, str]) -> Iterator[str]:
    """Check a bill in itself, with nothing beside it."""
    inputs, bill = json.loads(taken["inputs"]), taken["bill"]
    yield from check_fingerprints(taken, paper, say)
    yield from check_parts(inputs, bill, reckon(inputs), say)
    yield from check_prices(taken, inputs, say)
    yield from check_guarantee(inputs, bill, say)
    yield from check_sums(taken, say)
    yield from check_paper(taken, inputs, say)


def check_fingerprints(taken: Taken, paper: bytes | None, say: dict[str, str]) -> Iterator[str]:
    """Check that inputs, paper, file and fact have the fingerprints that the bill and the chain name."""
    for name in ("inputs", "paper"):
        if hashlib.sha256(taken[name].encode()).hexdigest() != taken[f"{name}_hash"]:
            yield say["hash"] % name
    archived = json.loads(taken["archived"]["data"])["sha256"] if taken["archived"] else None
    if paper is not None and hashlib.sha256(paper).hexdigest() != archived:
        yield say["hash"] % "PDF"
    fact = taken["fact"]
    told = json.loads(fact["data"])
    for name in ("number", "total_cents", "credit_cents", "asked_cents", "inputs_hash", "paper_hash", "issued_on"):
        if told.get(name, 0) != taken[name]:
            yield say["fact"] % name
    inputs = json.loads(taken["inputs"])
    for name in ("member_id", "contract_id", "corrects"):
        if told[name] != inputs[name]:
            yield say["fact"] % name
    for row in taken["law"]:
        if (row["type"], row["community"]) != ("billing.law-published.v1", fact["community"]):
            yield say["fact"] % "law"
    yield from check_seals(list_facts(taken), taken, say)


def check_seals(facts: Iterable[dict[str, Any]], taken: Taken, say: dict[str, str]) -> Iterator[str]:
    """Check that facts have the fingerprint that the chain names, and name those that should be in one by now."""
    for fact in facts:
        if not fact["hash"]:
            if not waits(fact, taken):
                yield say["unsealed"] % (fact["type"], fact["occurred_at"])
        elif seal(fact) != fact["hash"]:
            yield say["hash"] % fact["event_id"]


def waits(fact: dict[str, Any], taken: Taken) -> bool:
    """True for a fact that was told so shortly before its file was taken that it may still be waiting for its seal."""
    return (
        not fact["hash"] and timedelta(0) <= instant(taken["taken_at"]) - instant(fact["occurred_at"]) < SEALED_WITHIN
    )


def seal(fact: dict[str, Any]) -> str:
    """The fingerprint of a fact in the chain: over that of the fact before it, its number, and all that it says."""
    names = ("event_id", "type", "subject", "community", "occurred_at", "actor", "channel", "data")
    parts = [fact["previous_hash"], str(fact["position"]), *(fact[name] for name in names)]
    return hashlib.sha256("".join(f"{len(part)}:{part}" for part in parts).encode()).hexdigest()


def reckon(inputs: dict[str, Any]) -> Parts:
    """Reckon what each part of the bill comes to [cents], less what the bill before had; None where it was not."""
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
    """Check that each part of the bill comes to what was reckoned, and first bills have all that was measured."""
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


def check_prices(taken: Taken, inputs: dict[str, Any], say: dict[str, str]) -> Iterator[str]:
    """Check that the law made no price higher, but for its rate of VAT, and let none be above its maximum: by the rows
    of law that the co-operative told of, as they may have been known when the bill was reckoned."""
    laws, use = list_laws(taken), inputs["consumption"]
    if not laws:
        yield say["lawless"] % find_gap(taken)
        return
    for span in use["spans"]:
        start, since = span["period"]["start"], span["tariff"]["valid_from"]
        lowered = {price["component"]: Fraction(price["price_eur"]) for price in span["lowered"]}
        for part in span["tariff"]["components"]:
            price = lowered.get(part["name"], Fraction(part["price_eur"]))
            bounds = [bound_price(law, part, use["customer_class"], since, start) for law in laws]
            for name, at in (("law", 0), ("maximum", 1)):
                most = [bound[at] for bound in bounds]
                if all(limit is not None and price > limit + Fraction(1, 10**6) for limit in most):
                    yield say[name] % (part["name"], float(price), float(max(filter(None, most))))
        for rate in span["rates"]:
            rates = [reckon_rate(law, rate["category"], start) for law in laws]
            if Fraction(rate["rate"]) not in rates:
                yield say["vat"] % (rate["category"], rate["rate"], float(rates[0]))


def list_laws(taken: Taken) -> list[list[Taken]]:
    """The rows of the law, oldest first, in each state in which they may have been known when the bill was reckoned,
    the newest first; none where the file does not have all of them."""
    rows = [json.loads(fact["data"]) for fact in taken["law"]]
    if find_gap(taken):
        return []
    rows.sort(key=lambda row: (row["valid_from"], row["known_from"], row["number"]))
    issued = day(taken["issued_on"])
    days = {issued, *(day(row["known_from"]) - timedelta(days=1) for row in rows)}
    states = sorted((at for at in days if issued - DRAFTED_BEFORE <= at <= issued), reverse=True)
    return [[row for row in rows if day(row["known_from"]) <= at] for at in states]


def find_gap(taken: Taken) -> int:
    """The number of the first row of law that the file does not have; 0 where it has all."""
    numbers = sorted(json.loads(fact["data"])["number"] for fact in taken["law"])
    if not numbers:
        return 1
    return next((number for number, found in enumerate(numbers, start=1) if found != number), 0)


def bound_price(
    law: list[Taken], part: Taken, customer_class: str, since: str, on: str
) -> tuple[Fraction, Fraction | None]:
    """The price of a part of a tariff from ``since`` with the VAT of a day, and the most that the law lets it be then;
    None where it sets no maximum of its own."""
    then, now = (reckon_rate(law, part["vat"], at) for at in (since, on))
    voted = Fraction(part["price_eur"]) * (1 + now) / (1 + then)
    published = [row for row in law if row["kind"] == "maximum" and row["valid_from"] <= on]
    of_class = published[-1]["figures"].get(customer_class, {}) if published else {}
    limit = of_class.get(f"{part['product']} per {part['per']}")
    return voted, Fraction(limit) * (1 + now) / (1 + MAXIMA_VAT) if limit else None


def reckon_rate(law: list[Taken], category: str, on: str) -> Fraction:
    """The rate of VAT of a category on a day; before all that are known, the first."""
    rows = [row for row in law if row["kind"] == "vat" and category in row["figures"]]
    held = [row for row in rows if row["valid_from"] <= on] or rows[:1]
    return Fraction(held[-1]["figures"][category]["rate"])


def check_guarantee(inputs: dict[str, Any], bill: dict[str, Any], say: dict[str, str]) -> Iterator[str]:
    """Check that ceilings follow from the gas bills and the index, and what is given back from the ceiling."""
    if len(inputs["guarantee"]) != len(bill["guarantee"]):
        yield say["fact"] % "guarantee"
    uses = filter(None, (inputs["consumption"], inputs["previous"]))
    parts = [part for use in uses for span in use["spans"] for part in span["tariff"]["components"]]
    for line in bill["lines"]:
        flags = [part["in_guarantee"] for part in parts if part["name"] == line["component"]]
        if line["kind"] != "guarantee" and line["in_guarantee"] not in flags:
            yield say["fact"] % f"in_guarantee: {line['component']}"
    for state, entry in zip(inputs["guarantee"], bill["guarantee"], strict=False):
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
    years = [state["terms"]["year"] for state in inputs["guarantee"]]
    use, is_settled = inputs["consumption"], inputs["consumption"] == inputs["previous"]
    for edge in (use["days"]["start"], (day(use["days"]["end"]) - timedelta(days=1)).isoformat()):
        # A correction of nothing that was used only asks for what was left.
        if not is_settled and not any(year["start"] <= edge < year["end"] for year in years):
            yield say["uncovered"] % edge
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


def check_sums(taken: Taken, say: dict[str, str]) -> Iterator[str]:
    """Check that VAT follows from the lines, rate by rate, and the total from all."""
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


def check_paper(taken: Taken, inputs: dict[str, Any], say: dict[str, str]) -> Iterator[str]:
    """Check that the stands on the paper differ by the energy of their reading, and that what is asked follows from
    the total, from what was left and from what stays."""
    paper = json.loads(taken["paper"])
    for reading in inputs["consumption"]["readings"]:
        stands = [stand for stand in paper["stands"] if stand["measurement_id"] == reading["measurement_id"]]
        yield from check_passed(stands, say)
        # A stand below the one before is a meter that began anew: only its readings say what it counted.
        if stands and all(reckon_stand(stand) >= 0 for stand in stands):
            energy = sum(reckon_stand(stand) * TEN ** stand["exponent"] for stand in stands)
            if energy != Fraction(reading["energy_j"]):
                yield say["stands"] % (stands[0]["meter"], giga(energy), giga(Fraction(reading["energy_j"])))
    asked = paper["asked"]
    if asked:
        due = asked["brought_cents"] + taken["total_cents"] - asked["carried_cents"]
        if not due == asked["asked_cents"] == taken["asked_cents"]:
            yield say["asked"] % (euros(taken["asked_cents"]), euros(due))


def reckon_stand(stand: dict[str, Any]) -> int:
    """Energy that a meter counted between two stands: the difference, or what is said of one that began anew."""
    counted: int | None = stand.get("counted")
    return stand["to_stand"] - stand["from_stand"] if counted is None else counted


def check_passed(stands: Sequence[dict[str, Any]], say: dict[str, str]) -> Iterator[str]:
    """Check that a meter counted otherwise than its stands differ only where it began at nothing again, past a highest
    stand that both are below."""
    for stand in stands:
        if stand.get("counted") is not None:
            highest = stand["counted"] - stand["to_stand"] + stand["from_stand"]
            if stand["to_stand"] >= stand["from_stand"] or not is_round(highest) or highest <= stand["from_stand"]:
                yield say["passed"] % (stand["meter"], highest)


def is_round(units: int) -> bool:
    """True for a number at which displays begin anew: a one and noughts, in kWh times the joules of one."""
    return str(units).rstrip("0") in ("1", "36")


def check_source(source: Taken, say: dict[str, str]) -> Iterator[str]:
    """Check that a measurement, an allocation or a vote is in itself what its facts tell."""
    if source["what"] == "bill":
        yield from (f"{source['number']}: {finding}" for finding in check_alone(source, None, say))
        return
    if source["what"] == "contract":
        yield from check_seals(list_facts(source), source, say)
        return
    if source["what"] == "vote":
        yield from check_seals(list_facts(source), source, say)
        yield from check_vote(source, say)
        return
    yield from check_seals([source["fact"]], source, say)
    told = json.loads(source["fact"]["data"])
    if source["what"] == "allocation":
        thousandths = sum(got for _, used, got in source["quarters"] if got <= used)
        if abs(Fraction(thousandths, 1000) - told["allocated_wh"]) >= 1:
            yield say["quarters"] % (told["period_start"], float(thousandths) / 1000, told["allocated_wh"])
        return
    energy = sum(part["energy"] * TEN ** part["exponent"] for part in told["parts"])
    if energy != Fraction(told["energy_j"]):
        yield say["reading"] % (told["quantity"], told["period_start"], giga(Fraction(told["energy_j"])), giga(energy))
    for before, part in zip([None, *told["parts"]], told["parts"], strict=False):
        yield from check_part(part, before, say)
        yield from check_values(part, source["values"][part["register_id"]], say)


def check_part(part: dict[str, Any], before: dict[str, Any] | None, say: dict[str, str]) -> Iterator[str]:
    """Check that a part counts from its one stand to its other, and from below nothing only where the register passed
    its highest stand at that instant."""
    if part["energy"] != part["to_stand"] - part["from_stand"] or part["energy"] < 0:
        yield say["stand"] % (part["meter"], part["from_stand"], part["to_stand"], part["energy"])
    if part["from_stand"] < 0:
        names = ("register_id", "from_at"), ("register_id", "to_at")
        follows = before and [part[name] for name in names[0]] == [before[name] for name in names[1]]
        highest = before["to_stand"] - part["from_stand"] if before and follows else -part["from_stand"]
        if not follows or not is_round(highest):
            yield say["passed"] % (part["meter"], highest)


def check_values(part: dict[str, Any], values: list[list[Any]], say: dict[str, str]) -> Iterator[str]:
    """Check that the readings of a register hold the stands that a measurement goes from and to, or add up to it."""
    start, end = instant(part["from_at"]), instant(part["to_at"])
    within = [value for value in values if start <= instant(value[0]) <= end]
    if any(step for _, step, _, _ in within):
        counted = sum(value for at, step, value, _ in within if step and instant(at) < end)
        if counted != part["energy"] and "estimated" not in (part["from_quality"], part["to_quality"]):
            yield say["value"] % (part["meter"], counted)
        return
    read = {instant(at): value for at, _, value, _ in within}
    for at, stand, quality in ((start, "from_stand", "from_quality"), (end, "to_stand", "to_quality")):
        # Where a register passes its highest stand, it counts on from as much below nothing as it was below that.
        if part[quality] != "estimated" and part[stand] >= 0 and read.get(at) != part[stand]:
            yield say["value"] % (part["meter"], part[stand])


def check_vote(vote: Taken, say: dict[str, str]) -> Iterator[str]:
    """Check that notice, verdict and effect are about the same, that the verdict follows from the votes by the
    statutes, and that the box is the one that it sealed, with the own ballot in it."""
    subject, facts = vote["subject"], read_facts(vote)
    gone = [name for name in ("statutes-adopted", "meeting-convened", "resolution-decided") if not facts[name]]
    if gone:
        yield from (say["missing"] % (subject, name) for name in gone)
        return
    decided, convened = facts["resolution-decided"][-1], facts["meeting-convened"][-1]
    articles_hash = facts["statutes-adopted"][-1]["articles_hash"]
    for name, told in (("notice", convened["notice_hash"]), ("articles", articles_hash)):
        if hashlib.sha256(vote[name].encode()).hexdigest() != told:
            yield say["hash"] % name
    yield from check_same(vote, facts, say)
    listed = [told for told in facts["voting-list-frozen"] if told["meeting_id"] == decided["meeting_id"]]
    lists = {told["moment"]: told for told in listed}
    if decided["verdict"] == "adopted":
        yield from check_verdict(vote, decided, lists.get("closed"), say)
        yield from check_options(vote, decided, lists.get("closed"), say)
    if decided.get("history"):
        return
    if set(lists) != {"opened", "closed"}:
        yield say["missing"] % (subject, "voting-list-frozen")
        return
    if lists["closed"]["list_hash"] != decided["voting_list_hash"]:
        yield say["hash"] % "voting-list"
    yield from check_box(vote, decided, lists, say)
    yield from check_requests(vote, facts, lists["closed"], say)


def read_facts(vote: Taken) -> dict[str, list[Any]]:
    """Contents of the facts of a vote, by their type."""
    facts: dict[str, list[Any]] = defaultdict(list)
    for fact in vote["facts"]:
        facts[fact["type"].split(".")[1]].append(json.loads(fact["data"]))
    return facts


def check_same(vote: Taken, facts: dict[str, list[Any]], say: dict[str, str]) -> Iterator[str]:
    """Check that the verdict is on the point of the notice, and what it put in force is what both name."""
    decided, convened = facts["resolution-decided"][-1], facts["meeting-convened"][-1]
    about, notice = vote["resolution_id"], json.loads(vote["notice"])
    opened = {told["resolution_id"]: told for told in facts["new-vote-opened"]}
    noticed = find_noticed(about, {name: told["again_of"] for name, told in opened.items()})
    point: Taken = next((each for each in notice["resolutions"] if each["resolution_id"] == noticed), {})
    moved = next((told for told in facts["motion-admitted"] if told["resolution_id"] == noticed), None)
    if moved:  # it came on the agenda after the notice
        point = {"parameters_sha256": moved["parameters_hash"], "kind": moved["kind"]}
    was_changed = any(told["verdict"] == "adopted" for told in facts["resolution-decided"][:-1])
    if decided["verdict"] == "adopted" and was_changed != bool(moved and moved["amendment"]):
        yield say["changed"] % vote["subject"]  # other votes in the file are on amendments
    names = [name for name in facts if name not in ("resolution-decided", "new-vote-opened", "motion-admitted")]
    effects = [told for name in names for told in facts[name] if "parameters_hash" in told]
    if {decided["meeting_id"], notice["meeting_id"]} != {convened["meeting_id"]}:
        yield say["other"] % (vote["subject"], "meeting_id")
    for told in (decided, *effects):
        if told["resolution_id"] != about:
            yield say["other"] % (vote["subject"], "resolution_id")
        if told["parameters_hash"] != point.get("parameters_sha256"):
            yield say["other"] % (vote["subject"], "parameters")
    if any(told["parameters_hash"] != point.get("parameters_sha256") for told in opened.values()):
        yield say["other"] % (vote["subject"], "parameters")
    for told in effects:
        parameters = told.get("parameters")
        if parameters is not None and fingerprint(parameters) != told["parameters_hash"]:
            yield say["other"] % (vote["subject"], "parameters")
    if decided["kind"] != point.get("kind"):
        yield say["other"] % (vote["subject"], "kind")
    if effects and decided["verdict"] != "adopted":
        yield say["rejected"] % vote["subject"]


def check_verdict(vote: Taken, decided: Taken, listed: Taken | None, say: dict[str, str]) -> Iterator[str]:
    """Check that enough were there and for it, by the rule of the statutes for such a decision; ``listed`` is the list
    of who could vote, which minutes on paper do not have."""
    rule = find_rule_of(vote, decided)
    if decided["article"] not in (rule["article"], rule.get("tie_article")):
        yield say["rule"] % (vote["subject"], decided["article"])
    if not is_reached(vote, decided, listed):
        yield say["count"] % (vote["subject"], *(decided[f"votes_{choice}"] for choice in ("for", "against", "blank")))
    there, all_ = count_there(rule, decided, listed)
    if not is_quorate(rule, there, all_):
        yield say["quorum"] % (vote["subject"], rule["quorum"]["article"], there, all_)
    for one, own in list_against(vote, decided):
        yield say["class"] % (vote["subject"], one["article"], one["name"], own["votes_for"], own["votes_against"])
    if asks_consent(rule, decided) and find_word(vote, decided, "body") != "consents":
        yield say["consent"] % (vote["subject"], rule["approval"]["article"])


def find_rule_of(vote: Taken, decided: Taken) -> dict[str, Any]:
    """The rule of the statutes by which something was decided, which is another one at a second meeting."""
    rule, notice = find_rule(json.loads(vote["articles"]), decided["kind"]), json.loads(vote["notice"])
    second = rule.get("second")
    is_called = notice.get("second_of") and (notice.get("second_why") or not (second or {}).get("says_why"))
    own = (second or {}).get("quorum")
    articles = {second["article"], (own or second)["article"]} if second else set()
    if second and decided["article"] in articles and is_called:
        others = {"quorum": own, "also": second.get("also"), "of_classes": second.get("of_classes", "majority")}
        return rule | {"article": second["article"], "majority": second["majority"], **others}
    return rule


def is_reached(vote: Taken, decided: Taken, listed: Taken | None) -> bool:
    """True where the votes come to the majority that the statutes ask, or a tie was broken in favour."""
    rule = find_rule_of(vote, decided)
    votes = [decided[f"votes_{choice}"] for choice in ("for", "against", "blank")]
    cast, present = votes[0] + votes[1], decided["votes_present"]
    every = listed["votes"] if listed else None
    bases = {"cast": cast, "present": present, "all": every}
    asked, base = rule["majority"], bases[rule.get("base", "cast")]
    floor = LAW.get(decided["kind"], Fraction(0))
    needed = max(Fraction(asked["num"], asked["den"]), floor) * (cast if base is None else base)
    is_enough = votes[0] > needed if asked.get("above") else votes[0] >= needed
    is_broken = votes[0] == votes[1] and asked["num"] * 2 == asked["den"] and breaks_tie(rule, vote, decided)
    can_be = sum(votes) <= present and (every is None or present <= every)
    also = rule.get("also")
    of = bases[also.get("base", "all")] if also else None
    is_held = also is None or of is None or reaches(also["share"], votes[0], of)
    return bool(votes[0]) and (is_enough or is_broken) and is_held and can_be


def list_against(vote: Taken, decided: Taken) -> Iterator[tuple[Taken, Taken]]:
    """Classes of members whose own majority the rule asks, and of whom too few were there or for it, by the votes of
    each that the verdict sealed; or that have more votes than all together."""
    rule, counted = find_rule_of(vote, decided), {told["name"]: told for told in decided.get("classes", ())}
    how = rule.get("of_classes", "with-quorum")
    for one in json.loads(vote["articles"]).get("classes", ()):
        if how == "nothing" or one["name"] not in rule.get("classes", ()):
            continue
        own = counted.get(one["name"], {"votes_for": 0, "votes_against": 0, "members_entitled": 1})
        if not own["members_entitled"]:
            continue  # nobody belongs to it
        names = ("votes_for", "votes_against", "votes_blank")
        can_be = own["votes_for"] and all(own[name] <= decided[name] for name in names)
        if not (can_be and is_class_for(one, own) and (how == "majority" or is_class_there(one, own))):
            yield one, own


def is_class_for(one: Taken, own: Taken) -> bool:
    """True where the members of a class were for something, by the majority that the statutes ask of them."""
    cast = own["votes_for"] + own["votes_against"]
    there = cast + own["votes_blank"] + own["votes_silent"]
    whole = {"cast": cast, "present": there, "all": own["votes_entitled"]}[one.get("base", "cast")]
    return reaches(one["majority"], own["votes_for"], whole)


def is_class_there(one: Taken, own: Taken) -> bool:
    """True where as many of a class were there as the statutes ask, or they ask nothing."""
    quorum = one.get("quorum")
    if not quorum:
        return True
    by_heads = quorum["of"] == "members"
    votes = sum(own[f"votes_{name}"] for name in ("for", "against", "blank", "silent"))
    there = own["members_present"] if by_heads else votes
    if not quorum.get("with_proxies", True):
        there -= own["members_represented"] if by_heads else own["votes_represented"]
    return reaches(quorum["share"], there, own["members_entitled"] if by_heads else own["votes_entitled"])


def count_there(rule: dict[str, Any], decided: Taken, listed: Taken | None) -> tuple[int, int]:
    """Members or votes that were there, and all of them, as the quorum of a rule counts; nobody where no list says."""
    if listed is None:
        return 0, 0
    by_heads = (rule.get("quorum") or {}).get("of") == "members"
    return (decided["members_present"], listed["members"]) if by_heads else (decided["votes_present"], listed["votes"])


def is_quorate(rule: dict[str, Any], there: int, all_: int) -> bool:
    """True where as many were there as a rule asks, or nobody was to be counted."""
    quorum = rule.get("quorum")
    if not quorum or not all_:
        return True
    return reaches(quorum["share"], there, all_)


def reaches(share: dict[str, Any], part: int, whole: int) -> bool:
    """True where a part of a whole comes to a share of the statutes."""
    least = Fraction(share["num"], share["den"]) * whole
    return part > least or (part == least and not share.get("above"))


def check_options(vote: Taken, decided: Taken, listed: Taken | None, say: dict[str, str]) -> Iterator[str]:
    """Check that of the options under one point the adopted one wins by the rule of the notice, or that of the statutes
    for options that came after it, and as many votes being for two, by the chair's sealed word or the lot. Where an
    amendment of an option was adopted, the option as changed stands in its place."""
    told = read_facts(vote), read_facts({"facts": vote["rivals"]})
    moved = list_moved(vote)
    opened = {each["resolution_id"]: each["again_of"] for facts in told for each in facts["new-vote-opened"]}
    agenda = [*json.loads(vote["notice"])["resolutions"]]
    about = find_noticed(decided["resolution_id"], opened)
    head = find_head(about, moved)
    point: Taken = next((each for each in agenda if each["resolution_id"] == head), {})
    own = point.get("option_of", "")
    options = [each["resolution_id"] for each in agenda if each.get("option_of", "") == own != ""] or [head]
    added = [name for name, each in moved.items() if not each["amendment"] and find_head(name, moved) in options]
    places = [*options, *added]
    if len(places) < 2:
        return
    changed = {name: each for name, each in moved.items() if each["amendment"] and each["on"] in places}
    on_amendments = {each["amendment"] for each in changed.values()}
    counted: dict[str, Taken] = {about: decided}
    for each in (*told[0]["resolution-decided"][:-1], *told[1]["resolution-decided"]):
        counted[find_noticed(each["resolution_id"], opened)] = each
    withdrawn = {find_noticed(each["resolution_id"], opened) for each in told[1]["point-withdrawn"]}
    if not {*counted, *withdrawn}.issuperset({*places, *changed, *on_amendments}):
        yield say["missing"] % (vote["subject"], "resolution-decided")
    if not {*places, *changed, *on_amendments}.issuperset(counted):
        yield say["missing"] % (vote["subject"], "motion-admitted")
    standing = []
    for place in places:
        amending = {name: each["amendment"] for name, each in changed.items() if each["on"] == place}
        votes = {name: counted[amendment] for name, amendment in amending.items() if amendment in counted}
        adopted = [name for name, each in votes.items() if each["verdict"] == "adopted"]
        wanted = [name for name, each in votes.items() if is_wanted(vote, each, listed)]
        if len(adopted) > 1 or not set(adopted) <= set(wanted) or bool(adopted) != bool(wanted):
            yield say["amended"] % vote["subject"]
        standing.append(adopted[0] if adopted else place)
    reached = [counted[name] for name in standing if name in counted and is_wanted(vote, counted[name], listed)]
    wins = point.get("wins") or (json.loads(vote["articles"]).get("motions") or {}).get("wins")
    is_beaten = len(reached) > 1 and find_winner(vote, reached, wins) is not decided
    if is_beaten or (about not in standing and about in {*places, *changed}):
        yield say["beaten"] % (vote["subject"], ", ".join(str(each["votes_for"]) for each in reached))


def list_moved(vote: Taken) -> dict[str, Taken]:
    """Motions that came on the agenda after the notice, by the point that each put to the vote, in the order of the
    chain."""
    facts = [each for name in ("facts", "rivals") for each in vote[name] if ".motion-admitted." in each["type"]]
    told = sorted(facts, key=lambda each: (int(each["position"] or sys.maxsize), instant(each["occurred_at"])))
    return {each["resolution_id"]: each for each in (json.loads(fact["data"]) for fact in told)}


def find_head(name: str, moved: dict[str, Taken]) -> str:
    """The point of the notice beside which, or in the place of which, something was put to the vote."""
    for _ in moved:
        name = moved[name]["on"] if name in moved else name
    return name


def is_wanted(vote: Taken, decided: Taken, listed: Taken | None) -> bool:
    """True where enough were there and for something by the statutes, whatever the verdict says."""
    rule = find_rule_of(vote, decided)
    is_enough = is_reached(vote, decided, listed) and is_quorate(rule, *count_there(rule, decided, listed))
    is_enough = is_enough and not any(list_against(vote, decided))
    return is_enough and (not asks_consent(rule, decided) or find_word(vote, decided, "body") == "consents")


def asks_consent(rule: dict[str, Any], decided: Taken) -> bool:
    """True where the statutes ask another body's consent of every decision of this kind."""
    return not (rule.get("approval") or {"articles": True}).get("articles") and not decided.get("history")


def find_noticed(resolution_id: str, opened: dict[str, str]) -> str:
    """The point of the notice that a vote is on: a new vote is on one, or on a new vote before it."""
    for _ in opened:
        resolution_id = opened.get(resolution_id, resolution_id)
    return resolution_id


def find_winner(vote: Taken, reached: Sequence[Taken], wins: str | None) -> Taken | None:
    """Of options that reached their majority, in the order of the agenda, the one that wins, if any does."""
    if wins == "first":
        return reached[0]
    most = max(each["votes_for"] for each in reached)
    best = [each for each in reached if each["votes_for"] == most]
    tie = find_rule_of(vote, best[0]).get("tie")
    if len(best) > 1 and tie == "chair":
        best = [each for each in best if find_word(vote, each, "chair") == "for"]
    elif len(best) > 1 and tie == "lot":
        best = sorted(best, key=lambda each: fingerprint(["lot", each["resolution_id"], each["ballots_hash"]]))[:1]
    return best[0] if len(best) == 1 else None


def find_rule(articles: Taken, kind: str) -> dict[str, Any]:
    """The rule of the statutes for a kind of decision; where they have none, the one for all others, or the law's."""
    rules: dict[str, dict[str, Any]] = articles.get("rules", {})
    half = {"article": "choice: the law is silent", "majority": {"num": 1, "den": 2, "above": True}}
    return rules.get(kind) or rules.get("statutes" if kind in LAW else "ordinary") or half


def breaks_tie(rule: dict[str, Any], vote: Taken, decided: Taken) -> bool:
    """True where the chair decides at a tie and was for it by a sealed fact, or where the lot that falls from the
    ballots is for it."""
    lot = int(fingerprint(["lot", decided["resolution_id"], decided.get("ballots_hash")]), 16) % 2
    by_chair = rule.get("tie") == "chair" and find_word(vote, decided, "chair") == "for"
    return by_chair or (rule.get("tie") == "lot" and bool(lot))


def find_word(vote: Taken, decided: Taken, speaker: str) -> str | None:
    """The last word on a decision of its chair, or of the body whose consent the statutes ask, that was sealed."""
    given = [each for name in ("facts", "rivals") for each in read_facts({"facts": vote[name]})["word-given"]]
    told = [each for each in given if each["resolution_id"] == decided["resolution_id"]]
    said: list[str] = [each["says"] for each in told if each["speaker"] == speaker]
    return said[-1] if said else None


def check_box(vote: Taken, decided: Taken, lists: dict[str, Taken], say: dict[str, str]) -> Iterator[str]:
    """Check that the ballots are those that the verdict sealed, as many as its votes can be of, and the own among
    them and told when it was cast."""
    counted = set(vote["counted"])
    lines = "".join(line + "\n" for line in sorted(vote["counted"]))
    if hashlib.sha256(lines.encode()).hexdigest() != decided["ballots_hash"] or len(counted) != len(vote["counted"]):
        yield say["box"] % vote["subject"]
    votes = sum(decided[f"votes_{choice}"] for choice in ("for", "against", "blank"))
    # Everybody on the list has one vote at least, and who left after voting has a ballot that does not count.
    opened, closed = lists["opened"], lists["closed"]
    most = closed["votes"] - closed["members"] + len(counted) if counted else 0
    by_statutes = (json.loads(vote["articles"]).get("voters") or {}).get("most_votes")
    least = len(counted) - (opened["members"] - closed["members"])
    if not least <= votes <= min(most, closed["votes"], len(counted) * (by_statutes or most)):
        yield say["ballots"] % (vote["subject"], votes, len(counted))
    if vote["own"] is None:
        return
    own = fingerprint(vote["own"])
    cast = {commitment for fact in vote["cast"] for commitment in json.loads(fact["data"])["commitments"]}
    if vote["own"][0] != decided["resolution_id"] or own not in cast & counted:
        yield say["own"] % vote["subject"]
    if vote["own"][3] == "split" and not is_divided_well(vote, decided):
        yield say["divided"] % vote["subject"]


def check_requests(vote: Taken, facts: dict[str, list[Any]], closed: Taken, say: dict[str, str]) -> Iterator[str]:
    """Check that as many as the statutes say asked the referendum that suspended a decision, each once, in time and
    from the list of who had a vote: sealed facts have the fingerprints of who asks and who may, as commitments."""
    subject, decided, granted = vote["subject"], facts["resolution-decided"][-1], facts["referendum-granted"]
    begun = [told["stopped_on"] for told in facts["decision-stopped"] if told["manner"] == "referendum"]
    if [told["granted_on"] for told in granted] != sorted(begun)[:1]:
        yield say["missing"] % (subject, "referendum-granted" if begun else "decision-stopped")
    if not granted:
        return
    told, asked, voters, articles = granted[-1], vote["requests"], vote["voters"], json.loads(vote["articles"])
    for name, hashed in (("requests", told["requests_hash"]), ("voters", closed["voters_hash"])):
        if fingerprint(vote[name]) != hashed:
            yield say["hash"] % name
    own = next(filter(None, map((articles.get("referenda") or {}).get, (decided["kind"], "ordinary"))), None)
    if own is None or (told["resolution_id"], told["article"]) != (decided["resolution_id"], own["article"]):
        yield say["rule"] % (subject, told["article"])
        return
    votes, names = dict(voters), [name for name, _ in asked]
    last = min(told["granted_on"], (day(decided["decided_on"]) + timedelta(days=own["days"])).isoformat())
    for number, (name, at) in enumerate(asked):
        if name not in votes or name in names[:number] or at > last:
            yield say["asker"] % (subject, name[:8], at)
    counts = [(len({*each}), sum(votes.get(name, 0) for name in {*each})) for each in (names, votes)]
    share, by = own.get("share") or {"num": 0, "den": 1}, int(own.get("of") == "votes")
    is_enough = counts[0][0] >= own.get("members", 1) and reaches(share, counts[0][by], counts[1][by])
    if not is_enough or counts[0] != (told["members_asking"], told["votes_asking"]):
        yield say["asking"] % (subject, *counts[0], *counts[1], told["article"])
    if len(votes) != len(voters) or (not articles.get("council") and counts[1] != (closed["members"], closed["votes"])):
        yield say["hash"] % "voters"
    yield from check_own_request(vote, votes, names, say)


def check_own_request(vote: Taken, votes: Taken, names: Sequence[str], say: dict[str, str]) -> Iterator[str]:
    """Check that the member is among those who ask a referendum only by a sealed request that they did not strike."""
    mine, told = vote["voter"], read_facts({"facts": vote["asked"]})
    struck = {each["number"] for each in told["request-disputed"] if not each["counted"]}
    counted = [each for each in told["referendum-asked"] if each["number"] not in struck]
    name = fingerprint(mine) if mine else ""
    is_known = votes.get(name) == mine[2] if mine else vote["own"] is None
    is_own = all((each["member_id"], each["commitment"]) == (mine and mine[1], name) for each in counted)
    if not is_known or not is_own or bool(counted) != (name in names):
        yield say["requested"] % vote["subject"]


def is_divided_well(vote: Taken, decided: Taken) -> bool:
    """True where the statutes let the member divide their votes, and each part was counted where it was cast."""
    voters, parts = json.loads(vote["articles"]).get("voters") or {}, vote["own"][8]
    counted = [decided[f"votes_{choice}"] for choice in ("for", "against", "blank")]
    most = voters.get("most_votes") or sum(counted)
    is_counted = all(0 <= part <= votes for part, votes in zip(parts, counted, strict=True))
    return bool(voters.get("split", False)) and is_counted and 0 < sum(parts) <= most


def check_links(inputs: dict[str, Any], others: Sequence[Taken], say: dict[str, str]) -> Iterator[str]:
    """Check that the bill has the energy of the measurements and allocations beside it, and the prices of the votes."""
    use, found = inputs["consumption"], find_sources(others)
    for vote in others:
        readers = {
            vote[name][at] for name, at in (("own", 2), ("voter", 1)) if vote["what"] == "vote" and vote.get(name)
        }
        if readers - {inputs["member_id"]}:
            yield say["stranger"] % vote["subject"]
    earlier = find_earlier(inputs, others)
    if earlier and json.loads(earlier["inputs"])["consumption"] != inputs["previous"]:
        yield say["previous"]
    for kind, rows, amount in (("measurement", "readings", "energy_j"), ("allocation", "shares", "allocated_wh")):
        for row in use[rows]:
            told = found.get((kind, row.get("measurement_id") or row.get("run_id")))
            is_own = not told or told["member_id"] == inputs["member_id"]
            if told and (not is_own or Fraction(told[amount]) != Fraction(row[amount])):
                yield say["reading"] % (kind, told["period_start"], row[amount], told[amount])
    for span in use["spans"]:
        adopted = found.get(("tariff", span["tariff"]["resolution_id"]))
        if adopted is None:
            continue
        if fingerprint(adopted["parameters"]) != adopted["notice_hash"]:
            yield say["hash"] % "notice"
        voted = {part["name"]: part for part in adopted["parameters"]["components"]}
        billed = {part["name"]: part for part in span["tariff"]["components"]}
        for name in {**voted, **billed}:
            ours, theirs = billed.get(name, {}), voted.get(name, {})
            if Fraction(ours.get("price_eur", "0")) != Fraction(theirs.get("price", "0")):
                yield say["price"] % (name, ours.get("price_eur", "-"), theirs.get("price", "-"))
            for field, named in (("per", "per"), ("product", "product"), ("vat", "vat"), ("in_guarantee", "guarantee")):
                if ours and theirs and ours[field] != theirs[named]:
                    yield say["price"] % (name, f"{field} {ours[field]}", theirs[named])
        if adopted["valid_from"] != span["tariff"]["valid_from"]:
            yield say["price"] % ("valid_from", span["tariff"]["valid_from"], adopted["valid_from"])


def find_earlier(inputs: dict[str, Any], others: Sequence[Taken]) -> Taken | None:
    """The bill that this one corrects, where its file lies beside it."""
    bills = (each for each in others if each["what"] == "bill")
    return next((each for each in bills if json.loads(each["fact"]["data"])["bill_id"] == inputs["corrects"]), None)


def check_fallen(taken: Taken, inputs: dict[str, Any], others: Sequence[Taken], say: dict[str, str]) -> Iterator[str]:
    """Check that no price comes from a decision that did not hold on the days of it, as was told by then and before the
    bill; but for a contract that began under it, which keeps its price where the one before is dearer."""
    for span in inputs["consumption"]["spans"]:
        tariff, days = span["tariff"], span["period"]
        if tariff["valid_from"] <= taken["contract_from"]:
            continue
        told = [each for each in list_falls(others, tariff["resolution_id"]) if each["stopped_on"] < taken["issued_on"]]
        for at in sorted({days["start"], *(max(each["from_on"], each["stopped_on"]) for each in told)}):
            fell = find_stopping([each for each in told if each["from_on"] <= at and each["stopped_on"] <= at])
            if days["start"] <= at < days["end"] and fell:
                yield say["fell"] % (fell[-1]["subject_nl"], fell[-1]["from_on"], fell[-1]["paper"])
                break


def list_falls(others: Sequence[Taken], resolution_id: str) -> list[dict[str, Any]]:
    """The sealed facts by which a decision fell or holds again, in the order of telling."""
    votes = (each for each in others if each["what"] == "vote")
    told = [told for vote in votes for told in read_facts(vote)["decision-stopped"]]
    return sorted((each for each in told if each["resolution_id"] == resolution_id), key=lambda each: each["number"])


def find_stopping(told: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """The facts by which a decision fell, where the same court, board or members did not say since that it holds
    again: each speaks for itself."""
    members = dict.fromkeys(("repealed", "restored", "referendum"), "members")
    whose = {"withdrawn": "board", "disputed": "meeting", **members}
    last = {whose.get(each["manner"], "court"): each for each in told}
    return [each for each in last.values() if each["manner"] not in ("resumed", "restored")]


def check_bound(taken: Taken, inputs: dict[str, Any], others: Sequence[Taken], say: dict[str, str]) -> Iterator[str]:
    """Check that each day is billed by the tariff that bound the member on it: the one that the contract began with, or
    a later one from the day of the notice in writing that reached this member, before it only where nothing becomes
    dearer (BW 2:59). By sealed facts, in a state in which they may have been known when the bill was reckoned."""
    contract, member = find_contract(inputs, others), inputs["member_id"]
    for each in filter(None, (taken, contract)):
        if any(json.loads(fact["data"])["member_id"] != member for fact in each.get("notices", [])):
            yield say["addressee"] % each["what"]
    if contract is None:
        return
    signed = read_facts(contract)["contract-signed"][-1]
    spans, strays = inputs["consumption"]["spans"], []
    for known in list_states(taken, contract, others):
        wrong = [finding for span in spans for finding in find_unbound(span, signed, known, say)]
        if not wrong:
            return
        strays.append(wrong)
    yield from strays[0] if strays else []


def list_states(taken: Taken, contract: Taken, others: Sequence[Taken]) -> Iterator[dict[str, Any]]:
    """Tariffs, falls, notices to a member and law in each state in which they may have been known when a bill was
    reckoned, everything first; none where no file has all tariffs, or the bill lacks a row of law."""
    at = instant(taken["fact"]["occurred_at"])
    of_tariffs = {fact["event_id"]: fact for each in others for fact in each.get("tariffs", [])}
    notices = [fact for each in (taken, contract) for fact in each.get("notices", []) if not is_later(fact, taken)]
    if not of_tariffs:
        return
    for told in cut_short(of_tariffs.values(), at):
        tariffs, stops = (
            [json.loads(fact["data"]) for fact in told if name in fact["type"]]
            for name in ("tariff-adopted", "decision-stopped")
        )
        tariffs.sort(key=lambda each: (each["valid_from"], each["decided_on"], each["tariff_id"]))
        stops.sort(key=lambda each: int(each["number"]))
        for reached in cut_short(notices, at):
            for law in list_laws(taken):
                yield {"tariffs": tariffs, "stops": stops, "sent": list_sent(reached), "law": law}


def is_later(fact: dict[str, Any], taken: Taken) -> bool:
    """True for a fact that was told of after a bill was: by its place in the chain where both stand in the same."""
    bill = taken["fact"]
    is_same_chain = fact["type"].split(".")[0] == bill["type"].split(".")[0] and fact["position"] and bill["position"]
    if is_same_chain:
        return int(fact["position"]) > int(bill["position"])
    return instant(fact["occurred_at"]) > instant(bill["occurred_at"])


def cut_short(facts: Iterable[dict[str, Any]], at: datetime) -> list[list[dict[str, Any]]]:
    """Facts that were told up to an instant, all of them and then less and less of those of the weeks before it."""
    told = sorted((instant(fact["occurred_at"]), int(fact["position"] or 0), fact["event_id"]) for fact in facts)
    by_id = {fact["event_id"]: fact for fact in facts}
    known = [each for each in told if each[0] <= at]
    least = sum(since <= at - DRAFTED_BEFORE for since, *_ in known)
    return [[by_id[name] for *_, name in known[:count]] for count in range(len(known), least - 1, -1)]


def list_sent(told: Iterable[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """The first notice in writing of each tariff, by its day: confirmed by two people, or sent as a message that did
    not come back."""
    sent: dict[str, dict[str, Any]] = {}
    rows = [(fact, json.loads(fact["data"])) for fact in told]
    failed = [each for fact, each in rows if "message-failed" in fact["type"]]
    for fact, each in rows:
        if "message-failed" in fact["type"]:
            continue
        is_message = "message-sent" in fact["type"]
        came_back = is_message and any(
            every["message_id"] == each["message_id"] and instant(every["failed_at"]) > instant(each["sent_at"])
            for every in failed
        )
        name = each["about"] if is_message else each["tariff_id"]
        on = civil(instant(each["sent_at"])) if is_message else each["sent_on"]
        if not came_back and (name not in sent or on < sent[name]["sent_on"]):
            told_on = civil(instant(fact["occurred_at"]))
            evidence = each.get("evidence_hash", "")
            sent[name] = {"sent_on": on, "channel": each["channel"], "told_on": told_on, "evidence": evidence}
    return sent


def find_unbound(span: Taken, signed: Taken, known: dict[str, Any], say: dict[str, str]) -> Iterator[str]:
    """The first day of a span on which another tariff bound, as far as was known. Only on some days can another begin
    to: a tariff begins or falls, a notice goes out, a rate of VAT changes."""
    start, end, tariff = span["period"]["start"], span["period"]["end"], span["tariff"]
    changes = {each["valid_from"] for each in (*known["tariffs"], *known["law"])}
    changes |= {each["sent_on"] for each in known["sent"].values()}
    changes |= {each[name] for each in known["stops"] for name in ("from_on", "stopped_on")}
    for at in (start, *sorted(each for each in changes if start < each < end)):
        bound = find_binding(signed, at, known)
        if bound is None or bound["tariff_id"] != tariff["tariff_id"]:
            sent = known["sent"].get(tariff["tariff_id"])
            is_noticed = sent is not None and sent["sent_on"] <= at
            since = "-" if bound is None else bound["valid_from"]
            told = (at, tariff["valid_from"])
            yield say["unbound"] % (*told, since) if is_noticed else say["unnoticed"] % told
            return


def find_binding(signed: Taken, at: str, known: dict[str, Any]) -> Taken | None:
    """The tariff that binds a contract on a day. One that fell makes way from the day on which that was told, and
    before it, or where the contract began with it, only for what makes nothing dearer."""
    tariffs, own = known["tariffs"], find_signed(signed, known)
    if own is None or at < own["valid_from"]:
        return None
    kept = [each for each in tariffs if each is own or not has_fallen(each, at, known, at)]
    bound = replace_binding(own, kept, signed, at, known)
    left = [each for each in tariffs if not has_fallen(each, at, known)]
    begun = own if any(each is own for each in left) else find_begun(left, signed)
    if begun is not None and begun["valid_from"] <= at:
        instead = replace_binding(begun, left, signed, at, known)
        if costs_no_more(instead, bound, signed, at, known):
            return instead
    return bound


def find_signed(signed: Taken, known: dict[str, Any]) -> Taken | None:
    """The tariff that a contract began with: none that had fallen by then, unless nothing else was in force."""
    start = signed["starts_on"]
    own = find_begun([each for each in known["tariffs"] if not has_fallen(each, start, known, start)], signed)
    return own if own is not None and own["valid_from"] <= start else find_begun(known["tariffs"], signed)


def find_begun(tariffs: list[Taken], signed: Taken) -> Taken | None:
    """The newest tariff that was in force and decided when a contract began; else the one that was decided first."""
    begun = [each for each in tariffs if each["valid_from"] <= signed["starts_on"]]
    decided = [each for each in begun if each["decided_on"] <= signed["starts_on"]]
    if decided:
        return decided[-1]
    return min(begun or tariffs, key=lambda each: (each["decided_on"], each["tariff_id"]), default=None)


def has_fallen(tariff: Taken, at: str, known: dict[str, Any], told_by: str = "9999") -> bool:
    """True where the decision on a tariff does not hold on a day, by what was told up to another."""
    return bool(find_stopping(
        each for each in known["stops"]
        if each["resolution_id"] == tariff["resolution_id"] and each["from_on"] <= at and each["stopped_on"] <= told_by
    ))  # fmt: skip


def replace_binding(first: Taken, tariffs: list[Taken], signed: Taken, at: str, known: dict[str, Any]) -> Taken:
    """A tariff that a contract began with, or the later one that replaced it by a day."""
    bound, is_past = first, False
    for each in tariffs:
        sent = known["sent"].get(each["tariff_id"])
        may_bind = is_past and signed["tariff_clause"] is not None and each["valid_from"] <= at
        if may_bind and sent and (sent["sent_on"] <= at or costs_no_more(each, bound, signed, at, known)):
            bound = each
        is_past = is_past or each is first
    return bound


def costs_no_more(tariff: Taken, than: Taken, signed: Taken, at: str, known: dict[str, Any]) -> bool:
    """True where nobody of a class pays more under a tariff than under another on a day, whatever they use, and nothing
    leaves the ceiling, has a higher cap or runs for more years."""
    mine, theirs = (group_parts(each, signed, at, known) for each in (tariff, than))
    for use, parts in mine.items():
        others = theirs.get(use, [])
        if use[1] not in UNITS:
            for sort in {(part["guarantee"], part.get("years")) for part, _ in parts}:
                sums = [
                    sum((cost for part, cost in each if (part["guarantee"], part.get("years")) == sort), Fraction(0))
                    for each in (parts, others)
                ]
                if sums[0] > sums[1]:
                    return False
            continue
        for edge in {Fraction(part.get("from", 0)) for part, _ in (*parts, *others)}:
            own, other = pick_part(parts, edge), pick_part(others, edge)
            if own is None or own[1] == 0:
                continue
            if other is None or own[1] > other[1] or (other[0]["guarantee"] and not own[0]["guarantee"]):
                return False
            caps = [part.get("cap") and Fraction(part["cap"]) for part, _ in (own, other)]
            if caps[0] != caps[1] and (caps[0] is None or (caps[1] is not None and caps[0] > caps[1])):
                return False
    return True


def group_parts(
    tariff: Taken, signed: Taken, at: str, known: dict[str, Any]
) -> dict[tuple[str, str], list[tuple[Taken, Fraction]]]:
    """The parts of a tariff that a contract pays, each with its price at the VAT of a day, by what they price."""
    parts: dict[tuple[str, str], list[tuple[Taken, Fraction]]] = defaultdict(list)
    for part in tariff["parameters"]["components"]:
        if signed.get("customer_class", "full") in part.get("classes", ["full"]):
            then, now = (reckon_rate(known["law"], part["vat"], on) for on in (tariff["valid_from"], at))
            parts[part["product"], part["per"]].append((part, Fraction(part["price"]) * (1 + now) / (1 + then)))
    return parts


def pick_part(parts: list[tuple[Taken, Fraction]], edge: Fraction) -> tuple[Taken, Fraction] | None:
    """The part that prices the next unit after so many in a year."""
    return next(
        (each for each in parts if Fraction(each[0].get("from", 0)) <= edge
         and (each[0].get("to") is None or edge < Fraction(each[0]["to"]))),
        None,
    )  # fmt: skip


def check_promise(taken: Taken, inputs: dict[str, Any], others: Sequence[Taken], say: dict[str, str]) -> Iterator[str]:
    """Check that the bill has the ceiling that its contract was promised, by the sealed facts of the contract, of its
    gas bills and of the co-operative's choice, in a state in which they may have been known when it was reckoned."""
    contract = find_contract(inputs, others)
    if contract is None:
        return
    facts = read_facts(contract)
    signed = facts["contract-signed"][-1]
    said = inputs | {"starts_on": taken["contract_from"], "customer_class": inputs["consumption"]["customer_class"]}
    for name in ("member_id", "connection_id", "starts_on", "customer_class"):
        if signed.get(name, "full") != said[name]:
            yield say["fact"] % name
    ends = {told["ends_on"] for told in facts["contract-ended"]}
    choices, gas = (list_known(contract, taken, *names) for names in (("choice-made",), GAS))
    for state in inputs["guarantee"]:
        terms, start = state["terms"], state["terms"]["year"]["start"]
        if not any(keeps(terms, signed, made, told[-1]["reference"]) for made in choices for told in gas):
            yield say["promise"] % start
        until = (day(start) + timedelta(days=terms["days_covered"])).isoformat()
        if until != terms["year"]["end"] and until not in ends:
            yield say["ended"] % (start, terms["days_covered"])


def find_contract(inputs: dict[str, Any], others: Sequence[Taken]) -> Taken | None:
    """The file of a bill's contract, where it lies beside it."""
    for each in others:
        signed = read_facts(each)["contract-signed"] if each["what"] == "contract" else []
        if signed and signed[-1]["contract_id"] == inputs["contract_id"]:
            return each
    return None


def list_known(contract: Taken, taken: Taken, *names: str) -> list[list[Taken]]:
    """Contents of facts of a contract in each state in which they may have been known when a bill was reckoned."""
    at = instant(taken["fact"]["occurred_at"])
    of_kind = (fact for fact in contract["facts"] if fact["type"].split(".")[1] in names)
    told = sorted((instant(fact["occurred_at"]), int(fact["position"] or 0), fact["data"]) for fact in of_kind)
    known = [(since, json.loads(data)) for since, _, data in told if since <= at]
    least = sum(since <= at - DRAFTED_BEFORE for since, _ in known)
    return [[each for _, each in known[:count]] for count in range(max(1, least), len(known) + 1)]


def keeps(terms: dict[str, Any], signed: Taken, made: Sequence[Taken], reference: list[Taken]) -> bool:
    """True where the terms of a guarantee year are those of the choice that held when the contract began, and of its
    gas bills."""
    begun = [told for told in made if told["valid_from"] <= signed["starts_on"]]
    if not begun:
        return False
    chosen = max(begun, key=lambda told: (told["valid_from"], told["number"]))
    choice, start, began = chosen["value"], terms["year"]["start"], signed["starts_on"]
    years = day(start).year - day(began).year
    is_birthday = start[4:] == began[4:] or (began[4:], start[4:]) == ("-02-29", "-03-01")
    mode = "over" if years >= choice["term_years"] else choice["mode"]
    gas = sorted(reference, key=lambda paid: int(paid["year"]))[-choice["reference_years"] :]
    is_promised = mode in ("plain", "weather") and bool(gas)
    said = terms["chosen"] | {"tap_share": terms["tap_share"]}
    return (
        is_birthday
        and (terms["mode"], terms["reference"]) == (mode, gas)
        and len(terms["factors"]) == (years if is_promised else 0)
        and (said["valid_from"], said["resolution_id"]) == (chosen["valid_from"], chosen.get("resolution_id", ""))
        and all(said[name] == choice[name] for name in said if name in choice)
    )


def check_before(taken: Taken, inputs: dict[str, Any], others: Sequence[Taken], say: dict[str, str]) -> Iterator[str]:
    """Check that each guarantee year had before the bill what the earlier bills of the contract brought to it, where
    all of them lie here."""
    for state in inputs["guarantee"]:
        year = state["terms"]["year"]
        files, missing = find_before(taken, inputs, others, year["start"])
        if missing:
            continue
        heat = credit = 0
        for bill in (each["bill"] for each in files):
            heat += sum(
                line["amount_cents"] for line in bill["lines"]
                if line["in_guarantee"] and year["start"] <= line["period"]["start"] < year["end"]
            )  # fmt: skip
            credit += sum(entry["credit_cents"] for entry in bill["guarantee"] if entry["year"] == year)
        said = state["heat_before_cents"], state["credit_before_cents"]
        if said != (heat, credit):
            yield say["before"] % (year["start"], *map(euros, (*said, heat, credit)))


def find_before(
    taken: Taken, inputs: dict[str, Any], others: Sequence[Taken], since: str
) -> tuple[list[Taken], list[str]]:
    """Files of the bills of a contract that were told of before this one, and the numbers of those since a day whose
    file is not here, or is not the one that was told of."""
    told = {json.loads(fact["data"])["number"]: fact for fact in taken["before"]}
    here = {each["number"]: each for each in others if each["what"] == "bill"}
    files = {
        number: each for number, each in here.items()
        if json.loads(each["fact"]["data"])["contract_id"] == inputs["contract_id"]
        and int(each["fact"]["position"] or 0) < int(taken["fact"]["position"] or 0)
    }  # fmt: skip
    missing = [
        number for number, fact in told.items()
        if json.loads(fact["data"])["period_end"] > since
        and (number not in files or files[number]["fact"]["hash"] != fact["hash"])
    ]  # fmt: skip
    return list(files.values()), missing


def find_sources(others: Sequence[Taken]) -> dict[tuple[str, str], dict[str, Any]]:
    """Contents of the sealed facts beside a bill, by what they are about."""
    found = {}
    for each in others:
        # With a vote on one tariff go the facts of all, of which no vote lies here.
        for fact in each["facts"] if each["what"] == "vote" else list_facts(each):
            told, name = json.loads(fact["data"]), fact["type"].split(".")[1]
            kind = {"period-measured": "measurement", "energy-allocated": "allocation", "tariff-adopted": "tariff"}
            about = told.get("measurement_id") or told.get("run_id") or told.get("resolution_id")
            if name in kind and about:
                found[kind[name], about] = told
    return found


def list_facts(taken: Taken) -> list[dict[str, Any]]:
    """The sealed facts of a file."""
    names = ("facts", "cast", "rivals", "asked", "tariffs", "law", "before", "notices")
    own = filter(None, (taken.get(name) for name in ("fact", "archived")))
    return [*own, *(fact for name in names for fact in taken.get(name, []))]


def describe(taken: Taken, others: Sequence[Taken], say: dict[str, str]) -> Iterator[str]:
    """Say how far the bill was walked back, what each vote beside it says, and what had to be believed."""
    inputs, found = json.loads(taken["inputs"]), find_sources(others)
    use = inputs["consumption"]
    numbers: list[int] = []
    for kind, wanted in (
        ("measurement", {row["measurement_id"] for row in use["readings"]}),
        ("allocation", {row["run_id"] for row in use["shares"]}),
        ("tariff", {span["tariff"]["resolution_id"] for span in use["spans"]}),
    ):
        numbers += [sum((kind, about) in found for about in wanted), len(wanted)]
    yield say["walked"] % tuple(numbers)
    for vote in others:
        for told in read_facts(vote)["resolution-decided"] if vote["what"] == "vote" else ():
            how = "history" if told.get("history") else "voted" if vote["own"] else "decided"
            own = (name_choice(vote["own"], say),) if how == "voted" else ()
            yield say[how] % (vote["subject"], told["votes_for"], told["votes_against"], *own)
            if how == "decided":
                yield say["no-own"] % vote["subject"]
            for fell in find_stopping(list_falls([vote], vote["resolution_id"])):
                yield say["stopped"] % (fell["from_on"], fell["paper"])
    contract = find_contract(inputs, others)
    if contract is None:
        yield say["no-contract"]
    yield from describe_bound(taken, inputs, others, say)
    for state in inputs["guarantee"]:
        terms, start = state["terms"], state["terms"]["year"]["start"]
        if reckon_ceiling(terms) is None:
            yield say["unpromised" if contract is None else "none-promised"] % start
        missing = find_before(taken, inputs, others, start)[1]
        if missing:
            yield say["no-before"] % (start, ", ".join(missing))
        series = [(terms["chosen"][f"{name}_series"], terms[names]) for name, names in SERIES]
        figures = [f"{name} {each['year']} = {each['value']}" for name, told in series for each in told]
        if terms["normal_degree_days"] is not None:
            figures.append(f"{terms['chosen']['degree_day_series']}, normal = {terms['normal_degree_days']}")
        if figures:
            yield say["figures"] % ", ".join(figures)
    if inputs["previous"] and not find_earlier(inputs, others):
        yield say["believed"]


def describe_bound(taken: Taken, inputs: dict[str, Any], others: Sequence[Taken], say: dict[str, str]) -> Iterator[str]:
    """Say by what each tariff of the bill binds its member: as the one that the contract began with, or by a notice in
    writing; and of a notice that no computer sent, who stands for it."""
    contract = find_contract(inputs, others)
    known = next(list_states(taken, contract, others), None) if contract else None
    if contract is None or known is None:
        yield say["not-noticed"]
        return
    signed = read_facts(contract)["contract-signed"][-1]
    own = find_signed(signed, known)
    for name in dict.fromkeys(span["tariff"]["tariff_id"] for span in inputs["consumption"]["spans"]):
        tariff = next((each for each in known["tariffs"] if each["tariff_id"] == name), None)
        sent = known["sent"].get(name)
        if tariff is None or tariff is own:
            yield from [say["begun"] % tariff["valid_from"]] if tariff else []
        elif sent:
            way = say.get(sent["channel"], sent["channel"])
            yield say["noticed"] % (tariff["valid_from"], sent["sent_on"], way, sent["told_on"])
            yield from [say["shown"] % sent["evidence"]] if sent["evidence"] else []


def name_choice(own: list[Any], say: dict[str, str]) -> str:
    """The choice of the own ballot; of a divided one how many votes went where."""
    return say["parts"] % tuple(own[8]) if own[3] == "split" else str(own[3])


def describe_waiting(files: Iterable[Taken], say: dict[str, str]) -> Iterator[str]:
    """Name the facts that were told so shortly before that they may have no seal yet. The instant is the file's own
    word: whoever reads an old one in a file of today was given a file that lies."""
    for each in files:
        at = instant(each["taken_at"]).astimezone(UTC)
        yield from (
            say["waits"] % (f"{at:%Y-%m-%d %H:%M}", fact["type"]) for fact in list_facts(each) if waits(fact, each)
        )


def describe_chains(files: Iterable[Taken], say: dict[str, str]) -> Iterator[str]:
    """Name the newest fingerprint that the files have of each chain: there is one for each service."""
    newest: dict[str, dict[str, Any]] = {}
    for fact in (fact for each in files for fact in list_facts(each) if fact["hash"]):
        service = fact["type"].split(".")[0]
        newest[service] = max(fact, newest.get(service, fact), key=lambda each: int(each["position"]))
    for service, fact in sorted(newest.items()):
        yield say["sealed"] % (fact["position"], service, fact["hash"])


def fingerprint(value: object) -> str:
    """The fingerprint of a value in its one way of writing: keys in order, no spaces."""
    text = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def instant(text: str) -> datetime:
    """An instant as it is written in the file."""
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


def civil(at: datetime) -> str:
    """The day of an instant in the Netherlands, whose summer runs from the last Sunday of March to that of October."""
    at = at.astimezone(UTC)
    ends = [datetime(at.year, month, 31, 1, tzinfo=UTC) for month in (3, 10)]
    first, last = (each - timedelta(days=(each.weekday() + 1) % 7) for each in ends)
    return (at + timedelta(hours=2 if first <= at < last else 1)).date().isoformat()


def giga(joules: Fraction) -> str:
    """Joules as people read heat [GJ]."""
    return f"{float(joules) / 1e9:g} GJ"


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


def sort_files(names: Iterable[str]) -> tuple[list[Taken], list[bytes], list[str]]:
    """Sort what was given: files that were taken home, papers, and the names of other tables that are no part of it."""
    files, papers, foreign = [], [], []
    for name in names:
        body = Path(name).read_bytes()
        if not body.startswith((b"{", b"[")):
            papers.append(body)
            continue
        told = json.loads(body)
        if isinstance(told, dict) and "what" in told:
            files.append(told)
        else:
            foreign.append(Path(name).name)
    return files, papers, foreign


def main(arguments: list[str]) -> int:
    """Check the newest bill beside the other files that are given, its paper among them; returns 0 if all is right."""
    files, papers, foreign = sort_files(arguments)
    bills = [each for each in files if each["what"] == "bill"]
    if not bills:
        print("\n".join(say["no-bill"] for say in WORDS.values()))
        return 1
    taken = max(bills, key=lambda each: int(each["fact"]["position"] or sys.maxsize))
    others = [each for each in files if each is not taken]
    say = WORDS.get(taken["language"], WORDS["en"])
    wrong, left = check(taken, papers[0] if papers else None, others)
    if foreign:
        print(say["foreign"] % ", ".join(foreign))
    if left:
        print(say["left"] % ", ".join(left))
    print("\n".join([*(f"! {finding}" for finding in wrong), *describe(taken, others, say)]))
    outcome = (say["wrong"], len(wrong)) if wrong else (say["whole"], euros(taken["total_cents"]))
    print(outcome[0] % (taken["number"], outcome[1]))
    print("\n".join([*describe_waiting(files, say), *describe_chains(files, say)]))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
