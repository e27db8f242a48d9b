"""Documents handed out as files, so that nothing in them runs on these pages."""

from __future__ import annotations

from urllib.parse import quote

from fastapi import Response

from coop.governance.model import Paper
from coop.governance.papers.rules import ENDINGS


def answer_file(paper: Paper, body: bytes) -> Response:
    """The file of a document, to be kept and opened elsewhere, byte for byte as it was put ready."""
    name = f"{paper.name_nl}.{ENDINGS[paper.media_type]}"
    headers = {
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(name, safe='')}",
        "Content-Security-Policy": "default-src 'none'; sandbox",
        "X-Content-Type-Options": "nosniff",
    }
    return Response(body, media_type=paper.media_type, headers=headers)
