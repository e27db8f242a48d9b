"""A bill as it is printed, and the chart of its year, for the tests of both."""

from __future__ import annotations

from datetime import date, timedelta

from coop.billing.bills.paper import reference_of
from coop.billing.charts import draw_cost_under_ceiling
from coop.billing.documents.model import BillDocument
from coop.billing.documents.transfer import draw_transfer_code
from coop.values import Period
from coop.web.figures import Chart
from coop.web.writing import energy, money


def cost_chart(lang: str = "nl") -> Chart:
    """Nine months of a year with a ceiling of 1,598.17 euros."""
    days = [month.end - timedelta(days=1) for month in Period.year(2025).months()]
    monthly = [21_450, 19_320, 15_580, 11_240, 7_180, 5_020, 4_610, 4_880, 6_940]
    cost = [sum(monthly[: i + 1]) for i in range(9)]
    so_far, ceiling = money(lang, cost[-1]), money(lang, 159_817)
    sentence = {
        "nl": f"Tot en met september kostte uw energie {so_far}, van een plafond van {ceiling}.",
        "en": f"Until September your energy cost {so_far} of a ceiling of {ceiling}.",
    }[lang]
    title = {"nl": "Kosten tegen het plafond", "en": "Cost against the ceiling"}[lang]
    return draw_cost_under_ceiling(
        title=title, sentence=sentence, days=days, cost_cents=cost, ceiling_cents=159_817, lang=lang
    )


BILL: BillDocument = {
    "number": "2025-000412",
    "kind": "bill",
    "issued": date(2025, 10, 3),
    "due": date(2025, 10, 17),
    "period": Period.month(2025, 9),
    "sender": {
        "name": "Energiecoöperatie Warm in de Wijk U.A.",
        "lines": ["Gedempt Hamerkanaal 101", "1021 KP Amsterdam"],
        "references": [("KvK", "12345678"), ("Btw", "NL001234567B01"), ("IBAN", "NL13TEST0123456789")],
        "contact": "rekeningen@warmindewijk.example · 020 000 00 00",
    },
    "recipient": {
        "name": "N. de Wit",
        "lines": ["Gedempt Hamerkanaal 23-2", "1021 KL Amsterdam"],
        "member": "L-0042",
        "supplied": "Gedempt Hamerkanaal 23-2",
        "connection": "101",
        "ean": "871687000000000016",
    },
    "lines": [
        {
            "text": "Warmte",
            "quantity": energy("nl", 1_070_000_000, "J"),
            "price": "€ 43,79 / GJ",
            "amount_cents": 4_686,
            "source": ["R1", "T1"],
        },
        {
            "text": "Vastrecht warmte, 30 dagen",
            "quantity": "30 dgn",
            "price": "€ 2,0843 / dag",
            "amount_cents": 6_253,
            "source": ["T1"],
        },
        {
            "text": "Gedeelde zonnestroom",
            "quantity": energy("nl", 70_300, "Wh"),
            "price": "€ 0,1420 / kWh",
            "amount_cents": 998,
            "source": ["A1", "T2"],
        },
        {"text": "Krediet Niet Meer Dan Nu", "quantity": "", "price": "", "amount_cents": -4_997, "source": ["G1"]},
    ],
    "net_cents": 5_736,
    "vat": [("21%", 5_736, 1_204)],
    "total_cents": 6_940,
    "asked_cents": 6_940,
    "guarantees": [
        {
            "figures": [
                ("Uw plafond dit jaar", "€ 1.598,17"),
                ("Kosten tot nu toe", "€ 962,20"),
                ("Krediet op deze rekening", "€ 49,97"),
            ],
            "steps": [
                (
                    "Gemiddelde van uw gasrekeningen: 2020 € 1.187,50; 2021 € 1.652,00; 2022 € 1.558,70; "
                    "2023 € 1.610,00",
                    "€ 1.502,05",
                ),
                ("Prijsindex van 2024: maal 1,033", "€ 1.551,62"),
                ("Prijsindex van 2025: maal 1,03", "€ 1.598,17"),
            ],
            "outcome": "Warmte kostte tot nu toe € 1.012,17. Daarvan is € 49,97 teruggegeven; u betaalde € 962,20.",
            "gas": [],
            "text": "In het garantiejaar betaalt u niet meer dan € 1.598,17 voor warmte.",
        }
    ],
    "payment": {
        "text": "Betaal € 69,40 uiterlijk op 17 oktober 2025.",
        "pairs": [("IBAN", "NL13 TEST 0123 4567 89"), ("Kenmerk", "RF69 2025 0004 12")],
        "qr_svg": draw_transfer_code("Warm in de Wijk U.A.", "NL13TEST0123456789", 6_940, reference_of("2025-000412")),
    },
    "stands": [
        {
            "meter": "7001",
            "before": "12,345 GJ",
            "before_note": "1 sep 2025, afgelezen",
            "after": "13,415 GJ",
            "after_note": "1 okt 2025, geschat",
            "used": "1,070 GJ",
        }
    ],
    "shared": ["Van de 210,9 kWh die u gebruikte, kwam 70,3 kWh van de gedeelde daken."],
    "notes": ["Warmte: geschat."],
    "bars": [
        {"label": "U, deze periode", "value": "1,070 GJ", "length": 0.78},
        {"label": "U, een jaar eerder", "value": "1,372 GJ", "length": 1.0},
        {"label": "Gemiddelde van 41 anderen", "value": "1,201 GJ", "length": 0.875},
    ],
    "comparison": ["Gewogen graaddagen: 61 nu, 74 een jaar eerder; een hoger getal is kouder weer."],
    "origin": ["85% uit duurzame bronnen (2025, jaarverslag). Broeikasgas: 12,5 kg CO2 per GJ (2025, jaarverslag)."],
    "sources": [
        {
            "mark": "R1",
            "kind": "Meterstanden",
            "text": "WM-0042 warmte, 1 sep 0:00 tot 1 okt 0:00, 30 dagen, versie 1; 12 sep versie 2",
            "code": "rd-0042/2025-09#30v1,1v2",
        },
        {
            "mark": "A1",
            "kind": "Verdeling",
            "text": "Zon Hamerkwartier, sleutel dynamisch, 2.880 kwartieren",
            "code": "alloc-2025-09-01",
        },
        {
            "mark": "T1",
            "kind": "Tarief",
            "text": "Warmte 2025; besluit 2024-11 van de ALV van 28 november 2024, 71 voor, 4 tegen",
            "code": "tariff-heat-2025v1",
        },
        {
            "mark": "T2",
            "kind": "Tarief",
            "text": "Gedeelde stroom 2025; besluit 2024-12 van dezelfde ALV",
            "code": "tariff-power-2025v1",
        },
        {
            "mark": "G1",
            "kind": "Garantie",
            "text": "Niet Meer Dan Nu, referentie € 1.502,05, index 1,033 × 1,030",
            "code": "nmdn-0042v1",
        },
    ],
    "hash": "9c1f6b7e0a3d5528c2b90f41d7aa6e35104fb2c98e77d01f3f8f2b6a5de4c713",
    "dispute": "Klopt er iets niet? Laat het weten; het betwiste deel hoeft u zolang niet te betalen.",
}
