"""The components of a tariff as rows of the convening form: filled in from the tariff in force, added, left out, and
read back as they are put to the vote; and what a proposed tariff changes beside the one before it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Final

from coop.communities.tariff_texts import Change, compare, usual_name
from coop.communities.tariffs import CLASSES, USUAL, Component, Product, Usual, judge_shape, read_components
from coop.governance.model import Resolution
from coop.values import read_digits
from coop.web.catalogs import languages
from coop.web.forms import read_decimal

WHATS: Final = {f"{product} {per}": (product, per) for product, per in USUAL}
"""Things that may be priced and per what, as one choice of the form."""

CLASS_SETS: Final = (
    ("full",),
    ("heating-only",),
    ("tap-water-only",),
    ("heating-only", "tap-water-only"),
    ("full", "heating-only", "tap-water-only"),
    ("above-100-kw",),
    CLASSES,
)
"""Sets of customer classes that a component may be for."""

FIELDS: Final = ("name", "what", "price", "classes", "from", "to", "cap", "years", "guarantee", "account", "vat")
"""Fields of a row."""

FIRST: Final = (
    (Product.HEAT, "GJ"),
    (Product.STANDING, "year"),
    (Product.METERING, "year"),
    (Product.DELIVERY_SET, "year"),
    (Product.ELECTRICITY, "kWh"),
)
"""Components that a first tariff mostly has."""

Form = Mapping[str, str]


def fill_rows(mark: str, components: Sequence[Component]) -> dict[str, str]:
    """The fields of a point with a row for each component; those of a first tariff for none."""
    rows = [_row_of(component) for component in components] or [_usual_row(*what) for what in FIRST]
    return _place(mark, rows)


def list_rows(form: Form, mark: str) -> list[str]:
    """The marks of the rows of a point, in order."""
    start = f"{mark}components."
    numbers = {name.removeprefix(start).split(".")[0] for name in form if name.startswith(start)}
    return [f"{start}{number}." for number in sorted((n for n in numbers if read_digits(n) is not None), key=int)]


def add_row(form: Form, mark: str) -> dict[str, str]:
    """The form with one more row at a point."""
    number = len(list_rows(form, mark))
    row = _usual_row(Product.SERVICES, "year") | {"name": ""}
    return {**form, **{f"{mark}components.{number}.{name}": value for name, value in row.items()}}


def drop_row(form: Form, row: str) -> dict[str, str]:
    """The form without one row, and the rows behind it moved up."""
    mark = row.split("components.")[0]
    left = [_fields_of(form, other) for other in list_rows(form, mark) if other != row]
    others = {name: value for name, value in form.items() if not name.startswith(f"{mark}components.")}
    return {**others, **_place(mark, left)}


def read_rows(form: Form, mark: str) -> list[dict[str, Any]]:
    """The components that the rows of a point say; what cannot be read stays as it was typed, for the rules to name."""
    return [_read_row(_fields_of(form, row)) for row in list_rows(form, mark)]


def place_field(field: str) -> str:
    """The field of the form that shows what the rules named."""
    head, _, last = field.rpartition(".")
    return f"{head}.what" if head.startswith("components.") and last in ("product", "per") else field


def tariff_in_force(adopted: Sequence[Resolution], day: date) -> Resolution | None:
    """The tariff that holds on a day, of those that were adopted: the newest that has begun, else the first to come."""
    readable = [tariff for tariff in adopted if not judge_shape(tariff.parameters)]
    readable.sort(key=lambda tariff: str(tariff.parameters["valid_from"]))
    begun = [tariff for tariff in readable if tariff.parameters["valid_from"] <= day.isoformat()]
    return begun[-1] if begun else next(iter(readable), None)


def tariff_changes(lang: str, proposed: Resolution, adopted: Sequence[Resolution]) -> list[Change]:
    """Changes of a proposed tariff beside the one that holds on the day before it; nothing for another kind, or
    beside none."""
    if proposed.kind != "tariff" or judge_shape(proposed.parameters):
        return []
    eve = date.fromisoformat(proposed.parameters["valid_from"]) - timedelta(days=1)
    others = [tariff for tariff in adopted if tariff.resolution_id != proposed.resolution_id]
    before = tariff_in_force(others, eve)
    if before is None or before.parameters["valid_from"] > eve.isoformat():
        return []
    return compare(lang, read_components(before.parameters), read_components(proposed.parameters))


def _read_row(row: Form) -> dict[str, Any]:
    product, per = WHATS.get(row.get("what", ""), (row.get("what", ""), ""))
    said: dict[str, Any] = {
        "name": usual_name(row.get("name", ""), sorted(languages())),
        "product": str(product),
        "per": per,
        "price": _write_number(row.get("price", "")),
        "guarantee": {"yes": True, "no": False}.get(row.get("guarantee", ""), row.get("guarantee", "")),
        "account": row.get("account", ""),
        "vat": row.get("vat", ""),
    }
    classes = row.get("classes", "").split()
    if classes != ["full"]:
        said["classes"] = classes
    said |= {name: _write_number(row[name]) for name in ("from", "to", "cap") if row.get(name, "").strip()}
    years = row.get("years", "").strip()
    if years:
        said["years"] = int(years) if years.isascii() and years.isdecimal() and len(years) < 4 else years
    return said


def _write_number(text: str) -> str:
    number = read_decimal(text)
    return text.strip() if number is None else format(Decimal(number), "f")


def _show_number(number: Decimal | None) -> str:
    return "" if number is None else format(number, "f").replace(".", ",")


def _row_of(component: Component) -> dict[str, str]:
    return {
        "name": component.name,
        "what": f"{component.product} {component.per}",
        "price": _show_number(component.price_eur),
        "classes": " ".join(component.classes),
        "from": _show_number(component.above or None),
        "to": _show_number(component.up_to),
        "cap": _show_number(component.cap_eur_per_year),
        "years": str(component.years or ""),
        "guarantee": "yes" if component.in_guarantee else "no",
        "account": component.account,
        "vat": component.vat,
    }


def _usual_row(product: Product, per: str) -> dict[str, str]:
    usual = USUAL[product, per]
    return {"name": usual.name, "what": f"{product} {per}", "price": "", **_usual_fields(usual)}


def _usual_fields(usual: Usual) -> dict[str, str]:
    guarantee = "yes" if usual.guarantee else "no"
    return {"classes": "full", "guarantee": guarantee, "account": usual.account, "vat": usual.vat}


def _fields_of(form: Form, row: str) -> dict[str, str]:
    return {name: form[f"{row}{name}"] for name in FIELDS if f"{row}{name}" in form}


def _place(mark: str, rows: Sequence[Form]) -> dict[str, str]:
    return {
        f"{mark}components.{number}.{name}": value for number, row in enumerate(rows) for name, value in row.items()
    }
