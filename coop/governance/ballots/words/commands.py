"""Commands on words that decide beside the votes: one person enters them from a paper, another confirms them.

Invariants: a word is said before anybody knows the count, and only where the statutes give it a meaning; a closing
takes it from here alone, so that no one account decides at a tie or for a body outside the meeting.

Source: docs/domain/meetings-votes-and-statutes.md#words-beside-the-votes.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, Final

from coop.events.governance import WordGiven
from coop.governance.ballots.closing import Outcome, outcomes
from coop.governance.ballots.words import store
from coop.governance.ballots.words.store import BODY, CHAIR, SAYINGS, Word
from coop.governance.entries import commands as entries
from coop.governance.entries.store import Entry
from coop.governance.meetings import store as meeting_store
from coop.governance.model import ELECTION, Meeting
from coop.kit.tx import Tx
from coop.values import BadInput, CoopError, NotFound, Problem, say

KIND: Final = "word"
"""Kind of the entries by which words come on file."""


def enter_words(
    tx: Tx, meeting_id: str, paper: str, words: Sequence[tuple[str, str, str]], entry_id: str = ""
) -> Entry:
    """Keep what the chair or a body said until another person confirms it; each word is of a resolution, a speaker and
    what they say.

    Raises:
        NotFound: there is no such meeting.
        BadInput: nothing is said, or a word means nothing by the statutes, with its line.
        CoopError: the meeting is closed.
    """
    content = [dict(zip(("resolution_id", "speaker", "says"), word, strict=True)) for word in words]
    return entries.enter(tx, keep_words, KIND, meeting_id, paper.strip(), content, entry_id)


def keep_words(tx: Tx, entry: Entry) -> int:
    """Keep the words of an entry and tell them; returns how many there are."""
    meeting = meeting_store.find_meeting(tx, entry.meeting_id, lock=True)
    if meeting is None:
        raise NotFound(say("there is no meeting %(meeting_id)s", meeting_id=entry.meeting_id))
    asked = list_asked(tx, meeting)
    rows: Sequence[Any] = entry.content
    if not rows:
        raise BadInput([Problem(say("say at least one thing"), "words")], "bad-word")
    problems = _judge(rows, {(point.resolution.resolution_id, speaker) for point, speaker in asked})
    if problems:
        raise BadInput(problems, "bad-word")
    for row in rows:
        resolution_id = str(row["resolution_id"])
        number = len(store.list_words(tx, resolution_id)) + 1
        store.add_word(tx, Word(resolution_id, number, row["speaker"], row["says"], entry.entry_id))
        tx.tell(
            WordGiven(
                resolution_id=resolution_id,
                meeting_id=meeting.meeting_id,
                number=number,
                speaker=row["speaker"],
                says=row["says"],
                paper=entry.paper,
                entry_id=entry.entry_id,
                given_on=tx.today,
            )
        )
    return len(rows)


def list_asked(tx: Tx, meeting: Meeting) -> list[tuple[Outcome, str]]:
    """Points of a meeting on which the statutes give somebody a word, each with the speaker.

    Raises:
        CoopError: the meeting is closed.
    """
    points = [] if meeting.is_history else outcomes(tx, meeting)
    open_again = [point for point in points if point.is_open_again]
    if meeting.is_history or (any(point.decided for point in points) and not open_again):
        raise CoopError("meeting-closed", say("this meeting is closed: nothing that is said now decides any more"))
    points = open_again or points
    open_points = [point for point in points if point.withdrawn is None and point.resolution.kind != ELECTION]
    by_chair = [(point, CHAIR) for point in open_points if point.rule.tie == CHAIR]
    return by_chair + [(point, BODY) for point in open_points if point.rule.approval is not None]


def _judge(rows: Sequence[Any], asked: Collection[tuple[str, str]]) -> list[Problem]:
    """Everything that is wrong with words, by line; ``asked`` are the resolutions and speakers of open ones."""
    problems = []
    for line, row in enumerate(rows, start=1):
        field = f"{row['speaker']}.{row['resolution_id']}"
        if (row["resolution_id"], row["speaker"]) not in asked:
            reason = say("the statutes give nobody this word on %(resolution_id)s", resolution_id=row["resolution_id"])
            problems.append(Problem(reason, field, line))
        elif row["says"] not in SAYINGS[row["speaker"]]:
            problems.append(Problem(say("is none of %(words)s", words=tuple(SAYINGS[row["speaker"]])), field, line))
    return problems
