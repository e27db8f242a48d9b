"""What became of a message, noted where its cause lies; and messages that are withdrawn."""

from __future__ import annotations

from dataclasses import replace

import pytest

from coop.kit import outbound
from coop.kit.outbound import (
    Outgoing,
    Settled,
    make_due,
    retry,
    retry_all,
    send_due,
)
from coop.kit.tx import Tx
from coop.values import CoopError
from tests.kit.post import START, House, Pigeon, PowerCutError, mail_queue, refuse_all
from tests.kit.town import COMMUNITY, SECRETARY


def test_what_became_of_a_message_is_noted_elsewhere_once_and_in_the_community_of_the_message(house: House) -> None:
    noted: list[tuple[str, str, str]] = []

    def note(tx: Tx, settled: Settled) -> None:
        noted.append((tx.community, settled.state, settled.answer))

    queue = replace(mail_queue(Pigeon(refuse_all)), settle=note)
    house.admit(1)
    house.work(queue)
    house.admit(2, community="zuid")
    house.work(replace(mail_queue(Pigeon()), settle=note))
    house.work(queue)
    assert noted == [
        (COMMUNITY, "failed", "550 not here"),
        ("zuid", "delivered", "flown to m0002@coop.example"),
    ]


def test_a_bug_in_noting_elsewhere_sends_nothing_twice(house: House) -> None:
    def note(tx: Tx, settled: Settled) -> None:
        raise ZeroDivisionError

    pigeon = Pigeon()
    queue = replace(mail_queue(pigeon), settle=note)
    house.admit(1)
    house.work(queue)
    house.wait(minutes=30)
    house.work(queue)
    assert pigeon.recipients == ["m0001@coop.example"]
    assert [delivery.state for delivery in house.deliveries()] == ["delivered"]


def test_a_process_that_is_killed_while_it_notes_elsewhere_has_noted_nothing(house: House) -> None:
    def die(tx: Tx, settled: Settled) -> None:
        raise PowerCutError

    house.admit(1)
    make_due(house.database, mail_queue(Pigeon()))
    with pytest.raises(PowerCutError):
        send_due(house.database, replace(mail_queue(Pigeon()), settle=die))
    assert [delivery.state for delivery in house.deliveries()] == ["waiting"]


def test_a_message_that_is_withdrawn_never_goes_out_and_counts_as_no_failure(house: House) -> None:
    house.admit(1, 2)
    queue = mail_queue(Pigeon(obey=refuse_all))
    make_due(house.database, queue)
    waiting, failed = house.deliveries()
    with house.database.write(COMMUNITY, SECRETARY) as tx:
        assert outbound.withdraw(tx, waiting.id, "a letter goes instead")
    house.work(queue)
    with house.database.write(COMMUNITY, SECRETARY) as tx:
        assert outbound.withdraw(tx, failed.id, "a letter goes instead")
        assert retry_all(tx, "mail") == 0
        with pytest.raises(CoopError):
            retry(tx, waiting.id)
        assert outbound.count_messages(tx)["mail"] == {"waiting": 0, "delivered": 0, "failed": 0, "withdrawn": 2}
    house.work(mail_queue(Pigeon()))
    assert {delivery.state for delivery in house.deliveries("withdrawn")} == {"withdrawn"}


def test_what_was_delivered_or_is_being_sent_cannot_be_withdrawn(house: House) -> None:
    house.admit(1)
    withdrawn: list[bool] = []

    def withdraw_it(outgoing: Outgoing) -> None:
        with house.database.write(COMMUNITY, SECRETARY) as tx:
            withdrawn.append(outbound.withdraw(tx, outgoing.id, "too late"))

    house.work(mail_queue(Pigeon(obey=withdraw_it)))
    (delivered,) = house.deliveries()
    withdraw_it(Outgoing(delivered.id, COMMUNITY, "", "", "", b"", START, 1))
    assert withdrawn == [False, False]
    assert delivered.state == "delivered"
