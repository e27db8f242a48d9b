"""Articles as a plain record of texts, whole numbers, lists and mappings, and back.

What an article leaves as it is by default does not stand in the record, so that a section which is added later changes
no record, and no hash, of statutes that were adopted before.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from datetime import time
from functools import cache
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from coop.governance.statutes.model import Articles, Share
from coop.values import BadInput, Problem, hash_parameters, say

TEXT_MAX = 100
"""Characters of an article's number, or of a name."""

WHOLE_MAX = 1_000_000_000


def describe_articles(articles: Articles) -> dict[str, Any]:
    """Articles as the record holds them: the inverse of ``read_articles``.

    >>> from coop.governance.statutes.model import Share, Term
    >>> describe_articles(Articles("2024", notices={"ordinary": Term("art. 13", 7)}))
    {'name': '2024', 'notices': {'ordinary': {'article': 'art. 13', 'days': 7}}}
    """
    described: dict[str, Any] = _describe(articles)
    return described


def hash_articles(articles: Articles) -> str:
    """The hash of articles as the record holds them."""
    return hash_parameters(describe_articles(articles))


def read_articles(record: object) -> Articles:
    """Articles from a record.

    Raises:
        BadInput: with every field that is missing, unknown or of another shape, by its path.
    """
    problems: list[Problem] = []
    articles = _read(Articles, record, "", problems)
    if problems or not isinstance(articles, Articles):
        raise BadInput(problems, "bad-statutes")
    return articles


def _describe(value: Any) -> Any:
    if is_dataclass(value):
        told = ((each, getattr(value, each.name)) for each in fields(value))
        return {each.name: _describe(content) for each, content in told if content != _default(each)}
    if isinstance(value, Mapping):
        return {key: _describe(content) for key, content in value.items()}
    if isinstance(value, tuple):
        return [_describe(content) for content in value]
    return value.isoformat("minutes") if isinstance(value, time) else value


def _default(field: Field[Any]) -> Any:
    return field.default_factory() if field.default_factory is not MISSING else field.default


def _read(kind: Any, value: object, path: str, problems: list[Problem]) -> Any:
    """A value of a kind; where it is none, a problem is noted and None returned."""
    origin, inner = get_origin(kind), get_args(kind)
    if origin in (Union, UnionType):
        [other] = [each for each in inner if each is not type(None)]
        return None if value is None else _read(other, value, path, problems)
    if origin is Literal:
        if value not in inner or isinstance(value, bool):
            reason = say("'%(value)s' is none of %(values)s", value=str(value), values=tuple(filter(None, inner)))
            problems.append(Problem(reason, path))
        return value
    if origin is tuple:
        if not isinstance(value, list | tuple):
            return _refuse(path, problems)
        return tuple(_read(inner[0], each, f"{path}.{place}", problems) for place, each in enumerate(value))
    if is_dataclass(kind):
        return _read_section(kind, value, path, problems)
    if origin is not None:  # the only other one is a mapping by kind
        if not isinstance(value, Mapping):
            return _refuse(path, problems)
        return {str(key): _read(inner[1], each, _join(path, str(key)), problems) for key, each in value.items()}
    return _READERS[kind](value, path, problems)


def _read_section(kind: Any, value: object, path: str, problems: list[Problem]) -> Any:
    if not isinstance(value, Mapping):
        if kind is Share:
            problems.append(Problem(say("is a share such as 2/3"), path))
            return None
        return _refuse(path, problems)
    hints, before = _hints_of(kind), len(problems)
    named = {each.name: each for each in fields(kind)}
    problems += [
        Problem(say("is nothing that statutes say"), _join(path, str(key))) for key in value if key not in named
    ]
    read = {}
    for name, each in named.items():
        if name in value:
            read[name] = _read(hints[name], value[name], _join(path, name), problems)
        elif _default(each) is MISSING:
            problems.append(Problem(say("is missing"), _join(path, name)))
    if len(problems) > before:
        return None
    try:
        return kind(**read)
    except BadInput as bad:
        problems += [Problem(problem.reason, path) for problem in bad.problems]
        return None


_hints_of = cache(get_type_hints)


def _refuse(path: str, problems: list[Problem]) -> None:
    problems.append(Problem(say("has another shape"), path))


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _read_text(value: object, path: str, problems: list[Problem]) -> str:
    if not isinstance(value, str):
        problems.append(Problem(say("must be a text"), path))
    elif len(value) > TEXT_MAX:
        problems.append(Problem(say("is longer than %(most)s characters", most=TEXT_MAX), path))
    return str(value)


def _read_whole(value: object, path: str, problems: list[Problem]) -> int:
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= WHOLE_MAX:
        return value
    problems.append(Problem(say("is a whole number, at most %(most)s", most=WHOLE_MAX), path))
    return 0


def _read_truth(value: object, path: str, problems: list[Problem]) -> bool:
    if not isinstance(value, bool):
        problems.append(Problem(say("is yes or no"), path))
    return bool(value)


def _read_time(value: object, path: str, problems: list[Problem]) -> time | None:
    try:
        hour = value if isinstance(value, time) else time.fromisoformat(str(value))
        if hour != time(hour.hour, hour.minute):
            raise ValueError("an hour of the wall clock, in whole minutes")
        return hour
    except ValueError:
        problems.append(Problem(say("is an hour such as 16:00"), path))
        return None


_READERS: Mapping[Any, Callable[[object, str, list[Problem]], Any]] = {
    str: _read_text,
    int: _read_whole,
    bool: _read_truth,
    time: _read_time,
}
