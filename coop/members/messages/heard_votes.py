"""Messages about what comes on an agenda after its notice, votes that a meeting opens on its day, and requests of a
referendum that others entered. A fact that is heard again sends nothing again."""

from __future__ import annotations

from collections.abc import Callable, Collection

from coop.events import Envelope
from coop.events.governance import ElectionVoteOpened, MotionAdmitted, NewVoteOpened, ReferendumAsked, SteeringSeatTaken
from coop.kit.tx import Tx
from coop.members.messages import store
from coop.members.messages.commands import send, send_to_all
from coop.members.register.store import find_member
from coop.values import Said, say


def on_new_vote(tx: Tx, event: NewVoteOpened, envelope: Envelope) -> None:
    """Write all who vote that a disputed point is voted on again, whatever the first vote came to."""
    _tell_evening_vote(
        tx,
        event.meeting_id,
        event.resolution_id,
        f"/governance/resolutions/{event.resolution_id}",
        say("The outcome was disputed, so the first vote counts no more. Whoever is there votes anew."),
        lambda lang: event.subject_nl if lang == "nl" else event.subject_en,
        voters=event.voters,
    )


def on_election_vote(tx: Tx, event: ElectionVoteOpened, envelope: Envelope) -> None:
    """Write all who vote that the next vote of an election is open, but where all of them vote on paper."""
    if not event.secret:
        _tell_evening_vote(
            tx,
            event.meeting_id,
            f"{event.resolution_id}.{event.number}",
            f"/governance/elections/{event.resolution_id}",
            say("It is vote %(number)s of an election: the page names those whom one can choose.", number=event.number),
            voters=event.voters,
        )


def on_referendum_asked(tx: Tx, event: ReferendumAsked, envelope: Envelope) -> None:
    """Write the member that others entered a request of a referendum for them, as long as they may object to it."""
    member = find_member(tx, event.member_id)
    if member is None or event.objection_until is None or event.objection_until < tx.today:
        return
    send(
        tx,
        "request-entered",
        member,
        event.entry_id,
        until=event.objection_until,
        link=f"/governance/resolutions/{event.resolution_id}/referendum",
    )


def on_motion_admitted(tx: Tx, event: MotionAdmitted, envelope: Envelope) -> None:
    """Write all members that a proposal may be changed, or has another option beside it, and what becomes of a vote
    that was cast before, unless the meeting is over."""
    if event.held_on < tx.today:
        return
    changes, counts = event.manner == "amendment", event.ahead == "count"
    send_to_all(
        tx,
        "motion-admitted",
        store.list_voters(tx, event.held_on),
        event.motion_id,
        held_on=event.held_on,
        on=lambda lang: event.on_subject_nl if lang == "nl" else event.on_subject_en,
        changes=(lambda lang: event.subject_nl if lang == "nl" else event.subject_en) if changes else None,
        option=None if changes else (lambda lang: event.subject_nl if lang == "nl" else event.subject_en),
        counts=event.article if changes and counts else None,
        lapses=event.article if changes and not counts else None,
        link=f"/governance/resolutions/{event.amendment or event.resolution_id}",
    )


def _tell_evening_vote(
    tx: Tx,
    meeting_id: str,
    cause: str,
    link: str,
    why: Said,
    subject: Callable[[str], str] | None = None,
    *,
    voters: Collection[str],
) -> None:
    """Mail all who vote, or those ``voters`` where not all members do, that a vote was opened at a meeting, on its day:
    a letter would come too late."""
    meeting = store.find_meeting(tx, meeting_id)
    if meeting is not None and meeting.held_on == tx.today:
        reached = [each for each in store.list_voters(tx, tx.today, voters) if each.email]
        held_on = meeting.held_on
        send_to_all(tx, "evening-vote", reached, cause, held_on=held_on, subject=subject, why=why, link=link)


def on_steering_seat_taken(tx: Tx, event: SteeringSeatTaken, envelope: Envelope) -> None:
    """Keep who sits in a steering group: whoever reads what it decided may know their name."""
    store.keep_seat_holder(tx, event.account_id)
