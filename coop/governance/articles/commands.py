"""Commands on statutes: one person enters a version, another confirms it; every later one is what a meeting adopted.

Invariants: a resolution changes the statutes once, and no change comes into force after a newer one was adopted.

Source: BW 2:42 and 2:43 (a change is a decision of the meeting, and works from the deed);
docs/domain/meetings-votes-and-statutes.md#changing-the-statutes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date
from typing import Any, Final

from coop.communities.stops import is_stopped
from coop.events.governance import StatutesAdopted
from coop.governance.entries import commands as entries
from coop.governance.entries.store import Entry
from coop.governance.kinds import list_ruled
from coop.governance.meetings import store
from coop.governance.meetings.withdrawal_store import list_withdrawn
from coop.governance.programmes.report_store import list_files
from coop.governance.statutes.judging import judge_articles
from coop.governance.statutes.record import describe_articles, hash_articles, read_articles
from coop.governance.statutes.version import Statutes
from coop.governance.stops.store import map_stops
from coop.governance.texts import holds_control
from coop.kit.tx import Tx
from coop.values import BadInput, CoopError, Problem, hash_parameters, say

NOTARY_MAX: Final = 200

AGENDA = "agenda"
"""Lock of statutes and notices: a notice rests on the statutes that it was checked against."""


def adopt_statutes(tx: Tx, version: Statutes, entry_id: str = "") -> Entry:
    """Keep a version of the statutes as an entry, which holds once another person confirms it. The same again is the
    same entry.

    Raises:
        BadInput: the articles, the deed or the resolution that brought them cannot be.
        CoopError: another version has that date, no meeting adopted this one, or a meeting was convened under the
            version that it replaces.
    """
    tx.lock(AGENDA)
    if problems := _judge_articles(version):
        raise BadInput(problems, "bad-statutes")
    return entries.enter(tx, keep_statutes, "statutes", "", version.name, _write(version), entry_id)


def keep_statutes(tx: Tx, entry: Entry) -> int:
    """Keep the version that one person entered and another confirmed; returns 0 where it is kept already."""
    tx.lock(AGENDA)
    version = read_entry(entry)
    versions = {kept.valid_from: kept for kept in store.list_statutes(tx)}
    kept = versions.get(version.valid_from)
    if kept is not None and _bare(kept) == _bare(version):
        return 0
    if problems := [*_judge_articles(version), *_judge_origin(tx, version)]:
        raise BadInput(problems, "bad-statutes")
    if kept is not None:
        raise CoopError("statutes-fixed", say("other statutes are kept from %(day)s", day=version.valid_from))
    until = min((day for day in versions if day > version.valid_from), default=date.max)
    withdrawn = list_withdrawn(tx)
    for meeting in store.list_meetings(tx):
        if version.valid_from <= meeting.held_on < until and meeting.meeting_id not in withdrawn:
            raise CoopError(
                "statutes-too-late",
                say(
                    "the meeting of %(day)s was convened under earlier statutes: these can only start after it",
                    day=meeting.held_on,
                ),
            )
    store.add_statutes(tx, version)
    tx.tell(
        StatutesAdopted(
            valid_from=version.valid_from,
            name=version.name,
            articles_hash=hash_articles(version.articles),
            deed_on=version.deed_on,
            resolution_id=version.resolution_id,
            deed_hash=_hash_deed(version),
        )
    )
    return 1


def _hash_deed(version: Statutes) -> str:
    """The hash over a deed: its day, its notary and its document; empty where none lies here."""
    if version.deed_file is None:
        return ""
    made_on = version.deed_on.isoformat() if version.deed_on else ""
    return hash_parameters({"made_on": made_on, "notary": version.notary, "file": version.deed_file})


def _judge_articles(version: Statutes) -> list[Problem]:
    wrong = judge_articles(version.articles, list_ruled())
    return [Problem(problem.reason, f"articles.{problem.field}") for problem in wrong]


def _judge_origin(tx: Tx, version: Statutes) -> list[Problem]:
    problems = []
    if version.deed_on is not None and version.deed_on > min(version.valid_from, tx.today):
        problems.append(Problem(say("the deed was made before the statutes were in force, and not ahead"), "deed_on"))
    problems += _judge_deed(tx, version)
    versions = store.list_statutes(tx)
    if not versions and not version.resolution_id:
        return problems
    if not version.resolution_id:
        reason = say("statutes are on file: name the resolution of the meeting that changed them")
        return [*problems, Problem(reason, "resolution_id")]
    decided = store.find_decision(tx, version.resolution_id)
    resolution = store.find_resolution(tx, version.resolution_id)
    if decided is None or resolution is None or not decided.verdict.adopted or resolution.kind != "statutes":
        reason = say("no meeting adopted a change of the statutes by a resolution %(id)s", id=version.resolution_id)
        return [*problems, Problem(reason, "resolution_id")]
    problems += _judge_turn(tx, version, decided.decided_on)
    if is_stopped(map_stops(tx).get(version.resolution_id, ()), tx.today):
        problems.append(Problem(say("this change does not hold any more: it cannot come on file"), "resolution_id"))
    if resolution.parameters != describe_change(version):
        reason = say("these are not the articles that the meeting adopted by %(id)s", id=version.resolution_id)
        problems.append(Problem(reason, "articles"))
    if version.deed_on is None or version.deed_on < decided.decided_on:
        reason = say("a change works from its deed, which is made after the meeting of %(day)s", day=decided.decided_on)
        problems.append(Problem(reason, "deed_on"))
    return problems


def _judge_deed(tx: Tx, version: Statutes) -> Iterator[Problem]:
    """Find whether the document of a deed lies here, which a change of the statutes needs, and who made it."""
    if version.deed_file is not None and not list_files(tx, [version.deed_file]):
        yield Problem(say("no document with this SHA-256 lies here: hand in the document first"), "deed_file")
    elif version.resolution_id and version.deed_file is None:
        yield Problem(say("hand in the deed: its document is kept with the statutes"), "deed_file")
    if version.resolution_id and not version.notary.strip():
        yield Problem(say("name the notary who made the deed"), "notary")
    elif len(version.notary) > NOTARY_MAX or holds_control(version.notary):
        yield Problem(say("is longer than %(most)s characters", most=NOTARY_MAX), "notary")


def _judge_turn(tx: Tx, version: Statutes, decided_on: date) -> Iterator[Problem]:
    """Find whether the change of a resolution can still come into force: it did not before, and none is newer."""
    for kept in store.list_statutes(tx):
        if kept.resolution_id == version.resolution_id:
            reason = say("this resolution brought the statutes that are in force from %(day)s", day=kept.valid_from)
            yield Problem(reason, "resolution_id")
    adopted = [store.find_decision(tx, each.resolution_id) for each in store.list_holding(tx, "statutes")]
    newer = min((each.decided_on for each in adopted if each and each.decided_on > decided_on), default=None)
    if newer is not None and version.valid_from >= newer:
        reason = say(
            "the meeting of %(day)s adopted a newer change: this one cannot come into force after it", day=newer
        )
        yield Problem(reason, "resolution_id")


def describe_change(version: Statutes) -> Mapping[str, Any]:
    """The parameters of the resolution that adopts a version: its articles whole."""
    return describe_articles(version.articles)


def _bare(version: Statutes) -> Statutes:
    """A version without who entered it."""
    return replace(version, entry_id=None)


def _write(version: Statutes) -> Mapping[str, Any]:
    return {
        "valid_from": version.valid_from.isoformat(),
        "articles": describe_articles(version.articles),
        "deed_on": version.deed_on.isoformat() if version.deed_on else None,
        "resolution_id": version.resolution_id,
        "notary": version.notary,
        "deed_file": version.deed_file,
    }


def read_entry(entry: Entry) -> Statutes:
    """The version in an entry."""
    content: Mapping[str, Any] = entry.content
    deed_on = date.fromisoformat(content["deed_on"]) if content["deed_on"] else None
    valid_from = date.fromisoformat(content["valid_from"])
    return Statutes(
        valid_from,
        read_articles(content["articles"]),
        deed_on,
        content["resolution_id"],
        entry.entry_id,
        content["notary"],
        content["deed_file"],
    )
