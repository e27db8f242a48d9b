"""The end of an election: closing its meeting decides it, and whoever is elected has a term."""

from __future__ import annotations

from coop.events import Event
from coop.events.elections import PersonElected
from coop.events.governance import ResolutionDecided
from coop.governance.ballots.elections.model import NO_QUORUM
from coop.governance.ballots.elections.reading import Election, read_election
from coop.governance.ballots.elections.rules import find_procedure, list_elected
from coop.governance.entries.store import list_waiting
from coop.governance.meetings import store as meeting_store
from coop.governance.meetings.term_store import Term, add_term, find_term
from coop.governance.model import Count, Meeting, Resolution, Verdict
from coop.kit.tx import Tx
from coop.values import CoopError, say

ELECTED = "elected"
NOT_ELECTED = "not-elected"


def refuse_open(tx: Tx, meeting: Meeting, resolution: Resolution) -> None:
    """Refuse to close a meeting in the middle of an election.

    Raises:
        CoopError: a vote is open, a lot is asked, a paper waits for a second person, or the election goes on.
    """
    election = read_election(tx, meeting, resolution)
    goes_on = bool(election.counted) and not election.stand.over
    if election.open_vote is not None or goes_on or list_waiting(tx, "count", "lot", meeting_id=meeting.meeting_id):
        raise CoopError(
            "election-open",
            say(
                'the election "%(subject)s" is not over: count its vote, enter the lot or open the next vote first',
                subject=resolution.subject_nl,
            ),
        )


def conclude(tx: Tx, meeting: Meeting, resolution: Resolution, list_hash: str) -> list[Event]:
    """Keep the decision that an election comes to, and the terms of whoever is elected; returns the facts of it."""
    election = read_election(tx, meeting, resolution)
    notice_hash, document = meeting_store.find_notice(tx, resolution.resolution_id)
    if document.sha256 != notice_hash:
        raise CoopError("parameters-changed", say("the candidates are no longer those of the notice"))
    elected = list_elected(election.candidacy, election.stand)
    article = election.stand.ruling.article if election.stand.ruling else find_procedure(election.articles).article
    entitled = election.counted[-1].entitled if election.counted else 0
    lacking = election.stand.ruling is not None and election.stand.ruling.word == NO_QUORUM
    reason = "no-quorum" if lacking else ELECTED if elected else NOT_ELECTED
    verdict = Verdict(bool(elected), reason, article, 0)
    count = Count(0, 0, 0, entitled)
    ballots_hash = election.counted[-1].ballots_hash if election.counted else ""
    decided = meeting_store.Decided(
        resolution.resolution_id, tx.today, verdict, notice_hash, count, list_hash, ballots_hash
    )
    meeting_store.add_decision(tx, decided)
    facts: list[Event] = [
        ResolutionDecided(
            resolution_id=resolution.resolution_id,
            meeting_id=meeting.meeting_id,
            kind=resolution.kind,
            verdict=verdict.word,
            article=article,
            parameters_hash=notice_hash,
            votes_for=0,
            votes_against=0,
            votes_blank=0,
            votes_present=0,
            decided_on=tx.today,
            voting_list_hash=list_hash,
            ballots_hash=ballots_hash,
        )
    ]
    return facts + [_seat(tx, election, member_id, place) for place, member_id in enumerate(elected, start=1)]


def _seat(tx: Tx, election: Election, member_id: str, place: int) -> Event:
    candidacy, resolution_id = election.candidacy, election.resolution.resolution_id
    days = candidacy.begins_on, candidacy.ends_on
    term = Term(candidacy.office, member_id, *days, resolution_id, stands_for=candidacy.group, place=place)
    if find_term(tx, *term.key) is None:
        add_term(tx, term)
    return PersonElected(
        office=term.office,
        member_id=member_id,
        begins_on=term.begins_on,
        ends_on=term.ends_on,
        resolution_id=resolution_id,
        stands_for=term.stands_for,
        place=place,
    )
