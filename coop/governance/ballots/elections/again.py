"""An election counted a second time: every ballot, paper and lot held against what the sealed journal told, and each
ruling made again. Nothing is shared with what counted first: arithmetic, hashes and steps are this module's own.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from typing import Any

from coop.events.elections import (
    CandidatesNamed,
    ElectionBallotsCommitted,
    ElectionVoteCounted,
    ElectionVoteOpened,
    LotDrawn,
    PersonElected,
)
from coop.governance.ballots.attendance.told import list_told
from coop.governance.ballots.elections import store
from coop.governance.ballots.elections.model import Counted, Vote
from coop.governance.ballots.elections.steps_again import check_steps
from coop.governance.ballots.elections.store import Opened
from coop.governance.entries import store as entry_store
from coop.governance.meetings import list_store
from coop.governance.meetings import store as meeting_store
from coop.governance.meetings.term_store import list_terms
from coop.governance.model import Meeting, Resolution
from coop.kit.tx import Tx

Record = Mapping[str, Any]


def check_election(tx: Tx, meeting: Meeting, resolution: Resolution, articles: Record) -> list[str]:
    """Everything about an election that does not agree with its ballots, its papers, or what was told.

    Args:
        tx: open transaction. meeting: of the election. resolution: the election.
        articles: the record of the statutes, as it was told.
    """
    resolution_id = resolution.resolution_id
    opened, counted = store.list_votes(tx, resolution_id), store.list_counted(tx, resolution_id)
    findings = [*_check_opened(tx, resolution_id, opened)]
    if len(list_told(tx, CandidatesNamed, resolution_id)) != 1:
        findings.append("the candidates were not told with the notice")
    listed = list_store.find_list(tx, meeting.meeting_id, list_store.CLOSED) or {}
    for vote, count in zip(opened, counted, strict=False):
        findings += _check_count(tx, vote, count, listed)
    findings += _check_told(tx, resolution_id, counted)
    lots = {each.number: each.drawn for each in store.list_lots(tx, resolution_id)}
    findings += check_steps(resolution.parameters, articles, opened, counted, lots)
    elected = _replay(tx, resolution, articles, opened, counted, findings)
    findings += _check_elected(tx, resolution, elected)
    return findings


def _check_opened(tx: Tx, resolution_id: str, opened: Sequence[Opened]) -> Iterator[str]:
    names = ("number", "kind", "options", "seats", "on_paper", "secret")
    told = [[each[name] for name in names] for each in list_told(tx, ElectionVoteOpened, resolution_id)]
    kept = [[getattr(each, name) for name in names] for each in opened]
    if json.loads(json.dumps(told)) != json.loads(json.dumps(kept)):
        yield "the votes of the election are not as they were told when they were opened"


def _check_count(tx: Tx, vote: Opened, count: Counted, listed: Mapping[str, int]) -> Iterator[str]:
    """Hold one count against its ballots and its paper."""
    cast = store.list_ballots(tx, vote.resolution_id, vote.number)
    kept = Counter(_commit(vote.resolution_id, each) for ballots in cast.values() for each in ballots)
    told = Counter(
        commitment
        for each in list_told(tx, ElectionBallotsCommitted, vote.resolution_id)
        if each["number"] == vote.number
        for commitment in each["commitments"]
    )
    if kept != told:
        changed, missing = sum((kept - told).values()), sum((told - kept).values())
        yield f"vote {vote.number}: {changed} ballots are not as they were put in the box, and {missing} are missing"
    yield from _check_order(tx, vote, cast)
    if vote.secret and cast:
        yield f"vote {vote.number}: it is secret, and ballots name their members"
    standing = {member_id: ballots[-1] for member_id, ballots in cast.items()}
    weights = {member_id: count.weights[member_id] for member_id in standing if member_id in count.weights}
    if weights != dict(count.weights) or any(listed.get(each, weights[each]) != weights[each] for each in weights):
        yield f"vote {vote.number}: ballots weigh otherwise than the voting list says"
    pairs = sorted([_commit(vote.resolution_id, standing[each]), weights[each]] for each in weights)
    if _hash(pairs) != count.ballots_hash:
        yield f"vote {vote.number}: the ballots that were counted are others"
    sums: Counter[str] = Counter(dict.fromkeys(vote.options, 0))
    papers: Counter[str] = Counter()
    for member_id, weight in weights.items():
        papers["valid" if standing[member_id].choices else "blank"] += weight
        sums.update(dict.fromkeys(standing[member_id].choices, weight))
    if count.entry_id is not None:
        entry, settled = entry_store.get_entry(tx, count.entry_id), entry_store.find_settled(tx, count.entry_id)
        if entry.content_hash != _hash([entry.kind, entry.meeting_id, entry.paper, entry.content]):
            yield f"vote {vote.number}: the count on paper is not as two people entered it"
        if settled is None or settled.outcome != "confirmed" or settled.actor == entry.actor:
            yield f"vote {vote.number}: nobody but who entered the count on paper confirmed it"
        sums.update(entry.content["votes"])
        papers.update({name: entry.content[name] for name in ("valid", "blank", "invalid")})
    figures = (papers["valid"], papers["blank"], papers["invalid"])
    if dict(sums) != dict(count.votes) or figures != (count.valid, count.blank, count.invalid):
        yield f"vote {vote.number}: ballots and papers counted again give another count"


def _check_order(tx: Tx, vote: Opened, cast: Mapping[str, Sequence[Vote]]) -> Iterator[str]:
    """Hold the order of a member's ballots against that in which they were told: the last one stands."""
    facts = list_told(tx, ElectionBallotsCommitted, vote.resolution_id)
    told_at = {commitment: place for place, each in enumerate(facts) for commitment in each["commitments"]}
    swapped = 0
    for ballots in cast.values():
        places = [told_at.get(_commit(vote.resolution_id, each), -1) for each in ballots]
        swapped += places != sorted(set(places)) or [each.place for each in ballots] != list(range(1, len(ballots) + 1))
    if swapped:
        yield f"vote {vote.number}: ballots of {swapped} members stand in another order than they were cast"


def _check_told(tx: Tx, resolution_id: str, counted: Sequence[Counted]) -> Iterator[str]:
    told = [
        (
            each["number"],
            dict(zip(each["names"], each["votes"], strict=True)),
            each["valid"],
            each["blank"],
            each["invalid"],
            each["entitled"],
            each["word"],
            each["article"],
            each["ballots_hash"],
            each.get("entry_id", ""),
        )
        for each in list_told(tx, ElectionVoteCounted, resolution_id)
    ]
    kept = [
        (
            each.number,
            dict(each.votes),
            each.valid,
            each.blank,
            each.invalid,
            each.entitled,
            each.word,
            each.article,
            each.ballots_hash,
            each.entry_id or "",
        )
        for each in counted
    ]
    if told != kept:
        yield "the counts are not those that were told when the votes were closed"
    drawn = [(each["number"], each["drawn"], each["entry_id"]) for each in list_told(tx, LotDrawn, resolution_id)]
    lots = store.list_lots(tx, resolution_id)
    if [(number, list(names), entry_id) for number, names, entry_id in drawn] != [
        (each.number, list(each.drawn), each.entry_id) for each in lots
    ]:
        yield "the lots are not those that were told"
    for each in lots:
        entry, settled = entry_store.get_entry(tx, each.entry_id), entry_store.find_settled(tx, each.entry_id)
        if settled is None or settled.outcome != "confirmed" or settled.actor == entry.actor:
            yield f"nobody but who entered the lot after vote {each.number} confirmed it"


def _replay(
    tx: Tx,
    resolution: Resolution,
    articles: Record,
    opened: Sequence[Opened],
    counted: Sequence[Counted],
    findings: list[str],
) -> list[str]:
    """Outcome of the counts, vote by vote: each winner has what the statutes ask."""
    rule, elected = articles.get("election", {}), list[str]()
    nominated = resolution.parameters.get("nominated", [])
    lots = {each.number: list(each.drawn) for each in store.list_lots(tx, resolution.resolution_id)}
    seats = 1 if resolution.parameters.get("lists") else resolution.parameters["seats"]
    for vote, count in zip(opened, counted, strict=False):
        votes = {name: count.votes.get(name, 0) for name in vote.options if name != "against"}
        if vote.kind == "nomination":
            if _is_broken(articles, count) != (count.word == "broken"):
                findings.append("the binding nomination was judged otherwise than its votes say")
            elected += [] if _is_broken(articles, count) else nominated
            continue
        elects = vote.kind == "round" and count.word != "no quorum" and count.valid > 0
        won = _list_winners(vote, count, votes, rule) if elects else []
        if not set(won) <= set(votes) or (count.word == "elected" and not won):
            findings.append(f"vote {vote.number}: nobody has the votes that elect")
        elected += won
        if vote.number == len(counted):  # a lot after the last vote elects; any other says who goes on
            elected += lots.get(vote.number, [])
    if len(elected) > seats:
        findings.append("more are elected than there are seats")
    return elected


def _list_winners(vote: Opened, count: Counted, votes: Mapping[str, int], rule: Record) -> list[str]:
    """Whoever a round elects by itself: the most votes first, and nobody who shares the last place with another."""
    half = Fraction(count.valid, 2)
    free = vote.seats
    if rule.get("plurality") and "against" not in vote.options:
        enough = dict(votes)
    else:
        enough = {name: cast for name, cast in votes.items() if cast > half}
    if len(enough) <= free:
        return sorted(enough, key=lambda name: -enough[name])
    bound = sorted(enough.values(), reverse=True)[free - 1]
    above = [name for name in enough if enough[name] > bound]
    at_bound = [name for name in enough if enough[name] == bound]
    return above + (at_bound if len(above) + len(at_bound) == free else [])


def _is_broken(articles: Record, count: Counted) -> bool:
    rule = articles.get("nomination") or {"majority": {"num": 2, "den": 3}}
    share, broken, kept = rule["majority"], count.votes.get("break", 0), count.votes.get("keep", 0)
    base = {"cast": broken + kept, "all": count.entitled}.get(rule.get("base", "cast"), broken + kept + count.blank)
    needed = base * Fraction(share["num"], share["den"])
    enough = broken > needed if share.get("above") else broken >= needed
    quorum = rule.get("quorum")
    there = count.valid + count.blank + count.invalid
    if quorum is not None and quorum["of"] == "votes":
        part = count.entitled * Fraction(quorum["share"]["num"], quorum["share"]["den"])
        enough = enough and (there > part if quorum["share"].get("above") else there >= part)
    return enough and broken > 0


def _check_elected(tx: Tx, resolution: Resolution, elected: Sequence[str]) -> Iterator[str]:
    resolution_id, lists = resolution.resolution_id, resolution.parameters.get("lists")
    members = sorted(member for name in elected for member in (lists[name] if lists else [name]))
    told = sorted(each["member_id"] for each in list_told(tx, PersonElected, resolution_id))
    terms = sorted(each.member_id for each in list_terms(tx) if each.resolution_id == resolution_id)
    decided = meeting_store.find_decision(tx, resolution_id)
    if told != members:
        yield "others were told to be elected than the votes elect"
    if any(member not in told for member in terms):
        yield "somebody has a term whom nobody elected"
    if decided is None:
        yield "it was never decided"
    elif decided.verdict.adopted != bool(members):
        yield "the votes counted again give another verdict"


def _commit(resolution_id: str, vote: Vote) -> str:
    holder = vote.proxy_holder if vote.proxy_holder is not None else ""
    parts = [resolution_id, vote.number, vote.ballot_id, vote.member_id, list(vote.choices), holder]
    return _hash([*parts, str(vote.cast_on), vote.salt])


def _hash(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
