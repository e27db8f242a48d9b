"""Checks of the place where an installation stands: settings, files, disk, and the servers that it needs."""

from __future__ import annotations

import ipaddress
import os
import shutil
import socket
import time
from collections.abc import Iterator
from urllib.parse import urlsplit

from coop.events import SERVICES
from coop.kit.addresses import read_server
from coop.kit.placing import RESTORING
from coop.kit.session import LIFETIME
from coop.operator.keeping.checks.model import Finding, Patient, note, wrong
from coop.values import CoopError

DISK_WANTED_BYTES = 2**30
CONNECT_S = 3.0
PLACEHOLDERS = ("change-me", "changeme", "change me", "secret of the", "example", "password", "0123456789")


def check_secret(patient: Patient) -> Iterator[Finding]:
    """The signing secret is long, no example, and is in no rotation that nobody ended."""
    settings = patient.settings
    if not settings.secret and not settings.secret_path.exists():
        return  # one is made at the first start
    try:
        secrets = settings.signing_secrets()
    except (CoopError, OSError) as error:
        yield wrong(f"the signing secret is of no use: {error}", "set COOP_SECRET, or remove the file `secret`")
        return
    for secret in secrets:
        if any(word in secret.lower() for word in PLACEHOLDERS) or len(set(secret)) < 8:
            yield wrong(
                "the signing secret is one that others can guess: whoever guesses it signs in as anybody",
                "`coop secret rotate --now`, or another COOP_SECRET",
            )
    if len(secrets) > 1 and not settings.secret:
        age_s = time.time() - settings.secret_path.stat().st_mtime
        if age_s > 2 * LIFETIME.total_seconds():
            yield note("an old signing secret is still taken", "end the rotation: `coop secret end`")


def check_address(patient: Patient) -> Iterator[Finding]:
    """People reach a public address over https."""
    settings = patient.settings
    url = urlsplit(settings.public_url())
    if url.scheme != "https" and not _is_local(url.hostname or ""):
        yield wrong(
            f"people reach the pages at {settings.public_url()}: passwords and bills travel unencrypted",
            "put a proxy with a certificate before it and set COOP_BASE_URL=https://...",
        )
    if not settings.base_url and not _is_local(settings.host):
        yield note(
            f"the server listens on {settings.host} and has no COOP_BASE_URL: links in mail do not work",
            "set COOP_BASE_URL to the address that people type",
        )


def _is_local(host: str) -> bool:
    if host in ("", "localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.endswith((".localhost", ".local", ".internal"))


def check_files(patient: Patient) -> Iterator[Finding]:
    """Nobody else on the machine reads the data folder, and no restore was broken off in it."""
    settings = patient.settings
    folder = settings.data_dir
    if not folder.exists():
        if settings.url(SERVICES[0]).startswith("sqlite"):
            yield wrong(f"there is no data folder {folder}", "set COOP_DATA_DIR, or restore a backup")
        return
    is_closed = folder.stat().st_mode & 0o007 == 0
    for path in (settings.secret_path, *sorted(folder.glob("*.db"))):
        if path.exists() and path.stat().st_mode & 0o007 and (path == settings.secret_path or not is_closed):
            yield wrong(f"every user of this machine can read {path}", f"chmod o-rwx {folder} {path}")
    if (folder / RESTORING).exists():
        yield note(f"a restore into {folder} was broken off", f"restore again, or remove {folder / RESTORING}")


def check_disk(patient: Patient) -> Iterator[Finding]:
    """There is room to go on for a while."""
    folder = patient.settings.data_dir
    if folder.exists() and (free_bytes := shutil.disk_usage(folder).free) < DISK_WANTED_BYTES:
        yield wrong(f"{free_bytes // 2**20} MiB are free in {folder}", "make room; at 16 MiB intake stops")


def check_servers(patient: Patient) -> Iterator[Finding]:
    """The servers that the settings name answer, and the folder of files is there."""
    settings = patient.settings
    if (folder := settings.readings_dir) and not (os.path.isdir(folder) and os.access(folder, os.R_OK | os.W_OK)):
        yield wrong(f"no files of readings can be taken from {folder}", "check COOP_READINGS_DIR, or mount it")
    if settings.mqtt_url:
        url = urlsplit(settings.mqtt_url)
        port = url.port or (8883 if url.scheme == "mqtts" else 1883)
        yield from _reach("the MQTT broker", url.hostname or "", port, "COOP_MQTT_URL")
    if settings.bus == "kafka":
        missing = [list(_reach("Kafka", *_host_and_port(text), "COOP_KAFKA")) for text in settings.kafka.split(",")]
        if all(missing):
            yield from missing[0]
    if smtp_url := settings.smtp_url.get_secret_value():
        server = read_server(smtp_url)
        yield from _reach("the mail server", server.host, server.port, "COOP_SMTP_URL")
    else:
        yield note("no mail goes out: nobody is invited or reminded", "set COOP_SMTP_URL and COOP_MAIL_FROM")


def _host_and_port(text: str) -> tuple[str, int]:
    host, _, port = text.strip().rpartition(":")
    return host, int(port)


def _reach(name: str, host: str, port: int, setting: str) -> Iterator[Finding]:
    try:
        socket.create_connection((host, port), CONNECT_S).close()
    except OSError as error:
        yield wrong(f"{name} at {host}:{port} does not answer: {error}", f"start it, or mend {setting}")
