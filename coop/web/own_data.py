"""Data that a service holds of one person, as one zip: each list as CSV and as JSON, and papers as they are.

No service reads another's tables or asks it, so each offers its own part and the account's page names all of them.
"""

from __future__ import annotations

import csv
import io
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from tempfile import SpooledTemporaryFile
from typing import IO, Any, Final
from zipfile import ZIP_DEFLATED, ZipFile

from fastapi import Request, Response
from fastapi.responses import JSONResponse

from coop.web.downloads import MEMORY_MAX, Download, send_file
from coop.web.language import language_of
from coop.web.listings import Listing
from coop.web.own_paper import ROWS_SHOWN

ZIP_ANSWER: Final[dict[int | str, dict[str, Any]]] = {
    200: {
        "description": "A zip of everything: each list as CSV and JSON, and papers.",
        "content": {"application/zip": {"schema": {"type": "string", "format": "binary"}}},
    }
}
"""The answer as the contract describes it."""


@dataclass(frozen=True)
class Paper:
    """A document as a file of its own."""

    name: str
    body: bytes


def answer_own_data(
    request: Request, service: str, listings: Iterable[Listing], papers: Iterable[Paper] = ()
) -> Response:
    """All of it as one file to keep, or with ``?form=paper`` the beginning of each list as text: a browser has one
    paper made of those of all services. Nobody else may keep it on the way: no cache takes it."""
    if request.query_params.get("form") == "paper":
        lists = [_begin_listing(listing, language_of(request)) for listing in listings]
        return JSONResponse({"lists": lists}, headers={"Cache-Control": "no-store"})
    file: IO[bytes] = SpooledTemporaryFile(MEMORY_MAX)  # noqa: SIM115  (the answer closes it when it is sent)
    try:
        with ZipFile(file, "w", ZIP_DEFLATED) as archive:
            for listing in listings:
                _add_listing(archive, listing, language_of(request))
            for paper in papers:
                archive.writestr(paper.name, paper.body)
    except BaseException:
        file.close()
        raise
    return send_file(file, f"own-data-{service}.zip", "application/zip", {"Cache-Control": "no-store"})


def _begin_listing(listing: Listing, lang: str) -> dict[str, object]:
    """The beginning of a list as a file for people writes it."""
    rows = list(listing.rows)
    with SpooledTemporaryFile(MEMORY_MAX) as file:
        Download("csv", lang).write(Listing(listing.name, listing.columns, rows[:ROWS_SHOWN]), file)
        file.seek(0)
        columns, *written = csv.reader(io.TextIOWrapper(file, "utf-8", newline=""))
    cells = [[cell[:2000] for cell in row] for row in written]
    return {"name": listing.name, "columns": columns, "rows": cells, "count": len(rows)}


def zip_files(paths: Iterable[Path], name: str) -> Response:
    """Files that are compressed already, as one zip to keep."""
    file: IO[bytes] = SpooledTemporaryFile(MEMORY_MAX)  # noqa: SIM115  (the answer closes it when it is sent)
    with ZipFile(file, "w") as archive:
        for path in paths:
            archive.write(path, path.name)
    return send_file(file, name, "application/zip")


def _add_listing(archive: ZipFile, listing: Listing, lang: str) -> None:
    rows = list(listing.rows)
    for download in (Download("csv", lang), Download("json", lang)):
        with SpooledTemporaryFile(MEMORY_MAX) as file:
            download.write(Listing(listing.name, listing.columns, rows), file)
            file.seek(0)
            with archive.open(f"{listing.name}.{download.extension}", "w") as entry:
                shutil.copyfileobj(file, entry)
