"""Messages that follow from what other services told. A fact that is heard again sends nothing again."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Final
from urllib.parse import quote

from coop.communities.addressee import lock_addressee
from coop.communities.stops import ENDS
from coop.events import Envelope
from coop.events.billing import BillIssued, TariffNoticeOrdered
from coop.events.governance import (
    BallotEntered,
    CandidatesNamed,
    DecisionStopped,
    EntryDropped,
    MandateEnded,
    MandateGiven,
    MeetingConvened,
    MeetingWithdrawn,
    MemberSuspended,
    PaperAdded,
    PersonElected,
    PointWithdrawn,
    SuspensionLifted,
    VoteClosing,
    VoteOpened,
)
from coop.events.members import BillAddressed
from coop.events.metering import ReadingChanged
from coop.kit.tx import Tx
from coop.members.messages import store
from coop.members.messages.commands import find_addressee, send, send_to_all
from coop.members.messages.model import ComingMeeting, DueBill
from coop.members.register.store import find_member
from coop.values import civil_date, derive_id, say
from coop.web.language import gettext
from coop.web.writing import price

HISTORY: Final = timedelta(days=31)
"""What was told longer ago is history: whoever hears it anew, such as after a loss, writes nobody about it."""


def on_bill_to_address(tx: Tx, event: BillIssued, envelope: Envelope) -> None:
    """Tell billing whom a bill is for, as the register has them now, locked up so that nobody else reads it.

    Raises:
        Unsealable: what the bill names is no lock.
    """
    addressee = find_addressee(tx, event.contract_id, event.member_id) if event.address_lock else None
    if addressee is not None:
        tx.tell(BillAddressed(bill_id=event.bill_id, box=lock_addressee(event.address_lock, addressee, event.bill_id)))


def on_bill_issued(tx: Tx, event: BillIssued, envelope: Envelope) -> None:
    """Write whoever pays that the bill is there: the member, or who pays for them, such as a landlord.

    Nobody is written to about a correction by which they owe as much as before and pay nothing.
    """
    supply = store.find_supply(tx, event.contract_id)
    payer = find_member(tx, supply.payer_id) if supply.payer_id else None
    recipient = payer or find_member(tx, event.member_id)
    payer_id = recipient.member_id if recipient else event.member_id
    store.keep_bill(tx, DueBill(event.bill_id, payer_id, event.number, event.asked_cents, event.due_on))
    moves_nothing = event.corrects is not None and not event.total_cents and not event.asked_cents
    if recipient is None or moves_nothing or _is_history(tx, envelope):
        return
    corrected = store.find_bill(tx, event.corrects) if event.corrects else None
    send(
        tx,
        "bill-ready",
        recipient,
        event.bill_id,
        number=event.number,
        first=event.period_start,
        last=event.period_end - timedelta(days=1),
        supplied=(supply.address or None) if payer else None,
        corrects=corrected.number if corrected else None,
        pay_cents=event.asked_cents if event.asked_cents > 0 else None,
        due_on=event.due_on if event.asked_cents > 0 else None,
        receive_cents=-event.asked_cents if event.asked_cents < 0 else None,
        unpaid=None if event.asked_cents else event.number,
        link=f"/billing/bills/{event.bill_id}",
    )


def on_meeting_convened(tx: Tx, event: MeetingConvened, envelope: Envelope) -> None:
    """Send the notice of a meeting to all who are members on its day, unless that day is over."""
    meeting = ComingMeeting(
        event.meeting_id,
        event.held_on,
        event.vote_from,
        event.place,
        "\n".join(point.subject_nl for point in event.agenda),
        "\n".join(point.subject_en for point in event.agenda),
    )
    store.keep_meeting(tx, meeting)
    if event.held_on < tx.today or _is_history(tx, envelope):
        return
    send_to_all(
        tx,
        "meeting-notice",
        store.list_voters(tx, event.held_on, event.voters),
        event.meeting_id,
        held_on=event.held_on,
        begins_at=event.begins_at or None,
        votes_until=event.votes_until or None,
        place=event.place or None,
        vote_from=event.vote_from if event.vote_from < event.held_on else None,
        agenda=_list_agenda(meeting),
        papers=_list_papers(event) if any(point.papers for point in event.agenda) else None,
        link=f"/governance/meetings/{event.meeting_id}",
    )


def on_candidates_named(tx: Tx, event: CandidatesNamed, envelope: Envelope) -> None:
    """Keep who stands for an office: whoever votes may know their names."""
    for member_id in event.candidates:
        store.keep_candidate(tx, member_id, event.resolution_id)


def on_person_elected(tx: Tx, event: PersonElected, envelope: Envelope) -> None:
    """Keep who is in an office: members may know their names."""
    store.keep_candidate(tx, event.member_id, event.resolution_id or event.entry_id)


def on_vote_opened(tx: Tx, event: VoteOpened, envelope: Envelope) -> None:
    """Write all members that they can vote, unless the vote is over."""
    if event.held_on < tx.today or _is_history(tx, envelope):
        return
    meeting = store.find_meeting(tx, event.meeting_id)
    send_to_all(
        tx,
        "vote-open",
        store.list_voters(tx, event.held_on, event.voters),
        event.meeting_id,
        vote_from=event.opened_on,
        held_on=event.held_on,
        agenda=_list_agenda(meeting) if meeting else None,
        link=f"/governance/meetings/{event.meeting_id}",
    )


def on_vote_closing(tx: Tx, event: VoteClosing, envelope: Envelope) -> None:
    """Remind all members of a vote that is about to end, whether they voted or not: nobody here knows who did."""
    if event.held_on < tx.today:
        return
    send_to_all(
        tx,
        "vote-closing",
        store.list_voters(tx, event.held_on, event.voters),
        event.meeting_id,
        held_on=event.held_on,
        votes_until=event.votes_until or None,
        link=f"/governance/meetings/{event.meeting_id}",
    )


def on_meeting_withdrawn(tx: Tx, event: MeetingWithdrawn, envelope: Envelope) -> None:
    """Write all members that a meeting is not held, or on another day; also where that is heard after its day."""
    store.keep_withdrawn(tx, event.meeting_id)
    if _is_history(tx, envelope):
        return
    send_to_all(
        tx,
        "meeting-withdrawn",
        store.list_voters(tx, event.held_on),
        event.meeting_id,
        held_on=event.held_on,
        reason=event.reason,
        held_anew_on=event.held_anew_on,
        link=f"/governance/meetings/{event.followed_by or event.meeting_id}",
    )


def on_point_withdrawn(tx: Tx, event: PointWithdrawn, envelope: Envelope) -> None:
    """Write all members that a meeting does not decide on a point; also where that is heard after its day."""
    if _is_history(tx, envelope):
        return
    send_to_all(
        tx,
        "point-withdrawn",
        store.list_voters(tx, event.held_on),
        event.resolution_id,
        held_on=event.held_on,
        subject=lambda lang: event.subject_nl if lang == "nl" else event.subject_en,
        reason=event.reason,
        link=f"/governance/meetings/{event.meeting_id}",
    )


def on_paper_added(tx: Tx, event: PaperAdded, envelope: Envelope) -> None:
    """Write all members of a document that lies open since the notice, unless the meeting is over or not held."""
    meeting = store.find_meeting(tx, event.meeting_id)
    if meeting is None or meeting.held_on < tx.today or _is_history(tx, envelope):
        return
    send_to_all(
        tx,
        "paper-added",
        store.list_voters(tx, meeting.held_on),
        derive_id("paper", event.resolution_id, event.sha256),
        held_on=meeting.held_on,
        paper=lambda lang: event.name_nl if lang == "nl" else event.name_en,
        subject=(lambda lang: event.subject_nl if lang == "nl" else event.subject_en) if event.subject_nl else None,
        link=f"/governance/resolutions/{event.resolution_id}",
    )


def on_decision_stopped(tx: Tx, event: DecisionStopped, envelope: Envelope) -> None:
    """Write all members that a decision does not hold from a day on, or holds again."""
    if _is_history(tx, envelope):
        return
    send_to_all(
        tx,
        "decision-resumed" if event.manner in ENDS else "decision-stopped",
        store.list_voters(tx, event.stopped_on),
        f"{event.resolution_id}.{event.number}",
        subject=lambda lang: event.subject_nl if lang == "nl" else event.subject_en,
        from_on=event.from_on,
        manner=STOPPED[event.manner],
        paper=event.paper,
        link=f"/governance/resolutions/{event.resolution_id}",
    )


STOPPED: Final = {
    "suspended": say("a court suspended it"),
    "annulled": say("a court annulled it"),
    "withdrawn": say("the board withdrew it before it acted"),
    "repealed": say("the members took it back"),
    "disputed": say("its outcome was disputed at the meeting, which votes on it again"),
    "referendum": say("members asked a referendum, until which it is suspended"),
    "resumed": say("the stop of it ended"),
    "restored": say("a referendum let it stand, or taking it back does not hold any more"),
}
"""Reasons why a decision does not hold, or holds again."""


def on_ballot_entered(tx: Tx, event: BallotEntered, envelope: Envelope) -> None:
    """Write the member that others entered a ballot for them, as long as they may object to it."""
    member = find_member(tx, event.member_id)
    if member is None or event.objection_until < tx.today:
        return
    send(
        tx,
        "ballot-entered",
        member,
        event.entry_id,
        held_on=event.held_on,
        until=event.objection_until,
        link=f"/governance/meetings/{event.meeting_id}",
    )


HELD: Final = {
    "given": say("you vote for this member, until they take it back or vote themselves"),
    "revoked": say("you vote for this member no more, as they took their mandate back"),
    "voted": say("you vote for this member no more, as they voted themselves"),
}
"""What became of a mandate, to whoever holds it."""

OWN: Final = {
    "given": say("this member votes for you, until you take it back or vote yourself"),
    "revoked": say("this member votes for you no more, as you took your mandate back"),
    "voted": say("this member votes for you no more, as you voted yourself"),
}
"""What became of a mandate, to whoever gave it."""


def on_mandate_given(tx: Tx, event: MandateGiven, envelope: Envelope) -> None:
    """Write holder and giver that one votes for the other."""
    _write_of_mandate(tx, event, "given")


def on_mandate_ended(tx: Tx, event: MandateEnded, envelope: Envelope) -> None:
    """Write holder and giver that a mandate holds no more, and why."""
    _write_of_mandate(tx, event, event.change)


def _write_of_mandate(tx: Tx, event: MandateGiven | MandateEnded, change: str) -> None:
    """Write both, each of the other, unless the meeting is over."""
    meeting = store.find_meeting(tx, event.meeting_id)
    giver, holder = find_member(tx, event.member_id), find_member(tx, event.holder)
    if meeting is None or meeting.held_on < tx.today or giver is None or holder is None:
        return
    for kind, reader, other, sentences in (
        ("mandate-held", holder, giver, HELD),
        ("mandate-of-yours", giver, holder, OWN),
    ):
        send(
            tx,
            kind,
            reader,
            f"{event.meeting_id} {event.member_id} {event.number}",
            held_on=meeting.held_on,
            who=f"{other.number} · {other.name}",
            what=sentences[change],
            link=f"/governance/meetings/{event.meeting_id}/mandate",
        )


def on_member_suspended(tx: Tx, event: MemberSuspended, envelope: Envelope) -> None:
    """Write a member that the board suspended them, until when, and what they may do, unless it is over; of the
    suspension of an expulsion its own message speaks."""
    member = find_member(tx, event.member_id)
    if member is None or event.ends_on is None or event.ends_on <= tx.today:
        return
    send(
        tx,
        "suspended",
        member,
        event.entry_id,
        from_on=event.from_on,
        ends_on=event.ends_on,
        article=event.article,
        link="/governance/",
    )


def on_suspension_lifted(tx: Tx, event: SuspensionLifted, envelope: Envelope) -> None:
    """Write a member that two people lifted their suspension."""
    member = find_member(tx, event.member_id)
    if member is None or not event.entry_id or _is_history(tx, envelope):
        return
    send(tx, "suspension-lifted", member, event.entry_id, lifted_on=event.lifted_on, link="/governance/")


def on_entry_dropped(tx: Tx, event: EntryDropped, envelope: Envelope) -> None:
    """Write who had entered something that it was left out and why, unless they did so themselves, and the member whom
    it was about."""
    if _is_history(tx, envelope):
        return
    said = {"paper": event.paper, "reason": event.reason, "link": "/governance/"}
    holder = store.find_holder(tx, event.entered_by)
    if holder is not None and envelope.actor != f"account:{event.entered_by}":
        send(tx, "entry-dropped", holder, event.entry_id, **said)
    member = find_member(tx, event.member_id)
    if member is not None:
        send(tx, "entry-about-you-dropped", member, event.entry_id, **said)


CHANGED: Final = {
    "corrected": say("it was corrected"),
    "withdrawn": say("it was withdrawn, as it was false"),
    "restored": say("it counts again"),
    "exchanged": say("it was read as the meter was exchanged"),
}
"""Changes of a reading."""


def on_reading_changed(tx: Tx, event: ReadingChanged, envelope: Envelope) -> None:
    """Write the member that others changed what their meter is taken to have said."""
    member = find_member(tx, event.member_id)
    if member is None or event.act not in CHANGED or _is_history(tx, envelope):
        return
    send(
        tx,
        "reading-changed",
        member,
        event.change_id,
        meter=event.meter,
        at=event.at,
        what=CHANGED[event.act],
        link=f"/metering/meters/{quote(event.meter)}?day={civil_date(event.at)}",
    )


def on_tariff_notice_ordered(tx: Tx, event: TariffNoticeOrdered, envelope: Envelope) -> None:
    """Send the written notice of a tariff to everybody with a contract; who had it already gets none."""
    if _is_history(tx, envelope):
        return
    send_to_all(
        tx,
        "tariff-notice",
        store.list_supplied(tx, min(event.valid_from, tx.today)),
        event.tariff_id,
        valid_from=event.valid_from,
        decided_on=event.decided_on,
        prices=lambda lang: tuple(
            f"{gettext(lang, each.name)}: {price(lang, Decimal(each.price_eur))} {gettext(lang, each.unit)}"
            for each in event.prices
        ),
        link=f"/billing/tariffs#{event.tariff_id}",
    )


def _list_agenda(meeting: ComingMeeting) -> Callable[[str], tuple[str, ...]]:
    return lambda lang: tuple((meeting.agenda_nl if lang == "nl" else meeting.agenda_en).splitlines())


def _list_papers(event: MeetingConvened) -> Callable[[str], tuple[str, ...]]:
    papers = [paper for point in event.agenda for paper in point.papers]
    return lambda lang: tuple(paper.name_nl if lang == "nl" else paper.name_en for paper in papers)


def _is_history(tx: Tx, envelope: Envelope) -> bool:
    return envelope.time < tx.now - HISTORY
