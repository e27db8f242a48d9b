"""Decisions of people on breaks that nothing explains: one proposes with a reason, another confirms.

Invariant: proposals and answers are only added. The newest confirmed proposal for a break holds; what was measured
before keeps the decisions that it was measured with, which stand in its basis.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from sqlalchemy import and_, select

from coop.kit.actor import name_id
from coop.kit.rows import find_by, insert_nouns, select_as
from coop.kit.tokens import is_same_person
from coop.kit.tx import Tx
from coop.metering.heat.counters import MeterCounter, find_counter, load_days
from coop.metering.heat.measuring import REACH_S, Span, Use, total_energy
from coop.metering.heat.model import Decided, Doubt, Misfit
from coop.metering.heat.shapes import Disagreement
from coop.metering.heat.tables import break_answer, break_proposal
from coop.metering.heat.verdicts import BreakKind
from coop.metering.model import DAY_S, Register, Shape
from coop.metering.readings import store as readings
from coop.metering.readings.days import Stored
from coop.metering.readings.holdings import Store
from coop.metering.readings.store import seconds
from coop.metering.register import closed
from coop.metering.register.locking import lock
from coop.metering.register.store import find_register
from coop.values import BadInput, CoopError, NotFound, Period, Problem, civil_date, derive_id, say

REASON_MAX = 500
"""Longest reason of a decision [characters]."""

CHOICES = (BreakKind.DIP, BreakKind.SLIP, BreakKind.RESET, BreakKind.ROLLOVER, BreakKind.EXCHANGE, BreakKind.KEEP)
"""Meanings that people can give to a break: the lower or the higher readings are false, the register started again at
zero or went across its maximum, another meter answers, or the readings are right as they are."""


CLAIMS = (BreakKind.KEEP, BreakKind.ASIDE)
"""Meanings that people can give to what one account said beside a device."""


@dataclass(frozen=True)
class Proposal:
    """A proposal of what a break means. ``before`` and ``after`` are the readings on both sides, in units of the
    register, or the energy by readings and by intervals where these disagree; of a dip or a slip the readings from
    ``false_from_s`` to ``false_to_s`` are false."""

    id: str
    register_id: str
    before_s: int
    at_s: int
    before: int
    after: int
    kind: BreakKind
    false_from_s: int | None
    false_to_s: int | None
    reason: str
    proposed_at: datetime
    proposed_by: str

    @property
    def decided(self) -> Decided:
        """The decision that it would be."""
        return Decided(self.before_s, self.at_s, self.kind, self.false_from_s, self.false_to_s)


@dataclass(frozen=True)
class Answer:
    """The second person's answer to a proposal."""

    proposal_id: str
    confirmed: bool
    answered_at: datetime
    answered_by: str


def decide_break(tx: Tx, register_id: str, at_s: int, kind: BreakKind, reason: str) -> Proposal:
    """Propose what happened at a break that nothing explains; ``at_s`` is the first reading after it [s since 1970].

    Raises:
        NotFound: there is no such register, or no such break in it.
        BadInput: it cannot have been that, or no reason is given.
    """
    lock(tx)
    register, doubt = find_doubt(tx, register_id, at_s)
    _check(kind in list_choices(tx, register, doubt), reason)
    false = {BreakKind.DIP: doubt.false_low_s, BreakKind.SLIP: doubt.false_high_s}.get(kind)
    return _propose(tx, register_id, (doubt.before_s, doubt.at_s), (doubt.before, doubt.after), kind, reason, false)


def decide_claims(tx: Tx, register_id: str, before_s: int, at_s: int, kind: BreakKind, reason: str) -> Proposal:
    """Propose whether what one account said between two readings of a device counts (``KEEP``) or not (``ASIDE``).

    Raises:
        NotFound: there is no such register, or all fits there.
        BadInput: the kind is another, or no reason is given.
    """
    lock(tx)
    _check(kind in CLAIMS, reason)
    _, misfit = find_misfit(tx, register_id, before_s, at_s)
    return _propose(tx, register_id, (before_s, at_s), (misfit.before, misfit.after), kind, reason, None)


def decide_shapes(tx: Tx, register_id: str, from_s: int, to_s: int, kind: BreakKind, reason: str) -> Proposal:
    """Propose which shape is right where a meter's cumulative readings and intervals disagree, from one reading to
    another [s since 1970]; ``register_id`` is that of the readings, ``kind`` READINGS or INTERVALS.

    Raises:
        NotFound: there is no such register, or they do not disagree there.
        BadInput: the kind is another, or no reason is given.
    """
    lock(tx)
    _check(kind in (BreakKind.READINGS, BreakKind.INTERVALS), reason)
    register, found = find_disagreement(tx, register_id, from_s, to_s)
    units = [int(energy.scaleb(-register.exponent)) for energy in (found.by_readings, found.by_intervals)]
    return _propose(tx, register_id, (from_s, to_s), (units[0], units[1]), kind, reason, None)


def _check(is_possible: bool, reason: str) -> None:
    problems = [] if reason.strip() else [Problem(say("say why it was decided so"), "reason")]
    if len(reason) > REASON_MAX:
        problems.append(Problem(say("is longer than %(most)s characters", most=REASON_MAX), "reason"))
    if not is_possible:
        problems.append(Problem(say("it cannot have been that"), "kind"))
    if problems:
        raise BadInput(problems, "bad-decision")


def _propose(
    tx: Tx,
    register_id: str,
    between_s: tuple[int, int],
    values: tuple[int, int],
    kind: BreakKind,
    reason: str,
    false_s: tuple[int, int] | None,
) -> Proposal:
    count = len(list_proposals(tx, register_id))
    false_from_s, false_to_s = false_s or (None, None)
    proposal = Proposal(
        id=derive_id("break", tx.community, register_id, str(count)),
        register_id=register_id,
        before_s=between_s[0],
        at_s=between_s[1],
        before=values[0],
        after=values[1],
        kind=kind,
        false_from_s=false_from_s,
        false_to_s=false_to_s,
        reason=reason.strip(),
        proposed_at=tx.now,
        proposed_by=str(tx.actor),
    )
    insert_nouns(tx, break_proposal, [proposal])
    return proposal


def answer_break(tx: Tx, proposal_id: str, *, confirmed: bool) -> Proposal:
    """Confirm or reject, as the second person, what somebody else proposed. The same answer again changes nothing.

    Raises:
        NotFound: there is no such proposal.
        CoopError: the same person proposed it, or it was answered otherwise.
    """
    lock(tx)
    proposal = get_proposal(tx, proposal_id)
    given = find_by(tx, Answer, break_answer, proposal_id=proposal_id)
    if given is not None:
        if given.confirmed == confirmed:
            return proposal
        raise CoopError("already-answered", say("somebody has answered this proposal already"))
    if confirmed and is_same_person(tx, name_id(proposal.proposed_by)):
        raise CoopError("second-person", say("you proposed this yourself: somebody else confirms it"))
    if confirmed:
        _mark_moved(tx, proposal)
    insert_nouns(tx, break_answer, [Answer(proposal_id, confirmed, tx.now, str(tx.actor))])
    return proposal


def get_proposal(tx: Tx, proposal_id: str) -> Proposal:
    """One proposal.

    Raises:
        NotFound: there is no such proposal.
    """
    proposal = find_by(tx, Proposal, break_proposal, id=proposal_id)
    if proposal is None:
        raise NotFound(say("there is no such proposal"))
    return proposal


def _mark_moved(tx: Tx, proposal: Proposal) -> None:
    """Let the closed periods that a decision moves wait for a correction: of a break that nobody decided before, those
    that it reaches, for nothing could be told of them over it; else those that come out otherwise."""
    register, store, decided = _get_register(tx, proposal.register_id), Store(tx), list_decided(tx)
    break_s = proposal.before_s, proposal.at_s
    is_first = all((one.before_s, one.at_s) != break_s for one in decided.get(register.id, ()))
    after = add_decided(decided, register.id, proposal.decided)
    for period in list_reached_by(tx, proposal.decided):
        if is_first or count_period(store, register, period, decided) != count_period(store, register, period, after):
            cause = f"it was decided on {tx.today} what happened at a break of the meter"
            closed.mark_decided(tx, register.serial, cause, period.start, period.end, proposal.reason)


def list_reached_by(tx: Tx, decided: Decided) -> list[Period]:
    """Closed periods of which a decision reaches any time."""
    first_s = min(decided.before_s, decided.false_from_s or decided.before_s)
    last_s = max(decided.at_s, decided.false_to_s or decided.at_s)
    start, end = civil_date(readings.instant(first_s)), civil_date(readings.instant(last_s))
    return [period for period, _ in closed.list_reached(tx, start, end + timedelta(days=1))]


def add_decided(
    decided: Mapping[str, tuple[Decided, ...]], register_id: str, another: Decided
) -> dict[str, tuple[Decided, ...]]:
    """Decisions with another one, in the place of what was decided of the same break."""
    others = tuple(
        one for one in decided.get(register_id, ()) if (one.before_s, one.at_s) != (another.before_s, another.at_s)
    )
    return {**decided, register_id: (another, *others)}


def count_period(
    store: Store,
    register: Register,
    period: Period,
    decided: Mapping[str, tuple[Decided, ...]],
    hung_s: int | None = None,
) -> Decimal | None:
    """Energy that a register's meter counted in a period under some decisions [base unit]; None where nothing was
    read. With ``hung_s`` [s since 1970] only that of the place where it hung then: of no other home."""
    meter = store.by_serial[register.serial]
    if hung_s is not None:
        begun = [place for place in meter.places if seconds(place.installed_at) < hung_s]
        meter = meter.moved([(begun or meter.places)[-1 if begun else 0]])
    start_s = max(seconds(period.start_at), seconds(meter.places[0].installed_at))
    end_s = min(seconds(period.end_at), seconds(meter.removed_at) if meter.removed_at else seconds(period.end_at))
    counter = find_counter(store, meter, register.quantity, (start_s, end_s), decided, period.start)
    if counter is None or start_s >= end_s:
        return None
    counted, _ = counter.count(load_days(store, period, [counter]))
    uses = [use for _, use in counted if use is not None]
    return total_energy(uses) if uses else None


def list_choices(tx: Tx, register: Register, doubt: Doubt) -> list[BreakKind]:
    """Meanings that a break can have: a jump is no reset, and a rollover needs a known maximum."""
    if not doubt.is_fall:
        return [BreakKind.DIP, BreakKind.SLIP, BreakKind.EXCHANGE, BreakKind.KEEP]
    meter = Store(tx).by_serial[register.serial]
    known = register.quantity in meter.maxima_on(civil_date(readings.instant(doubt.at_s)))
    return [kind for kind in CHOICES if kind is not BreakKind.ROLLOVER or known]


def find_doubt(tx: Tx, register_id: str, at_s: int) -> tuple[Register, Doubt]:
    """A break that nothing explains, as it looks now, or would if nobody had decided it yet: a decision can be taken
    again.

    Raises:
        NotFound: there is no such register, or no such break in it.
    """
    register = _get_register(tx, register_id)
    use = judge_register(tx, register, at_s - 1, at_s + 1, without_s=at_s)
    doubts = [doubt for doubt in use.doubts if doubt.at_s == at_s] if use is not None else []
    if not doubts:
        raise NotFound(say("nothing in this register is unexplained at that moment"))
    return register, doubts[0]


def find_misfit(tx: Tx, register_id: str, before_s: int, at_s: int) -> tuple[Register, Misfit]:
    """Find a word of one account that does not fit between two readings of a device, decided or not.

    Raises:
        NotFound: there is no such register, or all fits there.
    """
    register = _get_register(tx, register_id)
    use = judge_register(tx, register, before_s, at_s, without_s=at_s)
    misfits = use.misfits if use is not None else ()
    found = [one for one in misfits if (one.before_s, one.at_s) == (before_s, at_s)]
    if not found:
        raise NotFound(say("nothing in this register is unexplained at that moment"))
    return register, found[0]


def find_disagreement(tx: Tx, register_id: str, from_s: int, to_s: int) -> tuple[Register, Disagreement]:
    """A stretch that a meter's cumulative readings and intervals tell differently, decided or not.

    Raises:
        NotFound: there is no such register, or they do not disagree there.
    """
    register = _get_register(tx, register_id)
    store = Store(tx)
    meter = store.by_serial[register.serial]
    day = civil_date(readings.instant(from_s))
    known = list_decided(tx)
    decided = {**known, register.id: tuple(one for one in known.get(register.id, ()) if one.at_s != to_s)}
    counter = find_counter(store, meter, register.quantity, (from_s, to_s), decided, day)
    _, disagreements = counter.count(_load_around(store, counter, from_s, to_s)) if counter is not None else ([], [])
    found = [one for one in disagreements if (one.from_s, one.to_s) == (from_s, to_s)]
    if not found:
        raise NotFound(say("readings and intervals do not disagree there"))
    return register, found[0]


def list_doubts(tx: Tx, register: Register, from_s: int, to_s: int) -> list[Doubt]:
    """Breaks of a register that nothing explains, whose first reading after lies between two instants."""
    use = judge_register(tx, register, from_s - 1, to_s + 1)
    return [doubt for doubt in use.doubts if from_s <= doubt.at_s <= to_s] if use is not None else []


def judge_register(tx: Tx, register: Register, from_s: int, to_s: int, without_s: int | None = None) -> Use | None:
    """Count a register between two instants [s since 1970]: which of its readings are set aside, and which of its
    breaks nothing explains, as if what was decided of the one at ``without_s`` was not; None where it was never
    read."""
    store = Store(tx)
    meter = store.by_serial[register.serial]
    bound = store.parameters.bound_of(meter, register, civil_date(readings.instant(from_s)))
    decided = tuple(one for one in list_decided(tx).get(register.id, ()) if one.at_s != without_s)
    span = Span(register.serial, register.id, register.exponent, 0, from_s, to_s, bound, decided)
    counter = MeterCounter(*((span, None) if register.shape is Shape.STAND else (None, span)))
    counted, _ = counter.count(_load_around(store, counter, from_s, to_s))
    return counted[0][1]


def _load_around(store: Store, counter: MeterCounter, from_s: int, to_s: int) -> dict[str, dict[int, Stored]]:
    return store.days(counter.register_ids, (from_s - REACH_S) // DAY_S, (to_s + REACH_S) // DAY_S)


def _get_register(tx: Tx, register_id: str) -> Register:
    register = find_register(tx, register_id)
    if register is None:
        raise NotFound(say("there is no such register"))
    return register


def list_decided(tx: Tx, known_at: datetime | None = None) -> dict[str, tuple[Decided, ...]]:
    """Decisions of people (up to an instant), by register, the newest first."""
    proposal, answer = break_proposal.c, break_answer.c
    before = [answer.answered_at <= known_at] if known_at is not None else []
    query = (
        select(
            proposal.register_id,
            proposal.before_s,
            proposal.at_s,
            proposal.kind,
            proposal.false_from_s,
            proposal.false_to_s,
        )
        .select_from(break_proposal)
        .join(break_answer, and_(answer.community == proposal.community, answer.proposal_id == proposal.id))
        .where(proposal.community == tx.community, answer.confirmed, *before)
        .order_by(answer.answered_at.desc(), proposal.id)
    )
    found: dict[str, tuple[Decided, ...]] = {}
    for register_id, *fields in tx.execute(query):
        before_s, at_s, kind, false_from_s, false_to_s = fields
        one = Decided(before_s, at_s, kind, false_from_s, false_to_s)
        if not any(newer.before_s == before_s and newer.at_s == at_s for newer in found.get(register_id, ())):
            found[register_id] = (*found.get(register_id, ()), one)
    return found


def list_proposals(tx: Tx, register_id: str | None = None) -> list[tuple[Proposal, Answer | None]]:
    """Every proposal (for a register), oldest first, with its answer."""
    where = [break_proposal.c.register_id == register_id] if register_id is not None else []
    order = [break_proposal.c.proposed_at, break_proposal.c.id]
    answers = {
        one.proposal_id: one for one in select_as(tx, Answer, break_answer, order_by=[break_answer.c.proposal_id])
    }
    proposals = select_as(tx, Proposal, break_proposal, *where, order_by=order)
    return [(one, answers.get(one.id)) for one in proposals]
