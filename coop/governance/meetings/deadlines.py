"""Days that come by themselves: votes open and end, deadlines pass, a tranche waits too long.

Everything here may be repeated on any day: a fact that was told is not told again. A day that was over before it was
put on file is history, of which nobody is told.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from coop.events.governance import DeadlinePassed, SteeringReminded, VoteClosing, VoteEnded, VoteOpened
from coop.governance.dates import has_passed, last_reminder
from coop.governance.meetings import store as meeting_store
from coop.governance.meetings import voting_lists
from coop.governance.meetings.times import find_recording_days
from coop.governance.meetings.withdrawal_store import list_withdrawn
from coop.governance.programmes import store
from coop.governance.statutes.applying import first_vote_by
from coop.kit.tx import Tx
from coop.values import join_said, say, say_count

CLOSING: Final = timedelta(days=3)
"""Time before a meeting at which members are reminded to vote."""


def tell_days(tx: Tx) -> str:
    """Tell what the days up to today brought about; returns it as a sentence."""
    opened, closing, ended = _tell_votes(tx)
    passed, waiting = _tell_deadlines(tx), _remind_steering(tx)
    counts = {
        say_count("%(num)s vote is open", "%(num)s votes are open", opened): opened,
        say_count("%(num)s vote is about to end", "%(num)s votes are about to end", closing): closing,
        say_count(
            "%(num)s vote ended and waits for its count", "%(num)s votes ended and wait for their count", ended
        ): ended,
        say_count("%(num)s deadline passed", "%(num)s deadlines passed", passed): passed,
        say_count(
            "%(num)s tranche waits long for the steering group",
            "%(num)s tranches wait long for the steering group",
            waiting,
        ): waiting,
    }
    told = [said for said, count in counts.items() if count]
    return join_said(told, ", ") if told else say("no day asked for anything")


def _tell_votes(tx: Tx) -> tuple[int, int, int]:
    """Tell of votes that opened, that are about to end, and that ended uncounted; returns how many there are of each.

    A vote that opened in its last days is not told to be about to end: members have just heard of it.
    """
    opened = closing = ended = 0
    recorded = find_recording_days(tx)
    statutes = meeting_store.list_statutes(tx)
    withdrawn = list_withdrawn(tx)
    for meeting in meeting_store.list_meetings(tx):
        if meeting.meeting_id in withdrawn or meeting_store.list_decisions(tx, meeting.meeting_id):
            continue
        opened_on = first_vote_by(meeting, statutes)
        if opened_on <= tx.today <= meeting.held_on:
            voting_lists.freeze(tx, meeting)
            voters = voting_lists.name_voters(tx, meeting)
            tx.tell(
                VoteOpened(meeting_id=meeting.meeting_id, opened_on=opened_on, held_on=meeting.held_on, voters=voters)
            )
            opened += 1
            if opened_on < meeting.held_on - CLOSING <= tx.today:
                until = meeting.votes_until
                tx.tell(
                    VoteClosing(
                        meeting_id=meeting.meeting_id, held_on=meeting.held_on, votes_until=until, voters=voters
                    )
                )
                closing += 1
        elif has_passed(meeting.held_on, recorded[meeting.meeting_id], tx.today):
            tx.tell(VoteEnded(meeting_id=meeting.meeting_id, held_on=meeting.held_on))
            ended += 1
    return opened, closing, ended


def _tell_deadlines(tx: Tx) -> int:
    """Tell of milestones whose deadline passed while they were not reached; returns how many there are."""
    passed = 0
    reached, recorded = store.list_reached(tx), store.find_recording_days(tx)
    for programme in store.list_programmes(tx):
        for phase in programme.phases:
            for milestone in phase.milestones:
                is_open = milestone.milestone_id not in reached
                if is_open and has_passed(milestone.deadline, recorded[programme.programme_id], tx.today):
                    tx.tell(
                        DeadlinePassed(
                            milestone_id=milestone.milestone_id,
                            programme_id=programme.programme_id,
                            phase_id=phase.phase_id,
                            name=milestone.name_en,
                            deadline=milestone.deadline,
                        )
                    )
                    passed += 1
    return passed


def _remind_steering(tx: Tx) -> int:
    """Remind of tranches that wait for the steering group; returns how many wait long."""
    waiting = 0
    states, since = store.list_tranche_states(tx), store.find_referral_days(tx)
    for programme in store.list_programmes(tx):
        for tranche in programme.tranches:
            state = states[tranche.tranche_id]
            if state.referral is None or state.release is not None:
                continue
            reminded_on = last_reminder(since[tranche.tranche_id], tx.today)
            if reminded_on is not None:
                tx.tell(
                    SteeringReminded(
                        tranche_id=tranche.tranche_id,
                        programme_id=programme.programme_id,
                        milestone_id=tranche.milestone_id,
                        amount_cents=tranche.amount_cents,
                        waiting_since=since[tranche.tranche_id],
                        reminded_on=reminded_on,
                    )
                )
                waiting += 1
    return waiting
