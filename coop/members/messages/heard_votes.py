"""Messages about votes that a meeting opens on its day. A fact that is heard again sends nothing again."""

from __future__ import annotations

from collections.abc import Callable

from coop.events import Envelope
from coop.events.governance import ElectionVoteOpened, NewVoteOpened
from coop.kit.tx import Tx
from coop.members.messages import store
from coop.members.messages.commands import send_to_all
from coop.values import Said, say


def on_new_vote(tx: Tx, event: NewVoteOpened, envelope: Envelope) -> None:
    """Write all members that a disputed point is voted on again, whatever the first vote came to."""
    _tell_evening_vote(
        tx,
        event.meeting_id,
        event.resolution_id,
        f"/governance/resolutions/{event.resolution_id}",
        say("The outcome was disputed, so the first vote counts no more. Whoever is there votes anew."),
        lambda lang: event.subject_nl if lang == "nl" else event.subject_en,
    )


def on_election_vote(tx: Tx, event: ElectionVoteOpened, envelope: Envelope) -> None:
    """Write all members that the next vote of an election is open, but where all of them vote on paper."""
    if not event.secret:
        _tell_evening_vote(
            tx,
            event.meeting_id,
            f"{event.resolution_id}.{event.number}",
            f"/governance/elections/{event.resolution_id}",
            say("It is vote %(number)s of an election: the page names those whom one can choose.", number=event.number),
        )


def _tell_evening_vote(
    tx: Tx, meeting_id: str, cause: str, link: str, why: Said, subject: Callable[[str], str] | None = None
) -> None:
    """Mail all members that a vote was opened at a meeting, on its day: a letter would come too late."""
    meeting = store.find_meeting(tx, meeting_id)
    if meeting is not None and meeting.held_on == tx.today:
        reached = [each for each in store.list_voters(tx, tx.today) if each.email]
        held_on = meeting.held_on
        send_to_all(tx, "evening-vote", reached, cause, held_on=held_on, subject=subject, why=why, link=link)
