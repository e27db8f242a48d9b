"""Walk a resolution back: its notice, its rules, its voting list and each of its ballots, counted a second time.

A second opinion: nothing here is shared with what counted first. The arithmetic, the hashes and the reading of rows are
this module's own, and every row is held against what the sealed journal told when it was written.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from coop.events.governance import MeetingConvened, PaperAdded, ResolutionDecided, StatutesAdopted
from coop.governance.ballots import second_opinion
from coop.governance.ballots import store as ballot_store
from coop.governance.ballots.attendance.again import check_mandates, replay_attendance
from coop.governance.ballots.attendance.told import list_told
from coop.governance.ballots.box_again import (
    add_up_again,
    check_box,
    check_splits,
    commit_again,
    hash_again,
    is_signed_by_two,
)
from coop.governance.ballots.challenges.again import check_disputes
from coop.governance.ballots.classes_again import check_told_classes, read_classes_again, read_told_classes
from coop.governance.ballots.elections.again import check_election
from coop.governance.ballots.elections.store import list_counted
from coop.governance.ballots.falls_again import check_stops, ruled_as
from coop.governance.ballots.list_again import read_list_again
from coop.governance.ballots.motions.again import check_motion, has_lapsed
from coop.governance.ballots.referenda.again import check_referendum
from coop.governance.ballots.second_opinion import Record
from coop.governance.ballots.words.again import check_words, read_words_again
from coop.governance.entries import store as entry_store
from coop.governance.meetings import store
from coop.governance.meetings.kept_statutes import KeptStatutes, find_articles
from coop.governance.meetings.paper_store import list_laid
from coop.governance.model import Ballot, Count, Meeting, Resolution
from coop.governance.stops.store import list_stops
from coop.kit.documents import find_stored
from coop.kit.tx import Tx
from coop.values import NotFound, say


@dataclass(frozen=True)
class VerifiedResolution:
    """A decided resolution, counted again. It agrees when there are no findings.

    ``history``: its meeting was entered afterwards, from minutes that two people signed.
    """

    resolution_id: str
    subject_nl: str
    subject_en: str
    held_on: date
    decided_on: date | None
    count: Count
    verdict: str
    article: str
    ballots: int
    history: bool
    findings: tuple[str, ...]
    stops: tuple[str, ...] = ()
    """Tellings that it does not act from a day on, or acts again, in words."""


def verify_resolution(tx: Tx, resolution_id: str) -> VerifiedResolution:
    """Count a resolution again and say everything that does not agree with what was decided and told.

    Raises:
        NotFound: there is no such resolution.
    """
    meeting_id = store.find_agenda(tx, resolution_id)
    meeting = store.find_meeting(tx, meeting_id) if meeting_id else None
    if meeting is None:
        raise NotFound(say("there is no resolution %(resolution_id)s", resolution_id=resolution_id))
    resolution = next(point for point in meeting.resolutions if point.resolution_id == resolution_id)
    findings: list[str] = []
    articles = _read_articles(tx, meeting, findings)
    findings += _check_notice(tx, meeting)
    findings += _check_papers(tx, resolution_id)
    if resolution.kind == "election" and not meeting.entry_id:
        return _verify_election(tx, meeting, resolution, articles, findings)
    count = (_read_minutes if meeting.entry_id else _count_box)(tx, meeting, resolution, articles, findings)
    findings += check_splits(tx, meeting.meeting_id, resolution_id, articles)
    decided = store.find_decision(tx, resolution_id)
    first_on = _find_first(tx, meeting, resolution)
    adopted, article = second_opinion.judge(
        articles,
        ruled_as(resolution),
        count,
        casting=_find_casting(tx, decided, articles, resolution),
        approved=meeting.is_history or read_words_again(tx, resolution_id).get("body") == "consents",
        first_on=first_on,
        held_on=meeting.held_on,
        says_why=bool(meeting.second_why),
    )
    judged = ("adopted" if adopted else "rejected", article)
    counted = "the minutes give" if meeting.entry_id else "the ballots counted again give"
    if adopted and (has_lapsed(tx, meeting, resolution) or _is_beaten(tx, meeting, resolution, articles)):
        judged = ("rejected", article)
    findings += _check_decision(tx, resolution, count, judged, counted)
    findings += check_stops(tx, resolution_id)
    if not meeting.is_history:
        findings += check_words(tx, resolution_id, decided, _find_tie(articles, resolution))
    findings += check_disputes(tx, meeting, resolution)
    findings += check_motion(tx, meeting, resolution, articles)
    findings += check_referendum(tx, meeting, resolution, articles)
    return VerifiedResolution(
        resolution_id=resolution_id,
        subject_nl=resolution.subject_nl,
        subject_en=resolution.subject_en,
        held_on=meeting.held_on,
        decided_on=decided.decided_on if decided else None,
        count=count,
        verdict=decided.verdict.word if decided else judged[0],
        article=article,
        ballots=len(ballot_store.list_ballots(tx, resolution_id)),
        history=meeting.is_history,
        findings=tuple(f"resolution {resolution_id}: {finding}" for finding in findings),
        stops=tuple(f"{each.manner} from {each.from_on}" for each in list_stops(tx, resolution_id)),
    )


def _verify_election(
    tx: Tx, meeting: Meeting, resolution: Resolution, articles: Record, findings: list[str]
) -> VerifiedResolution:
    """Count an election again, vote by vote."""
    resolution_id = resolution.resolution_id
    read_list_again(tx, meeting, findings)
    findings += check_election(tx, meeting, resolution, articles)
    decided = store.find_decision(tx, resolution_id)
    cast = sum(len(each.weights) for each in list_counted(tx, resolution_id))
    return VerifiedResolution(
        resolution_id=resolution_id,
        subject_nl=resolution.subject_nl,
        subject_en=resolution.subject_en,
        held_on=meeting.held_on,
        decided_on=decided.decided_on if decided else None,
        count=decided.count if decided else Count(0, 0, 0, 0),
        verdict=decided.verdict.word if decided else "rejected",
        article=decided.verdict.article if decided else "",
        ballots=cast,
        history=False,
        findings=tuple(f"resolution {resolution_id}: {finding}" for finding in findings),
    )


def _check_notice(tx: Tx, meeting: Meeting) -> Iterator[str]:
    """Hold the rows of a notice against the hash that was told when it went out."""
    second = {"second_of": meeting.second_of, "second_why": meeting.second_why} if meeting.second_of else {}
    notice = second | {
        "meeting_id": meeting.meeting_id,
        "held_on": str(meeting.held_on),
        "convened_on": str(meeting.convened_on),
        "place": meeting.place,
        "begins_at": meeting.begins_at,
        "votes_until": meeting.votes_until,
        "resolutions": [
            {
                "resolution_id": point.resolution_id,
                "kind": point.kind,
                "subject_nl": point.subject_nl,
                "subject_en": point.subject_en,
                "explanation_nl": point.explanation_nl,
                "explanation_en": point.explanation_en,
                "parameters_sha256": hash_again(point.parameters),
                **({"option_of": point.option_of, "wins": point.wins} if point.option_of else {}),
                **_describe_papers(point),
            }
            for point in meeting.agenda
        ],
    }
    told = list_told(tx, MeetingConvened, meeting.meeting_id)
    if [each.get("notice_hash") for each in told] != [hash_again(notice)]:
        yield "the notice is not the one that was told when the meeting was convened"
    if [each.get("history", False) for each in told] != [meeting.entry_id is not None]:
        yield "the meeting does not say as it was told whether it was entered afterwards"
    if [(each.get("second_of", ""), each.get("second_why", "")) for each in told] != [
        (meeting.second_of or "", meeting.second_why)
    ]:
        yield "the meeting does not say as it was told of which one it is the second, and why"


def _describe_papers(point: Resolution) -> Mapping[str, Any]:
    """The documents of a point as a notice names them."""
    names = ("name_nl", "name_en", "role", "sha256")
    papers = [{name: getattr(paper, name) for name in names} for paper in point.papers]
    return {"papers": papers} if papers else {}


def _check_papers(tx: Tx, resolution_id: str) -> Iterator[str]:
    """Hold the documents of a point against their hashes, and those that came later against what was told."""
    laid = list_laid(tx, [resolution_id])
    stored = find_stored(tx, {each.paper.sha256 for each in laid})
    for paper in (each.paper for each in laid):
        document = stored.get(paper.sha256)
        if document is None or hashlib.sha256(document.body).hexdigest() != paper.sha256:
            yield f'the document "{paper.name_nl}" is gone, or was changed'
    later = [each.paper.sha256 for each in laid if each.is_later]
    if later != [each["sha256"] for each in list_told(tx, PaperAdded, resolution_id)]:
        yield "the later documents are not those that were told"


def _read_articles(tx: Tx, meeting: Meeting, findings: list[str]) -> Record:
    """The record of the statutes of a meeting, held against the hash that was told when they came on file."""
    version, document = find_articles(tx, meeting.held_on)
    if version.entry_id is None or not is_signed_by_two(tx, version.entry_id):
        findings.append("the statutes stand in no entry that two people signed")
    told = list_told(tx, StatutesAdopted, str(version.valid_from))
    if [each["articles_hash"] for each in told] != [hashlib.sha256(document.body).hexdigest()]:
        findings.append("the articles of the statutes are not those that were told when they came on file")
    if [each.get("deed_hash", "") for each in told] != [_hash_deed_again(tx, version)]:
        findings.append("the deed of the statutes is not the one that was told when they came on file")
    record: Record = json.loads(document.body)
    return record


def _hash_deed_again(tx: Tx, version: KeptStatutes) -> str:
    """The hash over the day, the notary and the bytes of the deed as they are stored now."""
    if version.deed_file is None:
        return ""
    document = find_stored(tx, [version.deed_file]).get(version.deed_file)
    body = document.body if document else b""
    return hash_again(
        {"made_on": str(version.deed_on), "notary": version.notary, "file": hashlib.sha256(body).hexdigest()}
    )


def _find_first(tx: Tx, meeting: Meeting, resolution: Resolution) -> date | None:
    """The day of the first meeting on the same, which had no quorum for it."""
    first = store.find_meeting(tx, meeting.second_of) if meeting.second_of else None
    if first is None:
        return None
    proposed = _describe_proposal(resolution)
    for point in first.resolutions:
        decided = None if point.resolution_id in first.voted_again else store.find_decision(tx, point.resolution_id)
        if decided and decided.verdict.reason == "no-quorum" and _describe_proposal(point) == proposed:
            return first.held_on
    return None


def _describe_proposal(point: Resolution) -> list[Any]:
    """All that is put to the vote: everything but ids and what only explains."""
    own = ("resolution_id", "option_of", "papers", "again_of", "motion_id", "amends", "amended_by", "countered")
    texts = sorted(paper.sha256 for paper in point.papers if paper.role == "text")
    return [[value for name, value in vars(point.noticed).items() if name not in own], texts]


def _find_tie(articles: Record, resolution: Resolution) -> str:
    """The rule of the statutes on a tie."""
    return str(second_opinion.find_rule(articles, ruled_as(resolution)).get("tie", "rejects"))


def _find_casting(tx: Tx, decided: store.Decided | None, articles: Record, resolution: Resolution) -> str:
    """The word that broke a tie: the chair's as two people signed it and it was told, or the lot as it falls again."""
    if _find_tie(articles, resolution) != "lot":
        return read_words_again(tx, resolution.resolution_id).get("chair", "")
    if decided is None or not decided.ballots_hash:
        return ""
    return "for" if int(hash_again(["lot", resolution.resolution_id, decided.ballots_hash]), 16) % 2 else "against"


def _is_beaten(tx: Tx, meeting: Meeting, resolution: Resolution, articles: Record) -> bool:
    """True for an option that reached its majority and that another one beats, by the counts as they are kept: each of
    them is walked back by itself."""
    if not resolution.option_of:
        return False
    options = [point for point in meeting.resolutions if point.option_of == resolution.option_of]
    decisions = [(point.resolution_id, store.find_decision(tx, point.resolution_id)) for point in options]
    beaten = ("other-option", "option-tie")
    kept = [(name, made) for name, made in decisions if made is not None]
    reached = [(name, made) for name, made in kept if made.verdict.adopted or made.verdict.reason in beaten]
    if not reached:
        return False
    if resolution.wins == "first":
        return reached[0][0] != resolution.resolution_id
    ranked = sorted(reached, key=lambda each: -each[1].count.votes_for)
    tied = [each for each in ranked if each[1].count.votes_for == ranked[0][1].count.votes_for]
    if len(tied) > 1:
        tie = _find_tie(articles, resolution)
        if tie == "chair":
            chosen = [each for each in tied if read_words_again(tx, each[0]).get("chair") == "for"]
            tied = chosen if len(chosen) == 1 else []
        elif tie == "lot" and all(decided.ballots_hash for _, decided in tied):
            tied = sorted(tied, key=lambda each: hash_again(["lot", each[0], each[1].ballots_hash]))
        else:
            tied = []
    return not tied or tied[0][0] != resolution.resolution_id


def _count_box(tx: Tx, meeting: Meeting, resolution: Resolution, articles: Record, findings: list[str]) -> Count:
    """Count the ballots by the frozen list, each held against the commitment that was told when it was put in the
    box."""
    resolution_id = resolution.resolution_id
    history = ballot_store.list_ballots(tx, resolution_id)
    findings += check_box(tx, resolution_id, history)
    votes = read_list_again(tx, meeting, findings)
    every = [ballot for cast in history.values() for ballot in cast]
    findings += check_mandates(tx, meeting.meeting_id, every)
    objections = ballot_store.list_objections(tx, resolution_id)
    struck = {each.member_id: each.number for each in objections if each.in_time}
    counted = [cast[-1] for member_id, cast in history.items() if len(cast) > struck.get(member_id, 0)]
    commitments = sorted(commit_again(resolution_id, each) for each in counted)
    box = hashlib.sha256("".join(each + "\n" for each in commitments).encode()).hexdigest()
    decided = store.find_decision(tx, resolution_id)
    if decided is not None and decided.ballots_hash != box:
        findings.append("the ballots that were counted are others")
    manners = replay_attendance(tx, meeting.meeting_id, findings)
    own = read_classes_again(tx, meeting, ruled_as(resolution), articles, votes, findings)
    classes = tuple((name, _add_up(counted, listed, manners)) for name, listed in own)
    return replace(_add_up(counted, votes, manners), classes=classes)


def _add_up(counted: list[Ballot], votes: Mapping[str, int], manners: Mapping[str, str]) -> Count:
    """Add ballots up by the voting list, and who was there by the list of the attendance."""
    cast = {ballot.member_id: ballot for ballot in counted if votes.get(ballot.member_id, 0)}
    sums = add_up_again(cast.values(), votes)
    listed = {member_id: manner for member_id, manner in manners.items() if member_id in votes}
    there = listed.keys() | cast.keys()
    by_others = [member_id for member_id in there if votes[member_id] and _is_by_other(member_id, listed, cast)]
    return Count(
        sums["for"],
        sums["against"],
        sums["blank"],
        sum(votes.values()),
        members_entitled=len(votes),
        members_present=len(there),
        votes_silent=sum(votes[member_id] for member_id in there if member_id not in cast),
        votes_represented=sum(votes[member_id] for member_id in by_others),
        members_represented=len(by_others),
    )


def _is_by_other(member_id: str, listed: Mapping[str, str], cast: Mapping[str, Ballot]) -> bool:
    """True for who is there by somebody else alone: who did not come, nor vote in their own session."""
    ballot = cast.get(member_id)
    if ballot is not None and ballot.channel == "own":
        return False
    return listed.get(member_id, "mandate") == "mandate" and (
        member_id in listed or bool(ballot and ballot.proxy_holder)
    )


def _read_minutes(tx: Tx, meeting: Meeting, resolution: Resolution, _: Record, findings: list[str]) -> Count:
    """The count of a resolution in minutes that two people signed, held against the hash of what was entered."""
    assert meeting.entry_id is not None
    entry = entry_store.get_entry(tx, meeting.entry_id)
    if entry.content_hash != hash_again([entry.kind, entry.meeting_id, entry.paper, entry.content]):
        findings.append("the minutes are not as two people entered them")
    settled = entry_store.find_settled(tx, entry.entry_id)
    if settled is None or settled.outcome != "confirmed" or settled.actor == entry.actor:
        findings.append("nobody but who entered the minutes confirmed them")
    points: list[Mapping[str, Any]] = entry.content["resolutions"]
    said = [point["count"] for point in points if point["resolution"]["resolution_id"] == resolution.resolution_id]
    if not said:
        findings.append("the minutes do not hold it any more")
        return Count(0, 0, 0, 0)
    return Count(**said[0] | {"classes": read_told_classes(said[0])})


def _check_decision(
    tx: Tx, resolution: Resolution, count: Count, judged: tuple[str, str], counted: str
) -> Iterator[str]:
    """Hold a decision against its notice, the count made again as ``counted`` says with the verdict and the article
    that it comes to, and what was told."""
    resolution_id = resolution.resolution_id
    notice_hash, document = store.find_notice(tx, resolution_id)
    if document.sha256 != notice_hash:
        yield "the parameters are no longer those of the notice"
    decided = store.find_decision(tx, resolution_id)
    if decided is None:
        yield "it was never decided"
        return
    if decided.parameters_hash != document.sha256:
        yield "the parameters are no longer those that were adopted"
    if decided.count != count:
        yield f"{counted} another count"
    verdict, article = judged
    fell_away = decided.verdict.reason == "decided-before"
    if decided.verdict.word != ("rejected" if fell_away else verdict):
        yield f"{counted} another verdict: {verdict}"
    if decided.verdict.article != article:
        yield f"the verdict rests on {article}, not on {decided.verdict.article}"
    told = list_told(tx, ResolutionDecided, resolution_id)
    names = ("votes_for", "votes_against", "votes_blank", "members_present", "members_entitled", "verdict")
    counts = [tuple(each.get(name, 0) for name in names) for each in told]
    kept = decided.count
    heads = (kept.members_present, kept.members_entitled)
    yield from check_told_classes(kept, told)
    if counts != [(kept.votes_for, kept.votes_against, kept.votes_blank, *heads, decided.verdict.word)]:
        yield "the count and the verdict are not those that were told when it was decided"
    hashes = [(each.get("voting_list_hash", ""), each.get("ballots_hash", "")) for each in told]
    if hashes != [(decided.voting_list_hash, decided.ballots_hash)]:
        yield "the voting list and ballots of the decision are not those that were told"
