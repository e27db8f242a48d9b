"""``coop verify``: each euro of a bill walked back to the readings and to the vote, and every chain walked whole.

Each service verifies what it owns, from its own tables; this puts the four answers together. It is an operator's tool,
not a service: it opens all databases, for reading only.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

from coop.billing.handlers.verify import Verification, verify_bill
from coop.billing.storage import bills
from coop.governance.handlers.verify import VerifiedResolution, verify_resolution
from coop.kit.database import Database
from coop.kit.journal import verify_chain
from coop.kit.settings import Settings
from coop.metering.handlers.verify import verify_allocation, verify_measurement
from coop.runtime import NAMES, open_rooms
from coop.values import CoopError, NotFound, eur

Say = Callable[[str], object]


class Books:
    """The databases that a bill is walked back through. What several bills rest on is verified once."""

    def __init__(self, billing: Database, metering: Database, governance: Database, community: str) -> None:
        self._billing, self._community = billing, community

        @cache
        def measurement(measurement_id: str) -> tuple[str, ...]:
            with metering.read() as connection:
                return tuple(_findings(verify_measurement, connection, community, measurement_id))

        @cache
        def allocation(run_id: str) -> tuple[str, ...]:
            with metering.read() as connection:
                return tuple(_findings(verify_allocation, connection, community, run_id))

        @cache
        def resolution(resolution_id: str) -> VerifiedResolution | str:
            with governance.read() as connection:
                try:
                    return verify_resolution(connection, community, resolution_id)
                except NotFound as missing:
                    return missing.message

        self._measurement, self._allocation, self._resolution = measurement, allocation, resolution

    def walk_back(self, number_or_id: str, say: Say) -> bool:
        """Verify one bill and tell every step; True when everything agrees.

        Raises:
            NotFound: there is no such bill.
        """
        with self._billing.read() as connection:
            found = verify_bill(connection, self._community, number_or_id)
        findings = list(found.findings)
        steps = [step for reference in found.references for step in self._step(reference.kind, reference.id, findings)]
        _tell(found, steps, findings, say)
        return not findings

    def _step(self, kind: str, reference_id: str, findings: list[str]) -> list[str]:
        match kind:
            case "reading":
                wrong = self._measurement(reference_id)
                findings.extend(wrong)
                return [f"reading    {reference_id}: {'read again, the same' if not wrong else 'DIFFERS'}"]
            case "allocation":
                wrong = self._allocation(reference_id)
                findings.extend(wrong)
                return [f"allocation {reference_id}: {'computed again, the same' if not wrong else 'DIFFERS'}"]
            case "resolution":
                counted = self._resolution(reference_id)
                if isinstance(counted, str):
                    findings.append(counted)
                    return [f"vote       {reference_id}: MISSING"]
                findings.extend(counted.findings)
                count = counted.count
                return [
                    f"vote       {reference_id}: {counted.subject_nl}, {counted.held_on}:"
                    f" {count.votes_for} for, {count.votes_against} against, {count.votes_blank} blank,"
                    f" {counted.verdict.word} by {counted.verdict.article}"
                ]
            case _:
                return [f"{kind:<10} {reference_id}"]


def verify_bills(settings: Settings, number_or_id: str, say: Say) -> bool:
    """Verify one bill, or every bill when none is named; True when everything agrees."""
    rooms = open_rooms(settings, ("billing", "metering", "governance"), migrate=False)
    books = Books(
        rooms["billing"].database, rooms["metering"].database, rooms["governance"].database, settings.community
    )
    try:
        if number_or_id:
            return books.walk_back(number_or_id, say)
        with rooms["billing"].database.read() as connection:
            numbers = [one.number for one in bills.find_bills(connection, settings.community)]
        quiet: list[str] = []
        wrong = [number for number in numbers if not books.walk_back(number, quiet.append)]
        for number in wrong:
            books.walk_back(number, say)
        say(f"{len(numbers)} bills verified, {len(wrong)} do not agree")
        return not wrong
    finally:
        for room in rooms.values():
            room.database.close()


def verify_journals(settings: Settings, say: Say) -> bool:
    """Walk the hash chain of every service; True when all are whole."""
    good = True
    for name in NAMES:
        database = Database(settings.url(name), name)
        with database.read() as connection:
            whole, broken = verify_chain(connection)
        database.close()
        if broken:
            good = False
            say(f"{name}: BROKEN at position {broken.position}: {broken.reason}")
        else:
            say(f"{name}: {whole} facts, the chain is whole")
    return good


def _findings(verify: Callable[..., list[str]], *arguments: object) -> list[str]:
    try:
        return verify(*arguments)
    except CoopError as error:
        return [error.message]


def _tell(found: Verification, steps: list[str], findings: list[str], say: Say) -> None:
    say(f"bill {found.number} ({found.bill_id})")
    for line in found.lines:
        same = "=" if line.issued_cents == line.recomputed_cents else "≠"
        say(f"  {line.kind:<28} {eur(line.issued_cents):>10} {same} {eur(line.recomputed_cents):>10}")
    say(f"  {'total':<28} {eur(found.total_cents):>10} = {eur(found.recomputed_cents):>10}")
    for step in steps:
        say(f"  {step}")
    for finding in findings:
        say(f"  ! {finding}")
    say("  it agrees, to the cent" if not findings else f"  {len(findings)} findings: it does NOT agree")
