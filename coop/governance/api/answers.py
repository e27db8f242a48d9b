"""Answers of governance to programs: amounts in cents, fractions as text, days as dates."""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from coop.communities.terms import ResolutionTerms
from coop.governance.api.outcome_answers import RefusedOut, StopOut, WithdrawnOut
from coop.governance.api.paper_answers import LaidPaperOut
from coop.governance.ballots.closing import Outcome
from coop.governance.entries.store import Entry, Settled, find_settled
from coop.governance.minutes.records import count_record
from coop.governance.statutes.model import Articles
from coop.kit.tx import Tx

Word = Literal["adopted", "rejected"]
EntryState = Literal["waits", "confirmed", "dropped"]
KindName = Literal[
    "ballots", "meeting", "statutes", "withdrawal", "minutes", "attendance",
    "count", "lot", "term", "suspension", "lifting", "stop", "word", "challenge", "motion", "order", "request",
    "term-end", "expulsion", "appeal", "seat", "seat-end",
]  # fmt: skip


class Answer(BaseModel):
    """Made of nouns whose fields have the same names."""

    model_config = ConfigDict(from_attributes=True)


class StatutesOut(Answer):
    """Statutes that were entered: from when, the hash of their articles, and for which kinds of decision they have a
    rule of their own. They hold once a second person confirmed the entry ``entry_id``."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"valid_from": "2025-01-01", "name": "2025", "articles_hash": "0" * 64, "kinds": ["ordinary"]}]
        }
    )

    valid_from: date
    name: str
    articles_hash: str
    kinds: list[str]
    entry_id: str | None = None
    state: EntryState | None = None


class VersionOut(Answer):
    """A version of the statutes, article by article; a section that is null is one on which they are silent."""

    valid_from: date
    articles: Articles
    deed_on: date | None
    resolution_id: str
    notary: str
    deed_file: str | None


class NoticedOut(Answer):
    """A resolution on the agenda, and the hash of its parameters that the notice fixes."""

    resolution_id: str
    notice_hash: str


class ConvenedOut(Answer):
    """A meeting that was convened."""

    meeting_id: str
    resolutions: list[NoticedOut]


class BallotsOut(Answer):
    """Ballots that somebody entered for others: an entry that counts once a second person confirmed it."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"entry_id": "box-1", "resolution_id": "alv-1-1", "ballots": 12, "state": "waits"}]
        }
    )

    entry_id: str
    resolution_id: str
    ballots: int
    state: EntryState


class EntryOut(Answer):
    """Entry of one person from a paper: ballots, a list of who was there, a meeting of the past or the first
    statutes, and where it stands; or the withdrawal of a notice, whose ``paper`` is its reason, or minutes, whose
    ``paper`` names who made them. ``reason`` says why it was left out, where it was."""

    entry_id: str
    kind: KindName
    meeting_id: str
    paper: str
    state: EntryState
    entered_at: datetime
    entered_by: str
    settled_at: datetime | None
    settled_by: str | None
    reason: str = ""


class OwnVoteOut(Answer):
    """A member's own vote that is in the box. ``new`` is false where this very ballot was handed in before, and
    ``stands`` where the member handed in another since, which is the one that counts.
    """

    resolution_id: str
    ballot_id: str
    new: bool
    stands: bool


class ObjectionOut(Answer):
    """A member's objection to a ballot, or to a request of a referendum, that was entered for them."""

    resolution_id: str
    new: bool


class ClassCountOut(Answer):
    """Votes and heads of one class of members that has a majority of its own."""

    name: str
    votes_for: int
    votes_against: int
    votes_blank: int
    votes_entitled: int
    members_present: int
    members_entitled: int


class CountOut(Answer):
    """A count, and why it decides as it does: majority, no-votes, no-quorum, tie, too-few, class-against; chair or lot
    where these broke a tie; not-decidable, not-approved, other-option, option-tie or decided-before. Members: heads."""

    votes_for: int
    votes_against: int
    votes_blank: int
    votes_cast: int
    votes_present: int
    votes_entitled: int
    members_present: int
    members_entitled: int
    votes_needed: int
    reason: str
    classes: list[ClassCountOut]


class DecisionOut(Answer):
    """A resolution as it was counted."""

    resolution_id: str
    verdict: Word
    article: str
    rule: str
    decided_on: date | None
    count: CountOut


class ClosedOut(Answer):
    """A meeting that was closed."""

    meeting_id: str
    resolutions: list[DecisionOut]


class PlannedOut(Answer):
    """A programme that is on file, with the cents of each tranche."""

    programme_id: str
    tranches: dict[str, int]


class ReachedOut(Answer):
    """A milestone that was reached, and what became of its tranches."""

    milestone_id: str
    tranches: dict[str, Literal["released", "referred"]]


class ReportOut(Answer):
    """A report that a milestone was reached; ``state``: waiting, or confirmed by a partner."""

    report_id: str
    milestone_id: str
    state: str


class SteeredOut(Answer):
    """A decision of the steering group on a tranche, by its ``number`` of a ``year``; ``released`` once the
    co-operative says so, and more partners than not."""

    tranche_id: str
    decision: str
    decided_on: date
    released: bool
    year: int
    number: int


class MinutesOut(Answer):
    """Source of a meeting of the past: the paper, who entered it, and who confirmed it."""

    paper: str
    entered_by: str
    entered_at: datetime
    confirmed_by: str
    confirmed_at: datetime


class ResolutionOut(Answer):
    """One resolution: its parameters, the rule that it falls under (``>`` before a share: more than it), and when it
    was decided its count and verdict.

    ``history``: its meeting was held before it came on file, and two people entered it from the paper ``minutes``.

    ``parameters_hash`` is over what is stored now, ``notice_hash`` was fixed by the notice, and ``adopted_hash`` when
    the meeting decided; all of them are the same.
    """

    resolution_id: str
    meeting_id: str
    convened_on: date
    held_on: date
    kind: str
    subject_nl: str
    subject_en: str
    parameters: ResolutionTerms
    option_of: str = ""
    """Points of a meeting with the same word are options of each other, of which at most one is adopted."""
    wins: str = ""
    """Which of the options wins that reach their majority: ``most-votes`` for, or the ``first`` on the agenda."""
    parameters_hash: str
    notice_hash: str
    adopted_hash: str | None
    decided_on: date | None
    verdict: Word | None
    article: str
    rule: str
    majority: str
    base: str
    quorum: str | None
    quorum_of: str | None
    also: str | None = None
    """Second share to which the votes for have to come beside the majority, of ``also_of``."""
    also_of: str | None = None
    count: CountOut | None
    history: bool
    minutes: MinutesOut | None = None
    withdrawn: WithdrawnOut | None = None
    """Where it was taken off the agenda, or its meeting is not held: it is never decided."""
    stops: list[StopOut] = []
    """Tellings that it does not act from a day on, or acts again, after it was adopted; the last one holds."""
    refused: RefusedOut | None = None
    """Where it was adopted, and the service concerned could not take it: then it has no effect."""
    papers: list[LaidPaperOut] = []
    """Its documents, those of the notice first."""
    again_of: str | None = None
    """The point of the same meeting that is voted on anew here, since its outcome was disputed."""
    motion_id: str | None = None
    amends: str | None = None
    amended_by: str | None = None
    """Motion that brought it here after the notice, point that it changes, amendment by which it takes its place."""
    voted_again: str | None = None
    """The point by which this one is voted on anew: then what was decided here has no effect."""


class PointOut(Answer):
    """A point of an agenda."""

    resolution_id: str
    kind: str
    subject_nl: str
    subject_en: str


class MeetingOut(Answer):
    """A meeting with its agenda. ``history``: it was held before it came on file, and entered from its minutes.
    ``voters``: all members vote, the delegates of their council, or one group of members."""

    meeting_id: str
    held_on: date
    convened_on: date
    place: str
    begins_at: str
    votes_until: str
    resolutions: list[PointOut]
    history: bool = Field(validation_alias="is_history")
    withdrawn: WithdrawnOut | None = None
    voters: Literal["members", "delegates", "group"] = "members"
    group: str = ""


class StoredResolutionOut(ResolutionOut):
    """One resolution with the hash of its documents and, once it is decided, how many ballots were counted."""

    papers_hash: str
    ballots: int | None = None


class RealisationOut(Answer):
    """A phase that will be built."""

    resolution_id: str
    decided_on: date


class ReachedStateOut(Answer):
    """A milestone that was reached; a piece of evidence is its name, reference and SHA-256."""

    reached_on: date
    cost_cents: int
    evidence: list[tuple[str, str, str]]


class TrancheStateOut(Answer):
    """A tranche and where it stands."""

    amount_cents: int
    referred_on: date | None
    reason: str | None
    released_on: date | None
    rule: str | None


class StateOut(Answer):
    """Everything that was decided, reached and released, by id."""

    resolutions: dict[str, StoredResolutionOut]
    realisations: dict[str, RealisationOut]
    milestones: dict[str, ReachedStateOut]
    tranches: dict[str, TrancheStateOut]


def decision_out(outcome: Outcome) -> DecisionOut:
    """A resolution as it was counted."""
    return DecisionOut(
        resolution_id=outcome.resolution.resolution_id,
        verdict="adopted" if outcome.verdict.adopted else "rejected",
        article=outcome.verdict.article,
        rule=outcome.verdict.rule,
        decided_on=outcome.decided_on,
        count=CountOut.model_validate(count_record(outcome)),
    )


def entry_out(entry: Entry, settled: Settled | None) -> EntryOut:
    """An entry and where it stands."""
    return EntryOut(
        entry_id=entry.entry_id,
        kind=entry.kind,  # type: ignore[arg-type]  # the table's own CHECK names the kinds
        meeting_id=entry.meeting_id,
        paper=entry.paper,
        state=state_of(settled),
        entered_at=entry.recorded_at,
        entered_by=entry.actor,
        settled_at=settled.recorded_at if settled else None,
        settled_by=settled.actor if settled else None,
        reason=settled.reason if settled else "",
    )


def tell_entry(tx: Tx, entry: Entry) -> EntryOut:
    """An entry, with where it stands now."""
    return entry_out(entry, find_settled(tx, entry.entry_id))


def state_of(settled: Settled | None) -> EntryState:
    """State of an entry, in a word."""
    if settled is None:
        return "waits"
    return "confirmed" if settled.outcome == "confirmed" else "dropped"
