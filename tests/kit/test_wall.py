"""The wall: a statement that is not held to the transaction's community does not run."""

from __future__ import annotations

import pytest
from sqlalchemy import Select, alias, delete, exists, insert, select, update

from coop.kit.database import Database
from coop.kit.tables import dead_letter, document
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
