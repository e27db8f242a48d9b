"""The article on a council of members read out, with an example."""

from __future__ import annotations

from coop.governance.statutes.council import Council
from coop.governance.statutes.delegates import weigh_delegates
from coop.values import Said, say

EXAMPLE_MEMBERS = 20
"""Members with a vote for each seat, in the example."""


def read_council(own: Council) -> tuple[list[Said], list[Said]]:
    """Sentences on who votes in the place of the members, and an example with a full council."""
    said = [
        say(
            "%(seats)s delegates vote at meetings in the place of all members, who choose them among themselves.",
            seats=own.seats,
        ),
        say("A term lasts at most %(months)s months.", months=own.term_months),
        say("Choosing the council and a referendum stay with all members (BW 2:39)."),
    ]
    said += [_say_group(group.name, group.seats, group.kinds) for group in own.groups]
    if own.weight == "one":
        said.append(say("Each delegate has one vote."))
    else:
        said.append(say("A delegate has as many votes as there are voting members for each delegate, rounded down."))
    if own.substitutes:
        said.append(
            say(
                "A vacant seat goes to a substitute, of whom %(number)s may be chosen; the most votes first.",
                number=own.substitutes,
            )
        )
    if own.most_held:
        said.append(say("A delegate may hold the mandates of %(most)s others.", most=own.most_held))
    else:
        said.append(say("No delegate votes for another."))
    return said, [_work_out(own)]


def _say_group(name: str, seats: int, kinds: tuple[str, ...]) -> Said:
    if kinds:
        return say("%(name)s, of the kinds %(kinds)s, choose %(seats)s.", name=name, kinds=kinds, seats=seats)
    return say("%(name)s, whom no other group names, choose %(seats)s.", name=name, seats=seats)


def _work_out(own: Council) -> Said:
    """The votes of delegates where every seat is filled and the members are spread evenly over the groups."""
    names = [group.name for group in own.groups] or [""]
    each = EXAMPLE_MEMBERS * own.seats // len(names)
    seated = {f"{name} {number}": name for name in names for number in range(own.count_seats(name))}
    votes = weigh_delegates(own, seated, {f"{name} {number}": name for name in names for number in range(each)})
    if not own.groups:
        return say(
            "Of %(members)s members %(seats)s vote; votes of each: %(votes)s.",
            members=each,
            seats=own.seats,
            votes=next(iter(votes.values())),
        )
    return say(
        "With %(members)s members in each group, a delegate has: %(votes)s.",
        members=each,
        votes=tuple(f"{group.name} {votes[f'{group.name} 0']}" for group in own.groups),
    )
