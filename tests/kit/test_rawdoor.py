"""Raw doors: one bad message is parked by itself, whatever is wrong with it, and the others are taken."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from functools import partial

import pytest
from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from coop.kit import parking
from coop.kit.database import Database
from coop.kit.inbox import StreamStopped
from coop.kit.rawdoor import TRIES, Headers, RawDoor
from coop.kit.tables import dead_letter
from coop.values import CoopError
from tests.kit.town import COMMUNITY, SECRETARY, heard, heard_by, open_database

Pair = tuple[Database, Database]
Message = tuple[Headers, bytes]


class Hall:
    """A door whose handler keeps bodies, refuses ``refused`` and trips over ``bug``."""

    def __init__(self, database: Database, park_limit: int = 50) -> None:
        self.database = database
        self.tried: list[int] = []
        self.away = False
        self.door = RawDoor(
            self.take, partial(parking.park_raw, database, "telegram", "the hall"), park_limit, wait_s=lambda _: 0.001
        )

    def take(self, messages: Sequence[Message]) -> None:
        self.tried.append(len(messages))
        with self.database.write(COMMUNITY, SECRETARY) as tx:
            if self.away:
                raise OperationalError("select", {}, OSError("gone"))
            for _, body in messages:
                text = body.decode()
                if text == "refused":
                    raise CoopError("no", "not this one")
                if text == "bug":
                    raise KeyError(text)
                tx.insert_new(heard, [{"community": COMMUNITY, "member_id": text}], ["community", "member_id"])

    def letters(self, community: str = COMMUNITY) -> list[tuple[str, bytes, str]]:
        with self.database.read(community) as tx:
            return [(letter.code, letter.body, letter.reason) for letter in parking.list_parked(tx)]


def messages(*bodies: str) -> list[Message]:
    return [({"community": COMMUNITY}, body.encode()) for body in bodies]


GOOD = [f"g{number:02d}" for number in range(20)]


@pytest.mark.parametrize(
    ("bad", "letter"),
    [
        ("bug", ("bug", b"bug", "the program failed on it: KeyError: 'bug'")),
        ("refused", ("no", b"refused", "not this one")),
    ],
)
def test_one_bad_message_is_parked_by_itself_once_and_the_others_are_taken(
    pair: Pair, bad: str, letter: tuple[str, bytes, str]
) -> None:
    hall = Hall(pair[1])
    for _ in range(2):  # it comes again, as messages do
        hall.door.receive(messages(*GOOD[:10], bad, *GOOD[10:]))
    assert heard_by(pair[1]) == GOOD
    assert hall.letters() == [letter]
    assert hall.door.trouble is None


def test_what_the_database_refuses_is_parked_with_the_same_reason_each_time(postgres_url: str) -> None:
    database = open_database(postgres_url, "billing")
    hall = Hall(database)
    for _ in range(2):
        hall.door.receive(messages("a", "with \x00 inside", "b"))
    assert heard_by(database) == ["a", "b"]
    ((code, _, reason),) = hall.letters()
    assert code == "bug"
    assert "NUL" in reason
    database.close()


def test_a_refusal_is_parked_at_once_and_a_bug_is_tried_again(pair: Pair) -> None:
    hall = Hall(pair[1])
    hall.door.receive(messages("refused"))
    assert hall.tried == [1]
    hall.door.receive(messages("bug"))
    assert hall.tried == [1] + TRIES * [1]


def test_a_message_for_nobody_is_parked_for_the_operator(pair: Pair) -> None:
    hall = Hall(pair[1])
    for community in ("", "x" * 101, "a\x00b"):
        hall.door.receive([({"community": community}, b"bug")])
    assert len(hall.letters(parking.UNKNOWN)) == 1


def test_while_the_database_is_away_nothing_is_parked_and_it_shows(pair: Pair) -> None:
    hall = Hall(pair[1])
    hall.away = True
    thread = threading.Thread(target=hall.door.receive, args=[messages("a", "b")])
    thread.start()
    while len(hall.tried) < 3 * TRIES:
        assert thread.is_alive()
    assert "gone" in (hall.door.trouble or "")
    assert set(hall.tried) == {2}
    hall.away = False
    thread.join(10)
    assert heard_by(pair[1]) == ["a", "b"]
    assert (hall.letters(), hall.door.trouble) == ([], None)


def test_too_many_bad_messages_in_a_row_stop_the_stream_loudly(pair: Pair) -> None:
    hall = Hall(pair[1], park_limit=5)
    bad = [({"community": COMMUNITY, "number": str(number)}, b"refused") for number in range(9)]
    stopped: list[StreamStopped] = []

    def receive() -> None:
        for message in bad:
            try:
                hall.door.receive([message])
            except StreamStopped as stop:
                stopped.append(stop)
                return

    thread = threading.Thread(target=receive)
    thread.start()
    while "in a row" not in (hall.door.trouble or ""):
        assert thread.is_alive()
    hall.door.stopping.set()
    thread.join(10)
    assert len(stopped) == 1
    with pair[1].system_read() as sql:
        assert sql.scalars(select(dead_letter.c.attempts)).one() == 5
