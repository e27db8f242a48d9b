"""A bill that its member takes home is reckoned again there, and whatever was changed in it is found."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from collections.abc import Callable
from copy import deepcopy
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from coop.billing.bills import paper_store as papers
from coop.billing.bills import store as bills
from coop.billing.documents.taking_home import read_checker, take_home
from coop.billing.law.commands import publish_law
from coop.billing.runs.commands import correct_bills
from coop.communities.law import RATE, VAT, Publication
from coop.kit import journal
from coop.kit.database import Database
from coop.values import NotFound
from coop.verification.athome import WORDS, check, describe, describe_waiting, main
from tests.billing.tampered_village import tamper
from tests.billing.tampered_village import village as village
from tests.billing.village import visit
from tests.desk import COMMUNITY, SECRETARY

Taken = dict[str, Any]


def take_all(database: Database) -> dict[str, Taken]:
    """Every bill as it is taken home, by its number."""
    with database.system_write() as sql:
        journal.seal(sql)
    with database.read(COMMUNITY) as tx:
        return {head.number: json.loads(take_home(tx, head.id, "en")) for head in bills.list_heads(tx)}


def test_every_bill_and_correction_is_right_at_home(village: Database) -> None:
    taken = take_all(village)
    assert len(taken) == 10
    assert [check(each) for each in taken.values()] == [([], [])] * 10
    assert any(each["kind"] == "correction" for each in taken.values())
    assert any(each["credit_cents"] > 0 for each in taken.values())


def inputs_of(taken: Taken, change: Callable[[Any], None]) -> None:
    """Change what a bill was computed from, and make its hash anew everywhere but in the sealed fact."""
    inputs = json.loads(taken["inputs"])
    change(inputs)
    taken["inputs"] = json.dumps(inputs)


def test_a_part_that_is_cut_where_nobody_read_the_meter_is_named_and_added_up(village: Database) -> None:
    taken = take_all(village)["2025-000001"]
    inputs_of(taken, lambda inputs: inputs["consumption"].update(cuts=["2025-01-15"]))
    wrong, left = check(taken)
    assert left == ["Heat", "Shared electricity"]
    assert wrong == ["the fingerprint of inputs is another"]


def raise_the_price(taken: Taken) -> None:
    inputs_of(taken, lambda inputs: inputs["consumption"]["spans"][0]["tariff"]["components"][0].update(price_eur="1"))


def add_heat(taken: Taken) -> None:
    inputs_of(taken, lambda inputs: inputs["consumption"]["readings"][0].update(energy_j="1000000000"))


def lower_a_gas_bill(taken: Taken) -> None:
    inputs_of(taken, lambda inputs: inputs["guarantee"][0]["terms"]["reference"][0].update(amount_cents=1))


def change_a_line(taken: Taken) -> None:
    taken["bill"]["lines"][1]["amount_cents"] += 1


def change_the_vat(taken: Taken) -> None:
    taken["bill"]["vat"][0]["vat_cents"] += 1


def change_the_total(taken: Taken) -> None:
    taken["total_cents"] += 1


def keep_the_credit(taken: Taken) -> None:
    taken["bill"]["guarantee"][0]["credit_cents"] -= 100


def change_the_fact(taken: Taken) -> None:
    taken["fact"]["data"] = taken["fact"]["data"].replace("2025-", "2026-", 1)


def change_the_chain(taken: Taken) -> None:
    taken["fact"]["previous_hash"] = "f" * 64


def charge_above_the_vote(taken: Taken) -> None:
    """Voted were 38.00 for a GJ; the price that the law lets it have may be lower, never higher."""
    lawful = [{"component": "Heat", "price_eur": "99.00"}]
    inputs_of(taken, lambda inputs: inputs["consumption"]["spans"][0].update(lowered=lawful))


def charge_a_cent_above_the_vote(taken: Taken) -> None:
    lawful = [{"component": "Heat", "price_eur": "38.01"}]
    inputs_of(taken, lambda inputs: inputs["consumption"]["spans"][0].update(lowered=lawful))


def invent_a_rate(taken: Taken) -> None:
    rates = [{"category": "energy", "rate": "0.31"}]
    inputs_of(taken, lambda inputs: inputs["consumption"]["spans"][0].update(rates=rates))


def drop_the_ceiling(taken: Taken) -> None:
    inputs_of(taken, lambda inputs: inputs.update(guarantee=[]))
    taken["bill"]["guarantee"] = []


def forget_one_ceiling(taken: Taken) -> None:
    inputs_of(taken, lambda inputs: inputs.update(guarantee=[]))


def take_another_member_s(taken: Taken) -> None:
    inputs_of(taken, lambda inputs: inputs.update(member_id="bram"))


def leave_out_a_row_of_law(taken: Taken) -> None:
    del taken["law"][2]


def bring_law_of_another(taken: Taken) -> None:
    taken["law"][0]["community"] = "another"


def lower_a_rate_of_law(taken: Taken) -> None:
    [row] = [row for row in taken["law"] if '"2012-10-01"' in row["data"] and '"energy"' in row["data"]]
    row["data"] = row["data"].replace("0.21", "0.06")


def charge_above_the_maximum(taken: Taken) -> None:
    """As if the members had voted for more than a GJ may cost."""
    inputs_of(taken, lambda inputs: inputs["consumption"]["spans"][0]["tariff"]["components"][0].update(price_eur="99"))


def leave_unsealed_for_long(taken: Taken) -> None:
    taken["fact"]["hash"] = None
    taken["taken_at"] = later(taken["fact"]["occurred_at"], minutes=15)


def later(instant: str, minutes: int) -> str:
    return (datetime.fromisoformat(instant) + timedelta(minutes=minutes)).isoformat()


FORGERIES = [
    (raise_the_price, "Heat: on the bill"),
    (add_heat, "heat: the lines come to"),
    (lower_a_gas_bill, "ceiling of the guarantee year"),
    (change_a_line, "on the bill"),
    (change_the_vat, "VAT of 21%"),
    (change_the_total, "total:"),
    (keep_the_credit, "to give back"),
    (change_the_fact, "the fingerprint of"),
    (change_the_chain, "the fingerprint of"),
    (charge_above_the_vote, "Heat: charged were 99.0, above the price of the tariff: 38.0"),
    (charge_a_cent_above_the_vote, "Heat: charged were 38.01, above the price of the tariff: 38.0"),
    (invent_a_rate, "VAT of energy: on the bill 0.31, reckoned 0.21"),
    (drop_the_ceiling, "no guarantee year on the bill covers 2025-01-01"),
    (forget_one_ceiling, "names another guarantee"),
    (take_another_member_s, "the sealed fact names another member_id"),
    (leave_out_a_row_of_law, "row 3 of the law is missing from this file"),
    (bring_law_of_another, "the sealed fact names another law"),
    (lower_a_rate_of_law, "the fingerprint of"),
    (charge_above_the_maximum, "Heat: charged were 99.0, above what the law allows: "),
    (leave_unsealed_for_long, "the fact billing.bill-issued.v1 of "),
]


def test_a_fact_that_waits_for_its_seal_is_no_finding_but_told(village: Database) -> None:
    taken = take_all(village)["2025-000001"]
    taken["fact"] |= {"hash": None, "position": None}
    taken["taken_at"] = later(taken["fact"]["occurred_at"], minutes=14)
    assert check(taken) == ([], [])
    at = f"{datetime.fromisoformat(taken['taken_at']).astimezone(UTC):%Y-%m-%d %H:%M}"
    assert WORDS["en"]["waits"] % (at, "billing.bill-issued.v1") in describe_waiting([taken], WORDS["en"])


def test_whatever_was_changed_is_found_at_home(village: Database) -> None:
    whole, unseen = take_all(village)["2025-000001"], []
    for forge, said in FORGERIES:
        taken = deepcopy(whole)
        forge(taken)
        wrong, _ = check(taken)
        if not any(said in finding for finding in wrong):
            unseen.append((forge.__name__, wrong))
    assert unseen == []


def test_a_rate_that_was_published_after_the_program_was_written_is_taken_from_the_law(village: Database) -> None:
    lowered = Publication(
        VAT, date(2025, 1, 1), date(2024, 12, 24), date(2024, 12, 24), {"energy": {RATE: Decimal("0.06")}}, "Stb. 2024"
    )
    with village.write(COMMUNITY, SECRETARY) as tx:
        assert publish_law(tx, [lowered], is_checked=True)
        corrections = correct_bills(tx, tx.today).bills
    taken = take_all(village)
    assert len(taken) == 10 + len(corrections)
    rates = {rate["rate"] for each in taken.values() for rate in each["bill"]["vat"]}
    assert rates >= {"0.06", "0.21"}
    assert [check(each) for each in taken.values()] == [([], [])] * len(taken)


def test_it_speaks_dutch_wherever_it_speaks_english() -> None:
    assert {key: text.count("%s") for key, text in WORDS["nl"].items()} == {
        key: text.count("%s") for key, text in WORDS["en"].items()
    }


def test_a_correction_is_held_beside_the_bill_that_it_corrects(village: Database) -> None:
    bills = list(take_all(village).values())
    [correction] = [each for each in bills if each["kind"] == "correction"]
    others = [each for each in bills if each is not correction]
    believed = WORDS["en"]["believed"]
    assert believed in describe(correction, [], WORDS["en"])
    assert check(correction, None, others) == ([], [])
    assert believed not in describe(correction, others, WORDS["en"])
    inputs_of(correction, lambda inputs: inputs["previous"]["readings"][0].update(energy_j="1000000000"))
    assert WORDS["en"]["previous"] in check(correction, None, others)[0]


def test_a_bill_whose_fact_is_gone_is_not_taken_home_and_says_why(village: Database) -> None:
    tamper(village, "DELETE FROM journal WHERE type = 'billing.bill-issued.v1'")
    with village.read(COMMUNITY) as tx:
        [head, *_] = bills.list_heads(tx)
        with pytest.raises(NotFound, match="no fact tells of bill 2025-000001 any more"):
            take_home(tx, head.id, "en")


def test_the_program_needs_nothing_but_python(village: Database, tmp_path: Path) -> None:
    """Taken by its button and run in a folder of its own, where no other module of the product can be found."""
    take_all(village)
    anna = visit(village, tmp_path, "member", member_id="anna")
    with village.read(COMMUNITY) as tx:
        head = next(head for head in bills.list_heads(tx) if head.member_id == "anna")
        paper = papers.find_paper(tx, head.id)
    assert paper is not None
    page = anna.get(f"/billing/bills/{head.id}/verify", headers={"accept": "text/html"}).text
    folder = tmp_path / "home"
    folder.mkdir()
    for path, name in ((f"/billing/bills/{head.id}.json", "bill.json"), ("/billing/check_bill.py", "check_bill.py")):
        assert path in page
        (folder / name).write_bytes(anna.get(path).content)
    (folder / "bill.pdf").write_bytes(paper.body)
    command = [sys.executable, "-I", "-S", "check_bill.py", "bill.json", "bill.pdf"]
    ran = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stderr) == (0, "")
    assert f"Bill {head.number} is right" in ran.stdout
    assert "in the chain of billing" in ran.stdout
    (folder / "bill.pdf").write_bytes(b"%PDF-forged")
    assert main([str(folder / "bill.json"), str(folder / "bill.pdf")]) == 1
    bram = visit(village, tmp_path, "member", member_id="bram")
    assert bram.get(f"/billing/bills/{head.id}.json").status_code == 404


def test_of_several_bills_the_newest_is_checked(
    village: Database, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    of_bram = [each for each in take_all(village).values() if json.loads(each["inputs"])["member_id"] == "bram"]
    names = [tmp_path / f"bill-{each['number']}.json" for each in of_bram]
    for name, taken in zip(names, of_bram, strict=True):
        name.write_text(json.dumps(taken))
    assert main([str(name) for name in names]) == 0
    said = capsys.readouterr().out
    assert f"Bill {of_bram[-1]['number']} is right" in said
    assert "earlier bills counted is believed" not in said


def test_what_is_no_file_of_the_check_is_named_and_left_aside(
    village: Database, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lines, rows = tmp_path / "verified-lines.json", tmp_path / "rows.json"
    lines.write_text('{"name": "verified-lines", "rows": []}')
    rows.write_text("[1, 2]")
    assert main([str(lines), str(rows)]) == 1
    assert "Lay a bill beside them: none of these files is one." in capsys.readouterr().out
    bill = tmp_path / "bill.json"
    bill.write_text(json.dumps(take_all(village)["2025-000001"]))
    assert main([str(lines), str(bill), str(rows)]) == 0
    said = capsys.readouterr().out
    assert "no file of this check, left aside: verified-lines.json, rows.json" in said
    assert "Bill 2025-000001 is right" in said


def test_the_program_shares_no_code_with_the_product() -> None:
    names = {
        alias.name if isinstance(node, ast.Import) else node.module
        for node in ast.walk(ast.parse(read_checker()))
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in node.names
    }
    assert {str(name).partition(".")[0] for name in names} <= set(sys.stdlib_module_names)
