"""One small year, made once for all tests."""

from datetime import date

import pytest

from coop.demo.plan import DemoPlan
from coop.demo.stream import Delivery, complete_by, deliveries
from tests.demo.reader import Column, HeatStand, P1Telegram, head_end_columns, heat_stands, p1_telegrams


@pytest.fixture(scope="session")
def plan() -> DemoPlan:
    return DemoPlan(size=8, seed=1, year=2025)


@pytest.fixture(scope="session")
def year(plan: DemoPlan) -> list[Delivery]:
    return list(deliveries(plan, date(2025, 1, 1), complete_by(plan)))


@pytest.fixture(scope="session")
def telegrams(year: list[Delivery]) -> list[P1Telegram]:
    return list(p1_telegrams(year))


@pytest.fixture(scope="session")
def stands(year: list[Delivery], telegrams: list[P1Telegram]) -> list[HeatStand]:
    return list(heat_stands(year, telegrams))


@pytest.fixture(scope="session")
def columns(year: list[Delivery]) -> list[Column]:
    return list(head_end_columns(year))
