r"""Encryption of a backup in the format of age (age-encryption.org), as a stream.

To a recipient the file is an age file that the ``age`` command opens as well. With a passphrase a key is made for this
one file; the key stands in its first line, encrypted with the passphrase as age does, and the age file follows:
``head -n1 FILE | cut -d' ' -f2 | base64 -d | age -d > key; tail -n+2 FILE | age -d -i key``.
"""

from __future__ import annotations

import base64
import binascii
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

import pyrage
from pyrage import passphrase, x25519

from coop.values import BadInput, CoopError, Problem

AGE = b"age-encryption.org/"
ENVELOPE = b"coop-key "
PASSPHRASE_LENGTH_MIN = 12
_LINE_MAX = 4096


@dataclass(frozen=True)
class Seal:
    """For whom a backup is encrypted; for nobody when both are empty."""

    recipient: str = ""
    passphrase: str = ""

    def __bool__(self) -> bool:
        return bool(self.recipient or self.passphrase)


@dataclass(frozen=True)
class Keys:
    """Means to read an encrypted backup: a file of age identities, or a passphrase."""

    identity: str = ""
    passphrase: str = ""


def read_passphrase(path: Path) -> str:
    """The first line of a file.

    Raises:
        BadInput: it is too short.
    """
    lines = path.read_text().splitlines()
    if not lines or len(lines[0]) < PASSPHRASE_LENGTH_MIN:
        raise BadInput([Problem(f"needs {PASSPHRASE_LENGTH_MIN} characters in its first line", "passphrase-file")])
    return lines[0]


@contextmanager
def sealed(target: BinaryIO, seal: Seal) -> Iterator[BinaryIO]:
    """A file to write a backup to, which arrives in ``target`` encrypted as ``seal`` says.

    Raises:
        BadInput: the recipient is none.
    """
    if not seal:
        yield target
        return
    if seal.passphrase:
        identity = x25519.Identity.generate()
        recipient = identity.to_public()
        key = base64.b64encode(passphrase.encrypt(f"{identity}\n".encode(), seal.passphrase))
        target.write(ENVELOPE + key + b"\n")
    else:
        try:
            recipient = x25519.Recipient.from_str(seal.recipient)
        except pyrage.RecipientError as error:
            raise BadInput([Problem(f"is no recipient of age (age1...): {error}", "encrypt-to")]) from None
    read_end, write_end = _pipe()
    worker = _Worker(lambda: pyrage.encrypt_io(read_end, target, [recipient]), closes=read_end)
    try:
        with write_end:
            yield write_end
    except BrokenPipeError:
        worker.finish()  # its reason is why nobody reads the pipe
        raise
    finally:
        worker.wait()
    worker.finish()


@contextmanager
def opened(source: BinaryIO, keys: Keys) -> Iterator[BinaryIO]:
    """Contents of a backup, decrypted where it is encrypted.

    Raises:
        CoopError: the key is missing or wrong, or the file is damaged.
    """
    start = source.read(max(len(AGE), len(ENVELOPE)))
    source.seek(0)
    if not start.startswith((AGE, ENVELOPE)):
        yield source
        return
    identities = _identities(source, start, keys)
    read_end, write_end = _pipe()
    worker = _Worker(lambda: pyrage.decrypt_io(source, write_end, identities), closes=write_end)
    try:
        yield read_end
    finally:
        failure = worker.failure  # known before the end of the pipe is seen
        with suppress(OSError):
            read_end.close()
        worker.wait()
        if failure:
            raise CoopError("wrong-key", f"the backup does not open, by another key or for damage: {failure}") from None


def _identities(source: BinaryIO, start: bytes, keys: Keys) -> list[x25519.Identity]:
    if start.startswith(ENVELOPE):
        line = source.readline(_LINE_MAX)
        if not keys.passphrase:
            raise CoopError("needs-key", "the backup is encrypted with a passphrase: give --passphrase-file")
        try:
            texts = passphrase.decrypt(base64.b64decode(line[len(ENVELOPE) :]), keys.passphrase).decode()
        except (pyrage.DecryptError, binascii.Error):
            raise CoopError(
                "wrong-key", "this is not the passphrase of the backup, or its first line is damaged"
            ) from None
    elif not keys.identity:
        raise CoopError("needs-key", "the backup is encrypted to a recipient: give the key's file by --identity")
    else:
        texts = keys.identity
    lines = [line.strip() for line in texts.splitlines() if line.strip() and not line.startswith("#")]
    try:
        return [x25519.Identity.from_str(line) for line in lines]
    except pyrage.IdentityError as error:
        raise CoopError("wrong-key", f"the file holds no key of age: {error}") from None


def _pipe() -> tuple[BinaryIO, BinaryIO]:
    read_end, write_end = os.pipe()
    return cast(BinaryIO, os.fdopen(read_end, "rb")), cast(BinaryIO, os.fdopen(write_end, "wb"))


class _Worker:
    """Work beside the block on the other end of a pipe; it closes its own end when it is done or fails."""

    def __init__(self, work: Callable[[], None], closes: BinaryIO) -> None:
        self.failure: BaseException | None = None
        self._work, self._closes = work, closes
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def wait(self) -> None:
        """Wait for the end."""
        self._thread.join()

    def finish(self) -> None:
        """Wait for the end; raises the error that ended the work."""
        self.wait()
        if self.failure:
            raise self.failure

    def _run(self) -> None:
        try:
            self._work()
        except BaseException as failure:  # noqa: BLE001
            # It belongs to the block on the other side, which asks for it.
            self.failure = failure
        finally:
            with suppress(OSError):
                self._closes.close()
