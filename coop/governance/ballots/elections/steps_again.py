"""The way from one vote of an election to the next, made a second time: who stands in each vote follows from the
counts and lots before it, by the statutes. Nothing is shared with the rules by which votes were opened.

Source: docs/domain/meetings-votes-and-statutes.md#elections.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from coop.governance.ballots.elections.model import Counted
from coop.governance.ballots.elections.store import Opened

Record = Mapping[str, Any]


@dataclass(frozen=True)
class Due:
    """The vote that has to come: its kind, its names and the seats that are free; how many rounds went before, and in
    an intermediate vote those who go on already. ``lot``: names of which so many have to be drawn first."""

    kind: str
    names: frozenset[str]
    seats: int
    round: int = 1
    through: frozenset[str] = frozenset()
    lot: tuple[frozenset[str], int, str] | None = None


def check_steps(
    parameters: Record, articles: Record, opened: Sequence[Opened], counted: Sequence[Counted], lots: Mapping[int, Any]
) -> Iterator[str]:
    """Name every vote in which others stood, or more could be chosen, than the votes before it leave.

    Args:
        parameters: of the notice. articles: the record of the statutes. opened, counted: the votes, in their order.
        lots: names that were drawn, by the number of the vote before.
    """
    rule: Record = articles.get("election") or {"steps": ["two highest"]}
    due: Due | None = _begin(parameters)
    for place, vote in enumerate(opened):
        if due is None or due.lot is not None:
            yield f"vote {vote.number}: it was opened where no vote was to come"
            return
        may_refuse = due.kind == "round" and len(due.names) <= due.seats
        names = due.names | {"against"} if may_refuse else due.names
        most = due.seats if due.kind == "round" else 1
        if vote.kind != due.kind or vote.seats != most or names != set(vote.options):
            yield f"vote {vote.number}: others stand in it than the votes before it leave"
        if place == len(counted):
            return
        due = _follow(rule, parameters, due, counted[place], may_refuse=may_refuse)
        drawn = lots.get(vote.number)
        if drawn is not None:
            if due is None or due.lot is None or len(set(drawn)) != due.lot[1] or not due.lot[0].issuperset(drawn):
                yield f"the lot after vote {vote.number} is not among those who share a place"
                return
            due = _draw(due, frozenset(drawn))


def _begin(parameters: Record) -> Due:
    seats = 1 if parameters.get("lists") else parameters["seats"]
    if parameters.get("nominated"):
        return Due("nomination", frozenset({"break", "keep"}), seats)
    return Due("round", frozenset(_list_names(parameters)), seats)


def _list_names(parameters: Record) -> Sequence[str]:
    return list(parameters.get("lists") or parameters["candidates"])


def _follow(rule: Record, parameters: Record, due: Due, count: Counted, *, may_refuse: bool) -> Due | None:
    """The vote that comes after a count; None where the election is over by it."""
    if due.kind == "nomination":
        names = frozenset(_list_names(parameters))
        is_broken = count.word == "broken" and names != set(parameters["nominated"])
        return Due("round", names, due.seats) if is_broken else None
    if count.word == "no quorum" or not count.valid or may_refuse:
        return None
    votes = {name: count.votes.get(name, 0) for name in due.names}
    if due.kind == "intermediate":
        return _end_intermediate(due, votes)
    if rule.get("plurality"):
        return _fill(rule, due, votes)
    enough = {name: cast for name, cast in votes.items() if 2 * cast > count.valid}
    if len(enough) > due.seats:
        return _fill(rule, due, enough)
    left, rest = due.seats - len(enough), {name: cast for name, cast in votes.items() if name not in enough}
    if not left or not rest:
        return None
    return _step_one(rule, due, rest) if due.seats == 1 else _step_several(rule, due, rest, left)


def _fill(rule: Record, due: Due, votes: Mapping[str, int]) -> Due | None:
    """The most votes have the seats: those that share the last one are voted on again, or drawn."""
    sure, tied = _rank(votes, due.seats)
    if not tied:
        return (
            None if len(sure) == due.seats or len(sure) == len(due.names) else _again(due, due.names - sure, len(sure))
        )
    if due.round < rule.get("lot_from", 1):
        return _again(due, tied, len(sure))
    return replace(due, names=tied, seats=due.seats - len(sure), lot=(tied, due.seats - len(sure), "elects"))


def _step_one(rule: Record, due: Due, votes: Mapping[str, int]) -> Due:
    """The next vote for one seat that nobody has more than half for."""
    if len(votes) == 2:
        is_lot = due.round >= rule.get("lot_from", 1)
        return replace(due, lot=(due.names, 1, "elects")) if is_lot else _again(due, due.names)
    step = rule["steps"][min(due.round, len(rule["steps"])) - 1]
    if step == "intermediate":
        return replace(due, kind="intermediate", round=due.round + 1)
    if step == "without the fewest":
        return _drop(due, votes, 1)
    if step == "all":
        return _again(due, due.names)
    sums = sorted(set(votes.values()), reverse=True)
    first = frozenset(name for name in votes if votes[name] == sums[0])
    if len(first) > 1:
        return _again(due, first)
    second = frozenset(name for name in votes if votes[name] == sums[1])
    if len(second) > 1:
        return replace(due, kind="intermediate", names=second, through=first, round=due.round + 1)
    return _again(due, first | second)


def _step_several(rule: Record, due: Due, rest: Mapping[str, int], left: int) -> Due:
    """The next vote for the seats that stay free among those without a majority."""
    filled, names = due.seats - left, frozenset(rest)
    step = rule["steps"][min(due.round, len(rule["steps"])) - 1]
    if len(names) <= left or step == "all":
        return _again(due, names, filled)
    if step == "without the fewest":
        return _drop(due, rest, left)
    sure, tied = _rank(rest, 2 * left)
    return _again(due, sure | tied, filled)


def _drop(due: Due, votes: Mapping[str, int], seats: int) -> Due:
    """Everybody goes on but the one with the fewest votes; of several one is drawn."""
    fewest = frozenset(name for name in votes if votes[name] == min(votes.values()))
    open_to = replace(due, names=frozenset(votes), seats=seats)
    if len(fewest) > 1:
        return replace(open_to, lot=(fewest, 1, "falls away"))
    return _again(open_to, open_to.names - fewest)


def _end_intermediate(due: Due, votes: Mapping[str, int]) -> Due:
    """Two go on to the next round: who was through already, and the most votes beside them."""
    free = 2 - len(due.through)
    sure, tied = _rank(votes, free)
    through = due.through | sure
    if tied:
        return replace(due, through=through, lot=(tied, free - len(sure), "goes on"))
    return replace(due, kind="round", names=through, through=frozenset())


def _draw(due: Due, drawn: frozenset[str]) -> Due | None:
    """The vote that comes after a lot."""
    assert due.lot is not None, "a lot was asked"
    asked = replace(due, lot=None)
    match due.lot[2]:
        case "falls away":
            return _again(asked, due.names - drawn)
        case "goes on":
            return replace(asked, kind="round", names=due.through | drawn, through=frozenset())
    return None  # it filled the last seats


def _again(due: Due, names: frozenset[str], filled: int = 0) -> Due:
    return replace(due, kind="round", names=names, seats=due.seats - filled, round=due.round + 1)


def _rank(votes: Mapping[str, int], places: int) -> tuple[frozenset[str], frozenset[str]]:
    """Names that have a place for sure, and those that share the last ones.

    >>> [sorted(names) for names in _rank({"a": 9, "b": 5, "c": 5}, 2)]
    [['a'], ['b', 'c']]
    """
    sure = {name for name in votes if sum(other >= votes[name] for other in votes.values()) <= places}
    tied = {name for name in set(votes) - sure if sum(other > votes[name] for other in votes.values()) < places}
    return frozenset(sure), frozenset(tied)
