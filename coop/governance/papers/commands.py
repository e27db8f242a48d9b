"""Commands on documents of agenda points.

Invariant: what lies open with a point is never changed or taken away. Before a notice binds it, a document is the
board's alone; what comes later says so.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace

from coop.events.governance import PaperAdded
from coop.governance.meetings import store as meeting_store
from coop.governance.meetings.paper_store import Laid, find_laid, lay, list_laid
from coop.governance.meetings.withdrawal_store import find_withdrawn_points
from coop.governance.model import Meeting, Paper, Resolution
from coop.governance.papers import store
from coop.governance.papers.rules import PAPERS_MAX, judge_paper, refuse_late_text
from coop.governance.statutes.applying import find_articles
from coop.governance.statutes.majorities import find_rule
from coop.governance.statutes.terms import find_notice
from coop.kit.tx import Tx
from coop.values import BadInput, CoopError, NotFound, Problem, hash_parameters, say


def put_ready(tx: Tx, name_nl: str, name_en: str, role: str, body: bytes) -> Paper:
    """Put a document ready for a point of an agenda; putting the same one ready again changes nothing.

    Without an English name it has the Dutch one.

    Raises:
        BadInput: it has no name, or its file is none that everybody can open safely.
    """
    name_nl = name_nl.strip()
    name_en = name_en.strip() or name_nl
    media_type = judge_paper(name_nl, name_en, role, body)
    sha256 = hashlib.sha256(body).hexdigest()
    paper_id = hash_parameters([name_nl, name_en, role, sha256])[:32]
    paper = Paper(paper_id, name_nl, name_en, role, media_type, len(body), sha256)
    store.add_ready(tx, paper, body)
    return paper


def find_papers(tx: Tx, paper_ids: Sequence[str]) -> tuple[Paper, ...]:
    """Documents that are ready or lie open already, in the order in which they are asked.

    Raises:
        BadInput: one is neither, stands twice, or they are too many for one point.
    """
    ready = store.find_ready(tx, paper_ids)
    found, problems = [], []
    for paper_id in dict.fromkeys(paper_ids):
        laid = None if paper_id in ready else find_laid(tx, paper_id)
        if paper_id not in ready and laid is None:
            problems.append(Problem(say("there is no document %(paper_id)s", paper_id=paper_id), "papers"))
        else:
            found.append(ready[paper_id] if laid is None else laid.paper)
    if len(found) > PAPERS_MAX:
        problems.append(Problem(say("a point has at most %(most)s documents", most=PAPERS_MAX), "papers"))
    if problems:
        raise BadInput(problems, "bad-paper")
    return tuple(found)


def keep_papers(tx: Tx, meeting: Meeting) -> None:
    """Keep the bytes of every document of a notice for good, before the notice binds their hashes."""
    named = {paper.paper_id for point in meeting.resolutions for paper in point.papers}
    for paper_id in store.find_ready(tx, named):
        store.keep_for_good(tx, paper_id)


def add_later(tx: Tx, resolution_id: str, paper_id: str) -> Paper:
    """Lay a document open with a point that was put to the vote already; it is marked as later, for ever.

    Adding the same one again changes nothing.

    Raises:
        BadInput: there is no such document, or the point has too many.
        CoopError: the point is decided or withdrawn, or a literal text comes too late by the statutes or the law.
        NotFound: there is no such point.
    """
    meeting, point = find_point(tx, resolution_id)
    paper = find_papers(tx, [paper_id])[0]
    laid = list_laid(tx, [resolution_id])
    if any(each.paper.paper_id == paper_id for each in laid):
        return paper
    if meeting_store.find_decision(tx, resolution_id) is not None:
        raise CoopError("meeting-closed", say("this point is decided: its documents stand as they are"))
    if resolution_id in find_withdrawn_points(tx, meeting.meeting_id):
        raise CoopError("point-withdrawn", say("this point was withdrawn: its documents stand as they are"))
    if len(laid) >= PAPERS_MAX:
        reason = say("a point has at most %(most)s documents", most=PAPERS_MAX)
        raise BadInput([Problem(reason, "papers")], "bad-paper")
    articles = find_articles(meeting, meeting_store.list_statutes(tx))
    refuse_late_text(articles, point.ruled_as, paper.role, tx.today, meeting.held_on)
    if store.find_ready(tx, [paper_id]):
        store.keep_for_good(tx, paper_id)
    lay(tx, resolution_id, [paper], later=True)
    tx.tell(
        PaperAdded(
            resolution_id=resolution_id,
            meeting_id=meeting.meeting_id,
            name_nl=paper.name_nl,
            name_en=paper.name_en,
            role=paper.role,
            sha256=paper.sha256,
            subject_nl=point.subject_nl,
            subject_en=point.subject_en,
        )
    )
    return paper


def take_away(tx: Tx, paper_id: str) -> Paper:
    """Take away a document that was put ready, with its bytes; returns the one that it was.

    Raises:
        CoopError: it lies open with a point: by the article under which the notice went out it stays as it is.
        NotFound: there is no such document.
    """
    ready = store.find_ready(tx, [paper_id])
    if ready:
        store.remove_ready(tx, paper_id)
        return ready[paper_id]
    laid = find_laid(tx, paper_id)
    if laid is None:
        raise NotFound(say("there is no such document"))
    meeting, point = find_point(tx, laid.resolution_id)
    articles = find_articles(meeting, meeting_store.list_statutes(tx))
    term = find_notice(articles, point.ruled_as, meeting.held_on)
    raise CoopError(
        "paper-fixed",
        say(
            '"%(name)s" belongs to the notice of the meeting of %(held_on)s (%(article)s): nothing in it can change;'
            " add a later document beside it",
            name=laid.paper.name_nl,
            held_on=meeting.held_on,
            article=term.article if term else find_rule(articles, point.ruled_as).article,
        ),
    )


def read_paper(tx: Tx, paper_id: str, *, of_board: bool) -> tuple[Paper, bytes]:
    """A document with its bytes: one that lies open, or for the board also one that is ready.

    Raises:
        NotFound: there is none, or it is the board's alone still.
        UnreadableDocument: its bytes are no longer those that were bound.
    """
    laid = find_laid(tx, paper_id)
    if laid is not None:
        return laid.paper, store.load_kept(tx, laid.paper.sha256)
    ready = store.read_ready(tx, paper_id) if of_board else None
    if ready is None:
        raise NotFound(say("there is no such document"))
    return ready


def list_papers(tx: Tx, meeting: Meeting) -> dict[str, list[Laid]]:
    """The documents of each point of a meeting that has some."""
    points: dict[str, list[Laid]] = {}
    for laid in list_laid(tx, [point.resolution_id for point in meeting.resolutions]):
        points.setdefault(laid.resolution_id, []).append(laid)
    return points


def attach(tx: Tx, meeting: Meeting, chosen: Sequence[Sequence[str]]) -> Meeting:
    """The meeting with the documents that were chosen for each of its points, in their order.

    Raises:
        BadInput: one of them is not there; the problem names its point.
    """
    points, problems = [], []
    for line, (point, paper_ids) in enumerate(zip(meeting.resolutions, chosen, strict=True), start=1):
        try:
            points.append(replace(point, papers=find_papers(tx, paper_ids)))
        except BadInput as bad:
            problems += [Problem(each.reason, f"{point.resolution_id}.papers", line) for each in bad.problems]
    if problems:
        raise BadInput(problems, "bad-paper")
    return replace(meeting, resolutions=tuple(points))


def find_point(tx: Tx, resolution_id: str) -> tuple[Meeting, Resolution]:
    """A point of an agenda with its meeting.

    Raises:
        NotFound: there is no such point.
    """
    meeting_id = meeting_store.find_agenda(tx, resolution_id)
    meeting = meeting_store.find_meeting(tx, meeting_id) if meeting_id else None
    if meeting is None:
        raise NotFound(say("there is no resolution %(resolution_id)s", resolution_id=resolution_id))
    return meeting, next(point for point in meeting.resolutions if point.resolution_id == resolution_id)
