"""The form of the statutes: a field for everything that articles can say, named by its path in the record.

A section is there when its article is filled in; without it the statutes are silent, and the law applies. The fields
follow from the articles themselves (``coop.governance.statutes.model``), so that none is forgotten.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass
from datetime import date, time
from types import UnionType
from typing import Any, Final, Literal, Union, get_args, get_origin, get_type_hints

from coop.governance.articles.words import STEPS
from coop.governance.dates import FIRST_DAY, LAST_DAY
from coop.governance.kinds import list_ruled
from coop.governance.model import ORDINARY
from coop.governance.statutes.judging import judge_articles
from coop.governance.statutes.model import Articles, Share
from coop.governance.statutes.record import describe_articles, read_articles
from coop.governance.statutes.unasked import is_asked
from coop.governance.statutes.version import Statutes
from coop.values import BadInput, Problem, read_digits, say
from coop.web.forms import Form as Filled

SHARES: Final = (
    ">1/2", "1/2", "3/5", "2/3", ">2/3", "3/4", ">3/4", "4/5", "9/10", "1/1",
    "1/20", "1/10", "1/5", "1/4", "1/3",
)  # fmt: skip
"""Shares that a form offers; a majority is one of the first ten."""

MAJORITIES: Final = SHARES[:10]

ROWS: Final = 6
"""Kinds of members, and bands of votes, that a form has room for."""

TERMS: Final = (ORDINARY, "statutes", "dissolution", "conversion", "dismissal")
"""Kinds of decision whose notice a form asks for."""

FIRST: Final = (
    "rules.ordinary",
    "rules.statutes",
    "notices.ordinary",
    "notices.statutes",
    "voters",
    "proxies",
    "advance",
    "online",
)
"""Sections that every co-operative looks at; the others are folded away."""

_SHARE: Final = re.compile(r"(>?)\s*([0-9]{1,6})/([0-9]{1,6})")

USUAL: Final[Mapping[str, str]] = {
    "rules.ordinary.majority": ">1/2",
    "rules.ordinary.quorum.share": "1/10",
    "rules.ordinary.quorum.of": "votes",
    "rules.statutes.majority": "2/3",
    "rules.statutes.quorum.share": "1/2",
    "rules.statutes.quorum.of": "votes",
    "rules.statutes.second.majority": "2/3",
    "rules.statutes.second.to_days": "28",
    "notices.ordinary.days": "14",
    "notices.statutes.days": "14",
    "texts.statutes.days": "5",
    "proxies.most_held": "2",
    "advance.from_days": "30",
    "call.share": "1/10",
}
"""Figures that small co-operatives often have, shown until the statutes' own are filled in; without an article they say
nothing."""


@dataclass(frozen=True)
class Field:
    """A field of the form: its path in the record, the last names of it by which it is called, and what it takes."""

    path: str
    name: str
    takes: Literal["text", "whole", "share", "truth", "word", "hour", "words"]
    options: tuple[str, ...] = ()
    otherwise: str = ""

    @property
    def is_asked(self) -> bool:
        """True when the program acts by it; else people do."""
        return is_asked(self.path)


@dataclass(frozen=True)
class Section:
    """Fields that belong together: ``title`` names them, ``article`` is the field that says whether they are there."""

    title: str
    article: str
    fields: tuple[Field, ...]
    parts: tuple[Section, ...] = ()

    @property
    def is_asked(self) -> bool:
        """True when the program acts by it; else people do."""
        return is_asked(self.article)

    def is_wrong(self, form: Filled, mark: str) -> bool:
        """True when a field of it, or of a part of it, is wrong in a form that puts a mark before each."""
        return any(form.error(f"{mark}{name}") for name in name_fields([self]))


def list_sections(kind: type = Articles, path: str = "") -> list[Section]:
    """Every section of the articles, those of the rules by kind of decision first."""
    sections = []
    hints = get_type_hints(kind)
    for each in fields(kind):
        inner, place = _bare(hints[each.name]), f"{path}{each.name}"
        if get_origin(inner) is None and is_dataclass(inner):
            sections.append(_section(inner, place, each.name))
        elif _is_mapping(inner):
            kinds = list_ruled() if each.name in ("rules", "referenda") else TERMS
            value = get_args(inner)[1]
            sections += [_section(value, f"{place}.{name}", f"{each.name}.{name}") for name in kinds]
        elif get_origin(inner) is tuple and is_dataclass(get_args(inner)[0]):
            row = get_args(inner)[0]
            sections += [_section(row, f"{place}.{number}", each.name) for number in range(ROWS)]
        elif inner is str and each.name != "name":
            sections.append(Section(each.name, place, ()))
    return sections


def _section(kind: Any, path: str, title: str) -> Section:
    hints = get_type_hints(kind)
    plain: list[Field] = []
    parts: list[Section] = []
    for each in fields(kind):
        inner, place = _bare(hints[each.name]), f"{path}.{each.name}"
        if each.name == "article":
            continue
        if inner is Share:
            options = MAJORITIES if each.name == "majority" else SHARES
            plain.append(Field(place, each.name, "share", options))
        elif is_dataclass(inner):
            parts.append(_section(inner, place, each.name))
        elif get_origin(inner) is tuple and is_dataclass(get_args(inner)[0]):
            row = get_args(inner)[0]
            parts += [_section(row, f"{place}.{number}", each.name) for number in range(ROWS)]
        elif _is_mapping(inner):
            plain += [Field(f"{place}.{step}", f"{each.name}.{step}", "text") for step in STEPS]
        else:
            plain.append(_field(inner, place, each.name, each.default))
    marker = "article" if any(each.name == "article" for each in fields(kind)) else fields(kind)[0].name
    shown = tuple(each for each in plain if each.name != marker)
    return Section(title, f"{path}.{marker}", shown, tuple(parts))


def _field(kind: Any, path: str, name: str, default: object) -> Field:
    if kind is bool:
        return Field(path, name, "truth", ("yes", "no"), "yes" if default is True else "no")
    if kind is int:
        return Field(path, name, "whole", (), str(default) if isinstance(default, int) else "")
    if kind is time:
        return Field(path, name, "hour")
    if get_origin(kind) is Literal:
        return Field(path, name, "word", get_args(kind), str(default) if isinstance(default, str) else "")
    return Field(path, name, "words" if get_origin(kind) is tuple else "text")


def name_fields(sections: Iterable[Section]) -> list[str]:
    """The names of all fields of sections and their parts."""
    names = []
    for section in sections:
        names += [section.article, *(each.path for each in section.fields), *name_fields(section.parts)]
    return names


def split_sections() -> dict[str, Any]:
    """Sections of the form for its template: those that every co-operative looks at, the others, and all names."""
    sections = list_sections()
    return {
        "first": [section for section in sections if section.title in FIRST],
        "further": [section for section in sections if section.title not in FIRST],
        "statute_fields": name_fields(sections),
    }


def fill_articles(articles: Articles | None) -> dict[str, str]:
    """The fields filled in with articles, or with what small co-operatives often have."""
    if articles is None:
        return dict(USUAL)
    return {key: text for key, text in _flatten(describe_articles(articles), "") if key != "name"} | {
        "name": articles.name
    }


def _flatten(value: Any, path: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping) and "num" in value:
        yield path, write_share(value)
    elif isinstance(value, Mapping):
        for key, content in value.items():
            yield from _flatten(content, f"{path}.{key}" if path else key)
    elif isinstance(value, list) and value and isinstance(value[0], str):
        yield path, ", ".join(value)
    elif isinstance(value, list):
        for place, content in enumerate(value):
            yield from _flatten(content, f"{path}.{place}")
    elif isinstance(value, bool):
        yield path, "yes" if value else "no"
    else:
        yield path, str(value)


def write_share(share: Mapping[str, Any]) -> str:
    """A share as a form writes it, such as ``>2/3``."""
    return f"{'>' if share.get('above') else ''}{share['num']}/{share['den']}"


def read_statutes(form: Mapping[str, str]) -> Statutes:
    """The version that a filled form makes.

    Raises:
        BadInput: with every field that is wrong, by its name in the form.
    """
    problems: list[Problem] = []
    valid_from, deed_on = (_day(form, field, problems) for field in ("valid_from", "deed_on"))
    try:
        articles = read_filled(form)
    except BadInput as bad:
        problems = [*bad.problems, *problems]
    if problems:
        raise BadInput(problems, "bad-statutes")
    resolution_id, notary = (form.get(name, "").strip() for name in ("resolution_id", "notary"))
    deed_file = form.get("deed_file", "") or None
    return Statutes(valid_from, articles, deed_on, resolution_id, notary=notary, deed_file=deed_file)


def read_filled(form: Mapping[str, str]) -> Articles:
    """The articles that a filled form makes.

    Raises:
        BadInput: with every field that is wrong, by its name in the form.
    """
    record = {"name": form.get("name", "").strip(), **_gather(form, Articles, "")}
    articles = read_articles(record)
    problems = judge_articles(articles, list_ruled())
    if not articles.rules:
        problems.append(Problem(say("give the article of the ordinary majority"), "rules.ordinary.article"))
    if problems:
        raise BadInput(problems, "bad-statutes")
    return articles


def _gather(form: Mapping[str, str], kind: Any, path: str) -> dict[str, Any]:
    """The record of a section from the fields that are filled in; what is as it is by default is left out."""
    gathered: dict[str, Any] = {}
    hints = get_type_hints(kind)
    for each in fields(kind):
        value = _gather_field(form, _bare(hints[each.name]), f"{path}{each.name}")
        if value is not None and value != "" and value != [] and value != {}:
            gathered[each.name] = value
    return gathered


def _gather_field(form: Mapping[str, str], kind: Any, path: str) -> Any:
    text = form.get(path, "").strip()
    if kind is Share:
        share = _SHARE.fullmatch(text)
        if share is None:
            return text
        return {"num": int(share[2]), "den": int(share[3])} | ({"above": True} if share[1] else {})
    if is_dataclass(kind):
        return _gather(form, kind, f"{path}.") if form.get(f"{path}.{_marker(kind)}", "").strip() else None
    if _is_mapping(kind):
        value = get_args(kind)[1]
        keys = STEPS if value is str else list_ruled()
        found = {key: _gather_field(form, value, f"{path}.{key}") for key in keys}
        return {key: content for key, content in found.items() if content}
    if get_origin(kind) is tuple:
        row = get_args(kind)[0]
        if not is_dataclass(row):
            return [part.strip() for part in text.split(",") if part.strip()]
        rows = [_gather_field(form, row, f"{path}.{place}") for place in range(ROWS)]
        return [each for each in rows if each]
    if kind is bool:
        return {"yes": True, "no": False}.get(text)
    if kind is int:
        number = read_digits(text)
        return text if number is None else number
    return text


def _marker(kind: Any) -> str:
    names = [each.name for each in fields(kind)]
    return "article" if "article" in names else names[0]


def _bare(kind: Any) -> Any:
    """A type without its None."""
    if get_origin(kind) in (Union, UnionType):
        [kind] = [each for each in get_args(kind) if each is not type(None)]
    return kind


def _is_mapping(kind: Any) -> bool:
    return get_origin(kind) not in (None, tuple, Literal, Union)


def _day(form: Mapping[str, str], name: str, problems: list[Problem]) -> date:
    try:
        day = date.fromisoformat(form.get(name, ""))
    except ValueError:
        day = date.min
    if not FIRST_DAY <= day <= LAST_DAY:
        problems.append(Problem(say("give a day"), name))
    return day
