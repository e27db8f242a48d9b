"""Telling of the verification: what does not agree, and what cannot be verified now."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from coop.billing.checking.verify import Verification
from coop.kit.documents import UNREADABLE
from coop.metering.readings.detached import ReadingsDetached
from coop.values import CoopError, eur

Echo = Callable[[str], object]


BROKEN = (CoopError, *UNREADABLE)
"""Outcome for a row that was changed by hand: a finding, never the end of the verification."""


class _Aside(str):
    """A finding that readings are set aside: nothing is wrong, and nothing can be verified."""


def findings_of(verify: Callable[..., list[str]], *arguments: object) -> list[str]:
    """Findings of a verification, and why it cannot be made where it refuses."""
    try:
        return verify(*arguments)
    except ReadingsDetached as aside:
        return [_Aside(aside.message)]
    except CoopError as error:
        return [error.message]


def collect(checks: Iterable[Callable[[], Iterator[str]]]) -> Iterator[str]:
    """Findings of several checks, each as far as what is kept can be read."""
    for check in checks:
        try:
            yield from check()
        except BROKEN as broken:
            yield f"what is kept can no longer be read: {broken}"


def outcome(wrong: Sequence[str], same: str) -> str:
    """One word for findings; ``same`` is said where there are none."""
    if not wrong:
        return same
    return "DETACHED" if is_aside(wrong) else "DIFFERS"


def is_aside(findings: Sequence[str]) -> bool:
    """True where something was found, and nothing but that readings are set aside."""
    return bool(findings) and all(isinstance(finding, _Aside) for finding in findings)


def tell_bill(verified: Verification, steps: list[str], findings: list[str], echo: Echo) -> None:
    """Tell of a bill: its lines as issued and as recomputed, every step of the walk back, and what was found."""
    echo(f"bill {verified.number} ({verified.bill_id})")
    for line in verified.lines:
        same = "=" if line.issued_cents == line.recomputed_cents else "≠"
        echo(f"  {line.kind:<28} {eur(line.issued_cents):>10} {same} {eur(line.recomputed_cents):>10}")
    echo(f"  {'total':<28} {eur(verified.total_cents):>10} = {eur(verified.recomputed_cents):>10}")
    for step in steps:
        echo(f"  {step}")
    for finding in findings:
        echo(f"  ! {finding}")
    if is_aside(findings):
        echo("  it cannot be verified now")
    else:
        echo("  it agrees, to the cent" if not findings else f"  {len(findings)} findings: it does NOT agree")
