"""The wall: a statement that is not held to the transaction's community does not run."""

from __future__ import annotations

import pytest
from sqlalchemy import (
    Executable,
    Select,
    alias,
    and_,
    bindparam,
    column,
    delete,
    exists,
    func,
    insert,
    literal,
    not_,
    or_,
    select,
    table,
    text,
    union_all,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql.selectable import FromClause

from coop.kit.database import Database
from coop.kit.tables import dead_letter, document
from coop.kit.tx import Tx
from coop.kit.wall import ForgotCommunity
from tests.kit.town import COMMUNITY, SECRETARY, heard, heard_by

Pair = tuple[Database, Database]

OTHER = alias(heard, "other")
FORGETFUL: list[Select[str]] = [
    select(heard.c.member_id),
    select(heard.c.member_id).where(heard.c.member_id == "m1"),
    select(heard.c.member_id).where(heard.c.community == "noord").where(OTHER.c.member_id == heard.c.member_id),
    select(heard.c.member_id).where(heard.c.community == "noord", exists().where(document.c.sha256 == "x")),
    select(heard.c.member_id)
    .join_from(heard, document, document.c.sha256 == heard.c.member_id)
    .where(heard.c.community == "noord"),
    select(select(heard.c.member_id).subquery().c.member_id),
]
IN_NOORD = heard.c.community == "noord"


def beside(others: FromClause) -> Select[str]:
    return select(others.c.member_id).join_from(heard, others, others.c.member_id != heard.c.member_id).where(IN_NOORD)


COUNTED = select(func.count(heard.c.member_id)).scalar_subquery()
SLY: dict[str, Executable] = {
    "or": select(heard.c.member_id).where(or_(IN_NOORD, heard.c.member_id != "")),
    "not": select(heard.c.member_id).where(not_(and_(IN_NOORD, heard.c.member_id == "m1"))),
    "not equal": select(heard.c.member_id).where(heard.c.community != "noord"),
    "in": select(heard.c.member_id).where(heard.c.community.in_(["noord", "zuid"])),
    "a column": select(heard.c.member_id, IN_NOORD),
    "the same table within": select(heard.c.member_id, COUNTED).where(IN_NOORD),
    "the same table in IN": select(heard.c.member_id).where(IN_NOORD, heard.c.member_id.in_(select(heard.c.member_id))),
    "the table around, held within": select(heard.c.member_id).where(
        exists(select(1).where(IN_NOORD).correlate(heard))
    ),
    "union": union_all(select(heard.c.member_id).where(IN_NOORD), select(heard.c.member_id)),
    "a subquery beside": beside(select(heard.c.member_id).subquery()),
    "cte": beside(select(heard.c.member_id).cte("all_heard")),
    "the left of an outer join": select(heard.c.member_id).outerjoin(OTHER, IN_NOORD & (OTHER.c.community == "noord")),
    "both of a full join": select(heard.c.member_id).join(OTHER, IN_NOORD & (OTHER.c.community == "noord"), full=True),
    "the right of an outer join held by itself": (
        select(OTHER.c.member_id).select_from(heard).outerjoin(OTHER, OTHER.c.member_id == "m1").where(IN_NOORD)
    ),
    "text": text("SELECT member_id FROM heard"),
    "text in a condition": select(heard.c.member_id).where(IN_NOORD, text("1 = 1 OR 1 = 1")),
    "a table without its columns": select(table("heard", column("member_id")).c.member_id),
    "update from": update(heard)
    .where(IN_NOORD, OTHER.c.member_id == heard.c.member_id)
    .values(member_id=OTHER.c.member_id),
    "an update from a value": update(heard).where(IN_NOORD).values(member_id=COUNTED),
    "an update of the community": update(heard).where(IN_NOORD).values(community="zuid"),
    "a delete with or": delete(heard).where(or_(IN_NOORD, heard.c.member_id == "m1")),
    "an insert from another's rows": insert(heard).from_select(
        ["community", "member_id"], select(literal("noord"), heard.c.member_id)
    ),
    "an insert into another's rows": insert(heard).from_select(
        ["community", "member_id"], select(literal("zuid"), heard.c.member_id).where(IN_NOORD)
    ),
}


@pytest.mark.parametrize("shape", SLY)
def test_a_statement_that_only_looks_held_does_not_run(pair: Pair, shape: str) -> None:
    with pytest.raises(ForgotCommunity), pair[1].write("noord", SECRETARY) as tx:
        tx.execute(SLY[shape])


def test_rows_are_not_moved_to_another_community_by_a_parameter(pair: Pair) -> None:
    with pytest.raises(ForgotCommunity), pair[1].write("noord", SECRETARY) as tx:
        tx.execute(update(heard).where(heard.c.community == bindparam("ours")), {"ours": "noord", "community": "zuid"})


def test_an_insert_that_meets_a_row_of_another_community_does_not_run(pair: Pair) -> None:
    with pair[1].write("noord", SECRETARY) as tx:
        insert_for = sqlite.insert if tx.is_sqlite else postgresql.insert
        row = insert_for(dead_letter).values(community="noord", id="x")
        for key, changes in ((["id"], {"reason": "y"}), (["community", "id"], {"community": "zuid"})):
            with pytest.raises(ForgotCommunity):
                tx.execute(row.on_conflict_do_update(index_elements=key, set_=changes))


def test_statements_that_are_held_in_every_part_run(pair: Pair) -> None:
    counted = select(func.count(OTHER.c.member_id)).where(OTHER.c.community == heard.c.community).scalar_subquery()
    letters = select(dead_letter.c.source).where(dead_letter.c.community == heard.c.community)
    part = select(heard.c.community, heard.c.member_id).where(IN_NOORD).subquery()
    held: list[Executable] = [
        select(heard.c.member_id, counted).where(IN_NOORD),
        select(heard.c.member_id).where(IN_NOORD, letters.exists()),
        select(heard.c.member_id).outerjoin(OTHER, OTHER.c.community == heard.c.community).where(IN_NOORD),
        select(part.c.member_id, OTHER.c.member_id).join(OTHER, OTHER.c.community == part.c.community),
        union_all(*(select(heard.c.member_id).where(IN_NOORD) for _ in range(2))),
        insert(heard).from_select(
            ["community", "member_id"],
            select(heard.c.community, heard.c.member_id + "x").where(and_(IN_NOORD, heard.c.member_id == "m1")),
        ),
    ]
    with pair[1].write("noord", SECRETARY) as tx:
        tx.execute(insert(heard).values(community="noord", member_id="m1"))
        for statement in held:
            tx.execute(statement)
        tx.execute(update(heard).where(IN_NOORD).values(community="noord"))
        assert heard_in(tx) == ["m1", "m1x"]


def heard_in(tx: Tx) -> list[str]:
    return list(tx.scalars(select(heard.c.member_id).where(IN_NOORD).order_by(heard.c.member_id)))


@pytest.mark.parametrize("query", FORGETFUL)
def test_a_query_that_forgets_the_community_does_not_run(pair: Pair, query: Select[str]) -> None:
    with pair[1].read("noord") as tx, pytest.raises(ForgotCommunity):
        tx.execute(query)


def test_changes_that_forget_the_community_do_not_run(pair: Pair) -> None:
    for statement in (update(heard).values(member_id="x"), delete(heard)):
        with pytest.raises(ForgotCommunity), pair[1].write("noord", SECRETARY) as tx:
            tx.execute(statement)


def test_another_community_than_that_of_the_transaction_is_refused_each_time(pair: Pair) -> None:
    def query(community: str) -> Select[str]:
        return select(heard.c.member_id).where(heard.c.community == community)

    with pair[1].write("noord", SECRETARY) as tx:
        tx.execute(insert(heard).values(community="noord", member_id="m1"))
        assert list(tx.scalars(query("noord"))) == ["m1"]
        for refused in (query("zuid"), insert(heard).values(community="zuid", member_id="m2")):
            with pytest.raises(ForgotCommunity):
                tx.execute(refused)
        with pytest.raises(ForgotCommunity):
            tx.execute(insert(heard), [{"community": name, "member_id": "m3"} for name in ("noord", "zuid")])
        with pytest.raises(ForgotCommunity):
            tx.insert_rows(heard, [("zuid", "m4")])
        for insertion in (tx.insert, lambda table, rows: tx.insert_new(table, rows, ["community", "member_id"])):
            for row in ({"community": "zuid", "member_id": "m6"}, {"member_id": "m7"}):
                with pytest.raises(ForgotCommunity):
                    insertion(heard, [{"community": "noord", "member_id": "m8"}, row])
        tx.insert_rows(heard, [("noord", "m5")])
        assert list(tx.scalars(query("noord").order_by(heard.c.member_id))) == ["m1", "m5"]


def test_the_same_text_is_held_under_any_name_of_its_values(pair: Pair) -> None:
    here = select(heard.c.member_id)
    with pair[1].read("noord") as tx:
        for name in ("community", "whose", "community"):
            tx.execute(here.where(heard.c.community == bindparam(name)), {name: "noord"})
            with pytest.raises(ForgotCommunity):
                tx.execute(here.where(heard.c.community == bindparam(name)), {name: "zuid"})
        tx.execute(here.where(heard.c.community == "noord"))


def test_a_join_may_hold_the_second_table_by_the_first(pair: Pair) -> None:
    letters = (
        select(heard.c.member_id)
        .join_from(
            heard,
            dead_letter,
            (dead_letter.c.community == heard.c.community) & (dead_letter.c.source == heard.c.member_id),
        )
        .where(heard.c.community == "noord")
    )
    with pair[1].read("noord") as tx:
        assert list(tx.scalars(letters)) == []


def test_rows_of_one_community_are_not_seen_from_another(pair: Pair) -> None:
    for community in ("noord", "zuid"):
        with pair[1].write(community, SECRETARY) as tx:
            tx.insert_new(heard, [{"community": community, "member_id": community}], ["community", "member_id"])
    assert heard_by(pair[1], "noord") == ["noord"]
    assert heard_by(pair[1], "zuid") == ["zuid"]
    assert heard_by(pair[1], COMMUNITY) == []
