"""An expulsion is told to its member at once; once it stands the membership ends, and else it goes on."""

from __future__ import annotations

from datetime import date

from coop.events.governance import ExpulsionSettled, MemberExpelled, MemberSuspended, SuspensionLifted
from coop.kit.database import Database
from coop.members.register.store import get_member
from tests.desk import COMMUNITY
from tests.members.post import furnish, list_kept
from tests.members.sample import VRIES, bring, list_facts
from tests.members.test_messages_heard import contents, hear

EXPELLED = MemberExpelled(
    expulsion_id="expulsion-1",
    member_id=VRIES,
    way="expulsion",
    decided_on=date(2026, 1, 4),
    ends_on=None,
    reason="You sold our heat to others.",
    article="art. 7.4",
    told_on=date(2026, 1, 5),
    appeal_until=date(2026, 2, 12),
)
HELD = MemberSuspended(
    member_id=VRIES, number=1, from_on=date(2026, 1, 5), ends_on=None, article="BW 2:35 lid 4", entry_id="expulsion-1"
)
LIFTED = SuspensionLifted(member_id=VRIES, number=2, lifted_on=date(2026, 2, 13), entry_id="")
STANDS = ExpulsionSettled(
    expulsion_id="expulsion-1",
    member_id=VRIES,
    outcome="unopposed",
    settled_on=date(2026, 2, 13),
    left_on=date(2026, 2, 13),
    resolution_id="",
)
FELL = STANDS.model_copy(update={"outcome": "stays", "left_on": None, "resolution_id": "alv-3"})


def test_the_member_is_told_once_with_the_reason_and_the_term(database: Database) -> None:
    furnish(database)
    hear(database, HELD, EXPELLED, EXPELLED)
    [message] = list_kept(database)
    assert (message.kind, message.member_id) == ("expelled", VRIES)
    [content] = contents([message])
    words = " ".join(content.paragraphs)
    assert "You sold our heat to others." in words
    assert "12 februari 2026" in words
    assert "ontzetting" in words
    assert content.link == "/governance/expulsion"


def test_once_it_stands_the_membership_ends_with_its_contracts(database: Database) -> None:
    furnish(database)
    bring(database, "connections")
    bring(database, "occupancies")
    bring(database, "contracts")
    hear(database, LIFTED, STANDS, STANDS)
    with database.read(COMMUNITY) as tx:
        assert get_member(tx, VRIES).left_on == date(2026, 2, 13)
    facts = list_facts(database)
    assert [said["left_on"] for verb, said in facts if verb == "member-left"] == ["2026-02-13"]
    assert "contract-ended" in {verb for verb, _ in facts}
    assert [message.kind for message in list_kept(database)] == ["leaving-entered"]


def test_where_the_members_did_not_confirm_it_the_membership_stays(database: Database) -> None:
    furnish(database)
    hear(database, LIFTED, FELL, FELL)
    with database.read(COMMUNITY) as tx:
        assert get_member(tx, VRIES).left_on is None
    assert [message.kind for message in list_kept(database)] == ["expulsion-fell"]
