"""Rules that apply where statutes are silent, and what they cannot set aside.

The law has no ordinary majority and does not speak of blanks or ties: more than half of the votes cast is a choice of
this house, and its article says so.

Source: Civil Code, book 2 (docs/domain/meetings-votes-and-statutes.md#what-the-law-says).
"""

from __future__ import annotations

from typing import Final

from coop.governance.statutes.model import (
    MORE_THAN_HALF,
    Articles,
    Call,
    Proxies,
    Rule,
    Share,
    Term,
    Universal,
    Voters,
)

CHOICE: Final = "choice: the law is silent"

LAW: Final = Articles(
    name="Civil Code, book 2",
    rules={
        "ordinary": Rule(CHOICE, MORE_THAN_HALF),
        "statutes": Rule("BW 2:43 lid 1", Share(2, 3)),
        "dissolution": Rule("BW 2:42 lid 4", Share(2, 3)),
        "conversion": Rule("BW 2:18 lid 2 a", Share(9, 10)),
    },
    notices={"statutes": Term("BW 2:42 lid 1", 7), "dissolution": Term("BW 2:42 lid 1", 7)},
    texts={
        "statutes": Term("BW 2:42 lid 2", 5),
        "dissolution": Term("BW 2:42 lid 2", 5),
        "delegates": Term("BW 2:42 lid 2", 14),
    },
    voters=Voters("BW 2:38 lid 1"),
    proxies=Proxies("BW 2:38 lid 4"),
    call=Call("BW 2:41 lid 2", Share(1, 10), self_article="BW 2:41 lid 3"),
    nomination=Rule("BW 2:37 lid 4", Share(2, 3)),
    universal=Universal("BW 2:42 lid 3"),
)

FLOORS: Final = frozenset({"conversion"})
"""Kinds of which statutes cannot ask less than the law."""

AS_STATUTES: Final = frozenset({"dissolution", "conversion", "merger"})
"""Kinds that follow the rule for a change of statutes where the statutes name none of their own."""

WITH_NOTICE: Final = frozenset({"statutes", "dissolution"})
"""Kinds whose notice and text the law asks, and of which it lets go when everybody is there and for it."""

WRITTEN_RECORD: Final = "BW 2:38 lid 5"
NON_MEMBERS: Final = "BW 2:38 lid 3"
ELECTRONIC: Final = "BW 2:38 lid 6"
ADVANCE: Final = "BW 2:38 lid 8"
ADVANCE_DAYS: Final = 30
DEED: Final = "BW 2:43 lid 5"
CHALLENGE: Final = "BW 2:13 lid 4"
OUTSIDE: Final = "BW 2:40 lid 2"
