"""Puts a restored set of files into the data folder: one rename decides, and whoever comes next finishes the rest.

The files are made in ``.restoring``. Renamed to ``.restored`` they are the installation, also when the process is
killed before the last file has moved to its place: the next start, or the next command, moves the others.
"""

from __future__ import annotations

import os
import shutil
from contextlib import suppress
from pathlib import Path

RESTORING, RESTORED = ".restoring", ".restored"


def prepare(data_dir: Path) -> Path:
    """An empty folder for the files; what a killed restore left there is removed."""
    folder = data_dir / RESTORING
    if folder.exists():
        shutil.rmtree(folder)
    folder.mkdir(mode=0o700, parents=True)
    return folder


def place(data_dir: Path) -> None:
    """Make the prepared files the installation."""
    folder = data_dir / RESTORING
    for path in folder.iterdir():
        path.chmod(0o600)
        _sync(path)
    _sync(folder)
    os.rename(folder, data_dir / RESTORED)
    _sync(data_dir)
    finish(data_dir)


def finish(data_dir: Path) -> None:
    """Move what was restored and stands not yet in its place; nothing to do in most cases."""
    folder = data_dir / RESTORED
    if not folder.is_dir():
        return
    for path in sorted(folder.iterdir()):
        with suppress(FileNotFoundError):  # another process moved it
            os.replace(path, data_dir / path.name)
    _sync(data_dir)
    with suppress(OSError):
        folder.rmdir()


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
