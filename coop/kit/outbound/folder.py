"""Files in a folder, for reports: written whole or not at all, with path and hash as proof.

The recipient is the file's name below the co-operative's own folder, such as ``2026/november.csv``. A file that is
there with the same content counts as written; one with another content is never replaced.
"""

from __future__ import annotations

import errno
import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from coop.kit.outbound.message import Away, Outgoing, Refused, Send, TryLater
from coop.values import say

_BAD_NAME = (errno.ENAMETOOLONG, errno.EISDIR, errno.EEXIST, errno.ENOTDIR, errno.EINVAL)


class Folder:
    """The way out into a folder."""

    def __init__(self, root: Path) -> None:
        self._root = root

    @contextmanager
    def open(self) -> Iterator[Send]:
        """See that the folder is there.

        Raises:
            Away: it cannot be made or written to.
        """
        try:
            self._root.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise Away(say("folder %(name)s: %(strerror)s", name=self._root.name, strerror=error.strerror)) from error
        if not os.access(self._root, os.W_OK | os.X_OK):
            raise Away(say("folder %(name)s: nothing can be written there", name=self._root.name))
        yield self._write

    def _write(self, outgoing: Outgoing) -> str:
        name = f"{_part(outgoing.community)}/{'/'.join(_part(part) for part in outgoing.recipient.split('/'))}"
        path = self._root / PurePosixPath(name)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            if not path.exists():
                _write_whole(path, outgoing.body, outgoing.id)
            if path.read_bytes() != outgoing.body:
                raise Refused(say("%(name)s is there with another content", name=name))
        except OSError as error:
            reason = say("%(name)s cannot be written: %(error)s", name=name, error=error.strerror)
            raise (Refused(reason) if error.errno in _BAD_NAME else TryLater(reason)) from error
        return f"{name} sha256 {hashlib.sha256(outgoing.body).hexdigest()}"


def _part(text: str) -> str:
    """A name of a folder or file that stays where it is put, and that no draft has.

    Raises:
        Refused: it is none.
    """
    if not text or text.startswith(".") or "\\" in text or "/" in text:
        raise Refused(say("'%(name)s' is no name for a file", name=text))
    return text


def _write_whole(path: Path, body: bytes, key: str) -> None:
    draft = path.with_name(f".{key}.{os.getpid()}")
    try:
        with draft.open("wb") as file:
            file.write(body)
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(draft, path)
        except FileExistsError:  # another process was first; whose content it is, the caller looks at
            return
    finally:
        draft.unlink(missing_ok=True)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
