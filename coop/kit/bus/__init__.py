"""Buses that carry facts between services: ``local`` within one process, ``kafka`` between processes."""

from __future__ import annotations

from collections.abc import Callable, Sequence

RawHandler = Callable[[Sequence[tuple[dict[str, str], bytes]]], None]
"""Takes (headers, body) of several raw messages, such as telegrams, and makes them durable before it returns."""
