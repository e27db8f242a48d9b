"""Words and numbers that programs and forms send to billing, and how long and large they may be."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StringConstraints

Name = Annotated[str, StringConstraints(min_length=1, max_length=100, pattern=r"^[^\x00]*$")]
"""An id or a word."""

Sentence = Annotated[str, StringConstraints(max_length=2000, pattern=r"^[^\x00]*$")]
"""Words of people."""

Year = Annotated[int, Field(ge=1900, le=2200)]
