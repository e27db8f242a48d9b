"""Motions on the page and from programs: handed in, backed, put in order."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from coop.kit.database import Database
from tests.governance.assembly import (
    client,
    confirm_over_http,
    sit_down,
)
from tests.governance.moved import (
    ANY,
    CHEAPER,
    ONE,
    TWO,
    agenda,
    begin,
)
from tests.governance.test_convening_pages import ROWS
from tests.governance.test_options import DEARER
from tests.metering.test_meter_pages import plain

ENGLISH, DUTCH = {"Accept-Language": "en"}, {"Accept-Language": "nl"}


def test_a_member_changes_a_proposal_on_the_page_and_another_backs_it(embedded: Database, tmp_path: Path) -> None:
    """From the form that shows the proposal as it is, by a member who backs it, to the votes; strangers see no form."""
    begin(embedded, replace(ANY, members=2, ahead="count"))
    desk = client(embedded, tmp_path, "member", member_id=ONE)
    page = "/governance/resolutions/tariff/motions"
    assert "2026-06-13" not in plain(desk.get(page).text)
    assert "Nothing was handed in" in plain(desk.get(page, headers=ENGLISH).text)
    shown = desk.get(f"{page}/new", headers=ENGLISH).text
    assert all(f'value="{said}"' in shown for said in ("2027-01-01", "34,50", "480,00"))
    filled = {**ROWS, "1.kind": "tariff", "1.valid_from": "2027-01-01", "motion_id": "form-1"}
    filled |= {"manner": "amendment", "1.subject_nl": "Een euro erbij", "1.components.0.price": "35,50"}
    refused = desk.post(f"{page}/new", data={**filled, "1.components.0.price": "veel"}, headers=ENGLISH)
    assert (refused.status_code, 'aria-invalid="true"' in refused.text) == (422, True)
    for _ in range(2):
        assert desk.post(f"{page}/new", data=filled, follow_redirects=False).status_code == 303
    sit_down(desk, "account-m002", "member", member_id=TWO)
    said = plain(desk.get(page, headers=DUTCH).text)
    assert "wacht op leden die het steunen" in said
    assert "Een euro erbij" in said
    [listed] = desk.get("/governance/api/v1/resolutions/tariff/motions").json()["motions"]
    assert (listed["members"], listed["is_admitted"], listed["backed"]) == (1, False, False)
    desk.post(f"{page}/join", data={"motion_id": listed["motion_id"]})
    amendment, changed, *_ = agenda(embedded)
    assert changed.parameters["components"][0]["price"] == "35.50"
    for resolution_id, sentence in (
        ("tariff", "Iemand wil dit wijzigen"),
        (amendment.resolution_id, "Eerst wordt gestemd of het voorstel zo wordt gewijzigd"),
        (changed.resolution_id, "telt een stem die eerder is uitgebracht"),
    ):
        assert sentence in plain(desk.get(f"/governance/resolutions/{resolution_id}", headers=DUTCH).text)
    sit_down(desk, "account-9", "partner")
    assert desk.post(f"{page}/new", data=filled).status_code == 403


def test_programs_hand_in_back_and_order(embedded: Database, tmp_path: Path) -> None:
    begin(embedded)
    desk = client(embedded, tmp_path, "board")
    base = "/governance/api/v1/resolutions/tariff"
    said = {"manner": "option", "subject_nl": "Goedkoper", "subject_en": "Cheaper", "parameters": CHEAPER}
    entered = desk.post(f"{base}/motion-entries", json={**said, "paper": "board of 1 June"}).json()
    assert (entered["kind"], entered["state"]) == ("motion", "waits")
    assert "Confirm a motion" in plain(
        sit_down(desk, "account-2", "board").get("/governance/cards/waiting", headers=ENGLISH).text
    )
    confirm_over_http(desk, entered["entry_id"])
    sit_down(desk, "account-m001", "member", member_id=ONE)
    made = {**said, "manner": "amendment", "parameters": DEARER, "motion_id": "mine"}
    first, second = (desk.post(f"{base}/motions", json=made).json() for _ in range(2))
    assert first == second
    assert [each["by_board"] for each in first["motions"]] == [False, True]
    assert [len(each["points"]) for each in first["motions"]] == [2, 1]
    late = desk.post(f"{base}/motions", json={**made, "motion_id": "again"})
    assert (late.status_code, late.json()["code"]) == (409, "motion-twice")
    assert desk.post(f"{base}/motion-entries", json={**said, "paper": "x"}).status_code == 403
    sit_down(desk, "account-m002", "member", member_id=TWO)
    elsewhere = desk.post("/governance/api/v1/resolutions/talk/motions/join", json={"motion_id": "mine"})
    assert (elsewhere.status_code, elsewhere.json()["code"]) == (404, "not-found")


def test_thousands_of_digits_are_refused_as_any_other_nonsense(embedded: Database, tmp_path: Path) -> None:
    begin(embedded)
    desk, many = client(embedded, tmp_path, "board"), "9" * 5000
    order = desk.post("/governance/resolutions/tariff/motions/order", data={f"place {ONE}": many, "paper": "list"})
    point = desk.post("/governance/meetings/new", data={f"{many}.kind": "text"})
    assert (order.status_code, point.status_code) == (422, 422)
