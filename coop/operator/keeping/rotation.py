"""``coop secret``: another signing secret, without a moment in which a sign-in is refused.

The file holds a line a secret, the newest first. Every process reads it at each request: the first line signs, each of
them is taken. A rotation begins with a new first line and ends when the others go. What lies encrypted with a secret,
the apps of second factors, is encrypted with the newest before an older one goes.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable
from pathlib import Path

from coop.communities.store import list_communities
from coop.kit.actor import COMMAND_LINE
from coop.kit.session import LIFETIME
from coop.kit.settings import Settings
from coop.members.factors.commands.own import reseal_apps
from coop.operator.founding import open_truth
from coop.values import CoopError

Echo = Callable[[str], object]
HOURS = int(LIFETIME.total_seconds() // 3600)


def rotate(settings: Settings, *, now: bool, echo: Echo) -> None:
    """Sign with a new secret from now on, and take the old ones as well; with ``now`` take none but the new one.

    Raises:
        CoopError: the secret is a setting, with what to do then.
    """
    kept = _read(settings)
    newest = secrets.token_urlsafe(32)
    _write(settings, (newest, *kept))
    reseal(settings, echo)
    if now:
        _write(settings, (newest,))
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
    kept = _read(settings)
    reseal(settings, echo)
    _write(settings, kept[:1])
    echo("the newest secret alone is taken now")


def reseal(settings: Settings, echo: Echo) -> None:
    """Encrypt with the newest secret what lies encrypted with an older one."""
    if not settings.database_url and not (settings.data_dir / "members.db").exists():
        return
    with open_truth(settings) as database:
        with database.system_read() as sql:
            communities = list_communities(sql)
        resealed = lost = 0
        for community in communities:
            with database.write(community, COMMAND_LINE) as tx:
                done = reseal_apps(tx, settings.signing_secrets())
            resealed, lost = resealed + done[0], lost + done[1]
    echo(f"second factors: {resealed} encrypted with the newest secret")
    if lost:
        echo(
            f"    {lost} were encrypted with a secret that is gone: their owners use recovery codes, or ask for a reset"
        )


def _read(settings: Settings) -> tuple[str, ...]:
    if settings.secret:
        raise CoopError(
            "secret-is-a-setting",
            "the secret is the setting COOP_SECRET. Put a new one behind it, OLD,NEW, and start every process again;"
            f" then NEW,OLD, and start again; say `coop secret reseal`, and after {HOURS} hours NEW alone."
            f" A new one: {secrets.token_urlsafe(32)}",
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
