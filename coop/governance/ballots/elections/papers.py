"""Commands on papers of an election: a count of paper ballots, a lot, a term of before. One person enters, another
confirms.

Invariants: papers of the room bring no more votes than those there have who did not vote here, and their count ends
the vote on the pages; a lot picks among those
who share a place, as the count says.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Final

from coop.events.elections import LotDrawn, PersonElected, TermEnded
from coop.governance.ballots.attendance.commands import find_present
from coop.governance.ballots.attendance.rules import MANDATE, ROOM
from coop.governance.ballots.elections import store
from coop.governance.ballots.elections.candidacy import OFFICES
from coop.governance.ballots.elections.model import Sheet
from coop.governance.ballots.elections.reading import Election, find_election
from coop.governance.ballots.elections.rules import object_to_lot, object_to_sheet
from coop.governance.entries import commands as entries
from coop.governance.entries.store import Entry, list_entries
from coop.governance.meetings import voting_lists
from coop.governance.meetings.store import list_decisions, list_statutes
from coop.governance.meetings.term_store import Ended, Term, add_end, add_term, find_term, list_ends
from coop.governance.meetings.voter_store import find_members
from coop.governance.statutes.applying import find_council
from coop.governance.statutes.delegates import DELEGATES, SUBSTITUTES
from coop.kit.tx import Tx
from coop.values import BadInput, CoopError, Problem, say

COUNT: Final = "count"
LOT: Final = "lot"
TERM: Final = "term"
TERM_END: Final = "term-end"


def enter_count(tx: Tx, resolution_id: str, number: int, paper: str, sheet: Sheet, entry_id: str = "") -> Entry:
    """Keep the count of the papers of a vote that somebody made; it counts once another person confirms it.

    Raises:
        BadInput: figures do not fit each other, or are more than the votes of those in the room.
        CoopError: no such vote is open on paper, or its count is there already.
    """
    election = find_election(tx, resolution_id, lock=True)
    content = {
        "resolution_id": resolution_id,
        "number": number,
        "votes": dict(sheet.votes),
        "valid": sheet.valid,
        "blank": sheet.blank,
        "invalid": sheet.invalid,
    }
    return entries.enter(tx, keep_count, COUNT, election.meeting.meeting_id, paper.strip(), content, entry_id)


def keep_count(tx: Tx, entry: Entry) -> int:
    """Let a count of papers hold that a second person confirmed; returns how many votes are on the papers."""
    number, sheet = int(entry.content["number"]), read_sheet(entry)
    election = find_election(tx, str(entry.content["resolution_id"]), lock=True)
    opened = election.open_vote
    if opened is None or opened.number != number or not opened.on_paper or election.is_withdrawn:
        raise CoopError("vote-not-open", say("no such vote is open on paper"))
    if tx.now < election.counts_from:
        raise CoopError(
            "meeting-not-held", say("papers are counted at the meeting, from %(start)s", start=election.counts_from)
        )
    if find_count(tx, election, number) is not None:
        raise CoopError("paper-counted", say("the papers of this vote were counted, and two people signed it"))
    if reason := object_to_sheet(election.stand, sheet, count_room(tx, election, number)):
        raise BadInput([Problem(reason, "valid")], "bad-count")
    return sheet.handed_in


def find_count(tx: Tx, election: Election, number: int) -> Entry | None:
    """The count of the papers of a vote that two people signed, or None."""
    about = (election.resolution.resolution_id, number)
    for entry, settled in list_entries(tx, COUNT, meeting_id=election.meeting.meeting_id):
        is_about = (entry.content["resolution_id"], entry.content["number"]) == about
        if is_about and settled is not None and settled.outcome == "confirmed":
            return entry
    return None


def read_sheet(entry: Entry) -> Sheet:
    """The figures of a count on paper."""
    content: Mapping[str, Any] = entry.content
    return Sheet(dict(content["votes"]), content["valid"], content["blank"], content["invalid"])


def count_room(tx: Tx, election: Election, number: int) -> int:
    """Votes that papers may bring: of who is in the room, or is there by a mandate of somebody in it, and did not vote
    here."""
    present = find_present(tx, election.meeting.meeting_id)
    in_room = {each.member_id for each in present.values() if each.manner == ROOM}
    in_room |= {each.member_id for each in present.values() if each.manner == MANDATE and each.holder in in_room}
    voted = store.list_ballots(tx, election.resolution.resolution_id, number)
    votes = voting_lists.read_list(tx, election.meeting)
    return sum(votes.get(member_id, 0) for member_id in in_room if member_id not in voted)


def enter_lot(tx: Tx, resolution_id: str, number: int, paper: str, drawn: Sequence[str], entry_id: str = "") -> Entry:
    """Keep how a lot fell, and on which paper that stands; it decides once another person who saw it confirms it.

    Raises:
        BadInput: other names were drawn than share the place, or too many or few.
        CoopError: no lot is asked.
    """
    election = find_election(tx, resolution_id, lock=True)
    content = {"resolution_id": resolution_id, "number": number, "drawn": list(drawn)}
    return entries.enter(tx, keep_lot, LOT, election.meeting.meeting_id, paper.strip(), content, entry_id)


def keep_lot(tx: Tx, entry: Entry) -> int:
    """Let a lot decide that two people saw; returns 1."""
    resolution_id, number = str(entry.content["resolution_id"]), int(entry.content["number"])
    election = find_election(tx, resolution_id, lock=True)
    meeting_id = election.meeting.meeting_id
    if election.is_withdrawn or list_decisions(tx, meeting_id) or len(election.counted) != number:
        raise CoopError("no-lot", say("no lot is asked now"))
    drawn = tuple(str(name) for name in entry.content["drawn"])
    if reason := object_to_lot(election.stand, drawn):
        raise BadInput([Problem(reason, "drawn")], "bad-lot")
    store.add_lot(tx, resolution_id, number, drawn, entry.entry_id)
    tx.tell(
        LotDrawn(
            resolution_id=resolution_id, meeting_id=meeting_id, number=number, drawn=drawn, entry_id=entry.entry_id
        )
    )
    return 1


def enter_term(tx: Tx, paper: str, term: Term, entry_id: str = "") -> Entry:
    """Keep that somebody is in an office since before, or was appointed otherwise; it holds once another person
    confirms it.

    Raises:
        BadInput: the office or the days are wrong, or nobody has this id.
        CoopError: they are in that office from that day already.
    """
    content = {
        "office": term.office,
        "member_id": term.member_id,
        "begins_on": term.begins_on.isoformat(),
        "ends_on": term.ends_on.isoformat(),
        **({"stands_for": term.stands_for} if term.stands_for else {}),
    }
    return entries.enter(tx, keep_term, TERM, "", paper.strip(), content, entry_id)


def keep_term(tx: Tx, entry: Entry) -> int:
    """Let a term hold that two people signed; returns 1."""
    content: Mapping[str, str] = entry.content
    begins_on, ends_on = (date.fromisoformat(content[name]) for name in ("begins_on", "ends_on"))
    member_id, problems = content["member_id"], []
    if content["office"] not in OFFICES:
        problems.append(Problem(say("choose the office"), "office"))
    if not begins_on < ends_on:
        problems.append(Problem(say("a term ends after it begins"), "ends_on"))
    if member_id not in find_members(tx, tx.today):
        problems.append(Problem(say("no member has this number"), "member_id"))
    stands_for = content.get("stands_for", "")
    council = find_council(list_statutes(tx), tx.today)
    if council is not None and content["office"] in (DELEGATES, SUBSTITUTES) and not council.count_seats(stands_for):
        problems.append(Problem(say("choose the group that they stand for"), "stands_for"))
    if problems:
        raise BadInput(problems, "bad-term")
    if find_term(tx, content["office"], member_id, begins_on) is not None:
        raise CoopError("term-there", say("they are in that office from that day already"))
    term = Term(content["office"], member_id, begins_on, ends_on, "", entry.entry_id, stands_for)
    add_term(tx, term)
    tx.tell(
        PersonElected(
            office=content["office"],
            member_id=member_id,
            begins_on=begins_on,
            ends_on=ends_on,
            entry_id=entry.entry_id,
            stands_for=stands_for,
        )
    )
    return 1


def enter_end(tx: Tx, paper: str, term: Term, ends_on: date, entry_id: str = "") -> Entry:
    """Keep that a term ends before its day, since somebody stepped down or was dismissed; it holds once another person
    confirms it.

    Raises:
        BadInput: the term does not last on that day, or ended before.
    """
    office, member_id, begins_on = term.key
    content = {"office": office, "member_id": member_id, "begins_on": str(begins_on), "ends_on": str(ends_on)}
    return entries.enter(tx, keep_end, TERM_END, "", paper.strip(), content, entry_id)


def keep_end(tx: Tx, entry: Entry) -> int:
    """Let the end of a term hold that two people signed; returns 1."""
    content: Mapping[str, str] = entry.content
    begins_on, ends_on = (date.fromisoformat(content[name]) for name in ("begins_on", "ends_on"))
    term = find_term(tx, content["office"], content["member_id"], begins_on)
    if term is None or term.key in list_ends(tx) or not begins_on <= ends_on < term.ends_on:
        raise BadInput([Problem(say("this term does not last on that day, or ended before"), "ends_on")], "bad-term")
    if ends_on > tx.today:
        raise BadInput([Problem(say("the end of a term is entered once it came, not ahead"), "ends_on")], "bad-term")
    add_end(tx, Ended(*term.key, ends_on, entry.entry_id))
    tx.tell(
        TermEnded(
            office=term.office,
            member_id=term.member_id,
            begins_on=begins_on,
            ends_on=ends_on,
            entry_id=entry.entry_id,
        )
    )
    return 1
