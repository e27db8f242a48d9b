"""From a bill, a meeting and a tariff in one service to mail, and back: who says "sent" heard that it was."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from coop.billing.terms import mailing_store as mailings
from coop.governance.meetings.notice_store import measure_reach
from coop.kit.relay import settle
from coop.kit.service import Room
from coop.kit.settings import Settings
from coop.members.messages import store
from coop.members.messages.changes import mark_posted
from coop.members.messages.model import Filter
from coop.operator.runtime import local_bus, open_rooms
from tests.desk import COMMUNITY, SECRETARY
from tests.founding import found_everywhere
from tests.kit.clocks import SetClock
from tests.members.post import WARM, listening, post_all
from tests.members.sample import AT, FILES, VRIES, YILDIZ, bring
from tests.members.test_messages_heard import BILL, MEETING, NOTICE


@pytest.fixture
def rooms(tmp_path: Path) -> Iterator[Mapping[str, Room]]:
    """All services of an installation, with one co-operative and its register."""
    opened = open_rooms(Settings(data_dir=tmp_path, secret="a secret for the tests alone"))
    for room in opened.values():
        room.database.clock = SetClock(AT)
    found_everywhere(opened, COMMUNITY, WARM)
    for kind in FILES:
        bring(opened["members"].database, kind)
    yield opened
    for room in opened.values():
        room.database.close()


def pass_on(rooms: Mapping[str, Room]) -> None:
    """Let every service hear what the others told, until nothing is left."""
    settle([(name, room.database) for name, room in rooms.items()], local_bus(rooms))


def test_what_went_out_is_known_where_its_cause_lies(rooms: Mapping[str, Room]) -> None:
    members, billing, governance = (rooms[name].database for name in ("members", "billing", "governance"))
    other = BILL.model_copy(update={"bill_id": "bill-2", "number": "2026-000002", "member_id": YILDIZ})
    with billing.write(COMMUNITY, SECRETARY) as tx:
        tx.tell(BILL, other, NOTICE)
    with governance.write(COMMUNITY, SECRETARY) as tx:
        tx.tell(MEETING)
    pass_on(rooms)
    bills = [("bill-1", VRIES), ("bill-2", YILDIZ)]
    with billing.read(COMMUNITY) as tx:
        assert mailings.measure_reach(tx, bills) == mailings.Reach(2, 0, 0)
    with listening() as server:
        post_all(members, server)
    pass_on(rooms)
    with billing.read(COMMUNITY) as tx:
        assert mailings.measure_reach(tx, bills) == mailings.Reach(2, 1, 0)
    with members.write(COMMUNITY, SECRETARY) as tx:
        letters = store.list_tracked(tx, Filter("waiting", channel="letter"))
        mark_posted(tx, [letter.message.message_id for letter in letters], tx.today)
    pass_on(rooms)
    with billing.read(COMMUNITY) as tx:
        assert mailings.measure_reach(tx, bills) == mailings.Reach(2, 2, 0)
        assert {notice.member_id for notice in mailings.list_sent_notices(tx)} == {VRIES, YILDIZ}
    with governance.read(COMMUNITY) as tx:
        assert measure_reach(tx, MEETING.meeting_id).sent == 3
