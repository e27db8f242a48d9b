"""Words to the operator after a restore: the world outside went on after the backup, and the installation did not."""

from __future__ import annotations

from collections.abc import Iterator

from coop.kit.settings import Settings
from coop.operator.keeping.restore import Restored, is_server


def describe(restored: Restored) -> str:
    """One sentence on a backup."""
    manifest = restored.manifest
    heads = ", ".join(f"{name} {part.head_position}" for name, part in manifest.services.items())
    return (
        f"backup of {', '.join(manifest.communities)} at {manifest.created_at:%Y-%m-%d %H:%M:%S} UTC by coop"
        f" {manifest.coop_version}: whole; {sum(restored.rows.values())} rows; facts: {heads}"
    )


def after_restore(restored: Restored, settings: Settings) -> Iterator[str]:
    """Advice on what to do before people come in, a line each."""
    at = f"{restored.manifest.created_at:%Y-%m-%d %H:%M:%S} UTC"
    where = "the database" if is_server(settings) else str(settings.data_dir)
    yield f"restored into {where}; every chain is whole. Whatever happened after {at} is not in it. Before you start:"
    if restored.waiting:
        yield (
            f"- {restored.waiting} messages were waiting; some may have gone out since. They go out at the start, with"
            " the same ids: start without COOP_SMTP_URL if nobody may get one twice."
        )
    yield (
        "- Bills that went out after the backup are unknown here, and their numbers will be given again: take them from"
        " the archive or the mailbox, and tell the members before the next run."
    )
    yield (
        "- Sessions and tokens that were ended after the backup are open again: run `coop secret rotate --now`, which"
        " signs everybody out, and end the tokens once more."
    )
    if is_server(settings):
        yield "- Roles of services have no rights on the new tables yet, if you use them: `coop migrate --roles`."
    if settings.bus == "kafka":
        yield (
            "- Facts of after the backup may still be on Kafka: delete every topic that begins with `coop.` but"
            " coop.metering.telegrams, which metering's group may read again from the time of the backup."
        )
    else:
        yield "- Meters and head-ends send again what they sent after the backup; what is known already is recognised."
    if restored.manifest.has_secret:
        yield "- The file `secret` was in the backup: a secret that was there already stayed."
    else:
        yield "- The signing secret was not in the backup: set the old one, or all sign in again under a new one."
    yield "Then start, look at /readyz, and run `coop verify --all` and `coop doctor`."
