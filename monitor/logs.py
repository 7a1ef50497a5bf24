"""Logs are events: a fixed name, fields beside it, never the text of a post, never a secret."""

from __future__ import annotations

import logging
import sys
from typing import Literal

import structlog
from structlog.typing import EventDict, WrappedLogger

# Vendor loggers that print headers or bodies at DEBUG, or chat at INFO.
_NOISY = (
    "httpx",
    "httpcore",
    "tweepy",  # logs the bearer header at DEBUG
    "prawcore",
    "mastodon",
    "websockets",
    "slack_sdk",
    "apscheduler",
    "alembic",
    "sqlalchemy",
    "transformers",
    "matplotlib",
    "urllib3",
    "PIL",
    "fontTools",
    "charset_normalizer",
    "filelock",
)


def _one_line(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Take control characters out of every text field: a log line stays one line, a terminal stays unharmed."""
    for key, value in event.items():
        if isinstance(value, str):
            kept = "\n" if key == "exception" else ""
            event[key] = "".join(c if c.isprintable() or (kept and c == kept) else " " for c in value)
    return event


def set_up(form: Literal["json", "console"], *, level: str = "info") -> None:
    """Send all logs, ours and the vendors', to standard error in one form."""
    shared: list[structlog.types.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="ts"),
        structlog.processors.format_exc_info,
        _one_line,
    ]
    renderer: structlog.types.Processor = (
        structlog.processors.JSONRenderer(ensure_ascii=False)
        if form == "json"
        else structlog.dev.ConsoleRenderer(
            colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback
        )
    )
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    # It warns at each tick that finds a stage still at work, which is no news.
    logging.getLogger("apscheduler.scheduler").setLevel(logging.ERROR)
    for name in _NOISY:
        logging.getLogger(name).setLevel(logging.WARNING)


def get(stage: str) -> structlog.stdlib.BoundLogger:
    """A logger whose lines carry the stage's name. Modules ask at import, before `set_up`: it binds at first use."""
    log: structlog.stdlib.BoundLogger = structlog.get_logger(stage=stage)
    return log
