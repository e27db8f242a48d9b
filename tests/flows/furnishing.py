"""One in the demonstration of each thing that its year does not leave behind, so that every route's id names one."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from uuid import uuid4

import httpx2
from sqlalchemy import select, update

from coop.billing.law.proposals import propose_law
from coop.billing.notices.commands import enter_notices, list_members_on
from coop.billing.tables.heard import tariff_proposed
from coop.billing.terms.heard_store import list_tariffs
from coop.communities.law import RATE, VAT, Publication
from coop.demo.accounts import accounts
from coop.demo.acts import password
from coop.demo.cooperative import COMMUNITY
from coop.demo.plan import DemoPlan
from coop.demo.tariffs import summer_tariff
from coop.governance.entries.store import add_entry
from coop.governance.meetings.store import add_meeting, list_statutes
from coop.governance.meetings.voter_store import find_members
from coop.governance.model import Evidence, Meeting, Reached, Resolution
from coop.governance.papers.commands import put_ready
from coop.governance.programmes.report_store import add_report
from coop.governance.programmes.reports import keep_file
from coop.governance.tables import meetings as tables
from coop.governance.tables import programmes as programme_tables
from coop.kit.actor import COMMAND_LINE
from coop.kit.outbound import Message, enqueue
from coop.kit.service import Room
from coop.kit.settings import Settings
from coop.kit.tables import outbound_message
from coop.kit.tx import Tx
from coop.members.community.commands import change_profile
from coop.members.community.store import add_choice_proposal
from coop.members.consents.commands import add_purpose, answer_purpose
from coop.members.entry.model import Stands
from coop.members.entry.store import keep_stands
from coop.members.factors.model import Passkey, Reset
from coop.members.factors.store import add_passkey, add_reset
from coop.members.identity.model import RoleProposal
from coop.members.identity.proposals import add_proposal, list_proposals
from coop.members.identity.store import list_accounts_of
from coop.members.imports.commands import keep_draft
from coop.members.own_tokens.commands import make_own_token
from coop.members.privacy.commands import enter_request
from coop.members.tables.register import connection
from coop.members.told_moves.model import Telling
from coop.members.told_moves.store import add_telling
from coop.metering.entries.corrections import propose_correction
from coop.metering.heat.tables import break_proposal
from coop.metering.heat.verdicts import BreakKind
from coop.metering.intake.acts import Counted
from coop.metering.intake.receive import decode_delivery, receive
from coop.metering.intake.tables import meter_proposal, withdrawal
from coop.metering.intake.uploads import add_upload
from coop.metering.model import MeterKind, Quantity
from coop.metering.register.store import list_meters
from coop.metering.tables import register
from coop.values import say

READ_ON = date(2025, 3, 1)
BEFORE_S, AT_S = 1740787200, 1740790800


def furnish(settings: Settings, rooms: dict[str, Room], plan: DemoPlan) -> None:
    """Sign somebody in, and keep one of each thing in the demonstration."""
    account = accounts(plan)[0]
    sign_in = {"email": account.login, "password": password(plan, account)}
    answer = httpx2.post(f"{settings.public_url()}/members/sign-in", data=sign_in)
    assert answer.status_code == 303, answer.text
    with rooms["members"].database.write(COMMUNITY, COMMAND_LINE) as tx:
        furnish_members(tx, str(account.member_id))
    with rooms["metering"].database.write(COMMUNITY, COMMAND_LINE) as tx:
        furnish_metering(tx)
    with rooms["billing"].database.write(COMMUNITY, COMMAND_LINE) as tx:
        furnish_billing(tx, plan)
    with rooms["governance"].database.write(COMMUNITY, COMMAND_LINE) as tx:
        furnish_governance(tx)


def furnish_members(tx: Tx, member_id: str) -> None:
    """Of the register and its accounts: what waits for a second person, what failed, and what is a member's own."""
    enqueue(tx, "mail", Message("noor@demo.example", "Welkom", "text/plain", b"Welkom"), "a test")
    failed = {"state": "failed", "next_try_at": None, "tries": 1, "tried_at": tx.now, "trouble": say("no such box")}
    rows = outbound_message.c
    tx.execute(update(outbound_message).where(rows.community == tx.community, rows.cause == "a test").values(failed))
    change_profile(tx, {"kvk": "", "vat_id": "", "iban": "NL20INGB0001234567"})
    keep_draft(tx, "members", "members.csv", b"number,kind,name,joined_on\n")
    answer_purpose(tx, member_id, add_purpose(tx, "Visit", "A visit"), "nl", is_given=True)
    account_id = list_accounts_of(tx, member_id)[0].account_id
    # Stands of a move wait at each of its connections, so that whichever is named has them.
    for connection_id in tx.scalars(select(connection.c.connection_id).where(connection.c.community == tx.community)):
        keep_stands(tx, Stands(connection_id, READ_ON, heat_gj="12.5"))
    add_passkey(tx, Passkey(str(uuid4()), account_id, "phone", "localhost", "abc", b"key", 0, tx.now))
    make_own_token(tx, account_id, member_id, "my heat pump")
    enter_request(tx, member_id, "a letter")
    add_telling(tx, Telling(member_id, "in", tx.today, home="Kade 3"))
    number = max((made.number for made in list_proposals(tx)), default=0) + 1
    add_proposal(tx, RoleProposal(number, account_id, "grant", "auditor", tx.now, "account:somebody", "page"))
    add_choice_proposal(tx, "brakes", tx.today, {"ratio": "3", "difference_cents": 10000}, "a test")
    add_reset(tx, Reset(str(uuid4()), account_id, tx.now, "account:somebody"))


def furnish_metering(tx: Tx) -> None:
    """A file that waits and one that was taken, and what somebody else has to confirm: a correction, a break ..."""
    add_upload(tx, "readings.csv", b"time,gj\n")
    meter = next(meter for meter in list_meters(tx) if meter.kind is MeterKind.HEAT and meter.hangs_at(tx.now))
    column = {"column": "heat", "quantity": "heat", "unit": "GJ"}
    mapping = {"time_column": "time", "meter": meter.serial, "columns": [column]}
    file = f"time,heat\n{tx.now:%Y-%m-%d}T00:00Z,60\n".encode()
    receive(tx, decode_delivery("csv", file, gateway="board", received_at=tx.now, mapping=mapping))
    propose_correction(tx, meter.serial, Quantity.HEAT, tx.now, Decimal("12.5"), "read on the spot")
    register_id = tx.scalars(select(register.c.id).where(register.c.community == tx.community)).first()
    said = {"community": tx.community, "id": str(uuid4()), "register_id": register_id, "reason": "read on the spot"}
    said |= {"at_s": AT_S, "proposed_at": tx.now, "proposed_by": "account:somebody"}
    broke = {"before_s": BEFORE_S, "before": 5, "after": 0, "kind": BreakKind.KEEP}
    tx.insert(break_proposal, [said | broke])
    moved = {"serial": meter.serial, "told": Counted({Quantity.HEAT: Decimal(10) ** 13})}
    proposed = {key: said[key] for key in ("community", "id", "reason", "proposed_at", "proposed_by")}
    tx.insert(meter_proposal, [proposed | moved])
    tx.insert(withdrawal, [said | {"step_s": 0, "exponent": 0, "value": 5}])


def furnish_billing(tx: Tx, plan: DemoPlan) -> None:
    """A tariff that a meeting is asked for, and a rate of VAT and a notice that somebody else has to confirm."""
    asked = {"resolution_id": str(uuid4()), "meeting_id": str(uuid4()), "held_on": tx.today}
    parameters = summer_tariff(plan) | {"valid_from": f"{tx.today.year + 1}-01-01"}
    hashed = {"parameters": parameters, "parameters_hash": "0" * 64}
    tx.insert(tariff_proposed, [{"community": tx.community, **asked, **hashed}])
    rate = {"standard": {RATE: Decimal("0.2")}}
    assert propose_law(tx, Publication(VAT, tx.today, tx.today, tx.today, rate, "a test"))
    newest = list_tariffs(tx)[-1].tariff_id
    for members in (None, [list_members_on(tx, tx.today)[0]]):
        enter_notices(tx, newest, tx.today, "letter", members, b"%PDF-1.7 a receipt")


def furnish_governance(tx: Tx) -> None:
    """A report of a milestone, ballots that somebody else has to confirm, a document that waits for a point, and an
    election."""
    meeting = tx.execute(select(tables.meeting.c.meeting_id).where(tables.meeting.c.community == tx.community))
    planned = select(programme_tables.milestone.c.milestone_id)
    photo = keep_file(tx, "photo.pdf", b"%PDF-1.7 a photo")
    milestones = tx.scalars(planned.where(programme_tables.milestone.c.community == tx.community))
    add_report(tx, str(milestones.first()), Reached(READ_ON, 0, (Evidence("photo", "photo.pdf", photo),)))
    add_election(tx)
    put_ready(tx, "Begroting", "Budget", "explanation", b"Next year.")
    add_entry(tx, "ballots", meeting.scalars().first() or "", "room", {}, "0" * 64, "")


def add_election(tx: Tx) -> None:
    """A meeting of next month that elects the board, as it lies on file; nobody is told."""
    held_on = tx.today + timedelta(days=30)
    seat = {
        "office": "board",
        "seats": 1,
        "begins_on": str(held_on + timedelta(days=1)),
        "ends_on": str(held_on + timedelta(days=1000)),
        "candidates": sorted(find_members(tx, held_on))[:2],
    }
    point = Resolution(str(uuid4()), "election", "Bestuur", "Board", "", "", seat)
    add_meeting(tx, Meeting(str(uuid4()), held_on, tx.today, "", (point,)), list_statutes(tx)[0].valid_from)
