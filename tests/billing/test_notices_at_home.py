"""At home a member finds by which notice in writing a price binds, and whatever was forged of it.

The files hold the own facts alone: nobody else on the list of a notice is in them.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from copy import deepcopy
from datetime import UTC, date, datetime, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from coop.billing.bills import store as bills
from coop.billing.documents.taking_home import take_home
from coop.communities.law import shipped_law
from coop.communities.law_store import write_figures
from coop.events import Event
from coop.events.billing import TariffNoticeConfirmed
from coop.events.governance import TariffAdopted
from coop.events.members import ContractSigned, MessageFailed, MessageSent
from coop.kit import journal
from coop.kit.database import Database
from coop.values import civil_date
from coop.verification.athome import WORDS, check, civil, describe, find_binding, list_sent, seal
from coop.verification.prices import Binding
from coop.verification.terms import Notices
from coop.verification.told import Told
from tests.billing.tampered_village import FACTS
from tests.billing.tampered_village import village as village
from tests.billing.test_days_asked import DAYS, FIRST, KNOWN, tolds
from tests.billing.village import signed, tariff_adopted
from tests.desk import COMMUNITY

Taken = dict[str, Any]
SAID = WORDS["en"]
FEBRUARY = "2025-000004"
LONG_AGO = "2025-01-03T12:00:00+00:00"
UNNOTICED = SAID["unnoticed"] % ("2025-02-01", "2025-02-01")


def row_of(event: Event, told_at: str = LONG_AGO, position: int = 1) -> Taken:
    """A fact as it stands in a chain."""
    row: Taken = dict.fromkeys(("actor", "channel"), "x")
    row |= {"event_id": event.fact_id(COMMUNITY), "type": event.TYPE, "subject": event.key(), "community": COMMUNITY}
    row |= {"occurred_at": told_at, "data": event.canonical().decode(), "previous_hash": "0" * 64, "position": position}
    return row | {"hash": seal(row)}


def rewrite(row: Taken, **said: Any) -> None:
    """Change what a fact says, and seal it anew."""
    row["data"] = json.dumps(json.loads(row["data"]) | said)
    row["hash"] = seal(row)


def take(database: Database) -> tuple[Taken, Taken, Taken]:
    """The bill of February by a tariff that is dearer from then on, the contract, and the vote on that tariff."""
    with database.system_write() as sql:
        journal.seal(sql)
    with database.read(COMMUNITY) as tx:
        head = next(head for head in bills.list_heads(tx) if head.number == FEBRUARY)
        bill = json.loads(take_home(tx, head.id, "en"))
    file = {"taken_at": bill["taken_at"], "language": "en"}
    contract = next(fact for fact in FACTS if isinstance(fact, ContractSigned) and fact.member_id == head.member_id)
    tariffs = [row_of(fact) for fact in FACTS if isinstance(fact, TariffAdopted)]
    vote = {**file, "what": "vote", "subject": "Tariff", "facts": [], "own": None, "tariffs": tariffs}
    return bill, {**file, "what": "contract", "facts": [row_of(contract)], "notices": []}, vote


def judge(bill: Taken, contract: Taken, vote: Taken) -> list[str]:
    """What is found of notices and seals; of the made-up vote and choice nothing else is looked at."""
    words = ("billed by", "is not to you", "the fingerprint of", "in no chain")
    return [each for each in check(bill, None, [contract, vote])[0] if any(word in each for word in words)]


def date_back(bill: Taken, _contract: Taken, _vote: Taken) -> None:
    bill["notices"][0]["data"] = bill["notices"][0]["data"].replace("2025-01-15", "2025-01-05")


def change_the_chain(bill: Taken, _contract: Taken, _vote: Taken) -> None:
    bill["notices"][0]["previous_hash"] = "f" * 64


def add_to_the_list_after_the_bill(bill: Taken, _contract: Taken, _vote: Taken) -> None:
    bill["notices"][0]["position"] = bill["fact"]["position"] + 1
    rewrite(bill["notices"][0])


def show_the_notice_to_another(bill: Taken, _contract: Taken, _vote: Taken) -> None:
    rewrite(bill["notices"][0], member_id="somebody-else")


def show_another_s_mail(_bill: Taken, contract: Taken, _vote: Taken) -> None:
    contract["notices"] = [mail(member_id="somebody-else")]


def bill_before_the_notice(bill: Taken, _contract: Taken, _vote: Taken) -> None:
    rewrite(bill["notices"][0], sent_on="2025-02-02")


def leave_the_notice_out(bill: Taken, _contract: Taken, _vote: Taken) -> None:
    bill["notices"] = []


def show_the_notice_of_another_tariff(bill: Taken, _contract: Taken, _vote: Taken) -> None:
    rewrite(bill["notices"][0], tariff_id="tariff-2025")


def send_it_after_the_bill(bill: Taken, contract: Taken, _vote: Taken) -> None:
    bill["notices"] = []
    contract["notices"] = [mail(told_at=later(bill, 1))]


def have_it_come_back(bill: Taken, contract: Taken, _vote: Taken) -> None:
    bill["notices"] = []
    contract["notices"] = [mail(), came_back("2025-01-16T09:00:00+00:00")]


def take_the_clause_away(_bill: Taken, contract: Taken, _vote: Taken) -> None:
    rewrite(contract["facts"][0], tariff_clause=None)


def go_on_by_an_earlier_tariff(bill: Taken, _contract: Taken, vote: Taken) -> None:
    cheaper = tariff_adopted("tariff-cheap", date(2025, 2, 10), date(2025, 1, 10), heat="30.00")
    notice = json.loads(bill["notices"][0]["data"]) | {"tariff_id": "tariff-cheap"}
    vote["tariffs"].append(row_of(cheaper))
    bill["notices"].append(row_of(TariffNoticeConfirmed.model_validate(notice)))


FORGERIES: list[tuple[Callable[[Taken, Taken, Taken], None], str]] = [
    (date_back, "the fingerprint of"),
    (change_the_chain, "the fingerprint of"),
    (add_to_the_list_after_the_bill, UNNOTICED),
    (show_the_notice_to_another, SAID["addressee"] % "bill"),
    (show_another_s_mail, SAID["addressee"] % "contract"),
    (bill_before_the_notice, UNNOTICED),
    (leave_the_notice_out, UNNOTICED),
    (show_the_notice_of_another_tariff, UNNOTICED),
    (send_it_after_the_bill, UNNOTICED),
    (have_it_come_back, UNNOTICED),
    (take_the_clause_away, SAID["unbound"] % ("2025-02-01", "2025-02-01", "2025-01-01")),
    (go_on_by_an_earlier_tariff, SAID["unbound"] % ("2025-02-10", "2025-02-01", "2025-02-10")),
]


def mail(told_at: str = "2025-01-15T09:00:00+00:00", member_id: str = "anna") -> Taken:
    """A notice that went out as a message of the house."""
    about = {"message_id": "m-1", "kind": "tariff-notice", "about": "tariff-new", "channel": "mail"}
    sent = {**about, "member_id": member_id, "sent_at": "2025-01-15T09:00:00+00:00"}
    return row_of(MessageSent.model_validate(sent), told_at, 7)


def came_back(at: str) -> Taken:
    about = {"message_id": "m-1", "member_id": "anna", "kind": "tariff-notice", "about": "tariff-new"}
    return row_of(MessageFailed.model_validate({**about, "channel": "mail", "failed_at": at}), at, 8)


def later(bill: Taken, seconds: int) -> str:
    return (datetime.fromisoformat(bill["fact"]["occurred_at"]) + timedelta(seconds=seconds)).isoformat()


def test_a_dearer_price_is_walked_back_to_the_own_notice_and_a_forged_one_is_found(village: Database) -> None:
    whole = take(village)
    assert [json.loads(fact["data"])["member_id"] for fact in whole[0]["notices"]] == ["anna"], "the own one alone"
    assert "bram" not in json.dumps(whole[0]["notices"])
    assert judge(*whole) == []
    unseen = []
    for forge, said in FORGERIES:
        forged = deepcopy(whole)
        forge(*forged)
        wrong = judge(*forged)
        if not any(said in finding for finding in wrong):
            unseen.append((forge.__name__, wrong))
    assert unseen == []

    bill, contract, vote = deepcopy(whole)
    spoken = list(describe(bill, [contract, vote], SAID))
    evidence = json.loads(bill["notices"][0]["data"])["evidence_hash"]
    told_on = civil(datetime.fromisoformat(bill["notices"][0]["occurred_at"]))
    assert SAID["noticed"] % ("2025-02-01", "2025-01-15", "a letter", told_on) in spoken
    assert SAID["shown"] % evidence in spoken
    assert SAID["not-noticed"] in describe(bill, [contract], SAID)

    bill["notices"], contract["notices"] = [], [mail()]
    assert judge(bill, contract, vote) == [], "a mail is a notice in writing too"
    assert SAID["noticed"] % ("2025-02-01", "2025-01-15", "a mail", "2025-01-15") in describe(
        bill, [contract, vote], SAID
    )
    contract["notices"].append(came_back(later(bill, 60)))
    assert judge(bill, contract, vote) == [], "nobody knew before the bill that it came back"


@settings(deadline=None)
@given(told=tolds(), starts=st.integers(0, DAYS))
def test_at_home_the_same_tariff_binds_on_every_day_as_by_the_other_reckonings(told: Told, starts: int) -> None:
    contract = signed("anna", FIRST + timedelta(days=starts // 2))
    binding = Binding(told, Notices(told))
    rows = [json.loads(fact.canonical()) for fact in told.tariffs]
    known = {
        "tariffs": sorted(rows, key=lambda each: (each["valid_from"], each["decided_on"], each["tariff_id"])),
        "stops": [json.loads(fact.canonical()) for fact in told.stops],
        "sent": list_sent(row_of(fact) for fact in told.noticed),
        "law": [
            {"kind": each.kind, "valid_from": each.valid_from.isoformat(), "figures": write_figures(each)}
            for each in shipped_law().publications
        ],
    }
    told_signed = json.loads(contract.canonical())
    for day in (FIRST + timedelta(days=number) for number in range(DAYS + 1)):
        bound = find_binding(told_signed, day.isoformat(), known)
        assert (bound and bound["tariff_id"]) == binding.on(contract, day, KNOWN), day


@given(hour=st.integers(0, 40 * 366 * 24))
def test_a_day_in_the_netherlands_is_found_without_a_list_of_time_zones(hour: int) -> None:
    at = datetime(1996, 1, 1, tzinfo=UTC) + timedelta(hours=hour)
    assert civil(at) == civil_date(at).isoformat()
