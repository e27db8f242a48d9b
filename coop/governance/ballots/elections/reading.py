"""An election as it stands: its candidacy, its votes, what was counted and drawn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from coop.governance.ballots.elections import store
from coop.governance.ballots.elections.candidacy import Candidacy, read_candidacy
from coop.governance.ballots.elections.model import Counted, Stand
from coop.governance.ballots.elections.rules import follow
from coop.governance.ballots.elections.store import Drawn, Opened
from coop.governance.meetings import store as meeting_store
from coop.governance.meetings.withdrawal_store import find_withdrawn_points
from coop.governance.model import ELECTION, Meeting, Resolution
from coop.governance.statutes.applying import find_articles
from coop.governance.statutes.model import Articles
from coop.kit.tx import Tx
from coop.values import NotFound, midnight, say


@dataclass(frozen=True)
class Election:
    """An election of a meeting: ``opened`` votes, those that were ``counted``, and the ``stand`` after them."""

    meeting: Meeting
    resolution: Resolution
    articles: Articles
    candidacy: Candidacy
    opened: Sequence[Opened]
    counted: Sequence[Counted]
    lots: Sequence[Drawn]
    stand: Stand
    is_withdrawn: bool

    @property
    def open_vote(self) -> Opened | None:
        """The vote that is open now."""
        return self.opened[-1] if len(self.opened) > len(self.counted) else None

    @property
    def counts_from(self) -> datetime:
        """The instant from which the vote that is open may be counted: the first one, which is open ahead of the
        meeting, is so as long as the notice says; every later one follows it in the meeting."""
        return midnight(self.meeting.held_on) if self.counted else self.meeting.may_close_from


def find_election(tx: Tx, resolution_id: str, *, lock: bool = False) -> Election:
    """An election, with its meeting locked where something is about to change.

    Raises:
        NotFound: there is none of this id.
    """
    meeting_id = meeting_store.find_agenda(tx, resolution_id)
    meeting = meeting_store.find_meeting(tx, meeting_id, lock=lock) if meeting_id else None
    points = [point for point in meeting.resolutions if point.resolution_id == resolution_id] if meeting else []
    if meeting is None or not points or points[0].kind != ELECTION:
        raise NotFound(say("there is no election %(resolution_id)s", resolution_id=resolution_id))
    return read_election(tx, meeting, points[0])


def read_election(tx: Tx, meeting: Meeting, resolution: Resolution) -> Election:
    """An election that is on the agenda of a meeting."""
    resolution_id = resolution.resolution_id
    articles = find_articles(meeting, meeting_store.list_statutes(tx))
    candidacy = read_candidacy(resolution.parameters)
    counted, lots = store.list_counted(tx, resolution_id), store.list_lots(tx, resolution_id)
    stand = follow(
        articles, candidacy, [each.sheet for each in counted], {each.number: tuple(each.drawn) for each in lots}
    )
    return Election(
        meeting,
        resolution,
        articles,
        candidacy,
        store.list_votes(tx, resolution_id),
        counted,
        lots,
        stand,
        resolution_id in find_withdrawn_points(tx, meeting.meeting_id),
    )
