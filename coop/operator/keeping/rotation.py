"""``coop secret``: another signing secret, without a moment in which a sign-in is refused.

The file holds a line a secret, the newest first. Every process reads it at each request: the first line signs, each of
them is taken. A rotation begins with a new first line and ends when the others go.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable
from pathlib import Path

from coop.kit.session import LIFETIME
from coop.kit.settings import Settings
from coop.values import CoopError

Echo = Callable[[str], object]
HOURS = int(LIFETIME.total_seconds() // 3600)


def rotate(settings: Settings, *, now: bool, echo: Echo) -> None:
    """Sign with a new secret from now on, and take the old ones as well; with ``now`` take none but the new one.

    Raises:
        CoopError: the secret is a setting, with what to do then.
    """
    kept = _read(settings)
    _write(settings, (secrets.token_urlsafe(32), *(() if now else kept)))
    if now:
        echo("a new secret signs, and no other is taken: everybody signs in again, lists are paged from their start")
    else:
        echo(f"a new secret signs; the old one is taken until you end the rotation: in {HOURS} hours or later, say")
        echo("    coop secret end")


def end(settings: Settings, echo: Echo) -> None:
    """Take the newest secret alone.

    Raises:
        CoopError: the secret is a setting, with what to do then.
    """
    _write(settings, _read(settings)[:1])
    echo("the newest secret alone is taken now")


def _read(settings: Settings) -> tuple[str, ...]:
    if settings.secret:
        raise CoopError(
            "secret-is-a-setting",
            "the secret is the setting COOP_SECRET. Put a new one behind it, OLD,NEW, and start every process again;"
            f" then NEW,OLD, and start again; after {HOURS} hours NEW alone. A new one: {secrets.token_urlsafe(32)}",
        )
    return settings.signing_secrets()


def _write(settings: Settings, kept: tuple[str, ...]) -> None:
    replace_file(settings.secret_path, "".join(f"{secret}\n" for secret in kept), 0o600)


def replace_file(path: Path, text: str, mode: int) -> None:
    """Put another text into a file, whole or not at all; one that is there keeps its mode."""
    draft = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    try:
        with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(text)
            file.flush()
            os.fchmod(file.fileno(), path.stat().st_mode & 0o777 if path.exists() else mode)
            os.fsync(file.fileno())
        os.replace(draft, path)
    finally:
        draft.unlink(missing_ok=True)
