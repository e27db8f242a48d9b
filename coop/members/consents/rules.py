"""Rules of consent: the purposes that every co-operative has, and what a purpose of its own has to say.

Sources: docs/domain/personal-data.md#what-may-be-used; BW 2:41 lid 4 and 2:59 for notices by e-mail.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from coop.members.consents.model import PAPER_MAX, TEXT_MAX, TITLE_MAX, Ground, Purpose
from coop.values import BadInput, Problem, say

MAIL_NOTICES = "mail-notices"
"""Purpose of which the law asks consent: notices by mail (BW 2:41 lid 4)."""

PURPOSES = (
    Purpose(
        MAIL_NOTICES,
        say("Notices of meetings and tariffs by e-mail"),
        say(
            "The notice of a members' meeting and of another tariff may come by e-mail to the address in the register. "
            "Without your consent they come by post."
        ),
    ),
    Purpose(
        "quarter-hours",
        say("Your use by quarter-hour, for more than your bill"),
        say(
            "The co-operative may look at your use by quarter-hour to advise you and to plan the heat system. Without "
            "your consent it is used only to share electricity and to make your bill."
        ),
    ),
    Purpose(
        "comparison",
        say("Comparison with your neighbours"),
        say(
            "Your use may count in averages that neighbours see. An average is of at least ten homes, so that nobody "
            "can be read out of it."
        ),
    ),
    Purpose(
        "research",
        say("Research"),
        say(
            "Your use may be part of figures for research that the members' meeting approved. Nobody gets data in "
            "which you can be recognised."
        ),
    ),
)
"""Purposes that every co-operative may ask for."""

GROUNDS = (
    Ground(
        say("The register of members"),
        say("A co-operative keeps a register of its members (BW 2:35) and knows who votes."),
        say("as long as you are a member, and seven years after your last bill"),
    ),
    Ground(
        say("Meter readings for your bill"),
        say("Your contract and the law on heat ask for bills by meter readings."),
        say("seven years after the year of the bill that rests on them"),
    ),
    Ground(
        say("Bills and payments"),
        say("The tax law asks that books are kept (AWR art. 52)."),
        say("seven years after the year of the bill"),
    ),
    Ground(
        say("Votes"),
        say("A decision can be checked for as long as it counts."),
        say("as long as the decision counts"),
    ),
    Ground(
        say("Signing in"),
        say("It shows you and the board whether somebody else came in."),
        say("90 days"),
    ),
)
"""Uses that need no consent, as the member's page names them."""


def require_purpose(title: str, text: str) -> None:
    """Refuse a purpose of which nobody could know what it means.

    Raises:
        BadInput: with everything that is wrong.
    """
    if problems := list(_find_faults(("title", title, TITLE_MAX), ("text", text, TEXT_MAX))):
        raise BadInput(problems, "bad-purpose")


def require_paper(paper: str, signed_on: date | None, today: date) -> None:
    """Refuse a consent by somebody else's hand without the paper on which the member gave it.

    Raises:
        BadInput: with everything that is wrong.
    """
    problems = list(_find_faults(("paper", paper, PAPER_MAX)))
    if signed_on is None:
        problems.append(Problem(say("the day on which it was signed is missing"), "signed_on"))
    elif signed_on > today:
        problems.append(Problem(say("lies in the future"), "signed_on"))
    if problems:
        raise BadInput(problems, "bad-consent")


def _find_faults(*fields: tuple[str, str, int]) -> Iterator[Problem]:
    for name, text, longest in fields:
        if not text.strip() or len(text) > longest or not text.replace("\n", " ").replace("\r", " ").isprintable():
            yield Problem(say("needs 1 to %(max)s signs that print", max=longest), name)
