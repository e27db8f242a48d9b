"""Limits on tries to sign in: guessing is slow, and nobody can keep out somebody who knows the password.

Every try is counted before the password is looked at, and a try that was right is taken off again. Who counts depends
on who tries:

- A browser from which somebody signed in to this account before has a mark in a cookie. It is counted by itself, so
  whatever strangers do, even on the same network, its owner gets in.
- Anybody else is a stranger and has to be within three limits. Tries with one address from one source: five wrong ones
  pause that source for that address and no other source. Tries from one source with all addresses: one password on a
  hundred accounts stops at the thirtieth. Tries by all strangers with one address: guesses from a thousand sources
  together are no more than a hundred an hour, at which a password of ten characters that is not a common one outlives
  its owner. Only while such an attack goes on does a new browser have to wait, and the browsers that were used before
  do not.

Nothing depends on whether the address has an account, and nobody solves puzzles. The marks are the device cookies of
OWASP, "Slow Down Online Guessing Attacks with Device Cookies".
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from ipaddress import IPv6Address, IPv6Network, ip_address

from coop.members.identity.model import Origin
from coop.values import derive_id

SOURCE_LENGTH_MAX = 100


@dataclass(frozen=True)
class Limit:
    """At most ``tries`` in a ``window``, which begins with the first of them."""

    tries: int
    window: timedelta


OF_BROWSER = Limit(5, timedelta(minutes=5))
OF_PAIR = Limit(5, timedelta(minutes=5))
OF_SOURCE = Limit(30, timedelta(minutes=15))
OF_ADDRESS = Limit(100, timedelta(hours=1))
OF_RESETS = Limit(3, timedelta(hours=1))


@dataclass(frozen=True)
class Counter:
    """A count of tries. ``address`` is the e-mail address made opaque, or empty; ``shared`` with tries of others, which
    a try that was right does not excuse."""

    key: str
    address: str
    limit: Limit
    shared: bool = False


def choose_counters(email: str, origin: Origin, *, knows_browser: bool) -> tuple[Counter, ...]:
    """Choose what counts a try with an e-mail address, in the order in which they are looked at."""
    address = hash_address(email)
    if knows_browser:
        return (Counter(derive_id("browser", address, origin.browser), address, OF_BROWSER),)
    return (
        Counter(derive_id("pair", address, origin.source), address, OF_PAIR),
        Counter(derive_id("source", origin.source), "", OF_SOURCE, shared=True),
        Counter(derive_id("address", address), address, OF_ADDRESS, shared=True),
    )


def choose_key_counter(origin: Origin) -> Counter:
    """Choose what counts a try to open a one-time address with a key that is nobody's."""
    return Counter(derive_id("key", origin.source), "", OF_SOURCE, shared=True)


def choose_reset_counters(email: str, origin: Origin) -> tuple[Counter, ...]:
    """Choose what counts a wish for a new password: few go to one address, whoever asks."""
    return (
        Counter(derive_id("reset source", origin.source), "", OF_SOURCE, shared=True),
        Counter(derive_id("reset", hash_address(email)), "", OF_RESETS, shared=True),
    )


def hash_address(email: str) -> str:
    """Make an e-mail address opaque, for it may be anybody's."""
    return derive_id("sign-in", email)


def find_source(host: str) -> str:
    """Find what counts as one source: an address of IPv4, or the network of IPv6 addresses that a household is given.

    >>> find_source("192.0.2.7"), find_source("::ffff:192.0.2.7"), find_source("2001:db8:1:2:3:4:5:6")
    ('192.0.2.7', '192.0.2.7', '2001:db8:1:2::/64')
    """
    try:
        address = ip_address(host)
    except ValueError:
        return host[:SOURCE_LENGTH_MAX]
    if isinstance(address, IPv6Address):
        return str(address.ipv4_mapped or IPv6Network((int(address) >> 64 << 64, 64)))
    return str(address)
