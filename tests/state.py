"""The state of a service as its address answers it, read in one transaction."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import nullcontext
from typing import Any

from coop.kit.sections import Section
from coop.kit.tx import Tx


def state_of(tx: Tx, sections: Mapping[str, Section]) -> dict[str, list[Any]]:
    """Every row of every section."""
    return {
        name: [row.model_dump() for page in section.pages(lambda: nullcontext(tx)) for row in page]
        for name, section in sections.items()
    }
