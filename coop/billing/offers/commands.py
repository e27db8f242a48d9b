"""Offers to those who are no members yet. Nothing here writes: an offer is reckoned anew whenever it is asked for."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from coop.billing.bills.book import load_book
from coop.billing.model import GasYear
from coop.billing.offers.rules import Offer, make_offer
from coop.billing.runs.drafting import refuse_unvoted
from coop.kit.tx import Tx


def preview_offer(tx: Tx, starts_on: date, reference: Sequence[GasYear], customer_class: str) -> Offer:
    """Reckon an offer by the tariffs and choices on file.

    Raises:
        BadInput: the gas bills or the class are none that an offer can rest on.
        CoopError: ``no-tariff``, ``figure-missing`` or ``tariff-not-voted``.
    """
    refuse_unvoted(tx)
    return make_offer(load_book(tx), starts_on, reference, customer_class, tx.today)
