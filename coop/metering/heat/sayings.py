"""Sentences about registers that nobody may bill over."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from coop.metering.heat.measuring import Span, Use
from coop.metering.heat.model import Doubt, Misfit
from coop.metering.heat.shapes import Disagreement
from coop.metering.readings.store import instant
from coop.values import Said, say, say_count


@dataclass(frozen=True)
class Blocked:
    """A sentence on what nobody may bill over, and where it lies: between which two instants [s since 1970] of which
    register."""

    said: Said
    serial: str
    register_id: str
    before_s: int
    at_s: int


def say_blocks(use: Use) -> list[Blocked]:
    """Name what nobody may bill over in a use: falls and jumps that nothing explains, and claims that do not fit."""
    return [
        *(_block_doubt(use.span, doubt) for doubt in use.doubts),
        *(_block_misfit(use.span, misfit) for misfit in use.misfits),
    ]


def _block_doubt(span: Span, doubt: Doubt) -> Blocked:
    return Blocked(_say_doubt(span, doubt), span.serial, span.register_id, doubt.before_s, doubt.at_s)


def say_disagreement(one: Disagreement) -> Blocked:
    """Name a stretch that a meter's cumulative readings and intervals tell differently."""
    return Blocked(_say_disagreement(one), one.serial, one.register_id, one.from_s, one.to_s)


def _block_misfit(span: Span, misfit: Misfit) -> Blocked:
    values = {
        "serial": span.serial,
        "said": _to_gj(Decimal(misfit.said).scaleb(span.exponent)),
        "said_at": instant(misfit.said_s),
        "before": _to_gj(Decimal(misfit.before).scaleb(span.exponent)),
        "before_at": instant(misfit.before_s),
        "after": _to_gj(Decimal(misfit.after).scaleb(span.exponent)),
        "after_at": instant(misfit.at_s),
    }
    said = say_count(
        "somebody said %(num)s reading of meter %(serial)s, %(said)s GJ (%(said_at)s), which does not fit what it"
        " measured itself, %(before)s GJ (%(before_at)s) and %(after)s GJ (%(after_at)s): two people decide whether it"
        " counts",
        "somebody said %(num)s readings of meter %(serial)s, the first %(said)s GJ (%(said_at)s), which do not fit what"
        " it measured itself, %(before)s GJ (%(before_at)s) and %(after)s GJ (%(after_at)s): two people decide whether"
        " they count",
        misfit.count,
        **values,
    )
    return Blocked(said, span.serial, span.register_id, misfit.before_s, misfit.at_s)


def _say_doubt(span: Span, doubt: Doubt) -> Said:
    values = {
        "serial": span.serial,
        "before": _to_gj(Decimal(doubt.before).scaleb(span.exponent)),
        "before_at": instant(doubt.before_s),
        "after": _to_gj(Decimal(doubt.after).scaleb(span.exponent)),
        "after_at": instant(doubt.at_s),
    }
    if doubt.is_fall:
        return say(
            "meter %(serial)s fell from %(before)s GJ (%(before_at)s) to %(after)s GJ (%(after_at)s) and nothing says "
            "why: somebody decides what happened",
            **values,
        )
    return say(
        "meter %(serial)s rose from %(before)s GJ (%(before_at)s) to %(after)s GJ (%(after_at)s), which is more than "
        "it can have counted: somebody decides what happened",
        **values,
    )


def _say_disagreement(one: Disagreement) -> Said:
    if one.is_within:
        return say(
            "meter %(serial)s counted %(by_readings)s GJ by its readings from %(start)s to %(end)s, and its intervals "
            "divide that over the days in another way: somebody decides which are right",
            serial=one.serial,
            by_readings=_to_gj(one.by_readings),
            start=instant(one.from_s),
            end=instant(one.to_s),
        )
    return say(
        "meter %(serial)s counted %(by_readings)s GJ by its readings and %(by_intervals)s GJ by its intervals, from "
        "%(start)s to %(end)s: somebody decides which are right",
        serial=one.serial,
        by_readings=_to_gj(one.by_readings),
        by_intervals=_to_gj(one.by_intervals),
        start=instant(one.from_s),
        end=instant(one.to_s),
    )


def _to_gj(energy_j: Decimal) -> Decimal:
    """Energy in GJ, without needless zeros."""
    whole = energy_j.scaleb(-9)
    return whole.quantize(Decimal(1)) if whole == whole.to_integral_value() else whole.normalize()
