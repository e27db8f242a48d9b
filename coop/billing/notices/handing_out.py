"""Files that show to whom a notice went, handed out so that nothing in them runs on these pages."""

from __future__ import annotations

from fastapi import Response

from coop.billing.notices import store
from coop.billing.notices.file_store import load_file
from coop.billing.notices.files import kind_of
from coop.filekinds import ENDINGS
from coop.kit.tx import Tx
from coop.values import NotFound, say


def answer_evidence(tx: Tx, number: int) -> Response:
    """The file of a list, to be kept and opened elsewhere, byte for byte as it was handed in.

    Raises:
        NotFound: no list has this number, or its file was erased as no bill leans on it any more.
        CoopError: ``changed-document``, the file was changed after it was handed in.
    """
    entry = store.find_entry(tx, number)
    if entry is None:
        raise NotFound(say("no notice has number %(number)s", number=number))
    body = load_file(tx, entry)
    kind = kind_of(body)
    headers = {
        "Content-Disposition": f'attachment; filename="notice-{number}.{ENDINGS[kind]}"',
        "Content-Security-Policy": "default-src 'none'; sandbox",
        "X-Content-Type-Options": "nosniff",
    }
    return Response(body, media_type=kind, headers=headers)
