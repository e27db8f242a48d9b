"""Kafka's address, and as whom and how safely it is reached: one description for both clients.

TLS checks the brokers' names against the system's authorities, or against those of a file.
"""

from __future__ import annotations

import ssl
from dataclasses import dataclass, field
from typing import Any

from faststream.security import BaseSecurity, SASLPlaintext, SASLScram256, SASLScram512

from coop.kit.settings import Settings

_SIGN_INS = {"PLAIN": SASLPlaintext, "SCRAM-SHA-256": SASLScram256, "SCRAM-SHA-512": SASLScram512}


@dataclass(frozen=True)
class Cluster:
    """``bootstrap`` are addresses with commas between; without a ``user`` nobody signs in."""

    bootstrap: str
    tls: bool = False
    ca_file: str = ""
    user: str = ""
    password: str = field(default="", repr=False)
    mechanism: str = "SCRAM-SHA-512"

    @classmethod
    def of(cls, settings: Settings) -> Cluster:
        """The one of an installation."""
        return cls(
            settings.kafka,
            settings.kafka_tls,
            settings.kafka_ca_file,
            settings.kafka_user,
            settings.kafka_password.get_secret_value(),
            settings.kafka_mechanism,
        )

    def security(self) -> BaseSecurity:
        """The same for FastStream."""
        if self.user:
            return _SIGN_INS[self.mechanism](self.user, self.password, ssl_context=self._context(), use_ssl=self.tls)
        return BaseSecurity(ssl_context=self._context(), use_ssl=self.tls)

    def admin_options(self) -> dict[str, Any]:
        """The same for the client of the brokers' administration."""
        options: dict[str, Any] = {
            "bootstrap_servers": self.bootstrap.split(","),
            "security_protocol": ("SASL_" if self.user else "") + ("SSL" if self.tls else "PLAINTEXT"),
            "ssl_context": self._context(),
        }
        if self.user:
            options |= {
                "sasl_mechanism": self.mechanism,
                "sasl_plain_username": self.user,
                "sasl_plain_password": self.password,
            }
        return options

    def _context(self) -> ssl.SSLContext | None:
        return ssl.create_default_context(cafile=self.ca_file or None) if self.tls else None
