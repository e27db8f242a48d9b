"""Rules of statutes that no command asks: they stand on file and are read out, and people see to them.

The register knows neither ages nor arrears, nobody registers or asks for an electronic vote, and
requests, elections and decisions outside a meeting are made among people.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from coop.governance.statutes.model import Articles

SECTIONS: Final = frozenset(
    {
        "call",
        "agenda",
        "late_agenda_article",
        "newspaper_article",
        "universal",
        "written",
        "outside_article",
    }
)
"""Sections that no command asks anything of."""

FIELDS: Final[Mapping[str, object]] = {
    "voters.kinds.enters": True,
    "voters.least_age": 0,
    "voters.arrears_months": None,
    "proxies.before_the_vote": False,
    "advance.on_request": False,
    "online.registered": False,
}
"""Fields of the other sections that no command asks, by their path without numbers and kinds of decision, each with the
value by which it asks nothing of anybody."""

_BY_KIND: Final = ("rules", "notices", "texts", "referenda")


def is_asked(path: str) -> bool:
    """True for a section or field of the record that commands of this program ask.

    >>> [is_asked(path) for path in ("voters.kinds.0.votes", "voters.kinds.0.enters", "rules.statutes.second.says_why")]
    [True, False, True]
    """
    section, *names = [part for part in path.split(".") if not part.isdecimal()]
    names = names[1:] if section in _BY_KIND else names
    return section not in SECTIONS and ".".join([section, *names]) not in FIELDS


def find_unasked(articles: Articles, section: str) -> list[str]:
    """Names of the fields of a section by which articles ask something that no command looks at.

    >>> from coop.governance.statutes.model import Online, VoterKind, Voters
    >>> held = Articles("a", voters=Voters("11", (VoterKind("owner", "11", enters=False),), least_age=18))
    >>> find_unasked(held, "voters"), find_unasked(Articles("b", online=Online("12")), "online")
    (['enters', 'least_age'], ['registered'])
    """
    head, _, kind = section.partition(".")
    content = getattr(articles, head)
    content = content.get(kind) if kind else content
    fields = [(path.split(".")[1:], nothing) for path, nothing in FIELDS.items() if path.startswith(f"{head}.")]
    return [names[-1] for names, nothing in fields if any(value != nothing for value in _read(content, names))]


def _read(content: Any, names: list[str]) -> Iterator[object]:
    """Every value at the end of a path, in each row where there are rows; none where a section is silent."""
    if isinstance(content, tuple):
        for row in content:
            yield from _read(row, names)
    elif content is not None and names:
        yield from _read(getattr(content, names[0]), names[1:])
    elif not names:
        yield content
