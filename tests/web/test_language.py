"""Dutch is whole, and each reader gets their own language and their own way of writing numbers."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from fastapi.testclient import TestClient

from coop.web import language
from coop.web.writing import energy, instant, money, number
from tests.web.gallery import app


def test_every_text_of_every_room_has_its_dutch() -> None:
    lacking = [f"coop/{message.file}:{message.line}: {message.text}" for message in language.missing()]
    assert not lacking, "python -m coop.web.language missing\n" + "\n".join(lacking)


def test_no_catalog_keeps_what_nobody_says_any_more() -> None:
    idle = language.unused()
    assert not idle, "python -m coop.web.language unused\n" + "\n".join(idle)


def test_two_rooms_that_say_the_same_english_mean_the_same_dutch() -> None:
    assert not language.catalog().quarrels


def test_dutch_fills_the_same_places_as_its_english() -> None:
    known = language.catalog()
    pairs = [*known.texts.items(), *((one, form) for one, forms in known.counted.items() for form in forms)]
    differing = [
        english
        for english, dutch in pairs
        if set(language.PLACE.findall(english)) != set(language.PLACE.findall(dutch))
    ]
    assert not differing


@pytest.mark.parametrize(
    ("query", "cookie", "accepted", "expected"),
    [
        ("", "", "", "nl"),
        ("", "", "en-GB,en;q=0.9", "en"),
        ("", "", "fr, en;q=0.4, nl;q=0.8", "nl"),
        ("", "", "en;q=0, de", "nl"),
        ("", "", "en;q=high", "nl"),
        ("", "en", "nl", "en"),
        ("lang=nl", "en", "en", "nl"),
        ("lang=fr", "", "en", "en"),
    ],
)
def test_the_switch_wins_over_the_memory_and_the_memory_over_the_browser(
    query: str, cookie: str, accepted: str, expected: str
) -> None:
    client = TestClient(app, cookies={language.COOKIE: cookie}, headers={"accept-language": accepted})
    page = client.get(f"/?{query}")
    assert page.headers["content-language"] == expected
    assert f'<html lang="{expected}">' in page.text


def test_the_switch_is_remembered() -> None:
    client = TestClient(app, headers={"accept-language": "nl"})
    client.get("/?lang=en")
    assert client.get("/empty").headers["content-language"] == "en"


def test_the_switch_leads_to_the_same_page_with_the_same_question() -> None:
    page = TestClient(app).get("/board?as=board&page=2")
    assert 'href="/board?as=board&amp;page=2&amp;lang=en"' in page.text


def test_a_counted_text_has_its_own_form_for_one() -> None:
    one, many = "%(num)s problem", "%(num)s problems"
    assert language.ngettext("nl", one, many, 1) % {"num": 1} == "1 probleem"
    assert language.ngettext("nl", one, many, 0) % {"num": 0} == "0 problemen"
    assert language.ngettext("en", one, many, 2) % {"num": 2} == "2 problems"


def test_an_amount_keeps_every_cent_however_large() -> None:
    assert money("nl", 9_007_199_254_740_993).endswith("90.071.992.547.409,93")


def test_energy_is_written_with_the_digits_that_its_meter_has() -> None:
    assert energy("nl", 10_000_000, "J") == "0,01\u00a0GJ"
    assert energy("en", 4_000, "Wh", 3) == "4.000\u00a0kWh"
    assert number("nl", -1234) == "-1.234"


def test_the_two_hours_of_the_autumn_night_are_written_on_the_clocks_of_amsterdam() -> None:
    written = [instant("nl", datetime(2025, 10, 26, hour, 30, tzinfo=UTC)) for hour in (0, 1, 2)]
    assert written == ["26 okt 2025 02:30", "26 okt 2025 02:30", "26 okt 2025 03:30"]
