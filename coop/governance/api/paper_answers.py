"""Answers on documents of agenda points."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict


class PaperOut(BaseModel):
    """A document: ``role`` text is the literal text of what is proposed, explanation anything else; ``sha256`` is over
    its bytes."""

    model_config = ConfigDict(from_attributes=True)

    paper_id: str
    name_nl: str
    name_en: str
    role: Literal["text", "explanation"]
    media_type: str
    size_bytes: int
    sha256: str


class LaidPaperOut(PaperOut):
    """A document that lies open with a point. ``is_later``: it came after the notice, which does not bind it."""

    is_later: bool
    laid_at: datetime
