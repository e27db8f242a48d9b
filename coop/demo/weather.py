"""Outside temperature, cloud and canal water at Amsterdam, hour by hour, for any time one asks.

The weather is a yearly wave, a daily wave and noise. The noise of a day is a first-order autoregression written as a
finite moving average, so that each day can be computed by itself: no state runs from year to year. Everything is
rounded to 0.01 degC and to whole permille at once, and all later sums start from those integers.

The constants are fitted to KNMI's daily means for Noord-Holland (station 249, 2018-2025: mean 11.0 degC, 2,480 to 2,900
weighted degree days a year) and to the 2,800 that is usual for the Netherlands
(docs/domain/degree-days.md#weighted-degree-days).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from coop.demo.plan import DemoPlan, Int64Array, Span, generator

FloatArray = NDArray[np.float64]

_MEAN_DEGC = 10.6
_SEASON_DEGC = 7.4
_COLDEST_DAY = 22
_NOISE_DEGC = 1.75
_MEMORY = 0.82
_MEMORY_DAYS = 20
_CANAL_LAG_DAYS = 14
_CANAL_MEMORY_DAYS = 45


@dataclass(frozen=True)
class Weather:
    """Hourly weather. Arrays have shape (hours,).

    ``outside_cdegc`` and ``canal_cdegc`` [0.01 degC], ``cloud_permille`` [share of the sky, 0 to 1000],
    ``mean_day_cdegc`` [0.01 degC]: the mean of the last 24 hours, which is what a building feels.
    """

    outside_cdegc: Int64Array
    mean_day_cdegc: Int64Array
    canal_cdegc: Int64Array
    cloud_permille: Int64Array


@lru_cache(maxsize=32)
def _year_noise(plan: DemoPlan, year: int) -> tuple[FloatArray, FloatArray]:
    noise = generator(plan, "weather", year)
    return noise.standard_normal(366), noise.standard_normal(366)


def _shocks(plan: DemoPlan, first: date, days: int) -> FloatArray:
    """Independent daily noise, shape (2, days): temperature and cloud."""
    dates = [first + timedelta(days=i) for i in range(days)]
    pairs = [_year_noise(plan, day.year) for day in dates]
    rows = [day.timetuple().tm_yday - 1 for day in dates]
    return np.array([[pair[channel][row] for pair, row in zip(pairs, rows, strict=True)] for channel in (0, 1)])


def _daily(plan: DemoPlan, first: date, days: int) -> tuple[FloatArray, FloatArray]:
    """Daily mean temperature [degC] and cloud anomaly [standard deviations], each of shape (days,)."""
    temperature_shocks, cloud_shocks = _shocks(plan, first - timedelta(days=_MEMORY_DAYS), days + _MEMORY_DAYS)
    weights = _MEMORY ** np.arange(_MEMORY_DAYS + 1)
    noise = np.convolve(temperature_shocks, weights, "valid")
    cloud = np.convolve(cloud_shocks, [0.85, 0.45], "valid")[_MEMORY_DAYS - 1 :]
    day_of_year = np.array([(first + timedelta(days=i)).timetuple().tm_yday for i in range(days)])
    wave = np.cos(2 * np.pi * (day_of_year - _COLDEST_DAY) / 365.25)
    return _MEAN_DEGC - _SEASON_DEGC * wave + _NOISE_DEGC * (1 + 0.15 * wave) * noise, cloud


def weather(plan: DemoPlan, start: datetime, hours: int) -> Weather:
    """The weather of ``hours`` hours from ``start`` (a UTC midnight) on."""
    # One day more in front gives the first hour its mean over the last 24.
    days = hours // 24 + 1
    first = start.date() - timedelta(days=1)
    temperature, cloud = _daily(plan, first - timedelta(days=1), days + 2)
    noon = 24 * np.arange(days + 2) - 12.0
    at = np.arange(24 * days, dtype=np.float64)
    hourly = np.concatenate(
        [
            generator(plan, "hourly", (first + timedelta(days=i)).isoformat()).standard_normal((24, 2))
            for i in range(days)
        ]
    )

    cover = np.clip(0.66 + 0.30 * np.interp(at, noon, cloud) + 0.10 * hourly[:, 1], 0.0, 1.0)
    day_of_year = np.array([(first + timedelta(days=i)).timetuple().tm_yday for i in range(days)]).repeat(24)
    summer = 0.5 - 0.5 * np.cos(2 * np.pi * (day_of_year - _COLDEST_DAY) / 365.25)
    swing = (0.8 + 3.4 * summer) * (1.3 - 0.7 * cover)
    # The day is warmest at about 14:00 UTC.
    wave = swing * np.cos(2 * np.pi * (at % 24 - 14.0) / 24)
    outside = np.rint(100 * (np.interp(at, noon, temperature) + wave + 0.25 * hourly[:, 0])).astype(np.int64)

    running = np.concatenate([[0], np.cumsum(outside)])
    mean_day = (running[25:] - running[1:-24]) // 24
    return Weather(
        outside_cdegc=outside[24:],
        mean_day_cdegc=mean_day[: 24 * (days - 1)],
        canal_cdegc=_canal(plan, start, hours),
        cloud_permille=np.rint(1000 * cover[24:]).astype(np.int64),
    )


def _canal(plan: DemoPlan, start: datetime, hours: int) -> Int64Array:
    """Canal water [0.01 degC]: the air of the last weeks, a little warmer, never frozen through."""
    first, days = start.date() - timedelta(days=1), hours // 24 + 2
    air, _ = _daily(plan, first - timedelta(days=_CANAL_MEMORY_DAYS), days + _CANAL_MEMORY_DAYS)
    weights = np.exp(-np.arange(_CANAL_MEMORY_DAYS + 1) / _CANAL_LAG_DAYS)
    lagged = np.convolve(air, weights / weights.sum(), "valid")
    noon = 24 * np.arange(days) - 12.0
    water = np.maximum(np.interp(np.arange(hours, dtype=np.float64), noon, lagged) + 0.9, 1.5)
    rounded: Int64Array = np.rint(100 * water).astype(np.int64)
    return rounded


def weather_of(plan: DemoPlan, span: Span) -> Weather:
    """The weather of one chunk."""
    return weather(plan, span.start, span.hours)
