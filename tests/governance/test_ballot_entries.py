"""Ballots of the room and on paper: one person enters them by members' numbers, another confirms, then they count."""

from __future__ import annotations

import re
import time
from pathlib import Path

import pytest

from coop.events.governance import EntryDropped
from coop.governance.ballots import closing
from coop.governance.ballots import commands as ballots
from coop.governance.ballots.commands import Row
from coop.governance.ballots.store import list_ballots
from coop.governance.entered import KINDS
from coop.governance.entries import commands as entries
from coop.governance.entries import store
from coop.kit.actor import Actor
from coop.kit.database import Database
from coop.values import BadInput, CoopError
from tests.desk import SECRETARY
from tests.governance.assembly import (
    SECOND,
    STEPS,
    TIMES,
    TOWN,
    admit,
    cast,
    client,
    live,
    members,
    rows,
    sit_down,
    tally,
    told,
)
from tests.kit.clocks import SetClock
from tests.metering.test_meter_pages import plain

PAGE = "/governance/meetings/alv-1/ballots"


def standing(database: Database, resolution_id: str = "tariff") -> dict[str, tuple[str, str | None]]:
    with database.read(TOWN) as tx:
        history = list_ballots(tx, resolution_id)
    return {member_id: (cast[-1].choice, cast[-1].proxy_holder) for member_id, cast in history.items()}


def enter(database: Database, *papers: Row, actor: Actor = SECRETARY) -> str:
    with database.write(TOWN, actor) as tx:
        read, lines = ballots.read_papers(tx, "alv-1", papers)
        return ballots.enter_ballots(tx, "alv-1", "room", read, "", lines).entry_id


def confirm(database: Database, entry_id: str, actor: Actor = SECOND) -> int:
    with database.write(TOWN, actor) as tx:
        return entries.confirm(tx, entry_id, KINDS)[1]


def test_ballots_count_once_another_person_confirmed_them(database: Database) -> None:
    live(database, until="vote")
    entry_id = enter(database, Row(1, "L-001", "", {"tariff": "for"}), Row(2, "L-002", "L-001", {"tariff": "against"}))
    assert standing(database) == {}
    with pytest.raises(CoopError, match="yourself"):
        confirm(database, entry_id, SECRETARY)
    assert confirm(database, entry_id) == 2
    assert confirm(database, entry_id) == 0
    with database.read(TOWN) as tx:
        [(entry, settled)] = store.list_entries(tx, "ballots", meeting_id="alv-1")
    assert standing(database) == {"m001": ("for", None), "m002": ("against", "m001")}
    assert settled is not None
    assert (entry.actor, settled.actor, entry.paper) == (str(SECRETARY), str(SECOND), "room")


def test_what_is_left_out_never_counts(database: Database) -> None:
    live(database, until="vote")
    entry_id = enter(database, Row(1, "L-001", "", {"tariff": "for"}))
    with database.write(TOWN, SECRETARY) as tx:
        entries.drop(tx, entry_id, KINDS, "a wrong number")
        entries.drop(tx, entry_id, KINDS, "another word")
    with pytest.raises(CoopError, match="dropped"):
        confirm(database, entry_id)
    assert standing(database) == {}


def test_who_leaves_an_entry_out_says_why_which_is_kept_and_told(database: Database) -> None:
    live(database, until="vote")
    entry_id = enter(database, Row(1, "L-001", "", {"tariff": "for"}))
    with database.write(TOWN, SECOND) as tx, pytest.raises(BadInput, match="say why it is left out"):
        entries.drop(tx, entry_id, KINDS, " ")
    for _ in range(2):
        with database.write(TOWN, SECOND) as tx:
            entries.drop(tx, entry_id, KINDS, " a wrong number ")
    with database.read(TOWN) as tx:
        settled = store.find_settled(tx, entry_id)
    assert settled is not None
    assert (settled.outcome, settled.reason, settled.actor) == ("dropped", "a wrong number", str(SECOND))
    [fact] = [each for each in told(database) if isinstance(each, EntryDropped)]
    assert (fact.entry_id, fact.reason, fact.entered_by, fact.member_id) == (
        entry_id,
        "a wrong number",
        SECRETARY.id,
        "",
    )


def test_whoever_leaves_out_what_another_entered_does_not_close_that_meeting(database: Database) -> None:
    live(database, until="vote")
    entry_id = enter(database, Row(1, "L-001", "", {"tariff": "against"}))
    with database.write(TOWN, SECOND) as tx:
        entries.drop(tx, entry_id, KINDS, "a wrong number")
    with database.write(TOWN, SECOND) as tx, pytest.raises(CoopError, match="somebody else closes it"):
        closing.close_meeting(tx, "alv-1")
    with database.write(TOWN, SECRETARY) as tx:
        assert closing.close_meeting(tx, "alv-1")


def test_a_vote_that_a_member_cast_in_person_since_is_not_replaced(database: Database) -> None:
    live(database, until="vote")
    entry_id = enter(database, Row(1, "L-001", "", {"tariff": "for"}))
    with database.write(TOWN, Actor("account", "anna", "page")) as tx:
        ballots.cast_own_vote(tx, "tariff", "m001", "against")
    with pytest.raises(BadInput):
        confirm(database, entry_id)
    assert standing(database) == {"m001": ("against", None)}


@pytest.mark.parametrize(
    ("paper", "field", "line"),
    [
        (Row(3, "L-999", "", {"tariff": "for"}), "number", 3),
        (Row(3, "L-001", "L-999", {"tariff": "for"}), "holder", 3),
        (Row(3, "", "", {"tariff": "for"}), "number", 3),
        (Row(3, "L-001", "", {}), "choice", 3),
        (Row(3, "L-001", "L-001", {"tariff": "for"}), "proxy_holder", 3),
    ],
)
def test_a_bad_ballot_is_named_by_its_line_and_nothing_is_kept(
    database: Database, paper: Row, field: str, line: int
) -> None:
    live(database, until="vote")
    with pytest.raises(BadInput) as refused:
        enter(database, Row(1, "L-002", "", {"tariff": "for"}), paper)
    assert [(problem.field, problem.line) for problem in refused.value.problems] == [(field, line)]
    with database.read(TOWN) as tx:
        assert [entry for entry, _ in store.list_entries(tx, "ballots")] == []


def test_the_limit_of_proxies_and_a_second_ballot_of_one_member_are_refused(database: Database) -> None:
    live(database, until="vote")
    proxies = [Row(line, f"L-{line:03d}", "L-004", {"build": "for"}) for line in (1, 2, 3)]
    with pytest.raises(BadInput, match=r"art\. 16 allows 2 proxies"):
        enter(database, *proxies)
    with pytest.raises(BadInput):
        enter(database, Row(1, "L-001", "", {"tariff": "for"}), Row(2, "L-001", "", {"tariff": "against"}))


def test_a_meeting_is_not_closed_while_ballots_wait_and_none_counts_after_it(database: Database) -> None:
    live(database, until="vote")
    waiting = enter(database, Row(1, "L-003", "", {"tariff": "for"}))
    with pytest.raises(CoopError, match="wait for a second person"), database.write(TOWN, SECRETARY) as tx:
        closing.close_meeting(tx, "alv-1")
    with database.write(TOWN, SECRETARY) as tx:
        entries.drop(tx, waiting, KINDS, "a wrong number")
        closing.close_meeting(tx, "alv-1")
    with pytest.raises(CoopError, match="closed"):
        enter(database, Row(1, "L-002", "", {"tariff": "for"}))


def test_a_batch_sent_again_never_flips_a_vote_that_was_changed_since(database: Database) -> None:
    live(database, until="vote")
    with database.write(TOWN, SECRETARY) as tx:
        assert cast(tx, "tariff", rows({"m001": "for"})) == 1
        assert cast(tx, "tariff", rows({"m001": "against"})) == 1
        assert cast(tx, "tariff", rows({"m001": "for"})) == 0
    assert standing(database)["m001"] == ("against", None)


def test_an_own_vote_sent_again_under_its_id_never_flips_one_that_was_changed_since(database: Database) -> None:
    live(database, until="vote")
    votes = [("for", "b-1", True), ("against", "b-2", True), ("for", "b-1", False)]
    for choice, ballot_id, is_new in votes:
        with database.write(TOWN, Actor("account", "anna", "page")) as tx:
            assert ballots.cast_own_vote(tx, "tariff", "m001", choice, ballot_id) == is_new
    assert standing(database)["m001"] == ("against", None)
    with pytest.raises(CoopError, match="another ballot"), database.write(TOWN, SECRETARY) as tx:
        ballots.cast_own_vote(tx, "tariff", "m002", "for", "b-1")


def test_a_member_who_objects_takes_the_ballot_out_and_alone_votes_from_then_on(database: Database) -> None:
    live(database, until="vote")
    member = Actor("account", "anna", "page")
    with database.write(TOWN, SECRETARY) as tx:
        cast(tx, "tariff", rows({"m001": "for", "m002": "for", "m003": "against"}))
    with database.write(TOWN, member) as tx:
        assert ballots.object_to_ballot(tx, "tariff", "m001")
        assert not ballots.object_to_ballot(tx, "tariff", "m001")
    with pytest.raises(BadInput, match="only they can vote now"):
        enter(database, Row(1, "L-001", "", {"tariff": "for"}))
    with database.write(TOWN, SECRETARY) as tx:
        count = closing.close_meeting(tx, "alv-1")[0].count
    assert (count.votes_for, count.votes_against) == (1, 1)
    with pytest.raises(CoopError, match="nobody entered"), database.write(TOWN, member) as tx:
        ballots.object_to_ballot(tx, "tariff", "m004")


def test_two_people_of_the_board_enter_and_confirm_on_the_page(embedded: Database, tmp_path: Path) -> None:
    live(embedded, until="vote")
    desk = client(embedded, tmp_path, "board")
    filled = {"paper": "room", "1.number": "L-001", "1.choice.0": "for", "1.choice.1": "blank", "3.number": "L-002"}
    refused = desk.post(PAGE, params={"lang": "nl"}, data=filled)
    assert refused.status_code == 422
    assert "kies ten minste één keer voor, tegen of blanco" in plain(refused.text)
    assert 'value="L-002"' in refused.text
    done = desk.post(PAGE, params={"lang": "en"}, data=filled | {"3.choice.0": "against", "3.holder": "L-001"})
    page = plain(desk.get(PAGE, params={"lang": "en"}).text)
    assert "waits for a second person" in page
    assert "Member L-002, point 1: against (by proxy of L-001)" in page
    address = re.search(rf"{PAGE}/[0-9a-f-]+", done.text)
    assert address
    own = desk.post(address[0], params={"lang": "nl"}, data={"act": "confirm"})
    assert "u hebt dit zelf ingevoerd" in plain(own.text)
    sit_down(desk, "account-2", "board").post(address[0], data={"act": "confirm"})
    assert standing(embedded) == {"m001": ("for", None), "m002": ("against", "m001")}
    assert "counts" in plain(desk.get(PAGE, params={"lang": "en"}).text)
    assert sit_down(desk, "account-3", "member").get(PAGE).status_code == 403


def test_a_box_of_120_papers_is_entered_on_one_page_and_confirmed_with_its_sums(
    embedded: Database, tmp_path: Path
) -> None:
    live(embedded, until="admit")
    with embedded.write(TOWN, SECRETARY) as tx:
        admit(tx, *members(120))
        STEPS["share"](tx)
        STEPS["statutes"](tx)
        STEPS["plan"](tx)
    clock = embedded.clock
    assert isinstance(clock, SetClock)
    clock.set(TIMES["convene"])
    with embedded.write(TOWN, SECRETARY) as tx:
        STEPS["convene"](tx)
    clock.set(TIMES["vote"])
    desk = client(embedded, tmp_path, "board")
    lines = [f"L-{number:03d} {'v' if number % 3 else 't'}b-" for number in range(1, 121)]
    begun = time.monotonic()
    kept = desk.post(PAGE, params={"lang": "en"}, data={"paper": "room", "lines": "\n".join(lines)})
    assert "240 ballots are entered" in kept.text
    assert "Point 1 on these papers: 80 for, 40 against, 0 blank." in plain(kept.text)
    entry_id = kept.text.split("/ballots/")[1].split('"')[0]
    sit_down(desk, "account-2", "board")
    done = desk.post(f"{PAGE}/{entry_id}", params={"lang": "en"}, data={"act": "confirm"})
    assert time.monotonic() - begun < 60
    assert done.url.path == PAGE
    with embedded.read(TOWN) as tx:
        assert (tally(tx, "tariff").votes_for, tally(tx, "key").votes_blank) == (80, 120)


def test_a_wrong_line_of_a_box_is_named_and_nothing_of_it_is_kept(embedded: Database, tmp_path: Path) -> None:
    live(embedded, until="vote")
    desk = client(embedded, tmp_path, "board")
    text = "L-001 vvv\nL-002 vx-\nL-003 vv\n\nL-999 vvv"
    refused = desk.post(PAGE, params={"lang": "nl"}, data={"paper": "room", "lines": text})
    assert refused.status_code == 422
    said = plain(refused.text)
    assert "x is geen voor (v), tegen (t) of blanco (b)" in said
    assert "heeft 2 letters voor 3 punten" in said
    assert "L-002 vx-" in refused.text
    unknown = desk.post(PAGE, params={"lang": "en"}, data={"paper": "room", "lines": "L-001 vvv\n\nL-999 vvv > L-001"})
    assert "no member with number L-999" in plain(unknown.text)
    both = desk.post(PAGE, data={"paper": "room", "lines": "L-001 vvv", "1.number": "L-002", "1.choice.0": "for"})
    assert "not both" in both.text
    with embedded.read(TOWN) as tx:
        assert tally(tx, "tariff").votes_present == 0
