"""The right to hand in motions read out, with an example."""

from __future__ import annotations

from datetime import date

from coop.governance.ballots.motions.rules import find_last_day
from coop.governance.statutes.model import Motions
from coop.governance.statutes.saying import say_share
from coop.values import Said, say


def read_motions(own: Motions, held_on: date) -> tuple[list[Said], list[Said]]:
    """Sentences on who may change a proposal and what that makes of votes, and an example for a meeting."""
    who = (
        say("%(share)s of the votes, or the board, can change a proposal on the agenda.", share=say_share(own.share))
        if own.share is not None
        else say("%(members)s members, or the board, can change a proposal on the agenda.", members=own.members)
    )
    said = [who, say("Or they put another option beside it, of which at most one is adopted.")]
    if own.at_meeting:
        said.append(say("This is possible at the meeting itself too."))
    if own.ahead == "count":
        said.append(say("Votes that were cast before count for the changed one too, until their member votes anew."))
    else:
        said.append(say("Votes that were cast before on the unchanged proposal do not count for the changed one."))
    if own.wins == "most-votes":
        said.append(say("Of options with a majority, the one with the most votes for wins."))
    else:
        said.append(say("Of options with a majority, the first on the agenda wins."))
    last = find_last_day(own, held_on)
    return said, [say("For a meeting on %(day)s they hand it in by %(latest)s.", day=held_on, latest=last)]
