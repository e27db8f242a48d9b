"""Facts of other services become mail to the right members, once, however often it is heard."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from coop.events import Event
from coop.events.billing import BillIssued, NoticePrice, TariffNoticeOrdered
from coop.events.governance import (
    AgendaPoint,
    MeetingConvened,
    MeetingWithdrawn,
    PaperAdded,
    PointWithdrawn,
)
from coop.events.metering import ReadingChanged
from coop.kit.database import Database
from coop.kit.jobs import Work
from coop.kit.outbound import list_messages
from coop.members.messages import store
from coop.members.messages.jobs import tell_plan
from coop.members.messages.model import Content, Message, Wish
from coop.members.service import MEMBERS
from tests.desk import COMMUNITY, SECRETARY
from tests.kit.clocks import SetClock
from tests.members.post import agree_to_mail, envelope_of, furnish, list_kept, listening, post_all
from tests.members.sample import AT, VRIES, YILDIZ, bring

BILL = BillIssued(
    bill_id="bill-1",
    number="2026-000001",
    kind="bill",
    corrects=None,
    member_id=VRIES,
    contract_id="c",
    period_start=date(2025, 12, 1),
    period_end=date(2026, 1, 1),
    total_cents=23500,
    asked_cents=12345,
    credit_cents=0,
    tariff_ids=("t",),
    resolution_ids=("r",),
    inputs_hash="0" * 64,
    issued_on=date(2026, 1, 4),
    due_on=date(2026, 1, 18),
)
POINT = AgendaPoint(resolution_id="r-1", kind="tariff", subject_nl="Tarief 2027", subject_en="Tariff of 2027")
MEETING = MeetingConvened(
    meeting_id="alv-1",
    convened_on=date(2026, 1, 5),
    held_on=date(2026, 2, 1),
    vote_from=date(2026, 1, 15),
    place="Buurthuis",
    agenda=(POINT,),
)
NOTICE = TariffNoticeOrdered(
    tariff_id="t-1",
    resolution_id="r-1",
    valid_from=date(2026, 7, 1),
    decided_on=date(2026, 1, 2),
    prices=(NoticePrice(name="Heat", price_eur="32.75", unit="per GJ"),),
    ordered_on=date(2026, 1, 5),
)


def hear(database: Database, *events: Event, told_at: datetime = AT) -> None:
    """Let the members service hear facts, each in a transaction of its own."""
    for event in events:
        with database.write(COMMUNITY, SECRETARY) as tx:
            MEMBERS.hears[type(event)](tx, event, envelope_of(event, told_at))


def contents(kept: Sequence[Message]) -> list[Content]:
    return [Content.load(message.content) for message in kept]


def test_a_bill_is_told_to_its_member_once(database: Database) -> None:
    furnish(database)
    hear(database, BILL, BILL)
    (kept,) = list_kept(database)
    assert (kept.kind, kept.about, kept.member_id, kept.channel) == ("bill-ready", "bill-1", VRIES, "mail")
    (content,) = contents([kept])
    assert "U betaalt €\xa0123,45." in content.paragraphs
    assert any("uiterlijk op 18 januari 2026" in paragraph for paragraph in content.paragraphs)
    assert content.link == "/billing/bills/bill-1"


def test_a_correction_names_the_bill_that_it_corrects_and_what_comes_back(database: Database) -> None:
    furnish(database)
    credit = BILL.model_copy(
        update={"bill_id": "bill-2", "number": "2026-000002", "corrects": "bill-1", "asked_cents": -500}
    )
    hear(database, BILL, credit)
    (_, content) = contents(list_kept(database))
    assert content.paragraphs[2:4] == ("Deze rekening verbetert rekening 2026-000001.", "U krijgt €\xa05,00 terug.")
    assert not any("betaalt" in paragraph or "uiterlijk" in paragraph for paragraph in content.paragraphs)


def test_a_correction_is_told_where_it_moves_money_and_says_so_where_nothing_is_to_be_paid_now(
    database: Database,
) -> None:
    furnish(database)
    later = BILL.model_copy(
        update={"bill_id": "bill-2", "number": "2026-000002", "corrects": "bill-1", "asked_cents": 0}
    )
    nothing = later.model_copy(update={"bill_id": "bill-3", "number": "2026-000003", "total_cents": 0})
    hear(database, later, nothing)
    (content,) = contents(list_kept(database))
    assert "Voor rekening 2026-000002 betaalt u nu niets; op de rekening staat waarom." in content.paragraphs
    assert not any("uiterlijk" in paragraph or "terug." in paragraph for paragraph in content.paragraphs)


def test_a_bill_of_somebody_who_is_not_in_the_register_writes_nobody(database: Database) -> None:
    furnish(database)
    hear(database, BILL.model_copy(update={"member_id": "nobody"}))
    assert list_kept(database) == []


def test_what_was_told_long_ago_writes_nobody(database: Database) -> None:
    furnish(database)
    long_ago = AT - timedelta(days=32)
    hear(database, BILL, MEETING, NOTICE, told_at=long_ago)
    assert list_kept(database) == []


def test_the_notice_of_a_meeting_goes_to_all_who_are_members_on_its_day_in_their_language(database: Database) -> None:
    furnish(database)
    agree_to_mail(database)
    with database.write(COMMUNITY, SECRETARY) as tx:
        store.save_wish(tx, Wish(VRIES, "en"))
    hear(database, MEETING, MEETING)
    kept = list_kept(database)
    assert [(each.name, each.channel) for each in kept] == [
        ("A. de Vries", "mail"),
        ("B. Yıldız", "letter"),
        ("Corporatie", "letter"),
    ]
    english, dutch, _ = contents(kept)
    assert english.subject == "Members' meeting of Warm on 1 February 2026"
    assert english.paragraphs[1:5] == (
        "The board invites you to the members' meeting on 1 February 2026.",
        "It is held here: Buurthuis.",
        "On the agenda:\n- Tariff of 2027",
        "You can vote beforehand on our pages, from 15 January 2026.",
    )
    assert "Op de agenda:\n- Tarief 2027" in dutch.paragraphs


def test_a_meeting_that_is_put_off_is_told_to_all_with_the_reason_and_the_new_day(database: Database) -> None:
    furnish(database)
    put_off = MeetingWithdrawn(
        meeting_id="alv-1",
        held_on=date(2026, 2, 1),
        reason="De zaal is niet vrij.",
        withdrawn_on=date(2026, 1, 5),
        followed_by="alv-1-again-2",
        held_anew_on=date(2026, 2, 15),
    )
    hear(database, MEETING, put_off, put_off)
    told = [content for content in contents(list_kept(database)) if content.kind == "meeting-withdrawn"]
    assert len(told) == len({message.member_id for message in list_kept(database)})
    dutch = next(content for content in told if content.language == "nl")
    assert dutch.subject.endswith("op 1 februari 2026 gaat niet door")
    assert "De reden: De zaal is niet vrij." in dutch.paragraphs[1]
    assert any("De vergadering is nu op 15 februari 2026." in paragraph for paragraph in dutch.paragraphs)
    assert dutch.link == "/governance/meetings/alv-1-again-2"


def test_a_point_that_is_taken_off_an_agenda_is_told_by_its_subject(database: Database) -> None:
    furnish(database)
    taken_off = PointWithdrawn(
        meeting_id="alv-1",
        held_on=date(2026, 2, 1),
        resolution_id="r-1",
        subject_nl="Tarief 2027",
        subject_en="Tariff of 2027",
        reason="De offerte is verlopen.",
        withdrawn_on=date(2026, 1, 5),
    )
    hear(database, MEETING, taken_off)
    told = [content for content in contents(list_kept(database)) if content.kind == "point-withdrawn"]
    assert any("niet over: Tarief 2027." in paragraph for content in told for paragraph in content.paragraphs)
    assert told[0].link == "/governance/meetings/alv-1"


def test_a_document_that_is_added_after_the_notice_is_told_to_all_once_in_their_language(
    database: Database, clock: SetClock
) -> None:
    furnish(database)
    agree_to_mail(database)
    with database.write(COMMUNITY, SECRETARY) as tx:
        store.save_wish(tx, Wish(VRIES, "en"))
    added = PaperAdded(
        resolution_id="r-1",
        meeting_id="alv-1",
        name_nl="Offerte",
        name_en="Quotation",
        role="explanation",
        sha256="5d" * 32,
        subject_nl="Tarief 2027",
        subject_en="Tariff of 2027",
    )
    elsewhere = added.model_copy(update={"meeting_id": "nobody heard of it"})
    of_before = added.model_copy(update={"sha256": "6e" * 32, "subject_nl": "", "subject_en": ""})
    hear(database, MEETING, added, added, elsewhere)
    english, dutch, on_paper = [content for content in contents(list_kept(database)) if content.kind == "paper-added"]
    assert english.paragraphs[1:3] == (
        "After the notice of the members' meeting of 1 February 2026 the board added a document: Quotation.",
        "It belongs to this point: Tariff of 2027.",
    )
    assert "Het hoort bij dit punt: Tarief 2027." in dutch.paragraphs
    assert {english.link, dutch.link, on_paper.link} == {"/governance/resolutions/r-1"}
    hear(database, of_before)
    assert "It belongs" not in "".join(contents(list_kept(database))[-1].paragraphs)
    clock.set(AT + timedelta(days=30))
    hear(database, added.model_copy(update={"sha256": "7f" * 32}), told_at=clock.now())
    assert len([kept for kept in list_kept(database) if kept.kind == "paper-added"]) == 6


def test_a_withdrawal_that_is_heard_after_the_day_of_the_meeting_is_told_all_the_same(database: Database) -> None:
    furnish(database)
    yesterday = date(2026, 1, 4)
    taken_off = PointWithdrawn(
        meeting_id="alv-1",
        held_on=yesterday,
        resolution_id="r-1",
        subject_nl="Tarief 2027",
        subject_en="Tariff of 2027",
        reason="De offerte is verlopen.",
        withdrawn_on=yesterday,
    )
    whole = MeetingWithdrawn(meeting_id="alv-2", held_on=yesterday, reason="Ziekte", withdrawn_on=yesterday)
    hear(database, taken_off, whole)
    kinds = {message.kind for message in contents(list_kept(database))}
    assert kinds == {"point-withdrawn", "meeting-withdrawn"}


def test_a_meeting_of_the_past_is_announced_to_nobody(database: Database) -> None:
    furnish(database)
    hear(database, MEETING.model_copy(update={"held_on": date(2026, 1, 4), "convened_on": date(2025, 12, 1)}))
    assert list_kept(database) == []


def test_a_member_is_told_once_that_others_changed_a_reading_of_theirs(database: Database, clock: SetClock) -> None:
    furnish(database)
    changed = ReadingChanged(
        change_id="change-1",
        connection_id="c-1",
        member_id=VRIES,
        meter="KWG50001",
        quantity="heat",
        at=AT,
        act="withdrawn",
    )
    hear(database, changed, changed)
    [message] = list_kept(database)
    assert (message.kind, message.member_id) == ("reading-changed", VRIES)
    [content] = contents([message])
    assert any("KWG50001" in paragraph and "ingetrokken" in paragraph for paragraph in content.paragraphs)
    assert content.link.startswith("/metering/meters/KWG50001?day=")


def test_the_notice_of_a_tariff_goes_to_everybody_with_a_contract_and_names_its_prices(database: Database) -> None:
    furnish(database)
    for kind in ("connections", "occupancies", "contracts"):
        bring(database, kind)
    hear(database, NOTICE, NOTICE.model_copy(update={"ordered_on": date(2026, 1, 9)}))
    kept = list_kept(database)
    assert [message.member_id for message in kept] == [VRIES, YILDIZ]
    content = contents(kept)[0]
    assert any("- Warmte: €\xa032,75 per GJ" in paragraph for paragraph in content.paragraphs)
    assert any("artikel 59" in paragraph for paragraph in content.paragraphs)


def test_a_couple_with_one_address_gets_a_mail_each(database: Database) -> None:
    furnish(database)
    members = "number,kind,name,joined_on,email,address,postcode,city\n" + "".join(
        f"01{number},owner,P{number},2020-03-01,both@example.org,Kade 1,1054 AA,Amsterdam\n" for number in range(2)
    )
    bring(database, "members", members)
    agree_to_mail(database)
    hear(database, MEETING)
    with listening() as server:
        received = post_all(database, server)
    assert sorted(each.recipient for each in received) == ["both@example.org", "both@example.org", "vries@example.org"]


def test_a_crash_half_way_sends_nobody_and_the_next_time_everybody_once(database: Database) -> None:
    furnish(database)
    agree_to_mail(database)
    try:
        with database.write(COMMUNITY, SECRETARY) as tx:
            MEMBERS.hears[MeetingConvened](tx, MEETING, envelope_of(MEETING, AT))
            raise KeyboardInterrupt
    except KeyboardInterrupt:
        pass
    assert list_kept(database) == []
    hear(database, MEETING)
    with database.read(COMMUNITY) as tx:
        assert len(list_messages(tx, "waiting")) == 1
    assert len(list_kept(database)) == 3


def tell_next_month(database: Database) -> str:
    """Run the job of the plan."""
    return tell_plan(Work(database, COMMUNITY, AT, "plan-of-month"))


def test_the_plan_of_a_month_tells_each_member_of_their_own_bills_and_of_meetings(database: Database) -> None:
    furnish(database)
    later = BILL.model_copy(update={"due_on": date(2026, 2, 10)})
    paid_back = later.model_copy(update={"bill_id": "bill-3", "asked_cents": -1})
    hear(database, later, paid_back, MEETING)
    for _ in range(2):
        assert tell_next_month(database) == "3 members were told what comes in 2026-02"
    mine, *others = [message for message in list_kept(database) if message.kind == "plan-of-month"]
    assert (mine.member_id, mine.subject) == (VRIES, "Warm: wat er komt in februari 2026")
    assert Content.load(mine.content).paragraphs[1].splitlines()[1:] == [
        "- 1 februari 2026: ledenvergadering; stemmen kan vanaf 15 januari 2026",
        "- 10 februari 2026: laatste dag om rekening 2026-000001 van €\xa0123,45 te betalen, als u dat nog niet deed",
    ]
    assert all("rekening" not in Content.load(other.content).paragraphs[1] for other in others)


def test_a_month_in_which_nothing_comes_writes_nobody(database: Database) -> None:
    furnish(database)
    hear(database, BILL)  # due in January
    assert tell_next_month(database) == "0 members were told what comes in 2026-02"
    assert [message.kind for message in list_kept(database)] == ["bill-ready"]
