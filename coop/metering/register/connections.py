"""Queries: connections by the number that people call them by, and the contracts on them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date

from sqlalchemy import select

from coop.events.metering import EVERYBODY
from coop.kit.tx import Tx
from coop.metering.register.groups import Group, Membership
from coop.metering.register.model import Occupancy
from coop.metering.register.store import list_occupancies
from coop.metering.register.tables import connection_opened, contract_ended, contract_signed
from coop.values import BadInput, Problem, Said, say


@dataclass(frozen=True)
class Supply:
    """A contract on a connection, from ``starts_on`` up to ``ends_on`` (None: still)."""

    connection_id: str
    starts_on: date
    ends_on: date | None


def list_numbers(tx: Tx, occupancies: Iterable[Occupancy] | None = None) -> dict[str, str]:
    """The number of every connection that somebody holds or held, by its id; all ``occupancies``, where they are
    loaded."""
    held = {one.connection_id for one in (list_occupancies(tx) if occupancies is None else occupancies)}
    columns = connection_opened.c
    query = (
        select(columns.connection_id, columns.number)
        .where(columns.community == tx.community, columns.number != "")
        .order_by(columns.opened_on)
    )
    return {connection_id: number for connection_id, number in tx.execute(query) if connection_id in held}


def find_connections(tx: Tx, numbers: Iterable[str], field: str = "connection") -> dict[str, str]:
    """The ids of connections by their numbers.

    Raises:
        BadInput: a number is that of no connection; each is named.
    """
    ids = {number: connection_id for connection_id, number in list_numbers(tx).items()}
    wanted = list(dict.fromkeys(numbers))
    if unknown := [number for number in wanted if number not in ids]:
        raise BadInput([Problem(name_unknown(number), field) for number in unknown], "unknown-connection")
    return {number: ids[number] for number in wanted}


def name_unknown(number: str) -> Said:
    """Say that no connection has a number."""
    return say(
        "there is no connection %(number)s that somebody holds or held: register it, and who holds it, first",
        number=number,
    )


def name_sharers(group: Group, numbers: Mapping[str, str]) -> Group:
    """A group whose connections are named by their ``numbers``, in order."""
    if group.connections is None:
        return group
    return replace(group, connections=tuple(sorted(numbers.get(place, place) for place in group.connections)))


def name_member(one: Membership, numbers: Mapping[str, str]) -> Membership:
    """A membership of a group whose connection is named by its number; empty where it is everybody's."""
    return replace(one, subject="" if one.subject == EVERYBODY else numbers.get(one.subject, one.subject))


def list_supplies(tx: Tx) -> list[Supply]:
    """All contracts, by connection and first day. One that ended on the day it started never was."""
    signed, ended = contract_signed.c, contract_ended.c
    ends = select(ended.contract_id, ended.ends_on).where(ended.community == tx.community).order_by(ended.number)
    ends_on: dict[str, date | None] = dict(iter(tx.execute(ends)))
    query = (
        select(signed.contract_id, signed.connection_id, signed.starts_on)
        .where(signed.community == tx.community)
        .order_by(signed.connection_id, signed.starts_on, signed.contract_id)
    )
    found = [Supply(row.connection_id, row.starts_on, ends_on.get(row.contract_id)) for row in tx.execute(query)]
    return [supply for supply in found if supply.ends_on is None or supply.ends_on > supply.starts_on]
