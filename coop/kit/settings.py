"""Settings: environment variables with the prefix ``COOP_``; the defaults run everything on one machine."""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from typing import Literal

from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """All settings of one installation.

    ``database_url`` is empty for one SQLite file per service in ``data_dir``, or a PostgreSQL URL in which every
    service gets its own schema. What begins with ``sender_`` is printed on every bill and has to be the co-operative's
    own: name, address, KvK number, VAT id and how members reach it. The defaults belong to the demonstration.
    """

    model_config = SettingsConfigDict(env_prefix="COOP_", frozen=True, extra="forbid")

    data_dir: Path = Path("data")
    database_url: str = ""
    bus: Literal["local", "kafka"] = "local"
    kafka: str = "localhost:9092"
    mqtt_url: str = ""
    host: str = "127.0.0.1"
    port: int = 8020
    base_url: str = ""
    secret: str = ""
    community: str = "demo"
    site_name: str = "Demo-coöperatie"
    language: str = "nl"
    sender_name: str = "Demo-coöperatie U.A. (demonstratie)"
    sender_address: str = "Ketelhuisplein 1"
    sender_postcode_city: str = "1054 XX Amsterdam"
    sender_kvk: str = "00000000"
    sender_vat_id: str = "NL000000000B00"
    sender_contact: str = "bestuur@demo.example"
    park_limit: int = 50
    log_level: str = "INFO"

    def url(self, service: str) -> str:
        """Database URL of one service."""
        if self.database_url:
            return self.database_url
        return f"sqlite:///{self.data_dir / f'{service}.db'}"

    def public_url(self) -> str:
        """Address under which people reach the pages, without a slash at the end."""
        return (self.base_url or f"http://{self.host}:{self.port}").rstrip("/")

    def signing_secret(self) -> str:
        """Secret that signs sessions: the setting, or one made at the first start and kept in ``data_dir``."""
        if self.secret:
            return self.secret
        path = self.data_dir / "secret"
        if not path.exists():
            self.data_dir.mkdir(parents=True, exist_ok=True)
            try:
                with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
                    file.write(secrets.token_urlsafe(32))
            except FileExistsError:  # another process of this installation was first
                pass
        return path.read_text()
