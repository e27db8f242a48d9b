"""Whoever changes what was stored, past every trigger, is found and the thing is named.

One file: all of it is done by one burglar to copies of one year, and the lists of what was tried are read side by side.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from coop.billing.bills.store import list_heads
from coop.billing.documents.archive import read_paper
from coop.billing.documents.taking_home import take_home
from coop.billing.jobs import archive_papers
from coop.demo.cooperative import COMMUNITY
from coop.events import SERVICES, Event
from coop.events.billing import BillArchived, LawPublished
from coop.events.governance import MeetingConvened
from coop.events.members import ContractSigned
from coop.events.metering import PeriodMeasured
from coop.kit import journal
from coop.kit.actor import Actor
from coop.kit.jobs import Work
from coop.kit.settings import Settings
from coop.operator.runtime import open_room
from coop.operator.verification import verify_bills, verify_journals
from coop.values import CoopError, NotFound, hash_parameters
from coop.verification.athome import check
from tests.flows.conftest import Year


class Burglar:
    """Writes into a service's file as nobody may: triggers dropped, foreign keys off."""

    def __init__(self, settings: Settings, service: str) -> None:
        self._path = settings.data_dir / f"{service}.db"

    def __call__(self, statement: str, *values: object) -> int:
        """Run one statement; returns how many rows it changed."""
        with closing(sqlite3.connect(self._path)) as connection, connection:
            triggers = connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").fetchall()
            for name, _ in triggers:
                connection.execute(f"DROP TRIGGER {name}")
            changed = connection.execute(statement, values).rowcount
            for _, sql in triggers:
                connection.execute(sql)
        return changed

    def one(self, query: str, *values: object) -> Any:
        """The first column of the first row."""
        with closing(sqlite3.connect(self._path)) as connection:
            return connection.execute(query, values).fetchone()[0]


def bill_of_january(year: Year) -> dict[str, Any]:
    """A bill with heat and shared electricity."""
    bills: list[dict[str, Any]] = year.state["billing"]["bills"]
    return next(
        bill
        for bill in bills
        if bill["period_start"] == "2025-01-01" and {"heat", "electricity"} <= {line["kind"] for line in bill["lines"]}
    )


def heat_source(bill: dict[str, Any]) -> str:
    return next(str(line["source_id"]) for line in bill["lines"] if line["kind"] == "heat")


def run_source(bill: dict[str, Any]) -> str:
    return next(str(line["source_id"]) for line in bill["lines"] if line["kind"] == "electricity")


def flip_a_stand(burglar: Burglar, bill: dict[str, Any]) -> str:
    """Change the last byte of the readings of the first day that the heat of a bill was read from."""
    source = heat_source(bill)
    register = burglar.one("SELECT json_extract(parts, '$[0].register_id') FROM measurement WHERE id = ?", source)
    first = burglar.one("SELECT json_extract(parts, '$[0].from_at') FROM measurement WHERE id = ?", source)
    day = burglar.one("SELECT CAST(strftime('%s', ?) AS INTEGER) / 86400", first)
    packed = burglar.one("SELECT readings FROM block WHERE register_id = ? AND day = ?", register, day)
    changed = packed[:-1] + bytes([packed[-1] ^ 1])
    assert burglar("UPDATE block SET readings = ? WHERE register_id = ? AND day = ?", changed, register, day) == 1
    return f"measurement {source}"


def flip_a_quarter_hour(burglar: Burglar, bill: dict[str, Any]) -> str:
    register = burglar.one(
        "SELECT r.id FROM register r JOIN meter m ON m.serial = r.serial"
        " WHERE m.kind = 'solar' AND r.shape = 'interval'"
    )
    day = burglar.one("SELECT CAST(strftime('%s', '2025-01-15') AS INTEGER) / 86400")
    packed = burglar.one("SELECT readings FROM block WHERE register_id = ? AND day = ?", register, day)
    changed = packed[:-1] + bytes([packed[-1] ^ 1])
    assert burglar("UPDATE block SET readings = ? WHERE register_id = ? AND day = ?", changed, register, day) == 1
    return f"run {run_source(bill)}: the readings read again"


def lose_a_day(burglar: Burglar, bill: dict[str, Any]) -> str:
    source = heat_source(bill)
    register = burglar.one("SELECT json_extract(parts, '$[0].register_id') FROM measurement WHERE id = ?", source)
    day = burglar.one("SELECT CAST(strftime('%s', '2024-12-31') AS INTEGER) / 86400")
    assert burglar("DELETE FROM block WHERE register_id = ? AND day = ?", register, day) == 1
    return f"measurement {source}: a day of readings is gone"


def change_a_measurement(burglar: Burglar, bill: dict[str, Any]) -> str:
    assert burglar("UPDATE measurement SET energy_j = energy_j || '0' WHERE id = ?", heat_source(bill)) == 1
    return f"measurement {heat_source(bill)}"


def change_an_allocation(burglar: Burglar, bill: dict[str, Any]) -> str:
    changed = burglar(
        "UPDATE allocation SET allocated_wh = allocated_wh - 1 WHERE run_id = ? AND connection_id = ?",
        run_source(bill),
        bill["connection_id"],
    )
    assert changed == 1
    return f"run {run_source(bill)}: {bill['connection_id']} was told"


def change_a_line(burglar: Burglar, bill: dict[str, Any]) -> str:
    assert burglar("UPDATE bill_line SET amount_cents = amount_cents - 1 WHERE bill_id = ?", bill["bill_id"]) > 1
    return "line 1 (heat)"


def change_a_total(burglar: Burglar, bill: dict[str, Any]) -> str:
    assert burglar("UPDATE bill SET total_cents = total_cents - 1 WHERE id = ?", bill["bill_id"]) == 1
    return "total:"


def change_what_a_bill_was_computed_from(burglar: Burglar, bill: dict[str, Any]) -> str:
    statement = (
        "UPDATE document SET body = CAST(replace(CAST(body AS TEXT), '34.50', '34.40') AS BLOB)"
        " WHERE sha256 = (SELECT inputs_hash FROM bill WHERE id = ?)"
    )
    assert burglar(statement, bill["bill_id"]) == 1
    return "the kept inputs no longer have the hash"


def change_what_billing_heard(burglar: Burglar, bill: dict[str, Any]) -> str:
    statement = "UPDATE measurement SET energy_j = energy_j || '0' WHERE measurement_id = ?"
    assert burglar(statement, heat_source(bill)) == 1
    return f"measurement {heat_source(bill)} revision 1 says something else now"


def change_a_posting(burglar: Burglar, bill: dict[str, Any]) -> str:
    assert burglar("UPDATE posting SET amount_cents = amount_cents + 1 WHERE source_id = ?", bill["bill_id"]) > 1
    return "the ledger does not hold what the bill moves"


def change_a_tariff(burglar: Burglar, bill: dict[str, Any]) -> str:
    tariff_id = bill["lines"][0]["tariff_id"]
    changed = burglar(
        "UPDATE tariff SET parameters = replace(parameters, '34.50', '34.40') WHERE tariff_id = ?", tariff_id
    )
    assert changed == 1
    return f"tariff {tariff_id} is not what its resolution adopted"


def change_the_first_day_of_a_tariff(burglar: Burglar, bill: dict[str, Any]) -> str:
    tariff_id = bill["lines"][0]["tariff_id"]
    assert burglar("UPDATE tariff SET valid_from = '2025-03-01' WHERE tariff_id = ?", tariff_id) == 1
    return f"tariff {tariff_id}"


def change_a_ceiling(burglar: Burglar, bill: dict[str, Any]) -> str:
    assert burglar("UPDATE guarantee_entry SET heat_cents = heat_cents - 1 WHERE bill_id = ?", bill["bill_id"]) == 1
    return "the guarantee does not follow from the lines"


def change_the_minutes(burglar: Burglar, bill: dict[str, Any]) -> str:
    """Turn one vote in what two people entered from the minutes of the meeting that adopted the tariff."""
    resolution_id = bill["lines"][0]["resolution_id"]
    entry_id, content = entry_of(burglar, resolution_id)
    turn_a_vote(content, resolution_id)
    assert burglar("UPDATE entry SET content = ? WHERE entry_id = ?", json.dumps(content), entry_id) == 1
    return f"resolution {resolution_id}: the minutes are not as two people entered them"


def change_the_count_in_the_minutes(burglar: Burglar, bill: dict[str, Any]) -> str:
    """Turn one vote in the minutes and make their hash anew."""
    resolution_id = bill["lines"][0]["resolution_id"]
    entry_id, content = entry_of(burglar, resolution_id)
    turn_a_vote(content, resolution_id)
    about = burglar.one("SELECT json_array(kind, meeting_id, paper) FROM entry WHERE entry_id = ?", entry_id)
    forged = hash_parameters([*json.loads(about), content])
    statement = "UPDATE entry SET content = ?, content_hash = ? WHERE entry_id = ?"
    assert burglar(statement, json.dumps(content), forged, entry_id) == 1
    return f"resolution {resolution_id}: the minutes give another count"


def change_the_minutes_and_the_decision(burglar: Burglar, bill: dict[str, Any]) -> str:
    """Turn one vote in the minutes, their hash and the decision alike: only what was told is as it was."""
    change_the_count_in_the_minutes(burglar, bill)
    resolution_id = bill["lines"][0]["resolution_id"]
    statement = (
        "UPDATE decision SET votes_for = votes_for - 1, votes_against = votes_against + 1 WHERE resolution_id = ?"
    )
    assert burglar(statement, resolution_id) == 1
    return f"resolution {resolution_id}: the count and the verdict are not those that were told when it was decided"


def confirm_the_minutes_oneself(burglar: Burglar, bill: dict[str, Any]) -> str:
    """Write that who entered the minutes also confirmed them."""
    resolution_id = bill["lines"][0]["resolution_id"]
    entry_id, _ = entry_of(burglar, resolution_id)
    statement = "UPDATE entry_settled SET actor = (SELECT actor FROM entry WHERE entry_id = ?) WHERE entry_id = ?"
    assert burglar(statement, entry_id, entry_id) == 1
    return f"resolution {resolution_id}: nobody but who entered the minutes confirmed them"


def take_a_resolution_out_of_the_minutes(burglar: Burglar, bill: dict[str, Any]) -> str:
    """Leave out of the minutes the resolution that adopted the tariff."""
    resolution_id = bill["lines"][0]["resolution_id"]
    entry_id, content = entry_of(burglar, resolution_id)
    points = content["resolutions"]
    content["resolutions"] = [each for each in points if each["resolution"]["resolution_id"] != resolution_id]
    assert len(content["resolutions"]) == len(points) - 1
    assert burglar("UPDATE entry SET content = ? WHERE entry_id = ?", json.dumps(content), entry_id) == 1
    return f"resolution {resolution_id}: the minutes do not hold it any more"


def entry_of(burglar: Burglar, resolution_id: str) -> tuple[str, Any]:
    """Id and content of the entry of the minutes of the meeting that decided on a resolution."""
    query = (
        "SELECT m.entry_id FROM meeting m JOIN resolution r ON r.meeting_id = m.meeting_id WHERE r.resolution_id = ?"
    )
    entry_id = str(burglar.one(query, resolution_id))
    return entry_id, json.loads(burglar.one("SELECT content FROM entry WHERE entry_id = ?", entry_id))


def turn_a_vote(content: Any, resolution_id: str) -> None:
    points = content["resolutions"]
    [count] = [each["count"] for each in points if each["resolution"]["resolution_id"] == resolution_id]
    assert count["votes_for"] > 0
    count["votes_for"] -= 1
    count["votes_against"] += 1


def change_what_was_voted_on(burglar: Burglar, bill: dict[str, Any]) -> str:
    resolution_id = bill["lines"][0]["resolution_id"]
    changed = burglar(
        "UPDATE document SET body = CAST(replace(CAST(body AS TEXT), '34.50', '34.40') AS BLOB)"
        " WHERE sha256 = (SELECT notice_hash FROM resolution WHERE resolution_id = ?)",
        resolution_id,
    )
    assert changed == 1
    return f"resolution {resolution_id}: the parameters are no longer those of the notice"


Crime = Callable[[Burglar, dict[str, Any]], str]
CRIMES: list[tuple[str, Crime]] = [
    ("metering", flip_a_stand),
    ("metering", flip_a_quarter_hour),
    ("metering", lose_a_day),
    ("metering", change_a_measurement),
    ("metering", change_an_allocation),
    ("billing", change_a_line),
    ("billing", change_a_total),
    ("billing", change_what_a_bill_was_computed_from),
    ("billing", change_what_billing_heard),
    ("billing", change_a_posting),
    ("billing", change_a_tariff),
    ("billing", change_the_first_day_of_a_tariff),
    ("billing", change_a_ceiling),
    ("governance", change_the_minutes),
    ("governance", change_the_count_in_the_minutes),
    ("governance", change_the_minutes_and_the_decision),
    ("governance", confirm_the_minutes_oneself),
    ("governance", take_a_resolution_out_of_the_minutes),
    ("governance", change_what_was_voted_on),
]


@pytest.mark.parametrize(("service", "crime"), CRIMES, ids=lambda value: getattr(value, "__name__", value))
def test_verifying_the_bill_finds_it(year: Year, tmp_path: Path, service: str, crime: Crime) -> None:
    settings, bill = year.copy(tmp_path / "data"), bill_of_january(year)
    assert verify_bills(settings, COMMUNITY, bill["number"], lambda _: None)
    named = crime(Burglar(settings, service), bill)
    said: list[str] = []
    assert not verify_bills(settings, COMMUNITY, bill["number"], said.append)
    assert [line for line in said if line.startswith("  ! ") and named in line], "\n".join(said)
    assert said[-1].endswith("it does NOT agree")


UNREADABLE = {
    "the first day of a tariff": ("billing", "UPDATE tariff SET valid_from = 'no day'", "can no longer be read"),
    "the prices of a tariff": ("billing", "UPDATE tariff SET parameters = '{'", "can no longer be read"),
    "the inputs of a bill, cut short": (
        "billing",
        "UPDATE document SET body = substr(body, 1, 100) WHERE sha256 = (SELECT inputs_hash FROM bill WHERE id = ?)",
        "cannot be read",
    ),
    "the day of a bill": (
        "billing",
        "UPDATE bill SET issued_on = 'no day' WHERE id = ?",
        "of bill in order of ordinal",
    ),
    "the VAT of a bill": ("billing", "UPDATE bill SET vat = '{' WHERE id = ?", "of bill in order of ordinal"),
    "the kind of a line": (
        "billing",
        "UPDATE bill_line SET kind = 'gold' WHERE bill_id = ?",
        "of bill_line in order of bill_id, position",
    ),
    "an amount of the books": (
        "billing",
        "UPDATE posting SET amount_cents = 'much' WHERE source_id = ?",
        "what is kept can no longer be read",
    ),
    "the first day of contracts": (
        "billing",
        "UPDATE contract_signed SET starts_on = '2025-02-31'",
        "row 1 of contract_signed in order of contract_id can no longer be read",
    ),
    "a fact of the register, cut short": (
        "members",
        "UPDATE journal SET data = substr(data, 1, 20) WHERE type = 'members.contract-signed.v1'",
        "(members.contract-signed.v1) can no longer be read",
    ),
    "a fact of the meeting, cut short": (
        "governance",
        "UPDATE journal SET data = substr(data, 1, 20) WHERE type = 'governance.tariff-adopted.v1'",
        "(governance.tariff-adopted.v1) can no longer be read",
    ),
}


@pytest.mark.parametrize("what", UNREADABLE)
def test_what_can_no_longer_be_read_is_a_finding_and_the_rest_is_verified(
    year: Year, tmp_path: Path, what: str
) -> None:
    settings, bill = year.copy(tmp_path / "data"), bill_of_january(year)
    service, statement, named = UNREADABLE[what]
    assert Burglar(settings, service)(statement, *([bill["bill_id"]] if "?" in statement else [])) > 0
    said: list[str] = []
    assert not verify_bills(settings, COMMUNITY, "", said.append)
    assert [line for line in said if named in line], "\n".join(said)
    assert [line for line in said if " bills verified, " in line]
    assert said[-1].startswith("bills, books and terms held beside all that was told: ")


def test_the_walk_of_a_bill_ends_at_the_file_of_its_paper(year: Year, tmp_path: Path) -> None:
    settings, bill = year.copy(tmp_path / "data"), bill_of_january(year)
    said: list[str] = []
    assert verify_bills(settings, COMMUNITY, bill["number"], said.append)
    assert "  paper      not put away" in said
    database = open_room("billing", settings, migrate=False).database
    archive_papers(Work(database, COMMUNITY, datetime(2026, 1, 5, tzinfo=UTC), "job"))
    with database.system_write() as sql:
        journal.seal(sql)
    database.close()
    assert verify_bills(settings, COMMUNITY, bill["number"], said.append)
    assert "  paper      put away, the file that was told of" in said
    burglar = Burglar(settings, "billing")
    assert burglar("UPDATE bill_paper SET body = ? WHERE bill_id = ?", b"%PDF-forged", bill["bill_id"]) == 1
    assert not verify_bills(settings, COMMUNITY, bill["number"], said.append)
    assert f"  ! the paper of bill {bill['number']} is not the file that was put away" in said


def forge_the_file(burglar: Burglar, bill: dict[str, Any]) -> str:
    """Put another file in the place of a paper, with its own hash beside it."""
    forged = b"%PDF-forged"
    statement = "UPDATE bill_paper SET body = ?, sha256 = ?, byte_count = ? WHERE bill_id = ?"
    values = (forged, hashlib.sha256(forged).hexdigest(), len(forged), bill["bill_id"])
    assert burglar(statement, *values) == 1
    return f"the paper of bill {bill['number']} is not the file that was put away"


def point_to_another_paper(burglar: Burglar, bill: dict[str, Any]) -> str:
    """Let a bill name what the paper of another bill says."""
    statement = "UPDATE bill SET paper_hash = (SELECT paper_hash FROM bill WHERE id <> ? LIMIT 1) WHERE id = ?"
    assert burglar(statement, bill["bill_id"], bill["bill_id"]) == 1
    return f"bill {bill['number']}: paper_hash is"


def take_the_file_away(burglar: Burglar, bill: dict[str, Any]) -> str:
    assert burglar("DELETE FROM bill_paper WHERE bill_id = ?", bill["bill_id"]) == 1
    return f"the paper of bill {bill['number']} was put away, and is gone"


def put_off_the_day_to_pay(burglar: Burglar, bill: dict[str, Any]) -> str:
    """Change the last day to pay in what was frozen of the paper."""
    statement = (
        'UPDATE document SET body = CAST(replace(CAST(body AS TEXT), \'"due_on":"2\', \'"due_on":"3\') AS BLOB)'
        " WHERE sha256 = (SELECT paper_hash FROM bill WHERE id = ?)"
    )
    assert burglar(statement, bill["bill_id"]) == 1
    return f"bill {bill['number']}: what its paper says was changed after it was frozen"


def put_off_the_day_to_pay_under_a_hash_of_its_own(burglar: Burglar, bill: dict[str, Any]) -> str:
    """Freeze another last day to pay, let the bill name that, and take the file away so that it is typeset anew."""
    body = burglar.one(
        "SELECT d.body FROM document d JOIN bill b ON d.sha256 = b.paper_hash WHERE b.id = ?", bill["bill_id"]
    )
    told = hashlib.sha256(body).hexdigest()
    later = body.replace(b'"due_on":"2025', b'"due_on":"2035')
    assert later != body
    forged = hashlib.sha256(later).hexdigest()
    assert burglar("UPDATE document SET body = ?, sha256 = ? WHERE sha256 = ?", later, forged, told) == 1
    assert burglar("UPDATE bill SET paper_hash = ? WHERE id = ?", forged, bill["bill_id"]) == 1
    take_the_file_away(burglar, bill)
    return f"bill {bill['number']}: paper_hash is"


FORGERIES = [
    (forge_the_file, True),
    (point_to_another_paper, False),
    (take_the_file_away, False),
    (put_off_the_day_to_pay, False),
    (put_off_the_day_to_pay_under_a_hash_of_its_own, True),
]


@pytest.mark.parametrize(("crime", "is_refused"), FORGERIES, ids=lambda value: getattr(value, "__name__", ""))
def test_a_paper_that_somebody_replaced_is_found_and_no_forged_one_is_handed_out(
    year: Year, tmp_path: Path, crime: Crime, is_refused: bool
) -> None:
    settings, bill = year.copy(tmp_path / "data"), bill_of_january(year)
    room = open_room("billing", settings, migrate=False)
    read, write = (
        partial(room.database.read, COMMUNITY),
        partial(room.database.write, COMMUNITY, Actor("job", "papers", "job")),
    )
    paper = read_paper(read, write, bill["bill_id"])
    named = crime(Burglar(settings, "billing"), bill)
    for number in (bill["number"], ""):
        said: list[str] = []
        assert not verify_bills(settings, COMMUNITY, number, said.append)
        assert [line for line in said if named in line], "\n".join(said)
    if is_refused:
        with pytest.raises(CoopError, match=f"paper of bill {bill['number']} was changed"):
            read_paper(read, write, bill["bill_id"])
    else:
        assert read_paper(read, write, bill["bill_id"]) == paper
    room.database.close()


def test_every_bill_of_the_year_is_right_at_home(year: Year) -> None:
    database = open_room("billing", year.settings, migrate=False).database
    with database.read(COMMUNITY) as tx:
        taken = {head.number: json.loads(take_home(tx, head.id, "nl")) for head in list_heads(tx)}
    database.close()
    assert len(taken) == len(year.state["billing"]["bills"]) > 40
    assert {number: wrong for number, each in taken.items() if (wrong := check(each)[0])} == {}


def test_a_bill_that_is_gone_is_a_finding_when_it_is_asked_for(year: Year, tmp_path: Path) -> None:
    settings, bill = year.copy(tmp_path / "data"), bill_of_january(year)
    assert Burglar(settings, "billing")("DELETE FROM bill WHERE id = ?", bill["bill_id"]) == 1
    said: list[str] = []
    assert not verify_bills(settings, COMMUNITY, bill["number"], said.append)
    assert said == [f"bill {bill['number']} was issued, and is gone or can no longer be read"]
    with pytest.raises(NotFound):
        verify_bills(settings, COMMUNITY, "2025-999999", said.append)


def test_a_bill_that_is_forged_alike_in_all_of_billings_tables_is_found_by_what_metering_told(
    year: Year, tmp_path: Path
) -> None:
    """Another bill's figures under this bill's number: consistent in itself, and no different from honest rows."""
    settings, bill = year.copy(tmp_path / "data"), bill_of_january(year)
    burglar, source = Burglar(settings, "billing"), heat_source(bill)
    energy = burglar.one("SELECT energy_j FROM measurement WHERE measurement_id = ?", source)
    told_hash = burglar.one("SELECT inputs_hash FROM bill WHERE id = ?", bill["bill_id"])
    inputs = burglar.one("SELECT body FROM document WHERE sha256 = ?", told_hash)
    less = str(int(energy) // 2)
    assert burglar("UPDATE measurement SET energy_j = ? WHERE measurement_id = ?", less, source) == 1
    forged = inputs.replace(f'"{energy}"'.encode(), f'"{less}"'.encode())
    assert forged != inputs
    forged_hash = hashlib.sha256(forged).hexdigest()
    burglar("UPDATE document SET body = ?, sha256 = ? WHERE sha256 = ?", forged, forged_hash, told_hash)
    burglar("UPDATE bill SET inputs_hash = ? WHERE id = ?", forged_hash, bill["bill_id"])
    said: list[str] = []
    assert not verify_bills(settings, COMMUNITY, bill["number"], said.append)
    assert f"  ! measurement {source} was not told by metering as it was billed" in said


@pytest.mark.parametrize("kind", [PeriodMeasured, ContractSigned, MeetingConvened, LawPublished])
def test_a_fact_whose_seal_is_broken_is_found_with_the_bill_that_rests_on_it(
    year: Year, tmp_path: Path, kind: type[Event]
) -> None:
    """No figure differs, and the chain is left alone: only who told it is another."""
    settings, bill = year.copy(tmp_path / "data"), bill_of_january(year)
    service, name = kind.TYPE.removesuffix(".v1").split(".")
    burglar = Burglar(settings, service)
    position = burglar.one("SELECT min(position) FROM journal WHERE type = ?", kind.TYPE)
    assert burglar("UPDATE journal SET actor = 'account:nobody' WHERE position = ?", position) == 1
    said: list[str] = []
    assert not verify_bills(settings, COMMUNITY, bill["number"], said.append)
    broken = f"  ! the chain of {service} is broken at position {position}: was changed after it was sealed"
    assert [line for line in said if line.startswith("  ! ")] == [broken]
    [walked] = [line for line in said if line.startswith(f"  seals      {service}, ")]
    assert f"BROKEN at position {position}" in walked
    assert f"{name} " in walked


def test_a_fact_that_is_in_no_chain_waits_a_quarter_of_an_hour_and_is_found_with_its_bill_then(
    year: Year, tmp_path: Path
) -> None:
    settings, bill = year.copy(tmp_path / "data"), bill_of_january(year)
    database = open_room("billing", settings, migrate=False).database
    with database.write(COMMUNITY, Actor("job", "papers", "job")) as tx:
        tx.tell(BillArchived(bill_id=bill["bill_id"], number=bill["number"], sha256="0" * 64, byte_count=1))
    database.close()
    fact, said = f"the fact {BillArchived.TYPE} about {bill['bill_id']}", list[str]()
    verify_bills(settings, COMMUNITY, bill["number"], said.append)
    waits = f"  seals      {fact} is not sealed yet: that takes 15 minutes at most, verify again then"
    assert [line for line in said if fact in line] == [waits]
    burglar = Burglar(settings, "billing")
    told = burglar.one("SELECT occurred_at FROM journal WHERE position IS NULL")
    burglar("UPDATE journal SET occurred_at = ? WHERE position IS NULL", f"2026-01-31{told[10:]}")
    said.clear()
    assert not verify_bills(settings, COMMUNITY, bill["number"], said.append)
    assert [line for line in said if fact in line] == [f"  ! {fact}, of 2026-01-31 {told[11:16]} UTC, is not sealed"]


@pytest.mark.parametrize("name", SERVICES)
def test_a_changed_fact_breaks_the_chain_where_it_stands(year: Year, tmp_path: Path, name: str) -> None:
    settings = year.copy(tmp_path / "data")
    burglar = Burglar(settings, name)
    data = burglar.one("SELECT data FROM journal WHERE position = 5")
    assert burglar("UPDATE journal SET data = ? WHERE position = 5", data.replace("1", "2", 1)) == 1
    said: list[str] = []
    assert not verify_journals(settings, said.append)
    assert f"{name}: BROKEN at position 5: was changed after it was sealed" in said
    assert len([line for line in said if "BROKEN" in line]) == 1


@pytest.mark.parametrize(
    ("crime", "said"),
    [
        ("DELETE FROM journal WHERE position = 7", "BROKEN at position 7: position 7 is gone"),
        ("UPDATE journal SET hash = previous_hash WHERE position = 7", "BROKEN at position 7: was changed"),
        (
            "UPDATE journal SET occurred_at = '2020' || substr(occurred_at, 5) WHERE position = 7",
            "BROKEN at position 7",
        ),
        ("UPDATE journal SET occurred_at = 'never' WHERE position = 7", "BROKEN at position 7: can no longer be read"),
        ("DELETE FROM journal WHERE position >= 7", "BROKEN at position 7: was handed to the bus and is gone"),
    ],
)
def test_a_chain_that_lost_a_link_is_found(year: Year, tmp_path: Path, crime: str, said: str) -> None:
    settings = year.copy(tmp_path / "data")
    assert Burglar(settings, "governance")(crime) > 0
    told: list[str] = []
    assert not verify_journals(settings, told.append)
    assert any(line.startswith(f"governance: {said}") for line in told), told


def test_without_a_burglar_the_triggers_refuse(year: Year, tmp_path: Path) -> None:
    settings = year.copy(tmp_path / "data")
    kept = {
        "metering": ("block", "delivery", "measurement", "allocation_run", "allocation", "journal"),
        "billing": ("bill", "bill_line", "guarantee_entry", "posting", "journal"),
        "governance": ("entry", "entry_settled", "decision", "resolution", "journal"),
        "members": ("journal",),
    }
    for service, tables in kept.items():
        with closing(sqlite3.connect(settings.data_dir / f"{service}.db")) as connection:
            for table in tables:
                column = connection.execute(f"SELECT name FROM pragma_table_info('{table}') LIMIT 1").fetchone()[0]
                for statement in (f"DELETE FROM {table}", f"UPDATE {table} SET {column} = {column}"):
                    with pytest.raises(sqlite3.IntegrityError):
                        connection.execute(statement)
