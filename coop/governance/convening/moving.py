"""Commands by which members and the board change what is on an agenda, or put another option beside it.

Invariants: a member hands in and backs from their own session; what was said in the room, and what the board wants, two
people sign; it comes on the agenda once enough back it, in time by the server's clock; nothing that the notice said
changes, and votes on it stay votes on it.

Source: docs/domain/meetings-votes-and-statutes.md#motions.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final
from uuid import uuid4

from coop.events import Event
from coop.events.governance import AmendmentsOrdered, BallotsCommitted, MotionAdmitted, MotionBacked, MotionHandedIn
from coop.governance.ballots.challenges.store import add_carried
from coop.governance.ballots.closing import outcomes
from coop.governance.ballots.commitments import commit, make_salt
from coop.governance.ballots.motions import store
from coop.governance.ballots.motions.rules import (
    MANNERS,
    MOTIONS_MAX,
    OPTION,
    get_motions,
    is_backed,
    refuse_late,
)
from coop.governance.ballots.motions.store import KeptMotion, Motion
from coop.governance.ballots.store import list_standing
from coop.governance.entries import commands as entries
from coop.governance.entries.store import Entry
from coop.governance.kinds import check_resolution, find_kind, place_parameters
from coop.governance.meetings import store as meetings
from coop.governance.meetings import voting_lists
from coop.governance.meetings.agenda import ORDER
from coop.governance.meetings.voter_store import list_numbers
from coop.governance.model import AMENDMENT, ELECTION, REFERENDUM, Meeting, Resolution
from coop.governance.statutes.applying import find_articles
from coop.governance.statutes.model import Articles, Motions
from coop.kit.tx import Tx
from coop.values import BadInput, CoopError, NotFound, Problem, derive_id, hash_parameters, say
from coop.web.language import translate

KIND: Final = "motion"
"""Kind of the entries by which motions of the room and of the board come on file."""

_TEXTS: Final = ("subject_nl", "subject_en", "explanation_nl", "explanation_en")


@dataclass(frozen=True)
class Proposed:
    """A motion as somebody hands it in: an amendment or another option, its texts, and all that the point would do in
    the place of what it does now."""

    manner: str
    subject_nl: str
    subject_en: str
    parameters: Mapping[str, Any]
    explanation_nl: str = ""
    explanation_en: str = ""

    @property
    def content(self) -> dict[str, Any]:
        """Texts and parameters that it proposes, by name."""
        return {name: getattr(self, name) for name in _TEXTS} | {"parameters": dict(self.parameters)}


def make_motion(tx: Tx, resolution_id: str, member_id: str, proposed: Proposed, motion_id: str = "") -> KeptMotion:
    """Hand in a motion on a point as the member who acts; sent again under its id it changes nothing.

    Raises:
        NotFound: there is no such point.
        BadInput: what it proposes cannot be put to the vote, with every problem by field.
        CoopError: the statutes do not allow it now, the member has no vote, or handed in one on this already.
    """
    meeting, point = _find_point(tx, resolution_id)
    content_hash = hash_parameters([proposed.manner, proposed.content])
    kept = store.find_motion(tx, motion_id) if motion_id else None
    if kept is not None:
        if (kept.member_id, kept.resolution_id, kept.content_hash) != (member_id, resolution_id, content_hash):
            raise CoopError("motion-id-taken", say("another motion has the id %(id)s", id=motion_id))
        return kept
    _refuse_without_vote(tx, meeting, member_id)
    before = [each for each in store.list_motions(tx, meeting.meeting_id) if each.resolution_id == resolution_id]
    if any(each.member_id == member_id for each in before):
        raise CoopError("motion-twice", say("you handed in a motion on this already"))
    made = Motion(
        motion_id or str(uuid4()), meeting.meeting_id, resolution_id, proposed.manner, proposed.content, content_hash,
        member_id, None,
    )  # fmt: skip
    _keep(tx, meeting, point, made, [member_id], by_board=False)
    found = store.find_motion(tx, made.motion_id)
    assert found is not None
    return found


def join_motion(tx: Tx, resolution_id: str, motion_id: str, member_id: str) -> bool:
    """Back a motion on a point as the member who acts; False where they did so before, or it is on the agenda already.

    Raises:
        NotFound: there is no such motion on this point.
        CoopError: it is too late, or the member has no vote.
    """
    kept = store.find_motion(tx, motion_id)
    if kept is None or kept.resolution_id != resolution_id:
        raise NotFound(say("there is no such motion"))
    meeting, point = _find_point(tx, resolution_id)
    backers = store.list_backers(tx, motion_id)
    if member_id in backers or any(each.motion_id == motion_id for each in meeting.resolutions):
        return False
    articles = _judge(tx, meeting, point, kept)
    _refuse_without_vote(tx, meeting, member_id)
    store.add_backing(tx, motion_id, member_id)
    tx.tell(MotionBacked(motion_id=motion_id, resolution_id=resolution_id, member_id=member_id))
    if is_backed(get_motions(articles), [*backers, member_id], voting_lists.read_list(tx, meeting)):
        tx.tell(*_admit(tx, meeting, point, kept, articles))
    return True


def enter_motion(
    tx: Tx, resolution_id: str, proposed: Proposed, numbers: Sequence[str], paper: str, entry_id: str = ""
) -> Entry:
    """Keep a motion of members in the room, who are named by their ``numbers``, or of the board where nobody is, until
    another person confirms it.

    Raises:
        NotFound: there is no such point.
        BadInput: nobody has such a number, the paper has no name, or what it proposes cannot be put to the vote.
        CoopError: the statutes do not allow it now, or too few back it.
    """
    meeting, _ = _find_point(tx, resolution_id)
    content = {
        "resolution_id": resolution_id,
        "manner": proposed.manner,
        "members": sorted({_find_voter(tx, meeting, number) for number in numbers}),
        **proposed.content,
    }
    return entries.enter(tx, keep_motion, KIND, meeting.meeting_id, paper.strip(), content, entry_id)


def keep_motion(tx: Tx, entry: Entry) -> int:
    """Put the motion of an entry on the agenda; returns 1."""
    said: Mapping[str, Any] = entry.content
    meeting, point = _find_point(tx, said["resolution_id"])
    content = {name: said[name] for name in (*_TEXTS, "parameters")}
    made = Motion(
        derive_id("motion", tx.community, entry.entry_id), meeting.meeting_id, point.resolution_id, said["manner"],
        content, hash_parameters([said["manner"], content]), None, entry.entry_id,
    )  # fmt: skip
    _keep(tx, meeting, point, made, said["members"], by_board=not said["members"])
    return 1


def set_order(tx: Tx, resolution_id: str, amendments: Sequence[str], paper: str, entry_id: str = "") -> Entry:
    """Keep in which order the chair puts the amendments of a point to the vote, the one that reaches furthest first,
    until another person confirms it."""
    meeting, _ = _find_point(tx, resolution_id)
    content = {"resolution_id": resolution_id, "amendments": list(amendments)}
    return entries.enter(tx, keep_order, ORDER, meeting.meeting_id, paper.strip(), content, entry_id)


def keep_order(tx: Tx, entry: Entry) -> int:
    """Tell the order of an entry; returns how many amendments there are."""
    meeting, point = _find_point(tx, entry.content["resolution_id"])
    amendments = tuple(entry.content["amendments"])
    of_point = (each for each in meeting.resolutions if each.amends == point.resolution_id and each.is_amendment)
    if sorted(amendments) != sorted(each.resolution_id for each in of_point):
        raise BadInput([Problem(say("name each amendment of this point once"), "amendments")], "bad-order")
    tx.tell(
        AmendmentsOrdered(
            resolution_id=point.resolution_id,
            meeting_id=meeting.meeting_id,
            amendments=amendments,
            entry_id=entry.entry_id,
        )
    )
    return len(amendments)


def _find_point(tx: Tx, resolution_id: str) -> tuple[Meeting, Resolution]:
    meeting_id = meetings.find_agenda(tx, resolution_id)
    meeting = meetings.find_meeting(tx, meeting_id, lock=True) if meeting_id else None
    if meeting is None:
        raise NotFound(say("there is no resolution %(resolution_id)s", resolution_id=resolution_id))
    return meeting, next(point for point in meeting.resolutions if point.resolution_id == resolution_id)


def _find_voter(tx: Tx, meeting: Meeting, number: str) -> str:
    votes, numbers = voting_lists.read_list(tx, meeting), list_numbers(tx)
    found = [each for each, weight in votes.items() if weight and numbers.get(each, each) == number]
    if not found:
        reason = say("no member with number %(number)s has a vote on %(day)s", number=number, day=meeting.held_on)
        raise BadInput([Problem(reason, "numbers")], "bad-motion")
    return found[0]


def _refuse_without_vote(tx: Tx, meeting: Meeting, member_id: str) -> None:
    if not voting_lists.read_list(tx, meeting, [member_id]).get(member_id):
        raise CoopError("no-vote", say("only who has a vote at this meeting can hand in or back a motion"))


def _keep(tx: Tx, meeting: Meeting, point: Resolution, made: Motion, backers: Sequence[str], *, by_board: bool) -> None:
    """Keep a motion, and put it on the agenda where enough back it; one of the room has to be backed enough at once."""
    articles = _judge(tx, meeting, point, made)
    own = get_motions(articles)
    is_enough = by_board or is_backed(own, backers, voting_lists.read_list(tx, meeting))
    if made.entry_id is not None and not is_enough:
        raise CoopError("too-few", say("%(article)s asks that more members back a motion", article=own.article))
    store.add_motion(tx, made)
    for member_id in backers:
        store.add_backing(tx, made.motion_id, member_id)
    tx.tell(
        MotionHandedIn(
            motion_id=made.motion_id,
            meeting_id=made.meeting_id,
            resolution_id=made.resolution_id,
            manner=made.manner,
            member_id=made.member_id or "",
            entry_id=made.entry_id or "",
            by_board=by_board,
            backed_by=tuple(backers),
            content_hash=made.content_hash,
        )
    )
    if is_enough:
        tx.tell(*_admit(tx, meeting, point, made, articles))


def _judge(tx: Tx, meeting: Meeting, point: Resolution, made: Motion) -> Articles:
    """Find whether a motion may come on the agenda now; returns the statutes that it rests on.

    Raises:
        BadInput: what it proposes cannot be put to the vote, with every problem by field.
        CoopError: the statutes do not allow it now, or the point is none that can be changed.
    """
    outcome = next(each for each in outcomes(tx, meeting) if each.resolution.resolution_id == point.resolution_id)
    if meeting.is_history or outcome.decided is not None:
        raise CoopError("meeting-closed", say("this is decided: nothing of it can be changed any more"))
    if outcome.withdrawn is not None:
        raise CoopError("vote-withdrawn", say("this point was withdrawn: there is nothing to vote on any more"))
    if point.kind in (ELECTION, REFERENDUM) or point.motion_id is not None or point.again_of is not None:
        reason = say("a motion is handed in on what the notice put to the vote, not on an election or a referendum")
        raise CoopError("not-moved", reason)
    articles = find_articles(meeting, meetings.list_statutes(tx))
    refuse_late(articles, point.ruled_as, meeting.held_on, tx.today)
    if _count(meeting, point) >= MOTIONS_MAX:
        raise CoopError("too-many-motions", say("%(most)s motions on this are on the agenda", most=MOTIONS_MAX))
    problems = _find_problems(tx, meeting, point, _make_point(tx, point, made, get_motions(articles)), made)
    if problems:
        raise BadInput(problems, "bad-motion")
    return articles


def _count(meeting: Meeting, point: Resolution) -> int:
    """The number of motions on a point that are on the agenda."""
    group = point.option_of or point.resolution_id
    on_it = (each for each in meeting.resolutions if each.motion_id and group in (each.amends, each.option_of))
    return len({each.motion_id for each in on_it})


def _find_problems(
    tx: Tx, meeting: Meeting, point: Resolution, proposed: Resolution, made: Motion
) -> Sequence[Problem]:
    """Problems of what would be put to the vote, by field."""
    if made.manner not in MANNERS:
        return [Problem(say("is none of %(manners)s", manners=MANNERS), "manner")]
    unsaid = [name for name in ("subject_nl", "subject_en") if not str(made.content[name]).strip()]
    problems = [Problem(say("say what is decided"), name) for name in unsaid] or check_resolution(proposed, 1)
    kind = find_kind(point.kind)
    if not problems:
        problems = place_parameters(proposed, 1, kind.judge_known(tx, meeting, proposed))
    if not problems and hash_parameters(proposed.parameters) in _list_hashes(meeting, point, made):
        problems = [Problem(say("this is on the agenda already, word for word"), "parameters")]
    claim = kind.find_claim(proposed.parameters)
    own = kind.find_claim(point.parameters)
    taken = {find_kind(each.kind).find_claim(each.parameters) for each in meeting.agenda} - {own, ""}
    if not problems and claim in taken:
        problems = [Problem(say("another point on this agenda settles the same"), "parameters")]
    return [replace(each, field=each.field.removeprefix(f"{proposed.resolution_id}."), line=None) for each in problems]


def _list_hashes(meeting: Meeting, point: Resolution, made: Motion) -> Collection[str]:
    """Hashes of what is put to the vote beside or in the place of a point, itself among them; nothing where it is words
    alone that are changed."""
    texts = [made.content["explanation_nl"], made.content["subject_nl"]]
    if not point.parameters and texts != [point.explanation_nl, point.subject_nl]:
        return ()
    near = {point.resolution_id, point.option_of} - {""}
    others = (each for each in meeting.resolutions if near & {each.resolution_id, each.amends, each.option_of})
    return {hash_parameters(each.parameters) for each in others}


def _make_point(tx: Tx, point: Resolution, made: Motion, own: Motions) -> Resolution:
    """The point that a motion puts to the vote: another option, or the point as it would be changed."""
    said: dict[str, Any] = {name: made.content[name] for name in _TEXTS}
    parameters: Mapping[str, Any] = made.content["parameters"]
    resolution_id = derive_id("moved", tx.community, made.motion_id)
    if made.manner == OPTION:
        option_of, wins = point.option_of or point.resolution_id, point.wins or own.wins
        return Resolution(
            resolution_id, point.kind, **said, parameters=parameters, option_of=option_of, wins=wins,
            motion_id=made.motion_id,
        )  # fmt: skip
    changed = {
        f"subject_{lang}": translate(lang, "%(subject)s (as changed)", subject=point.subject(lang))[:200]
        for lang in ("nl", "en")
    }
    return Resolution(
        resolution_id, point.kind, **{**said, **changed}, parameters=parameters, motion_id=made.motion_id,
        amends=point.resolution_id, amended_by=derive_id("amendment", tx.community, made.motion_id),
    )  # fmt: skip


def _admit(tx: Tx, meeting: Meeting, point: Resolution, made: Motion, articles: Articles) -> list[Event]:
    """Put a motion on the agenda; returns the facts of it."""
    own = get_motions(articles)
    new = _make_point(tx, point, made, own)
    number = len(meeting.resolutions) + 1
    if new.amended_by is not None:
        said: dict[str, Any] = {name: made.content[name] for name in _TEXTS}
        parameters = {"point": point.resolution_id, "changed_hash": hash_parameters(new.parameters)}
        amendment = Resolution(
            new.amended_by, AMENDMENT, **said, parameters=parameters, motion_id=made.motion_id,
            amends=point.resolution_id,
        )  # fmt: skip
        meetings.add_point(tx, meeting.meeting_id, number, amendment)
        number += 1
    meetings.add_point(tx, meeting.meeting_id, number, new)
    carried = _carry(tx, point, new) if new.amended_by is not None and own.ahead == "count" else ()
    admitted = MotionAdmitted(
        resolution_id=new.resolution_id,
        motion_id=made.motion_id,
        meeting_id=meeting.meeting_id,
        held_on=meeting.held_on,
        manner=made.manner,
        on=point.resolution_id,
        amendment=new.amended_by or "",
        kind=new.kind,
        subject_nl=str(made.content["subject_nl"]),
        subject_en=str(made.content["subject_en"]),
        on_subject_nl=point.subject_nl,
        on_subject_en=point.subject_en,
        parameters_hash=hash_parameters(new.parameters),
        article=own.article,
        ahead=own.ahead,
        carried=len(carried),
        admitted_on=tx.today,
    )
    committed = BallotsCommitted(resolution_id=new.resolution_id, commitments=tuple(sorted(carried)))
    return [admitted, *([committed] if carried else []), *find_kind(new.kind).propose(meeting, new)]


def _carry(tx: Tx, point: Resolution, changed: Resolution) -> Sequence[str]:
    """Let the votes on a point that were cast before lie in the box of the point as it would be changed; returns the
    commitments to them."""
    carried = {
        each.ballot_id: replace(
            each, ballot_id=derive_id("carried", tx.community, changed.resolution_id, each.ballot_id), salt=make_salt()
        )
        for each in list_standing(tx, point.resolution_id).values()
    }
    add_carried(tx, changed.resolution_id, point.resolution_id, carried)
    return [commit(changed.resolution_id, each) for each in carried.values()]
