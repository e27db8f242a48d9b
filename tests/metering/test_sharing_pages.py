"""Shared electricity on pages and for programs: what each group and each roof gave, and nobody else's panels."""

from __future__ import annotations

import csv
import html
import re
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from fractions import Fraction
from io import StringIO
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from coop.kit.database import Database
from coop.metering.model import Meter, MeterKind
from coop.metering.periods import store as periods
from coop.metering.register.commands import register_meters, set_group
from coop.metering.service import METERING
from tests.desk import open_desk, sign_in
from tests.metering.homes import INSTALLED, adopt_key, close_anyway, writing
from tests.metering.test_sharing import DAY, DYNAMIC, use


@pytest.fixture
def desk(one_database: Database, tmp_path: Path) -> Iterator[TestClient]:
    with open_desk(METERING, one_database, tmp_path) as client:
        yield client


@pytest.fixture
def runs(one_database: Database) -> dict[str, str]:
    """A day on which C2 shares its own panels with the school, after the roof of S1; run ids by group."""
    with writing(one_database) as tx:
        set_group(tx, "school", ["E2"], None)
        adopt_key(tx, DYNAMIC, date(2025, 1, 1))
        adopt_key(tx, DYNAMIC, date(2025, 1, 1), "K2", group_id="school")
        use(tx, E1=250, E2=100, X2=400, E3=250, S1=300)
        close_anyway(tx, DAY)
        return {run.group_id: run.id for run in periods.list_runs(tx)}


def text(client: TestClient, address: str, lang: str) -> str:
    answer = client.get(address, params={"lang": lang, "at": "2025-03-10T12:00"}, headers={"accept": "text/html"})
    assert answer.status_code == 200, answer.text
    return re.sub(r"\s+", " ", html.unescape(answer.text).replace("\xa0", " "))


def test_a_member_reads_what_each_group_gave_and_sees_a_neighbour_s_panels_without_their_meter(
    desk: TestClient, runs: dict[str, str]
) -> None:
    sign_in(desk, "member", member_id="M1")
    page = text(desk, f"/metering/allocations/{runs['school']}/C1", "en")
    assert "Group roofs comes before this one, and gave you 150 Wh." in page
    assert "The roofs had 300 Wh to share; together the group still needed 200 Wh, of which you 100 Wh." in page
    assert "100 Wh of it came from neighbours' roofs." in page
    assert "E2" not in page
    dutch = text(desk, f"/metering/allocations/{runs['school']}/C1", "nl")
    assert "Groep roofs gaat voor deze, en gaf u 150 Wh." in dutch
    assert "Van welk dak" in dutch


def test_a_prosumer_reads_what_came_from_the_own_panels(desk: TestClient, runs: dict[str, str]) -> None:
    sign_in(desk, "member", member_id="M2")
    page = text(desk, f"/metering/allocations/{runs['school']}/C2", "en")
    assert "You took 100 Wh. Your own meters made 100 Wh of it in the same quarter-hour" in page
    assert "E2" in page


def test_the_year_of_a_member_in_two_groups_counts_what_was_taken_once(desk: TestClient, runs: dict[str, str]) -> None:
    sign_in(desk, "member", member_id="M1")
    page = text(desk, "/metering/", "en")
    assert f"/metering/allocations/{runs['roofs']}/C1" in page
    assert f"/metering/allocations/{runs['school']}/C1" in page
    assert "covered 24 kWh of the 24 kWh that you took" in page


def test_programs_see_each_roof_and_a_member_only_what_came_home(desk: TestClient, runs: dict[str, str]) -> None:
    address = f"/metering/api/v1/allocations/{runs['school']}/producers"
    sign_in(desk, "board")
    [roof] = desk.get(address).json()["producers"]
    assert (roof["meter"], roof["made"], roof["given"], roof["left"]) == ("E2", 28_800_000, 19_200_000, 9_600_000)
    assert sum(to["given"] for to in roof["to"]) == roof["given"]
    sign_in(desk, "member", member_id="M1")
    [pooled] = desk.get(address).json()["producers"]
    assert pooled["meter"] is None
    assert [(to["member_id"], to["given"]) for to in pooled["to"]] == [("M1", 9_600_000)]
    sign_in(desk, "member", member_id="M9")
    assert desk.get(address).status_code == 403


def test_a_key_is_judged_over_the_door_before_the_vote(desk: TestClient, runs: dict[str, str]) -> None:
    sign_in(desk, "board")
    key = {"group_id": "roofs", "kind": "static", "weights": {"C1": 500_000, "C3-typo": 400_000}}
    answer = desk.post("/metering/api/v1/allocation-keys/judgements", json={"parameters": key})
    assert answer.status_code == 200, answer.text
    assert [one["field"] for one in answer.json()["problems"]] == ["weights"]


def test_whoever_convenes_reads_whether_metering_could_divide_by_a_key(desk: TestClient, runs: dict[str, str]) -> None:
    sign_in(desk, "board")
    key = {"group_id": "roofs", "kind": "dynamic", "valid_from": "2027-01-01"}
    assert "can take this key" in desk.get("/metering/cards/proposed-key", params=key).text
    refused = desk.get("/metering/cards/proposed-key", params={**key, "group_id": "rooves", "lang": "nl"}).text
    assert "kan niet met deze sleutel verdelen" in refused
    assert "rooves" in refused


def test_from_roof_to_home_on_page_and_file_agrees_with_fractions(desk: TestClient, one_database: Database) -> None:
    made = {"S1": [300, 0, 777, 41] * 24, "S2": [100, 5, 334, 0] * 24}
    used = {"C1": [250, 3, 500, 7] * 24, "C2": [0, 90, 501, 20] * 24, "C3": [33, 1, 499, 11] * 24}
    with writing(one_database) as tx:
        register_meters(tx, [Meter("S2", MeterKind.SOLAR, "C3", INSTALLED)])
        set_group(tx, "roofs", ["S1", "S2"], None)
        adopt_key(tx, DYNAMIC, date(2025, 1, 1))
        use(tx, E1=used["C1"], E2=used["C2"], E3=used["C3"], **made)
        closed = close_anyway(tx, DAY)
    given = {(roof, home): Fraction(0) for roof in made for home in used}
    for t in range(96):
        need = {home: Fraction(values[t]) for home, values in used.items()}
        left = {roof: Fraction(values[t]) for roof, values in made.items()}
        own = min(need["C3"], left["S2"])
        need["C3"], left["S2"] = need["C3"] - own, left["S2"] - own
        pool, wanted = sum(left.values()), sum(need.values())
        for roof, home in given:
            if pool and wanted:
                given[roof, home] += min(pool, wanted) * left[roof] / pool * need[home] / wanted
    sign_in(desk, "board")
    file = desk.get(f"/metering/exports/given.csv?run={closed.run_id}&lang=en")
    rows = {(row[0], row[1]): Decimal(row[3]) for row in list(csv.reader(StringIO(file.text.lstrip("\ufeff"))))[1:]}
    assert {pair: row for pair, row in given.items() if row}.keys() == {
        (roof, home.replace("10", "C")) for roof, home in rows
    }
    for (roof, home), wh in rows.items():
        assert abs(Fraction(wh) - given[roof, home.replace("10", "C")]) < Fraction(96, 1000) * 2
    page = text(desk, f"/metering/runs/{closed.run_id}", "en")
    assert "From roof to home" in page
    assert all(roof in page for roof in made)
    assert (
        f"/metering/runs/{closed.run_id}" in desk.get("/metering/periods/2025-03", headers={"accept": "text/html"}).text
    )
    sign_in(desk, "member", member_id="M1")
    assert desk.get(f"/metering/runs/{closed.run_id}").status_code == 403


def test_the_list_of_groups_says_what_the_key_leaves_with_the_producers(
    desk: TestClient, runs: dict[str, str], one_database: Database
) -> None:
    with writing(one_database) as tx:
        adopt_key(tx, DYNAMIC | {"kept": 200_000}, date(2025, 3, 11), "K3")
    sign_in(desk, "board")
    assert "20% blijft bij de producenten" in text(desk, "/metering/groups", "nl")
