"""Whoever changes a paper that was put away is found, and no forged one is handed out."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from coop.billing.documents.archive import read_paper
from coop.billing.jobs import archive_papers
from coop.demo.cooperative import COMMUNITY
from coop.kit import journal
from coop.kit.actor import Actor
from coop.kit.jobs import Work
from coop.operator.runtime import open_room
from coop.operator.verification import verify_bills
from coop.values import CoopError
from tests.flows.burglar import Burglar, Crime, bill_of_january
from tests.flows.conftest import Year


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
