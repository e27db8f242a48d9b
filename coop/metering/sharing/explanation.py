"""Explanation of what a participant got in one interval: the readable form of every allocation key.

Invariant: written in whole numbers and fractions without any limit of size, and without a line in common with the
compiled kernels. It is the reference that these are tested against, and it takes over where their range ends.

Every key comes down to one act, the **division**: an amount of whole Wh over weights, by largest remainder, a tie to
the lowest participant id; each part is then capped at what the participant can still use.

Source: docs/domain/energy-sharing-and-allocation.md#keys, docs/domain/energy-sharing-and-allocation.md#remainders.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from coop.metering.sharing.keys import SHARED_BY_PARTS, Key, KeyKind
from coop.values import BadInput, Problem, say


@dataclass(frozen=True)
class Division:
    """One participant's part in one division. Energies in whole Wh, ``quotient`` exact [Wh].

    ``leftover_units`` is how many single Wh remained for the whole group after everyone's floor; ``remainder_rank`` is
    the participant's place in the line for them, 1 first, and None for who stands outside it because its use is
    covered anyhow.
    """

    amount_wh: int
    weight: int
    total_weight: int
    floor_wh: int
    leftover_units: int
    remainder_rank: int | None
    cap_wh: int

    @property
    def quotient(self) -> Fraction:
        """The exact part, before rounding and cap [Wh]."""
        return Fraction(self.amount_wh * self.weight, self.total_weight)

    @property
    def received_leftover(self) -> bool:
        """True when one of the leftover units went to this participant."""
        return self.remainder_rank is not None and self.remainder_rank <= self.leftover_units

    @property
    def granted_wh(self) -> int:
        """Energy that the division gave [Wh]."""
        return min(self.cap_wh, self.floor_wh + self.received_leftover)


@dataclass(frozen=True)
class Explanation:
    """One participant, one interval. Energies in whole Wh.

    ``divisions`` is empty where production covered everyone's use, has two steps for the hybrid key (the agreed share,
    then the part in what was left) and one step otherwise.
    """

    kind: KeyKind
    participant: str
    production_wh: int
    total_consumption_wh: int
    consumption_wh: int
    divisions: tuple[Division, ...]

    @property
    def allocated_wh(self) -> int:
        """Energy that the participant got [Wh]."""
        return sum(part.granted_wh for part in self.divisions) if self.divisions else self.consumption_wh


def explain(
    key: Key, participants: Sequence[str], production_wh: int, consumption_wh: Sequence[int], participant: str
) -> Explanation:
    """Say why ``participant`` gets what it gets in one interval.

    >>> why = explain(Key(KeyKind.DYNAMIC), ["A", "B", "C"], 10, [7, 7, 7], "B")
    >>> [part] = why.divisions
    >>> part.quotient, part.floor_wh, part.leftover_units, part.remainder_rank, why.allocated_wh
    (Fraction(10, 3), 3, 1, 2, 3)

    Args:
        key: The agreed key.
        participants: Ids, in any order.
        production_wh: Shared production [Wh].
        consumption_wh: Use left to cover per participant, in the order of ``participants`` [Wh].
        participant: Whose part is explained.

    Raises:
        BadInput: the key does not fit the participants, an energy is negative or missing, or the participant is
            unknown.
    """
    use_wh = dict(zip(participants, consumption_wh, strict=False))
    problems = [Problem(say("is negative"), f"consumption of {name}") for name, wh in use_wh.items() if wh < 0]
    problems += [Problem(say("is negative"), "production")] if production_wh < 0 else []
    if len(participants) != len(consumption_wh):
        problems.append(
            Problem(
                say(
                    "%(values)s values for %(participants)s participants",
                    values=len(consumption_wh),
                    participants=len(participants),
                ),
                "consumption",
            )
        )
    if participant not in participants:
        problems.append(Problem(say("%(participant)s does not take part", participant=participant), "participant"))
    if problems:
        raise BadInput(problems, "allocation-input")
    key.require_participants(participants)
    divisions = _divisions(key, production_wh, use_wh)
    return Explanation(
        key.kind,
        participant,
        production_wh,
        sum(use_wh.values()),
        use_wh[participant],
        tuple(step[participant] for step in divisions),
    )


def allocate_interval(
    key: Key, participants: Sequence[str], production_wh: int, consumption_wh: Sequence[int]
) -> list[int]:
    """Allocate one interval without any limit of size [Wh], in the order of ``participants``; input is valid."""
    use_wh = dict(zip(participants, consumption_wh, strict=True))
    steps = _divisions(key, production_wh, use_wh)
    return [sum(step[name].granted_wh for step in steps) if steps else use_wh[name] for name in participants]


def _divisions(key: Key, production_wh: int, use_wh: Mapping[str, int]) -> list[dict[str, Division]]:
    """The steps that lead to the allocation; none where production covers all use and the key lets it."""
    if key.kind is KeyKind.STATIC:
        return [_divide(production_wh, key.weights, use_wh)]
    if production_wh >= sum(use_wh.values()):
        return []
    if key.kind is KeyKind.DYNAMIC:
        return [_divide(production_wh, use_wh, use_wh)]
    if key.kind is KeyKind.HYBRID:
        first = _divide(production_wh, key.weights, use_wh)
        open_wh = {name: wh - first[name].granted_wh for name, wh in use_wh.items()}
        left_wh = production_wh - sum(part.granted_wh for part in first.values())
        return [first, _divide(left_wh, open_wh, open_wh)]
    if key.kind is KeyKind.PRIORITY:
        return [_serve_in_order(production_wh, key.order, use_wh)]
    weights = key.weights if key.kind in SHARED_BY_PARTS else dict.fromkeys(use_wh, 1)
    return [_fill(production_wh, weights, use_wh)]


def _divide(amount_wh: int, weights: Mapping[str, int], cap_wh: Mapping[str, int]) -> dict[str, Division]:
    """Divide by largest remainder, a tie to the lowest id."""
    total = sum(weights.values())
    floors = {name: amount_wh * weight // total for name, weight in weights.items()}
    leftover = amount_wh - sum(floors.values())
    line = sorted(weights, key=lambda name: (-(amount_wh * weights[name] % total), name))
    return {
        name: Division(amount_wh, weights[name], total, floors[name], leftover, rank, cap_wh[name])
        for rank, name in enumerate(line, start=1)
    }


def _fill(amount_wh: int, weights: Mapping[str, int], use_wh: Mapping[str, int]) -> dict[str, Division]:
    """Raise one level, by weight, until the amount is used up; who is full leaves the rest to the others.

    Who fills first is known beforehand: the smallest use per weight. The amount is less than the total use.
    """
    left_wh, open_weight = amount_wh, sum(weights.values())
    waiting = sorted(weights, key=lambda name: (Fraction(use_wh[name], weights[name]), name))
    full = 0
    while use_wh[waiting[full]] * open_weight <= left_wh * weights[waiting[full]]:
        left_wh -= use_wh[waiting[full]]
        open_weight -= weights[waiting[full]]
        full += 1
    parts = _divide(left_wh, {name: weights[name] for name in waiting[full:]}, use_wh)
    leftover = next(iter(parts.values())).leftover_units
    for name in waiting[:full]:
        at_level_wh = left_wh * weights[name] // open_weight
        parts[name] = Division(left_wh, weights[name], open_weight, at_level_wh, leftover, None, use_wh[name])
    return parts


def _serve_in_order(amount_wh: int, order: Sequence[str], use_wh: Mapping[str, int]) -> dict[str, Division]:
    """Each in turn gets all that is left, up to its use."""
    parts = {}
    for name in order:
        parts[name] = Division(amount_wh, 1, 1, amount_wh, 0, None, use_wh[name])
        amount_wh -= parts[name].granted_wh
    return parts
