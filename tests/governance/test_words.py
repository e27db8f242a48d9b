"""Words beside the votes: the chair's at a tie and the consent of a body, which two people sign before the count."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from sqlalchemy import text

from coop.governance.ballots import closing
from coop.governance.ballots.verify import verify_resolution
from coop.governance.ballots.words.commands import enter_words
from coop.governance.entered import KINDS
from coop.governance.entries.commands import confirm as confirm_entry
from coop.governance.meetings import store
from coop.governance.minutes.taking_home import take_vote
from coop.governance.statutes.model import Approval, Articles, Rule
from coop.kit import journal
from coop.kit.database import Database
from coop.values import BadInput, CoopError
from coop.verification.athome import WORDS, check_source, seal
from tests.desk import SECRETARY
from tests.governance.assembly import HALF, TOWN, cast, client, rows, sit_down, speak
from tests.governance.test_articles_at_work import begin
from tests.kit.clocks import SetClock
from tests.metering.test_meter_pages import plain

CHAIRED = Articles("c", rules={"ordinary": Rule("art. 12", HALF, tie="chair")})
FEDERATED = Articles("f", rules={"ordinary": Rule("art. 12", HALF, approval=Approval("art. 30"))})
TIED = rows({"m001": "for", "m002": "against"})


def findings(database: Database, resolution_id: str = "a") -> tuple[str, ...]:
    with database.read(TOWN) as tx:
        return verify_resolution(tx, resolution_id).findings


@pytest.mark.parametrize(("word", "verdict"), [("for", "adopted"), ("against", "rejected")])
def test_the_chair_s_word_is_signed_by_two_before_the_count_and_decides_at_a_tie(
    embedded: Database, clock: SetClock, word: str, verdict: str
) -> None:
    begin(embedded, clock, CHAIRED, "a", "b")
    with embedded.write(TOWN, SECRETARY) as tx:
        cast(tx, "a", TIED)
        cast(tx, "b", rows({"m001": "for"}))
        speak(tx, "chair", {"a": "against", "b": "against"})
        speak(tx, "chair", {"a": word})
        first, second = closing.close_meeting(tx, "alv-1")
        assert (first.verdict.word, first.verdict.reason) == (verdict, "chair")
        assert (second.verdict.word, second.verdict.reason) == ("adopted", "majority")
    assert findings(embedded) == findings(embedded, "b") == ()


def test_one_account_alone_gives_no_word(embedded: Database, clock: SetClock) -> None:
    begin(embedded, clock, CHAIRED, "a")
    with embedded.write(TOWN, SECRETARY) as tx:
        cast(tx, "a", TIED)
        with pytest.raises(CoopError, match=r"art\. 12 lets the chair decide at a tie: before the count, two people"):
            closing.close_meeting(tx, "alv-1")
        entry = enter_words(tx, "alv-1", "sheet 2", [("a", "chair", "for")])
        with pytest.raises(CoopError, match="somebody else confirms it"):
            confirm_entry(tx, entry.entry_id, KINDS)
        with pytest.raises(CoopError, match="waits for a second person"):
            closing.close_meeting(tx, "alv-1")


@pytest.mark.parametrize(
    ("says", "reason"), [(None, "not-approved"), ("refuses", "not-approved"), ("consents", "majority")]
)
def test_a_body_that_the_statutes_name_consents_by_a_paper_of_two(
    embedded: Database, clock: SetClock, says: str | None, reason: str
) -> None:
    begin(embedded, clock, FEDERATED, "a")
    with embedded.write(TOWN, SECRETARY) as tx:
        cast(tx, "a", rows({"m001": "for"}))
        if says:
            speak(tx, "body", {"a": says})
        [outcome] = closing.close_meeting(tx, "alv-1")
        assert outcome.verdict.reason == reason
    assert findings(embedded) == ()


def test_a_word_is_kept_only_where_it_is_asked_and_before_the_count(embedded: Database, clock: SetClock) -> None:
    begin(embedded, clock, CHAIRED, "a")
    with embedded.write(TOWN, SECRETARY) as tx:
        for word in (("a", "body", "consents"), ("b", "chair", "for"), ("a", "chair", "consents")):
            with pytest.raises(BadInput) as bad, tx.savepoint():
                enter_words(tx, "alv-1", "sheet 2", [("a", "chair", "for"), word])
            assert [(each.line, each.field) for each in bad.value.problems] == [(2, f"{word[1]}.{word[0]}")]
        speak(tx, "chair", {"a": "for"})
        closing.close_meeting(tx, "alv-1")
        with pytest.raises(CoopError, match="nothing that is said now decides"):
            speak(tx, "chair", {"a": "against"})


FORGED = {
    "taken": (
        "UPDATE decision SET casting = 'for', reason = 'chair', verdict = 'adopted'",
        "another verdict: rejected",
    ),
    "said": ("UPDATE word_given SET says = 'for'", "what the chair or a body said is not what was told"),
    "signed": ("UPDATE entry SET content = replace(content, 'against', 'for')", "in no entry that two people signed"),
    "consent": ("UPDATE decision SET approved = 1", "another word of the body outside the meeting than was told"),
}


@pytest.mark.parametrize("forgery", list(FORGED))
def test_a_word_that_is_forged_in_the_database_is_found(embedded: Database, clock: SetClock, forgery: str) -> None:
    begin(embedded, clock, CHAIRED, "a")
    with embedded.write(TOWN, SECRETARY) as tx:
        cast(tx, "a", TIED)
        speak(tx, "chair", {"a": "against"})
        closing.close_meeting(tx, "alv-1")
    assert findings(embedded) == ()
    statement, finding = FORGED[forgery]
    with embedded.system_write() as sql:
        for table in ("decision", "word_given", "entry"):
            sql.execute(text(f"DROP TRIGGER {table}_holds"))
        sql.execute(text("PRAGMA ignore_check_constraints = ON"))
        sql.execute(text(statement))
    assert any(finding in each for each in findings(embedded))


@pytest.mark.parametrize(("articles", "speaker", "says"), [(CHAIRED, "chair", "for"), (FEDERATED, "body", "consents")])
def test_at_home_a_word_is_believed_only_as_a_sealed_fact(
    embedded: Database, clock: SetClock, articles: Articles, speaker: str, says: str
) -> None:
    begin(embedded, clock, articles, "a")
    with embedded.write(TOWN, SECRETARY) as tx:
        cast(tx, "a", TIED if speaker == "chair" else rows({"m001": "for"}))
        speak(tx, speaker, {"a": says})
        closing.close_meeting(tx, "alv-1")
    with embedded.system_write() as sql:
        journal.seal(sql)
    with embedded.read(TOWN) as tx:
        taken = json.loads(take_vote(tx, "a", None, "en"))
    assert list(check_source(taken, WORDS["en"])) == []
    word = next(fact for fact in taken["facts"] if "word-given" in fact["type"])
    word["data"] = word["data"].replace(f'"{says}"', '"against"')
    word["hash"] = seal(word)
    wrong = "does not follow from the votes" if speaker == "chair" else "by art. 30 another body has to consent"
    assert any(wrong in each for each in check_source(taken, WORDS["en"]))


def test_the_pages_ask_for_the_words_and_a_tick_of_who_closes_is_none(
    embedded: Database, clock: SetClock, tmp_path: Path
) -> None:
    begin(embedded, clock, CHAIRED, "a")
    with embedded.write(TOWN, SECRETARY) as tx:
        cast(tx, "a", TIED)
    board = client(embedded, tmp_path, "board")
    meeting = "/governance/meetings/alv-1"
    assert "Woorden naast de stemmen" in plain(board.get(meeting, params={"lang": "nl"}).text)
    assert board.post(f"{meeting}/close", data={"confirmed": "yes", "chair.a": "for"}).status_code == 409
    page = f"{meeting}/words"
    assert "Als de stemmen staken over" in plain(board.get(page, params={"lang": "nl"}).text)
    filled = {"chair.a": "for", "paper": "sheet 2", "entry_id": "w-1"}
    assert board.post(page, data={**filled, "chair.a": ""}).status_code == 422
    assert board.post(page, data=filled, follow_redirects=False).status_code == 303
    assert "You entered this yourself" in plain(board.get(page, params={"lang": "en"}).text)
    sit_down(board, "account-2", "board")
    assert "The chair is for" in plain(board.get(page, params={"lang": "en"}).text)
    board.post(f"{page}/w-1", data={"act": "confirm"})
    board.post(f"{meeting}/close", data={"confirmed": "yes"})
    with embedded.read(TOWN) as tx:
        decided = store.find_decision(tx, "a")
    assert decided is not None
    assert (decided.verdict.word, decided.verdict.reason, decided.casting) == ("adopted", "chair", "for")
    assert "The votes alone decide" in plain(board.get(page, params={"lang": "en"}).text)
