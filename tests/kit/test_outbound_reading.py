"""What pages, health and metrics see of outbound, and that one co-operative sees nothing of another's."""

from __future__ import annotations

import pytest
from sqlalchemy.exc import IntegrityError

from coop.kit import outbound
from coop.kit.outbound import Outgoing, Refused, TryLater, enqueue, make_due, retry, retry_all
from coop.values import CoopError
from tests.kit.post import House, Pigeon, letter, mail_queue, refuse_all
from tests.kit.town import COMMUNITY, SECRETARY


def test_one_co_operative_never_sees_or_touches_another_s_messages(house: House) -> None:
    queue = mail_queue(Pigeon(refuse_all))
    house.admit(1, community="noord")
    house.admit(1, 2, community="zuid")
    house.work(queue)
    seen = {community: house.deliveries(community=community) for community in ("noord", "zuid")}
    assert {community: len(deliveries) for community, deliveries in seen.items()} == {"noord": 1, "zuid": 2}
    assert {delivery.id for delivery in seen["noord"]}.isdisjoint(delivery.id for delivery in seen["zuid"])
    with pytest.raises(CoopError, match="no message"), house.database.write("noord", SECRETARY) as tx:
        retry(tx, seen["zuid"][0].id)
    with house.database.write("noord", SECRETARY) as tx:
        assert retry_all(tx, "mail") == 1
        assert outbound.count_messages(tx) == {"mail": {"waiting": 1, "delivered": 0, "failed": 0, "withdrawn": 0}}
    assert [delivery.state for delivery in house.deliveries(community="zuid")] == ["failed", "failed"]


def test_a_busy_recipient_of_one_co_operative_does_not_hold_up_another_s(house: House) -> None:
    def busy(outgoing: Outgoing) -> None:
        if outgoing.community == "noord":
            raise TryLater("busy")

    pigeon = Pigeon(busy)
    for community in ("noord", "zuid"):
        house.admit(1, community=community)
    house.work(mail_queue(pigeon))
    assert [outgoing.community for outgoing in pigeon.delivered] == ["zuid"]


def test_messages_are_listed_page_by_page(house: House) -> None:
    queue = mail_queue(Pigeon())
    house.admit(*range(5))
    make_due(house.database, queue)

    def walk(state: outbound.State) -> list[list[str]]:
        pages, after = [], 0
        with house.database.read(COMMUNITY) as tx:
            while page := outbound.list_messages(tx, state, after, 2):
                pages.append([delivery.recipient[4] for delivery in page])
                after = page[-1].number
        return pages

    assert walk("waiting") == [["0", "1"], ["2", "3"], ["4"]]
    house.work(queue)
    assert walk("delivered") == [["4", "3"], ["2", "1"], ["0"]]


def test_figures_tell_of_each_queue_how_much_waits_and_since_when(house: House) -> None:
    def busy(outgoing: Outgoing) -> None:
        if outgoing.recipient.startswith("m0001"):
            raise TryLater("busy")
        if outgoing.recipient.startswith("m0002"):
            raise Refused("no")

    queue = mail_queue(Pigeon(busy))
    house.admit(1, 2, 3)
    house.work(queue)
    with house.database.write(COMMUNITY, SECRETARY) as tx:
        enqueue(tx, "mail", letter("m0001@coop.example"), "behind the first")
    house.admit(4)
    with house.database.system_read() as sql:
        (figures,) = outbound.read_figures(sql)
    assert (figures.queue, figures.waiting, figures.failed) == ("mail", 2, 1)
    assert figures.facts_behind == 1
    assert figures.due_since == house.deliveries("waiting")[0].next_try_at
    assert figures.find_trouble(house.clock.now()) is None
    house.wait(hours=1)
    assert figures.measure_delay_s(house.clock.now()) > 3400
    assert figures.find_trouble(house.clock.now()) == "a message is due since 2026-11-25 12:00 UTC"


def test_the_database_refuses_a_state_that_contradicts_itself(house: House) -> None:
    house.admit(1)
    make_due(house.database, mail_queue(Pigeon()))
    for change in ("state = 'lost'", "state = 'failed'", "state = 'delivered', next_try_at = NULL", "tries = NULL"):
        with pytest.raises(IntegrityError), house.database.system_write() as sql:
            sql.exec_driver_sql(f"UPDATE outbound_message SET {change}")
