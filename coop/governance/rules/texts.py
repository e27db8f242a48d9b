"""Texts as they may come in."""

from __future__ import annotations

import re
from typing import Final

UNPRINTABLE: Final = re.compile("[\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\\x7f-\\x9f\\ud800-\\udfff\\ufffe\\uffff]")
"""Characters that no text holds: XML cannot carry them, and so no feed."""
