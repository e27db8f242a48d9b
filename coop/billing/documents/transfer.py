"""The code that a bank's app reads to fill in a transfer: EPC069-12, version 2, as SVG."""

from __future__ import annotations

import io
from decimal import Decimal
from typing import Final

from segno.helpers import make_epc_qr

_NAME_MAX: Final = 70
_CENTS_MAX: Final = 99_999_999_999


def draw_transfer_code(name: str, iban: str, amount_cents: int, reference: str) -> str:
    """Draw the code of a transfer to an account, under a creditor reference (ISO 11649).

    Source: docs/domain/payments-and-identifiers.md#transfer-code.

    Returns:
        SVG of the code with its quiet zone; empty where the code cannot hold the amount.
    """
    if not 0 < amount_cents <= _CENTS_MAX:
        return ""
    code = make_epc_qr(name=name[:_NAME_MAX], iban=iban, amount=Decimal(amount_cents).scaleb(-2), reference=reference)
    drawn = io.BytesIO()
    code.save(drawn, kind="svg", xmldecl=False, svgclass=None, lineclass=None, omitsize=True)
    return drawn.getvalue().decode()
