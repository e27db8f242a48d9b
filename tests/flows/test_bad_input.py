"""Bad input through each real door: a clear answer with line, field and reason; the rest goes on; nothing is lost."""

from __future__ import annotations

import gc
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from itertools import count
from pathlib import Path
from typing import Any, ClassVar

import httpx2
import pytest
from sqlalchemy import insert, select

from coop.communities.directory import LIFETIME_OF_A_MISS_S
from coop.demo.cooperative import COMMUNITY
from coop.events import Envelope, Event, event_classes
from coop.events.members import MemberAdmitted
from coop.governance.tables.meetings import voter
from coop.kit import journal, parking
from coop.kit.actor import COMMAND_LINE
from coop.kit.inbox import replay_letter
from coop.kit.relay import settle
from coop.kit.service import Room
from coop.kit.settings import Settings
from coop.kit.tx import Tx
from coop.metering.intake.parking import list_telegrams
from coop.metering.tables import delivery
from coop.operator.runtime import local_bus, open_room, open_rooms
from coop.values import CoopError
from tests.flows.command import coop
from tests.flows.conftest import settings_of
from tests.flows.installation import embedded, found_while_it_runs, signed_in
from tests.flows.telegrams import head_end, p1
from tests.founding import found_everywhere

RECEIVED_AT = "2025-02-01T00:00:00Z"
MIDNIGHT = "250115000000W"


@dataclass(frozen=True)
class House:
    """A co-operative with one heat meter ``H1`` (of at most 1,000 GJ) and one electricity meter ``E1``."""

    settings: Settings
    community: str
    client: httpx2.Client

    def deliver(self, format: str, body: bytes) -> httpx2.Response:
        """Hand something to metering's door."""
        params = {"format": format, "gateway": "gw", "received_at": RECEIVED_AT}
        return self.client.post("/metering/api/v1/deliveries", params=params, content=body)

    def letters(self) -> list[Any]:
        """What metering parked, newest last."""
        with opened(self.settings, "metering") as room, room.database.read(self.community) as tx:
            return list(list_telegrams(tx))

    def bodies(self) -> list[bytes | None]:
        """What deliveries are kept as."""
        with opened(self.settings, "metering") as room, room.database.read(self.community) as tx:
            mine = select(delivery.c.body).where(delivery.c.community == tx.community)
            return list(tx.scalars(mine))


@contextmanager
def opened(settings: Settings, service: str) -> Iterator[Room]:
    room = open_room(service, settings, migrate=False)
    try:
        yield room
    finally:
        room.database.close()


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """One running installation for all tests of this module; each has a co-operative of its own in it."""
    with embedded(tmp_path_factory.mktemp("bad input")) as settings:
        yield settings


@pytest.fixture
def house(installation: Settings) -> Iterator[House]:
    community = f"house-{next(HOUSES)}"
    host = f"{community}.example"
    found_while_it_runs(installation, community, host)
    time.sleep(LIFETIME_OF_A_MISS_S)
    with signed_in(installation, "operator", "board", community=community, host=host) as client:
        heat = {"serial": "H1", "kind": "heat", "installed_on": "2024-12-01", "maxima": {"heat": "1000 GJ"}}
        power = {"serial": "E1", "kind": "electricity", "installed_on": "2024-12-01"}
        client.post("/metering/api/v1/meters", json=[heat, power]).raise_for_status()
        yield House(installation, community, client)


HOUSES = count(1)
GOOD = p1("H1", MIDNIGHT, "0012.34")
WRONG_CHECKSUM = p1("H1", "250116000000W", "0012.44").replace(b"0012.44", b"0012.45")
TRUNCATED = p1("H1", "250116000000W", "0012.44")[:120]

TELEGRAMS = {
    "a wrong checksum": (WRONG_CHECKSUM, "checksum", "the telegram says", "unreadable"),
    "half a telegram": (TRUNCATED, "telegram", "cut off", "unreadable"),
    "an unknown meter": (p1("GHOST", "250116000000W", "0001.00"), "GHOST heat", "is not registered", "unknown-meter"),
    "an impossible value": (
        p1("H1", "250116000000W", "9912.34"),
        "H1 heat",
        "more than its register",
        "impossible-value",
    ),
    "a time in the future": (p1("H1", "900316000000W", "0012.44"), "H1 heat", "lies after it was received", "future"),
}


@pytest.mark.parametrize("what", TELEGRAMS)
def test_a_bad_telegram_is_answered_with_its_place_and_parked_whole_and_its_neighbour_is_taken(
    house: House, what: str
) -> None:
    bad, field, reason, code = TELEGRAMS[what]
    alone = house.deliver("p1", bad)
    assert alone.status_code == 422
    [problem] = alone.json()["problems"]
    assert (problem["line"], problem["field"]) == (1, field)
    assert reason in problem["reason"]
    assert reason in alone.json()["detail"]

    beside = house.deliver("p1", GOOD + bad)
    assert beside.status_code == 200
    assert beside.json()["values"] == 1
    [problem] = beside.json()["problems"]
    assert (problem["line"], problem["field"]) == (GOOD.count(b"\n") + 1, field)

    assert house.bodies() == [bad, GOOD + bad], "every delivery is kept as it came"
    letters = house.letters()
    assert [letter.code for letter in letters] == [code, code]
    assert all(reason in letter.reason for letter in letters)
    if code == "unreadable":
        assert [letter.body.strip() for letter in letters] == [bad.strip(), bad.strip()]
    else:
        [stand] = json.loads(letters[0].body)["stands"]
        assert (stand["meter"], stand["unit"]) == (field.split()[0], "GJ")

    repeated = house.deliver("p1", GOOD + bad)
    assert (repeated.status_code, repeated.json()["duplicate"]) == (200, True)
    assert len(house.letters()) == len(letters), "what comes again is not parked again"


def test_a_series_with_a_bad_value_leaves_its_neighbours_alone(house: House) -> None:
    good = {"meter": "E1", "start": "2025-01-15T00:00:00Z", "values": [100, 200]}
    bad = {"meter": "E1", "start": "2025-01-16T00:00:00Z", "values": [100, "much"]}
    answer = house.deliver("head-end", head_end(good, bad))
    assert (answer.status_code, answer.json()["values"]) == (200, 2)
    [problem] = answer.json()["problems"]
    assert problem["field"] == "series[1].values[1]"
    [letter] = house.letters()
    [kept] = json.loads(letter.body)["series"]
    assert kept["values"] == [100, "much"]


def test_half_a_batch_is_refused_with_the_place_where_it_ends_and_kept(house: House) -> None:
    whole = head_end({"meter": "E1", "start": "2025-01-15T00:00:00Z", "values": [100, 200]})
    answer = house.deliver("head-end", whole[:-9])
    assert answer.status_code == 422
    [problem] = answer.json()["problems"]
    assert (problem["line"], problem["field"]) == (1, "body")
    assert "not JSON from character" in problem["reason"]
    [letter] = house.letters()
    assert letter.body == whole[:-9]
    assert house.deliver("head-end", whole).json()["values"] == 2


def test_half_a_frame_is_parked_and_the_next_one_read(house: House) -> None:
    answer = house.deliver("mbus", b"2025-01-15T00:00:00Z 68 1F 1F 68 08\n")
    assert answer.status_code == 422
    [problem] = answer.json()["problems"]
    assert problem["line"] == 1
    [letter] = house.letters()
    assert letter.body.strip() == b"2025-01-15T00:00:00Z 68 1F 1F 68 08"


def test_a_parked_reading_is_taken_once_its_meter_is_registered(house: House) -> None:
    house.deliver("p1", p1("GHOST", MIDNIGHT, "0001.00"))
    [letter] = house.letters()
    refused = coop(house.settings, "deadletters", "metering", "--replay", letter.id, "--community", house.community)
    assert refused.returncode == 1
    assert "refused again: GHOST heat: meter GHOST is not registered" in refused.stdout.replace("line 1, ", "")
    meter = {"serial": "GHOST", "kind": "heat", "installed_on": "2024-12-01"}
    house.client.post("/metering/api/v1/meters", json=[meter]).raise_for_status()
    taken = coop(house.settings, "deadletters", "metering", "--replay", letter.id, "--community", house.community)
    assert taken.stdout.splitlines()[0] == f"metering {letter.id}: taken"
    assert house.letters() == []
    # It is the reading that came in January, so the same telegram again brings nothing.
    assert house.deliver("p1", p1("GHOST", MIDNIGHT, "0001.00")).json()["duplicate"]


# Files: all or nothing ----------------------------------------------------------------------------------------------


MEMBERS = "number,kind,name,joined_on\n"
BAD_MEMBERS = MEMBERS + "001,owner,Een,2024-01-01\n002,squatter,Twee,2024-01-01\n,owner,Drie,31-2-2024\n004,owner\n"
MAPPING = {
    "time_column": "time", "meter": "H1", "timezone": "UTC",
    "columns": [{"column": "gj", "quantity": "heat", "unit": "GJ"}],
}  # fmt: skip


def test_a_register_file_with_bad_lines_names_each_and_brings_nothing(house: House, tmp_path: Path) -> None:
    answer = house.client.post("/members/api/v1/imports/members", content=BAD_MEMBERS.encode())
    assert answer.status_code == 422
    found = {(problem["line"], problem["field"]) for problem in answer.json()["problems"]}
    assert found == {(3, "kind"), (4, "number"), (4, "joined_on"), (5, "line")}
    assert house.client.get("/members/api/v1/members").json() == []
    (tmp_path / "members.csv").write_text(BAD_MEMBERS)
    done = coop(
        house.settings, "import", str(tmp_path / "members.csv"), "--kind", "members", "--community", house.community
    )
    assert done.returncode == 1
    said = [line for line in done.stderr.splitlines() if line.startswith("line ")]  # a busy machine logs there too
    assert [line.split(":")[0] for line in said] == [
        "line 3, kind", "line 4, number", "line 4, joined_on", "line 5, line"
    ]  # fmt: skip
    with opened(house.settings, "members") as room, room.database.read(house.community) as tx:
        told = select(journal.journal.c.type).where(journal.journal.c.community == tx.community)
        assert MemberAdmitted.TYPE not in set(tx.scalars(told)), "nothing was told either"


@pytest.mark.parametrize(
    ("text", "line", "field", "reason"),
    [
        ("nr,wat,wie,sinds\n001,owner,Een,2024-01-01\n", 1, "number", "missing"),
        (MEMBERS, 1, "file", "has a header but no lines"),
        (MEMBERS + '001,owner,"Een,2024-01-01\n', 2, "line", "is not whole"),
        (MEMBERS + "001,owner,E\x81n,2024-01-01\n", 2, "file", "is no text"),
    ],
)
def test_a_file_with_wrong_columns_or_cut_off_says_so(
    house: House, text: str, line: int, field: str, reason: str
) -> None:
    answer = house.client.post("/members/api/v1/imports/members", content=text.encode("latin-1"))
    assert answer.status_code == 422
    problems = [one for one in answer.json()["problems"] if one["field"] == field]
    assert problems
    assert problems[0]["line"] == line
    assert reason in problems[0]["reason"]
    assert house.client.get("/members/api/v1/members").json() == []


@pytest.mark.parametrize(
    ("text", "line", "field", "reason"),
    [
        ("when,gj\n2025-01-01T00:00,1.00\n", 1, "time", "no such column"),
        ("time,gj\n2025-01-01T00:00,1.00\n2025-01-02T00:00\n", 3, "line", "1 cells where the header has 2"),
        ("time,gj\n2025-01-01T00:00,1.00\n2025-01-02T00:00,much\n", 3, "gj", "number"),
        ("time,gj\n2025-01-01T00:00,1.00\n2025-01-32T00:00,2.00\n", 3, "time", "2025-01-32T00:00"),
        ("time,gj\n2025-01-01T00:00,1.00\n2025-03-02T00:00,2.00\n", 3, "", "future"),
    ],
)
def test_a_file_of_readings_comes_in_whole_or_not_at_all(
    house: House, text: str, line: int, field: str, reason: str
) -> None:
    params = {"mapping": json.dumps(MAPPING), "received_at": RECEIVED_AT}
    answer = house.client.post("/metering/api/v1/csv", params=params, content=text.encode())
    assert answer.status_code == 422, answer.text
    problem = answer.json()["problems"][0]
    assert (problem["line"], reason in problem["reason"]) == (line, True), problem
    assert field in problem["field"]
    assert (house.letters(), house.bodies()) == ([], []), "whoever sees the refusal mends the file; nothing is kept"
    mended = "time,gj\n2025-01-01T00:00,1.00\n2025-01-02T00:00,2.00\n"
    assert house.client.post("/metering/api/v1/csv", params=params, content=mended.encode()).json()["values"] == 2


# The bus ------------------------------------------------------------------------------------------------------------


@contextmanager
def tomorrow() -> Iterator[type[Event]]:
    """The next version of a fact, as a later release knows it; gone again when the block ends."""

    class MemberAdmittedNext(Event):
        TYPE: ClassVar[str] = "members.member-admitted.v9"
        NOUNS: ClassVar[str] = "members"
        who: str
        since: date

        def key(self) -> str:
            return self.who

    event_classes.cache_clear()
    yield MemberAdmittedNext
    del MemberAdmittedNext
    event_classes.cache_clear()
    gc.collect()


def test_an_unknown_version_is_parked_whole_and_read_when_the_release_that_knows_it_is_there(tmp_path: Path) -> None:
    settings = settings_of(tmp_path)
    rooms = open_rooms(settings)
    found_everywhere(rooms)
    known = MemberAdmitted(member_id="m1", kind="owner", joined_on=date(2024, 1, 1))
    unknown = '{"since":"2024-02-01","who":"m2"}'
    with rooms["members"].database.write(COMMUNITY, COMMAND_LINE) as tx:
        # A later release of members wrote this row.
        row = {"event_id": "0" * 36, "type": "members.member-admitted.v9", "subject": "m2", "data": unknown}
        told = {"community": tx.community, "occurred_at": tx.now, "actor": "operator", "channel": "command line"}
        tx.execute(insert(journal.journal).values(**row, **told))
        tx.tell(known)
    settle([(name, room.database) for name, room in rooms.items()], local_bus(rooms))
    governance = rooms["governance"]

    def members() -> list[str]:
        with governance.database.read(COMMUNITY) as tx:
            mine = select(voter.c.member_id).where(voter.c.community == tx.community)
            return sorted(tx.scalars(mine.distinct()))

    assert members() == ["m1"], "what came after it was heard"
    with governance.database.read(COMMUNITY) as tx:
        [letter] = parking.list_parked(tx)
    assert letter.code == "unknown-event"
    assert "members.member-admitted.v9 is not an event type or version that this code knows" in letter.reason
    assert Envelope.from_json(letter.body).data == unknown.encode()
    with pytest.raises(CoopError, match="v9 is not an event type"):
        replay_letter(governance.consumer, COMMUNITY, COMMAND_LINE, letter.id)
    listed = coop(settings, "deadletters", "governance")
    assert (listed.returncode, letter.id in listed.stdout) == (1, True)

    with tomorrow() as later:

        def on_later(tx: Tx, event: Any, envelope: Envelope) -> None:
            told = MemberAdmitted(member_id=event.who, kind="owner", joined_on=event.since)
            governance.consumer.hears[MemberAdmitted](tx, told, envelope)

        hears = {**governance.consumer.hears, later: on_later}
        replay_letter(replace(governance.consumer, hears=hears), COMMUNITY, COMMAND_LINE, letter.id)
        del hears
    del later
    gc.collect()
    assert "members.member-admitted.v9" not in event_classes()
    assert members() == ["m1", "m2"]
    assert coop(settings, "deadletters", "governance").stdout == "0 parked\n"
    for room in rooms.values():
        room.database.close()
