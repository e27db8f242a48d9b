"""Elections followed vote by vote: pure functions from counts and lots to who is elected and what comes next.

    elected in a round   = more than half of the valid votes; the most votes where the statutes say so
    several seats        = on more than half of the valid papers, the most votes first
    nomination broken    = break * den >= (break + keep) * num, and the quorum is there (BW 2:37 lid 4)

Where several share the last place that is free, they are voted on again; from the statutes' round on the lot decides.
Where there are no more candidates than seats, a ballot can say that it wants none of them.

Source: Civil Code, book 2, article 2:37; docs/domain/meetings-votes-and-statutes.md#elections.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from coop.governance.ballots.elections.candidacy import Candidacy
from coop.governance.ballots.elections.model import AGAINST, BREAK, KEEP, NO_QUORUM, Draw, Sheet, Stand
from coop.governance.statutes.elections import SIMPLE, judge_round
from coop.governance.statutes.majorities import has_quorum, judge_nomination
from coop.governance.statutes.model import MORE_THAN_HALF, Articles, Election, Ruling
from coop.governance.statutes.tallies import Tally
from coop.values import CoopError, Said, say

NO_VOTES = "nobody voted"
NOT_ELECTED = "not elected"


def find_procedure(articles: Articles) -> Election:
    """The procedure of the statutes, or the house's choice where they are silent."""
    return articles.election or SIMPLE


def begin(candidacy: Candidacy) -> Stand:
    """The stand before the first vote: on the nomination where it binds, else on the candidates."""
    if candidacy.nominated:
        return Stand(1, "nomination", (BREAK, KEEP), candidacy.choices)
    return _open(Stand(1, "round", (), candidacy.choices), tuple(candidacy.options))


def follow(
    articles: Articles, candidacy: Candidacy, sheets: Sequence[Sheet], lots: Mapping[int, Sequence[str]]
) -> Stand:
    """The stand after votes that were counted, and lots that were drawn, each by the number of its vote.

    >>> from datetime import date
    >>> three = Candidacy("board", 1, date(2027, 1, 1), date(2030, 1, 1), {"a": ("a",), "b": ("b",), "c": ("c",)})
    >>> stand = follow(Articles("silent"), three, [Sheet({"a": 25, "b": 20, "c": 15}, 60)], {})
    >>> stand.options, stand.over
    (('a', 'b'), False)
    >>> follow(Articles("silent"), three, [Sheet({"a": 31, "b": 29}, 60)], {}).elected
    ('a',)
    """
    stand = begin(candidacy)
    for number, sheet in enumerate(sheets, start=1):
        stand = judge(articles, candidacy, stand, sheet)
        if stand.draw is not None and number in lots:
            stand = settle(stand, lots[number])
    return stand


def judge(articles: Articles, candidacy: Candidacy, stand: Stand, sheet: Sheet) -> Stand:
    """The stand after one vote more."""
    after = replace(stand, number=stand.number + 1)
    if sheet.lacks_quorum:
        return replace(after, ruling=Ruling(NO_QUORUM, sheet.lacks_quorum), over=True)
    if stand.kind == "nomination":
        return _judge_nomination(articles, candidacy, after, sheet)
    votes = {name: sheet.votes.get(name, 0) for name in stand.options if name != AGAINST}
    election = find_procedure(articles)
    if not sheet.valid:
        return replace(after, ruling=Ruling(NO_VOTES, election.article), over=True)
    if stand.kind == "intermediate":
        return _join(election, after, votes)
    if AGAINST in stand.options:
        return _confirm(election, after, votes, sheet)
    if election.plurality:
        return _take_highest(election, after, votes, stand.seats)
    if stand.seats > 1:
        return _take_majorities(election, after, votes, sheet.valid)
    return _elect_one(election, after, votes)


def settle(stand: Stand, drawn: Sequence[str]) -> Stand:
    """The stand after a lot was drawn.

    Raises:
        CoopError: no lot is asked, or another number of names was drawn, or names that are not among those.
    """
    if reason := object_to_lot(stand, drawn):
        raise CoopError("bad-lot", reason)
    assert stand.draw is not None
    draw, without = stand.draw, replace(stand, draw=None)
    rest = tuple(name for name in stand.options if name not in drawn)
    match draw.does:
        case "elects":
            return _seat(without, tuple(drawn), rest)
        case "goes on":
            return _open(replace(without, kind="round", through=()), (*stand.through, *drawn))
    return _open(replace(without, round=stand.round + 1), rest)


def object_to_lot(stand: Stand, drawn: Sequence[str]) -> Said | None:
    """The reason against a lot as it was drawn."""
    draw = stand.draw
    if draw is None:
        return say("no lot is asked now")
    if len(set(drawn)) != draw.picks or len(drawn) != draw.picks or not set(drawn) <= set(draw.among):
        return say("the lot picks %(picks)s among those that share the place", picks=draw.picks)
    return None


def object_to_choices(stand: Stand, choices: Sequence[str]) -> Said | None:
    """The reason against a ballot that names something; one that names nothing is blank."""
    if unknown := [name for name in choices if name not in stand.options]:
        return say("'%(name)s' cannot be voted for now", name=unknown[0])
    if len(set(choices)) != len(choices):
        return say("a ballot names nobody twice")
    if len(choices) > stand.names_most:
        return say("a ballot names at most %(most)s", most=stand.names_most)
    if len(choices) > 1 and AGAINST in choices:
        return say("a ballot that wants none of them names nobody")
    return None


def object_to_sheet(stand: Stand, sheet: Sheet, there: int) -> Said | None:
    """The reason against a count on paper, where those who vote on it have so many votes."""
    figures = (*sheet.votes.values(), sheet.valid, sheet.blank, sheet.invalid)
    if any(figure < 0 for figure in figures):
        return say("give a whole number of votes")
    if unknown := [name for name in sheet.votes if name not in stand.options]:
        return say("'%(name)s' cannot be voted for now", name=unknown[0])
    named = sum(sheet.votes.values())
    if max(sheet.votes.values(), default=0) > sheet.valid or not sheet.valid <= named <= sheet.valid * stand.names_most:
        return say(
            "%(named)s votes on names do not fit %(valid)s votes on valid papers, with at most %(most)s names each",
            named=named,
            valid=sheet.valid,
            most=stand.names_most,
        )
    if sheet.handed_in > there:
        return say(
            "%(papers)s votes are on the papers, and those in the room who can still vote on paper have %(there)s",
            papers=sheet.handed_in,
            there=there,
        )
    return None


def add_up(ballots: Iterable[tuple[int, Sequence[str]]], paper: Sheet | None, entitled: int) -> Sheet:
    """One sheet of ballots, each with its weight and what it names, and of a count on paper.

    >>> add_up([(2, ["a", "b"]), (1, ["a"]), (1, [])], Sheet({"b": 4}, 4, invalid=1), 20)
    Sheet(votes={'b': 6, 'a': 3}, valid=7, blank=1, invalid=1, entitled=20, lacks_quorum='')
    """
    votes = dict(paper.votes) if paper else {}
    valid, blank = (paper.valid, paper.blank) if paper else (0, 0)
    for weight, choices in ballots:
        for name in choices:
            votes[name] = votes.get(name, 0) + weight
        valid, blank = (valid + weight, blank) if choices else (valid, blank + weight)
    return Sheet(votes, valid, blank, paper.invalid if paper else 0, entitled)


def list_elected(candidacy: Candidacy, stand: Stand) -> list[str]:
    """Members who are elected: of a list all of it."""
    return [member_id for name in stand.elected for member_id in candidacy.options[name]]


def _judge_nomination(articles: Articles, candidacy: Candidacy, after: Stand, sheet: Sheet) -> Stand:
    tally = Tally(
        sheet.votes.get(BREAK, 0),
        sheet.votes.get(KEEP, 0),
        sheet.blank,
        votes_all=sheet.entitled,
        votes_present=sheet.handed_in,
    )
    ruling = judge_nomination(articles, tally)
    quorum = articles.nomination.quorum if articles.nomination else None
    is_broken = ruling.word == "broken" and tally.votes_for > 0 and (quorum is None or has_quorum(quorum, tally))
    if not is_broken:
        return replace(after, ruling=Ruling("stands", ruling.article), elected=candidacy.nominated, over=True)
    if set(candidacy.options) == set(candidacy.nominated):
        return replace(after, ruling=ruling, over=True)
    return _open(replace(after, kind="round", ruling=ruling), tuple(candidacy.options))


def _elect_one(election: Election, after: Stand, votes: Mapping[str, int]) -> Stand:
    """The ruling on a round for one seat, as the statutes' steps say."""
    ruling = judge_round(election, after.round, votes)
    names = ruling.detail
    assert isinstance(names, tuple), "a ruling on a round names somebody"
    after = replace(after, ruling=ruling)
    match ruling.word:
        case "elected":
            return _seat(after, names, ())
        case "intermediate vote":
            least = max(votes[name] for name in names)
            through = tuple(sorted(name for name in votes if votes[name] > least))
            return replace(after, kind="intermediate", options=names, through=through, round=after.round + 1)
        case "lot" if len(votes) == 2:
            return replace(after, draw=Draw(names, 1, "elects"))
        case "lot":
            return replace(after, draw=Draw(names, 1, "falls away"))
    return _open(replace(after, round=after.round + 1), names)


def _join(election: Election, after: Stand, votes: Mapping[str, int]) -> Stand:
    """The ruling on an intermediate vote: the most votes go on, until there are two to choose between."""
    sure, tied = _split(votes, 2 - len(after.through))
    through = (*after.through, *sure)
    if tied:
        ruling = _rule(election, "lot", "lot", tied)
        return replace(after, through=through, ruling=ruling, draw=Draw(tied, 2 - len(through), "goes on"))
    ruling = _rule(election, "next round", "intermediate", through)
    return _open(replace(after, kind="round", through=(), ruling=ruling), through)


def _confirm(election: Election, after: Stand, votes: Mapping[str, int], sheet: Sheet) -> Stand:
    """The ruling where there are no more candidates than seats: whoever is on more than half of the valid papers."""
    chosen = tuple(name for name in sorted(votes) if MORE_THAN_HALF.is_reached(votes[name], sheet.valid))
    word = "elected" if chosen else NOT_ELECTED
    ruling = _rule(election, word, "elected", chosen or tuple(votes))
    return replace(after, ruling=ruling, elected=(*after.elected, *chosen), over=True)


def _take_majorities(election: Election, after: Stand, votes: Mapping[str, int], valid: int) -> Stand:
    """The ruling on a round for several seats by majority; for what stays free a round more, by the statutes' step."""
    enough = {name: cast for name, cast in votes.items() if MORE_THAN_HALF.is_reached(cast, valid)}
    if len(enough) > after.seats:
        return _take_highest(election, after, enough, after.seats)
    rest = {name: cast for name, cast in votes.items() if name not in enough}
    left = after.seats - len(enough)
    word, names = ("elected", tuple(enough)) if not left else ("next round", tuple(rest))
    if left and len(rest) > left:
        step = election.steps[min(after.round, len(election.steps)) - 1]
        if step == "without the fewest":
            fewest = tuple(sorted(name for name in rest if rest[name] == min(rest.values())))
            if len(fewest) > 1:
                seated = _seat(after, tuple(enough), tuple(rest))
                ruling = _rule(election, "lot", "lot", fewest)
                draw = Draw(fewest, 1, "falls away")
                return replace(seated, options=tuple(rest), round=after.round, ruling=ruling, draw=draw)
            names = tuple(name for name in rest if name not in fewest)
        elif step != "all":
            sure, tied = _split(rest, 2 * left)
            names = (*sure, *tied)
    ruling = _rule(election, word, "elected" if not left else "all", names)
    return replace(_seat(after, tuple(enough), names if left else ()), ruling=ruling)


def _take_highest(election: Election, after: Stand, votes: Mapping[str, int], seats: int) -> Stand:
    """The most votes fill the seats; those that share the last one are voted on again, or drawn."""
    sure, tied = _split(votes, seats)
    seated = replace(after, elected=(*after.elected, *sure), seats=after.seats - len(sure))
    if not tied:
        return _seat(replace(after, ruling=_rule(election, "elected", "elected", sure)), sure, ())
    if after.round < election.lot_from:
        ruling = _rule(election, "next round", "tie", tied)
        return _open(replace(seated, ruling=ruling, round=after.round + 1), tied)
    ruling = _rule(election, "lot", "lot", tied)
    return replace(seated, options=tied, ruling=ruling, draw=Draw(tied, seats - len(sure), "elects"))


def _split(votes: Mapping[str, int], places: int) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Names that have a place for sure, and those that share the last ones.

    >>> _split({"a": 9, "b": 5, "c": 5, "d": 1}, 2), _split({"a": 9, "b": 5, "c": 4}, 2)
    ((('a',), ('b', 'c')), (('a', 'b'), ()))
    """
    ranked = sorted(votes, key=lambda name: (-votes[name], name))
    if len(ranked) <= places:
        return tuple(ranked), ()
    bound = votes[ranked[places - 1]]
    if votes[ranked[places]] < bound:
        return tuple(ranked[:places]), ()
    return tuple(name for name in ranked if votes[name] > bound), tuple(name for name in ranked if votes[name] == bound)


def _seat(stand: Stand, elected: Sequence[str], rest: Sequence[str]) -> Stand:
    """The stand with somebody elected; it is over when no seat is free, or nobody is left."""
    left = stand.seats - len(elected)
    seated = replace(stand, elected=(*stand.elected, *elected), seats=left)
    if not left or not rest:
        return replace(seated, options=(), over=True)
    return _open(replace(seated, round=stand.round + 1), tuple(rest))


def _open(stand: Stand, names: Sequence[str]) -> Stand:
    """The stand with these candidates, and a way to want none of them where there are not too many."""
    shown = tuple(names)
    return replace(stand, options=shown if len(shown) > stand.seats else (*shown, AGAINST))


def _rule(election: Election, word: str, step: str, names: Sequence[str]) -> Ruling:
    return Ruling(word, election.articles.get(step, election.article), tuple(sorted(names)))
