"""Queries on statutes, meetings and decisions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date
from functools import lru_cache, partial

from sqlalchemy import ColumnElement, insert, select

from coop.communities.stops import is_stopped
from coop.governance.meetings.agenda import arrange, find_order
from coop.governance.meetings.class_store import add_counts, list_counts
from coop.governance.meetings.kept_statutes import take
from coop.governance.meetings.paper_store import Bound, group_bound, lay
from coop.governance.model import Count, Meeting, Resolution, Verdict
from coop.governance.programmes.documents import NOTICE, PARAMETERS, describe_notice
from coop.governance.statutes.model import Articles, Casting
from coop.governance.statutes.record import describe_articles, read_articles
from coop.governance.statutes.version import Statutes
from coop.governance.stops.store import map_stops
from coop.governance.tables.meetings import decision, meeting, resolution, statutes
from coop.governance.tables.stamps import stamp
from coop.kit.documents import Document, UnreadableDocument, find_stored, keep
from coop.kit.rows import find_by, group_among, insert_nouns, list_by, select_as
from coop.kit.tx import Tx
from coop.values import say


@dataclass(frozen=True)
class Decided:
    """The decision on a resolution as it is kept."""

    resolution_id: str
    decided_on: date
    verdict: Verdict
    parameters_hash: str
    count: Count
    voting_list_hash: str = ""
    ballots_hash: str = ""
    casting: Casting = ""
    approved: bool = False


@dataclass(frozen=True)
class _Point:
    """The row of a resolution."""

    resolution_id: str
    kind: str
    subject_nl: str
    subject_en: str
    explanation_nl: str
    explanation_en: str
    notice_hash: str
    option_of: str
    wins: str
    again_of: str | None
    motion_id: str | None
    amends: str | None
    amended_by: str | None


_KEPT = [each.name for each in fields(_Point) if each.name != "notice_hash"]
"""Fields of a point that its row holds as they are."""


@dataclass(frozen=True)
class _Version:
    """The row of a version of the statutes."""

    valid_from: date
    articles_hash: str
    deed_on: date | None
    resolution_id: str
    entry_id: str | None
    notary: str
    deed_file: str | None


@dataclass(frozen=True)
class _Convened:
    """The row of a meeting."""

    meeting_id: str
    held_on: date
    convened_on: date
    place: str
    entry_id: str | None
    begins_at: str
    votes_until: str
    second_of: str | None
    second_why: str


@dataclass(frozen=True)
class _Agenda:
    """The meeting on whose agenda a resolution stands."""

    meeting_id: str


@dataclass(frozen=True)
class _Decision:
    """The row of a decision."""

    resolution_id: str
    decided_on: date
    verdict: str
    reason: str
    article: str
    votes_needed: int
    parameters_hash: str
    votes_for: int
    votes_against: int
    votes_blank: int
    votes_entitled: int
    members_entitled: int
    members_present: int
    votes_silent: int
    votes_represented: int
    members_represented: int
    rule: str
    casting: Casting
    approved: bool
    voting_list_hash: str
    ballots_hash: str


def list_statutes(tx: Tx) -> list[Statutes]:
    """Every version, oldest first."""
    versions = list_by(tx, _Version, statutes, "valid_from")
    kept = find_stored(tx, {row.articles_hash for row in versions})
    return [
        Statutes(
            row.valid_from,
            _open(kept, row.articles_hash),
            row.deed_on,
            row.resolution_id,
            row.entry_id,
            row.notary,
            row.deed_file,
        )
        for row in versions
    ]


def _open(kept: Mapping[str, Document], articles_hash: str) -> Articles:
    """The articles with a hash: nothing is decided by others."""
    document = take(kept, articles_hash)
    if document.sha256 != articles_hash:
        raise UnreadableDocument("changed-document", say("articles of the statutes were changed in the database"))
    return _read(document)


@lru_cache(maxsize=64)
def _read(document: Document) -> Articles:
    return read_articles(PARAMETERS.open(document))


def add_statutes(tx: Tx, version: Statutes) -> None:
    """Keep a version with the document of its articles."""
    tx.execute(
        insert(statutes).values(
            community=tx.community,
            valid_from=version.valid_from,
            name=version.name,
            articles_hash=keep(tx, PARAMETERS.seal(describe_articles(version.articles))),
            deed_on=version.deed_on,
            notary=version.notary,
            deed_file=version.deed_file,
            resolution_id=version.resolution_id,
            entry_id=version.entry_id,
            **stamp(tx),
        )
    )


def add_meeting(tx: Tx, convened: Meeting, statutes_from: date) -> str:
    """Keep a notice with its points and all that each would do and lays open; returns the hash of the notice."""
    notice_hash = keep(tx, NOTICE.seal(describe_notice(convened)))
    tx.execute(
        insert(meeting).values(
            community=tx.community,
            meeting_id=convened.meeting_id,
            held_on=convened.held_on,
            convened_on=convened.convened_on,
            place=convened.place,
            begins_at=convened.begins_at,
            votes_until=convened.votes_until,
            statutes_from=statutes_from,
            notice_hash=notice_hash,
            entry_id=convened.entry_id,
            second_of=convened.second_of,
            second_why=convened.second_why,
            **stamp(tx),
        )
    )
    for number, point in enumerate(convened.resolutions, start=1):
        add_point(tx, convened.meeting_id, number, point)
    return notice_hash


def add_point(tx: Tx, meeting_id: str, number: int, point: Resolution) -> None:
    """Keep a point of a meeting with all that it would do and lays open."""
    said = {name: getattr(point, name) for name in _KEPT}
    kept = _Point(**said, notice_hash=keep(tx, PARAMETERS.seal(point.parameters)))
    insert_nouns(tx, resolution, [kept], meeting_id=meeting_id, number=number)
    lay(tx, point.resolution_id, point.papers)


def find_meeting(tx: Tx, meeting_id: str, *, lock: bool = False) -> Meeting | None:
    """A meeting as convened. ``lock`` makes votes and the closing of one meeting wait for each other."""
    if lock:
        tx.lock(f"meeting {meeting_id}")
    row = find_by(tx, _Convened, meeting, meeting_id=meeting_id)
    if row is None:
        return None
    points = list_by(tx, _Point, resolution, "number", meeting_id=meeting_id)
    return _convened(tx, [row], {meeting_id: points})[0]


def list_meetings(tx: Tx) -> list[Meeting]:
    """Every meeting, oldest first."""
    return _meetings(tx)


def list_undecided(tx: Tx) -> list[Meeting]:
    """Every meeting of which no point is decided, oldest first."""
    decided = (
        select(resolution.c.meeting_id)
        .join(decision, decision.c.resolution_id == resolution.c.resolution_id)
        .where(resolution.c.community == tx.community, decision.c.community == tx.community)
    )
    return _meetings(tx, meeting.c.meeting_id.not_in(decided))


def _meetings(tx: Tx, *where: ColumnElement[bool]) -> list[Meeting]:
    columns = meeting.c
    rows = select_as(tx, _Convened, meeting, *where, order_by=[columns.held_on, columns.meeting_id])
    wanted = [row.meeting_id for row in rows]
    return _convened(tx, rows, group_among(tx, _Point, resolution, "meeting_id", wanted, "number"))


def _convened(tx: Tx, rows: Sequence[_Convened], points: Mapping[str, Sequence[_Point]]) -> list[Meeting]:
    documents = find_stored(tx, {point.notice_hash for agenda in points.values() for point in agenda})
    papers = group_bound(tx, {point.resolution_id for agenda in points.values() for point in agenda})
    return [
        Meeting(
            resolutions=arrange(
                [_resolution(point, documents, papers) for point in points.get(row.meeting_id, ())],
                partial(find_order, tx, row.meeting_id),
            ),
            **vars(row),
        )
        for row in rows
    ]


def find_agenda(tx: Tx, resolution_id: str) -> str | None:
    """The meeting on whose agenda a resolution stands."""
    found = find_by(tx, _Agenda, resolution, resolution_id=resolution_id)
    return None if found is None else found.meeting_id


def find_resolution(tx: Tx, resolution_id: str) -> Resolution | None:
    """A resolution as its notice put it, or None."""
    meeting_id = find_agenda(tx, resolution_id)
    points = convened.resolutions if meeting_id and (convened := find_meeting(tx, meeting_id)) else ()
    return next((point for point in points if point.resolution_id == resolution_id), None)


def find_notice(tx: Tx, resolution_id: str) -> tuple[str, Document]:
    """The hash that the notice of a resolution bound, and the document of its parameters as it is stored now."""
    notice_hash: str | None = tx.scalar(
        select(resolution.c.notice_hash).where(
            resolution.c.community == tx.community, resolution.c.resolution_id == resolution_id
        )
    )
    assert notice_hash is not None
    return notice_hash, find_stored(tx, [notice_hash])[notice_hash]


def list_adopted(tx: Tx) -> list[str]:
    """Resolutions that were adopted, the one decided last first."""
    query = (
        select(decision.c.resolution_id)
        .where(decision.c.community == tx.community, decision.c.verdict == "adopted")
        .order_by(decision.c.decided_on.desc(), decision.c.resolution_id)
    )
    return list(tx.scalars(query))


def list_tariffs(tx: Tx) -> list[Resolution]:
    """Tariffs that were adopted and hold, as their notices put them, in order of the day of the decision."""
    return list_holding(tx, "tariff")


def list_holding(tx: Tx, *kinds: str) -> list[Resolution]:
    """Resolutions of some kinds that were adopted and did not fall since."""
    stops = map_stops(tx)
    return [each for each in list_adopted_of(tx, *kinds) if not is_stopped(stops.get(each.resolution_id, ()), date.max)]


def list_adopted_of(tx: Tx, *kinds: str) -> list[Resolution]:
    """Resolutions of some kinds that were adopted, as they were put to the vote, by the day of the decision."""
    query = (
        select(resolution.c.meeting_id, resolution.c.resolution_id)
        .join(
            decision,
            (decision.c.community == resolution.c.community) & (decision.c.resolution_id == resolution.c.resolution_id),
        )
        .where(resolution.c.community == tx.community, resolution.c.kind.in_(kinds), decision.c.verdict == "adopted")
        .order_by(decision.c.decided_on, resolution.c.resolution_id)
    )
    adopted = [row.resolution_id for row in tx.execute(query)]
    points = {point.resolution_id: point for meeting in list_meetings(tx) for point in meeting.resolutions}
    return [points[resolution_id] for resolution_id in adopted]


def list_decisions(tx: Tx, meeting_id: str) -> dict[str, Decided]:
    """The decisions of a meeting by resolution; none while it is open."""
    on_agenda = select(resolution.c.resolution_id).where(
        resolution.c.community == tx.community, resolution.c.meeting_id == meeting_id
    )
    rows = select_as(tx, _Decision, decision, decision.c.resolution_id.in_(on_agenda))
    classes = list_counts(tx, [row.resolution_id for row in rows])
    return {row.resolution_id: _decided(row, classes.get(row.resolution_id, ())) for row in rows}


def find_decision(tx: Tx, resolution_id: str) -> Decided | None:
    """The decision on a resolution, or None while the vote is open."""
    row = find_by(tx, _Decision, decision, resolution_id=resolution_id)
    return _decided(row, list_counts(tx, [resolution_id]).get(resolution_id, ())) if row else None


def add_decision(tx: Tx, decided: Decided) -> None:
    """Keep a decision for good."""
    verdict, count = decided.verdict, decided.count
    row = _Decision(
        decided.resolution_id,
        decided.decided_on,
        verdict.word,
        verdict.reason,
        verdict.article,
        verdict.votes_needed,
        decided.parameters_hash,
        count.votes_for,
        count.votes_against,
        count.votes_blank,
        count.votes_entitled,
        count.members_entitled,
        count.members_present,
        count.votes_silent,
        count.votes_represented,
        count.members_represented,
        verdict.rule,
        decided.casting,
        decided.approved,
        decided.voting_list_hash,
        decided.ballots_hash,
    )
    insert_nouns(tx, decision, [row], **stamp(tx))
    add_counts(tx, decided.resolution_id, count.classes)


def _resolution(point: _Point, documents: Mapping[str, Document], papers: Bound) -> Resolution:
    document = documents.get(point.notice_hash)
    if document is None:
        raise UnreadableDocument(
            "lost-document", say("the parameters of %(resolution_id)s are gone", resolution_id=point.resolution_id)
        )
    said = {name: getattr(point, name) for name in _KEPT}
    return Resolution(**said, parameters=PARAMETERS.open(document), papers=papers.get(point.resolution_id, ()))


def _decided(row: _Decision, classes: tuple[tuple[str, Count], ...]) -> Decided:
    return Decided(
        row.resolution_id,
        row.decided_on,
        Verdict(row.verdict == "adopted", row.reason, row.article, row.votes_needed, row.rule),
        row.parameters_hash,
        Count(
            row.votes_for,
            row.votes_against,
            row.votes_blank,
            row.votes_entitled,
            row.members_entitled,
            row.members_present,
            row.votes_silent,
            row.votes_represented,
            row.members_represented,
            classes,
        ),
        row.voting_list_hash,
        row.ballots_hash,
        row.casting,
        row.approved,
    )
