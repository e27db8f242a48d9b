"""Commands on attendance: who comes to a meeting and leaves it, noted as it happens or read off a list on paper.

Invariants: a line keeps the server's time, its channel and who noted it, and is only undone by another; no list counts
that one person alone has seen; closing freezes it, and nothing is noted afterwards.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from coop.events.attendance import AttendanceFrozen, AttendanceNoted
from coop.governance.ballots.attendance import store
from coop.governance.ballots.attendance.rules import (
    CAME,
    LEFT,
    MANDATE,
    MANNERS,
    ONLINE,
    ROOM,
    SIGNED,
    UNDONE,
    Noted,
    Present,
    count_manners,
    list_latest,
    list_present,
    list_unseen,
)
from coop.governance.ballots.mandates.store import list_mandates
from coop.governance.entries import commands as entries
from coop.governance.entries.store import Entry
from coop.governance.meetings import store as meeting_store
from coop.governance.meetings import voting_lists
from coop.governance.meetings.withdrawal_store import list_withdrawn
from coop.governance.model import Meeting
from coop.governance.statutes.applying import find_articles
from coop.governance.statutes.voters import find_proxies, judge_proxies
from coop.kit.tx import Tx
from coop.values import BadInput, CoopError, NotFound, Problem, Said, say, say_count


@dataclass(frozen=True)
class Arrival:
    """A member who comes, in a manner; with ``holder``, the member who holds their mandate."""

    member_id: str
    manner: str = ROOM
    holder: str = ""


def note_arrival(tx: Tx, meeting_id: str, arrival: Arrival) -> bool:
    """Note that a member is there; False where the list says so already.

    Raises:
        BadInput: they are not on the voting list, or cannot be there in that manner.
        CoopError: it is not the day of the meeting, or it is closed.
    """
    if _says_so(store.list_noted(tx, meeting_id), arrival):
        return False
    meeting = _find_open(tx, meeting_id)
    lines = store.list_noted(tx, meeting_id)
    if problems := _judge(tx, meeting, lines, arrival, None):
        raise BadInput(problems, "bad-attendance")
    is_new = _add_arrival(tx, meeting_id, lines, arrival)
    if arrival.manner != MANDATE:
        _bring_givers(tx, meeting_id, arrival.member_id)
    return is_new


def note_leaving(tx: Tx, meeting_id: str, member_id: str) -> bool:
    """Note that a member left; False where they are not there.

    Raises:
        CoopError: it is not the day of the meeting, or it is closed.
    """
    _find_open(tx, meeting_id)
    lines = store.list_noted(tx, meeting_id)
    latest = list_latest(lines).get(member_id)
    if latest is None or latest.change != CAME:
        return False
    _add(tx, meeting_id, lines, LEFT, member_id)
    return True


def undo_line(tx: Tx, meeting_id: str, number: int) -> bool:
    """Let a line that was noted wrongly count no more; False where it was undone before.

    Raises:
        NotFound: there is no such line.
        CoopError: it is not the day of the meeting, or it is closed.
    """
    _find_open(tx, meeting_id)
    lines = store.list_noted(tx, meeting_id)
    line = next((each for each in lines if each.number == number and each.change in (CAME, LEFT)), None)
    if line is None:
        raise NotFound(say("there is no such line on the list of who is there"))
    if any(each.undoes == number for each in lines):
        return False
    _add(tx, meeting_id, lines, UNDONE, line.member_id, undoes=number)
    return True


def sign_attendance(tx: Tx, meeting_id: str) -> bool:
    """Say that one has looked at the list and that it is right; False where nothing came to it since.

    Raises:
        CoopError: it is not the day of the meeting, or it is closed.
    """
    _find_open(tx, meeting_id)
    lines = store.list_noted(tx, meeting_id)
    me = str(tx.actor)
    if not lines or (lines[-1].change == SIGNED and lines[-1].actor == me):
        return False
    _add(tx, meeting_id, lines, SIGNED)
    return True


def enter_attendance(tx: Tx, meeting_id: str, paper: str, arrivals: Sequence[Arrival], entry_id: str = "") -> Entry:
    """Keep a list of signatures that somebody read off a paper; it counts once another person confirms it.

    Raises:
        BadInput: with every line that cannot be.
        CoopError: it is not the day of the meeting, or it is closed.
    """
    if not arrivals:
        raise BadInput([Problem(say("name at least one member who was there"), "lines")], "bad-attendance")
    content = [vars(arrival) for arrival in arrivals]
    return entries.enter(tx, keep_attendance, "attendance", meeting_id, paper.strip(), content, entry_id)


def keep_attendance(tx: Tx, entry: Entry) -> int:
    """Put the members of a paper list on the list of who is there; returns how many are new."""
    meeting = _find_open(tx, entry.meeting_id)
    problems: list[Problem] = []
    new = 0
    for number, arrival in enumerate(read_arrivals(entry), start=1):
        lines = store.list_noted(tx, meeting.meeting_id)
        wrong = _judge(tx, meeting, lines, arrival, number)
        problems += wrong
        if not wrong:
            new += _add_arrival(tx, meeting.meeting_id, lines, arrival, entry.entry_id)
    if problems:
        raise BadInput(problems, "bad-attendance")
    for arrival in read_arrivals(entry):
        if arrival.manner != MANDATE:
            _bring_givers(tx, meeting.meeting_id, arrival.member_id, entry.entry_id)
    return new


def read_arrivals(entry: Entry) -> Sequence[Arrival]:
    """The arrivals in an entry."""
    content: Sequence[Mapping[str, Any]] = entry.content
    return [Arrival(**fields) for fields in content]


def freeze_attendance(tx: Tx, meeting: Meeting) -> Mapping[str, Present]:
    """Freeze the list as a meeting is closed; returns who is there, nobody where no list was made.

    Raises:
        CoopError: nobody but whoever closes has seen part of it.
    """
    lines = store.list_noted(tx, meeting.meeting_id)
    if not lines:
        return {}
    if unseen := list_unseen(lines, str(tx.actor)):
        raise CoopError(
            "attendance-unseen",
            say_count(
                "%(num)s line of the list of who is there was seen by you alone: somebody else looks at it, or closes",
                "%(num)s lines of the list of who is there were seen by you alone: somebody else looks at them,"
                " or closes",
                len(unseen),
            ),
        )
    present = list_present(lines)
    list_hash = store.add_list(tx, meeting.meeting_id, present)
    counts = count_manners(present)
    tx.tell(
        AttendanceFrozen(
            meeting_id=meeting.meeting_id,
            list_hash=list_hash,
            in_room=counts[ROOM],
            online=counts[ONLINE],
            by_mandate=counts[MANDATE],
        )
    )
    return present


def note_mandate_ended(tx: Tx, meeting_id: str, member_id: str) -> None:
    """Let a member who was there by a mandate alone leave, as it ended."""
    lines = store.list_noted(tx, meeting_id)
    latest = list_latest(lines).get(member_id)
    if latest and (latest.change, latest.manner) == (CAME, MANDATE):
        _add(tx, meeting_id, lines, LEFT, member_id)


def _bring_givers(tx: Tx, meeting_id: str, holder: str, entry_id: str | None = None) -> None:
    """Note whoever gave a mandate in their own session as there, with the member who holds it."""
    for giver, mandate in sorted(list_mandates(tx, meeting_id).items()):
        lines = store.list_noted(tx, meeting_id)
        latest = list_latest(lines).get(giver)
        if mandate.holder == holder and (latest is None or latest.change != CAME):
            _add_arrival(tx, meeting_id, lines, Arrival(giver, MANDATE, holder), entry_id)


def find_present(tx: Tx, meeting_id: str) -> Mapping[str, Present]:
    """List of who is there: as it was frozen, or as it stands now."""
    frozen = store.find_list(tx, meeting_id)
    return list_present(store.list_noted(tx, meeting_id)) if frozen is None else frozen


def _find_open(tx: Tx, meeting_id: str) -> Meeting:
    """The meeting, locked, where its attendance may be noted now."""
    meeting = meeting_store.find_meeting(tx, meeting_id, lock=True)
    if meeting is None:
        raise NotFound(say("there is no meeting %(meeting_id)s", meeting_id=meeting_id))
    if meeting.is_history or meeting_store.list_decisions(tx, meeting_id):
        raise CoopError("attendance-closed", say("the meeting is closed: the list of who was there stands fast"))
    if meeting_id in list_withdrawn(tx):
        raise CoopError("meeting-withdrawn", say("this meeting was withdrawn: nobody comes to it"))
    if tx.today < meeting.held_on:
        raise CoopError(
            "attendance-too-early",
            say("who is there is noted from the day of the meeting on, %(day)s", day=meeting.held_on),
        )
    voting_lists.freeze(tx, meeting)
    return meeting


def _judge(tx: Tx, meeting: Meeting, lines: Sequence[Noted], arrival: Arrival, number: int | None) -> list[Problem]:
    """Everything that keeps a member off the list in that manner."""
    votes = voting_lists.read_list(tx, meeting)
    if arrival.member_id not in votes:
        return [Problem(say("is not on the voting list of this meeting"), "member_id", number)]
    if arrival.manner not in MANNERS:
        reason = say("'%(manner)s' is none of %(manners)s", manner=arrival.manner, manners=MANNERS)
        return [Problem(reason, "manner", number)]
    if arrival.manner != MANDATE:
        return [Problem(say("only who comes by a mandate has a holder"), "holder", number)] if arrival.holder else []
    reason_against = _judge_holder(tx, meeting, lines, arrival, votes)
    return [Problem(reason_against, "holder", number)] if reason_against else []


def _judge_holder(
    tx: Tx, meeting: Meeting, lines: Sequence[Noted], arrival: Arrival, votes: Mapping[str, int]
) -> Said | None:
    """The reason against the holder of a mandate: they vote, are there themselves, and hold no more than is allowed."""
    present = list_present(lines)
    holder = present.get(arrival.holder)
    if arrival.holder == arrival.member_id or not votes.get(arrival.holder):
        return say("name the member who holds the mandate, and who has a vote")
    if holder is None or holder.manner == MANDATE:
        return say("the member who holds the mandate is not there: note them first")
    held = [each.member_id for each in present.values() if each.holder == arrival.holder]
    givers = {*held, arrival.member_id}
    articles = find_articles(meeting, meeting_store.list_statutes(tx))
    weight = votes[arrival.holder] + sum(votes.get(member_id, 0) for member_id in givers)
    if judge_proxies(articles, len(givers), weight=weight).word == "refused":
        return say("%(article)s lets nobody hold so many mandates", article=find_proxies(articles).article)
    return None


def _says_so(lines: Sequence[Noted], arrival: Arrival) -> bool:
    """True where the list has a member in that manner already."""
    latest = list_latest(lines).get(arrival.member_id)
    return latest is not None and (latest.change, latest.manner, latest.holder) == (
        CAME,
        arrival.manner,
        arrival.holder,
    )


def _add_arrival(
    tx: Tx, meeting_id: str, lines: Sequence[Noted], arrival: Arrival, entry_id: str | None = None
) -> bool:
    if _says_so(lines, arrival):
        return False
    _add(tx, meeting_id, lines, CAME, arrival.member_id, arrival.manner, arrival.holder, entry_id=entry_id)
    return True


def _add(
    tx: Tx,
    meeting_id: str,
    lines: Sequence[Noted],
    change: str,
    member_id: str = "",
    manner: str = "",
    holder: str = "",
    *,
    undoes: int = 0,
    entry_id: str | None = None,
) -> None:
    number = lines[-1].number + 1 if lines else 1
    line = Noted(number, change, member_id, manner, holder, undoes, entry_id, tx.actor.channel, tx.now, str(tx.actor))
    store.add_noted(tx, meeting_id, line)
    tx.tell(
        AttendanceNoted(
            meeting_id=meeting_id,
            number=number,
            change=change,
            member_id=member_id,
            manner=manner,
            holder=holder,
            undoes=undoes,
            entry_id=entry_id or "",
        )
    )
