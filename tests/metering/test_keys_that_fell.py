"""Which key divides on which day, where decisions fell."""

from __future__ import annotations

from datetime import date

from coop.communities.stops import Stop
from coop.metering.register.store import AdoptedKey
from coop.metering.sharing.runs import in_force
from coop.values import Period

FIRST = AdoptedKey("first", "roofs", "r-first", date(2025, 1, 1), date(2024, 12, 1), {})
SECOND = AdoptedKey("second", "roofs", "r-second", date(2025, 3, 10), date(2025, 2, 1), {})
MARCH = Period.month(2025, 3)


def divide(*stops: Stop, keys: tuple[AdoptedKey, ...] = (FIRST, SECOND)) -> list[str]:
    told: dict[str, list[Stop]] = {}
    for stop in stops:
        told.setdefault(stop.resolution_id, []).append(stop)
    return [f"{span.start.day} {key.key_id}" for span, key in in_force(keys, MARCH, told)]


def fall(name: str, number: int, manner: str, day: int) -> Stop:
    return Stop(f"r-{name}", number, manner, date(2025, 3, day), date(2025, 6, 1))


def test_the_key_before_holds_again_from_the_day_of_the_fall() -> None:
    assert divide() == ["1 first", "10 second"]
    assert divide(fall("second", 1, "annulled", 10)) == ["1 first"]
    assert divide(fall("second", 1, "suspended", 20)) == ["1 first", "10 second", "20 first"]
    assert divide(fall("second", 1, "suspended", 20), fall("second", 2, "resumed", 25)) == [
        "1 first", "10 second", "20 first", "25 second",
    ]  # fmt: skip


def test_nothing_is_shared_where_no_key_is_left() -> None:
    assert divide(fall("first", 1, "annulled", 5), keys=(FIRST,)) == ["1 first"]
    assert [span.end.day for span, _ in in_force([FIRST], MARCH, {"r-first": [fall("first", 1, "annulled", 5)]})] == [5]
