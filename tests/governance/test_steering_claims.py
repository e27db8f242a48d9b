"""What people claim of a seat in the steering group: how their organisation is called, and from which day they sit."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from coop.governance.programmes import seats
from coop.governance.programmes.rules import find_like
from coop.kit.database import Database
from coop.values import BadInput
from tests.desk import SECRETARY, sign_in
from tests.governance.assembly import PARTNER, TOWN, client, take_seat
from tests.governance.test_steering import TOWN_HALL


@pytest.mark.parametrize(
    ("one", "other", "like"),
    [
        ("Gemeente Utrecht", "Utrecht", True),
        ("Gemeente Utrecht", "Gemeente Zeist", False),
        ("Stadgenoot", "Stadgenot", True),  # one letter of ten: 5 * 1 <= 10
        ("Waternet", "Watrenet", False),  # two letters of eight: 5 * 2 > 8
        ("AGV", "Waterschap AGV", True),
        ("Water board", "water-board", False),  # the same, not like it
        ("Waterschap", "Gemeente", False),
    ],
)
def test_names_that_may_be_the_same_organisation_are_found_either_way(one: str, other: str, like: bool) -> None:
    assert (find_like(one, [other]), find_like(other, [one])) == (([other], [one]) if like else ([], []))


def test_the_page_names_a_like_organisation_to_who_enters_and_who_confirms(embedded: Database, tmp_path: Path) -> None:
    with embedded.write(TOWN, SECRETARY) as tx:
        take_seat(tx, TOWN_HALL, "partner", "Gemeente Utrecht")
    partner = sign_in(client(embedded, tmp_path), "partner", account_id="partner-1")
    form = {"organisation": "Utrecht", "from_on": "2027-01-01", "paper": "letter"}
    partner.post("/governance/steering", data=form)
    deputy = sign_in(partner, "partner", account_id="deputy")
    deputy.post("/governance/steering", data={**form, "organisation": "Stadgenoot"})
    for reader in (deputy, sign_in(deputy, "board")):
        english, dutch = (reader.get(f"/governance/steering?lang={lang}").text for lang in ("en", "nl"))
        assert english.count("This may be the same organisation as") == 1
        assert "This may be the same organisation as Gemeente Utrecht." in english
        assert "Dit kan dezelfde organisatie zijn als Gemeente Utrecht." in dutch


def test_no_seat_begins_after_the_day_of_the_server(database: Database) -> None:
    with database.write(TOWN, PARTNER) as tx, pytest.raises(BadInput, match="2027-09-02 is after today") as refused:
        seats.take_seat(tx, "partner", "Water board", date(2027, 9, 2), None, "letter")
    assert [each.field for each in refused.value.problems] == ["from_on"]
    with database.write(TOWN, SECRETARY) as tx:
        take_seat(tx, PARTNER, "partner", "Water board", date(2027, 9, 1))
