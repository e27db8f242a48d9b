"""Settings: environment variables with the prefix ``COOP_``; the defaults run everything on one machine.

A setting may lie in a file of its own instead, which is for secrets: ``/run/secrets/coop_secret`` is ``COOP_SECRET``.
Compose and Kubernetes mount them there, and systemd names a folder of its own.
"""

from __future__ import annotations

import os
import secrets
import sys
from contextlib import suppress
from pathlib import Path
from typing import Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SecretsSettingsSource,
    SettingsConfigDict,
)

from coop.kit import addresses
from coop.values import BadInput, CoopError, say

SECRET_LENGTH_MIN = 16

SECRETS_DIR = Path("/run/secrets")

_THIS_MACHINE = frozenset({"localhost", "127.0.0.1", "::1"})


def secret_folders() -> list[Path]:
    """Folders that hold settings as files, of those that this machine has."""
    folders = [SECRETS_DIR, *(Path(given) for given in [os.environ.get("CREDENTIALS_DIRECTORY")] if given)]
    return [folder for folder in folders if folder.is_dir()]


def default_data_dir(name: str) -> Path:
    """Folder in which this system keeps the data of a user's program, wherever the program is started from."""
    if sys.platform == "win32":
        share = Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    elif sys.platform == "darwin":
        share = Path.home() / "Library" / "Application Support"
    else:
        share = Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share")
    return share / name


class Settings(BaseSettings):
    """All settings of one installation.

    ``database_url`` is empty for one SQLite file per service in ``data_dir``, or a PostgreSQL URL in which every
    service gets its own schema; ``{service}`` in it is the service's name. ``owner_database_url`` is the same database
    for the user who owns the tables, as whom every command works but those that serve; without it, the user of
    ``database_url`` owns them. ``role_passwords`` are those of the services' roles, as JSON by service, for ``coop
    migrate --roles``; a role is called after its service, behind ``role_prefix``. Who the co-operatives are is no
    setting: see ``coop.communities``.

    ``base_url`` is the address that people type; of several, with commas between, it is the first, for a co-operative
    that has no host name of its own. How Kafka is reached is in ``coop.kit.bus.cluster``.
    ``smtp_url`` is the server that takes mail, ``smtp://user:password@host:587`` or ``smtps://user:password@host:465``
    (see ``coop.kit.outbound.mail``), and ``mail_from`` the sender, ``Name <address>``; without a server no mail goes
    out. ``oidc_issuer`` is a provider by which people sign in (OpenID Connect), ``oidc_name`` what the button calls it,
    and it is believed about e-mail addresses of ``oidc_domains`` and ``oidc_addresses`` alone. ``proxies`` are
    addresses and networks, with commas between, of the proxies that say from where a request came; nobody else is
    believed about that. ``readings_dir`` is the folder from which files of readings are taken (see
    ``coop.metering.intake.folder``). ``secret`` holds the newest first, with commas between. A backup that is older
    than ``backup_days`` is too old.
    """

    # A wrong setting is named without its value, which may be a secret.
    model_config = SettingsConfigDict(env_prefix="COOP_", frozen=True, extra="forbid", hide_input_in_errors=True)

    data_dir: Path = Field(default_factory=lambda: default_data_dir("coop"))
    database_url: str = ""
    owner_database_url: str = ""
    role_prefix: str = "coop_"
    role_passwords: dict[str, SecretStr] = {}
    bus: Literal["local", "kafka"] = "local"
    kafka: str = "localhost:9092"
    kafka_partitions: int = 6
    kafka_replication: int = 1
    kafka_tls: bool = False
    kafka_ca_file: str = ""
    kafka_user: str = ""
    kafka_password: SecretStr = SecretStr("")
    kafka_mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] = "SCRAM-SHA-512"
    mqtt_url: str = ""
    readings_dir: str = ""
    host: str = "127.0.0.1"
    port: int = 8020
    base_url: str = ""
    proxies: str = "127.0.0.1"
    secret: str = ""
    language: str = "nl"
    smtp_url: SecretStr = SecretStr("")
    mail_from: str = ""
    oidc_issuer: str = ""
    oidc_client_id: str = ""
    oidc_client_secret: SecretStr = SecretStr("")
    oidc_name: str = "OpenID"
    oidc_domains: str = ""
    oidc_addresses: str = ""
    park_limit: int = 50
    rate_per_token: int = Field(default=1200, ge=0)
    rate_per_address: int = Field(default=3000, ge=0)
    backup_days: int = 7
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    log_format: Literal["text", "json"] = "text"

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Settings that are given in code, else in the environment, else in a file."""
        return init_settings, env_settings, SecretsSettingsSource(settings_cls, secret_folders())

    @field_validator("base_url")
    @classmethod
    def _check_base_url(cls, text: str) -> str:
        if text:
            try:
                addresses.read_site(text)
            except BadInput as problem:
                raise ValueError(f"COOP_BASE_URL {problem.message}") from None
        return text

    @model_validator(mode="after")
    def _check_mail(self) -> Self:
        url = self.smtp_url.get_secret_value()
        if url and not self.mail_from:
            raise ValueError("COOP_SMTP_URL needs a sender, COOP_MAIL_FROM")
        for name, text, read in (
            ("COOP_SMTP_URL", url, addresses.read_server),
            ("COOP_MAIL_FROM", self.mail_from, addresses.read_sender),
        ):
            try:
                if text:
                    read(text)
            except BadInput as problem:
                raise ValueError(f"{name} {problem.message}") from None
        return self

    @model_validator(mode="after")
    def _check_provider(self) -> Self:
        if not self.oidc_issuer:
            return self
        parts = urlsplit(self.oidc_issuer)
        if not (parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _THIS_MACHINE)):
            raise ValueError("COOP_OIDC_ISSUER needs an address that begins with https://")
        if not self.oidc_client_id:
            raise ValueError("COOP_OIDC_ISSUER needs COOP_OIDC_CLIENT_ID")
        if not self.oidc_domains.strip() and not self.oidc_addresses.strip():
            raise ValueError(
                "COOP_OIDC_ISSUER needs COOP_OIDC_DOMAINS or COOP_OIDC_ADDRESSES: about whom is it believed?"
            )
        return self

    def url(self, service: str) -> str:
        """Database URL of one service."""
        if url := self.owner_database_url or self.database_url:
            return url.replace("{service}", service)
        return f"sqlite:///{self.data_dir / f'{service}.db'}"

    def as_service(self) -> Self:
        """The same for a process that serves, which works as its own user, if there is one."""
        return self.model_copy(update={"owner_database_url": ""}) if self.database_url else self

    def password_of(self, service: str) -> str | None:
        """Password of a service's role, if it is given."""
        password = self.role_passwords.get(service)
        return None if password is None else password.get_secret_value()

    def public_url(self) -> str:
        """Address under which people reach the pages, without a slash at the end."""
        return addresses.read_site(self.base_url) if self.base_url else f"http://{self.host}:{self.port}"

    def signing_secret(self) -> str:
        """Secret that signs sessions: the newest of ``signing_secrets``."""
        return self.signing_secrets()[0]

    def signing_secrets(self) -> tuple[str, ...]:
        """Secrets whose signatures are taken, the newest first: the setting, with commas between, or the lines of a
        file in ``data_dir`` that is made at the first start. The file is read each time, so that a secret that was
        rotated is that of all processes at once.

        Raises:
            CoopError: one is empty or short.
        """
        if self.secret:
            given = tuple(self.secret.split(","))
            if any(len(secret) < SECRET_LENGTH_MIN for secret in given):
                raise CoopError("bad-secret", say("COOP_SECRET needs %(least)s characters", least=SECRET_LENGTH_MIN))
            return given
        path = self.secret_path
        if not path.exists():
            write_once(path, secrets.token_urlsafe(32))
        kept = tuple(path.read_text().split())
        if not kept or any(len(secret) < SECRET_LENGTH_MIN for secret in kept):
            raise CoopError(
                "bad-secret",
                say(
                    "%(path)s holds no secret of %(least)s characters: anybody could sign in "
                    "as anybody. Remove the file, and a new one is made at the next start; everybody "
                    "signs in again.",
                    path=path,
                    least=SECRET_LENGTH_MIN,
                ),
            )
        return kept

    @property
    def secret_path(self) -> Path:
        """The file with the secrets, where they are no setting."""
        return self.data_dir / "secret"


def write_once(path: Path, text: str) -> None:
    """Make a file that appears whole or not at all; when another process was first, its file stays."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    try:
        with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError):
            os.link(draft, path)
    finally:
        draft.unlink(missing_ok=True)
