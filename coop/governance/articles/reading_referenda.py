"""The right to ask a referendum read out, with an example."""

from __future__ import annotations

from datetime import date

from coop.governance.ballots.referenda.rules import count_needed, find_last_day
from coop.governance.statutes.model import Referendum
from coop.governance.statutes.saying import say_share
from coop.values import Said, say


def read_referendum(own: Referendum, held_on: date) -> tuple[list[Said], list[Said]]:
    """Sentences on who asks a referendum and what becomes of the decision, and an example for a meeting."""
    said = [
        say(
            "%(members)s members can ask a referendum on what was adopted, within %(days)s days.",
            members=own.members,
            days=own.days,
        )
    ]
    if own.share is not None:
        unit = say("the members") if own.of == "members" else say("the votes")
        said.append(say("Together they are %(share)s of %(unit)s.", share=say_share(own.share), unit=unit))
    said.append(say("Until all members voted on it the decision does not act (BW 2:39)."))
    if own.asks == "repeal":
        said.append(say("They vote on whether the decision falls; without a majority for that it stands."))
    else:
        said.append(say("They vote on whether the decision stands; without a majority for that it falls."))
    said.append(
        say(
            "Where too few take part, a second meeting follows if the statutes know one for it; where too few take part"
            " there too, it is as if there was no majority."
        )
    )
    if own.hold_days:
        said.append(say("The referendum is held within %(days)s days.", days=own.hold_days))
    said.append(say("As long as it is not held, the decision does not act, also when its days are over."))
    example = say(
        "What is adopted on %(day)s: until %(latest)s, by %(needed)s of 200 members with one vote each.",
        day=held_on,
        latest=find_last_day(own, held_on),
        needed=count_needed(own, 200),
    )
    return said, [example]
