"""Explanation of what a participant got in one interval: the readable form of every allocation key.

Energies are whole units of whatever was given: thousandths of a Wh of electricity, joules of heat.

Invariant: written in whole numbers and fractions without any limit of size, and without a line in common with the
compiled kernels. It is the reference that these are tested against, and it takes over where their range ends.

Every key comes down to one act, the **division**: an amount of whole units over weights, by largest remainder, a tie to
the lowest participant id; each part is then capped at what the participant can still use.

Source: docs/domain/energy-sharing-and-allocation.md#keys, docs/domain/energy-sharing-and-allocation.md#remainders.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from coop.communities.allocation_keys import SHARED_BY_PARTS, Key, KeyKind
from coop.values import BadInput, Problem, say


@dataclass(frozen=True)
class Division:
    """One participant's part in one division. Energies in whole units, ``quotient`` exact [units].

    ``leftover_units`` is how many single units remained for the whole group after everyone's floor; ``remainder_rank``
    is the participant's place in the line for them, 1 first, and None for who stands outside it because its use is
    covered anyhow.
    """

    amount: int
    weight: int
    total_weight: int
    floor: int
    leftover_units: int
    remainder_rank: int | None
    cap: int

    @property
    def quotient(self) -> Fraction:
        """The exact part, before rounding and cap [units]."""
        return Fraction(self.amount * self.weight, self.total_weight)

    @property
    def received_leftover(self) -> bool:
        """True when one of the leftover units went to this participant."""
        return self.remainder_rank is not None and self.remainder_rank <= self.leftover_units

    @property
    def granted(self) -> int:
        """Energy that the division gave [units]."""
        return min(self.cap, self.floor + self.received_leftover)


@dataclass(frozen=True)
class Explanation:
    """One participant, one interval. Energies in whole units.

    ``divisions`` is empty where production covered everyone's use, has two steps for the hybrid key (the agreed share,
    then the part in what was left) and one step otherwise.
    """

    kind: KeyKind
    participant: str
    production: int
    total_use: int
    use: int
    divisions: tuple[Division, ...]
    kept: int = 0
    """Energy that stayed with the producers, before anything was divided [units]."""

    @property
    def allocated(self) -> int:
        """Energy that the participant got [units]."""
        return sum(part.granted for part in self.divisions) if self.divisions else self.use


def explain(
    key: Key, participants: Sequence[str], production: int, use: Sequence[int], participant: str
) -> Explanation:
    """Say why ``participant`` gets what it gets in one interval.

    >>> why = explain(Key(KeyKind.DYNAMIC), ["A", "B", "C"], 10, [7, 7, 7], "B")
    >>> [part] = why.divisions
    >>> part.quotient, part.floor, part.leftover_units, part.remainder_rank, why.allocated
    (Fraction(10, 3), 3, 1, 2, 3)

    Args:
        key: The agreed key.
        participants: Ids, in any order.
        production: Shared production [units].
        use: Use left to cover per participant, in the order of ``participants`` [units].
        participant: Whose part is explained.

    Raises:
        BadInput: the key does not fit the participants, an energy is negative or missing, or the participant is
            unknown.
    """
    use_of = dict(zip(participants, use, strict=False))
    problems = [Problem(say("is negative"), f"use of {name}") for name, units in use_of.items() if units < 0]
    problems += [Problem(say("is negative"), "production")] if production < 0 else []
    if len(participants) != len(use):
        problems.append(
            Problem(
                say(
                    "%(values)s values for %(participants)s participants",
                    values=len(use),
                    participants=len(participants),
                ),
                "use",
            )
        )
    if participant not in participants:
        problems.append(Problem(say("%(participant)s does not take part", participant=participant), "participant"))
    if problems:
        raise BadInput(problems, "allocation-input")
    key.require_participants(participants)
    divisions = _divisions(key, key.offer(production), use_of)
    return Explanation(
        key.kind,
        participant,
        production,
        sum(use_of.values()),
        use_of[participant],
        tuple(step[participant] for step in divisions),
        production - key.offer(production),
    )


def allocate_interval(key: Key, participants: Sequence[str], production: int, use: Sequence[int]) -> list[int]:
    """Allocate one interval without any limit of size [units], in the order of ``participants``; input is valid."""
    use_of = dict(zip(participants, use, strict=True))
    steps = _divisions(key, key.offer(production), use_of)
    return [sum(step[name].granted for step in steps) if steps else use_of[name] for name in participants]


def _divisions(key: Key, production: int, use: Mapping[str, int]) -> list[dict[str, Division]]:
    """The steps that lead to the allocation of what is offered; none where it covers all use and the key lets it."""
    if key.kind is KeyKind.STATIC:
        return [_divide(production, key.weights, use)]
    if production >= sum(use.values()):
        return []
    if key.kind is KeyKind.DYNAMIC:
        return [_divide(production, use, use)]
    if key.kind is KeyKind.HYBRID:
        first = _divide(production, key.weights, use)
        still_open = {name: units - first[name].granted for name, units in use.items()}
        left = production - sum(part.granted for part in first.values())
        return [first, _divide(left, still_open, still_open)]
    if key.kind is KeyKind.PRIORITY:
        return [_serve_in_order(production, key.order, use)]
    weights = key.weights if key.kind in SHARED_BY_PARTS else dict.fromkeys(use, 1)
    return [_fill(production, weights, use)]


def _divide(amount: int, weights: Mapping[str, int], cap: Mapping[str, int]) -> dict[str, Division]:
    """Divide by largest remainder, a tie to the lowest id."""
    total = sum(weights.values())
    floors = {name: amount * weight // total for name, weight in weights.items()}
    leftover = amount - sum(floors.values())
    line = sorted(weights, key=lambda name: (-(amount * weights[name] % total), name))
    return {
        name: Division(amount, weights[name], total, floors[name], leftover, rank, cap[name])
        for rank, name in enumerate(line, start=1)
    }


def _fill(amount: int, weights: Mapping[str, int], use: Mapping[str, int]) -> dict[str, Division]:
    """Raise one level, by weight, until the amount is used up; who is full leaves the rest to the others.

    Who fills first is known beforehand: the smallest use per weight. The amount is less than the total use.
    """
    left, open_weight = amount, sum(weights.values())
    waiting = sorted(weights, key=lambda name: (Fraction(use[name], weights[name]), name))
    full = 0
    while use[waiting[full]] * open_weight <= left * weights[waiting[full]]:
        left -= use[waiting[full]]
        open_weight -= weights[waiting[full]]
        full += 1
    parts = _divide(left, {name: weights[name] for name in waiting[full:]}, use)
    leftover = next(iter(parts.values())).leftover_units
    for name in waiting[:full]:
        at_level = left * weights[name] // open_weight
        parts[name] = Division(left, weights[name], open_weight, at_level, leftover, None, use[name])
    return parts


def _serve_in_order(amount: int, order: Sequence[str], use: Mapping[str, int]) -> dict[str, Division]:
    """Each in turn gets all that is left, up to its use."""
    parts = {}
    for name in order:
        parts[name] = Division(amount, 1, 1, amount, 0, None, use[name])
        amount -= parts[name].granted
    return parts
