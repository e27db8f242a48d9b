"""Statutes by form: filled in, looked at in an example, put on file, and never changed."""

from __future__ import annotations

import hashlib
from datetime import date
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from coop.governance.entries.store import list_entries
from coop.governance.meetings import store
from coop.governance.statutes.model import Quorum, Rule, Share, VoterKind, Voters
from coop.kit.database import Database
from tests.governance.assembly import TOWN, client, live, sit_down
from tests.metering.test_meter_pages import plain

PAGE = "/governance/statutes"
FILLED = {
    "name": "Statuten van 2024",
    "deed_on": "2024-05-01",
    "valid_from": "2024-05-02",
    "rules.ordinary.article": "art. 14 lid 1",
    "rules.ordinary.majority": ">1/2",
    "rules.ordinary.base": "cast",
    "rules.tariff.article": "art. 14 lid 2",
    "rules.tariff.majority": "2/3",
    "rules.tariff.quorum.article": "art. 14 lid 3",
    "rules.tariff.quorum.share": "1/4",
    "rules.tariff.quorum.of": "votes",
    "rules.tariff.quorum.with_proxies": "yes",
    "notices.ordinary.article": "art. 13",
    "notices.ordinary.days": "14",
    "proxies.article": "art. 16",
    "proxies.most_held": "2",
    "advance.article": "art. 17",
    "advance.from_days": "30",
    "voters.article": "art. 11",
    "voters.kinds.0.article": "art. 11 lid 3",
    "voters.kinds.0.kind": "corporation",
    "voters.kinds.0.votes": "no",
}


@pytest.fixture
def board(embedded: Database, tmp_path: Path) -> TestClient:
    return client(embedded, tmp_path, "board")


def test_an_empty_installation_leads_from_convening_to_the_statutes(board: TestClient) -> None:
    assert "Put the statutes on file" in board.get(PAGE, params={"lang": "en"}).text
    refused = board.post(
        "/governance/meetings/new",
        params={"lang": "nl"},
        data={
            "held_on": "2027-12-20",
            "convened_on": "2027-09-01",
            "1.kind": "other",
            "1.subject_nl": "Iets",
            "1.subject_en": "Something",
            "act": "look",
        },
    )
    assert "op 20 december 2027 zijn geen statuten van kracht" in plain(refused.text)
    assert f'href="{PAGE}"' in refused.text


def test_statutes_are_looked_at_and_put_on_file(board: TestClient, embedded: Database) -> None:
    look = plain(board.post(f"{PAGE}/new", params={"lang": "nl"}, data=FILLED | {"act": "look"}).text)
    # 60 days after 1 September 2027 lies 31 October; 14 clear days before it end on 16 October.
    assert "Een vergadering op 31 oktober 2027 moet uiterlijk op 16 oktober 2027 zijn opgeroepen." in look
    assert "is het aangenomen: er zijn 60 nodig" in look
    assert "Van deze 200 moeten er ten minste 50 aanwezig zijn." in look
    assert "corporation: geen stem (art. 11 lid 3)." in look
    assert "Elektronisch stemmen kan vanaf de 30e dag voor de vergadering, en ook nog op de dag zelf." in look
    # The law's rule on statutes stands beside what the statutes say themselves.
    assert "BW 2:43 lid 1" in look
    with embedded.read(TOWN) as tx:
        assert store.list_statutes(tx) == []
    done = board.post(f"{PAGE}/new", data=FILLED | {"act": "keep"})
    assert done.url.path == "/governance/entries"
    with embedded.read(TOWN) as tx:
        assert store.list_statutes(tx) == []
        [(entry, _)] = list_entries(tx, "statutes")
    address = f"/governance/entries/{entry.entry_id}"
    waits = "Vergelijk de statuten die iemand invoerde"
    assert waits not in plain(board.get("/governance/cards/waiting", params={"lang": "nl"}).text), "it is her own"
    sit_down(board, "account-2", "board")
    assert waits in plain(board.get("/governance/cards/waiting", params={"lang": "nl"}).text)
    sit_down(board, "account-1", "board")
    own = board.post(address, params={"lang": "nl"}, data={"act": "confirm"})
    assert "u hebt dit zelf ingevoerd" in plain(own.text)
    assert 'data-name-of="' in own.text, "the page names who entered it"
    assert sit_down(board, "account-2", "board").post(address, data={"act": "confirm"}).status_code == 200
    with embedded.read(TOWN) as tx:
        [version] = store.list_statutes(tx)
    assert (version.valid_from, version.deed_on, version.name) == (
        date(2024, 5, 2),
        date(2024, 5, 1),
        "Statuten van 2024",
    )
    assert version.articles.rules["tariff"] == Rule(
        "art. 14 lid 2", Share(2, 3), quorum=Quorum("art. 14 lid 3", Share(1, 4), "votes")
    )
    assert version.articles.voters == Voters("art. 11", kinds=(VoterKind("corporation", "art. 11 lid 3", votes=False),))
    page = board.get(PAGE, params={"lang": "nl"}).text
    assert "Bij akte van 1 mei 2024." in plain(page)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"name": ""}, "geef deze versie een naam"),
        ({"deed_on": "2024-06-01"}, "de akte is van vóór de dag"),
        ({"deed_on": ""}, "geef een dag"),
        ({"valid_from": "ooit"}, "geef een dag"),
        ({"notices.ordinary.days": "-1"}, "is een heel getal"),
        ({"notices.ordinary.days": "zeven"}, "is een heel getal"),
        ({"notices.ordinary.days": "366"}, "is een heel getal, hoogstens 365"),
        ({"rules.tariff.majority": "66%"}, "is een deel, zoals 2/3"),
        ({"rules.tariff.majority": "1/3"}, "een meerderheid is minstens de helft"),
        ({"advance.from_days": "31"}, "BW 2:38 lid 8 staat hoogstens 30 dagen toe"),
        ({"rules.ordinary.article": "", "rules.tariff.article": ""}, "geef het artikel van de gewone meerderheid"),
        ({"rules.tariff.article": "x" * 101}, "is langer dan 100 tekens"),
        ({"resolution_id": "none"}, "geen vergadering heeft met een besluit none de statuten gewijzigd"),
    ],
)
def test_a_form_of_statutes_that_cannot_be_comes_back(
    board: TestClient, embedded: Database, changes: dict[str, str], said: str
) -> None:
    answer = board.post(f"{PAGE}/new", params={"lang": "nl"}, data=FILLED | {"act": "keep"} | changes)
    assert answer.status_code == 422
    assert said in plain(answer.text)
    with embedded.read(TOWN) as tx:
        assert store.list_statutes(tx) == []


def test_a_second_version_begins_with_the_rules_of_the_first_and_needs_the_resolution_that_changed_them(
    board: TestClient, embedded: Database
) -> None:
    live(embedded)
    form = board.get(f"{PAGE}/new", params={"lang": "en"}).text
    assert 'value="art. 14.2"' in form
    late = FILLED | {"valid_from": "2027-08-30", "deed_on": "2027-08-30", "act": "keep"}
    for resolution_id, said in (("", "noem het besluit van de vergadering"), ("tariff", "de statuten gewijzigd")):
        refused = board.post(f"{PAGE}/new", params={"lang": "nl"}, data=late | {"resolution_id": resolution_id})
        assert refused.status_code == 422
        assert said in plain(refused.text)
    with embedded.read(TOWN) as tx:
        assert len(store.list_statutes(tx)) == 1


def test_the_deed_is_handed_in_with_the_form_kept_and_hashed(board: TestClient, embedded: Database) -> None:
    deed = b"%PDF-1.7 the deed of 2024"
    refused = board.post(f"{PAGE}/new", data=FILLED | {"act": "look"}, files={"deed": ("deed.pdf", b"MZ a program")})
    assert refused.status_code == 422
    files = {"deed": ("deed.pdf", deed, "application/pdf")}
    look = board.post(f"{PAGE}/new", data=FILLED | {"notary": "mr. Vos", "act": "look"}, files=files)
    kept = hashlib.sha256(deed).hexdigest()
    assert f'name="deed_file" value="{kept}"' in look.text, "it goes along to the last step"
    filled = FILLED | {"notary": "mr. Vos", "deed_file": kept}
    assert "The deed that you handed in is kept" in plain(board.post(f"{PAGE}/new", data=filled | {"act": "mend"}).text)
    board.post(f"{PAGE}/new", data=filled | {"act": "keep"})
    with embedded.read(TOWN) as tx:
        [(entry, _)] = list_entries(tx, "statutes")
    sit_down(board, "account-2", "board").post(f"/governance/entries/{entry.entry_id}", data={"act": "confirm"})
    with embedded.read(TOWN) as tx:
        [version] = store.list_statutes(tx)
    assert (version.deed_file, version.notary) == (kept, "mr. Vos")


def test_every_section_of_the_form_is_folded_with_its_article_in_sight(board: TestClient, embedded: Database) -> None:
    empty = plain(board.get(f"{PAGE}/new").text)
    assert empty.count("not filled in") >= 8
    live(embedded)
    form = board.get(f"{PAGE}/new").text
    assert '<details class="fold" open>' not in form
    assert '<span class="kicker">art. 14.2</span>' in form
    wrong = board.post(f"{PAGE}/new", data=FILLED | {"notices.ordinary.days": "many", "act": "look"})
    assert wrong.text.count('<details class="fold" open>') == 1, "what is wrong is open"


def test_members_read_the_statutes_and_change_none(embedded: Database, tmp_path: Path) -> None:
    member = client(embedded, tmp_path, "member", member_id="m001")
    assert member.get(PAGE).status_code == 200
    assert member.get(f"{PAGE}/new").status_code == 403
    assert member.post(f"{PAGE}/new", data=FILLED).status_code == 403


def test_the_board_finds_what_partners_see_and_where_their_tokens_are_made(board: TestClient) -> None:
    page = board.get("/governance/programme").text
    assert 'href="/governance/partner"' in page
    assert 'href="/members/programs"' in page
