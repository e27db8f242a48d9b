"""Rules on asking a referendum: on what, until when, and how many have to ask.

Source: docs/domain/meetings-votes-and-statutes.md#a-referendum; BW 2:39 lid 2.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from coop.governance.model import ORDINARY
from coop.governance.statutes.model import Articles, Referendum
from coop.values import CoopError, say


@dataclass(frozen=True)
class Request:
    """A member asks a referendum on a decision, in their own session or by the paper of an entry, as one of so many;
    with the request that ``is_granted`` they are enough, and the decision is suspended."""

    number: int
    member_id: str
    entry_id: str | None
    members_asking: int
    votes_asking: int
    is_granted: bool

    @property
    def is_own(self) -> bool:
        """True for one in the member's own session."""
        return self.entry_id is None


def find_asking(requests: Iterable[Request], disputed: Collection[int]) -> set[str]:
    """Members who ask a referendum: by themselves, or by a paper that they did not say to be another's in time.

    >>> paper, own = Request(1, "a", "entry", 1, 1, False), Request(2, "a", None, 1, 1, False)
    >>> [sorted(find_asking(asked, [1])) for asked in ([paper], [paper, own])], find_asking([paper], [])
    ([[], ['a']], {'a'})
    """
    return {each.member_id for each in requests if each.is_own or each.number not in disputed}


def find_referendum(articles: Articles, kind: str) -> Referendum | None:
    """The right of the statutes to ask a referendum on a kind of decision, or None where they give nobody that.

    >>> every, tariff = Referendum("23", 14), Referendum("24", 30)
    >>> find = lambda kind, **held: find_referendum(Articles("a", referenda=held), kind)
    >>> find("tariff", ordinary=every, tariff=tariff).article, find("loan", ordinary=every).article
    ('24', '23')
    >>> find("loan", tariff=tariff) is None
    True
    """
    return articles.referenda.get(kind) or articles.referenda.get(ORDINARY)


def get_referendum(articles: Articles, kind: str) -> Referendum:
    """The right of the statutes to ask a referendum on a kind of decision.

    Raises:
        CoopError: they give nobody that right.
    """
    own = find_referendum(articles, kind)
    if own is None:
        raise CoopError("no-rule", say("the statutes give nobody the right to a referendum on this"))
    return own


def find_last_day(own: Referendum, decided_on: date) -> date:
    """The last day on which a referendum is asked.

    >>> find_last_day(Referendum("23", days=14), date(2026, 6, 24)).isoformat()
    '2026-07-08'
    """
    return decided_on + timedelta(days=own.days)


def find_hold_by(own: Referendum, granted_on: date) -> date | None:
    """The last day on which the referendum is to be held, where the statutes name one."""
    return granted_on + timedelta(days=own.hold_days) if own.hold_days else None


def is_enough(own: Referendum, asking: Iterable[str], votes: Mapping[str, int]) -> bool:
    """True where enough of those who had a vote at the meeting ask; ``votes`` by its frozen list.

    >>> from coop.governance.statutes.model import Share
    >>> votes = {"a": 1, "b": 4, "c": 5, "d": 0}
    >>> [is_enough(Referendum("23", 14, members=2), who, votes) for who in ("a", "ad", "ab")]
    [False, False, True]
    >>> half = Share(1, 2)
    >>> [is_enough(Referendum("23", 14, share=half), who, votes) for who in ("c", "ab")]
    [False, True]
    >>> [is_enough(Referendum("23", 14, share=half, of="votes"), who, votes) for who in ("c", "ab", "b")]
    [True, True, False]
    """
    weights = [votes[each] for each in set(asking) if votes.get(each)]
    if len(weights) < own.members or own.share is None:
        return len(weights) >= own.members
    if own.of == "votes":
        return own.share.is_reached(sum(weights), sum(votes.values()))
    return own.share.is_reached(len(weights), sum(1 for weight in votes.values() if weight))


def find_needed(own: Referendum, votes: Mapping[str, int]) -> tuple[int, int]:
    """The fewest members who are enough, and the fewest votes that are theirs, 0 where the statutes count heads alone;
    ``votes`` by the frozen list of the meeting.

    >>> from coop.governance.statutes.model import Share
    >>> votes, half = {"a": 1, "b": 4, "c": 5, "d": 0}, Share(1, 2)
    >>> find_needed(Referendum("23", 14, share=half), votes), find_needed(Referendum("23", 14, 3, half, "votes"), votes)
    ((2, 0), (3, 5))
    """
    if own.share is not None and own.of == "votes":
        return own.members, own.share.needed_of(sum(votes.values()))
    return count_needed(own, sum(1 for weight in votes.values() if weight)), 0


def count_needed(own: Referendum, voters: int) -> int:
    """The fewest members who are enough, of so many with one vote each.

    >>> from coop.governance.statutes.model import Share
    >>> count_needed(Referendum("23", 14, members=5), 200), count_needed(Referendum("23", 14, 5, Share(1, 10)), 200)
    (5, 20)
    """
    return max(own.members, own.share.needed_of(voters) if own.share else 0)
