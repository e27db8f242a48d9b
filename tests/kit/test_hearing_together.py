"""Facts of a co-operative that follow on each other: what they say alike is inserted together, and nobody can tell."""

from __future__ import annotations

from contextlib import suppress

from sqlalchemy import event as hooks
from sqlalchemy import select

from coop.events import Envelope
from coop.events.members import MemberAdmitted
from coop.kit.database import Database
from coop.kit.inbox import Consumer, consume
from coop.kit.tx import Tx
from coop.values import CoopError
from tests.kit.town import heard, heard_by, member, sealed, tell

Pair = tuple[Database, Database]


def test_facts_that_are_handled_together_see_what_those_before_them_kept(pair: Pair) -> None:
    teller, listener = pair
    seen: list[list[str]] = []

    def keeps_and_looks(tx: Tx, event: MemberAdmitted, envelope: Envelope) -> None:
        if event.kind == "owner":
            seen.append(sorted(tx.scalars(select(heard.c.member_id).where(heard.c.community == tx.community))))
        tx.insert_new(heard, [{"community": tx.community, "member_id": event.member_id}], ["community", "member_id"])

    tell(teller, member(1, "tenant"), member(2, "tenant"), member(3, "owner"), member(4, "tenant"))
    assert consume(Consumer("billing", listener, {MemberAdmitted: keeps_and_looks}), sealed(teller)) == 4
    assert seen == [["m0001", "m0002"]]
    assert heard_by(listener) == ["m0001", "m0002", "m0003", "m0004"]


def test_what_is_handled_together_is_inserted_together_and_a_part_of_it_can_be_taken_back(pair: Pair) -> None:
    teller, listener = pair
    sent: list[str] = []

    def keeps(tx: Tx, event: MemberAdmitted, envelope: Envelope) -> None:
        with suppress(CoopError):
            tx.insert(heard, [{"community": tx.community, "member_id": event.member_id}])
            if event.member_id == "m0002":
                with tx.savepoint():
                    tx.insert(heard, [{"community": tx.community, "member_id": "half"}])
                    raise CoopError("no", "not this part")

    def note(sql: object, cursor: object, statement: str, *rest: object) -> None:
        sent.append(statement)

    tell(teller, *map(member, range(1, 6)))
    facts = sealed(teller)
    hooks.listen(listener.engine, "before_cursor_execute", note)
    assert consume(Consumer("billing", listener, {MemberAdmitted: keeps}), facts) == 5
    assert heard_by(listener) == ["m0001", "m0002", "m0003", "m0004", "m0005"]
    inserted = [statement for statement in sent if statement.startswith(f"INSERT INTO {heard.name}")]
    assert len(inserted) == 3  # before the part, in it, and after it
