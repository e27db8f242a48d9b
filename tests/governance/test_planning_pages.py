"""A programme planned on a page: phases, milestones and tranches field by field, looked at before it is kept."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from coop.governance.model import Milestone, Phase, Programme, Tranche
from coop.governance.programmes import planning_form, store
from coop.kit.database import Database
from coop.values import BadInput
from tests.governance.assembly import TOWN, client
from tests.metering.test_meter_pages import plain

PAGE = "/governance/programme/new"
FILLED = {
    "name": "WG-warmte",
    "p1.here": "yes",
    "p1.name_nl": "Bron",
    "p1.name_en": "Source",
    "p1.budget": "3.000.000",
    "p1.m1.here": "yes",
    "p1.m1.name_nl": "Vergunning",
    "p1.m1.budget": "1.000.000,50",
    "p1.m1.margin": "7,5",
    "p1.m1.deadline": "2027-06-30",
    "p1.m1.evidence": "Vergunning\r\n\r\nVerzekering\r\n",
    "t1.here": "yes",
    "t1.financier": "Gemeente",
    "t1.milestone": "p1.m1.",
    "t1.amount": "3080000",
}
PLANNED = Programme(
    "wg-warmte",
    "WG-warmte",
    (
        Phase(
            "wg-warmte-1",
            "Bron",
            "Source",
            300_000_000,
            (
                Milestone(
                    "wg-warmte-1-1",
                    "Vergunning",
                    "Vergunning",
                    100_000_050,
                    75,
                    date(2027, 6, 30),
                    ("Vergunning", "Verzekering"),
                ),
            ),
        ),
    ),
    (Tranche("wg-warmte-t1", "wg-warmte-1-1", "Gemeente", 308_000_000),),
)


def test_a_filled_form_is_the_programme_that_it_says() -> None:
    assert planning_form.read_programme(FILLED)[0] == PLANNED


def test_parts_are_added_and_dropped_with_what_belongs_to_them() -> None:
    form = planning_form.add_part(planning_form.add_part(FILLED, "phase"), "p2.")
    marks = planning_form.list_marks(planning_form.add_part(form, "tranche"))
    assert marks.phases == ("p1.", "p2.")
    assert marks.milestones["p2."] == ("p2.m1.", "p2.m2.")
    assert marks.tranches == ("t1.", "t2.")
    assert planning_form.list_marks(planning_form.drop_part(form, "p2.")).phases == ("p1.",)


@pytest.mark.parametrize(
    ("change", "fields"),
    [
        ({"name": ""}, ["name"]),
        ({"p1.budget": "many"}, ["p1.budget"]),
        ({"p1.m1.budget": "-1"}, ["p1.m1.budget"]),
        ({"p1.m1.margin": "7,55"}, ["p1.m1.margin"]),
        ({"p1.m1.deadline": "soon"}, ["p1.m1.deadline"]),
        ({"p1.m1.evidence": "x" * 201}, ["p1.m1.evidence"]),
        ({"t1.milestone": "p9.m1."}, ["t1.milestone"]),
        ({"t1.financier": "x" * 201}, ["t1.financier"]),
        ({"p1.name_nl": "", "p1.m1.name_nl": "", "p1.name_en": ""}, ["p1.m1.name_nl", "p1.m1.name_en"]),
    ],
)
def test_every_mistake_is_named_by_its_field(change: dict[str, str], fields: list[str]) -> None:
    with pytest.raises(BadInput) as refused:
        planning_form.read_programme(FILLED | change)
    assert [problem.field for problem in refused.value.problems][: len(fields)] == fields


def test_the_board_sees_the_programme_before_it_is_kept(embedded: Database, tmp_path: Path) -> None:
    board = client(embedded, tmp_path, "board")
    assert PAGE in board.get("/governance/programme").text
    assert 'name="p1.m1.name_nl"' in board.get(PAGE).text
    added = board.post(PAGE, data=FILLED | {"act": "add p1."}).text
    assert 'name="p1.m2.name_nl"' in added
    assert 'value="Bron"' in added
    refused = board.post(PAGE, params={"lang": "nl"}, data=FILLED | {"p1.budget": "1", "t1.amount": "0"})
    assert refused.status_code == 422
    assert "passen niet in een budget van" in plain(refused.text)
    assert "een tranche is meer dan niets" in plain(refused.text)
    look = plain(board.post(PAGE, params={"lang": "en"}, data=FILLED | {"act": "look"}).text)
    assert "Is this the programme?" in look
    assert "€1,075,000.53" in look
    with embedded.read(TOWN) as tx:
        assert store.list_programmes(tx) == []
    for _ in range(2):
        assert "WG-warmte" in board.post(PAGE, data=FILLED | {"act": "keep"}).text
    with embedded.read(TOWN) as tx:
        assert store.list_programmes(tx) == [PLANNED]
    other = board.post(PAGE, data=FILLED | {"t1.amount": "1", "act": "look"})
    assert "give this one a name of its own" in plain(other.text)
    assert client(embedded, tmp_path, "member").get(PAGE).status_code == 403
