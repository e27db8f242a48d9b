"""Words for what a bill asks, and for even amounts."""

from __future__ import annotations

from coop.billing.amounts.commands import AmountView
from coop.billing.bills.asking import Asked, Why
from coop.web.language import N_, translate
from coop.web.writing import civil_day, money

BASES = {
    "expected": N_("by what is expected"),
    "asked": N_("as you set it"),
    "drift": N_("because your expected cost moved away from it"),
}
"""Ground of an even amount."""


def explain_asked(lang: str, asked: Asked | None) -> str:
    """Reason why a bill asks another amount than it comes to; empty where it asks what it comes to."""
    if asked is None or asked.why is Why.WHOLE:
        return ""
    if asked.why is Why.EVEN:
        return " ".join(filter(None, (_even(lang, asked), _coming(lang, asked))))
    if asked.why is Why.LATER:
        return translate(lang, "This correction counts in the settlement of your guarantee year; nothing is asked now.")
    if asked.why is Why.SMALL:
        return translate(
            lang, "So small an amount is added to your next bill: %(amount)s.", amount=money(lang, asked.carried_cents)
        )
    if asked.brought_cents < 0:
        return translate(
            lang,
            "This bill settles those before it (%(bills)s): %(amount)s more was asked than they came to; it comes off.",
            bills=", ".join(asked.settles),
            amount=money(lang, -asked.brought_cents),
        )
    return translate(
        lang,
        "This bill settles those before it (%(bills)s): %(amount)s of them was not asked yet, and is added.",
        bills=", ".join(asked.settles),
        amount=money(lang, asked.brought_cents),
    )


def _even(lang: str, asked: Asked) -> str:
    if asked.carried_cents >= 0:
        said = N_(
            "This is your monthly amount. With this bill %(amount)s is left, which is settled with the last bill of"
            " your guarantee year."
        )
    else:
        said = N_(
            "This is your monthly amount. With this bill you have paid %(amount)s ahead, which is settled with the last"
            " bill of your guarantee year."
        )
    return translate(lang, said, amount=money(lang, abs(asked.carried_cents)))


def _coming(lang: str, asked: Asked) -> str:
    if asked.coming is None:
        return ""
    amount_cents, day = asked.coming
    return translate(
        lang,
        "From %(day)s your monthly amount is %(amount)s; you may set another one on your page.",
        day=civil_day(lang, day),
        amount=money(lang, amount_cents),
    )


def judge_amount(lang: str, view: AmountView) -> str:
    """Say in a sentence whether the present amount is enough."""
    if view.present is None or view.left_cents is None:
        return translate(lang, "Your monthly amount is set in the coming night; until then you pay each bill as it is.")
    present, left = money(lang, view.present.amount_cents), view.left_cents
    if abs(left) * 20 <= view.expected_cents:
        return translate(lang, "Your monthly amount of %(amount)s is enough: about nothing is left.", amount=present)
    if left > 0:
        return translate(
            lang,
            "Your monthly amount of %(amount)s is not enough: with the last bill of the year you pay about %(left)s"
            " more.",
            amount=present,
            left=money(lang, left),
        )
    return translate(
        lang,
        "Your monthly amount of %(amount)s is more than enough: with the last bill of the year you pay about %(left)s"
        " less, or get it back.",
        amount=present,
        left=money(lang, -left),
    )
