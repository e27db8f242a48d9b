"""Papers of a whole run: all of them as one zip, and those that are posted as one file to print."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from tempfile import SpooledTemporaryFile
from typing import IO
from zipfile import ZIP_STORED, ZipFile

from coop.billing.bills import paper_store as papers
from coop.billing.bills import store as bills
from coop.billing.bills.asking import moves_nothing
from coop.billing.documents.archive import Opens, freeze, read_paper
from coop.billing.documents.contents import document_of
from coop.billing.documents.pdf import bills_pdf
from coop.billing.model import BillHead
from coop.kit.tx import Tx
from coop.values import CoopError, NotFound, say, say_count
from coop.web.downloads import MEMORY_MAX
from coop.web.language import translate
from coop.web.writing import speak

log = logging.getLogger(__name__)


def zip_papers(read: Opens, write: Opens, run_id: str, lang: str) -> IO[bytes]:
    """The papers of a run as they were put away, as one zip; whoever takes the file closes it. A list in the zip says
    which papers cannot be had, and why: one that fails keeps nobody from the others.

    Raises:
        NotFound: the run issued nothing.
        CoopError: ``papers-wait``, the register did not say yet whom some are for.
    """
    with read() as tx:
        heads = _list_addressed(tx, run_id)
    file: IO[bytes] = SpooledTemporaryFile(MEMORY_MAX)  # noqa: SIM115  (the answer closes it when it is sent)
    try:
        with ZipFile(file, "w", ZIP_STORED) as archive:  # a PDF is compressed already
            missing = []
            for head in heads:
                try:
                    archive.writestr(f"{head.number}.pdf", read_paper(read, write, head.id).body)
                except Exception as error:  # whatever stops one paper, the others are asked for
                    log.exception("the paper of bill %s cannot be had", head.number)
                    missing.append((head.number, error))
            if missing:
                archive.writestr(translate(lang, "missing.txt"), _list_missing(lang, missing, len(heads)))
    except BaseException:
        file.close()
        raise
    return file


def _list_missing(lang: str, missing: Sequence[tuple[str, Exception]], count: int) -> str:
    said = translate(lang, "%(missing)s of %(count)s papers are not in this file:", missing=len(missing), count=count)
    unknown = translate(lang, "it cannot be made; the operator finds the reason in the log")
    reasons = (
        f"{number}: {speak(lang, error.message) if isinstance(error, CoopError) else unknown}"
        for number, error in missing
    )
    return "\n".join((said, *reasons, ""))


def typeset_letters(read: Opens, run_id: str, title: str) -> bytes:
    """The papers of a run that go by letter, each on sheets of its own, as one file to print.

    Raises:
        NotFound: nobody in it is written to by letter.
        CoopError: as ``zip_papers``.
        UnreadableDocument: what was frozen was changed since.
    """
    with read() as tx:
        ids = {head.id for head in _list_addressed(tx, run_id)}
        frozen = freeze(tx, [issued for issued in bills.find_bills(tx, run_id=run_id) if issued.id in ids])
    posted = [each for each in frozen.values() if each.addressee.by_letter and not moves_nothing(each.issued)]
    if not posted:
        raise NotFound(say("nobody in this run gets their bill by letter"))
    return bills_pdf([(document_of(each), each.lang) for each in posted], title)


def count_posted(tx: Tx, heads: Sequence[BillHead]) -> int:
    """Bills that go by letter."""
    told = [head.id for head in heads if not moves_nothing(head)]
    return sum(addressee.by_letter for addressee in papers.find_recipients(tx, told).values())


def _list_addressed(tx: Tx, run_id: str) -> list[BillHead]:
    heads = bills.list_heads(tx, run_id=run_id)
    if not heads:
        raise NotFound(say("there is no issued run %(run_id)s", run_id=run_id))
    waiting = len(heads) - len(papers.find_recipients(tx, [head.id for head in heads]))
    if waiting:
        raise CoopError(
            "papers-wait",
            say_count(
                "%(num)s paper of this run waits for its address: try again in a minute",
                "%(num)s papers of this run wait for their addresses: try again in a minute",
                waiting,
            ),
        )
    return heads
