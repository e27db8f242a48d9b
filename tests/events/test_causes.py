"""Causes of a revision are said in the reader's language, and name no id."""

from __future__ import annotations

from decimal import Decimal

import pytest

from coop.billing.checking import words
from coop.billing.model import Line, LineKind
from coop.metering import texts
from coop.values import Period

GROUP = "late reading in group 63dabea4-fe3b-5be9-82e2-322324af4a6c on 2025-02-28"


@pytest.mark.parametrize(
    ("cause", "said"),
    [
        (GROUP, "een stand in de groep van 28 februari 2025 kwam te laat"),
        ("late reading of meter KAM1 on 2025-02-28", "een stand van meter KAM1 van 28 februari 2025 kwam te laat"),
        (f"{GROUP}; and 3 more", "een stand in de groep van 28 februari 2025 kwam te laat; en nog 3"),
        ("no reading of the meter is left", "er is geen stand van de meter meer over"),
        ("afgelezen met de monteur", "afgelezen met de monteur"),
        ("", ""),
    ],
)
def test_what_metering_told_in_english_is_read_in_dutch_and_without_an_id(cause: str, said: str) -> None:
    assert texts.cause("nl", cause) == said


def test_a_corrected_line_of_a_bill_says_its_cause_in_the_language_of_the_bill() -> None:
    days, price_eur, rate = Period.month(2025, 2), Decimal(38), Decimal("0.21")
    line = Line(LineKind.HEAT, days, Decimal(1), "GJ", price_eur, 3_800, rate, "t", "r", cause=f"revision 2: {GROUP}")
    said = words.cause("nl", line)
    assert said.endswith("een stand in de groep van 28 februari 2025 kwam te laat")
    assert "63dabea4" not in said
