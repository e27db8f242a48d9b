"""The end of the co-operative: from which day, who winds it up, where what is left goes, and who keeps the books.

The law asks what a change of the statutes asks, unless they say otherwise: notice, text and majority follow that.

Source: BW 2:19 lid 1 a (by a decision of the meeting), 2:19 lid 5 (*in liquidatie* behind the name), 2:23 lid 1
(the board winds up unless others are named), 2:23b lid 1 (what is left), 2:24 lid 1 (books for seven years), 2:42
lid 4; docs/domain/meetings-votes-and-statutes.md#dissolution.
"""

from __future__ import annotations

from datetime import date

from coop.governance.decisions.recording import record
from coop.governance.kind_fields import Day, Pick, Words
from coop.governance.kinds import Kind, Parameters
from coop.governance.model import Meeting, Resolution
from coop.kit.tx import Tx
from coop.values import Problem, say
from coop.web.language import N_

BOARD, OTHERS = "board", "others"

FIELDS = (
    Day("dissolved_on", N_("Dissolved from"), N_("The day of the meeting, or a later one.")),
    Pick(
        "liquidators",
        N_("Who winds it up"),
        among={BOARD: N_("the board, as the law says (BW 2:23)"), OTHERS: N_("others, named below")},
    ),
    Words(
        "named_liquidators",
        N_("Others who wind it up"),
        N_("An office or a company, or numbers of members; names of people stand in the minutes."),
        required=False,
        longest=300,
    ),
    Words("balance_to", N_("Where what is left goes"), N_("As the statutes say, with the article."), longest=300),
    Words("books_kept_by", N_("Who keeps the books for seven years"), N_("BW 2:24."), longest=200),
)


def judge(parameters: Parameters) -> list[Problem]:
    """Others wind up where they are named, and nowhere else.

    >>> end = {"dissolved_on": "2027-01-01", "liquidators": "others", "balance_to": "x", "books_kept_by": "y"}
    >>> [str(each) for each in judge(end)], judge({**end, "liquidators": "board"})
    (['named_liquidators: name who winds it up'], [])
    """
    named = bool(str(parameters.get("named_liquidators", "")).strip())
    if named == (parameters["liquidators"] == OTHERS):
        return []
    reason = say("the board winds it up here: choose others to name them") if named else say("name who winds it up")
    return [Problem(reason, "named_liquidators")]


def judge_known(tx: Tx, meeting: Meeting, point: Resolution) -> list[Problem]:
    """A meeting ends the co-operative from its own day on, not from one before."""
    if date.fromisoformat(point.parameters["dissolved_on"]) >= meeting.held_on:
        return []
    return [Problem(say("a meeting decides on what is to come: from %(day)s", day=meeting.held_on), "dissolved_on")]


KIND = Kind(
    "dissolution",
    N_("Dissolution"),
    N_("From that day the name ends in 'in liquidatie', and whoever winds it up pays, collects and hands over."),
    FIELDS,
    rank=60,
    judge=judge,
    judge_known=judge_known,
    act=record,
    begins=lambda parameters: date.fromisoformat(parameters["dissolved_on"]),
    undoes=N_("From that day the name does not end in 'in liquidatie' any more."),
)
