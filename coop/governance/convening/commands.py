"""Commands on notices of meetings. Nothing that a notice said can change."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

from coop.events.governance import AgendaPaper, AgendaPoint, MeetingConvened
from coop.governance.articles.commands import AGENDA
from coop.governance.ballots.options import group_options
from coop.governance.dates import judge_hours
from coop.governance.kinds import check_resolution, find_kind, place_parameters
from coop.governance.meetings import store, voting_lists
from coop.governance.model import ELECTION, WHY_MAX, WINS, Meeting, Resolution
from coop.governance.papers.commands import keep_papers
from coop.governance.statutes.applying import check_notice, first_vote_by
from coop.governance.statutes.version import Statutes, in_force
from coop.governance.texts import holds_control
from coop.kit.tx import Tx
from coop.values import BadInput, CoopError, Problem, say


def convene_meeting(tx: Tx, meeting: Meeting) -> None:
    """Keep the notice of a meeting; from now on its agenda and every parameter in it are fixed.

    A notice goes out when it is put on file, by the server's clock. Sending it again, on whatever day, changes nothing.

    Raises:
        BadInput: a resolution cannot be put to the vote as written; every problem with its place on the agenda.
        CoopError: the notice is dated on another day or too late, or another notice was sent for this meeting.
    """
    tx.lock(AGENDA)
    kept = store.find_meeting(tx, meeting.meeting_id)
    if kept is not None:
        refuse_another(kept, meeting)
        return
    statutes = judge_notice(tx, meeting)
    _refuse_nobody(tx, meeting)
    _keep_notice(tx, meeting, statutes)
    _tell_proposals(tx, meeting)
    voting_lists.freeze(tx, meeting)


def _refuse_nobody(tx: Tx, meeting: Meeting) -> None:
    """Refuse to convene a council in which nobody is in office on the day of the meeting."""
    if voting_lists.find_body_of(tx, meeting).voters != "members" and not voting_lists.weigh_voters(tx, meeting):
        reason = say("nobody would have a vote on %(day)s: first the members choose delegates", day=meeting.held_on)
        raise CoopError("no-delegates", reason)


def refuse_another(kept: Meeting, meeting: Meeting) -> None:
    """Refuse a notice that is not the one on file for its meeting, but for the marks of how it came there.

    Raises:
        CoopError: it says something else.
    """
    if replace(kept, entry_id=None, resolutions=kept.agenda) != replace(meeting, entry_id=None):
        raise CoopError(
            "notice-fixed",
            say(
                "the notice of meeting %(meeting_id)s is on file since %(convened_on)s: nothing in it can change",
                meeting_id=meeting.meeting_id,
                convened_on=kept.convened_on,
            ),
        )


def keep_past_meeting(tx: Tx, meeting: Meeting) -> None:
    """Keep the notice of a meeting of the past, which names the entry that two people signed.

    Raises:
        BadInput: a resolution could not have been put to the vote as written.
        CoopError: the notice was too late by its own dates.
    """
    if any(point.kind == ELECTION for point in meeting.resolutions):
        reason = say("whoever was elected in the past is entered with their term, on the page of offices")
        raise BadInput([Problem(reason, "kind")], "bad-agenda")
    statutes = judge_agenda(tx, meeting)
    _keep_notice(tx, meeting, statutes)


def _keep_notice(tx: Tx, meeting: Meeting, statutes: Statutes) -> None:
    keep_papers(tx, meeting)
    notice_hash = store.add_meeting(tx, meeting, statutes.valid_from)
    voters = () if meeting.is_history else voting_lists.name_voters(tx, meeting)
    tx.tell(_announce(meeting, statutes, notice_hash, voters))


def _tell_proposals(tx: Tx, meeting: Meeting) -> None:
    """Tell what others judge before the vote, such as a tariff: billing answers each member what it would do."""
    for point in meeting.resolutions:
        tx.tell(*find_kind(point.kind).propose(meeting, point))


def judge_notice(tx: Tx, meeting: Meeting) -> Statutes:
    """Find whether a notice may go out today as it is written; returns the statutes that it rests on.

    Raises:
        BadInput: a resolution cannot be put to the vote as written; every problem with its place on the agenda.
        CoopError: the notice is dated on another day, or too late.
    """
    if meeting.convened_on != tx.today:
        raise CoopError(
            "notice-not-today",
            say(
                "a notice goes out on the day on which it is put on file, %(today)s, not on %(convened_on)s;"
                " a meeting of the past is entered from its minutes",
                today=tx.today,
                convened_on=meeting.convened_on,
            ),
        )
    return judge_agenda(tx, meeting)


def judge_agenda(tx: Tx, meeting: Meeting) -> Statutes:
    """Find whether a notice is in order by its own dates; returns the statutes that it rests on.

    Raises:
        BadInput: a resolution cannot be put to the vote as written; every problem with its place on the agenda.
        CoopError: the notice is too late.
    """
    problems = [
        problem
        for line, resolution in enumerate(meeting.resolutions, start=1)
        for problem in (
            *check_resolution(resolution, line),
            *_known_elsewhere(tx, resolution, line),
        )
    ]
    if not meeting.resolutions:
        problems.append(Problem(say("a meeting needs a resolution"), "resolutions"))
    problems += judge_hours(meeting)
    if meeting.convened_on > meeting.held_on:
        problems.append(Problem(say("a meeting is convened before it is held"), "convened_on"))
    for resolution_id, times in Counter(r.resolution_id for r in meeting.resolutions).items():
        if times > 1:
            problems.append(
                Problem(
                    say(
                        "%(resolution_id)s stands on the agenda %(times)s times",
                        resolution_id=resolution_id,
                        times=times,
                    ),
                    "resolution_id",
                )
            )
    problems = problems or _judge_known(tx, meeting)
    if problems:
        raise BadInput(problems, "bad-agenda")
    _check_second(tx, meeting)
    statutes = in_force(store.list_statutes(tx), meeting.held_on)
    check_notice(meeting, statutes.articles)
    return statutes


def _check_second(tx: Tx, meeting: Meeting) -> None:
    """A second meeting follows one that was closed without the quorum for something, and its notice says why; one of
    the past says what its notice said."""
    if meeting.second_of is None:
        if meeting.second_why:
            raise BadInput([Problem(say("name the meeting that had no quorum"), "second_of")], "bad-agenda")
        return
    if not meeting.second_why and not meeting.is_history:
        reason = say("say in the notice why a second meeting is called")
        raise BadInput([Problem(reason, "second_why")], "bad-agenda")
    if len(meeting.second_why) > WHY_MAX or holds_control(meeting.second_why):
        reason = say("give a reason of at most %(most)s characters, without signs that cannot be shown", most=WHY_MAX)
        raise BadInput([Problem(reason, "second_why")], "bad-agenda")
    first = store.find_meeting(tx, meeting.second_of)
    decided = store.list_decisions(tx, meeting.second_of).values()
    if first is None or not any(each.verdict.reason == "no-quorum" for each in decided):
        reason = say("no meeting %(id)s lacked a quorum", id=meeting.second_of)
        raise BadInput([Problem(reason, "second_of")], "bad-agenda")
    if meeting.held_on <= first.held_on:
        reason = say("a second meeting is held after the first, of %(day)s", day=first.held_on)
        raise BadInput([Problem(reason, "held_on")], "bad-agenda")


def _announce(meeting: Meeting, statutes: Statutes, notice_hash: str, voters: tuple[str, ...]) -> MeetingConvened:
    return MeetingConvened(
        meeting_id=meeting.meeting_id,
        convened_on=meeting.convened_on,
        held_on=meeting.held_on,
        vote_from=first_vote_by(meeting, [statutes]),
        place=meeting.place,
        begins_at=meeting.begins_at,
        votes_until=meeting.votes_until,
        agenda=tuple(
            AgendaPoint(
                resolution_id=point.resolution_id,
                kind=point.kind,
                subject_nl=point.subject_nl,
                subject_en=point.subject_en,
                papers=tuple(
                    AgendaPaper(paper_id=paper.paper_id, name_nl=paper.name_nl, name_en=paper.name_en)
                    for paper in point.papers
                ),
            )
            for point in meeting.resolutions
        ),
        notice_hash=notice_hash,
        history=meeting.is_history,
        second_of=meeting.second_of or "",
        second_why=meeting.second_why,
        voters=voters,
    )


def _known_elsewhere(tx: Tx, resolution: Resolution, line: int) -> list[Problem]:
    other = store.find_agenda(tx, resolution.resolution_id)
    return (
        [
            Problem(
                say(
                    "%(resolution_id)s stood on the agenda of %(other)s",
                    resolution_id=resolution.resolution_id,
                    other=other,
                ),
                "resolution_id",
                line,
            )
        ]
        if other
        else []
    )


def _judge_known(tx: Tx, meeting: Meeting) -> list[Problem]:
    """Problems that keep points off the agenda beside what is on file, and beside each other: two that would settle the
    same are never both put to the vote."""
    problems = list(_judge_options(meeting))
    settled: dict[str, str] = {}
    for line, point in enumerate(meeting.resolutions, start=1):
        kind = find_kind(point.kind)
        problems += place_parameters(point, line, kind.judge_known(tx, meeting, point))
        claim = kind.find_claim(point.parameters)
        if claim in settled and not point.option_of == settled[claim] != "":
            reason = say("another point on this agenda settles the same: make them options, of which one wins")
            problems += place_parameters(point, line, [Problem(reason)])
        settled |= {claim: point.option_of} if claim else {}
    return problems


def _judge_options(meeting: Meeting) -> Iterator[Problem]:
    """Problems that keep options from being put to the vote: which one wins is set by the notice, alike for all of
    them."""
    for line, point in enumerate(meeting.resolutions, start=1):
        if bool(point.option_of) != (point.wins in WINS):
            reason = say("options say which one wins: %(rules)s", rules=WINS)
            yield Problem(reason, f"{point.resolution_id}.wins", line)
    for options in group_options(meeting.resolutions):
        if len({(option.kind, option.wins) for option in options}) > 1:
            reason = say("options of each other are of one kind, with one rule which wins")
            yield Problem(reason, f"{options[-1].resolution_id}.wins")
