"""Votes, mandates, suspensions and decisions that fall become mail to the right members, once."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from coop.events.governance import (
    BallotEntered,
    DecisionStopped,
    ElectionVoteOpened,
    EntryDropped,
    MandateEnded,
    MandateGiven,
    MemberSuspended,
    NewVoteOpened,
    ReferendumAsked,
    SteeringSeatTaken,
    SuspensionLifted,
    VoteClosing,
    VoteOpened,
)
from coop.kit.database import Database
from coop.members.messages import store
from coop.members.messages.model import Wish
from coop.members.tables import account
from tests.desk import COMMUNITY, SECRETARY
from tests.kit.clocks import SetClock
from tests.members.post import furnish, list_kept
from tests.members.sample import AT, VRIES, YILDIZ
from tests.members.test_messages_heard import MEETING, contents, hear


def test_a_vote_is_told_when_it_opens_and_before_it_ends(database: Database, clock: SetClock) -> None:
    furnish(database)
    hear(
        database,
        MEETING,
        VoteOpened(meeting_id="alv-1", opened_on=date(2026, 1, 15), held_on=date(2026, 2, 1)),
        VoteClosing(meeting_id="alv-1", held_on=date(2026, 2, 1)),
    )
    mine = [message for message in list_kept(database) if message.member_id == VRIES]
    assert [message.kind for message in mine] == ["meeting-notice", "vote-closing", "vote-open"]
    assert "Op de agenda:\n- Tarief 2027" in contents(mine)[2].paragraphs
    clock.set(AT + timedelta(days=60))
    hear(database, VoteClosing(meeting_id="alv-2", held_on=date(2026, 2, 1)))
    assert len([message for message in list_kept(database) if message.member_id == VRIES]) == 3


def test_a_member_is_told_once_that_others_entered_a_ballot_for_them(database: Database, clock: SetClock) -> None:
    furnish(database)
    entered = BallotEntered(
        entry_id="box-1",
        meeting_id="alv-1",
        member_id=VRIES,
        paper="letter",
        entered_on=date(2026, 1, 5),
        held_on=date(2026, 2, 1),
        objection_until=date(2026, 1, 19),
    )
    hear(database, entered, entered)
    [message] = list_kept(database)
    assert (message.kind, message.member_id) == ("ballot-entered", VRIES)
    [content] = contents([message])
    assert any("19 januari 2026" in paragraph for paragraph in content.paragraphs)
    clock.set(AT + timedelta(days=60))
    hear(database, entered.model_copy(update={"entry_id": "box-2"}))
    assert len(list_kept(database)) == 1


def test_a_member_is_told_once_that_others_entered_that_they_ask_a_referendum(
    database: Database, clock: SetClock
) -> None:
    furnish(database)
    own = ReferendumAsked(
        resolution_id="tariff", meeting_id="alv-1", number=1, member_id=VRIES, members_asking=1, votes_asking=1,
        granted=False, article="art. 23", asked_on=date(2026, 1, 5),
    )  # fmt: skip
    entered = own.model_copy(
        update={"entry_id": "letter-1", "entered_on": date(2026, 1, 5), "objection_until": date(2026, 1, 19)}
    )
    hear(database, own)
    assert list_kept(database) == []  # who asked in their own session knows it
    hear(database, entered, entered)
    [message] = list_kept(database)
    assert (message.kind, message.member_id) == ("request-entered", VRIES)
    [content] = contents([message])
    assert any("19 januari 2026" in paragraph for paragraph in content.paragraphs)
    clock.set(AT + timedelta(days=60))
    hear(database, entered.model_copy(update={"entry_id": "letter-2", "number": 2}))
    assert len(list_kept(database)) == 1


def test_holder_and_giver_of_a_mandate_are_told_of_it_and_of_its_end(database: Database, clock: SetClock) -> None:
    furnish(database)
    with database.write(COMMUNITY, SECRETARY) as tx:
        store.save_wish(tx, Wish(YILDIZ, "en"))
    given = MandateGiven(meeting_id="alv-1", member_id=VRIES, number=1, holder=YILDIZ)
    ended = MandateEnded(meeting_id="alv-1", member_id=VRIES, number=2, holder=YILDIZ, change="voted")
    hear(database, given)
    assert list_kept(database) == []
    hear(database, MEETING, given, given, ended)
    told = [message for message in list_kept(database) if message.kind.startswith("mandate-")]
    assert sorted((message.kind, message.member_id) for message in told) == sorted(
        2 * [("mandate-held", YILDIZ), ("mandate-of-yours", VRIES)]
    )
    words = {paragraph for content in contents(told) for paragraph in content.paragraphs}
    assert any("A. de Vries: you vote for this member, until they take it back" in each for each in words)
    assert any("B. Yıldız: dit lid stemt niet meer voor u, want u stemde zelf" in each for each in words)
    clock.set(AT + timedelta(days=60))
    hear(database, given.model_copy(update={"number": 3}))
    assert len([message for message in list_kept(database) if message.kind.startswith("mandate-")]) == 4


def test_who_entered_what_was_left_out_and_whom_it_was_about_are_told_why(database: Database) -> None:
    furnish(database)
    with database.write(COMMUNITY, SECRETARY) as tx:
        named = {"account_id": "account-9", "email": "secretary@example.org", "name": "A. Smit", "password_hash": ""}
        held = {"roles": frozenset({"board"}), "member_id": None, "active": True, "has_factor": False}
        tx.insert(account, [{"community": tx.community, **named, **held}])
    dropped = EntryDropped(
        entry_id="entry-1",
        kind="suspension",
        meeting_id="",
        paper="notulen, punt 4",
        reason="ander lid",
        dropped_on=date(2026, 1, 5),
        entered_by="account-9",
        member_id=VRIES,
    )
    hear(database, dropped, dropped)
    kept = {message.kind: message for message in list_kept(database)}
    assert {kind: (each.account_id, each.member_id) for kind, each in kept.items()} == {
        "entry-dropped": ("account-9", None),
        "entry-about-you-dropped": (None, VRIES),
    }
    assert all(any("ander lid" in line for line in each.paragraphs) for each in contents(list(kept.values())))


def test_a_member_is_told_once_that_they_are_suspended_and_no_longer(database: Database, clock: SetClock) -> None:
    furnish(database)
    suspended = MemberSuspended(
        member_id=VRIES,
        number=1,
        from_on=date(2026, 1, 5),
        ends_on=date(2026, 4, 5),
        article="art. 11.6",
        entry_id="paper-1",
    )
    lifted = SuspensionLifted(member_id=VRIES, number=2, lifted_on=date(2026, 2, 1), entry_id="paper-2")
    hear(database, suspended, suspended, lifted)
    told = {content.kind: " ".join(content.paragraphs) for content in contents(list_kept(database))}
    assert len(list_kept(database)) == 2
    assert "Tot 5 april 2026 hebt u geen stem, en stemt u ook niet voor een ander (art. 11.6)" in told["suspended"]
    assert "Vanaf 1 februari 2026 bent u niet meer geschorst" in told["suspension-lifted"]
    clock.set(AT + timedelta(days=365))
    hear(database, suspended.model_copy(update={"entry_id": "paper-3"}))
    assert len(list_kept(database)) == 2


def test_a_vote_that_is_opened_at_the_meeting_is_mailed_to_all_the_same_evening_and_to_nobody_by_letter(
    database: Database, clock: SetClock
) -> None:
    furnish(database)
    again = NewVoteOpened(
        resolution_id="r-1b",
        again_of="r-1",
        meeting_id=MEETING.meeting_id,
        kind="other",
        subject_nl="Tarief 2027",
        subject_en="Tariff of 2027",
        parameters_hash="0" * 64,
        article="BW 2:13 lid 4",
        carried=0,
        opened_on=MEETING.held_on,
    )
    round_two = ElectionVoteOpened(
        resolution_id="r-2",
        meeting_id=MEETING.meeting_id,
        number=2,
        kind="round",
        options=("m1", "m2"),
        seats=1,
        on_paper=False,
        secret=False,
    )
    hear(database, MEETING, again, round_two)
    assert not [each for each in list_kept(database) if each.kind == "evening-vote"], "its day is not there"
    clock.set(datetime(2026, 2, 1, 19, tzinfo=UTC))
    hear(database, again, again, round_two, round_two.model_copy(update={"number": 3, "secret": True}))
    mails = [each for each in list_kept(database) if each.kind == "evening-vote"]
    assert {each.channel for each in mails} == {"mail"}
    said = [" ".join(each.paragraphs) for each in contents(mails)]
    assert sum("Tarief 2027" in each or "Tariff of 2027" in each for each in said) == len(said) / 2 > 0


def test_a_vote_that_a_council_opens_at_its_meeting_is_mailed_to_its_delegates_alone(
    database: Database, clock: SetClock
) -> None:
    furnish(database)
    clock.set(datetime(2026, 2, 1, 19, tzinfo=UTC))
    votes = ElectionVoteOpened(
        resolution_id="r-2",
        meeting_id=MEETING.meeting_id,
        number=1,
        kind="round",
        options=("m1", "m2"),
        seats=1,
        on_paper=False,
        secret=False,
    )

    def mail(number: int, *voters: str) -> list[str | None]:
        before = len(list_kept(database))
        hear(database, votes.model_copy(update={"number": number, "voters": voters}))
        kept = [each for each in list_kept(database) if each.kind == "evening-vote"]
        return [each.member_id for each in kept[: len(list_kept(database)) - before]]

    hear(database, MEETING)
    assert mail(1, YILDIZ) == [], "this delegate has no address, and nobody else votes"
    assert mail(2, VRIES) == [VRIES]
    assert VRIES in mail(3)


def test_a_decision_that_does_not_hold_any_more_is_told_to_all_once_and_one_that_holds_again_otherwise(
    database: Database,
) -> None:
    furnish(database)
    fell = DecisionStopped(
        stop_id="e-1",
        resolution_id="r-1",
        number=1,
        kind="tariff",
        subject_nl="Tarief 2027",
        subject_en="Tariff of 2027",
        manner="suspended",
        from_on=date(2026, 1, 4),
        ruled_on=date(2026, 1, 4),
        stopped_on=date(2026, 1, 5),
        paper="C/13/700123",
    )
    hear(database, MEETING, fell, fell, fell.model_copy(update={"number": 2, "manner": "resumed"}))
    told = contents(list_kept(database))
    dutch = [each for each in told if each.language == "nl"]
    stopped = [each for each in dutch if each.kind == "decision-stopped"]
    assert "De reden: een rechter heeft het geschorst (C/13/700123)." in stopped[0].paragraphs[2]
    assert {each.kind for each in told} >= {"decision-stopped", "decision-resumed"}
    assert len(stopped) == len([each for each in dutch if each.kind == "decision-resumed"])


def test_who_sits_in_a_steering_group_is_named_to_its_readers_and_nobody_else_is(database: Database) -> None:
    furnish(database)
    seat = SteeringSeatTaken(
        seat_id="seat-1",
        account_id="account-7",
        party="partner",
        organisation="Waterschap AGV",
        from_on=date(2026, 1, 1),
        until_on=None,
    )
    hear(database, seat, seat)
    with database.read(COMMUNITY) as tx:
        assert store.list_seat_holders(tx, ["account-7", "account-8"]) == {"account-7"}
        assert store.list_seat_holders(tx, []) == set()
