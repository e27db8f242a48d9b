"""Telegrams as a gateway sends them, written by hand."""

from __future__ import annotations

import json
from typing import Any

from coop.metering.intake.formats.p1 import crc16


def p1(meter: str, at: str, heat_gj: str) -> bytes:
    r"""A P1 telegram with the stand of a heat meter at a Dutch local time.

    >>> p1("KWG00001", "260101000000W", "0012.34").splitlines()[-1]
    b'!C967'
    """
    lines = ["/KWG5\\HEAT-0001", "", "1-3:0.2.8(50)", f"0-0:1.0.0({at})", "0-1:24.1.0(004)"]
    lines += [f"0-1:96.1.0({meter.encode().hex()})", f"0-1:24.2.1({at})({heat_gj}*GJ)", "!"]
    telegram = "\r\n".join(lines).encode()
    return telegram + f"{crc16(telegram):04X}\r\n".encode()


def head_end(*series: dict[str, Any]) -> bytes:
    """A head-end batch; each series gives its meter, start and values, and by default quarter-hours of import in Wh."""
    usual = {"quantity": "electricity_import", "unit": "Wh", "step_s": 900}
    batch = {"head_end": "he", "sent_at": "2025-02-01T00:00:00Z", "series": [usual | one for one in series]}
    return json.dumps(batch).encode()
