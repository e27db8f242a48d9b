from datetime import date

import numpy as np
import pytest

from coop.demo.plan import DemoPlan, span, utc_midnight
from coop.demo.solar import plane_irradiance, production_wh
from coop.demo.weather import weather, weather_of

WEIGHTS = {1: 1.1, 2: 1.1, 3: 1.0, 10: 1.0, 11: 1.1, 12: 1.1}
"""Weighted degree days. Source: docs/domain/degree-days.md#weighted-degree-days."""


@pytest.mark.parametrize(("seed", "year"), [(1, 2025), (2, 2026), (3, 2028)])
def test_a_year_has_the_degree_days_of_the_netherlands(seed: int, year: int) -> None:
    plan, weighted, means = DemoPlan(4, seed, year), 0.0, []
    for month in range(1, 13):
        daily = weather_of(plan, span(year, month)).outside_cdegc.reshape(-1, 24).mean(axis=1) / 100
        weighted += WEIGHTS.get(month, 0.8) * np.maximum(18 - daily, 0).sum()
        means.append(daily.mean())
    assert 2300 < weighted < 3200
    assert max(means[5:8]) > 15 > 8 > min(means[0], means[1], means[11])


def test_weather_is_the_same_however_it_is_asked_for() -> None:
    plan = DemoPlan()
    month = weather(plan, utc_midnight(date(2025, 12, 31)), 72)
    later = weather(plan, utc_midnight(date(2026, 1, 2)), 24)
    assert month.outside_cdegc[48:].tolist() == later.outside_cdegc.tolist()
    assert month.canal_cdegc[48:].tolist() == later.canal_cdegc.tolist()
    assert month.mean_day_cdegc[48:].tolist() == later.mean_day_cdegc.tolist()


def test_the_mean_of_a_day_looks_back_over_24_hours() -> None:
    found = weather(DemoPlan(), utc_midnight(date(2025, 3, 1)), 48)
    assert found.mean_day_cdegc[23] == found.outside_cdegc[:24].sum() // 24


def test_the_canal_follows_the_air_with_a_lag() -> None:
    plan = DemoPlan()
    air = np.concatenate(
        [weather_of(plan, span(2025, m)).outside_cdegc.reshape(-1, 24).mean(axis=1) for m in range(1, 13)]
    )
    canal = np.concatenate(
        [weather_of(plan, span(2025, m)).canal_cdegc.reshape(-1, 24).mean(axis=1) for m in range(1, 13)]
    )
    assert np.abs(np.diff(canal)).max() < np.abs(np.diff(air)).max() / 3
    by_lag = [np.corrcoef(air[: 365 - lag], canal[lag:])[0, 1] for lag in (0, 10)]
    assert by_lag[1] > by_lag[0]


def test_there_is_no_sun_at_night_and_a_fair_yield_in_a_year() -> None:
    plan, total_wh = DemoPlan(), dict.fromkeys([(10, 90), (15, 180), (30, 225)], 0)
    for month in range(1, 13):
        chunk = span(2025, month)
        planes = plane_irradiance(plan, chunk, weather_of(plan, chunk), list(total_wh))
        for orientation, irradiance in planes.items():
            made = production_wh(10_000, irradiance, weather_of(plan, chunk))
            total_wh[orientation] += int(made.sum())
            night = (chunk.hour.repeat(4) >= 23) | (chunk.hour.repeat(4) < 4)
            assert made[night].max() == 0
            assert made.min() >= 0
            assert made.max() <= 2_500
    assert all(8_200_000 < wh < 10_500_000 for wh in total_wh.values()), total_wh
    assert total_wh[15, 180] > total_wh[10, 90]


def test_days_of_the_clock_change_have_23_and_25_civil_hours() -> None:
    def hours(year: int, month: int, day: int) -> int:
        chunk = span(year, month)
        return int((chunk.day_of_year == date(year, month, day).timetuple().tm_yday).sum())

    assert [hours(2025, 3, 30), hours(2025, 10, 26), hours(2025, 6, 1)] == [23, 25, 24]
