"""Amounts that the bills of a run ask to be paid, by the plan of the co-operative and the even amounts that were
set."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from coop.billing.amounts import store as amounts
from coop.billing.bills.asking import (
    Asked,
    MonthlyAmount,
    Standing,
    amount_on,
    ask,
    coming_amount,
    stand_after,
    year_of,
)
from coop.billing.bills.book import list_contracts
from coop.billing.model import BillInputs, Contract
from coop.communities.choices import PaymentChoice
from coop.communities.store import load_choices
from coop.kit.tx import Tx


class Asker:
    """Asks bill after bill, in the order in which they are numbered; each leaves its contract as the next finds it."""

    def __init__(self, tx: Tx, issued_on: date, contract_ids: Sequence[str]) -> None:
        self._choice = load_choices(tx).on(PaymentChoice, issued_on)
        wanted = sorted(set(contract_ids))
        self._contracts: dict[str, Contract] = {each.contract_id: each for each in list_contracts(tx)}
        self._standings = amounts.list_standings(tx, wanted)
        self._amounts: dict[tuple[str, date], list[MonthlyAmount]] = {}
        for amount in amounts.list_amounts(tx, wanted) if self._choice.plan == "even" else ():
            self._amounts.setdefault((amount.contract_id, amount.year_start), []).append(amount)
        self._issued_on = issued_on

    def ask(self, number: str, inputs: BillInputs, total_cents: int) -> Asked:
        """Decide what the next bill of a contract asks."""
        contract = self._contracts[inputs.contract_id]
        standing = self._standings.get(contract.contract_id, Standing())
        year = year_of(contract, inputs.period.start)
        of_year = self._amounts.get((contract.contract_id, year.start), [])
        is_correction = inputs.corrects is not None
        asked = ask(
            total_cents,
            standing,
            amount_on(of_year, inputs.period),
            inputs.period,
            contract,
            is_correction=is_correction,
            least_cents=self._choice.least_cents,
            coming=coming_amount(of_year, self._issued_on),
        )
        self._standings[contract.contract_id] = stand_after(
            standing, number, inputs.period.end, asked, is_correction=is_correction
        )
        return asked
