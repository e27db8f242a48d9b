"""Whoever changes what was stored, past every trigger, is found and the thing is named.

One file: all of it is done by one burglar to copies of one year, and the lists of what was tried are read side by side.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from coop.billing.bills.store import list_heads
from coop.billing.documents.taking_home import take_home
from coop.demo.cooperative import COMMUNITY
from coop.operator.runtime import open_room
from coop.operator.verification import verify_bills
from coop.values import NotFound, hash_parameters
from coop.verification.athome import check
from tests.flows.burglar import Burglar, Crime, bill_of_january, heat_source, run_source
from tests.flows.conftest import Year


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


def test_a_vote_on_which_no_bill_rests_is_counted_again_too(year: Year, tmp_path: Path) -> None:
    settings, other = year.copy(tmp_path / "data"), "r.kind NOT IN ('tariff', 'allocation-key')"
    burglar = Burglar(settings, "governance")
    decided = f"SELECT d.resolution_id FROM decision d JOIN resolution r USING (resolution_id) WHERE {other} LIMIT 1"
    resolution_id = burglar.one(decided)
    assert burglar("UPDATE decision SET votes_blank = votes_blank + 1 WHERE resolution_id = ?", resolution_id) == 1
    said: list[str] = []
    assert not verify_bills(settings, COMMUNITY, "", said.append)
    assert said[0] == f"{len(year.state['billing']['bills'])} bills verified, 0 do not agree"
    assert [line for line in said if line.startswith(f"resolution {resolution_id}: the count")], "\n".join(said)
