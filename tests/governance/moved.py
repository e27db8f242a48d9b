"""Four members whose statutes let them hand in motions on a tariff, and what becomes of those."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from coop.governance.ballots import closing
from coop.governance.ballots.verify import verify_resolution
from coop.governance.convening import commands as meetings
from coop.governance.convening import moving
from coop.governance.convening.moving import Proposed
from coop.governance.meetings.store import find_meeting
from coop.governance.model import Resolution
from coop.governance.statutes.model import Motions, Term
from coop.kit.database import Database
from tests.desk import SECRETARY
from tests.governance.assembly import (
    ARTICLES,
    STATUTES,
    TARIFF,
    TOWN,
    admit,
    adopt,
    cast,
    meeting,
    members,
    resolution,
    rows,
)
from tests.governance.test_challenges import member
from tests.governance.test_options import DEARER, FIRST, OTHERS, set_day

ONE, TWO, THREE, FOUR = members(4)


AHEAD = datetime(2026, 6, 1, 9, tzinfo=UTC)


EVENING = datetime(2026, 6, 24, 18, tzinfo=UTC)


CHEAPER = {**TARIFF, "components": [{**FIRST, "price": "33.50"}, *OTHERS]}


ANY = Motions("art. 19", Term("art. 19.4", 10), at_meeting=True)


def propose(parameters: Mapping[str, Any] = DEARER, manner: str = "amendment") -> Proposed:
    return Proposed(manner, "Duurder", "Dearer", parameters)


def begin(database: Database, own: Motions | None = ANY) -> None:
    """Four members, statutes that let members hand in motions, and a meeting on a tariff."""
    set_day(database, datetime(2026, 5, 1, 9, tzinfo=UTC))
    with database.write(TOWN, SECRETARY) as tx:
        admit(tx, *members(4))
        adopt(tx, replace(STATUTES, articles=replace(ARTICLES, motions=own)))
    set_day(database, datetime(2026, 5, 20, 9, tzinfo=UTC))
    with database.write(TOWN, SECRETARY) as tx:
        meetings.convene_meeting(tx, meeting(resolution("tariff", "tariff", TARIFF), resolution("talk")))
    set_day(database, AHEAD)


def hand_in(database: Database, member_id: str = ONE, proposed: Proposed | None = None, motion_id: str = "") -> str:
    """A motion on the tariff from a member's own session; returns its id."""
    with database.write(TOWN, member(member_id)) as tx:
        made = moving.make_motion(tx, "tariff", member_id, proposed or propose(), motion_id)
    return made.motion_id


def back(database: Database, motion_id: str, member_id: str) -> bool:
    with database.write(TOWN, member(member_id)) as tx:
        return moving.join_motion(tx, "tariff", motion_id, member_id)


def agenda(database: Database) -> list[Resolution]:
    with database.read(TOWN) as tx:
        found = find_meeting(tx, "alv-1")
    assert found is not None
    return list(found.resolutions)


def close(database: Database, votes: Mapping[str, Mapping[str, str]], at: datetime = EVENING) -> dict[str, str]:
    """Ballots of the room by point, and the closing; returns the reason of each verdict."""
    set_day(database, at)
    for resolution_id, choices in votes.items():
        with database.write(TOWN, SECRETARY) as tx:
            cast(tx, resolution_id, rows(dict(choices)))
    with database.write(TOWN, SECRETARY) as tx:
        decided = closing.close_meeting(tx, "alv-1")
    return {each.resolution.resolution_id: each.verdict.reason for each in decided}


def findings(database: Database) -> list[str]:
    with database.read(TOWN) as tx:
        return [said for point in agenda(database) for said in verify_resolution(tx, point.resolution_id).findings]


def everybody(choice: str) -> dict[str, str]:
    return dict.fromkeys(members(4), choice)
