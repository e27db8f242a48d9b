"""Logs: one line an event, as text for a terminal or as JSON for a collector, with the ids of the request and the fact.

No token, name or reading stands in a log: addresses are logged without their query, facts by their id, and the trace
of an error without the values of its variables.
"""

from __future__ import annotations

import logging
import sys
from typing import Literal

import structlog
from structlog.processors import ExceptionRenderer
from structlog.tracebacks import ExceptionDictTransformer
from structlog.typing import Processor

LogFormat = Literal["text", "json"]

bind = structlog.contextvars.bound_contextvars
"""Context manager: every line that is logged inside it carries these ids."""


def configure(level: str, log_format: LogFormat) -> None:
    """Send every log line of the process to standard error in one format; libraries speak up from WARNING on."""
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.stdlib.ExtraAdder(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    last: list[Processor] = (
        [ExceptionRenderer(ExceptionDictTransformer(show_locals=False)), structlog.processors.JSONRenderer()]
        if log_format == "json"
        else [
            structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback)
        ]
    )
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared, processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *last]
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    logging.getLogger("coop").setLevel(level)
    # A line a request is for collectors, not for a terminal.
    is_quiet = log_format == "text" and level != "DEBUG"
    logging.getLogger("coop.requests").setLevel(logging.WARNING if is_quiet else logging.NOTSET)
