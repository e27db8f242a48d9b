"""The steering group held beside the sealed journal: who sits in it by what two people signed, what each said from
their own seat, and money that was released because enough of them say so.

    released  =  the last word of the co-operative is to release, and more organisations say release than keep

Nothing is shared with what seats somebody, keeps a word or releases money.

Source: docs/domain/programmes-and-funding.md#milestones.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date

from sqlalchemy import select

from coop.events.governance import SteeringDecided, SteeringSeatEnded, SteeringSeatTaken, TrancheReleased
from coop.governance.ballots.box_again import is_signed_by_two
from coop.governance.entries.store import get_entry
from coop.governance.programmes.seat_store import SteeringDecision, list_words
from coop.governance.tables.programmes import steering_seat, steering_seat_end, tranche_referral, tranche_release
from coop.kit.journal import facts_of
from coop.kit.tx import Tx


def verify_steering(governance: Tx) -> Iterator[str]:
    """Every seat, word and release of money that is not as it was told, signed and said."""
    taken = {fact.seat_id: fact for fact in facts_of(governance, SteeringSeatTaken, governance.community)}
    ended = {fact.seat_id: fact for fact in facts_of(governance, SteeringSeatEnded, governance.community)}
    words = list_words(governance)
    yield from _check_seats(governance, taken)
    yield from _check_ends(governance, ended)
    yield from _check_words(governance, words, taken, ended)
    yield from _check_releases(governance, words)


def _check_seats(tx: Tx, taken: Mapping[str, SteeringSeatTaken]) -> Iterator[str]:
    columns = steering_seat.c
    told = {
        (fact.seat_id, fact.account_id, fact.party, fact.organisation, fact.from_on, fact.until_on)
        for fact in taken.values()
    }
    query = select(
        columns.seat_id, columns.account_id, columns.party, columns.organisation, columns.from_on, columns.until_on
    ).where(columns.community == tx.community)
    kept = {tuple(row) for row in tx.execute(query)}
    for seat_id in sorted({each[0] for each in told ^ kept}):
        yield f"seat {seat_id} in the steering group is not the one that was told"
    for fact in taken.values():
        if not is_signed_by_two(tx, fact.seat_id):
            yield f"seat {fact.seat_id} in the steering group stands in no entry that two people signed"
            continue
        entry = get_entry(tx, fact.seat_id)
        said = {
            "account_id": fact.account_id,
            "party": fact.party,
            "organisation": fact.organisation,
            "from_on": str(fact.from_on),
            "until_on": str(fact.until_on or ""),
        }
        if (entry.kind, entry.content, entry.actor) != ("seat", said, f"account:{fact.account_id}"):
            yield f"seat {fact.seat_id} in the steering group is not what its own entry says"


def _check_ends(tx: Tx, ended: Mapping[str, SteeringSeatEnded]) -> Iterator[str]:
    columns = steering_seat_end.c
    query = select(columns.seat_id, columns.ended_on, columns.entry_id).where(columns.community == tx.community)
    rows = tx.execute(query).all()
    told = {(fact.seat_id, fact.ended_on) for fact in ended.values()}
    for seat_id in sorted({each[0] for each in told ^ {(row.seat_id, row.ended_on) for row in rows}}):
        yield f"the end of seat {seat_id} in the steering group is not the one that was told"
    for seat_id, ended_on, entry_id in rows:
        said = {"seat_id": seat_id, "ended_on": str(ended_on)}
        if not is_signed_by_two(tx, entry_id) or get_entry(tx, entry_id).content != said:
            yield f"the end of seat {seat_id} in the steering group stands in no entry that two people signed"


def _check_words(
    tx: Tx,
    words: Sequence[SteeringDecision],
    taken: Mapping[str, SteeringSeatTaken],
    ended: Mapping[str, SteeringSeatEnded],
) -> Iterator[str]:
    facts = facts_of(tx, SteeringDecided, tx.community)
    told = {
        (each.year, each.number): (
            each.tranche_id, each.decided_on, each.party, each.organisation, each.decision, each.reason, each.seat_id
        )
        for each in facts
    }  # fmt: skip
    kept = {
        (each.year, each.number): (
            each.tranche_id, each.decided_on, each.party, each.organisation, each.decision, each.reason, each.seat_id
        )
        for each in words
    }  # fmt: skip
    for year, number in sorted(told.keys() | kept.keys()):
        if told.get((year, number)) != kept.get((year, number)):
            yield f"decision {year}-{number} of the steering group is not the one that was told"
    of_year: dict[int, list[int]] = defaultdict(list)
    for each in words:
        of_year[each.year].append(each.number)
        seat = taken.get(each.seat_id)
        if seat is None or not _speaks(each, seat, ended.get(each.seat_id)):
            yield f"decision {each.name} of the steering group was not said from a seat of whoever said it"
    for year, numbers in of_year.items():
        if sorted(numbers) != [*range(1, len(numbers) + 1)]:
            yield f"a decision of the steering group of {year} is missing"


def _speaks(word: SteeringDecision, seat: SteeringSeatTaken, end: SteeringSeatEnded | None) -> bool:
    """True where a word comes from the account and for the organisation of a seat, on a day of it."""
    of_seat = word.actor == f"account:{seat.account_id}" and word.voice == (seat.party, seat.organisation)
    in_order = seat.from_on <= word.decided_on <= word.recorded_on < (seat.until_on or date.max)
    return of_seat and in_order and (end is None or word.decided_on < end.ended_on)


def _check_releases(tx: Tx, words: Iterable[SteeringDecision]) -> Iterator[str]:
    columns = tranche_release.c
    query = select(columns.tranche_id, columns.released_on, columns.rule).where(columns.community == tx.community)
    kept = {row.tranche_id: (row.released_on, row.rule) for row in tx.execute(query)}
    told = {fact.tranche_id: (fact.released_on, fact.rule) for fact in facts_of(tx, TrancheReleased, tx.community)}
    for tranche_id in sorted(kept.keys() | told.keys()):
        if kept.get(tranche_id) != told.get(tranche_id):
            yield f"tranche {tranche_id} is not released as it was told"
    of_tranche: dict[str, list[SteeringDecision]] = defaultdict(list)
    for word in words:
        of_tranche[word.tranche_id].append(word)
    referred = select(tranche_referral.c.tranche_id).where(tranche_referral.c.community == tx.community)
    for tranche_id in tx.scalars(referred):
        said = of_tranche[tranche_id]
        agreed = [_is_agreed(said[: count + 1]) for count in range(len(said))]
        if any(agreed[:-1]) or (tranche_id in kept) != any(agreed):
            yield f"tranche {tranche_id} is released otherwise than the steering group said"


def _is_agreed(words: Iterable[SteeringDecision]) -> bool:
    """True where these words, in their order, release a tranche."""
    last = {word.voice: word.decision for word in words}
    ours = last.pop(("co-operative", ""), "")
    balance = sum({"release": 1, "keep": -1}.get(each, 0) for each in last.values())
    return ours == "release" and balance > 0
