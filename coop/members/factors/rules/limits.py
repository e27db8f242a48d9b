"""Limits on codes that somebody tries: six digits are few, so there are few tries.

Whoever comes here has shown the password already. A browser from which the account was used before has tries of its
own, so that whoever stole a password cannot keep its owner out. All others together have twenty a day; with three codes
that are right at any moment a guess is right once in 330,000, and an attack lasts 45 years on average.
"""

from __future__ import annotations

from datetime import timedelta

from coop.members.identity.model import Origin
from coop.members.identity.rules.tries import Counter, Limit
from coop.values import derive_id

OF_PAIR = Limit(5, timedelta(minutes=5))
OF_BROWSER_A_DAY = Limit(50, timedelta(days=1))
OF_ACCOUNT_A_DAY = Limit(20, timedelta(days=1))


def choose_code_counters(account_id: str, origin: Origin, *, knows_browser: bool) -> tuple[Counter, ...]:
    """Choose what counts a try with a code for an account, in the order in which they are looked at."""
    owner = name_counted(account_id)
    if knows_browser:
        return (
            Counter(derive_id("code-browser", account_id, origin.browser), owner, OF_PAIR),
            Counter(derive_id("code-browser-day", account_id, origin.browser), owner, OF_BROWSER_A_DAY),
        )
    return (
        Counter(derive_id("code-pair", account_id, origin.source), owner, OF_PAIR),
        Counter(derive_id("code-account", account_id), owner, OF_ACCOUNT_A_DAY, shared=True),
    )


def name_counted(account_id: str) -> str:
    """Name all counts of codes of an account, by which they are forgotten."""
    return derive_id("codes", account_id)
