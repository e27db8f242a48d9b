"""Choice of delegates judged beside the statutes: who stands for whom, for how many seats and how long.

Source: BW 2:39 lid 1; docs/domain/meetings-votes-and-statutes.md#a-council-of-members.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from coop.governance.ballots.elections.candidacy import Candidacy
from coop.governance.statutes.council import Council
from coop.governance.statutes.delegates import DELEGATES, Seated
from coop.governance.statutes.voters import add_months
from coop.values import Problem, say


def judge_choice(
    council: Council, candidacy: Candidacy, kinds: Mapping[str, str], seated: Iterable[Seated]
) -> list[Problem]:
    """Everything that keeps an election of delegates or substitutes off an agenda, by its parameter.

    Args:
        council: the article. candidacy: as the notice puts it to the vote. kinds: of the members, by the register.
        seated: terms in the council, past and to come.
    """
    group, article = candidacy.group, council.article
    if not council.count_seats(group):
        names = tuple(each.name for each in council.groups)
        if not names:
            return [Problem(say("%(article)s: all members choose together, without groups", article=article), "group")]
        reason = say("%(article)s: one group chooses its delegates: %(groups)s", article=article, groups=names)
        return [Problem(reason, "group")]
    problems = []
    standing = {member_id for listed in candidacy.options.values() for member_id in listed}
    if any(member_id in kinds and council.find_group(kinds[member_id]) != group for member_id in standing):
        reason = say("%(article)s: only who is of the group stands for it", article=article)
        problems.append(Problem(reason, "candidates"))
    all_seats = council.count_seats(group) if candidacy.office == DELEGATES else council.substitutes
    taken = {
        each.member_id
        for each in seated
        if (each.office, each.group) == (candidacy.office, group)
        and each.begins_on < candidacy.ends_on
        and candidacy.begins_on < each.ends_on
        and each.member_id in kinds
    }
    if candidacy.seats + len(taken) > all_seats:
        reason = say(
            "%(article)s gives %(seats)s seats, of which %(taken)s are taken in that time",
            article=article,
            seats=all_seats,
            taken=len(taken),
        )
        problems.append(Problem(reason, "seats"))
    latest = add_months(candidacy.begins_on, council.term_months)
    if candidacy.ends_on > latest:
        reason = say("%(article)s lets a term last until %(latest)s at most", article=article, latest=latest)
        problems.append(Problem(reason, "ends_on"))
    return problems
