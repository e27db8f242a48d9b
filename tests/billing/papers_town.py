"""Members with homes, and a month of bills on paper."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from functools import partial

from coop.billing.bills import paper_store as papers
from coop.billing.bills import store as bills
from coop.billing.documents.archive import freeze, read_paper
from coop.billing.documents.contents import document_of
from coop.billing.documents.pdf import printed
from coop.billing.runs.commands import correct_bills, issue_bills
from coop.events.members import ConnectionOpened
from coop.kit.database import Database
from coop.kit.jobs import Work
from coop.values import Period
from tests.billing.village import (
    admitted,
    hear,
    signed,
    tariff_adopted,
)
from tests.desk import COMMUNITY, SECRETARY

JANUARY = Period.month(2025, 1)


NAMES = ("anna", "bram", "carla")


AT = datetime(2025, 2, 3, 9, tzinfo=UTC)


def opened(name: str) -> ConnectionOpened:
    return ConnectionOpened(
        connection_id=f"connection-{name}",
        member_id=name,
        building_id="block-1",
        kind="dwelling",
        opened_on=date(2024, 6, 1),
        number=f"number-of-{name}",
    )


def begin(database: Database, *names: str) -> None:
    hear(database, tariff_adopted(), *(admitted(name) for name in names), *(signed(name) for name in names))
    hear(database, *(opened(name) for name in names))


def issue(database: Database, period: Period = JANUARY) -> None:
    with database.write(COMMUNITY, SECRETARY) as tx:
        assert issue_bills(tx, period, period.end).status == "issued"


def correct(database: Database) -> None:
    with database.write(COMMUNITY, SECRETARY) as tx:
        correct_bills(tx, date(2025, 3, 2))


def texts(database: Database, lang: str = "") -> dict[str, str]:
    """What is printed of every bill, by member and number."""
    with database.read(COMMUNITY) as tx:
        frozen = freeze(tx, bills.find_bills(tx))
    return {
        f"{each.issued.member_id} {each.issued.number}": json.dumps(
            printed(document_of(each), lang or each.lang), ensure_ascii=False
        ).replace("\xa0", " ")
        for each in frozen.values()
    }


def read(database: Database, number: str) -> papers.StoredPaper:
    with database.read(COMMUNITY) as tx:
        bill_id = bills.get_bill(tx, number).id
    return read_paper(partial(database.read, COMMUNITY), partial(database.write, COMMUNITY, SECRETARY), bill_id)


def work(database: Database) -> Work:
    return Work(database, COMMUNITY, AT, "job")
