"""Rates: how many requests a minute one token or one address may send.

Each key owes time: a request adds its share of a minute, and what is owed runs down by itself (GCRA, the leaky bucket
as a meter). A quiet key may send a whole minute's requests at once, and then as fast as they run down. It is one number
a key, so the wait until the next request is exact, and no thread has to forget anything; the library ``limits`` keeps a
list of instants a key for as much. Each process counts by itself: with two of them a key may send up to twice as much,
and a limit over all belongs to the proxy.
"""

from __future__ import annotations

import math
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Final

from coop.kit.problems import HttpProblem
from coop.values import say

WINDOW_S: Final = 60.0
KEYS_MAX: Final = 100_000
"""Most keys that are remembered; the one that was quiet for longest is forgotten first."""


_SAID: Final = {
    "token": say("this token has sent all that it may send now"),
    "address": say("this address has sent all that it may send now"),
}


class TooManyRequests(HttpProblem):
    """A token or an address sends more than it may."""

    def __init__(self, name: str, headers: dict[str, str]) -> None:
        super().__init__(429, "too-many-requests", _SAID[name], headers)


class Rate:
    """A limit of requests a minute for each key; 0 is none."""

    def __init__(self, name: str, per_minute: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._name, self._per_minute, self._clock = name, per_minute, clock
        self._owed_until: OrderedDict[str, float] = OrderedDict()
        self._lock = threading.Lock()

    def take(self, key: str) -> dict[str, str]:
        """Count a request; the headers that say what is left.

        >>> rate = Rate("token", 2, clock=lambda: 0.0)
        >>> [rate.take("a")["RateLimit"] for _ in range(2)]
        ['"token";r=1;t=30', '"token";r=0;t=60']

        Raises:
            TooManyRequests: the key has nothing left, with the time to wait.
        """
        if not self._per_minute:
            return {}
        share_s, now = WINDOW_S / self._per_minute, self._clock()
        with self._lock:
            before = max(now, self._owed_until.pop(key, now))
            is_taken = before + share_s - now <= WINDOW_S + 1e-9
            owed_s = (before + share_s if is_taken else before) - now
            self._owed_until[key] = now + owed_s
            while len(self._owed_until) > KEYS_MAX:
                self._owed_until.popitem(last=False)
        left = max(0, math.floor((WINDOW_S - owed_s) / share_s + 1e-9))
        headers = {
            "RateLimit-Policy": f'"{self._name}";q={self._per_minute};w={WINDOW_S:.0f}',
            "RateLimit": f'"{self._name}";r={left};t={math.ceil(owed_s)}',
        }
        if not is_taken:
            wait_s = max(1, math.ceil(owed_s + share_s - WINDOW_S))
            raise TooManyRequests(self._name, {**headers, "Retry-After": str(wait_s)})
        return headers
