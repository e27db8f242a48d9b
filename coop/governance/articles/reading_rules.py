"""Rules for kinds of decision read out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from coop.governance.statutes.classes import find_lacking
from coop.governance.statutes.model import MemberClass, Rule, Second
from coop.governance.statutes.saying import BASES, say_also, say_quorum, say_rule, say_share
from coop.governance.statutes.tallies import Tally
from coop.values import Said, say

_OF_CLASSES: Final = {
    "majority": say("A second meeting asks the majority of each class too, and not how many of it are there."),
    "with-quorum": say("A second meeting asks of each class all that the first one asks."),
    "nothing": say("A second meeting asks nothing of the classes."),
}


def read_rule(rule: Rule) -> list[Said]:
    """Sentences on a rule: its majority, and all that it asks beside that."""
    return [say("Adopted with %(rule)s.", rule=say_rule(rule)), *read_conditions(rule)]


def read_conditions(rule: Rule) -> list[Said]:
    """All that a rule asks beside its majority and its quorum."""
    said = [_say_second(rule.second)] if rule.second else []
    if rule.second is not None and rule.second.also is not None:
        said.append(say("In that second meeting %(also)s.", also=say_also(rule.second.also)))
    if rule.classes:
        said.append(say("Besides, it asks the majority of each of these classes: %(names)s.", names=rule.classes))
    if rule.classes and rule.second is not None:
        said.append(_OF_CLASSES[rule.second.of_classes])
    approval = rule.approval
    if approval is not None and approval.by:
        said.append(say("%(body)s has to consent (%(article)s).", body=approval.by, article=approval.article))
    elif approval is not None:
        said.append(say("An outside body has to consent (%(article)s).", article=approval.article))
    if rule.in_writing:
        said.append(say("The vote is in writing."))
    if rule.secret:
        said.append(say("The ballot is secret: such a vote cannot be held here."))
    return said


def read_classes(classes: Sequence[MemberClass]) -> tuple[list[Said], list[Said]]:
    """Sentences on all classes of members, and a worked example of each."""
    said = [sentence for one in classes for sentence in _read_class(one)]
    nobody = say("A class to which nobody belongs is not asked.")
    return [*said, nobody], [sentence for one in classes for sentence in _work_out_class(one)]


def _read_class(one: MemberClass) -> list[Said]:
    """Sentences on a class of members: who belongs to it, and what a decision needs of it."""
    called = {"name": one.name, "article": one.article}
    said = [
        say("%(name)s (%(article)s): whom the register has as %(kinds)s.", **called, kinds=one.kinds)
        if one.kinds
        else say("%(name)s (%(article)s): everybody of no other class.", **called)
    ]
    share, base = say_share(one.majority), BASES[one.base]
    said.append(say("Where a rule asks it, %(share)s %(base)s within this class is for it.", share=share, base=base))
    if one.quorum is not None:
        quorum = say_quorum(one.quorum)
        said.append(say("Within this class, %(quorum)s (%(article)s).", quorum=quorum, article=one.quorum.article))
    return said


def _work_out_class(one: MemberClass) -> list[Said]:
    """A worked example: 20 members of one vote each, of whom 12 voted."""
    own = Tally(7, 4, 1, votes_all=20, votes_present=12, members_all=20, members_present=12)
    tally = Tally(60, 30, 10, classes={one.name: own})
    if find_lacking([one], tally, quorum=True):
        return [say("%(name)s: of 20 with 12 there, 7 for, 4 against and 1 blank, too few are there.", name=one.name)]
    if find_lacking([one], tally, quorum=False):
        return [say("%(name)s: of 20 with 12 there, 7 for, 4 against and 1 blank, too few are for it.", name=one.name)]
    return [say("%(name)s: of 20 with 12 there, 7 for, 4 against and 1 blank, the class is for it.", name=one.name)]


def _say_second(second: Second) -> Said:
    if second.from_days:
        days = say("from %(first)s to %(last)s days later", first=second.from_days, last=second.to_days)
    else:
        days = say("at most %(last)s days later", last=second.to_days)
    if second.quorum is not None:
        return say(
            "Without that quorum a second meeting, %(days)s, decides with %(share)s; %(quorum)s (%(article)s).",
            days=days,
            share=say_share(second.majority),
            quorum=say_quorum(second.quorum),
            article=second.article,
        )
    return say(
        "Without that quorum a second meeting, %(days)s, decides whoever is there, with %(share)s (%(article)s).",
        days=days,
        share=say_share(second.majority),
        article=second.article,
    )
