"""Sentences about a value whose shape is wrong: the findings of pydantic in our words, which have a translation.

Pure, standard library only: a finding comes as the mapping that pydantic makes of it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from coop.values import Problem, Said, say, say_count


def problem_of(finding: Mapping[str, Any], skip: int = 0) -> Problem:
    """A finding as a problem; its field is the way to the value, without the first ``skip`` steps where more follow.

    A finding about a whole that holds a text which no text may be says where ``inside`` it stands.

    >>> problem_of({"type": "missing", "loc": ("body", "name"), "msg": "Field required"}, skip=1)
    Problem(reason='is missing', field='name', line=None)
    """
    path = [str(part) for part in finding["loc"]]
    inside = (finding.get("ctx") or {}).get("inside", "")
    way = path[skip:] + ([inside] if inside else [])
    return Problem(say_shape(finding), ".".join(way or path))


def say_shape(finding: Mapping[str, Any]) -> Said:
    """Say what is wrong with a value; what has no words of its own here stays in pydantic's English."""
    context: Mapping[str, Any] = finding.get("ctx") or {}
    own = getattr(context.get("error"), "args", ())
    if own and isinstance(own[0], Said):
        return own[0]
    sentence = _SENTENCES.get(finding["type"])
    if sentence is None:
        return say("has another shape than it should: %(reason)s", reason=str(finding["msg"]))
    return sentence({name: value if isinstance(value, int) else str(value) for name, value in context.items()})


def _always(sentence: Said) -> Callable[[Mapping[str, Any]], Said]:
    return lambda _context: sentence


UNPRINTABLE_TEXT: Final = "unprintable_text"
"""Kind of a finding about a text that holds what no text may hold."""

_INSTANT: Final = _always(say("is no instant with its time zone, such as 2026-01-31T12:00:00Z"))
_DATE: Final = _always(say("is no date such as 2026-01-31"))
_WHOLE: Final = _always(say("is no whole number"))
_NUMBER: Final = _always(say("is no number"))
_SENTENCES: Final[Mapping[str, Callable[[Mapping[str, Any]], Said]]] = {
    "missing": _always(say("is missing")),
    "extra_forbidden": _always(say("is not known here")),
    "unexpected_keyword_argument": _always(say("is not known here")),
    "missing_argument": _always(say("is missing")),
    "dataclass_type": _always(say("is no JSON object")),
    "string_type": _always(say("is no text")),
    "string_unicode": _always(say("is no text in UTF-8")),
    "string_pattern_mismatch": _always(say("is not written as it should be")),
    "string_too_long": lambda c: say_count(
        "has more than %(num)s character", "has more than %(num)s characters", c["max_length"]
    ),
    "string_too_short": lambda c: say_count(
        "has less than %(num)s character", "has less than %(num)s characters", c["min_length"]
    ),
    "too_long": lambda c: say_count("has more than %(num)s part", "has more than %(num)s parts", c["max_length"]),
    "too_short": lambda c: say_count("has less than %(num)s part", "has less than %(num)s parts", c["min_length"]),
    "literal_error": lambda c: say("is none of %(expected)s", expected=c["expected"].replace("' or '", "', '")),
    "enum": lambda c: say("is none of %(expected)s", expected=c["expected"].replace("' or '", "', '")),
    "greater_than": lambda c: say("is not above %(limit)s", limit=c["gt"]),
    "greater_than_equal": lambda c: say("is below %(limit)s", limit=c["ge"]),
    "less_than": lambda c: say("is not below %(limit)s", limit=c["lt"]),
    "less_than_equal": lambda c: say("is above %(limit)s", limit=c["le"]),
    "int_type": _WHOLE,
    "int_parsing": _WHOLE,
    "int_from_float": _WHOLE,
    "int_parsing_size": _WHOLE,
    "float_type": _NUMBER,
    "float_parsing": _NUMBER,
    "decimal_type": _NUMBER,
    "decimal_parsing": _NUMBER,
    "finite_number": _NUMBER,
    "decimal_max_digits": lambda c: say_count(
        "has more than %(num)s digit", "has more than %(num)s digits", c["max_digits"]
    ),
    "decimal_max_places": lambda c: say_count(
        "has more than %(num)s digit behind the point",
        "has more than %(num)s digits behind the point",
        c["decimal_places"],
    ),
    "bool_type": _always(say("is neither true nor false")),
    "bool_parsing": _always(say("is neither true nor false")),
    "date_type": _DATE,
    "date_parsing": _DATE,
    "date_from_datetime_parsing": _DATE,
    "date_from_datetime_inexact": _DATE,
    "datetime_type": _INSTANT,
    "datetime_parsing": _INSTANT,
    "datetime_from_date_parsing": _INSTANT,
    "timezone_aware": _INSTANT,
    "uuid_type": _always(say("is no id")),
    "uuid_parsing": _always(say("is no id")),
    "list_type": _always(say("is no list")),
    "tuple_type": _always(say("is no list")),
    "dict_type": _always(say("is no JSON object")),
    "model_type": _always(say("is no JSON object")),
    "model_attributes_type": _always(say("is no JSON object")),
    UNPRINTABLE_TEXT: _always(say("holds a character that no text may hold")),
    "json_invalid": _always(say("is no JSON")),
    "json_type": _always(say("is no JSON")),
}
