r"""Bodies that are no shape of ours, as the contract shows them: a telegram in each format, and files.

Each example is one that its door takes (a test hands them in).
"""

from __future__ import annotations

import json
from typing import Any, Final

from coop.metering.intake.formats.head_end import BATCH_SCHEMA

P1: Final = "\r\n".join(
    [
        "/ISK5\\2M550T-1012",
        "",
        "1-3:0.2.8(50)",
        "0-0:1.0.0(250402000000S)",
        "0-0:96.1.1(4530303031)",
        "1-0:1.8.1(001234.567*kWh)",
        "1-0:1.8.2(000765.432*kWh)",
        "1-0:2.8.1(000100.000*kWh)",
        "1-0:2.8.2(000050.000*kWh)",
        "0-1:24.1.0(004)",
        "0-1:96.1.0(4B57473530303031)",
        "0-1:24.2.1(250402000000S)(0012.34*GJ)",
        "!D59D",
        "",
    ]
)
"""An electricity meter E0001 with a heat meter KWG50001 behind it, at midnight of 2 April 2025."""

MBUS: Final = "2025-04-02T00:00:00Z 681D1D68080172175885062D2C0804040000000406E7910000025AC6010A621000FF16\n"
"""The answer of a heat meter KAM06855817, one long frame in hexadecimal, behind the instant of the reading round."""

HEAD_END: Final = json.dumps(
    {
        "head_end": "head-end-1",
        "sent_at": "2025-04-02T00:05:00Z",
        "series": [
            {
                "meter": "E0001",
                "quantity": "electricity_import",
                "unit": "Wh",
                "start": "2025-04-01T22:00:00Z",
                "step_s": 900,
                "values": [120, None, 131],
                "quality": [1, 0, 1],
            }
        ],
    }
)
"""Three quarter-hours of a meter E0001, of which the second is missing."""

CSV: Final = "time,heat\n2025-04-01T00:00Z,12.30\n2025-04-02T00:00Z,12.34\n"
CSV_MAPPING: Final = json.dumps(
    {"time_column": "time", "meter": "KWG50001", "columns": [{"column": "heat", "quantity": "heat", "unit": "GJ"}]}
)

TELEGRAM_BODY: Final[dict[str, Any]] = {
    "required": True,
    "description": "`p1`: DSMR telegrams. `mbus`: one long frame a line, hexadecimal, behind an instant where there is "
    "one. `head-end`: many series in one JSON document. The query says which of them it is.",
    "content": {
        "text/plain": {
            "schema": {"type": "string"},
            "examples": {
                "p1": {"summary": "p1: a DSMR telegram with a heat meter", "value": P1},
                "mbus": {"summary": "mbus: a heat meter's answer", "value": MBUS},
            },
        },
        "application/json": {
            "schema": BATCH_SCHEMA,
            "examples": {"head-end": {"summary": "head-end: quarter-hours of a meter", "value": json.loads(HEAD_END)}},
        },
        "application/octet-stream": {"schema": {"type": "string", "format": "binary"}},
    },
}
CSV_BODY: Final[dict[str, Any]] = {
    "required": True,
    "content": {"text/csv": {"schema": {"type": "string"}, "example": CSV}},
}
