"""Height of the sun over the Netherlands, and in which intervals it is night.

    L = 280.460 + 0.9856474 n       mean longitude [deg], n days since 2000-01-01T12:00Z
    g = 357.528 + 0.9856003 n       mean anomaly [deg]
    lambda = L + 1.915 sin g + 0.020 sin 2g
    sin h = sin(lat) sin(decl) + cos(lat) cos(decl) cos(hour angle)

Good to 0.01 degree between 1950 and 2050, without the bending of light. Source: Astronomical Almanac, low-precision
formulas for the sun (docs/domain/metering-formats-and-units.md#doubts-about-a-file).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from coop.metering.model import Int64Array

LATITUDE_DEG, LONGITUDE_DEG = 52.1, 5.2
"""The middle of the country; its edges lie within two degrees of height."""

NIGHT_DEG = -3.0
"""Below this height no panel in the country makes anything: at none of its edges the sun is up. A choice."""

SUN_MOST_W_PER_M2 = 1412.0
"""Irradiance above the air where the earth is nearest to the sun."""

_NOON_2000_S = 946_728_000


def sun_height(at_s: Int64Array) -> NDArray[np.float64]:
    """Height of the sun at instants [s since 1970], in degrees.

    >>> from datetime import UTC, datetime
    >>> noon = int(datetime(2025, 6, 21, 11, 41, tzinfo=UTC).timestamp())
    >>> round(float(sun_height(np.array([noon]))[0]), 1)
    61.3
    """
    n = (np.asarray(at_s) - _NOON_2000_S) / 86_400
    mean = np.radians((280.460 + 0.9856474 * n) % 360)
    anomaly = np.radians((357.528 + 0.9856003 * n) % 360)
    ecliptic = mean + np.radians(1.915 * np.sin(anomaly) + 0.020 * np.sin(2 * anomaly))
    tilt = np.radians(23.439 - 0.0000004 * n)
    ascension = np.arctan2(np.cos(tilt) * np.sin(ecliptic), np.cos(ecliptic))
    declination = np.arcsin(np.sin(tilt) * np.sin(ecliptic))
    sidereal = np.radians((280.46061837 + 360.98564736629 * n + LONGITUDE_DEG) % 360)
    angle, lat = sidereal - ascension, np.radians(LATITUDE_DEG)
    height = np.sin(lat) * np.sin(declination) + np.cos(lat) * np.cos(declination) * np.cos(angle)
    return np.asarray(np.degrees(np.arcsin(height)))


def is_night(start_s: Int64Array, step_s: int) -> NDArray[np.bool_]:
    """Find the intervals of at most an hour that lie in the night, with both their ends."""
    heights = np.maximum(sun_height(start_s), sun_height(np.asarray(start_s) + step_s))
    return np.asarray(heights < NIGHT_DEG)


def clear_sky_most(height_deg: NDArray[np.float64]) -> NDArray[np.float64]:
    """The most that reaches a plane which faces the sun, under the clearest sky [W/m2]; 0 in the night.

        AM = 1 / (sin h + 0.50572 (h + 6.07995)^-1.6364)      air mass, h in degrees
        G  = 1412 (0.83^(AM^0.678) + 0.2 sin h)               beam, and what sky and ground add

    1412 W/m2 is the sun above the air in January. Air mass: Kasten and Young 1989; the form of the beam: Meinel 1976,
    whose 0.7 is an ordinary clear sky. Held against two clear skies of pvlib at their clearest.

    >>> clear_sky_most(np.array([-4.0, 61.3])).round().tolist()
    [0.0, 1400.0]
    """
    h = np.maximum(np.asarray(height_deg), 0.0)
    sine = np.sin(np.radians(h))
    mass = 1 / (sine + 0.50572 * (h + 6.07995) ** -1.6364)
    most = SUN_MOST_W_PER_M2 * (0.83**mass**0.678 + 0.2 * sine)
    return np.where(np.asarray(height_deg) < NIGHT_DEG, 0.0, most)
