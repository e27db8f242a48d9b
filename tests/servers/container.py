"""A process that sees of this machine no more than a container would: files that it cannot write, its secrets and
volumes in their places, no rights of the superuser. Only the network is the machine's own."""

from __future__ import annotations

import functools
import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.servers.absent import ServerAbsent

ROOT = Path(__file__).resolve().parents[2]
OWN = ("dev", "etc", "mnt", "proc", "run", "sys", "tmp", "var")
"""Folders of the machine that a container has of its own."""


@functools.cache
def require_namespaces() -> None:
    """Return where processes can have mounts of their own.

    Raises:
        ServerAbsent: they cannot.
    """
    if shutil.which("unshare") is None or shutil.which("setpriv") is None:
        raise ServerAbsent("no unshare and setpriv on this machine (Debian: apt-get install util-linux)")
    tried = subprocess.run([*_unshare(), "mount", "-t", "tmpfs", "tmpfs", "/mnt"], capture_output=True, check=False)
    if tried.returncode:
        raise ServerAbsent(f"this machine lets no process have mounts of its own: {tried.stderr.decode().strip()}")


def contained(
    command: Sequence[str],
    *,
    files: Mapping[str, Path],
    volumes: Mapping[str, Path],
    scratch: Sequence[str] = (),
    read_only: bool = True,
    user: str = "",
) -> list[str]:
    """A command line that runs ``command`` in there.

    ``files`` are read at their places, ``volumes`` written, ``scratch`` are folders in memory; ``user`` is the numbers
    of a user and a group, with a colon between.
    """
    lines = ["mount -t tmpfs tmpfs /mnt", "cd /mnt", f"mkdir {' '.join(OWN)}", "cp -a /etc/. etc/"]
    for path in sorted(Path("/").iterdir()):
        if path.name in OWN:
            continue
        if path.is_symlink():
            lines.append(f"cp -P {path} .")
        elif path.is_dir():
            lines += [f"mkdir .{path}", *_bound(path, str(path))]
    lines += [f"mount --rbind /{name} {name}" for name in ("dev", "proc", "sys")]
    for folder in scratch:
        lines += [f"mkdir -p .{folder}", f"mount -t tmpfs tmpfs .{folder}"]
    # The program itself may lie in a folder that the container has of its own.
    for place in {ROOT, Path(sys.prefix), Path(sys.base_prefix)}:
        if place.parts[1] in OWN:
            lines += [f"mkdir -p .{place}", *_bound(place, str(place))]
    for target, source in files.items():
        at = f".{target}"
        lines.append(f"mkdir -p {at}" if source.is_dir() else f"mkdir -p $(dirname {at}) && touch {at}")
        lines += _bound(source, target)
    for target, source in volumes.items():
        lines += [f"mkdir -p .{target}", f"mount --bind {shlex.quote(str(source))} .{target}"]
    if read_only:
        lines.append("mount -o remount,ro .")
    inner = [*become(user), *command]
    lines.append(f"exec chroot . {shlex.join(inner)}")
    return [*_unshare(), "sh", "-euc", "\n".join(lines)]


def built(script: str, volumes: Mapping[str, Path], kept: Mapping[str, Path]) -> list[str]:
    """A command line that runs a script as a builder of images runs it: with all rights, on an ``/etc`` of its own and
    on ``volumes`` in the place of the machine's folders. ``kept`` names files that are copied out afterwards.

    Raises:
        ServerAbsent: this machine gives no process mounts of its own, or the tests are not its superuser's.
    """
    require_namespaces()
    if os.geteuid():
        raise ServerAbsent("only the superuser makes users and gives folders away")
    lines = ["mount -t tmpfs tmpfs /mnt", "cp -a /etc/. /mnt/", "mount --bind /mnt /etc"]
    lines += [f"mount --bind {shlex.quote(str(source))} {target}" for target, source in volumes.items()]
    copies = [f"cp {source} {shlex.quote(str(target))}" for source, target in kept.items()]
    return [*_unshare(), "sh", "-euc", "\n".join([*lines, script, *copies])]


def become(user: str) -> list[str]:
    """The words before a command that make it ``user``, if one is named, and take the superuser's rights away."""
    numbers = user.split(":") if user else []
    ids = [f"--{kind}={number}" for kind, number in zip(("reuid", "regid"), numbers, strict=False)]
    groups = ["--clear-groups"] if user else []
    return ["setpriv", *ids, *groups, "--bounding-set=-all", "--inh-caps=-all", "--no-new-privs"]


def _bound(source: Path, target: str) -> list[str]:
    quoted = shlex.quote(str(source))
    return [f"mount --bind {quoted} .{target}", f"mount -o remount,bind,ro .{target}"]


def _unshare() -> list[str]:
    own = [] if os.geteuid() == 0 else ["--user", "--map-root-user"]
    return ["unshare", *own, "--mount", "--propagation", "private"]
