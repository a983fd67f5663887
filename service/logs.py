"""Logs for people or for programs, on standard error."""

import logging
import logging.config
from typing import Any

from flask import g, has_request_context

from service.settings import Settings

_READABLE = "%(asctime)s %(levelname)s %(name)s [%(request_id)s] %(message)s"
_JSON = "%(asctime)s %(levelname)s %(name)s %(request_id)s %(message)s"
_HANDLER = {"class": "logging.StreamHandler", "stream": "ext://sys.stderr", "filters": ["request"]}


class RequestIdFilter(logging.Filter):
    """Adds the id of the request that is being served."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Add it and let the record pass."""
        if not hasattr(record, "request_id"):
            record.request_id = g.get("request_id") if has_request_context() else None
        return True


def log_config(settings: Settings) -> dict[str, Any]:
    """Return the configuration of all loggers, for `logging.config.dictConfig`."""
    json = {
        "()": "pythonjsonlogger.json.JsonFormatter",
        "fmt": _JSON,
        "rename_fields": {"asctime": "time", "levelname": "level", "name": "logger"},
        "json_ensure_ascii": False,
    }
    chosen = json if settings.log_format == "json" else {"format": _READABLE}
    own = {"handlers": ["console"], "level": settings.log_level.upper(), "propagate": False}
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "filters": {"request": {"()": RequestIdFilter}},
        "formatters": {"chosen": chosen},
        "handlers": {"console": _HANDLER | {"formatter": "chosen"}},
        "loggers": {"service": own, "_granian": own | {"level": "WARNING"}},
    }


def configure_logs(settings: Settings) -> None:
    """Set the loggers up; for commands, since an application must leave that to its server."""
    logging.config.dictConfig(log_config(settings))
