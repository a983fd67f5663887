"""What is noted of every request: an id, the time it took, what came of it; never its text."""

import logging
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache, partial
from random import getrandbits
from typing import Any
from urllib.parse import quote

from flask import Flask, Response, g, request

from service.judge import Judge
from service.metrics import LATE_S, Metrics

_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
# Comment systems that publish a comment unscored when they get no answer in time.
_IMPATIENT = {"perspective.analyze", "coral.moderation_phase"}
_log = logging.getLogger("service.requests")
# Headers hold Latin-1 at most, and a newsroom may name its policy in Arabic.
_quoted = lru_cache(partial(quote, safe=" !#$&'()*+,/:;=?@[]"))


@dataclass(frozen=True, slots=True)
class Answered:
    """What is noted of an answer."""

    endpoint: str
    method: str
    status: int
    request_id: str
    key_id: int | None = None
    error: str | None = None


def request_id_of(environ: Mapping[str, Any]) -> str:
    """Return the id that a request brought, or a new one where that could harm a log."""
    given: str = environ.get("HTTP_X_REQUEST_ID", "")
    return given if _ID.fullmatch(given) else f"{getrandbits(64):016x}"


def headers_of(judge: Judge, request_id: str) -> list[tuple[str, str]]:
    """Return the headers that every answer carries."""
    return [
        ("X-Ghirbal-Model", _quoted(judge.scorer.version)),
        ("X-Ghirbal-Policy", _quoted(judge.policy.version)),
        ("X-Request-Id", request_id),
    ]


def note(metrics: Metrics, answered: Answered, *, seconds: float) -> None:
    """Count an answer, and write it to the log where that is wanted."""
    endpoint, status = answered.endpoint, answered.status
    metrics.answered(endpoint=endpoint, method=answered.method, status=status, seconds=seconds)
    if answered.error is not None:
        metrics.failed(answered.error)
    if endpoint in _IMPATIENT and (status >= 500 or seconds > LATE_S):
        metrics.late(endpoint)
    if _log.isEnabledFor(logging.INFO):
        _write(answered, seconds)


def _write(answered: Answered, seconds: float) -> None:
    # The address is left out: it may hold a key, or an id that tells who wrote.
    noted = {name: getattr(answered, name) for name in Answered.__slots__}
    noted["duration_ms"] = round(seconds * 1_000, 3)
    line = f"{answered.method} {answered.endpoint} {answered.status} {noted['duration_ms']} ms"
    _log.info(line, extra={name: value for name, value in noted.items() if value is not None})


def observe(app: Flask, *, judge: Callable[[], Judge], metrics: Metrics) -> None:
    """Register the hooks on `app`; to be called before any other hook is registered."""

    def start() -> None:
        g.started = time.perf_counter()
        g.request_id = request_id_of(request.environ)

    def finish(response: Response) -> Response:
        # Each look at a proxy of Flask's takes as long as all the rest of a line.
        noted, asked = g._get_current_object(), request
        # Added, not set: nobody else names these, and looking for them takes longer.
        for name, value in headers_of(judge(), noted.request_id):
            response.headers.add(name, value)
        caller = noted.get("caller")
        answered = Answered(
            endpoint=asked.endpoint or "none",
            method=asked.method,
            status=response.status_code,
            request_id=noted.request_id,
            key_id=caller.key_id if caller else None,
            error=noted.get("error_type"),
        )
        note(metrics, answered, seconds=time.perf_counter() - noted.started)
        return response

    app.before_request(start)
    app.after_request(finish)
