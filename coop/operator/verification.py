"""``coop verify``: each euro of a bill walked back to the readings and to the vote, and every chain walked whole.

Each service verifies what it owns, from its own tables; this puts the answers together and holds what one service
works with beside what its owner told, fact by fact in the owner's journal. Whoever changes a figure in one place has to
change it in the sealed chain of another service as well. It opens all databases, for reading only.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import replace
from datetime import datetime
from functools import cache, cached_property, partial
from typing import Any

from sqlalchemy import Row

from coop.billing.bills.store import IssuedBill
from coop.billing.checking.ground import WholeGround
from coop.billing.checking.verify import Reference, Verification, verify_bill
from coop.billing.model import Tariff
from coop.billing.terms.tariffs import read_tariff
from coop.demo.clock import clock_of
from coop.events import SERVICES
from coop.events.billing import BillArchived, BillIssued, LawPublished, TariffNoticeConfirmed
from coop.events.governance import DecisionStopped, ResolutionDecided, TariffAdopted, TrancheReleased
from coop.events.members import (
    ContractEnded,
    ContractSigned,
    GasBillsCorrected,
    MemberAdmitted,
    MemberLeft,
    MessageFailed,
    MessageSent,
    ProgramTokenMade,
)
from coop.events.metering import EnergyAllocated, PeriodMeasured
from coop.governance.ballots.store import list_decided
from coop.governance.ballots.verify import VerifiedResolution, verify_resolution
from coop.kit.journal import Fact, facts_of, instants_of, verify_chain
from coop.kit.settings import Settings
from coop.kit.tx import Tx
from coop.metering.provenance.ground import WholeGround as WholeReadings
from coop.metering.provenance.verify import verify_allocation, verify_measurement
from coop.metering.provenance.with_period import Verified
from coop.operator.casters import verify_casters
from coop.operator.findings import BROKEN, Echo, collect, findings_of, is_aside, outcome, tell_bill
from coop.operator.opening import open_database, open_databases
from coop.operator.seals import Chain, find_breaks, list_seals, walk_chains
from coop.operator.steering import verify_steering
from coop.values import NotFound, say
from coop.verification.asked import verify_asked
from coop.verification.books import verify_books
from coop.verification.ceilings import verify_ceilings
from coop.verification.papers import first_told, verify_paper, verify_papers
from coop.verification.prices import verify_prices
from coop.verification.quantities import verify_quantities
from coop.verification.rows import read_kept
from coop.verification.terms import Notices, verify_terms
from coop.verification.told import Told, law_of_facts, name_notice, name_stop
from coop.verification.voters import verify_voters

ROOMS = ("billing", "metering", "governance", "members")
_VERIFY = (
    verify_books,
    verify_asked,
    verify_papers,
    verify_terms,
    verify_prices,
    verify_quantities,
    verify_ceilings,
)


class JournalIndex:
    """Databases that a bill is walked back through: one view of each service's database. What several bills rest on is
    read, and verified, once."""

    def __init__(self, views: Mapping[str, Tx], chains: Mapping[str, Chain] | None = None) -> None:
        """Read what bills rest on; ``chains``: as they were walked, where each bill is to say what it rests on."""
        billing, metering, governance, members = (views[name] for name in ROOMS)
        self._views, self._chains = views, chains or {}
        self._verified: Verified = {}
        self._recomputed: dict[str, tuple[Verification, list[str]]] = {}

        self._measurement, self._allocation = cache(self._verify_measurement), cache(self._verify_allocation)
        self._resolution, self._tariff = cache(partial(_count, governance)), cache(self._read_tariff)
        self._billing, self._ground, community = billing, WholeGround(billing), billing.community
        self._unreadable: list[str] = []
        self._counted: set[str] = set()

        def facts(tx: Tx, kind: type[Fact]) -> list[Fact]:
            return facts_of(tx, kind, community, self._unreadable.append)

        self._kept = read_kept(billing)  # the first view: what is told meanwhile is neither kept nor missing
        issued, archived = facts(billing, BillIssued), facts(billing, BillArchived)
        published = facts(billing, LawPublished)
        measured, allocated = facts(metering, PeriodMeasured), facts(metering, EnergyAllocated)
        adopted, decided = facts(governance, TariffAdopted), facts(governance, ResolutionDecided)
        tranches, stops = facts(governance, TrancheReleased), facts(governance, DecisionStopped)
        noticed = facts(billing, TariffNoticeConfirmed)
        admitted, left = facts(members, MemberAdmitted), facts(members, MemberLeft)
        signed, ended = facts(members, ContractSigned), facts(members, ContractEnded)
        corrected = facts(members, GasBillsCorrected)
        self._bills = {row.id: row for row in self._kept.bills}
        self._issued = {fact.bill_id: fact for fact in issued}
        self._archived = first_told(archived)
        self._measured = {(fact.measurement_id, fact.revision): fact for fact in measured}
        self._allocated = {
            (fact.run_id, fact.revision, fact.group_id, fact.connection_id, fact.member_id): fact for fact in allocated
        }
        self._adopted = {fact.tariff_id: fact for fact in adopted}
        self._decided = {fact.resolution_id: fact for fact in decided}
        self._told = Told(
            issued=issued,
            archived=archived,
            tranches=tranches,
            tariffs=adopted,
            stops=stops,
            admitted=admitted,
            left=left,
            signed=signed,
            ended=ended,
            corrected=corrected,
            noticed=noticed,
            sent=facts(members, MessageSent),
            failed=facts(members, MessageFailed),
            measured=measured,
            allocated=allocated,
            programs=facts(members, ProgramTokenMade),
            published=published,
            law=law_of_facts(published),
            told_at=_name_instants(billing, issued, lambda fact: fact.bill_id)
            | _name_instants(governance, adopted, lambda fact: fact.tariff_id)
            | _name_instants(governance, stops, name_stop)
            | _name_instants(billing, noticed, name_notice),
        )

    @cached_property
    def _readings(self) -> WholeReadings | None:
        return None if self._chains else WholeReadings(self._views["metering"], self._verified)

    def _verify_measurement(self, measurement_id: str) -> tuple[str, ...]:
        if measurement_id in self._verified:
            return self._verified[measurement_id]
        read = self._readings.of(measurement_id) if self._readings else None
        return tuple(findings_of(verify_measurement, self._views["metering"], measurement_id, read))

    def _verify_allocation(self, run_id: str) -> tuple[str, ...]:
        if run_id in self._verified:
            return self._verified[run_id]
        return tuple(findings_of(verify_allocation, self._views["metering"], run_id))

    @cached_property
    def _notices(self) -> Notices:
        return Notices(self._told)

    def _read_tariff(self, tariff_id: str) -> Tariff:
        told = self._adopted[tariff_id]
        return read_tariff(tariff_id, told.resolution_id, told.valid_from, told.decided_on, told.parameters)

    def list_bills(self) -> list[str]:
        """Every bill that can be read, in the order of issue, by id."""
        return list(self._bills)

    def recompute(self, find_verified: Callable[[], Verified]) -> None:
        """Do all that needs no readings for every bill, and then ask what was found of measurements and runs, by id:
        those are not read again for the bills."""
        for row in self._bills.values():
            with suppress(*BROKEN):  # it breaks again when it is walked back, which says so
                verified, findings = self._recompute(row)
                self._recomputed[row.id] = replace(verified, issued=None), findings
        _ = self._unlike_kept
        self._verified = find_verified()

    def verify_whole(self) -> list[str]:
        """Name what is missing, made up or unreadable in what billing keeps and people decided, by other code."""
        return [*self._unlike_kept, *collect([self._verify_votes])]

    @cached_property
    def _unlike_kept(self) -> list[str]:
        checks: list[Callable[[], Iterator[str]]] = [partial(verify, self._kept, self._told) for verify in _VERIFY]
        votes = self._views["governance"], self._views["members"]
        checks += [partial(verify_voters, *votes), partial(verify_casters, *votes), partial(verify_steering, votes[0])]
        return [*self._unreadable, *self._kept.unreadable, *collect(checks)]

    def _verify_votes(self) -> Iterator[str]:
        """Count each vote again that was decided, and on which no bill rests."""
        decided = {*list_decided(self._views["governance"]), *self._decided} - self._counted
        for resolution_id in sorted(decided):
            counted = self._resolution(resolution_id)
            if isinstance(counted, str):
                yield counted
            else:
                yield from (*counted.findings, *self._count_unlike_told(counted))

    def walk_back(self, number_or_id: str, echo: Echo) -> list[str]:
        """Verify one bill and tell every step; returns what was found, which is nothing when everything agrees.

        Raises:
            NotFound: there is no such bill.
        """
        by_number = (row for row in self._kept.bills if row.number == number_or_id)
        row = self._bills.get(number_or_id) or next(by_number, None)
        if row is None:
            if not any(number_or_id in (fact.bill_id, fact.number) for fact in self._told.issued):
                raise NotFound(say("there is no bill %(bill)s", bill=number_or_id))
            findings = [f"bill {number_or_id} was issued, and is gone or can no longer be read"]
            echo(findings[0])
            return findings
        try:
            return self._walk_back(row, echo)
        except BROKEN as broken:
            findings = [f"bill {row.number}: what it rests on can no longer be read: {broken}"]
            findings += find_breaks(self._chains.values())
            for finding in findings:
                echo(finding)
            return findings

    def _walk_back(self, row: Row[Any], echo: Echo) -> list[str]:
        verified, findings = self._recomputed.pop(row.id) if row.id in self._recomputed else self._recompute(row)
        findings += self._notices.verify(row, self._kept.lines.get(row.id, ()))
        steps = [step for reference in verified.references for step in self._step(reference, row.contract_id, findings)]
        issued = self._issued.get(row.id)
        of_paper = list(verify_paper(self._kept, self._archived, row, issued.paper_hash if issued else None))
        findings += of_paper
        paper = "put away, the file that was told of" if row.id in self._kept.papers else "not put away"
        steps.append(f"paper      {outcome(of_paper, paper)}")
        findings += find_breaks(self._chains.values())
        if self._chains and verified.issued:
            steps += list_seals(verified, self._views, self._chains, findings)
        tell_bill(verified, steps, findings, echo)
        return findings

    def _recompute(self, row: Row[Any]) -> tuple[Verification, list[str]]:
        """Recompute a bill, and hold it beside what was told of it."""
        verified = verify_bill(self._billing, row.id, self._ground)
        told = self._unlike_told(verified.issued) if verified.issued is not None else []
        return verified, [*verified.findings, *told]

    def _step(self, reference: Reference, contract_id: str, findings: list[str]) -> list[str]:
        kind, reference_id = reference.kind, reference.id
        match kind:
            case "reading":
                wrong = self._measurement(reference_id)
                findings.extend(wrong)
                return [f"reading    {reference_id}: {outcome(wrong, 'read again, the same')}"]
            case "allocation":
                wrong = self._allocation(reference_id)
                findings.extend(wrong)
                return [f"allocation {reference_id}: {outcome(wrong, 'computed again, the same')}"]
            case "resolution":
                self._counted.add(reference_id)
                counted = self._resolution(reference_id)
                if isinstance(counted, str):
                    findings.append(counted)
                    return [f"vote       {reference_id}: MISSING"]
                findings.extend(counted.findings)
                findings.extend(self._count_unlike_told(counted))
                count = counted.count
                return [
                    f"vote       {reference_id}: {counted.subject_nl}, {counted.held_on}:"
                    f" {count.votes_for} for, {count.votes_against} against, {count.votes_blank} blank,"
                    f" {counted.verdict} by {counted.article}"
                    + (", ENTERED AFTERWARDS from minutes that two people signed" if counted.history else "")
                    + "".join(f", {stop.upper()}" for stop in counted.stops)
                ]
            case "tariff":
                return [f"tariff     {reference_id}", f"notice     {self._tell_notice(contract_id, reference_id)}"]
            case _:
                return [f"{kind:<10} {reference_id}"]

    def _tell_notice(self, contract_id: str, tariff_id: str) -> str:
        """By which written notice a tariff binds the contract of the bill that is walked back."""
        contract, tariff = self._notices.contracts.get(contract_id), self._adopted.get(tariff_id)
        if contract is None or tariff is None:
            return "MISSING"
        if self._notices.is_own(contract, tariff):
            return f"none needed: the contract began under it on {contract.starts_on}"
        notice = self._notices.find(contract, tariff_id)
        return f"of {notice.sent_on}, by {notice.channel}" if notice else "MISSING"

    def _unlike_told(self, issued: IssuedBill) -> list[str]:
        """Name what a bill says or rests on otherwise than the journals of those who told it."""
        inputs, bill = issued.inputs, issued.bill
        fact = self._issued.get(issued.id)
        findings = []
        if fact is None or (fact.number, fact.inputs_hash, fact.total_cents, fact.credit_cents) != (
            issued.number,
            issued.inputs_hash,
            bill.total_cents,
            bill.credit_cents,
        ):
            findings.append(f"bill {issued.number} is not the one that billing told of when it was issued")
        holder = inputs.connection_id, inputs.member_id
        for used in filter(None, (inputs.consumption, inputs.previous)):
            for reading in used.readings:
                measured = self._measured.get((reading.measurement_id, reading.revision))
                if measured is None or (
                    measured.energy_j,
                    tuple(part.versions_hash for part in measured.parts),
                    (measured.connection_id, measured.member_id),
                ) != (reading.energy_j, reading.versions, holder):
                    findings.append(f"measurement {reading.measurement_id} was not told by metering as it was billed")
            for share in used.shares:
                allocated = self._allocated.get((share.run_id, share.revision, share.group_id, *holder))
                if allocated is None or (allocated.allocated_wh, allocated.key_id, allocated.resolution_id) != (
                    share.allocated_wh,
                    share.key_id,
                    share.resolution_id,
                ):
                    findings.append(f"allocation {share.run_id} was not told by metering as it was billed")
            for tariff in {span.tariff.tariff_id: span.tariff for span in used.spans}.values():
                adopted = self._adopted.get(tariff.tariff_id)
                if adopted is None or tariff != self._tariff(tariff.tariff_id):
                    findings.append(f"tariff {tariff.tariff_id} was not told by governance as it was billed")
        return list(dict.fromkeys(findings))

    def _count_unlike_told(self, counted: VerifiedResolution) -> list[str]:
        fact, count = self._decided.get(counted.resolution_id), counted.count
        if fact is not None and (
            fact.verdict,
            fact.votes_for,
            fact.votes_against,
            fact.votes_blank,
            fact.votes_present,
        ) == (counted.verdict, count.votes_for, count.votes_against, count.votes_blank, count.votes_present):
            return []
        return [f"resolution {counted.resolution_id}: the count is not the one that governance told of"]


def _name_instants(tx: Tx, told: Sequence[Fact], name: Callable[[Fact], str]) -> dict[str, datetime]:
    """Time at which each of some facts of one type was told, by a name of it."""
    instants = instants_of(tx, type(told[0]), tx.community) if told else {}
    return {name(fact): instants[fact.fact_id(tx.community)] for fact in told}


def _count(governance: Tx, resolution_id: str) -> VerifiedResolution | str:
    """A vote counted again; why not where it is gone."""
    try:
        return verify_resolution(governance, resolution_id)
    except NotFound as missing:
        return missing.message


def verify_bills(
    settings: Settings,
    community: str,
    number_or_id: str,
    echo: Echo,
    find_verified: Callable[[], Verified] = dict,
) -> bool:
    """Verify one bill with every seal that it rests on, or every bill when none is named, without the chains; True when
    everything agrees. ``find_verified`` is asked last what was found elsewhere of measurements and runs."""
    with open_databases(settings, ROOMS, clock_of(settings.data_dir)) as opened, ExitStack() as stack:
        views = {name: stack.enter_context(database.read(community)) for name, database in opened.items()}
        if not number_or_id:
            index = JournalIndex(views)
            index.recompute(find_verified)
            return _verify_all(index, echo)
        return not JournalIndex(views, walk_chains(opened)).walk_back(number_or_id, echo)


def _verify_all(index: JournalIndex, echo: Echo) -> bool:
    count = wrong = aside = 0
    for bill_id in index.list_bills():
        steps: list[str] = []
        findings = index.walk_back(bill_id, steps.append)
        count += 1
        if is_aside(findings):
            aside += 1
        elif findings:
            wrong += 1
        if findings:
            for step in steps:
                echo(step)
    later = f", {aside} cannot be verified now" if aside else ""
    echo(f"{count - aside} bills verified, {wrong} do not agree{later}")
    missing = index.verify_whole()
    for finding in missing:
        echo(finding)
    echo(f"bills, books and terms held beside all that was told: {len(missing) or 'nothing'} missing or made up")
    return not wrong and not aside and not missing


def verify_journals(settings: Settings, echo: Echo) -> bool:
    """Walk the hash chain of every service; True when all are whole."""
    good = True
    for name in SERVICES:
        with open_database(name, settings) as database, database.system_read() as sql:
            whole, broken = verify_chain(sql)
        if broken:
            good = False
            echo(f"{name}: BROKEN at position {broken.position}: {broken.reason}")
        else:
            echo(f"{name}: {whole} facts, the chain is whole")
    return good
