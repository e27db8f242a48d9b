"""Numbers, money, energy and time as the reader writes them: the template filters.

Invariant: nothing here rounds what is stored; a value is only written with fewer digits. Values stay integers and
``Decimal`` until they are text. Energy comes with its unit because the store holds joules and watt-hours side by side.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import Any

from babel import Locale
from babel.dates import format_date, format_datetime
from babel.numbers import format_currency, format_decimal, format_percent

from coop.values import AMSTERDAM, Period, Said
from coop.web.catalogs import languages

DIGITS_MAX = 20
"""Most digits of a number in a sentence that are grouped; a larger or smaller one is written as it came."""

_SCALES = {"J": (-9, "GJ", 2), "Wh": (-3, "kWh", 1), "l": (-3, "m³", 2)}


def _locale(lang: str) -> Locale:
    return languages()[lang].locale


def money(lang: str, cents: int) -> str:
    """Cents as euros.

    >>> money("nl", 123456).replace(chr(160), " "), money("en", -5)
    ('€ 1.234,56', '-€0.05')
    """
    return str(format_currency(Decimal(cents).scaleb(-2), "EUR", locale=_locale(lang)))


def euros(lang: str, cents: int) -> str:
    """Large sums: cents are written only where there are any.

    >>> euros("nl", 770_000_000).replace(chr(160), " "), euros("en", 12_345)
    ('€ 7.700.000', '€123.45')
    """
    if cents % 100:
        return money(lang, cents)
    pattern = str(_locale(lang).currency_formats["standard"].pattern).replace("0.00", "0")
    return str(format_currency(cents // 100, "EUR", pattern, locale=_locale(lang), currency_digits=False))


def price(lang: str, price_eur: Decimal) -> str:
    """A price in euros with all its decimals and at least two.

    >>> price("en", Decimal("0.2150")), price("nl", Decimal(34)).replace(chr(160), " ")
    ('€0.215', '€ 34,00')
    """
    return str(
        format_currency(
            price_eur.normalize(), "EUR", locale=_locale(lang), currency_digits=False, decimal_quantization=False
        )
    )


def number(lang: str, value: int | Decimal, digits: int | None = None) -> str:
    """A plain number; with ``digits`` exactly that many decimals, else as many as it has.

    >>> number("nl", Decimal("43.790"), 3), number("en", 12345)
    ('43,790', '12,345')
    """
    pattern = "#,##0.############" if digits is None else "#,##0" + ("." + "0" * digits if digits else "")
    return str(format_decimal(value, format=pattern, locale=_locale(lang), decimal_quantization=digits is not None))


def energy(lang: str, amount: int, unit: str, digits: int | None = None) -> str:
    """An amount in a register's base unit ``J``, ``Wh`` or ``l``, written in GJ, kWh or m³.

    >>> energy("nl", 28_040_000_000, "J"), energy("en", 3_213_400, "Wh")
    ('28,04\\xa0GJ', '3,213.4\\xa0kWh')
    """
    scale, name, usual = _SCALES[unit]
    return f"{number(lang, Decimal(amount).scaleb(scale), usual if digits is None else digits)}\u00a0{name}"


def percent(lang: str, share: Decimal | float, digits: int | None = 0) -> str:
    """A share of one as a percentage; without ``digits`` with as many decimals as it has.

    >>> percent("nl", Decimal("0.9375"), 1), percent("nl", Decimal("0.225"), None)
    ('93,8%', '22,5%')
    """
    places = "." + ("#" * 12 if digits is None else "0" * digits) if digits != 0 else ""
    pattern = str(_locale(lang).percent_formats[None].pattern).replace("0", f"0{places}")
    return str(format_percent(Decimal(str(share)), pattern, locale=_locale(lang)))


def civil_day(lang: str, day: date, style: str = "long") -> str:
    """A civil date: ``long`` 4 maart 2026, ``medium`` 4 mrt 2026, ``full`` with the weekday.

    >>> civil_day("nl", date(2026, 3, 4)), civil_day("en", date(2026, 3, 4), "medium")
    ('4 maart 2026', '4 Mar 2026')
    """
    return str(format_date(day, format=style, locale=_locale(lang)))


def month(lang: str, day: date, style: str = "long") -> str:
    """The month of a date: ``long`` maart 2026, ``short`` mrt.

    >>> month("nl", date(2026, 3, 1)), month("en", date(2026, 3, 1), "short")
    ('maart 2026', 'Mar')
    """
    return str(format_date(day, format="LLLL yyyy" if style == "long" else "LLL", locale=_locale(lang))).rstrip(".")


def period(lang: str, span: Period) -> str:
    """A period by the name of its month or its year, or by its first and last day.

    >>> period("nl", Period.month(2026, 3)), period("en", Period(date(2025, 1, 5), date(2025, 2, 1)))
    ('maart 2026', '5 January 2025 – 31 January 2025')
    """
    if span == Period.month(span.start.year, span.start.month):
        return month(lang, span.start)
    if span == Period.year(span.start.year):
        return f"{span.start:%Y}"
    return f"{civil_day(lang, span.start)} – {civil_day(lang, span.end - timedelta(days=1))}"


def instant(lang: str, at: datetime, style: str = "medium") -> str:
    """An instant on the clocks of Amsterdam, to the minute; one that no calendar there holds, as it is.

    >>> from datetime import UTC
    >>> instant("nl", datetime(2026, 7, 1, 10, 15, tzinfo=UTC))
    '1 jul 2026 12:15'
    >>> instant("nl", datetime(9999, 12, 31, 23, 59, tzinfo=UTC))
    '9999-12-31T23:59+00:00'
    """
    try:
        day = format_date(at.astimezone(AMSTERDAM).date(), format=style, locale=_locale(lang))
    except OverflowError:
        return at.isoformat(timespec="minutes")
    return f"{day} {format_datetime(at, 'HH:mm', tzinfo=AMSTERDAM, locale=_locale(lang))}"


def speak(lang: str, text: Any) -> Any:
    """A sentence that was said in English, in another language; anything else stays as it is.

    A date in it is written as the reader writes dates, and a sentence within it is said in the same language.

    >>> from coop.values import say
    >>> speak("en", say("nothing is known before %(day)s", day=date(2026, 3, 4)))
    'nothing is known before 4 March 2026'
    """
    if not isinstance(text, Said):
        return text
    values = {name: speak_value(lang, value) for name, value in text.values.items()}
    translations = languages()[lang].translations
    if not text.plural:
        return str(translations.gettext(text.template)) % values
    return str(translations.ngettext(text.template, text.plural, int(str(text.values["num"])))) % values


def speak_value(lang: str, value: object) -> object:
    """A value within a sentence, as the reader writes it; text stays as it is."""
    match value:
        case Said():
            return speak(lang, value)
        case tuple():
            return ", ".join(str(speak_value(lang, part)) for part in value)
        case datetime():
            return instant(lang, value)
        case date():
            return civil_day(lang, value)
        case Period():
            return period(lang, value)
        case Decimal() if value.is_finite() and abs(value.adjusted()) < DIGITS_MAX:
            return number(lang, value)
        case _:
            return value


FILTERS: dict[str, Callable[..., str]] = {
    "speak": speak,
    "money": money,
    "euros": euros,
    "number": number,
    "energy": energy,
    "percent": percent,
    "date": civil_day,
    "month": month,
    "instant": instant,
}


def filters(lang: str) -> dict[str, Callable[..., Any]]:
    """The writers as template filters of one language: ``{{ cents | money }}``, ``{{ heat_j | energy("J") }}``."""
    return {name: partial(writer, lang) for name, writer in FILTERS.items()}
