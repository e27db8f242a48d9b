"""What is changed in the database behind a meeting's back, or forged in its box, is found."""

from __future__ import annotations

import pytest
from sqlalchemy import delete, text, update

from coop.governance.ballots import commands as ballots
from coop.governance.ballots.store import add_objection, list_ballots
from coop.governance.ballots.verify import verify_resolution
from coop.governance.tables.meetings import ballot
from coop.kit.actor import Actor
from coop.kit.database import Database
from coop.values import canonical_json, hash_parameters
from tests.desk import SECRETARY
from tests.governance.assembly import (
    CHANGE,
    TOWN,
    live,
)
from tests.governance.holding import close, vote

_SWAP = ((1, 3), (2, 1), (3, 2))
"""Numbers of two ballots of one member, exchanged."""


@pytest.mark.parametrize("change", ["swap", "choice", "delete", "list", "rule", "deed", "subject", "convened"])
def test_what_is_changed_in_the_database_behind_our_back_is_found(database: Database, change: str) -> None:
    live(database, until="vote")
    vote(database, "tariff", {"m001": "for", "m002": "for", "m003": "for", "m004": "against"})
    close(database)
    with database.read(TOWN) as tx:
        assert verify_resolution(tx, "tariff").findings == ()
        salts = {cast[-1].member_id: cast[-1].salt for cast in list_ballots(tx, "tariff").values()}
    tables = {
        "rule": "document",
        "subject": "resolution",
        "convened": "meeting",
        "list": "document",
        "deed": "statutes",
    }
    name = tables.get(change, "ballot")
    triggers = (
        ["document_stays"] if name == "document" else [f"{name}_keeps", f"{name}_holds"][: 1 + database.is_sqlite]
    )
    mine = ballot.c.resolution_id == "tariff"
    with database.system_write() as sql:
        for trigger in triggers:
            sql.execute(text(f"DROP TRIGGER {trigger}" + ("" if database.is_sqlite else f" ON {name}")))
        match change:
            case "swap":
                for member_id, choice in (("m001", "against"), ("m004", "for")):
                    sql.execute(update(ballot).where(mine, ballot.c.salt == salts[member_id]).values(choice=choice))
            case "choice":
                sql.execute(update(ballot).where(mine, ballot.c.salt == salts["m001"]).values(choice="blank"))
            case "delete":
                sql.execute(delete(ballot).where(mine, ballot.c.salt == salts["m004"]))
            case "list":
                sql.execute(text("UPDATE document SET body = :body WHERE schema_name = 'voting-list'"), {"body": b"[]"})
            case "rule":
                weaker = {"body": canonical_json(CHANGE | {"notices": {"ordinary": {"article": "art. 13", "days": 0}}})}
                mine_alone = "UPDATE document SET body = :body WHERE sha256 = :sha256"
                sql.execute(text(mine_alone), weaker | {"sha256": hash_parameters(CHANGE)})
            case "deed":
                kept = "community, articles_hash, 'deed.pdf', 'application/pdf', recorded_at, actor FROM statutes"
                sql.execute(text(f"INSERT INTO evidence_file SELECT {kept}"))
                sql.execute(text("UPDATE statutes SET deed_file = articles_hash"))
            case "subject":
                sql.execute(text("UPDATE resolution SET subject_nl = 'Iets anders'"))
            case _:
                sql.execute(text("UPDATE meeting SET convened_on = '2026-05-01'"))
    with database.read(TOWN) as tx:
        assert verify_resolution(tx, "tariff").findings


@pytest.mark.parametrize(
    ("forgery", "found"),
    [
        ("nothing", ""),
        ("objection", "objections of members"),
        ("order", "in another order"),
        ("paper", "1 ballots of paper stand in no entry"),
    ],
)
def test_a_box_that_is_forged_before_the_count_is_found(database: Database, forgery: str, found: str) -> None:
    live(database, until="vote")
    with database.write(TOWN, Actor("account", "account-of-m001", "page")) as tx:
        for choice in ("against", "for"):
            ballots.cast_own_vote(tx, "tariff", "m001", choice)
    vote(database, "tariff", {"m002": "for"})
    statements = {
        "order": [f"UPDATE ballot SET number = {to} WHERE member_id = 'm001' AND number = {n}" for n, to in _SWAP],
        "paper": ["UPDATE entry_settled SET actor = (SELECT actor FROM entry WHERE kind = 'ballots')"],
    }
    with database.system_write() as sql:
        for name in ("ballot", "entry_settled"):
            for trigger in (f"{name}_keeps", f"{name}_holds")[: 1 + database.is_sqlite]:
                sql.execute(text(f"DROP TRIGGER {trigger}" + ("" if database.is_sqlite else f" ON {name}")))
        for statement in statements.get(forgery, ()):
            sql.execute(text(statement))
    with database.write(TOWN, SECRETARY) as tx:
        if forgery == "objection":
            add_objection(tx, "tariff", "m001", 2, in_time=True)
    close(database)
    with database.read(TOWN) as tx:
        findings = verify_resolution(tx, "tariff").findings
    assert any(found in each for each in findings) if found else findings == ()
