"""Sun on the roofs: pvlib's clear sky over Amsterdam under the plan's clouds, in whole Wh a quarter-hour.

Clear sky by Ineichen with the turbidity table that pvlib carries with it; clouds dim the global radiation by
1 - 0.75 c^3.4 (Kasten and Czeplak 1980, Solar Energy 24, 177); Erbs splits it into beam and diffuse; each roof sees it
under an isotropic sky. The irradiance is rounded to 0.1 W/m2 before any roof uses it.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from coop.demo.plan import DemoPlan, Int64Array, Span
from coop.demo.weather import Weather

LATITUDE_DEG = 52.364
LONGITUDE_DEG = 4.877

_PERFORMANCE_PERMILLE = 805
"""Cable, inverter, soiling and shade."""

Orientation = tuple[int, int]
"""Tilt and azimuth (180 is south) [deg]."""


def plane_irradiance(
    plan: DemoPlan, span: Span, weather: Weather, orientations: Sequence[Orientation]
) -> dict[Orientation, Int64Array]:
    """Irradiance on each plane [0.1 W/m2], the mean of each quarter-hour of the span, shape (4 * hours,)."""
    import pandas as pd
    import pvlib

    # The middle of a quarter-hour stands for the whole of it.
    middle = pd.date_range(span.start, periods=4 * span.hours, freq="15min") + pd.Timedelta(minutes=7, seconds=30)
    sun = pvlib.solarposition.get_solarposition(middle, LATITUDE_DEG, LONGITUDE_DEG, method="nrel_numpy")
    up = np.asarray(sun["elevation"] > 0)
    by_day, sun = middle[up], sun[up]
    zenith, azimuth_of_sun = sun["apparent_zenith"].to_numpy(), sun["azimuth"].to_numpy()
    # pvlib's interpolation between months, and its day numbers, use what pandas 3 warns about; months are fine enough.
    turbidity = pvlib.clearsky.lookup_linke_turbidity(by_day, LATITUDE_DEG, LONGITUDE_DEG, interp_turbidity=False)
    air_mass = pvlib.atmosphere.get_absolute_airmass(pvlib.atmosphere.get_relative_airmass(zenith))
    clear = pvlib.clearsky.ineichen(zenith, air_mass, turbidity.to_numpy(), altitude=0)
    cover = weather.cloud_permille.repeat(4)[up] / 1000
    ghi = np.asarray(clear["ghi"]) * (1 - 0.75 * cover**3.4)
    split = pvlib.irradiance.erbs(ghi, zenith, np.asarray(by_day.day_of_year))
    planes: dict[Orientation, Int64Array] = {}
    for tilt, azimuth in sorted(set(orientations)):
        seen = pvlib.irradiance.get_total_irradiance(
            tilt, azimuth, zenith, azimuth_of_sun, split["dni"], ghi, split["dhi"], albedo=0.15
        )
        plane = np.zeros(len(up), np.int64)
        plane[up] = np.maximum(np.rint(10 * np.asarray(seen["poa_global"])), 0).astype(np.int64)
        planes[tilt, azimuth] = plane
    return planes


def production_wh(peak_w: int, irradiance: Int64Array, weather: Weather) -> Int64Array:
    """Yield of a roof of ``peak_w`` [W] from ``irradiance`` [0.1 W/m2] per quarter-hour [Wh]; integers throughout.

    A panel loses 0.4 % per degree above 25 degC and is warmer than the air by 0.03 degC per W/m2.
    """
    above_25_cdegc = weather.outside_cdegc.repeat(4) + irradiance * 3 // 10 - 2500
    per_100k = 100_000 - 4 * above_25_cdegc
    return irradiance * peak_w // 40 * _PERFORMANCE_PERMILLE // 1000 * per_100k // 100_000_000
