"""The watched folder: files of readings that another program puts down, taken by the rules of the page for files.

A file lies in ``<co-operative>/<mapping>/``, where the mapping is one that the co-operative kept by name on that page;
so it says itself how its files are read. A file is taken whole or not at all, and not where the page would ask for a
reason: nobody is here who could give one. It is moved to ``taken`` beside it once its readings are durable, or to
``refused`` with a text that says why in Dutch and English; the page of gateways says both. None is deleted or written
over. What lies in no folder of a co-operative is nobody's, and stays where it is.

Nobody can tell from a file that it is complete. One whose name says that it is being written is left alone
(``UNFINISHED``), and any other is read once two looks, ``quiet_s`` apart, found its size and its time of change the
same. It is read again where it changed meanwhile: what was taken before is the same reading then. Looks of our own, and
no events of the system, because a look is needed anyhow, and a folder of the network has no events (record 0086).
"""

from __future__ import annotations

import logging
import os
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple, Self

from coop.communities.store import list_communities
from coop.kit.actor import Actor
from coop.kit.inbox import StreamStopped
from coop.kit.rawdoor import Headers, RawDoor
from coop.kit.sentences import storable
from coop.kit.service import Room
from coop.kit.sheets import read_sheet
from coop.metering.intake import doubts, folder_log, receive, uploads
from coop.metering.intake.formats import csv_guess
from coop.values import BadInput, CoopError, Said, say
from coop.web.language import N_, translate
from coop.web.writing import speak

log = logging.getLogger(__name__)

QUIET_S = 10.0
LOOK_S = 2.0
FILE_MAX = 32 * 1024 * 1024
"""Largest file [bytes], as on the page."""

NAME_MAX = 200
"""Bytes that are kept of a file's name, from its end: a folder takes 255."""

UNFINISHED = (".part", ".partial", ".filepart", ".tmp", ".crdownload", "~")
"""Ends of names that programs give to what they still write; a name that begins with a dot is one as well."""

TAKEN, REFUSED = "taken", "refused"
LANGUAGES = ("nl", "en")
ACTOR = Actor("operator", "", "folder")
"""Whoever may write to the folder is the operator's to say."""


class Mark(NamedTuple):
    """Two looks that find the same mark found the same content."""

    inode: int
    size_bytes: int
    changed_ns: int

    @classmethod
    def of(cls, path: Path) -> Mark:
        """The mark of a file now."""
        found = path.lstat()
        return cls(found.st_ino, found.st_size, found.st_mtime_ns)


class FolderDoor:
    """Takes files from a folder until it is stopped. ``trouble`` says what keeps it from doing so, if anything."""

    name = "folder"

    def __init__(self, room: Room, folder: Path, quiet_s: float = QUIET_S) -> None:
        self._room, self._folder, self._quiet_s = room, folder, quiet_s
        # Each refused file lies there to be looked at, so any number of them stops nothing.
        self._door = RawDoor(self._take, self._refuse, park_limit=sys.maxsize)
        self._away: str | None = None
        self._seen: dict[Path, tuple[Mark, float]] = {}
        self._thread = threading.Thread(target=self._work, name="folder", daemon=True)

    @property
    def trouble(self) -> str | None:
        """Trouble that keeps files from being taken now."""
        return self._door.trouble or self._away

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._door.stopping.set()
        self._thread.join()

    def _work(self) -> None:
        while not self._door.stopping.is_set():
            try:
                self.look(time.monotonic())
                self._away = None
            except StreamStopped:
                return
            except Exception as error:  # a thread that dies takes no file any more
                self._away = f"{type(error).__name__}: {error}"
                log.warning("the watched folder waits: %s", self._away, exc_info=True)
            self._door.stopping.wait(LOOK_S)

    def look(self, now_s: float) -> None:
        """Take every file that lay still for long enough at ``now_s``, in order of name.

        Raises:
            OSError: the folder is away, or may not be read or written.
            StreamStopped: the door closes.
        """
        seen: dict[Path, tuple[Mark, float]] = {}
        for path in self._list_files():
            with suppress(FileNotFoundError):  # its program renamed it, or another process of ours moved it
                mark = Mark.of(path)
                before = self._seen.get(path)
                seen[path] = before if before is not None and before[0] == mark else (mark, now_s)
        self._seen = seen
        for path in sorted(seen):
            if now_s - seen[path][1] >= self._quiet_s:
                with suppress(FileNotFoundError):
                    self._hand_over(path, seen[path][0])

    def _list_files(self) -> list[Path]:
        with self._room.database.system_read() as sql:
            known = list_communities(sql)
        owned = [entry for entry in self._folder.iterdir() if entry.name in known and entry.is_dir()]
        return [path for folder in owned for path in _list_files(folder)]

    def _hand_over(self, path: Path, mark: Mark) -> None:
        for place in (TAKEN, REFUSED):  # before anything is taken: what cannot be moved would be read again and again
            (path.parent / place).mkdir(exist_ok=True)
        community, *below = path.relative_to(self._folder).parts[:-1]
        headers = {"community": community, "below": "/".join(below), "path": str(path)}
        if mark.size_bytes > FILE_MAX:
            self._door.refuse(headers, b"", CoopError("too-large", say("the file is too large")))
            return
        body = path.read_bytes()
        if Mark.of(path) == mark:
            self._door.receive([(headers, body)])

    def _take(self, messages: Sequence[tuple[Headers, bytes]]) -> None:
        for headers, body in messages:
            path = Path(headers["path"])
            outcome = self._import(headers["community"], headers["below"], path, body)
            log.info("%s/%s: %s", headers["community"], headers["below"], outcome)
            self._move(path, TAKEN)

    def _import(self, community: str, mapping_name: str, path: Path, body: bytes) -> str:
        with self._room.database.read(community) as tx:
            mappings = {named.name: named.mapping for named in uploads.list_mappings(tx)}
        if mapping_name not in mappings:
            raise CoopError("unknown-mapping", _say_unknown(mapping_name, tuple(mappings)))
        sheet = read_sheet(body)
        mapping: dict[str, Any] = csv_guess.map_again(mappings[mapping_name], sheet)
        delivery = receive.decode_delivery(
            receive.CSV,
            csv_guess.write_csv(sheet),
            gateway=storable(path.name)[:200],
            received_at=self._room.database.clock.now(),
            mapping=mapping,
        )
        with self._room.database.write(community, ACTOR) as tx:
            receipt = receive.receive(tx, doubts.confirm(tx, delivery, ""))
        return "was taken before" if receipt.duplicate else f"{receipt.values} readings taken"

    def _refuse(self, headers: Headers, body: bytes, error: Exception) -> None:
        path = Path(headers["path"])
        if isinstance(error, CoopError):
            refusal = error
        else:
            log.error("%s is refused", path, exc_info=error)
            refusal = CoopError("unexpected", say("an unexpected error; the log of the installation says which"))
        problems = refusal.problems if isinstance(refusal, BadInput) else []
        reasons = [problem.say() for problem in problems] or [refusal.message]
        if moved := self._move(path, REFUSED):
            moved.with_name(f"{moved.name}.txt").write_text(write_refusal(path.name, reasons), encoding="utf-8")
            with self._room.database.write(headers["community"], ACTOR) as tx:
                folder_log.note_refused(tx, f"{headers['below']}/{REFUSED}/{moved.name}", refusal)

    def _move(self, path: Path, place: str) -> Path | None:
        """Move a file out of the way, under a name that no other has; None where it changed since, and is read again,
        or another process moved it."""
        stamp = f"{self._room.database.clock.now():%Y%m%dT%H%M%SZ}"
        name = os.fsdecode(os.fsencode(path.name)[-NAME_MAX:])
        names = (f"{stamp}-{count}-{name}" if count else f"{stamp}-{name}" for count in range(sys.maxsize))
        target = next(target for each in names if not (target := path.parent / place / each).exists())
        with suppress(FileNotFoundError):
            if Mark.of(path) == self._seen[path][0]:
                return path.rename(target)
        return None


def write_refusal(file_name: str, reasons: Sequence[str]) -> str:
    """The text beside a refused file.

    >>> print(write_refusal("march.csv", [say("the file is empty")]))
    march.csv is geweigerd: er is niets uit gelezen. Verbeter het en zet het opnieuw in de map.
    - het bestand is leeg
    <BLANKLINE>
    march.csv is refused: nothing of it was read. Mend it and put it in the folder again.
    - the file is empty
    <BLANKLINE>
    """
    heading = N_("%(file)s is refused: nothing of it was read. Mend it and put it in the folder again.")
    texts = []
    for lang in LANGUAGES:
        lines = [translate(lang, heading, file=storable(file_name)), *(f"- {speak(lang, one)}" for one in reasons)]
        texts.append("\n".join(lines) + "\n")
    return "\n".join(texts)


def _say_unknown(name: str, kept: tuple[str, ...]) -> Said:
    if not kept:
        return say(
            "nothing is kept under the name '%(name)s': send one such file on the page Readings by file, and keep what "
            "its columns mean under this name",
            name=name,
        )
    return say(
        "nothing is kept under the name '%(name)s', only under %(kept)s: name the folder after one of these",
        name=name,
        kept=kept,
    )


def _list_files(folder: Path) -> Iterator[Path]:
    """Files in a folder that were not looked at, wherever in it; nothing is found through a link.

    Raises:
        OSError: the folder is away, or may not be read.
    """

    def fail(error: OSError) -> None:
        raise error

    for parent, folders, names in os.walk(folder, onerror=fail):
        folders[:] = [name for name in folders if name not in (TAKEN, REFUSED) and not name.startswith(".")]
        for name in names:
            path = Path(parent, name)
            if not name.startswith(".") and not name.endswith(UNFINISHED) and path.is_file() and not path.is_symlink():
                yield path
