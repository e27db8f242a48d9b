"""Values by which a message of each kind is shown before there is one."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from coop.values import say
from coop.web.language import N_, gettext
from coop.web.writing import civil_day, money, month


def make_example(kind: str, now: datetime, day: date) -> dict[str, object]:
    """Values for an example of a kind: every paragraph of it says something."""
    numbers = {"number": "2026-000042", "corrects": "2026-000007", "pay_cents": 12345}
    names = ("first", "last", "due_on", "held_on", "vote_from", "valid_from", "decided_on", "held_anew_on", "until")
    days = dict.fromkeys((*names, "left_on", "was_on", "ends_on"), day)
    lines = {
        "agenda": lambda lang: (gettext(lang, N_("Tariff of next year")), gettext(lang, N_("Minutes"))),
        "papers": lambda lang: (gettext(lang, N_("Explanation of the tariff")),),
        "prices": lambda lang: (f"{gettext(lang, N_('Heat'))}: {money(lang, 3275)} {gettext(lang, N_('per GJ'))}",),
        "plan": lambda lang: (f"{civil_day(lang, day)}: {gettext(lang, N_('Minutes'))}",),
    }
    texts = {
        "until": now + timedelta(days=7),
        "at": now,
        "email": "lid@voorbeeld.nl",
        "change": say("the password was changed"),
        "by": "A. Jansen",
        "place": "Buurthuis De Ketel",
        "begins_at": "20:00",
        "votes_until": "20:00",
        "reason": lambda lang: gettext(lang, N_("The hall is not free.")),
        "subject": lambda lang: gettext(lang, N_("Tariff of next year")),
        "paper": lambda lang: gettext(lang, N_("Explanation of the tariff")),
        "month": lambda lang: month(lang, day),
        "meter": "KWG50001",
        "on": "Tarief van 2027",
        "changes": "Een euro minder",
        "lapses": "art. 19",
        "what": say("it was corrected"),
        "way": say("it expels you (ontzetting)"),
        "meanwhile": say("Until that is settled you are a member with your vote."),
        "article": "art. 7",
        "link": "/",
    }
    return {**numbers, **days, **lines, **texts}
