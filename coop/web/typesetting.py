"""Setting paper: a template that only places text, and the texts that it places, become a PDF.

Invariant: the same content and instant give the same bytes, today and after a restart: fonts come with the typesetter,
and nothing is read from the machine.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from coop.web.glyphs import show_all

if TYPE_CHECKING:
    import typst

READABLE: Final[list[typst.PDFStandard]] = ["ua-1"]
"""A file that a screen reader can read."""
ARCHIVED: Final[list[typst.PDFStandard]] = ["a-2a", "ua-1"]
"""A copy that a screen reader can read, and that is kept for years."""


class Typesetter:
    """Sets one template, one paper at a time."""

    def __init__(self, template: Path, standards: list[typst.PDFStandard]) -> None:
        self._template = template
        self._standards = standards
        self._one_at_a_time = threading.Lock()

    def set_paper(self, content: Mapping[str, Any], at: datetime) -> bytes:
        """Set content, which the template finds in ``sys.inputs.data``; ``at`` is the instant that the file names.

        Characters that the fonts lack are written otherwise, so that no name stops a paper.
        """
        inputs = {"data": json.dumps(show_all(content))}
        with self._one_at_a_time:
            try:
                made = self._compiler.compile(
                    input=self._template, format="pdf", sys_inputs=inputs, pdf_standards=self._standards, timestamp=at
                )
            except BaseException as error:
                if type(error).__name__ != "PanicException":  # a bug of the typesetter, which is no Exception
                    raise
                raise RuntimeError(f"the typesetter stopped: {error}") from error
        assert isinstance(made, bytes)
        # Poppler takes this for a fault, though a file without it means the same: blanks, so that every offset stays
        # right.
        return made.replace(b"/Suspects false", b" " * 15)

    @cached_property
    def _compiler(self) -> typst.Compiler:
        import typst  # 6 MiB, for processes that typeset

        return typst.Compiler(self._template, root=self._template.parent, ignore_system_fonts=True)
