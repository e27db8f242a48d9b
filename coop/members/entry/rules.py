"""Rules of forms: merging what two people typed, and the next number."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from coop.members.history.model import Change


def merge_typed(now: Mapping[str, str], later: Sequence[Change], typed: Mapping[str, str]) -> dict[str, str]:
    """The row that somebody means who typed over an older one: only what they changed themselves counts, the rest stays
    as others left it.

    Args:
        now: the row as it is.
        later: what others changed since the form was opened, newest first.
        typed: the fields of the form.
    """
    opened = dict(now)
    for change in later:
        opened[change.field] = change.old
    mine = {name: text.strip() for name, text in typed.items() if text.strip() != opened.get(name, "")}
    return {**now, **mine}


def suggest_number(numbers: Iterable[str]) -> str:
    """The number after the highest, as wide as it is; empty where numbers do not count.

    >>> suggest_number(["009", "010"]), suggest_number(["C1", "C2"]), suggest_number([]), suggest_number(["K.a"])
    ('011', 'C3', '1', '')
    """
    endings = [match for number in numbers if (match := re.fullmatch(r"(.*?)(\d{1,9})", number))]
    if not endings:
        return "" if list(numbers) else "1"
    highest = max(endings, key=lambda match: int(match[2]))
    return f"{highest[1]}{int(highest[2]) + 1:0{len(highest[2])}d}"
