"""Every language is whole, and each reader gets their own language and their own way of writing numbers."""

from __future__ import annotations

import pickle
import re
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from babel.messages.pofile import normalize
from fastapi.testclient import TestClient

from coop.kit.problems import describe_problem
from coop.kit.sentences import read_sentence, write_sentence
from coop.values import BadInput, Problem, say, say_count
from coop.web import catalogs, language, texts
from coop.web.shell import environment
from coop.web.writing import civil_day, energy, euros, instant, money, number, percent, price, speak
from tests.web import gallery
from tests.web.gallery import app

PLACE = re.compile(r"%\(\w+\)s")
"""A place in a text that a value fills."""

POLISH = r"""
msgid ""
msgstr ""
"Content-Type: text/plain; charset=UTF-8\n"
"Language: pl\n"
"Plural-Forms: nplurals=3; plural=(n==1 ? 0 : n%10>=2 && n%10<=4 && (n%100<10 || n%100>=20) ? 1 : 2);\n"

msgid "nothing is known before %(day)s: %(why)s"
msgstr "przed %(day)s nic nie wiadomo: %(why)s"

msgid "it is <b>late</b>"
msgstr "jest <b>późno</b>"

msgid "Skip to the content"
msgstr "Przejdź do treści"

msgid "%(num)s problem"
msgid_plural "%(num)s problems"
msgstr[0] "%(num)s problem"
msgstr[1] "%(num)s problemy"
msgstr[2] "%(num)s problemów"
"""


@pytest.fixture(params=texts.translated())
def lang(request: pytest.FixtureRequest) -> str:
    """Each language that the rooms have a catalog of, beside the one that the code is written in."""
    return str(request.param)


@pytest.fixture
def polish(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A language of which nothing exists but one file."""
    (tmp_path / "pl.po").write_text(POLISH, encoding="utf-8")
    monkeypatch.setattr(catalogs, "FOLDERS", (*catalogs.FOLDERS, tmp_path))
    return "pl"


def test_every_text_of_every_room_is_in_every_catalog(lang: str) -> None:
    lacking = [f"coop/{message.file}:{message.line}: {message.text}" for message in texts.missing(lang)]
    assert not lacking, "python -m coop.web.texts missing\n" + "\n".join(lacking)


def test_no_catalog_keeps_what_nobody_says_any_more(lang: str) -> None:
    idle = texts.unused(lang)
    assert not idle, "python -m coop.web.texts unused\n" + "\n".join(idle)


def test_two_rooms_that_say_the_same_english_mean_the_same(lang: str) -> None:
    assert not catalogs.languages()[lang].quarrels


def test_a_translation_fills_the_same_places_as_its_english(lang: str) -> None:
    differing = []
    for message in catalogs.languages()[lang].catalog:
        english = message.id if isinstance(message.id, str) else message.id[0]
        forms = [message.string] if isinstance(message.string, str) else message.string or ()
        if message.id and any(set(PLACE.findall(english)) != set(PLACE.findall(form)) for form in forms):
            differing.append(english)
    assert not differing


def test_a_counted_text_has_its_forms_in_their_order_and_none_in_english(lang: str) -> None:
    plural_of = {message.text: message.plural for message in texts.extract() if message.plural}
    wrong = []
    for message in catalogs.languages()[lang].catalog:
        if not message.id or isinstance(message.id, str):
            continue
        assert isinstance(message.string, (tuple, list)), message.id
        english, forms = list(message.id), list(message.string)
        is_counted = english[1] == plural_of.get(english[0], english[1])
        in_order = (forms[0] != forms[-1]) == (english[0] != english[1]) or english[0].split() == english[1].split()
        in_english = any(
            form == other for place, form in enumerate(forms) for other in english[:place] + english[place + 1 :]
        )
        if not is_counted or not in_order or (in_english and english[0] != english[1]):
            wrong.append((english, forms))
    assert not wrong


JARGON = (
    "rekeningrun",
    "geparkeerd",
    "afleggen",
    "aan de bus",
    "narekening",
    "verzegeld in",
    "hash",
    "parameter",
    "feiten",
)
"""Dutch that only its makers know."""


def test_no_page_speaks_dutch_that_only_its_makers_know() -> None:
    texts_nl = [form for message in catalogs.languages()["nl"].catalog if message.id for form in _forms(message.string)]
    spoken = [re.sub(r"%\(\w+\)s", "", form) for form in texts_nl]
    assert not [form for form in spoken if any(word in form.casefold() for word in JARGON)]


def _forms(string: object) -> list[str]:
    return [string] if isinstance(string, str) else [str(form) for form in string or ()]  # type: ignore[attr-defined]


def test_the_dutch_and_the_english_of_the_house_are_spoken() -> None:
    assert {code: spoken.name for code, spoken in catalogs.languages().items()} == {"en": "English", "nl": "Nederlands"}


def test_one_file_is_a_new_language_with_its_own_plurals(polish: str) -> None:
    one, many = "%(num)s problem", "%(num)s problems"
    counted = [language.translate_counted(polish, one, many, count) for count in (1, 3, 5, 22, 25)]
    assert counted == ["1 problem", "3 problemy", "5 problemów", "22 problemy", "25 problemów"]


def test_one_file_is_a_new_language_on_every_page_and_what_it_lacks_stays_english(polish: str) -> None:
    page = TestClient(app, headers={"accept-language": "pl-PL, nl;q=0.5"}).get("/")
    assert page.headers["content-language"] == polish
    assert '<html lang="pl">' in page.text
    assert "Przejdź do treści" in page.text
    assert "Sign in" in page.text
    assert "Polski" in TestClient(app, headers={"accept-language": "nl"}).get("/").text


def test_one_file_brings_numbers_dates_and_charts_of_its_own(polish: str) -> None:
    assert money(polish, 123_456_789) == "1\u00a0234\u00a0567,89\u00a0€"
    assert euros(polish, 770_000_000) == "7\u00a0700\u00a0000\u00a0€"
    assert price(polish, Decimal("0.2150")) == "0,215\u00a0€"
    assert percent(polish, Decimal("0.125"), 1) == "12,5%"
    assert civil_day(polish, date(2026, 3, 4)) == "4 marca 2026"
    assert re.search(r">\d+ sty<", gallery.supply_chart(polish).wide)


def test_a_file_of_a_language_that_nobody_knows_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "qq.po").write_text(POLISH.replace("Language: pl", "Language: qq"), encoding="utf-8")
    monkeypatch.setattr(catalogs, "FOLDERS", (tmp_path,))
    with pytest.raises(ValueError, match="'qq' is no known language"):
        catalogs.languages()


def test_two_files_that_differ_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for folder, said in (("first", "treści"), ("second", "zawartości")):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "pl.po").write_text(POLISH.replace("treści", said), encoding="utf-8")
    monkeypatch.setattr(catalogs, "FOLDERS", (tmp_path / "first", tmp_path / "second"))
    polish = catalogs.languages()["pl"]
    assert [quarrel.split(": ")[1] for quarrel in polish.quarrels] == [
        "'Skip to the content' is 'Przejdź do zawartości' here, 'Przejdź do treści' elsewhere"
    ]
    assert polish.translations.gettext("Skip to the content") == "Przejdź do treści"


@pytest.mark.parametrize(
    ("query", "cookie", "accepted", "expected"),
    [
        ("", "", "", "nl"),
        ("", "", "en-GB,en;q=0.9", "en"),
        ("", "", "fr, en;q=0.4, nl;q=0.8", "nl"),
        ("", "", "en;q=0, de", "nl"),
        ("", "", "en;q=high", "nl"),
        ("", "", "EN-us", "en"),
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
    assert language.translate_counted("nl", one, many, 1) == "1 probleem"
    assert language.translate_counted("nl", one, many, 0) == "0 problemen"
    assert language.translate_counted("en", one, many, 2) == "2 problems"


def test_an_amount_keeps_every_cent_however_large() -> None:
    assert money("nl", 9_007_199_254_740_993).endswith("90.071.992.547.409,93")


def test_energy_is_written_with_the_digits_that_its_meter_has() -> None:
    assert energy("nl", 10_000_000, "J") == "0,01\u00a0GJ"
    assert energy("en", 4_000, "Wh", 3) == "4.000\u00a0kWh"
    assert number("nl", -1234) == "-1.234"


def test_the_two_hours_of_the_autumn_night_are_written_on_the_clocks_of_amsterdam() -> None:
    written = [instant("nl", datetime(2025, 10, 26, hour, 30, tzinfo=UTC)) for hour in (0, 1, 2)]
    assert written == ["26 okt 2025 02:30", "26 okt 2025 02:30", "26 okt 2025 03:30"]


def test_a_sentence_is_said_in_the_language_of_its_reader_with_all_its_values(polish: str) -> None:
    late = say("nothing is known before %(day)s: %(why)s", day=date(2026, 3, 4), why=say("it is <b>late</b>"))

    assert late == "nothing is known before 2026-03-04: it is <b>late</b>"
    assert pickle.loads(pickle.dumps(late)).values == late.values
    assert speak("en", late) == "nothing is known before 4 March 2026: it is <b>late</b>"
    assert speak(polish, late) == "przed 4 marca 2026 nic nie wiadomo: jest <b>późno</b>"
    assert speak(polish, str(late)) == "nothing is known before 2026-03-04: it is <b>late</b>"


@pytest.mark.parametrize(("num", "sentence"), [(1, "1 problem"), (3, "3 problemy"), (5, "5 problemów")])
def test_a_counted_sentence_takes_the_form_of_its_language(polish: str, num: int, sentence: str) -> None:
    said = say_count("%(num)s problem", "%(num)s problems", num)

    assert said == ("1 problem" if num == 1 else f"{num} problems")
    assert speak(polish, said) == sentence


def test_a_template_says_a_sentence_in_the_language_of_its_page_and_escapes_it(polish: str) -> None:
    template = environment.__wrapped__(polish).from_string("<p>{{ problem.reason }}</p>")
    page = template.render(problem=Problem(say("it is <b>late</b>")))

    assert page == "<p>jest &lt;b&gt;późno&lt;/b&gt;</p>"


@pytest.fixture
def mirrored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A language that nobody speaks, with every text of the house: in Frisian's folder, each word in brackets."""
    entries = ['msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=UTF-8\\n"\n"Language: fy\\n"\n']
    entries[0] += '"Plural-Forms: nplurals=2; plural=(n != 1);\\n"\n'
    for message in {message.text: message for message in texts.extract() if message.text}.values():
        forms = [message.text, message.plural] if message.plural else [message.text]
        ids = [f"{key} {normalize(form)}" for key, form in zip(("msgid", "msgid_plural"), forms, strict=False)]
        keys = ("msgstr[0]", "msgstr[1]") if message.plural else ("msgstr",)
        entries.append(
            "\n".join([*ids, *(f"{key} {normalize(f'[{form}]')}" for key, form in zip(keys, forms, strict=True))])
        )
    (tmp_path / "fy.po").write_text("\n\n".join(entries) + "\n", encoding="utf-8")
    monkeypatch.setattr(catalogs, "FOLDERS", (*catalogs.FOLDERS, tmp_path))
    return "fy"


def test_a_third_language_is_one_file_for_pages_refusals_kept_reasons_and_problems(mirrored: str) -> None:
    page = TestClient(app, headers={"accept-language": mirrored}).get("/")
    assert f'<html lang="{mirrored}">' in page.text
    assert "[Skip to the content]" in page.text
    assert not texts.missing(mirrored)

    late = say("no statutes are in force on %(day)s: put them on file first", day=date(2026, 3, 4))
    kept = read_sentence(write_sentence(late))
    assert speak(mirrored, kept) == "[no statutes are in force on 4 Maart 2026: put them on file first]"
    problem = describe_problem(mirrored, speak, BadInput([Problem(say("is missing"), "name", 3)]))
    assert (problem.title, problem.detail) == ("[Bad input]", "[line 3, name: [is missing]]")
    assert speak(mirrored, say_count("%(num)s problem in all", "%(num)s problems in all", 2)) == "[2 problems in all]"
