"""The year of the benchmark: whole and in order, so that its figures are those of a year that closes and is billed."""

from __future__ import annotations

import pytest

from benchmarks import year

pytestmark = pytest.mark.slow


def test_the_year_that_is_measured_closes_and_is_billed_without_an_estimate() -> None:
    figures = year.measure(members=3)
    assert {"ingest", "close", "bills", "ingest_cpu", "close_cpu"} <= figures.keys()
