"""Rules for kinds of decision read out."""

from __future__ import annotations

from coop.governance.statutes.model import Rule, Second
from coop.governance.statutes.saying import say_also, say_quorum, say_rule, say_share
from coop.values import Said, say


def read_rule(rule: Rule) -> list[Said]:
    """Sentences on a rule: its majority, and all that it asks beside that."""
    return [say("Adopted with %(rule)s.", rule=say_rule(rule)), *read_conditions(rule)]


def read_conditions(rule: Rule) -> list[Said]:
    """All that a rule asks beside its majority and its quorum."""
    said = [_say_second(rule.second)] if rule.second else []
    if rule.second is not None and rule.second.also is not None:
        said.append(say("In that second meeting %(also)s.", also=say_also(rule.second.also)))
    if rule.approval is not None:
        said.append(say("An outside body has to consent (%(article)s).", article=rule.approval.article))
    if rule.in_writing:
        said.append(say("The vote is in writing."))
    if rule.secret:
        said.append(say("The ballot is secret: such a vote cannot be held here."))
    return said


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
