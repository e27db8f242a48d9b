"""Allocation keys: the agreed way to divide shared production over the participants of a sharing group.

Invariant: a ``Key`` that exists can be applied. Whatever is wrong with its terms is refused when it is made; whether it
fits a group of participants is refused by ``require_participants``.

Source: docs/domain/energy-sharing-and-allocation.md#keys (Austria, Flanders, France, Spain; no Dutch statutory key was
found).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any

from coop.values import BadInput, Problem, say

PARTS = 1_000_000
"""Shares are whole parts of this many, so that 12.5 % and one hundred-thousandth are both exact."""


class KeyKind(StrEnum):
    """Way to divide shared production within one interval. ``c`` is a participant's use, ``k`` its agreed share."""

    STATIC = "static"
    """k of the production, never more than c; what a participant cannot use goes back to the producer."""
    DYNAMIC = "dynamic"
    """Pro rata to c."""
    REDISTRIBUTION = "static_redistribution"
    """By k, and what one cannot use is divided over the others by their k, until production or use is exhausted."""
    HYBRID = "hybrid"
    """Static first, then what is left pro rata to the use that is not yet covered."""
    EQUAL = "equal"
    """The same for everyone, never more than c; what one cannot use is divided equally over the others."""
    PRIORITY = "priority"
    """In the agreed order, each up to c."""


SCOPE = ("group_id", "valid_from", "valid_until")
"""Parameters of a resolution that say where and when a key holds."""

SHARED_BY_PARTS = frozenset({KeyKind.STATIC, KeyKind.REDISTRIBUTION, KeyKind.HYBRID})


@dataclass(frozen=True)
class Key:
    """One allocation key with its terms.

    ``weights`` (participant to parts per million) belongs to the kinds in ``SHARED_BY_PARTS``, ``order`` (first served
    first) to the priority key; the other kinds take neither. ``kept`` parts of each interval's production stay with the
    producers under any kind; agreed shares and they add up to the whole.

    >>> Key(KeyKind.STATIC, {"B": 500_000, "A": 500_000}).weights
    {'A': 500000, 'B': 500000}
    >>> Key(KeyKind.STATIC, {"A": 999_999})
    Traceback (most recent call last):
    coop.values.BadInput: weights: the shares add up to 999999 parts, not to 1000000
    >>> Key(KeyKind.STATIC, {"A": 700_000}, kept=300_000).offer(1_001)
    700

    Raises:
        BadInput: the kind is unknown, the shares are negative or do not add up, or terms belong to another kind.
    """

    kind: KeyKind
    weights: Mapping[str, int] = field(default_factory=dict)
    order: tuple[str, ...] = ()
    kept: int = 0

    def __post_init__(self) -> None:
        if self.kind not in set(KeyKind):
            raise BadInput(
                [Problem(say("'%(kind)s' is not one of %(kinds)s", kind=self.kind, kinds=tuple(KeyKind)), "kind")],
                "allocation-key",
            )
        # Terms may come from a stored resolution: plain text becomes the kind, and nobody else keeps hold of the terms.
        object.__setattr__(self, "kind", KeyKind(self.kind))
        object.__setattr__(self, "weights", dict(sorted(self.weights.items())))
        object.__setattr__(self, "order", tuple(self.order))
        problems = list(self._problems_of_kept())
        problems += [] if problems else self._problems_of_weights()
        problems += self._problems_of_order()
        if problems:
            raise BadInput(problems, "allocation-key")

    @classmethod
    def read(cls, parameters: Mapping[str, Any]) -> Key:
        """Make the key from the parameters that a resolution adopted: ``kind``, ``weights`` or ``order``, and ``kept``.

        ``group_id``, ``valid_from`` and ``valid_until`` say where, from when and up to when it holds; they are no terms
        of the key itself. A term that a kind does not have may be left out or null.

        >>> Key.read({"kind": "priority", "order": ["B", "A"]}).order
        ('B', 'A')

        Raises:
            BadInput: a parameter is missing, unknown or of the wrong form, or the terms are refused.
        """
        weights, order = parameters.get("weights") or {}, parameters.get("order") or []
        unknown = sorted(set(parameters) - {"kind", "weights", "order", "kept", *SCOPE})
        problems = [Problem(say("an allocation key has no such parameter"), name) for name in unknown]
        if not isinstance(weights, Mapping) or not all(isinstance(name, str) for name in weights):
            problems.append(Problem(say("must give a number of parts per participant"), "weights"))
        if not isinstance(order, list | tuple) or not all(isinstance(name, str) for name in order):
            problems.append(Problem(say("must be a list of participants"), "order"))
        if not isinstance(parameters.get("kind", ""), str):
            problems.append(Problem(say("must be the name of a kind of key"), "kind"))
        if problems:
            raise BadInput(problems, "allocation-key")
        kept = parameters.get("kept")
        return cls(parameters.get("kind", ""), weights, tuple(order), 0 if kept is None else kept)

    @property
    def shared(self) -> int:
        """Parts of a production that are divided."""
        return PARTS - self.kept

    def offer(self, production: Any) -> Any:
        """Energy that is divided of a production, rounded down to the unit; of one interval or of each."""
        return production * self.shared // PARTS if self.kept else production

    @property
    def participants(self) -> frozenset[str]:
        """Participants that the key names; none where it is the same for whoever takes part."""
        return frozenset(self.weights) | frozenset(self.order)

    def _problems_of_kept(self) -> Iterable[Problem]:
        if type(self.kept) is not int or not 0 <= self.kept < PARTS:
            reason = say("must be a whole number of parts from 0 to below %(parts)s", parts=PARTS)
            yield Problem(reason, "kept")

    def _problems_of_weights(self) -> Iterable[Problem]:
        if self.kind not in SHARED_BY_PARTS:
            if self.weights:
                yield Problem(say("the %(kind)s key takes no shares", kind=self.kind), "weights")
            return
        least = 1 if self.kind is KeyKind.REDISTRIBUTION else 0
        broken = {participant: parts for participant, parts in self.weights.items() if type(parts) is not int}
        if broken:
            for participant, parts in broken.items():
                yield Problem(
                    say(
                        "the share of %(participant)s is '%(parts)s', not a whole number of parts",
                        participant=participant,
                        parts=parts,
                    ),
                    "weights",
                )
            return
        for participant, parts in self.weights.items():
            if parts < least:
                # Nothing can be redistributed to a share of nothing: such a participant belongs outside the key.
                yield Problem(
                    say(
                        "the share of %(participant)s is %(parts)s parts, below %(least)s",
                        participant=participant,
                        parts=parts,
                        least=least,
                    ),
                    "weights",
                )
        if (total := sum(self.weights.values())) != self.shared:
            yield Problem(
                say("the shares add up to %(total)s parts, not to %(parts)s", total=total, parts=self.shared), "weights"
            )

    def _problems_of_order(self) -> Iterable[Problem]:
        if self.kind is not KeyKind.PRIORITY:
            if self.order:
                yield Problem(say("the %(kind)s key takes no order", kind=self.kind), "order")
            return
        for participant in _repeated(self.order):
            yield Problem(say("%(participant)s stands in the order more than once", participant=participant), "order")

    def require_participants(self, participants: Sequence[str]) -> None:
        """Refuse a group that is not the one the key was agreed for.

        Raises:
            BadInput: a participant is named twice, is missing from the key, or the key names someone else.
        """
        problems = [
            Problem(say("%(participant)s is named more than once", participant=twice), "participants")
            for twice in _repeated(participants)
        ]
        if self.kind in SHARED_BY_PARTS or self.kind is KeyKind.PRIORITY:
            term, named = (
                ("order", set(self.order)) if self.kind is KeyKind.PRIORITY else ("weights", set(self.weights))
            )
            problems += [
                Problem(say("%(participant)s has no place in the key", participant=one), term)
                for one in sorted(set(participants) - named)
            ]
            problems += [
                Problem(say("%(participant)s does not take part", participant=one), term)
                for one in sorted(named - set(participants))
            ]
        if problems:
            raise BadInput(problems, "allocation-key")


def _repeated(names: Sequence[str]) -> list[str]:
    return sorted(name for name, times in Counter(names).items() if times > 1)


def read_end(parameters: Mapping[str, Any]) -> date | None:
    """The day up to which a key holds; None where it holds until the next one.

    >>> read_end({"valid_from": "2026-01-01", "valid_until": "2027-01-01"})
    datetime.date(2027, 1, 1)

    Raises:
        BadInput: it is no date, or not after the day from which the key holds.
    """
    text = parameters.get("valid_until")
    if text is None:
        return None
    try:
        end = date.fromisoformat(text)
    except (TypeError, ValueError):
        raise BadInput([Problem(say("must be a date such as 2026-01-01"), "valid_until")], "allocation-key") from None
    start = parameters.get("valid_from")
    if isinstance(start, str) and end.isoformat() <= start:
        raise BadInput([Problem(say("must be after the day from which it holds"), "valid_until")], "allocation-key")
    return end
