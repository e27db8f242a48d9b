"""Simulated assemblies: random statutes, random members, random votes, played through the handlers of the product.

``python -m tests.governance.assemblies 10000`` plays so many, on a database of its own, and says how many motions were
adopted and acted. What a count comes to is worked out a second time here, from the statutes as plain data and in
fractions: nothing of the product is asked for it. Members give mandates and take them back while it is voted, and one
write in ten is cut off before it is kept, as by a power cut, and made anew.
"""

from __future__ import annotations

import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from pathlib import Path
from random import Random
from typing import Any, TypeVar

from coop.events.attendance import MandateEnded
from coop.events.governance import ResolutionDecided, TariffAdopted
from coop.governance.ballots import closing
from coop.governance.ballots import commands as ballots
from coop.governance.ballots.attendance.told import list_told
from coop.governance.ballots.mandates import commands as mandates
from coop.governance.ballots.store import list_standing
from coop.governance.ballots.verify import verify_resolution
from coop.governance.ballots.words.commands import list_asked
from coop.governance.ballots.words.store import CHAIR, SAYINGS
from coop.governance.convening import commands as meetings
from coop.governance.meetings import store
from coop.governance.model import Ballot, Count, Meeting, Parts
from coop.governance.service import GOVERNANCE
from coop.governance.statutes.model import (
    BASES,
    TIES,
    Advance,
    Also,
    Articles,
    MemberClass,
    Online,
    Proxies,
    Quorum,
    Rule,
    Second,
    Share,
    Term,
    Voters,
)
from coop.governance.statutes.record import describe_articles
from coop.governance.statutes.version import Statutes
from coop.kit.database import Database
from coop.kit.tx import Tx
from coop.values import BadInput, CoopError
from tests.desk import SECRETARY
from tests.founding import found_in
from tests.governance.assembly import TARIFF, admit, adopt, cast, come, resolution, speak
from tests.kit.clocks import SetClock

CONVENED, HELD, AGAIN = date(2026, 5, 20), date(2026, 6, 24), date(2026, 7, 15)
CLASSES = {"tenants": ("tenant", "corporation"), "others": ()}
"""Kinds of members that belong to a class; the second one is everybody else."""
KINDS = ("tariff", "other", "statutes", "dissolution", "conversion", "dismissal")


@dataclass(frozen=True)
class Played:
    """One assembly: how many motions were decided, were adopted and acted, how many mandates were taken back, ballots
    divided, writes cut off and classes counted, and what does not agree."""

    decided: int
    adopted: int
    acted: int
    disagreements: tuple[str, ...]
    revoked: int = 0
    divided: int = 0
    cut: int = 0
    by_class: int = 0


Made = TypeVar("Made")
CUT_SHARE = 0.1


class _PowerCut(Exception):
    """The power goes before a write is kept."""


@dataclass
class Hall:
    """A co-operative of the tests whose power goes now and then."""

    database: Database
    community: str
    random: Random
    cut: int = 0

    def write(self, act: Callable[[Tx], Made]) -> Made:
        """Write once, and where the power went before it was kept, anew."""
        if self.random.random() < CUT_SHARE:
            self.cut += 1
            with suppress(_PowerCut), self.database.write(self.community, SECRETARY) as tx:
                act(tx)
                raise _PowerCut
        with self.database.write(self.community, SECRETARY) as tx:
            return act(tx)


def draw_share(random: Random, least: Fraction = Fraction(0)) -> Share:
    """A random fraction between ``least`` and one."""
    den = random.choice((1, 2, 3, 4, 5, 6, 10))
    nums = [num for num in range(den + 1) if Fraction(num, den) >= least]
    num = random.choice(nums)
    return Share(num, den, above=num < den and random.random() < 0.5)


def draw_rule(random: Random, number: int) -> Rule:
    """A random rule, with or without quorum and second meeting."""
    quorum = second = None
    classes = random.choice(((), (), (), ("tenants",), ("tenants", "others")))
    if random.random() < 0.6:
        of = random.choice(("members", "votes"))
        quorum = Quorum(f"{number}.q", draw_share(random), of, with_proxies=random.random() < 0.7)  # type: ignore[arg-type]
        if random.random() < 0.6:
            outside = random.choice(("quorum", "undecidable"))
            majority = draw_share(random, Fraction(1, 2))
            days = random.choice((14, 28, 42))
            of = random.choice(("majority", "with-quorum", "nothing")) if classes else "majority"
            second = Second(f"{number}.s", majority, days, outside=outside, also=draw_also(random), of_classes=of)  # type: ignore[arg-type]
    return Rule(
        f"{number}.m",
        draw_share(random, Fraction(1, 2)),
        random.choice(BASES),
        tie=random.choice(TIES),
        tie_article=random.choice(("", f"{number}.t")),
        quorum=quorum,
        second=second,
        also=draw_also(random),
        classes=classes,
    )


def draw_classes(random: Random, rules: Mapping[str, Rule]) -> tuple[MemberClass, ...]:
    """The classes that rules name, each with a random majority and now and then a quorum."""
    made = []
    for name, kinds in CLASSES.items():
        of = random.choice(("members", "votes"))
        quorum = Quorum(f"{name}.q", draw_share(random), of, with_proxies=random.random() < 0.7)  # type: ignore[arg-type]
        least = draw_share(random, Fraction(1, 2))
        one = MemberClass(f"{name}.m", name, least, kinds, random.choice(BASES), random.choice((None, quorum)))
        made += [one] if any(name in rule.classes for rule in rules.values()) else []
    return tuple(made)


def draw_also(random: Random) -> Also | None:
    """A second share that votes for have to come to, one time in five."""
    return Also("also", draw_share(random), random.choice(BASES)) if random.random() < 0.2 else None


def draw_articles(random: Random) -> Articles:
    """Random statutes: some sections are silent."""
    kinds = ("ordinary", *(kind for kind in KINDS if kind != "other" and random.random() < 0.4))
    several = Voters("v", plural=True, split=random.random() < 0.6)
    capped = random.choice((replace(several, most_votes=3), replace(several, most_share=Share(1, 4))))
    voters = random.choice((None, Voters("v"), several, capped))
    rules = {kind: draw_rule(random, number) for number, kind in enumerate(kinds, start=1) if random.random() < 0.9}
    return Articles(
        "random",
        rules=rules,
        classes=draw_classes(random, rules),
        notices=random.choice(({}, {"ordinary": Term("n", random.randint(0, 15))})),
        voters=voters,
        proxies=random.choice((None, Proxies("p", most_held=random.randint(0, 3)), Proxies("p", most_votes=4))),
        advance=random.choice(
            (None, Advance("a"), Advance("a", from_days=10, to_days=1), Advance("a", revocable=False))
        ),
        online=random.choice((None, Online("o", registered=False))),
    )


def judge(record: Mapping[str, Any], kind: str, count: Count, casting: str = "", days: int | None = None) -> bool:
    """Work out whether a motion is adopted: from the record of the statutes, by what the words of law and articles say.

    ``days`` lie between a first meeting without quorum and this one.
    """
    rules = record.get("rules", {})
    like_statutes = kind in ("dissolution", "conversion")
    rule = rules.get(kind) or (rules.get("statutes") if like_statutes else None)
    if rule is None:
        law = {"statutes": (2, 3), "dissolution": (2, 3), "conversion": (9, 10)}.get(kind)
        if law is not None:
            rule = {"majority": {"num": law[0], "den": law[1]}}
        else:
            rule = rules.get("ordinary", {"majority": {"num": 1, "den": 2, "above": True}})
    majority, base, quorum, also = rule["majority"], rule.get("base", "cast"), rule.get("quorum"), rule.get("also")
    if kind == "conversion" and majority["num"] * 10 < majority["den"] * 9:
        majority, base = {"num": 9, "den": 10}, "cast"
    second = rule.get("second")
    if second and days is not None:
        if days <= second["to_days"]:
            majority, quorum, also = second["majority"], None, second.get("also")
        elif second.get("outside") == "undecidable":
            return False
    how = second.get("of_classes", "majority") if second and days is not None and days <= second["to_days"] else ""
    if not (_are_there(quorum, count) and _agree(record, rule, count, how)):
        return False
    cast_votes = count.votes_for + count.votes_against
    wholes = {"cast": cast_votes, "present": count.votes_there, "all": count.votes_entitled}
    whole = wholes[base]
    if also and not _passes(also["share"], count.votes_for, wholes[also.get("base", "all")]):
        return False
    if count.votes_for and _passes(majority, count.votes_for, whole):
        return True
    is_tie = count.votes_for == count.votes_against > 0
    return (
        is_tie
        and 2 * majority["num"] == majority["den"]
        and rule.get("tie", "rejects") != "rejects"
        and casting == "for"
    )


def _are_there(quorum: Mapping[str, Any] | None, count: Count) -> bool:
    if not quorum:
        return True
    if quorum["of"] == "members":
        there, everybody, absent = count.members_present, count.members_entitled, count.members_represented
    else:
        there, everybody, absent = count.votes_there, count.votes_entitled, count.votes_represented
    return _passes(quorum["share"], there - (0 if quorum.get("with_proxies", True) else absent), everybody)


def _agree(record: Mapping[str, Any], rule: Mapping[str, Any], count: Count, how: str) -> bool:
    """Whether every class that a rule names is there and for it, as a first or a second meeting asks."""
    asked = {one["name"]: one for one in record.get("classes", ()) if one["name"] in rule.get("classes", ())}
    for name, own in count.classes:
        one = asked.get(name)
        if one is None or how == "nothing" or own.members_entitled == 0:
            continue
        cast_votes = own.votes_for + own.votes_against
        whole = {"cast": cast_votes, "present": own.votes_there, "all": own.votes_entitled}[one.get("base", "cast")]
        if own.votes_for == 0 or not _passes(one["majority"], own.votes_for, whole):
            return False
        if how != "majority" and not _are_there(one.get("quorum"), own):
            return False
    return True


def _passes(share: Mapping[str, Any], part: int, whole: int) -> bool:
    ratio = Fraction(share["num"], share["den"])
    return part > ratio * whole if share.get("above") else part >= ratio * whole


def play(database: Database, clock: SetClock, community: str, seed: int) -> Played:
    """Play one assembly from statutes to decisions, and a second one where the first had no quorum."""
    random = Random(seed)
    hall = Hall(database, community, random)
    articles = draw_articles(random)
    people = {f"m{number:02d}": random.randint(1, 4) for number in range(random.randint(2, 9))}
    kind_of = {name: random.choice(("tenant", "corporation", "owner", "lender")) for name in people}
    clock.set(datetime(2026, 5, 1, 9, tzinfo=UTC))
    with database.write(community, SECRETARY) as tx:
        for member_id, votes in people.items():
            admit(tx, member_id, votes=votes, kind=kind_of[member_id])
        adopt(tx, Statutes(date(2020, 1, 1), articles))
    kinds = random.sample(KINDS, random.randint(1, 3))
    parameters: dict[str, dict[str, Any]] = {"tariff": TARIFF, "statutes": dict(describe_articles(articles))}
    points = tuple(resolution(f"{kind}-{seed}", kind, parameters.get(kind)) for kind in kinds)
    first = Meeting(f"first-{seed}", HELD, CONVENED, "", points, begins_at="10:00")
    told = _hold(hall, clock, first, people)
    without_quorum = [kind for kind, verdict in told.items() if verdict == "no-quorum"]
    if without_quorum:
        same = tuple(
            replace(point, resolution_id=f"{point.resolution_id}-2") for point in points if point.kind in without_quorum
        )
        held_on = AGAIN + timedelta(days=random.choice((0, 30)))
        second = Meeting(
            f"second-{seed}",
            held_on,
            HELD + timedelta(days=1),
            "",
            same,
            begins_at="10:00",
            second_of=first.meeting_id,
            second_why="too few were there",
        )
        _hold(hall, clock, second, people)
    with database.read(community) as tx:
        return replace(_look(tx, articles, people, kind_of), cut=hall.cut)


def _hold(hall: Hall, clock: SetClock, meeting: Meeting, people: Mapping[str, int]) -> dict[str, str]:
    """Convene, vote and close; everything that may be sent twice is."""
    random = hall.random
    clock.set(datetime.combine(meeting.convened_on, datetime.min.time(), UTC) + timedelta(hours=9))
    for _ in range(2):
        hall.write(lambda tx: meetings.convene_meeting(tx, meeting))
    clock.set(datetime.combine(meeting.held_on, datetime.min.time(), UTC) + timedelta(hours=18))
    hall.write(lambda tx: _give_mandates(tx, meeting, people, random))

    def vote(tx: Tx) -> None:
        for point in meeting.resolutions:
            for member_id in people:
                if random.random() < 0.7:
                    _vote(tx, meeting.meeting_id, point.resolution_id, member_id, people, random)

    hall.write(vote)
    hall.write(lambda tx: _use_mandates(tx, meeting, people, random))
    attendance = [member_id for member_id in people if random.random() < 0.3]
    hall.write(lambda tx: come(tx, *attendance, meeting_id=meeting.meeting_id))
    hall.write(lambda tx: _speak(tx, meeting, random))
    for _ in range(2):
        outcomes = hall.write(lambda tx: closing.close_meeting(tx, meeting.meeting_id))
    return {outcome.resolution.kind: outcome.verdict.reason for outcome in outcomes}


def _give_mandates(tx: Tx, meeting: Meeting, people: Mapping[str, int], random: Random) -> None:
    """Let some give another their mandate, and some take it back; who may not is refused."""
    for member_id in people:
        if random.random() < 0.3:
            with suppress(CoopError), tx.savepoint():
                mandates.give_mandate(tx, meeting.meeting_id, member_id, random.choice(list(people)))
    _revoke(tx, meeting, people, random)


def _use_mandates(tx: Tx, meeting: Meeting, people: Mapping[str, int], random: Random) -> None:
    """Let holders vote for the others, between some who take their mandate back and others who vote themselves then."""
    for point in meeting.resolutions:
        for holder in people:
            with suppress(CoopError), tx.savepoint():
                giver = random.choice(("", *people))
                choice = random.choice(("for", "against", "blank", _draw_parts(random, people.get(giver, 2))))
                ballot_id = f"{point.resolution_id}-{holder}"
                for _ in range(2):
                    ballots.cast_by_mandates(tx, point.resolution_id, holder, choice, ballot_id, giver)
        _revoke(tx, meeting, people, random)


def _revoke(tx: Tx, meeting: Meeting, people: Mapping[str, int], random: Random) -> None:
    for member_id in people:
        if random.random() < 0.2:
            mandates.revoke_mandate(tx, meeting.meeting_id, member_id)


def _speak(tx: Tx, meeting: Meeting, random: Random) -> None:
    """Have the chair speak wherever the statutes ask it; the body outside the meeting consents to some of it."""
    for point, speaker in list_asked(tx, meeting):
        says = random.choice(SAYINGS[speaker])
        if speaker == CHAIR or random.random() < 0.8:
            speak(tx, speaker, {point.resolution.resolution_id: says}, meeting.meeting_id)


def _vote(
    tx: Tx, meeting_id: str, resolution_id: str, member_id: str, people: Mapping[str, int], random: Random
) -> None:
    """Cast one ballot, in the member's own session or on paper, by proxy or not; or be refused by the statutes."""
    choice: str | Parts = random.choice(("for", "for", "against", "blank", _draw_parts(random, people[member_id])))
    divided = {"choice": "split", **vars(choice)} if isinstance(choice, Parts) else {"choice": choice}
    row: dict[str, Any] = {"member_id": member_id, **divided}
    if random.random() < 0.3:
        row["proxy_holder"] = random.choice(list(people))
    try:
        with tx.savepoint():
            if random.random() < 0.4 and "proxy_holder" not in row:
                ballots.cast_own_vote(tx, resolution_id, member_id, choice)
            else:
                cast(tx, resolution_id, [row], meeting_id)
    except BadInput:
        return  # a proxy too many, no electronic vote, or other votes than the member has


def _draw_parts(random: Random, votes: int) -> Parts:
    """Votes by the register, divided at random; now and then one too many."""
    pro = random.randint(0, votes)
    contra = random.randint(0, votes - pro)
    return Parts(pro, contra, votes - pro - contra + (random.random() < 0.1))


def add_up(record: Mapping[str, Any], people: Mapping[str, int], standing: Iterable[Ballot]) -> tuple[int, int, int]:
    """Votes for, against and blank, worked out from the register and the record in plain integers and a fraction."""
    voters = record.get("voters", {})
    has = {name: number if voters.get("plural") else 1 for name, number in people.items()}
    if share := voters.get("most_share"):
        cap = max(1, int(Fraction(share["num"], share["den"]) * sum(has.values())))
        has = {name: min(number, cap) for name, number in has.items()}
    sums = Counter[str]()
    for each in standing:
        votes = min(has[each.member_id], voters.get("most_votes", 4))
        parts = (each.votes_for or 0, each.votes_against or 0, each.votes_blank or 0)
        if each.choice != "split":
            sums[each.choice] += votes
        elif voters.get("split") and sum(parts) == votes:
            sums.update(dict(zip(("for", "against", "blank"), parts, strict=True)))
    return sums["for"], sums["against"], sums["blank"]


def check_classes(
    record: Mapping[str, Any],
    people: Mapping[str, int],
    kind_of: Mapping[str, str],
    box: Iterable[Ballot],
    count: Count,
) -> Iterator[str]:
    """Hold the votes of each class against those of its members in the box; what each has follows from all of them."""
    box = list(box)
    for name, counted in count.classes:
        taken = CLASSES["tenants"] if any(one["name"] == "tenants" for one in record["classes"]) else ()
        own = {each for each, kind in kind_of.items() if (kind in taken) == (name == "tenants")}
        sums = add_up(record, people, [ballot for ballot in box if ballot.member_id in own])
        if sums != (counted.votes_for, counted.votes_against, counted.votes_blank):
            yield f"class {name}: {sums} is not {counted}"
        if counted.members_entitled != len(own):
            yield f"class {name}: {len(own)} belong to it, not {counted.members_entitled}"


def _look(tx: Tx, articles: Articles, people: Mapping[str, int], kind_of: Mapping[str, str]) -> Played:
    """Hold every decision against the second calculation, the recount of the product, and what was told."""
    record = describe_articles(articles)
    wrong: list[str] = []
    adopted = acted = decided = revoked = divided = by_class = 0
    for meeting in store.list_meetings(tx):
        revoked += sum(1 for each in list_told(tx, MandateEnded, meeting.meeting_id) if each["change"] == "revoked")
        for point in meeting.resolutions:
            found = store.find_decision(tx, point.resolution_id)
            assert found is not None
            days = (meeting.held_on - HELD).days if meeting.second_of else None
            casting = found.casting
            expected = judge(record, point.kind, found.count, casting, days)
            if expected != found.verdict.adopted:
                wrong.append(f"{point.resolution_id}: {found.verdict} of {found.count} under {record}")
            box = list_standing(tx, point.resolution_id).values()
            divided += sum(1 for ballot in box if ballot.choice == "split")
            sums = add_up(record, people, box)
            if sums != (found.count.votes_for, found.count.votes_against, found.count.votes_blank):
                wrong.append(f"{point.resolution_id}: {sums} is not {found.count}")
            wrong += check_classes(record, people, kind_of, box, found.count)
            by_class += len(found.count.classes)
            wrong += verify_resolution(tx, point.resolution_id).findings
            facts = len(list_told(tx, TariffAdopted, point.resolution_id))
            told = len(list_told(tx, ResolutionDecided, point.resolution_id))
            if point.kind == "tariff" and facts != found.verdict.adopted:
                wrong.append(f"{point.resolution_id}: acted {facts} times")
            if told != 1:
                wrong.append(f"{point.resolution_id}: decided {told} times")
            decided, adopted, acted = decided + 1, adopted + found.verdict.adopted, acted + facts
    return Played(decided, adopted, acted, tuple(wrong), revoked, divided, by_class=by_class)


def main(arguments: list[str]) -> int:
    """Play so many assemblies, and say what came of them."""
    count = int(arguments[0]) if arguments else 200
    clock = SetClock(datetime(2026, 5, 1, 9, tzinfo=UTC))
    sums, wrong = Counter[str](), list[str]()
    with tempfile.TemporaryDirectory() as folder:
        database = GOVERNANCE.open_database(f"sqlite:///{Path(folder) / 'assemblies.db'}", clock)
        found_in(database)
        for seed in range(count):
            played = play(database, clock, f"town-{seed}", seed)
            sums.update(decided=played.decided, adopted=played.adopted, acted=played.acted)
            sums.update(revoked=played.revoked, divided=played.divided, cut=played.cut, by_class=played.by_class)
            wrong += [f"seed {seed}: {each}" for each in played.disagreements]
        database.close()
    print(f"{count} assemblies: {dict(sums)}, {len(wrong)} disagreements")
    print("\n".join(wrong[:20]))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
